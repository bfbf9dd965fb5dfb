"""Scores of the locked test rows, with bootstrap intervals.

The bootstrap (BCa, Efron 1987) draws what the claim is about: rows, or whole groups, blocks or time
steps where rows come in these. With few of them its intervals are too narrow, as the plain formula
for a mean is without Student's t; the level is raised by as much (Hesterberg 2015). The interval
answers "how would this fitted model score on other test rows of this kind", and knows nothing of
how another training set would have changed the model.

With more than 20,000 units the ends are plain percentiles, which differ from those of BCa by a few
hundredths of the interval's width even for very skewed errors.

Resamples that lack a class are left out, as most metrics are not defined for them.

A perfect score has no spread to resample, and "1.00" would stand there as if it were certain. Its
interval is Wilson's for a share of which all cases came out right, stretched over the range of the
metric. The cases are the units (rows, or whole groups) that hold the rarest class: a score between
0 and 1 that is a mean over cases can only be perfect if each of them is.

References
----------
Efron (1987), Better bootstrap confidence intervals, J. American Statistical Association 82.
Hesterberg (2015), What teachers should know about the bootstrap, American Statistician 69.
Wilson (1927), Probable inference, J. American Statistical Association 22.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd
from scipy import stats

from ..compute.task import Predictions
from ..config.columns import Table
from ..config.metrics import Metric, decimals
from ..config.seeds import seed_for
from .comparison import RESAMPLES, perfect_interval
from .corrected import LEVEL
from .weighted import is_copied, weighted_scores

MANY = 20_000  # units; BCa leaves out each in turn, whose time grows as the square of their number
AT_ONCE = 4_000_000  # weights in memory, 32 MB
DIGITS = 12  # scores are compared with this many, so that rounding makes no order among equals


def locked_scores(
    predictions: Iterable[Predictions],
    table: Table,
    units: np.ndarray,
    metrics: Mapping[str, Metric],
    classes: list[str],
    seed: int,
) -> pd.DataFrame:
    """Score models, which all predicted the same locked test rows; a row for each and metric.

    ``units`` says what is drawn as a whole, for every row of the table; all models and metrics are
    scored on the same resamples.

    >>> from small_study import CODE
    >>> from ..split.splits import Fold
    >>> y = pd.Series([1.0, 2.0, 4.0, 3.0, 5.0])
    >>> table = Table(y.to_frame("dose"), y, None, None, None, dropped={})
    >>> fold = Fold(0, 0, train=np.array([0]), test=np.array([1, 2, 3, 4]))
    >>> said = Predictions("linear", fold, np.array([2.5, 3.0, 3.0, 4.5]), None)
    >>> locked_scores([said], table, np.arange(5), {"mae": CODE.metrics["mae"]}, [], seed=0)
        model metric  value  low  high  n_test  n_units
    0  linear    mae    0.5  0.0   1.0       4        4
    """
    rows = []
    own_seed = seed_for(seed, "evaluation/bootstrap")
    for said in predictions:
        y_true, own = table.y.to_numpy()[said.fold.test], units[said.fold.test]
        n_units = len(np.unique(own))
        for name, metric in metrics.items():
            taken = metric.taken(said.predicted, said.probability)
            interval = bootstrap_interval(name, metric, y_true, taken, own, classes, own_seed)
            rows.append((said.name, name, *interval, len(y_true), n_units))
    columns = ["model", "metric", "value", "low", "high", "n_test", "n_units"]
    return pd.DataFrame(rows, columns=columns)


def bootstrap_interval(
    name: str,
    metric: Metric,
    y_true: np.ndarray,
    said: np.ndarray,
    units: np.ndarray,
    classes: list[str],
    seed: int,
) -> tuple[float, float, float]:
    """Return a score with the ends of its interval; what has one of ``units`` is drawn as a whole.

    Without two units to draw from, the ends are those of the metric: nothing is known.

    >>> from sklearn.metrics import matthews_corrcoef
    >>> y = np.array(["no", "yes", "yes", "no", "yes"])
    >>> mcc = Metric(matthews_corrcoef, "classes", True, "MCC", (-1.0, 1.0))
    >>> bootstrap_interval("mcc", mcc, y, y, np.arange(5), ["no", "yes"], seed=0)
    (1.0, -0.315, 1.0)
    """
    value = metric.score(y_true, said, classes)
    _, unit = np.unique(units, return_inverse=True)  # (n_rows,), from 0
    n_units = int(unit.max()) + 1
    if n_units < 2:
        return value, *metric.bounds
    size = np.abs(y_true).max() if metric.digits() is None else 1.0
    if any(abs(value - bound) < 10.0 ** -decimals(DIGITS, size) for bound in metric.bounds):
        return perfect_interval(value, _cases(y_true, unit), metric.bounds)

    level = expanded_level(n_units)
    known = name if is_copied(name, metric, y_true, said, classes) else ""

    def scores(drawn: np.ndarray, axis: int = -1) -> np.ndarray:
        times = _times(drawn.reshape(-1, drawn.shape[-1]), n_units)[:, unit]  # (n_draws, n_rows)
        found = weighted_scores(known, metric, y_true, said, times, classes)
        return found.round(decimals(DIGITS, abs(value))).reshape(drawn.shape[:-1])

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", stats.DegenerateDataWarning)
        with np.errstate(invalid="ignore", divide="ignore"):
            found = stats.bootstrap(
                (np.arange(n_units),),
                scores,
                n_resamples=RESAMPLES,
                batch=max(1, AT_ONCE // len(y_true)),
                vectorized=True,
                confidence_level=level,
                method="BCa" if n_units <= MANY else "percentile",
                rng=np.random.default_rng(seed),
            )
    ends = np.array(found.confidence_interval)
    if not np.isfinite(ends).all():  # no spread, or undefined resamples: the plain percentiles
        drawn = found.bootstrap_distribution
        ends = np.quantile(drawn[np.isfinite(drawn)], [0.5 - level / 2, 0.5 + level / 2])
    low, high = np.clip(ends, *metric.bounds)
    return value, float(low), float(high)


def expanded_level(n_units: int) -> float:
    """Return the level at which a bootstrap of few units, two or more, has the coverage wanted.

    For a mean, the percentiles at this level are as far apart as Student's interval is wide; the
    usual ones are narrower by the factor that separates the normal from the t distribution, and by
    another that comes from dividing by n where n - 1 is right (Hesterberg 2015).

    >>> expanded_level(9), expanded_level(114), expanded_level(10_000)
    (0.986, 0.953, 0.950)
    """
    t = stats.t.ppf(0.5 + LEVEL / 2, n_units - 1) * np.sqrt(n_units / (n_units - 1))
    return float(1 - 2 * stats.norm.sf(t))


def _cases(y_true: np.ndarray, unit: np.ndarray) -> int:
    if y_true.dtype.kind == "f":
        return len(np.unique(unit))
    return min(len(np.unique(unit[y_true == name])) for name in np.unique(y_true))


def _times(drawn: np.ndarray, n_units: int) -> np.ndarray:
    """Count how often each unit was drawn, (n_draws, n_units)."""
    offset = drawn + n_units * np.arange(len(drawn))[:, None]
    counts = np.bincount(offset.ravel(), minlength=len(drawn) * n_units)
    return counts.reshape(len(drawn), n_units).astype(float)
