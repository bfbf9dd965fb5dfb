"""Tables for people, made from the long results."""

from __future__ import annotations

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
        Text, indexed by model in the order of the scores. An arrow says which way is better.

    Examples
    --------
    >>> scores = pd.DataFrame({
    ...     "model": "linear", "repeat": 0, "fold": [0, 1, 2], "metric": "mae",
    ...     "value": [1.0, 2.0, 3.0],
    ... })
    >>> print(score_table(scores, ["mae"], n_train=200, n_test=100))
            MAE (lower is better)
    linear  2.000 [-1.928, 5.928]
    """
    columns = {}
    for name in metrics:
        metric = METRICS[name]
        better = "higher" if metric.higher_is_better else "lower"
        values = scores[scores["metric"] == name].groupby("model", sort=False)["value"]
        columns[f"{metric.label} ({better} is better)"] = values.apply(
            lambda v: _interval_text(*mean_interval(v, n_train=n_train, n_test=n_test))
        )
    return pd.DataFrame(columns).rename_axis(None)


def _interval_text(mean: float, low: float, high: float) -> str:
    return f"{mean:.3f} [{low:.3f}, {high:.3f}]"


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
    ...     "p": [0.04], "p_holm": [0.08], "p_a_over_b": [0.75],
    ...     "p_a_over_b_low": [0.5], "p_a_over_b_high": [0.9],
    ... })
    >>> print(comparison_table(comparison).T)
                                     linear
    difference  0.0100 [-0.0020, 0.0220]
    p                              0.040
    p (Holm)                       0.080
    P(A>B)             0.75 [0.50, 0.90]
    """
    rows = comparison.set_index("baseline")
    return pd.DataFrame(
        {
            "difference": [
                f"{mean:.4f} [{low:.4f}, {high:.4f}]"
                for mean, low, high in rows[["difference", "low", "high"]].itertuples(index=False)
            ],
            "p": [f"{p:.3f}" for p in rows["p"]],
            "p (Holm)": [f"{p:.3f}" for p in rows["p_holm"]],
            "P(A>B)": [
                f"{share:.2f} [{low:.2f}, {high:.2f}]"
                for share, low, high in rows[
                    ["p_a_over_b", "p_a_over_b_low", "p_a_over_b_high"]
                ].itertuples(index=False)
            ],
        },
        index=rows.index,
    ).rename_axis(None)
