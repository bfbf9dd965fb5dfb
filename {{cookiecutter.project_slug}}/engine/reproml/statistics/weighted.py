"""The metrics once more, of rows that count a number of times each.

A bootstrap resample says how often each row counts. Scoring thousands of them one after the other
takes two minutes for five models; here all are scored at once. The metric of evaluation.py is the
definition: a copy that does not give what it gives is not used.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..config.metrics import Metric


def weighted_scores(
    name: str,
    metric: Metric,
    y_true: np.ndarray,
    said: np.ndarray,
    times: np.ndarray,
    classes: list[str],
) -> np.ndarray:
    """Score rows for each row of ``times`` (n_draws, n_rows): how often each counts, as floats.

    ``said`` is what the metric takes. A metric that is not known here is computed resample by
    resample, which is slow but right. The score is NaN where a class has no row.

    >>> y, said = np.array([1.0, 2.0, 4.0]), np.array([1.5, 2.0, 3.0])
    >>> times = np.array([[1.0, 1.0, 1.0], [0.0, 0.0, 2.0]])
    >>> from small_study import CODE
    >>> weighted_scores("mae", CODE.metrics["mae"], y, said, times, [])
    array([0.5, 1. ])
    """
    hit = y_true[:, None] == np.asarray(classes)  # (n_rows, n_classes); numbers have no classes
    whole = (times @ hit > 0).all(axis=1)
    if metric.takes == "numbers":
        scores = _of_numbers(name, y_true, said, times)
    elif metric.takes == "classes":
        scores = _of_classes(name, hit, said[:, None] == np.asarray(classes), times)
    else:
        scores = _of_probabilities(name, hit, said, times)
    if scores is None:
        scores = np.full(len(times), np.nan)
        for number in np.flatnonzero(whole):
            rows = np.repeat(np.arange(len(y_true)), times[number].astype(int))
            scores[number] = metric.score(y_true[rows], said[rows], classes)
    return np.where(whole, scores, np.nan)


def is_copied(
    name: str, metric: Metric, y_true: np.ndarray, said: np.ndarray, classes: list[str]
) -> bool:
    """Whether the copy of this name is the metric: on these rows, and on a few resamples of them.

    An author's own metric may have the name of one that is known here.
    """
    n_rows = len(y_true)
    drawn = np.random.default_rng(0).multinomial(n_rows, np.full(n_rows, 1 / n_rows), size=4)
    times = np.vstack([np.ones(n_rows), drawn])
    copied, own = (
        weighted_scores(known, metric, y_true, said, times, classes) for known in (name, "")
    )
    size = 1.0 if metric.digits() else min(1.0, np.nanmax(np.abs(own), initial=0.0))
    return np.allclose(copied, own, rtol=1e-9, atol=1e-9 * size, equal_nan=True)


def _of_numbers(name: str, y_true: np.ndarray, predicted: np.ndarray, times: np.ndarray) -> Any:
    total = times.sum(axis=1)
    squares = times @ (y_true - predicted) ** 2
    if name == "mae":
        return times @ np.abs(y_true - predicted) / total
    if name == "rmse":
        return np.sqrt(squares / total)
    if name == "r2":
        centred = y_true - y_true.mean()  # keeps the digits that squaring large numbers loses
        with np.errstate(invalid="ignore", divide="ignore"):  # all drawn rows have one value
            return 1 - squares / (times @ centred**2 - (times @ centred) ** 2 / total)
    return None


def _of_classes(name: str, hit: np.ndarray, called: np.ndarray, times: np.ndarray) -> Any:
    right = times @ (hit & called)  # (n_draws, n_classes)
    true, said, total = times @ hit, times @ called, times.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):  # draws that lack a class
        if name == "balanced_accuracy":
            return (right / true).mean(axis=1)
        if name == "f1_macro":
            return (2 * right / (true + said)).mean(axis=1)
        if name == "mcc":  # Gorodkin's, which is Matthews' for two classes
            covariance = right.sum(axis=1) * total - (true * said).sum(axis=1)
            spread = (total**2 - (true**2).sum(axis=1)) * (total**2 - (said**2).sum(axis=1))
            return np.where(spread > 0, covariance / np.sqrt(spread), 0.0)
    return None


def _of_probabilities(
    name: str, hit: np.ndarray, probability: np.ndarray, times: np.ndarray
) -> Any:
    columns = [hit.shape[1] - 1] if hit.shape[1] == 2 else range(hit.shape[1])
    if name == "brier":
        squares = (probability - hit)[:, list(columns)] ** 2
        return times @ squares.sum(axis=1) / times.sum(axis=1)
    one_class = {"roc_auc": _roc_auc, "average_precision": _average_precision}.get(name)
    if one_class is None:
        return None
    with np.errstate(invalid="ignore", divide="ignore"):  # draws that lack a class
        of_columns = [one_class(hit[:, i], probability[:, i], times) for i in columns]
    return np.mean(of_columns, axis=0)


def _by_score(hit: np.ndarray, score: np.ndarray, times: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return how often each distinct score was drawn with and without a hit, highest first."""
    order = np.argsort(-score, kind="stable")
    starts = np.flatnonzero(np.diff(score[order], prepend=np.inf))  # rows of one score are one step
    with_hit, without = (
        np.add.reduceat((times * side)[:, order], starts, axis=1) for side in (hit, ~hit)
    )
    return with_hit, without  # (n_draws, n_distinct) each


def _roc_auc(hit: np.ndarray, score: np.ndarray, times: np.ndarray) -> np.ndarray:
    with_hit, without = _by_score(hit, score, times)
    below = without.sum(axis=1, keepdims=True) - np.cumsum(without, axis=1)
    won = (with_hit * (below + without / 2)).sum(axis=1)  # a tie is half won
    return won / (with_hit.sum(axis=1) * without.sum(axis=1))


def _average_precision(hit: np.ndarray, score: np.ndarray, times: np.ndarray) -> np.ndarray:
    with_hit, without = _by_score(hit, score, times)
    found = np.cumsum(with_hit, axis=1)
    called = found + np.cumsum(without, axis=1)
    precision = np.divide(found, called, out=np.zeros_like(found), where=called > 0)
    return (with_hit * precision).sum(axis=1) / with_hit.sum(axis=1)
