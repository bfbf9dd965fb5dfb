"""Figures of scores and of differences between scores: dot plots with intervals."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..config.metrics import interval_text
from ..config.study import Study
from ..split.claims import claim_of
from ..statistics.decisions import ALIKE, BETTER, NO_WIN, WORSE
from ..write.tables import score_intervals
from .drawing import SIZES, Drawing, Frames, in_numbers, mean_sizes
from .style import BLACK, BLUE, GREY, ORANGE, ROW, Mark, draw_intervals, label_rows, rows_figure

# Form and filling say a decision without colour.
DECISIONS = {BETTER: Mark(BLUE), WORSE: Mark(ORANGE, "v"), ALIKE: Mark(GREY, hollow=True)}
DECISIONS[NO_WIN] = Mark(GREY, "X")
CANDIDATE, BASELINE, RANDOM = Mark(BLUE), Mark(GREY, "s", hollow=True), Mark(ORANGE, "s", True)
VALUE = ("value", "low", "high")
MEAN = ("mean", "low", "high")
DIFFERENCE = ("difference", "low", "high")
RANDOMLY = ("random", "random_low", "random_high")
NOTHING = "there is nothing to compare"
MEANS = "mean over folds with 95 % interval"


# Every model's primary score


def model_scores(frames: Frames, study: Study) -> pd.DataFrame:
    """Return every model's primary score (mean, low, high), in the order of study.toml."""
    primary = {study.metrics.primary: study.primary}
    return score_intervals(frames["baselines.csv"], primary, **mean_sizes(frames))


def draw_baselines(frames: Frames, study: Study) -> Figure:
    """Draw the primary score of the candidate and of its baselines, the first model on top."""
    table = model_scores(frames, study)
    figure, axes = rows_figure(len(table))
    rows = np.arange(len(table))
    ours = (table["model"] == study.models.candidate).to_numpy()
    far = far_rows(table["low"].to_numpy(), table["high"].to_numpy()) & ~ours
    draw_intervals(axes, table[ours], rows[ours], MEAN, CANDIDATE, "candidate")
    near = ~ours & ~far
    draw_intervals(axes, table[near], rows[near], MEAN, BASELINE, "baselines")
    _mark_far(axes, table, far, MEAN, study.primary.digits())
    label_rows(axes, rows, table["model"], f"{study.primary.head}, {MEANS}")
    figure.legend(loc="outside upper center", ncols=2)
    return figure


def baselines_alt(frames: Frames, study: Study) -> str:
    """Return the numbers of the baselines."""
    numbers = in_numbers(model_scores(frames, study), "model", MEAN, study.primary.digits())
    return f"Dot plot of {study.primary.head} with 95 % intervals: {numbers}."


# Paired differences: candidate minus baseline, or full candidate minus variant


def difference_label(study: Study, other: str) -> str:
    """Return the axis label of differences from each "baseline" or "variant"."""
    ours = "candidate" if other == "baseline" else "full"
    metric = study.primary.named
    return f"{ours} minus {other} in {metric}, positive: {ours} is better; 95 % interval"


def draw_differences(comparison: pd.DataFrame, label: str, digits: int | None = 4) -> Figure:
    """Draw paired differences with their intervals, marked by the decision; zero is in sight."""
    figure, axes = rows_figure(len(comparison))
    rows = np.arange(len(comparison))
    axes.axvline(0, color=BLACK, linewidth=0.8)
    low, high = comparison["low"].clip(upper=0), comparison["high"].clip(lower=0)
    far = far_rows(comparison["low"].to_numpy(), comparison["high"].to_numpy())
    if far.any():
        margin = 0.05 * (high[~far].max() - low[~far].min())
        axes.set_xlim(low[~far].min() - margin, high[~far].max() + margin)
    for decision, mark in DECISIONS.items():
        chosen = (comparison["decision"] == decision).to_numpy() & ~far
        if chosen.any():
            draw_intervals(axes, comparison[chosen], rows[chosen], DIFFERENCE, mark, decision)
    _mark_far(axes, comparison, far, DIFFERENCE, digits)
    label_rows(axes, rows, comparison["baseline"], label)
    if comparison.empty:  # a study may declare no ablation
        axes.text(0.5, 0.5, NOTHING, ha="center", va="center", transform=axes.transAxes)
    else:
        figure.legend(loc="outside upper center", ncols=len(DECISIONS))
    return figure


# The study's split and a random one


def draw_claim(frames: Frames, study: Study) -> Figure:
    """Draw every model's score on the study's split and on a random one, the first model on top."""
    table, dependence = frames["claim.csv"], study.split.dependence
    figure, axes = rows_figure(len(table), row=1.4 * ROW)
    rows, both = np.arange(len(table)), not claim_of(study.split).random
    ends = (table["low"], table["high"])
    if both:
        ends = (np.minimum(ends[0], table["random_low"]), np.maximum(ends[1], table["random_high"]))
    far = far_rows(*(end.to_numpy() for end in ends))
    series = [(VALUE, CANDIDATE, -0.14 if both else 0.0, f"{dependence} split, reported")]
    if both:
        series.append((RANDOMLY, RANDOM, 0.14, "random split, for comparison"))
    for columns, mark, apart, label in series:
        draw_intervals(axes, table[~far], rows[~far] + apart, columns, mark, label)
        digits = study.primary.digits()
        _mark_far(axes, table, far, columns, digits, apart=apart, colour=mark.colour)
    label_rows(axes, rows, table["model"], f"{study.primary.head}, {MEANS}")
    figure.legend(loc="outside upper center", ncols=2)
    return figure


def claim_alt(frames: Frames, study: Study) -> str:
    """Return the numbers of both splits."""
    table, dependence = frames["claim.csv"], study.split.dependence
    digits = study.primary.digits()
    text = (
        f"Dot plot of {study.primary.head} with 95 % intervals. "
        f"On the {dependence} split: {in_numbers(table, 'model', VALUE, digits)}."
    )
    if claim_of(study.split).random:
        return text
    return f"{text} On a random split: {in_numbers(table, 'model', RANDOMLY, digits)}."


def claim_words(frames: Frames, study: Study) -> dict[str, object]:
    """Return what else a random split helps with: the first folds of a time series are short."""
    return {"more": ", and of more rows to train on" if claim_of(study.split).ordered else ""}


# Rows that would squeeze all others into a corner


def far_rows(low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Return which rows lie farther from the others than three times the width of these.

    >>> far_rows(np.array([0.5, 0.90, 0.92, 0.95]), np.array([0.5, 0.93, 0.96, 0.97])).tolist()
    [True, False, False, False]
    """
    far = np.zeros(len(low), dtype=bool)
    for row in range(len(low) if len(low) > 2 else 0):
        others = np.arange(len(low)) != row
        left, right = low[others].min(), high[others].max()
        far[row] = max(left - high[row], low[row] - right) > 3 * (right - left)
    return far


def _mark_far(
    axes: Axes,
    table: pd.DataFrame,
    far: np.ndarray,
    columns: tuple[str, str, str],
    digits: int | None,
    *,
    apart: float = 0.0,
    colour: str = GREY,
) -> None:
    """Put an arrow and the numbers of each far row at the edge where it lies."""
    place = axes.get_yaxis_transform()  # x in parts of the width, y in rows
    value = table[columns[0]].to_numpy()
    for row in np.flatnonzero(far):
        left = bool(value[row] < value[~far].mean())
        x, text_x, side = (0.012, 0.03, "left") if left else (0.988, 0.97, "right")
        axes.plot([x], [row + apart], "<" if left else ">", color=colour, transform=place)
        text = interval_text(*table[list(columns)].iloc[row], digits)
        style = {"ha": side, "va": "center", "color": colour, "transform": place}
        axes.text(text_x, row + apart, text, **style)


def _comparison(name: str, other: str) -> Drawing:
    """Return the figure of a file of paired differences from each "baseline" or "variant"."""

    def draw(frames: Frames, study: Study) -> Figure:
        label = difference_label(study, other)
        return draw_differences(frames[name], label, study.primary.digits(4))

    def alt(frames: Frames, study: Study) -> str:
        text = study.primary.text
        numbers = "; ".join(
            f"{one.baseline} {text(one.difference, one.low, one.high, 4)} {one.decision}"
            for one in frames[name].itertuples(index=False)
        )
        return f"Dot plot of {difference_label(study, other)}: {numbers or NOTHING}."

    return Drawing((name,), name.removesuffix("_comparison.csv"), draw, alt)


DRAWINGS = {
    "baselines": Drawing(("baselines.csv", SIZES), "baselines", draw_baselines, baselines_alt),
    "differences": _comparison("baselines_comparison.csv", "baseline"),
    "ablation": _comparison("ablation_comparison.csv", "variant"),
    "claim": Drawing(("claim.csv",), "claim", draw_claim, claim_alt, words=claim_words),
}
