"""Tables for people, made from the long results."""

from __future__ import annotations

import numpy as np
import pandas as pd

from .comparison import mean_interval
from .evaluation import METRICS


def score_table(
    scores: pd.DataFrame, metrics: list[str], *, n_train: float, n_test: float
) -> pd.DataFrame:
    """Return each model's mean score with its 95 % interval, a column per metric.

    Parameters
    ----------
    scores : DataFrame
        Columns model, repeat, fold, metric, value.
    metrics : list of str
        Keys of ``METRICS``, in the order wanted.
    n_train, n_test : float
        Mean fold sizes; intervals are corrected for overlapping training sets.

    Returns
    -------
    DataFrame of shape (n_models, n_metrics)
        Text, indexed by model in the order of the scores. Intervals end where the metric does.

    Examples
    --------
    >>> scores = pd.DataFrame({
    ...     "model": "linear", "repeat": 0, "fold": [0, 1, 2], "metric": "mae",
    ...     "value": [1.0, 2.0, 3.0],
    ... })
    >>> print(score_table(scores, ["mae"], n_train=200, n_test=100))
                            MAE
    linear  2.000 [0.000, 5.928]
    """
    columns = {}
    for name in metrics:
        metric = METRICS[name]
        values = scores[scores["metric"] == name].groupby("model", sort=False)["value"]
        columns[metric.label] = {
            model: _interval_text(
                *np.clip(mean_interval(folds, n_train=n_train, n_test=n_test), *metric.bounds)
            )
            for model, folds in values
        }
    return pd.DataFrame(columns)


def direction_note(metrics: list[str]) -> str:
    """Say in which metrics higher is better.

    Parameters
    ----------
    metrics : list of str
        Keys of ``METRICS``.

    Returns
    -------
    str
        A sentence.

    Examples
    --------
    >>> direction_note(["roc_auc", "mcc", "brier"])
    'Higher is better: ROC AUC, MCC. Lower is better: Brier score.'
    """
    labels = {
        word: [METRICS[name].label for name in metrics if METRICS[name].higher_is_better is higher]
        for word, higher in (("Higher", True), ("Lower", False))
    }
    return " ".join(f"{word} is better: {', '.join(of)}." for word, of in labels.items() if of)


def comparison_table(comparison: pd.DataFrame) -> pd.DataFrame:
    """Return the paired comparisons as text, a row per comparison.

    Parameters
    ----------
    comparison : DataFrame
        As `compare_to_baselines` makes it; positive differences mean that the candidate is better.

    Returns
    -------
    DataFrame of shape (n_comparisons, 4)
        Text, indexed by baseline.

    Examples
    --------
    >>> comparison = pd.DataFrame({
    ...     "baseline": ["linear"], "difference": [0.01], "low": [-0.002], "high": [0.022],
    ...     "p": [0.04], "p_holm": [0.0008], "p_a_over_b": [0.75],
    ...     "p_a_over_b_low": [0.5], "p_a_over_b_high": [0.9],
    ... })
    >>> print(comparison_table(comparison).T)
                                linear
    difference  0.0100 [-0.0020, 0.0220]
    p                              0.040
    p (Holm)                      <0.001
    P(A>B)             0.75 [0.50, 0.90]
    """
    rows = {}
    for one in comparison.itertuples(index=False):
        share = (one.p_a_over_b, one.p_a_over_b_low, one.p_a_over_b_high)
        rows[one.baseline] = {
            "difference": _interval_text(one.difference, one.low, one.high, digits=4),
            "p": _p_text(one.p),
            "p (Holm)": _p_text(one.p_holm),
            "P(A>B)": _interval_text(*share, digits=2),
        }
    return pd.DataFrame.from_dict(rows, orient="index")


def _interval_text(mean: float, low: float, high: float, digits: int = 3) -> str:
    return f"{mean:.{digits}f} [{low:.{digits}f}, {high:.{digits}f}]"


def _p_text(p: float) -> str:
    return "<0.001" if p < 0.001 else f"{p:.3f}"
