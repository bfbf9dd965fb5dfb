"""Where a model is wrong: confusion, calibration, and errors by prediction, group, time or place.

`scripts/baselines.py` makes these tables from predictions of the development rows while they were
held out: look there for improvements. `scripts/evaluation.py` makes them from the locked test rows,
and what is learnt from those cannot be tested on them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import pandas as pd
from scipy import stats

from ..compute.task import Predictions
from ..config.columns import Table
from ..config.metrics import decimals
from ..config.study import Study
from ..split.claims import block_ids
from .corrected import LEVEL

MOST_BINS = 10
MOST_PREDICTIONS = 5_000  # that are kept: some 300 kB
ROWS_PER_BIN = 20  # with fewer, a share says little
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)  # median, middle half, middle 90 %


def prediction_table(
    predictions: Iterable[Predictions], table: Table, classes: list[str]
) -> pd.DataFrame:
    """Return each prediction and its truth, by row number; of classes, their probabilities too."""
    parts = []
    for said in predictions:
        test = said.fold.test
        part = pd.DataFrame({"row": table.y.index[test], "model": said.name})
        part["truth"], part["prediction"] = table.y.to_numpy()[test], said.predicted
        for number, name in enumerate(classes):
            part[f"probability_{name}"] = said.probability[:, number]
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def fold_predictions(rows: pd.DataFrame, predictions: Iterable[Predictions]) -> pd.DataFrame:
    """Add to predictions of folds, as `prediction_table` has them, the fold that tested each row.

    Of a large table evenly spaced rows are kept; ten decimals tell more than processors agree on.
    """
    rows = rows.assign(fold=[said.fold.fold for said in predictions for _ in said.fold.test])
    first = ["row", "model", "fold"]
    size = rows.select_dtypes("float").abs().max().max()
    rows = rows[[*first, *rows.columns.drop(first)]].round(decimals(10, size))
    return rows[rows["row"] % -(-len(rows) // MOST_PREDICTIONS) == 0]


def error_tables(predicted: pd.DataFrame, table: Table, study: Study) -> dict[str, pd.DataFrame]:
    """Return tables by file name: confusion and calibration of classes, residuals of numbers."""
    if study.task == "classification":
        return {
            "calibration.csv": calibration_table(predicted, study.data.classes),
            "confusion.csv": confusion_table(predicted, study.data.classes),
        }
    groups, units = table.groups, {"time": table.time}
    if groups is not None:  # the number of its first row finds a group and names no person
        first = groups.index.to_series().groupby(groups.to_numpy()).transform("min")
        units = {"group": "group of row " + first.astype(str)} | units
    if study.split.block > 0:
        blocks = block_ids(table.place, study.split.block)
        units["block"] = pd.Series(blocks, index=table.y.index)
    there = {name: of_row for name, of_row in units.items() if of_row is not None}
    return {
        "residual_quantiles.csv": residual_quantiles(predicted),
        "residuals.csv": residual_table(predicted, there),
    }


def prevalence_note(truth: pd.Series, classes: list[str], rows: str) -> str:
    """Say how common each class is, or how far the numbers spread: what scores are read against.

    >>> prevalence_note(pd.Series(["no", "yes", "no", "no"]), ["no", "yes"], "test")
    'Truth in the 4 test rows: no 75.0 %, yes 25.0 %.'
    >>> prevalence_note(pd.Series([1.0, 2.0, 6.0]), [], "test")
    'Truth in the 3 test rows: median 2, mean 3, standard deviation 2.65.'
    """
    if classes:
        shares = ", ".join(f"{name} {np.mean(truth == name) * 100:.1f} %" for name in classes)
    else:
        spread = f"standard deviation {truth.std():.3g}"
        shares = f"median {truth.median():.3g}, mean {truth.mean():.3g}, {spread}"
    return f"Truth in the {len(truth)} {rows} rows: {shares}."


def confusion_table(predicted: pd.DataFrame, classes: list[str]) -> pd.DataFrame:
    """Count predictions by truth; share is of the rows of that truth, so the diagonal is recall.

    >>> confusion_table(pd.DataFrame({
    ...     "model": "linear", "truth": ["no", "no", "yes"], "prediction": ["no", "yes", "yes"],
    ... }), ["no", "yes"])
        model truth prediction  count  share
    0  linear    no         no      1    0.5
    1  linear    no        yes      1    0.5
    2  linear   yes         no      0    0.0
    3  linear   yes        yes      1    1.0
    """
    rows = []
    for model, part in predicted.groupby("model", sort=False):
        counted = pd.crosstab(part["truth"], part["prediction"])
        counted = counted.reindex(index=classes, columns=classes, fill_value=0).to_numpy().tolist()
        for truth, counts in zip(classes, counted, strict=True):
            rows += [
                (model, truth, name, count, count / sum(counts))
                for name, count in zip(classes, counts, strict=True)
            ]
    return pd.DataFrame(rows, columns=["model", "truth", "prediction", "count", "share"])


def calibration_table(predicted: pd.DataFrame, classes: list[str]) -> pd.DataFrame:
    """Compare mean predicted probabilities with shares of the class, in bins of about equal size.

    Of two classes, only the last, positive one is looked at. The interval is Wilson's, which takes
    rows for independent. Equal probabilities stay together, so there may be fewer bins.

    >>> p = np.repeat([0.1, 0.9], 20)
    >>> truth = ["no"] * 18 + ["yes"] * 2 + ["yes"] * 19 + ["no"]
    >>> predicted = pd.DataFrame({"model": "linear", "truth": truth, "probability_yes": p})
    >>> calibration_table(predicted, ["no", "yes"]).drop(columns=["model", "class"]).round(2)
       bin   n  predicted  observed   low  high
    0    1  20        0.1      0.10  0.03  0.30
    1    2  20        0.9      0.95  0.76  0.99
    """
    rows = []
    for model, part in predicted.groupby("model", sort=False):
        for name in classes[-1:] if len(classes) == 2 else classes:
            probability = part[f"probability_{name}"].to_numpy()
            hit = (part["truth"] == name).to_numpy()
            for number, inside in _each_bin(probability):
                count, n = int(hit[inside].sum()), int(inside.sum())
                ends = stats.binomtest(count, n).proportion_ci(LEVEL, method="wilson")
                mean = probability[inside].mean()
                rows.append((model, name, number, n, mean, count / n, ends.low, ends.high))
    columns = ["model", "class", "bin", "n", "predicted", "observed", "low", "high"]
    return pd.DataFrame(rows, columns=columns)


def residual_table(predicted: pd.DataFrame, units: dict[str, pd.Series]) -> pd.DataFrame:
    """Return bias (prediction minus truth) and mae by prediction (bins of equal size) and by unit.

    ``units`` is what else to look at, such as ``{"group": ...}``: a level for each row number.

    >>> predicted = pd.DataFrame({
    ...     "row": [1, 2, 3], "model": "linear", "truth": [1.0, 2.0, 4.0],
    ...     "prediction": [1.5, 2.0, 3.0],
    ... })
    >>> site = pd.Series(["a", "a", "b"], index=[1, 2, 3])
    >>> residual_table(predicted, {"group": site}).drop(columns="model")
               by level  n     truth  prediction      bias  mae
    0  prediction     1  3  2.333333    2.166667 -0.166667  0.5
    1       group     a  2  1.500000    1.750000  0.250000  0.25
    2       group     b  1  4.000000    3.000000 -1.000000  1.0
    """
    tables = []
    for model, part in predicted.groupby("model", sort=False):
        levels = {"prediction": _bins(part["prediction"].to_numpy())}
        levels |= {name: of_row.loc[part["row"]].to_numpy() for name, of_row in units.items()}
        for by, level in levels.items():
            error = part["prediction"] - part["truth"]
            means = part[["truth", "prediction"]].assign(bias=error, mae=error.abs())
            rows = means.groupby(level).mean()
            head = {"model": model, "by": by, "level": rows.index, "n": means.groupby(level).size()}
            tables.append(pd.concat([pd.DataFrame(head, rows.index), rows], axis=1))
    return pd.concat(tables, ignore_index=True)


def residual_quantiles(predicted: pd.DataFrame) -> pd.DataFrame:
    """Return quantiles of prediction minus truth, by prediction in bins of about equal size."""
    rows = []
    for model, part in predicted.groupby("model", sort=False):
        prediction = part["prediction"].to_numpy()
        error = prediction - part["truth"].to_numpy()
        for number, inside in _each_bin(prediction):
            spread = np.quantile(error[inside], QUANTILES)
            rows.append((model, number, int(inside.sum()), prediction[inside].mean(), *spread))
    ends = [f"q{round(q * 100):02d}" for q in QUANTILES]
    return pd.DataFrame(rows, columns=["model", "bin", "n", "prediction", *ends])


def _each_bin(values: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """Yield each bin's number and a mask of its values."""
    bins = _bins(values)
    for number in range(1, bins.max() + 1):
        yield number, bins == number


def _bins(values: np.ndarray) -> np.ndarray:
    """Return a bin from 1 for each value; quantiles are the edges, equal values stay together."""
    n_bins = int(np.clip(len(values) // ROWS_PER_BIN, 1, MOST_BINS))
    edges = np.unique(np.quantile(values, np.linspace(0, 1, n_bins + 1)[1:-1]))
    found = np.searchsorted(edges, values, side="left")
    return np.unique(found, return_inverse=True)[1] + 1
