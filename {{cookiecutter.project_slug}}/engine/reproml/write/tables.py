"""Tables for people, made from the long results."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np
import pandas as pd

from ..config.metrics import Metric
from ..statistics.comparison import mean_interval
from .latex import tex


def score_intervals(
    scores: pd.DataFrame, metrics: Mapping[str, Metric], *, n_train: float, n_test: float
) -> pd.DataFrame:
    """Return each model's mean score with its 95 % interval, a row per metric and model.

    Parameters
    ----------
    scores : DataFrame
        Columns model, repeat, fold, metric, value.
    metrics : mapping of str to Metric
        By name, in the order wanted.
    n_train, n_test : float
        Mean fold sizes; intervals are corrected for overlapping training sets.

    Returns
    -------
    DataFrame of shape (n_metrics * n_models, 5)
        Columns metric, model, mean, low, high. Intervals end where the metric does.

    Examples
    --------
    >>> scores = pd.DataFrame({
    ...     "model": "linear", "repeat": 0, "fold": [0, 1, 2], "metric": "mae",
    ...     "value": [1.0, 2.0, 3.0],
    ... })
    >>> from ..config.example import CODE
    >>> score_intervals(scores, {"mae": CODE.metrics["mae"]}, n_train=200, n_test=100).round(3)
      metric   model  mean  low   high
    0    mae  linear   2.0  0.0  5.928
    """
    rows = []
    for name, metric in metrics.items():
        values = scores[scores["metric"] == name].groupby("model", sort=False)["value"]
        for model, folds in values:
            interval = mean_interval(folds, n_train=n_train, n_test=n_test)
            rows.append((name, model, *np.clip(interval, *metric.bounds)))
    return pd.DataFrame(rows, columns=["metric", "model", "mean", "low", "high"])


def score_table(intervals: pd.DataFrame, metrics: Mapping[str, Metric]) -> pd.DataFrame:
    """Return scores as text, a row per model and a column per metric.

    Parameters
    ----------
    intervals : DataFrame
        As `score_intervals` makes it.
    metrics : mapping of str to Metric
        By name.

    Returns
    -------
    DataFrame of shape (n_models, n_metrics)
        Texts, indexed by model; models and metrics keep their order.

    Examples
    --------
    >>> from ..config.example import CODE
    >>> intervals = pd.DataFrame({
    ...     "metric": ["mae"], "model": ["linear"], "mean": [2.0], "low": [0.0], "high": [5.928],
    ... })
    >>> print(score_table(intervals, CODE.metrics))
                            MAE
    linear  2.000 [0.000, 5.928]
    """
    columns: dict[str, dict[str, str]] = {}
    for one in intervals.itertuples(index=False):
        column = columns.setdefault(metrics[one.metric].label, {})
        column[one.model] = _interval_text(one.mean, one.low, one.high)
    return pd.DataFrame(columns)


def direction_note(metrics: Mapping[str, Metric]) -> str:
    """Say in which metrics higher is better.

    Parameters
    ----------
    metrics : mapping of str to Metric
        By name.

    Returns
    -------
    str
        A sentence.

    Examples
    --------
    >>> from ..config.example import CODE
    >>> direction_note(CODE.metrics)
    'Higher is better: R2, MCC, ROC AUC. Lower is better: MAE.'
    """
    labels = {
        word: [one.label for one in metrics.values() if one.higher_is_better is higher]
        for word, higher in (("Higher", True), ("Lower", False))
    }
    return " ".join(f"{word} is better: {', '.join(of)}." for word, of in labels.items() if of)


def comparison_table(comparison: pd.DataFrame) -> pd.DataFrame:
    """Return the paired comparisons as text, a row per comparison.

    Parameters
    ----------
    comparison : DataFrame
        As `compare_to_baselines` makes it, or `decide`; positive differences mean that the
        candidate is better.

    Returns
    -------
    DataFrame of shape (n_comparisons, 4 or 5)
        Text, indexed by baseline; the last column is the decision, where there is one.

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
        if "decision" in comparison:
            rows[one.baseline]["decision"] = one.decision
    return pd.DataFrame.from_dict(rows, orient="index")


def _interval_text(mean: float, low: float, high: float, digits: int = 3) -> str:
    return f"{mean:z.{digits}f} [{low:z.{digits}f}, {high:z.{digits}f}]"


def _p_text(p: float) -> str:
    return "<0.001" if p < 0.001 else f"{p:.3f}"


def to_markdown(frame: pd.DataFrame, corner: str) -> str:
    """Write a table of texts as Markdown.

    Parameters
    ----------
    frame : DataFrame of shape (n_rows, n_columns)
        Texts.
    corner : str
        Heading of the index.

    Returns
    -------
    str
        Lines that end with a line feed; a bar inside a cell is escaped.

    Examples
    --------
    >>> print(to_markdown(pd.DataFrame({"MAE": ["1.0"]}, index=["linear"]), "Model"), end="")
    | Model | MAE |
    |---|---|
    | linear | 1.0 |
    """
    rows = [[corner, *frame.columns], ["---"] * (1 + frame.shape[1])]
    rows += [[name, *cells] for name, cells in zip(frame.index, frame.to_numpy(), strict=True)]
    rows = [[str(cell).replace("|", r"\|") for cell in row] for row in rows]
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    lines[1] = lines[1].replace(" ", "")
    return "\n".join(lines) + "\n"


def macro_name(*words: str) -> str:
    """Make a LaTeX command's name, which may hold letters alone.

    Parameters
    ----------
    *words : str
        Such as a model and a metric.

    Returns
    -------
    str
        Digits are spelt, every word starts with a capital.

    Examples
    --------
    >>> macro_name("baselines", "random_forest", "r2", "low")
    'BaselinesRandomForestRTwoLow'
    """
    digits = ["Zero", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine"]
    spelt = re.sub(r"\d", lambda digit: f" {digits[int(digit[0])]} ", " ".join(words))
    return "".join(part[:1].upper() + part[1:] for part in re.findall(r"[A-Za-z]+", spelt))


def score_macros(stem: str, intervals: pd.DataFrame) -> dict[str, str]:
    """Name every reported score for the paper.

    Parameters
    ----------
    stem : str
        First word of all names: ``"baselines"`` or ``"ablation"``.
    intervals : DataFrame
        As `score_intervals` makes it.

    Returns
    -------
    dict of str to str
        Per model and metric the mean, and its interval's ends as ``...Low`` and ``...High``.

    Examples
    --------
    >>> score_macros("baselines", pd.DataFrame({
    ...     "metric": ["mae"], "model": ["linear"], "mean": [2.0], "low": [0.0], "high": [5.928],
    ... }))
    {'BaselinesLinearMae': '2.000', 'BaselinesLinearMaeLow': '0.000', \
'BaselinesLinearMaeHigh': '5.928'}
    """
    found = {}
    for one in intervals.itertuples(index=False):
        for end, number in (("", one.mean), ("low", one.low), ("high", one.high)):
            found[macro_name(stem, one.model, one.metric, end)] = f"{number:.3f}"
    return found


def comparison_macros(stem: str, comparison: pd.DataFrame) -> dict[str, str]:
    """Name every reported comparison for the paper.

    Parameters
    ----------
    stem : str
        First word of all names.
    comparison : DataFrame
        As `compare_to_baselines` makes it.

    Returns
    -------
    dict of str to str
        Per row the difference with its interval, p, Holm's p and P(A>B).

    Examples
    --------
    >>> comparison = pd.DataFrame({
    ...     "baseline": ["linear"], "difference": [0.01], "low": [-0.002], "high": [0.022],
    ...     "p": [0.04], "p_holm": [0.0008], "p_a_over_b": [0.75],
    ... })
    >>> comparison_macros("baselines", comparison)["BaselinesLinearPHolm"]
    '<0.001'
    """
    found = {}
    for one in comparison.itertuples(index=False):
        numbers = {
            "difference": f"{one.difference:.4f}",
            "difference low": f"{one.low:.4f}",
            "difference high": f"{one.high:.4f}",
            "p": _p_text(one.p),
            "p holm": _p_text(one.p_holm),
            "wins": f"{one.p_a_over_b:.2f}",
        }
        found |= {macro_name(stem, one.baseline, key): text for key, text in numbers.items()}
    return found


def to_latex(macros: dict[str, str | bool]) -> str:
    r"""Write macros as LaTeX commands, sorted by name.

    Parameters
    ----------
    macros : dict of str to str or bool
        Texts by name; what is true or false becomes a condition, ``\ifName ... \else ... \fi``.

    Returns
    -------
    str
        A file for ``\input``.

    Examples
    --------
    >>> print(to_latex({"BaselinesLinearPHolm": "<0.001", "Dependent": False}), end="")
    \newcommand{\BaselinesLinearPHolm}{\ensuremath{<}0.001}
    \let\ifDependent\iffalse
    """
    lines = []
    for name, value in sorted(macros.items()):
        if isinstance(value, bool):
            lines.append(rf"\let\if{name}\if{str(value).lower()}")
        else:
            lines.append(r"\newcommand{" + "\\" + name + "}{" + tex(value) + "}")
    return "\n".join(lines) + "\n"
