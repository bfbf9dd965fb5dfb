"""The metrics of this study: functions of what was true and what a model predicted.

Probabilities have a column per class, in the order of ``classes``; with two classes the last one is
the positive one. To add a metric, write a function, put it into ``METRICS``, and name it in
study.toml. ``unit`` is that of its scores; "{}" stands for the target's.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from reproml.config.metrics import Metric
from scipy.stats import rankdata
from sklearn import metrics


def balanced_accuracy(y_true: np.ndarray, y_pred: np.ndarray) -> float:
    """Mean of the classes' recalls; higher is better, a dummy gets 1 / n_classes.

    Parameters
    ----------
    y_true, y_pred : array of shape (n_samples,)
        True and predicted classes.

    Returns
    -------
    float
        Between 0 and 1.

    Examples
    --------
    >>> balanced_accuracy(["no", "no", "no", "yes"], ["no", "no", "yes", "yes"])
    0.8333333333333333
    """
    return float(metrics.balanced_accuracy_score(y_true, y_pred))


def mcc(y_true: np.ndarray, y_pred: np.ndarray) -> float:
    """Matthews correlation coefficient; higher is better, a dummy gets 0.

    Parameters
    ----------
    y_true, y_pred : array of shape (n_samples,)
        True and predicted classes.

    Returns
    -------
    float
        Between -1 and 1.

    Examples
    --------
    >>> mcc(["no", "no", "no", "yes"], ["no", "no", "yes", "yes"])  # doctest: +NUMBER
    0.57735
    """
    return float(metrics.matthews_corrcoef(y_true, y_pred))


def f1_macro(y_true: np.ndarray, y_pred: np.ndarray) -> float:
    """Mean of the classes' F1 scores; higher is better.

    A class that was never predicted counts as 0.

    Parameters
    ----------
    y_true, y_pred : array of shape (n_samples,)
        True and predicted classes.

    Returns
    -------
    float
        Between 0 and 1.

    Examples
    --------
    >>> f1_macro(["no", "no", "no", "yes"], ["no", "no", "yes", "yes"])  # doctest: +NUMBER
    0.73333
    """
    return float(metrics.f1_score(y_true, y_pred, average="macro", zero_division=0.0))


def average_precision(y_true: np.ndarray, probability: np.ndarray, classes: list[str]) -> float:
    """Area under the precision-recall curve, as a step sum; higher is better.

    A dummy gets the positive class's share. With more than two classes: the mean over classes, each
    against the rest.

    Parameters
    ----------
    y_true : array of shape (n_samples,)
        True classes.
    probability : array of shape (n_samples, n_classes)
        A column per class.
    classes : list of str
        Order of the columns; with two, the last is the positive one.

    Returns
    -------
    float
        Between 0 and 1.

    Examples
    --------
    >>> p = np.array([[0.9, 0.1], [0.4, 0.6], [0.2, 0.8], [0.7, 0.3]])
    >>> average_precision(["no", "yes", "no", "yes"], p, ["no", "yes"])  # doctest: +NUMBER
    0.58333
    """
    return _one_against_rest(metrics.average_precision_score, y_true, probability, classes)


def roc_auc(y_true: np.ndarray, probability: np.ndarray, classes: list[str]) -> float:
    """Chance that a positive row is ranked above a negative one; higher is better.

    A dummy gets 0.5; a tie counts half. With more than two classes: the mean over classes, each
    against the rest. It is counted in ranks (Mann and Whitney 1947), which is scikit-learn's value
    up to rounding, 20 times as fast, and rounded once: the same bits on every machine.

    Parameters
    ----------
    y_true : array of shape (n_samples,)
        True classes.
    probability : array of shape (n_samples, n_classes)
        A column per class.
    classes : list of str
        Order of the columns; with two, the last is the positive one.

    Returns
    -------
    float
        Between 0 and 1; NaN where a class has no row.

    Examples
    --------
    >>> p = np.array([[0.9, 0.1], [0.4, 0.6], [0.2, 0.8], [0.7, 0.3]])
    >>> roc_auc(["no", "yes", "no", "yes"], p, ["no", "yes"])
    0.5
    """
    return _one_against_rest(_pairs_won, y_true, probability, classes)


def _pairs_won(hit: np.ndarray, score: np.ndarray) -> float:
    """Return the share of pairs (a hit, another row) in which the hit has the higher score."""
    n_hit, n_rest = int(hit.sum()), int((~hit).sum())
    if n_hit == 0 or n_rest == 0:
        return float("nan")
    return (rankdata(score)[hit].sum() - n_hit * (n_hit + 1) / 2) / (n_hit * n_rest)


def brier(y_true: np.ndarray, probability: np.ndarray, classes: list[str]) -> float:
    """Mean squared error of the probabilities; lower is better.

    With two classes: of the positive one (Brier 1950, halved). With more: summed over classes.

    Parameters
    ----------
    y_true : array of shape (n_samples,)
        True classes.
    probability : array of shape (n_samples, n_classes)
        A column per class.
    classes : list of str
        Order of the columns.

    Returns
    -------
    float
        Between 0 and 1, with more than two classes 2.

    Examples
    --------
    >>> p = np.array([[0.9, 0.1], [0.4, 0.6], [0.2, 0.8], [0.7, 0.3]])
    >>> brier(["no", "yes", "no", "yes"], p, ["no", "yes"])
    0.325
    """
    hit = np.asarray(y_true)[:, None] == np.asarray(classes)[None, :]  # (n_samples, n_classes)
    squared = (probability - hit) ** 2
    return float(squared[:, -1].mean() if len(classes) == 2 else squared.sum(axis=1).mean())


def mae(y_true: np.ndarray, y_pred: np.ndarray) -> float:
    """Mean absolute error, in the target's unit; lower is better.

    Parameters
    ----------
    y_true, y_pred : array of shape (n_samples,)
        True and predicted numbers.

    Returns
    -------
    float
        0 or more.

    Examples
    --------
    >>> mae([1.0, 2.0, 4.0], [1.5, 2.0, 3.0])
    0.5
    """
    return float(metrics.mean_absolute_error(y_true, y_pred))


def rmse(y_true: np.ndarray, y_pred: np.ndarray) -> float:
    """Root of the mean squared error, in the target's unit; lower is better.

    Parameters
    ----------
    y_true, y_pred : array of shape (n_samples,)
        True and predicted numbers.

    Returns
    -------
    float
        0 or more; never below the mean absolute error.

    Examples
    --------
    >>> rmse([1.0, 2.0, 4.0], [1.5, 2.0, 3.0])  # doctest: +NUMBER
    0.6454972
    """
    return float(metrics.root_mean_squared_error(y_true, y_pred))


def r2(y_true: np.ndarray, y_pred: np.ndarray) -> float:
    """Share of the variance explained; higher is better, predicting the mean gets 0.

    Parameters
    ----------
    y_true, y_pred : array of shape (n_samples,)
        True and predicted numbers.

    Returns
    -------
    float
        1 or less; negative when worse than the mean of these rows.

    Examples
    --------
    >>> r2([1.0, 2.0, 4.0], [1.5, 2.0, 3.0])  # doctest: +NUMBER
    0.73214
    """
    return float(metrics.r2_score(y_true, y_pred))


def _one_against_rest(
    metric: Callable[..., float], y_true: np.ndarray, probability: np.ndarray, classes: list[str]
) -> float:
    """Average a metric of two classes over all of them; with two, take the positive one's."""
    hit = np.asarray(y_true)[:, None] == np.asarray(classes)[None, :]  # (n_samples, n_classes)
    columns = [len(classes) - 1] if len(classes) == 2 else range(len(classes))
    return float(np.mean([metric(hit[:, i], probability[:, i]) for i in columns]))


INF = float("inf")
METRICS: dict[str, Metric] = {
    "balanced_accuracy": Metric(
        balanced_accuracy, "classes", True, "Balanced accuracy", (0.0, 1.0)
    ),
    "mcc": Metric(mcc, "classes", True, "MCC", (-1.0, 1.0)),
    "f1_macro": Metric(f1_macro, "classes", True, "Macro F1", (0.0, 1.0)),
    "average_precision": Metric(
        average_precision, "probabilities", True, "Average precision", (0.0, 1.0)
    ),
    "roc_auc": Metric(roc_auc, "probabilities", True, "ROC AUC", (0.0, 1.0)),
    "brier": Metric(brier, "probabilities", False, "Brier score", (0.0, 2.0)),
    "mae": Metric(mae, "numbers", False, "MAE", (0.0, INF), unit="{}"),
    "rmse": Metric(rmse, "numbers", False, "RMSE", (0.0, INF), unit="{}"),
    "r2": Metric(r2, "numbers", True, "R2", (-INF, 1.0)),
}
