"""Tables for people, and numbers as macros for the paper, made from the long results."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping

import numpy as np
import pandas as pd

from ..config.metrics import Metric, interval_text, with_unit, written
from ..config.study import Study
from ..statistics.corrected import mean_interval
from .latex import tex
from .numbers import interval_macros, macro_name

FOLDED = 250  # characters of a note from which on it is folded; GitHub folds it too
# What Markdown or HTML would act on, outside of code in backticks: tags, entities, the address of a
# link, emphasis.
ACTIVE = re.compile(
    r"(`[^`]*`)|<(?=[A-Za-z/!?])|&(?=[#A-Za-z])|(?<=\])[(\[:]|\\(?=[!-/:-@\[-`{-~])|[*`]"
    r"|(?<![^\W_])_|_(?![^\W_])"
)
INTERVAL = re.compile(r"^(\S+) (\[\S+, \S+\])(?= \(\w+\)$|$)")  # a cell, with or without its kind


def _p_text(p: float) -> str:
    return "<0.001" if p < 0.001 else f"{p:.3f}"


def score_intervals(
    scores: pd.DataFrame, metrics: Mapping[str, Metric], *, n_train: float, n_test: float
) -> pd.DataFrame:
    """Return each model's mean score with its 95 % interval, a row per metric and model.

    Intervals are corrected for overlapping training sets by the folds' mean sizes, and end where
    the metric does.

    >>> from small_study import CODE
    >>> scores = pd.DataFrame({"model": "linear", "metric": "mae", "value": [1.0, 2.0, 3.0]})
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
    """Return scores as text, a row per model and a column per metric, in their order."""
    columns: dict[str, dict[str, str]] = {}
    for one in intervals.itertuples(index=False):
        metric = metrics[one.metric]
        column = columns.setdefault(metric.named, {})
        column[one.model] = interval_text(one.mean, one.low, one.high, metric.digits())
    return pd.DataFrame(columns)


def direction_note(metrics: Mapping[str, Metric]) -> str:
    """Say in which metrics higher is better."""
    labels = {
        word: [one.label for one in metrics.values() if one.higher_is_better is higher]
        for word, higher in (("Higher", True), ("Lower", False))
    }
    return " ".join(f"{word} is better: {', '.join(of)}." for word, of in labels.items() if of)


def comparison_table(comparison: pd.DataFrame, metric: Metric) -> pd.DataFrame:
    """Return the paired comparisons as text, a row per comparison, with the decision if made."""
    rows = {}
    for one in comparison.itertuples(index=False):
        share = (one.p_a_over_b, one.p_a_over_b_low, one.p_a_over_b_high)
        ends = (one.difference, one.low, one.high)
        rows[one.baseline] = {
            with_unit("difference", metric.unit): interval_text(*ends, metric.digits(4)),
            "p": _p_text(one.p),
            "p (Holm)": _p_text(one.p_holm),
            "P(A>B)": interval_text(*share, digits=2),
        }
        if "decision" in comparison:
            rows[one.baseline]["decision"] = one.decision
    return pd.DataFrame.from_dict(rows, orient="index")


def primary_table(intervals: pd.DataFrame, decided: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Return every model's primary score, and what was decided of the candidate against it.

    >>> from small_study import trial
    >>> _, study = trial([1.0])
    >>> scores = {"metric": "mae", "model": ["linear", "mine"], "mean": [2.0, 1.0]}
    >>> intervals = pd.DataFrame(scores | {"low": [1.5, 0.5], "high": [2.5, 1.5]})
    >>> decided = pd.DataFrame({"baseline": ["linear"], "decision": ["better"]})
    >>> print(primary_table(intervals, decided, study).to_string())
           MAE (lower is better) The candidate is
    linear     2.00 [1.50, 2.50]           better
    mine       1.00 [0.50, 1.50]
    """
    primary = intervals[intervals["metric"] == study.metrics.primary]
    table = score_table(primary, {study.metrics.primary: study.primary})
    table.columns = [study.primary.head]
    decisions = dict(zip(decided["baseline"], decided["decision"], strict=True))
    return table.assign(**{"The candidate is": [decisions.get(name, "") for name in table.index]})


def plain(text: str) -> str:
    r"""Write a text so that Markdown shows it as it is: names in data are no tags and no links.

    >>> print(plain("a <b> & c, [x](javascript:y), *z*, p <0.001, a_b, `<i>`"))
    a &lt;b> & c, [x]\(javascript:y), \*z\*, p <0.001, a_b, `<i>`
    """
    entities = {"<": "&lt;", "&": "&amp;"}
    return ACTIVE.sub(lambda sign: sign[1] or entities.get(sign[0], f"\\{sign[0]}"), text)


def to_markdown(frame: pd.DataFrame, corner: str) -> str:
    """Write a table of texts as Markdown, each interval small under its mean.

    >>> frame = pd.DataFrame({"MAE": ["1.0 [0.5, 1.5]"]}, index=["linear"])
    >>> print(to_markdown(frame, "Model"), end="")
    | Model | MAE |
    |---|---|
    | linear | 1.0<br><small>[0.5, 1.5]</small> |
    """
    rows = [[corner, *frame.columns], *frame.itertuples(name=None)]
    texts = ["| " + " | ".join(map(_markdown_cell, row)) + " |" for row in rows]
    texts.insert(1, "|---" * len(rows[0]) + "|")
    return "\n".join(texts) + "\n"


def to_page(frame: pd.DataFrame, corner: str, before: str = "", note: str = "") -> str:
    """Write a table with the text before it and its note, which is folded where it is long."""
    if len(note) > FOLDED:
        text = html.escape(note.strip(), quote=False)
        note = f'<details class="note">\n<summary>How to read this table</summary>\n<p>{text}</p>\n'
        note += "</details>"
    else:
        note = plain(note)
    parts = [plain(before), to_markdown(frame, corner), note]
    return "\n\n".join(part.strip() for part in parts if part) + "\n"


def _markdown_cell(cell: object) -> str:
    text = " ".join(str(cell).split())
    emphasised = re.fullmatch(r"\*([^*]+)\*", text)
    text = f"*{plain(emphasised[1])}*" if emphasised else plain(text)
    return INTERVAL.sub(r"\1<br><small>\2</small>", text).replace("|", r"\|")


def score_macros(stem: str, scores: pd.DataFrame, metrics: Mapping[str, Metric]) -> dict[str, str]:
    """Name every reported score for the paper: stem, model, metric."""
    found = {}
    for one in scores.itertuples(index=False):
        ends = written((one.mean, one.low, one.high), metrics[one.metric].digits())
        found |= interval_macros(macro_name(stem, one.model, one.metric), ends)
    return found


def comparison_macros(stem: str, comparison: pd.DataFrame, metric: Metric) -> dict[str, str]:
    """Name every comparison for the paper: difference with its interval, p, Holm's p, P(A>B)."""
    found = {}
    for one in comparison.itertuples(index=False):
        name = macro_name(stem, one.baseline)
        ends = written((one.difference, one.low, one.high), metric.digits(4))
        found |= interval_macros(f"{name}Difference", ends)
        found |= {f"{name}P": _p_text(one.p), f"{name}PHolm": _p_text(one.p_holm)}
        found[f"{name}Wins"] = f"{one.p_a_over_b:.2f}"
    return found


def to_latex(macros: dict[str, str | bool]) -> str:
    r"""Write macros as LaTeX commands, sorted by name; what is true or false becomes a condition.

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
