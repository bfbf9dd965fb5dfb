"""Means over folds and their intervals, corrected for training sets that overlap.

``n_train`` and ``n_test`` are the numbers of rows in the two parts of a fold; where folds differ in
size, their means.

References
----------
Nadeau and Bengio (2003), Inference for the generalization error, Machine Learning 52.
Benavoli et al. (2017), Time for a change, Journal of Machine Learning Research 18.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from ..config.study import StudyError

LEVEL = 0.95  # of every interval


def mean_interval(values: ArrayLike, n_train: float, n_test: float) -> tuple[float, float, float]:
    """Return mean, low and high of scores, or of differences, of shape (n_folds,).

    References: Nadeau and Bengio (2003); Benavoli et al. (2017), whose credible interval it equals.

    >>> mean_interval([0.90, 0.94, 0.92, 0.96, 0.93], n_train=400, n_test=100)
    (0.930, 0.889, 0.971)
    """
    mean, scale, df = corrected_mean(values, n_train, n_test)
    half = scale * float(stats.t.ppf(0.5 + LEVEL / 2, df))
    return mean, mean - half, mean + half


def checked_scores(values: ArrayLike) -> np.ndarray:
    """Return finite numbers of shape (n_folds,), two or more, or say what is wrong with them."""
    array = np.asarray(values, dtype=float)
    if array.ndim != 1 or array.size < 2:
        raise StudyError(
            f"a comparison needs scores on two folds or more; got shape {array.shape}. "
            "Raise folds or repeats under [split] in study.toml"
        )
    if not np.isfinite(array).all():
        raise StudyError(f"a comparison needs finite scores; got {array.tolist()}")
    return array


def corrected_mean(values: ArrayLike, n_train: float, n_test: float) -> tuple[float, float, int]:
    """Return the mean, its corrected standard error and the degrees of freedom."""
    array = checked_scores(values)
    if not (n_train > 0 and n_test > 0):
        raise ValueError(f"n_train and n_test are numbers of rows; got {n_train} and {n_test}")
    # 1 / n holds for independent scores; n_test / n_train corrects for shared training rows.
    variance = (1 / array.size + n_test / n_train) * array.var(ddof=1)
    return float(array.mean()), math.sqrt(variance), array.size - 1
