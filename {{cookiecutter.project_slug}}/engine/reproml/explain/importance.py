"""Permutation importance of the candidate's features, compared with that of random noise.

The importance of a feature is how much the score falls when its values are shuffled among the rows
(Breiman 2001): it is about this model on these rows, not about the feature and its cause. On
held-out rows it says what the skill rests on; on training rows, what was learnt, whether or not it
carries over. Features that are correlated may stand in for each other, so that each alone looks
dispensable: they are shuffled together too.

References
----------
Breiman (2001), Random forests, Machine Learning 45.
scikit-learn, Permutation importance with multicollinear or correlated features.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.utils import _safe_indexing, check_random_state

from ..compute.batches import answers_to_moved
from ..compute.models import ColumnSubset
from ..compute.task import Task, fit_task
from ..config.columns import Table
from ..config.metrics import Metric, decimals
from ..config.seeds import seed_for
from ..config.study import Study, StudyError
from .summary import NOISE, PARTS, drawn_rows, shuffles_per_fold
from .weights import model_weights, prepared

BLOCKS = 20  # that are shuffled at a time in the search for leading features


def asked(model: Any, metric: Metric, classes: list[str]) -> Callable[[pd.DataFrame], np.ndarray]:
    """Return the question whose answers a metric takes: probabilities, classes or numbers."""
    if metric.takes != "probabilities":
        return model.predict
    order = [list(model.classes_).index(name) for name in classes]
    return lambda X: model.predict_proba(X)[:, order]


def permutation_importances(
    model: Any,
    X: pd.DataFrame | np.ndarray,
    y: pd.Series,
    units: dict[str, list[str]],
    *,
    metric: Metric,
    classes: list[str],
    seed: int,
    shuffles: int,
) -> np.ndarray:
    """Return by how much the score gets worse when columns are shuffled, (n_units, shuffles).

    ``units`` names columns that are shuffled together. The shuffles are those that scikit-learn's
    `permutation_importance` makes of the seed.

    >>> from small_study import CODE, linear
    >>> X = pd.DataFrame({"dose": [0.0, 1.0, 2.0, 3.0], "site": ["a", "a", "b", "b"]})
    >>> y = X["dose"] * 10
    >>> model = linear("regression").fit(X, y)
    >>> units = {"dose": ["dose"], "site": ["site"], "both": ["dose", "site"]}
    >>> how = {"metric": CODE.metrics["mae"], "classes": [], "seed": 1, "shuffles": 3}
    >>> permutation_importances(model, X, y, units, **how).round(1)
    array([[ 9.5, 12.4,  3.3],
           [ 2. ,  4.1,  0. ],
           [11.8, 17.1,  3.3]])
    """
    orders = _shuffled_rows(len(X), shuffles, seed)
    moves = [(columns, order) for columns in units.values() for order in orders]
    y_true = y.to_numpy()
    as_is = ([], np.arange(len(X)))
    ask = asked(model, metric, classes)
    said = answers_to_moved(ask, X, [as_is, *moves])
    scores = np.array([metric.score(y_true, one, classes) for one in said])
    falls = scores[0] - scores[1:] if metric.higher_is_better else scores[1:] - scores[0]
    return falls.reshape(len(units), shuffles)


def _shuffled_rows(n_rows: int, shuffles: int, seed: int) -> list[np.ndarray]:
    """Shuffle row numbers as scikit-learn's `permutation_importance` does, each time anew."""
    rng = check_random_state(check_random_state(seed).randint(np.iinfo(np.int32).max + 1))
    places, orders = np.arange(n_rows), [np.arange(n_rows)]
    for _ in range(shuffles):
        rng.shuffle(places)
        orders.append(orders[-1][places])
    return orders[1:]


def with_noise(X: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Add a last column of normally distributed numbers that have nothing to do with anything."""
    if NOISE in X:
        raise StudyError(
            f"a feature is called {NOISE!r}, the name of the random numbers that importances are "
            "compared with; rename it"
        )
    return X.assign(**{NOISE: np.random.default_rng(seed).standard_normal(len(X))})


def noise_twin(model: Any) -> Any:
    """Return a copy of an unfitted model whose `ColumnSubset`, if it keeps some, lets noise in."""
    twin = clone(model)
    for step in twin.get_params().values():
        if isinstance(step, ColumnSubset) and step.keep is not None:
            step.keep = [*step.keep, NOISE]
    return twin


def fold_leaders(task: Task, table: Table, study: Study, items: list[list[str]]) -> pd.DataFrame:
    """Fit a fold's model and tell for each item, a feature or several, how much it may be worth.

    Blocks of items are shuffled in held-out rows; the leading half of them is cut in two and
    shuffled again, until each is one item. The column worth has the fall of the score in the last
    block that an item was in, divided by the items of that block.
    """
    fold, where = task.fold, f"{task.fold.repeat}/{task.fold.fold}"
    rows = drawn_rows(fold.test, table, study, f"held-out/{where}")
    units = dict(enumerate(items))
    model, X, units = prepared(fit_task(task, table, study), table.X.iloc[rows], units)
    worth, blocks = np.zeros(len(items)), np.array_split(np.arange(len(items)), BLOCKS)
    while True:
        blocks = [block for block in blocks if len(block)]
        falls = permutation_importances(
            model,
            X,
            table.y.iloc[rows],
            {n: [one for item in block for one in units[item]] for n, block in enumerate(blocks)},
            metric=study.primary,
            classes=study.data.classes,
            seed=seed_for(study.seed, f"interpretation/leaders/{where}"),
            shuffles=1,
        )[:, 0]
        falls = falls.round(decimals(12, np.abs(falls).max()))  # the last bits order nothing
        for block, fall in zip(blocks, falls, strict=True):
            worth[block] = fall / len(block)
        if max(map(len, blocks)) == 1:
            return pd.DataFrame({"worth": worth})
        leading = np.argsort(-falls, kind="stable")[: BLOCKS // 2]
        blocks = [half for n in leading for half in np.array_split(blocks[n], 2)]


def fold_importances(
    model: Any, task: Task, table: Table, study: Study, units: dict[str, list[str]]
) -> pd.DataFrame:
    """Fit the twin with noise of a fold's fitted model, and measure the importance of every unit.

    Columns rows (``PARTS``), kind (feature, group or noise), name, repeat, fold, metric, value
    (mean over shuffles) and spread (their standard deviation). Training rows, of which there are
    many and which overlap, are scored in the first repeat alone.
    """
    fold, metric, seed = task.fold, study.metrics.primary, study.seed
    where = f"{fold.repeat}/{fold.fold}"
    twin = replace(task, model=noise_twin(task.model))
    noisy = replace(table, X=with_noise(table.X, seed_for(seed, f"interpretation/noise/{where}")))
    fits = [
        (model, table.X, units),
        (fit_task(twin, noisy, study), noisy.X, {f"{NOISE}: {NOISE}": [NOISE]}),
    ]
    rows, all_rows = [], zip(PARTS, (fold.test, fold.train), strict=True)
    drawn = {part: drawn_rows(of, table, study, f"{part}/{where}") for part, of in all_rows}
    if fold.repeat:
        del drawn["training"]
    ready = [prepared(one, X.iloc[np.concatenate([*drawn.values()])], of) for one, X, of in fits]
    start = 0
    for part, chosen in drawn.items():
        places, start = np.arange(start, start + len(chosen)), start + len(chosen)
        measure = partial(
            permutation_importances,
            y=table.y.iloc[chosen],
            metric=study.primary,
            classes=study.data.classes,
            seed=seed_for(seed, f"interpretation/{part}/{where}"),
            shuffles=shuffles_per_fold(study.split, table.X.shape[1]),
        )
        for asked_of, Z, units in ready:
            falls = measure(asked_of, _safe_indexing(Z, places), units=units)  # (n_units, shuffles)
            for unit, value, spread in zip(
                units, falls.mean(axis=1), falls.std(axis=1), strict=True
            ):
                kind, name = unit.split(": ", 1)
                rows.append((part, kind, name, fold.repeat, fold.fold, metric, value, spread))
    columns = ["rows", "kind", "name", "repeat", "fold", "metric", "value", "spread"]
    return pd.DataFrame(rows, columns=columns)


def fold_weights(
    model: Any, task: Task, table: Table, study: Study, units: dict[str, list[str]]
) -> pd.DataFrame:
    """Return `model_weights` of a fold's fitted model with columns model, repeat and fold."""
    positive = study.data.classes[-1] if study.data.classes else None
    names = [of[0] for unit, of in units.items() if unit.startswith("feature: ")]
    weights = model_weights(model, table.X.iloc[task.fold.train], positive, names)
    fold = {"model": task.name, "repeat": task.fold.repeat, "fold": task.fold.fold}
    order = ["model", "feature", "kind", "columns", "repeat", "fold", "value"]
    return weights.assign(**fold)[order]


def fold_explanation(
    task: Task,
    table: Table,
    study: Study,
    units: dict[str, list[str]],
    candidate: str,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return a fold's importances, of the candidate only, and weights, in the first repeat only."""
    nothing, model = pd.DataFrame(), fit_task(task, table, study)
    ours, once = task.name == candidate, task.fold.repeat == 0
    return (
        fold_importances(model, task, table, study, units) if ours else nothing,
        fold_weights(model, task, table, study, units) if once else nothing,
    )
