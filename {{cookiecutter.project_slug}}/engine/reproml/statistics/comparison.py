"""Says which of two models is better, from their scores on the same folds.

Scores of cross-validation are not independent, because training sets overlap. A plain t-test takes
them for independent and finds differences between equally good models more often than not. The
t-test and the intervals here use the corrected variance of Nadeau and Bengio instead.

A *difference* is candidate minus baseline on one fold, turned so that positive means that the
candidate is better, whatever the direction of the metric. ``n_train`` and ``n_test`` are the
numbers of rows in the two parts of a fold; where folds differ in size, their means.

References
----------
Nadeau and Bengio (2003), Inference for the generalization error, Machine Learning 52.
Benavoli et al. (2017), Time for a change, Journal of Machine Learning Research 18.
Bouthillier et al. (2021), Accounting for variance in machine learning benchmarks, MLSys 3.
Holm (1979), A simple sequentially rejective multiple test procedure, Scand. J. Statistics 6.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats

from ..config.seeds import seed_for
from ..config.study import StudyError
from .corrected import LEVEL, checked_scores, corrected_mean, mean_interval

RESAMPLES = 9_999  # of the bootstrap; SciPy's default
# Differences below this part of the largest score are rounding, which differs from processor to
# processor (seen: 1e-13). They count as ties, so that no model wins by its last digit.
ROUNDING = 1e-12


class PairedComparison(NamedTuple):
    """What `paired_comparison` finds: the mean difference, its interval and the two-sided test."""

    difference: float
    low: float
    high: float
    t: float
    p: float
    pairs: int


def paired_comparison(differences: ArrayLike, n_train: float, n_test: float) -> PairedComparison:
    """Test whether the mean of differences, of shape (n_folds,), is zero: corrected resampled t.

    Without any difference p is 1. If every fold shows the same difference, p is the limit, 0, and
    the interval has no width: the scores are perfect, or the metric is too coarse.

    References: Nadeau and Bengio (2003).

    >>> result = paired_comparison([0.01, 0.03, 0.02, 0.04, 0.00], n_train=400, n_test=100)
    >>> result.difference, result.low, result.high, result.p
    (0.020, -0.009, 0.049, 0.132)
    """
    mean, scale, df = corrected_mean(differences, n_train, n_test)
    limit = math.copysign(math.inf, mean) if mean else 0.0  # without spread
    t = mean / scale if scale else limit
    p = float(2 * stats.t.sf(abs(t), df))
    return PairedComparison(*mean_interval(differences, n_train, n_test), t, p, df + 1)


def share_of_wins(differences: ArrayLike, seed: int) -> tuple[float, float, float]:
    """Return P(A>B), the share of folds that the candidate wins, a tie counting half; low and high.

    A win that matters has ``low > 0.5`` and ``high > 0.75``. The ends are those of the percentile
    bootstrap; with nothing but wins, or nothing but losses, there is nothing to resample, and they
    are Wilson's. The bootstrap takes folds for independent, so the interval is too narrow: in 200
    simulated data sets with two equally good models, ``low > 0.5`` came out in 21 % (5 folds, 6
    repeats). Read it with the corrected test, never instead of it.

    References: Bouthillier et al. (2021).

    >>> share_of_wins([0.01, 0.03, -0.02, 0.04, 0.00, 0.02], seed=0)
    (0.75, 0.417, 1.0)
    >>> share_of_wins([0.01, 0.03, 0.02, 0.04, 0.01, 0.02], seed=0)
    (1.0, 0.610, 1.0)
    """
    wins = (1 + np.sign(checked_scores(differences))) / 2  # (n_folds,): 1 win, 0.5 tie, 0 loss
    share = float(wins.mean())
    if share in (0.0, 1.0):
        return perfect_interval(share, wins.size, (0.0, 1.0))
    draws = np.random.default_rng(seed).choice(wins, size=(RESAMPLES, wins.size))
    low, high = np.quantile(draws.mean(axis=1), [0.5 - LEVEL / 2, 0.5 + LEVEL / 2])
    return share, float(low), float(high)


def perfect_interval(
    value: float, cases: int, bounds: tuple[float, float]
) -> tuple[float, float, float]:
    """Return a score that all cases agree on, one of its bounds, with Wilson's interval.

    The other end is infinite if the metric's range is: then no number of perfect cases limits the
    error of the next one.

    >>> perfect_interval(1.0, 101, (0.0, 1.0))  # 101 of 101 right
    (1.0, 0.963, 1.0)
    >>> perfect_interval(0.0, 101, (0.0, float("inf")))  # an error of exactly 0
    (0.0, 0.0, inf)
    """
    z_squared = float(stats.norm.ppf(0.5 + LEVEL / 2)) ** 2
    doubt = z_squared / (cases + z_squared) * (bounds[1] - bounds[0])
    if abs(value - bounds[0]) < abs(value - bounds[1]):
        return value, value, value + doubt
    return value, value - doubt, value


def holm(p_values: ArrayLike) -> np.ndarray:
    """Adjust p-values, of shape (n_comparisons,), for the number of comparisons that were made.

    References: Holm (1979).

    >>> holm([0.01, 0.04, 0.03, 0.005]).round(3).tolist()
    [0.03, 0.06, 0.06, 0.02]
    """
    p = np.asarray(p_values, dtype=float)
    if not ((p >= 0) & (p <= 1)).all():
        raise ValueError(f"p-values are numbers from 0 to 1; got {p.tolist()}")
    order = np.argsort(p, kind="stable")
    steps = np.maximum.accumulate(p[order] * (p.size - np.arange(p.size)))
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(steps, 1.0)
    return adjusted


def paired_differences(
    scores: pd.DataFrame, candidate: str, baseline: str, metric: str, *, higher_is_better: bool
) -> np.ndarray:
    """Return the differences, of shape (n_folds,), in order of repeat and fold.

    >>> columns = ["model", "repeat", "fold", "metric", "value"]
    >>> rows = [("ridge", 0, 0, "mae", 2.0), ("ridge", 0, 1, "mae", 2.5)]
    >>> rows += [("dummy", 0, 0, "mae", 3.0), ("dummy", 0, 1, "mae", 2.75)]
    >>> scores = pd.DataFrame(rows, columns=columns)
    >>> paired_differences(scores, "ridge", "dummy", "mae", higher_is_better=False).tolist()
    [1.0, 0.25]
    """
    a, b = (_scores_by_fold(scores, model, metric) for model in (candidate, baseline))
    if unpaired := sorted(a.index.symmetric_difference(b.index)):
        raise StudyError(
            f"{candidate} and {baseline} were not scored by {metric} on the same folds; only one "
            f"of them has (repeat, fold) {', '.join(map(str, unpaired[:5]))}. Run both again"
        )
    ahead = (a - b if higher_is_better else b - a).to_numpy()
    rounding = ROUNDING * max(a.abs().max(), b.abs().max())
    return np.where(np.abs(ahead) <= rounding, 0.0, ahead)


def compare_to_baselines(
    scores: pd.DataFrame,
    candidate: str,
    baselines: Sequence[str],
    metric: str,
    *,
    higher_is_better: bool,
    n_train: float,
    n_test: float,
    seed: int,
) -> pd.DataFrame:
    """Compare a candidate with every baseline, a row each, from long scores on the same folds.

    A positive difference means that the candidate is better; p is two-sided, p_holm is adjusted for
    the number of baselines.

    >>> values = {"ridge": [2.0, 2.5, 2.2], "linear": [2.1, 2.4, 2.5], "dummy": [3.0, 3.2, 3.1]}
    >>> rows = [(m, 0, fold, "mae", v) for m in values for fold, v in enumerate(values[m])]
    >>> scores = pd.DataFrame(rows, columns=["model", "repeat", "fold", "metric", "value"])
    >>> sizes = {"n_train": 20, "n_test": 10}
    >>> table = compare_to_baselines(
    ...     scores, "ridge", ["dummy", "linear"], "mae", higher_is_better=False, seed=0, **sizes
    ... )
    >>> table[["baseline", "difference", "p", "p_holm"]].round(3).values.tolist()
    [['dummy', 0.867, 0.025, 0.05], ['linear', 0.1, 0.639, 0.639]]
    """
    columns = ["baseline", "metric", "difference", "low", "high", "p"]
    columns += ["p_a_over_b", "p_a_over_b_low", "p_a_over_b_high", "pairs"]
    rows = []
    for baseline in baselines:
        ahead = paired_differences(
            scores, candidate, baseline, metric, higher_is_better=higher_is_better
        )
        test = paired_comparison(ahead, n_train, n_test)
        own_seed = seed_for(seed, f"comparison/{candidate}/{baseline}/{metric}")
        wins = share_of_wins(ahead, own_seed)
        rows.append([baseline, metric, *test[:3], test.p, *wins, test.pairs])
    table = pd.DataFrame(rows, columns=columns)
    table.insert(columns.index("p") + 1, "p_holm", holm(table["p"]))
    return table


def _scores_by_fold(scores: pd.DataFrame, model: str, metric: str) -> pd.Series:
    rows = scores[(scores["model"] == model) & (scores["metric"] == metric)]
    if rows.empty:
        models, metrics = (", ".join(sorted(scores[key].unique())) for key in ("model", "metric"))
        raise StudyError(
            f"no scores of {model} by {metric}; the results have {models} by {metrics}"
        )
    series = rows.set_index(["repeat", "fold"])["value"].sort_index()
    if series.index.has_duplicates:
        raise StudyError(f"{model} has more than one {metric} on the same (repeat, fold)")
    if lost := [fold for fold, value in series.items() if not math.isfinite(value)]:
        raise StudyError(
            f"{model} has no finite {metric} for (repeat, fold) {', '.join(map(str, lost[:5]))}; "
            "take a metric that is defined on every fold"
        )
    return series
