"""Change what a study must not know, and see whether anything moves that must stand still.

Rows that a model is not trained on cannot matter to it. So their values are changed, in the raw
file or in the table, and the study's own path is run again: every value that moves on the training
side names a leak, whatever line of code made it. Two kinds escape: what was done before the raw
file was written, and what a person learnt from the test scores and typed into study.toml.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.linear_model import Ridge

from ..compute.task import Task, run_task
from ..config.columns import Table
from ..config.seeds import seed_for
from ..config.study import Study, StudyError
from ..split.splits import Fold
from .findings import Finding, drawn
from .row_checks import rank_agreement, scaled_numbers

CHANCE = 0.1  # rank agreement (0 chance, 1 perfect) that shuffled labels may reach: AUC 0.55
# of a wide table as many values, but no fewer rows, tell how a model is fitted
CELLS, FEWEST = 1_000_000, 500
ROUNDS = 10  # shuffles; their scatter says how sure the mean is

Predict = Callable[[Table, Fold], tuple[np.ndarray, ...]]


def changed(
    raw: pd.DataFrame, rows: pd.Index, columns: list[str], how: str, seed: int
) -> pd.DataFrame:
    """Give rows, by number, other values in some columns: values that the column has elsewhere.

    ``how`` is "highest" or "lowest", every value becomes the column's and gaps stay gaps; or
    "shuffled", values change places among the rows.

    >>> raw = pd.DataFrame({"dose": [1.0, 2.0, 3.0], "kind": ["a", "c", "b"]}, index=[1, 2, 3])
    >>> changed(raw, pd.Index([1, 2]), ["dose", "kind"], "highest", seed=0).to_numpy().tolist()
    [[3.0, 'c'], [3.0, 'c'], [3.0, 'b']]
    """
    inside, new = raw.index.isin(rows), [raw.drop(columns=columns)]
    kinds = raw.dtypes[columns]
    rng = np.random.default_rng(seed_for(seed, f"leakage/{how}"))
    for names in (kinds.index[kinds == kind] for kind in ("float64", "int64")):  # all at once
        values = raw[names].to_numpy(copy=True)
        part = values[inside]
        if how == "shuffled":
            values[inside] = rng.permuted(part, axis=0)
        else:
            most = (np.fmax if how == "highest" else np.fmin).reduce(values)  # of what is no gap
            values[inside] = np.where(np.isnan(part), part, most)
        new.append(pd.DataFrame(values, raw.index, names, copy=False))
    for name in kinds.index[(kinds != "float64") & (kinds != "int64")]:
        values = raw[name].copy()
        present = values.dropna()
        if how == "shuffled":
            values[inside] = rng.permutation(values[inside].to_numpy())
        elif len(present):
            values[inside & values.notna()] = present.max() if how == "highest" else present.min()
        new.append(values)
    return pd.concat(new, axis=1)[list(raw.columns)]


def preparation(
    raw: pd.DataFrame,
    make: Callable[[pd.DataFrame], Table],
    test_rows: pd.Index,
    columns: list[str],
    seed: int,
) -> Finding:
    """Check that what is done before the split does not carry test rows into the others.

    The locked rows get other values, three times in different ways, and ``make``, the study's way
    from a raw file to a table, is taken again: the other rows have to come out as before. It cannot
    see what came out the same by luck, and nothing that was done before the raw file was written.
    """
    check = "before the split"
    # through the same function as what it is compared with: numbers that lie otherwise in memory
    # may be summed in another order
    before = make(changed(raw, test_rows[:0], columns, "highest", seed))
    for how in ("highest", "lowest", "shuffled"):
        try:
            after = make(changed(raw, test_rows, columns, how, seed))
        except StudyError as error:
            advice = "the audit gives locked rows values that others have; let data.py take them"
            first = str(error).partition("\n")[0]
            return Finding(check, "warn", f"could not be checked: {first}", advice)
        if what := moved(before, after, test_rows):
            message = f"other values in the locked rows change {what} of the other rows"
            advice = (
                "fit scalers, selections, encoders and fillers inside the pipeline (models.py): "
                "it sees the training rows alone"
            )
            return Finding(check, "fail", message, advice)
    message = "other values in the locked rows change nothing in the others"
    return Finding(check, "pass", message)


def shuffled_labels(
    raw: pd.DataFrame,
    make: Callable[[pd.DataFrame], Table],
    target: str,
    cuts: list[tuple[pd.Index, pd.Index]],
    seed: int,
) -> Finding:
    """Check that nothing can be learnt from labels that were shuffled in the raw file.

    A selection of features by the target, an encoding of it or a copy of it that is made before the
    split still scores; published: 0.76 for 25 of 10,000 columns of noise. It warns when the mean
    agreement of ``ROUNDS`` ridge regressions over the folds, ``cuts`` of row numbers, is over
    ``CHANCE`` and three standard errors above 0. It cannot see what a linear model cannot use.
    Where the first two shuffles give the same rows and features, to the last bit, and a target that
    follows from the label alone, there is nothing to learn from, and it passes.
    """
    check = "shuffled labels"
    present = raw[target].notna()

    def made(number: int) -> tuple[pd.Series, Table]:
        rng = np.random.default_rng(seed_for(seed, f"leakage/labels/{number}"))
        labels = raw[target].copy()
        labels[present] = rng.permutation(labels[present].to_numpy())
        return labels, make(raw.assign(**{target: labels}))

    first = [made(0), made(1)]
    passed = Finding(check, "pass", "labels shuffled in the raw file cannot be predicted")
    if _know_nothing(*first):
        return passed
    scores = [_agreement(table, cuts) for _, table in first]
    scores += [_agreement(made(number)[1], cuts) for number in range(2, ROUNDS)]
    mean = float(np.mean(scores))
    error = float(np.std(scores, ddof=1) / np.sqrt(ROUNDS))
    if mean <= max(CHANCE, 3 * error):
        return passed
    message = (
        f"labels shuffled in the raw file can still be predicted: rank agreement {mean:.2f}, "
        "chance is 0"
    )
    advice = "something before the split uses the target: do it inside the pipeline (models.py)"
    return Finding(check, "warn", message, advice)


def fit(task: Task, predict: Predict, table: Table, seed: int) -> Finding:
    """Check that a model knows its training rows and nothing else.

    ``predict`` fits on a fold's training rows of a table and returns arrays of what is said of its
    test rows. It does so again after every other row has got other labels and all but half of the
    test rows other features: what it says of that half must not change. Tuning, early stopping, a
    threshold or a selection that uses test rows, and a transformer that learns from them while
    predicting, all change some. It cannot see a dependence that the changes leave without effect,
    nor constants computed from all rows and written into the model. A fit that reads the data file
    is refused before it gets here (config/watch).
    """
    check, fold = f"fit of {task.name}", task.fold
    inside = "a pipeline step learns in fit, from the rows it is given"
    if parts := fitted_parts(task.model):
        return Finding(check, "fail", f"{', '.join(parts)} arrives fitted", inside)
    kept = np.arange(len(fold.test)) % 2 == 0
    looked_at = np.concatenate([fold.train, fold.test[kept]])
    others = np.setdiff1d(np.arange(len(table.y)), looked_at)
    table = _other_features(table, others[:0], "highest", seed)  # as in preparation
    before = predict(table, fold)
    for how in ("highest", "shuffled"):
        labels = _other_labels(table, fold, how, seed)
        if _same(before, predict(_other_features(labels, others, how, seed), fold), kept):
            continue
        if not _same(before, predict(table, fold), kept):
            advice = "fix its seed (see seeding.py), or nobody can repeat your numbers"
            return Finding(check, "warn", "two fits on the same rows differ", advice)
        what = "features" if _same(before, predict(labels, fold), kept) else "labels"
        message = f"predictions depend on the {what} of rows that it is not trained on"
        advice = f"tune, stop and select on parts of the training rows; {inside}"
        return Finding(check, "fail", message, advice)
    message = "other values in rows that it is not trained on change no prediction"
    return Finding(check, "pass", message)


def audit_fit(task: Task, table: Table, *, study: Study) -> Finding:
    """Check a model of the study on one fold, fitted and asked as every experiment does it.

    Of a fold with more rows than ``[leakage] rows`` it takes a part; all of it where that is too
    small for the model. Where study.toml does not say how many, that is ``CELLS`` of a wide table.
    """

    def predict(table: Table, fold: Fold) -> tuple[np.ndarray, ...]:
        said = run_task(replace(task, fold=fold), table, study)
        return tuple(part for part in (said.predicted, said.probability) if part is not None)

    size, rows = len(task.fold.train) + len(task.fold.test), study.leakage.rows
    if "rows" not in study.leakage.model_fields_set:
        rows = min(rows, max(FEWEST, CELLS // table.X.shape[1]))
    if size > rows:
        part, fold = part_of(table, task.fold, rows, study.seed)
        with contextlib.suppress(StudyError):
            found = fit(replace(task, fold=fold), predict, part, study.seed)
            return drawn(found, len(fold.train) + len(fold.test), size)
    return fit(task, predict, table, study.seed)


def part_of(table: Table, fold: Fold, rows: int, seed: int) -> tuple[Table, Fold]:
    """Draw rows at random, in their order, so that a fold has about ``rows`` of them.

    Of training, test and other rows, and of each of their classes, it is the same share, or ten.
    """
    side = np.zeros(len(table.y), dtype=int)
    side[fold.train], side[fold.test] = 1, 2
    share = rows / (len(fold.train) + len(fold.test))
    kind = 0 if pd.api.types.is_numeric_dtype(table.y) else table.y.to_numpy()
    mixed = np.random.default_rng(seed_for(seed, "leakage/fit")).permutation(len(side))
    parts = pd.DataFrame({"side": side, "kind": kind}).iloc[mixed].groupby(["side", "kind"])
    most = (share * parts["side"].transform("size")).astype(int).clip(lower=10)
    at = np.sort(mixed[parts.cumcount() < most])
    fields = {n: getattr(table, n) for n in ("X", "y", "groups", "time", "place")}
    fields = {name: of if of is None else of.iloc[at] for name, of in fields.items()}
    sides = (np.flatnonzero(side[at] == which) for which in (1, 2))
    return replace(table, **fields), Fold(fold.repeat, fold.fold, *sides)


def fitted_parts(model: Any) -> list[str]:
    """Name the parameters that bring something fitted along, which cloning does not undo.

    That is a frozen estimator, or a function that is a method of a fitted one or holds one in its
    closure.
    """
    parameters = sorted(clone(model).get_params(deep=True).items())
    return [name for name, value in parameters if any(map(_is_fitted, _held(value)))]


def moved(before: Table, after: Table, test_rows: pd.Index) -> str:
    """Name what is another in one of two tables, but for some rows; nothing if all is the same."""
    rows = before.X.index.difference(test_rows)
    left, right = rows.difference(after.X.index), after.X.index.difference(before.X.index)
    if len(left) or len(right):
        return f"which rows there are, such as row {(left if len(left) else right)[0]}"
    if not before.X.columns.equals(after.X.columns):
        gone = sorted(set(before.X.columns) ^ set(after.X.columns), key=str)
        return f"which columns there are, such as {gone[:3]}"
    X, X_after = before.X.loc[rows], after.X.loc[rows]
    for name in X if not X.equals(X_after) else ():
        if not _equal(X[name], X_after[name]):
            return f"column {name!r}"
    return "" if _equal(before.y.loc[rows], after.y.loc[rows]) else "the target"


def _know_nothing(one: tuple[pd.Series, Table], other: tuple[pd.Series, Table]) -> bool:
    """Whether features are the same under two sets of labels, and the target is theirs alone."""
    if not one[1].X.equals(other[1].X):
        return False
    pairs = [
        pd.DataFrame({"label": labels.reindex(table.X.index).to_numpy(), "y": table.y.to_numpy()})
        for labels, table in (one, other)
    ]
    return not pd.concat(pairs).drop_duplicates()["label"].duplicated().any()


def _agreement(table: Table, cuts: list[tuple[pd.Index, pd.Index]]) -> float:
    """Return how well a ridge regression ranks test rows: 0 by chance, 1 at best."""
    # features scaled over all rows, without the labels: that alone cannot predict shuffled ones
    X = scaled_numbers(table.X)
    numbers = pd.api.types.is_numeric_dtype(table.y)
    Y = (table.y.to_frame() if numbers else pd.get_dummies(table.y)).to_numpy()
    scores = []
    for train, test in cuts:
        train, test = (table.X.index.get_indexer(rows) for rows in (train, test))
        train, test = train[train >= 0], test[test >= 0]  # a row may have been dropped
        model = Ridge().fit(X[train], Y[train].astype(float))
        said = model.predict(X[test]).reshape(len(test), -1)
        scores += [
            rank_agreement(true, score)
            for true, score in zip(Y[test].T, said.T, strict=True)
            if (true != true[0]).any()
        ]
    return float(np.mean(scores)) if scores else 0.0


def _other_labels(table: Table, fold: Fold, how: str, seed: int) -> Table:
    """Return the table with other labels in all rows that the model is not trained on."""
    y = table.y.copy()
    outside = np.setdiff1d(np.arange(len(y)), fold.train)
    there = y.iloc[outside]
    if how == "shuffled":
        rng = np.random.default_rng(seed_for(seed, "leakage/test labels"))
        there = rng.permutation(there.to_numpy())
    elif pd.api.types.is_numeric_dtype(y):
        # what fitted best now fits worst; the square moves the mean too
        span = (there.max() - there.min()) or 1.0
        there = there.max() - (there - there.min()) ** 2 / span
    else:
        names = sorted(set(y))
        there = there.map(dict(zip(names, [*names[1:], names[0]], strict=True)))
    y.iloc[outside] = np.asarray(there)
    return replace(table, y=y)


def _other_features(table: Table, positions: np.ndarray, how: str, seed: int) -> Table:
    rows = table.X.index[positions]
    return replace(table, X=changed(table.X, rows, list(table.X.columns), how, seed))


def _same(left: tuple[np.ndarray, ...], right: tuple[np.ndarray, ...], kept: np.ndarray) -> bool:
    return all(_equal(a[kept], b[kept]) for a, b in zip(left, right, strict=True))


def _equal(left: Any, right: Any) -> bool:
    left, right = np.asarray(left), np.asarray(right)
    if left.dtype.kind == "f" and right.dtype.kind == "f":  # a leak moves more than the last digits
        scale = float(np.max(np.abs(left), initial=0.0, where=np.isfinite(left)))
        return bool(np.allclose(left, right, rtol=1e-9, atol=1e-9 * scale, equal_nan=True))
    return bool(pd.Series(left).equals(pd.Series(right)))


def _held(value: Any) -> list[Any]:
    """Return a parameter's value and what a function brings along."""
    functions = [value.func, *value.args] if isinstance(value, partial) else [value]
    held = []
    for function in functions:
        cells = getattr(function, "__closure__", None) or ()
        held += [function, getattr(function, "__self__", None), *(c.cell_contents for c in cells)]
    return held


def _is_fitted(thing: Any) -> bool:
    # as scikit-learn tells it: fitting adds attributes that end in an underscore
    names = vars(thing) if hasattr(thing, "get_params") and not isinstance(thing, type) else ()
    return any(name.endswith("_") and not name.startswith("_") for name in names)
