"""How predictions move with one feature: partial dependence, and the curve of each row.

Every held-out row is predicted again with the feature set to each value of a grid, all else as it
is (Friedman 2001); the mean over rows is the partial dependence, a row's own curve shows what the
mean hides (Goldstein et al. 2015). Where features are correlated, some of these rows are such as
never occur: there the curves say what the model makes of them, not what would happen.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from ..compute.batches import answers_to_moved
from ..compute.task import Task, fit_task
from ..config.columns import Table, common_values
from ..config.seeds import seed_for
from ..config.study import Column, Study
from ..split.splits import Fold
from .summary import ENDS, GRID, drawn_rows
from .weights import prepared

INDIVIDUALS = 20  # rows whose own curves are kept


def grid_of(values: pd.Series, column: Column | None = None) -> np.ndarray:
    """Return the sorted values at which predictions are made: quantiles of numbers, common names.

    A category has none where each value is rare and study.toml names none, as in free text.

    >>> grid_of(pd.Series(np.arange(101.0))).tolist()[:3]
    [5.0, 11.0, 18.0]
    >>> grid_of(pd.Series(["b", "a"]), Column(role="feature", type="category", values=["a", "b"]))
    array(['a', 'b'], dtype=object)
    """
    if not pd.api.types.is_numeric_dtype(values):
        return np.sort(common_values(values, column, GRID).index.to_numpy(object))
    there = np.sort(values.dropna().unique())
    if len(there) <= GRID:
        return there
    shares = np.linspace(*ENDS, GRID)
    # "nearest": values of the data, so that no arithmetic moves their last bits
    return np.unique(np.quantile(values.dropna().to_numpy(), shares, method="nearest"))


def row_curves(
    model: Any, X: pd.DataFrame, grids: dict[str, np.ndarray], study: Study
) -> Iterator[tuple[str, str, np.ndarray]]:
    """Yield a feature, what is predicted, and (n_samples, n_values), with it set to each value.

    Numbers by target, or probabilities by class; of two classes, of the positive one.
    """
    classes = study.data.classes
    set_to = (
        X.iloc[np.zeros(len(grid), dtype=int)].assign(**{name: pd.array(grid, X[name].dtype)})
        for name, grid in grids.items()
    )
    all_rows = pd.concat([X, *set_to])
    model, Z, columns = prepared(model, all_rows, {name: [name] for name in grids})
    ask, rows, end = model.predict_proba if classes else model.predict, Z[: len(X)], len(X)
    for name, grid in grids.items():
        start, end = end, end + len(grid)
        moves = ((columns[name], np.full(len(X), place)) for place in range(start, end))
        # (n_samples, n_values) or (n_samples, n_values, n_classes)
        said = np.stack(list(answers_to_moved(ask, rows, moves, Z)), axis=1)
        for one in classes[-1:] if len(classes) == 2 else classes:
            yield name, one, said[..., list(model.classes_).index(one)]
        if not classes:
            yield name, study.data.target, said


def fold_dependence(
    task: Task,
    table: Table,
    study: Study,
    grids: dict[str, np.ndarray],
    kept: np.ndarray,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Fit a fold's model and follow its predictions for held-out rows along some features.

    Returns their mean at each value of a grid (columns feature, of, step, repeat, fold, at, value;
    ``of`` is the target or a class), and the curves of the rows at the positions ``kept`` (columns
    feature, of, step, row, at, value).
    """
    fold = task.fold
    model = fit_task(task, table, study)
    drawn = drawn_rows(fold.test, table, study, f"dependence/{fold.repeat}/{fold.fold}")
    rows = fold.test[np.isin(fold.test, [*drawn, *kept])]
    mine = np.isin(rows, kept)
    averages, individuals = [], []
    for name, of, curve in row_curves(model, table.X.iloc[rows], grids, study):
        for step, at in enumerate(grids[name]):
            mean = curve[:, step].mean()
            averages.append((name, of, step, fold.repeat, fold.fold, at, mean))
            individuals += [
                (name, of, step, table.X.index[row], at, value)
                for row, value in zip(rows[mine], curve[mine, step], strict=True)
            ]
    head = ["feature", "of", "step"]
    return (
        pd.DataFrame(averages, columns=[*head, "repeat", "fold", "at", "value"]),
        pd.DataFrame(individuals, columns=[*head, "row", "at", "value"]),
    )


def rows_to_follow(folds: list[Fold], seed: int) -> np.ndarray:
    """Draw positions of rows whose own curves are kept, from all test rows of one repeat."""
    held_out = np.sort(np.concatenate([fold.test for fold in folds]))
    rng = np.random.default_rng(seed_for(seed, "interpretation/rows"))
    return np.sort(rng.choice(held_out, min(INDIVIDUALS, len(held_out)), replace=False))
