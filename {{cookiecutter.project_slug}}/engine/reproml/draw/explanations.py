"""Figures of the features behind the predictions: importances, and partial dependence."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..config.columns import ENOUGH
from ..config.study import Study
from ..explain.feature_groups import TIED
from ..explain.summary import (
    ENDS,
    GRID,
    drawn_words,
    feature_count,
    group_names,
    importance_table,
    shuffles_per_fold,
)
from ..statistics.corrected import mean_interval
from .drawing import CAPTIONS, PANEL, SIZES, Drawing, Frames, in_numbers, mean_sizes, panels_figure
from .style import (
    BLACK,
    BLUE,
    GREY,
    LETTER,
    LONGEST,
    ORANGE,
    SERIES,
    WIDTH,
    Mark,
    draw_intervals,
    folded,
    label_rows,
    rows_figure,
)

NOTHING = "no feature has values that may be shown"
MOST_ROWS = 30  # features in one figure, and groups; the table has all that were shuffled
TICK = 20  # letters of a category's name below an axis
HELD_OUT, TRAINING = Mark(BLUE), Mark(ORANGE, "s", hollow=True)
ON_HELD_OUT = ("value", "low", "high")
ON_TRAINING = ("training", "training_low", "training_high")


# Importances


def importances_of(frames: Frames) -> pd.DataFrame:
    """Return the importances with their intervals."""
    groups = frames["interpretation_groups.csv"]
    return importance_table(frames["interpretation.csv"], groups, **mean_sizes(frames))


def drawn_rows(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows that are drawn, labelled: the leading features, the noise, the groups."""
    rows = table[table.groupby("kind").cumcount() < MOST_ROWS]
    labels = []
    for one in rows.itertuples(index=False):
        if one.kind == "feature":
            labels.append(f"{one.name}  ({one.group})" if one.group else one.name)
        else:
            named = {"noise": "random numbers", "rest": f"the other {one.name} together"}
            labels.append(named.get(one.kind, f"group {one.name} together"))
    return rows.assign(label=labels)


def draw_importance(frames: Frames, study: Study) -> Figure:
    """Draw importances on held-out and on training rows; the noise is a band all the way up."""
    table = drawn_rows(importances_of(frames))
    long = table["label"].str.len().max() > LONGEST
    figure, axes = rows_figure(len(table), row=0.36 if long else 0.27)
    kinds = table["kind"].to_numpy()
    # a gap sets what is no single feature apart
    rows = np.arange(len(table)) + 0.5 * (kinds != "feature") + 0.5 * (kinds == "group")
    axes.set_ylim(rows.max() + 0.6, -0.6)
    noise = table[kinds == "noise"].iloc[0]
    axes.axvspan(noise["low"], noise["high"], color=GREY, alpha=0.18, linewidth=0)
    axes.axvline(0, color=BLACK, linewidth=0.8)
    draw_intervals(axes, table, rows + 0.14, ON_TRAINING, TRAINING, "training rows")
    draw_intervals(axes, table, rows - 0.14, ON_HELD_OUT, HELD_OUT, "held-out rows")
    label = f"how much {study.primary.named} gets worse when shuffled, with 95 % interval"
    label_rows(axes, rows, table["label"], label)
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles[::-1], labels[::-1], loc="outside upper center", ncols=2)
    return figure


def importance_words(frames: Frames, study: Study) -> dict[str, object]:
    """Return what the caption says beside: how many are drawn, and which are correlated."""
    table = importances_of(frames)
    drawn, n_features = drawn_rows(table), feature_count(table)
    words = {"shuffles": shuffles_per_fold(study.split, n_features), "groups": ""}
    words["leading"] = drawn_words(table, **mean_sizes(frames))
    if n_features > MOST_ROWS:
        text = CAPTIONS["importance_leading"]
        words["leading"] += " " + text.format(drawn=MOST_ROWS, features=n_features)
    groups = group_names(frames["interpretation_groups.csv"])
    numbers = drawn.loc[drawn["kind"] == "group", "group"]
    if len(numbers):
        members = "; ".join(f"({number}) {groups[number]}" for number in sorted(numbers))
        words["groups"] = " " + CAPTIONS["importance_groups"].format(tied=TIED, members=members)
    return words


def importance_alt(frames: Frames, study: Study) -> str:
    """Return the numbers of the importances."""
    table = drawn_rows(importances_of(frames))
    held_out, training = (
        in_numbers(table, "label", columns, study.primary.digits(4))
        for columns in (ON_HELD_OUT, ON_TRAINING)
    )
    return f"Dot plot of importances. On held-out rows: {held_out}. On training rows: {training}."


# Partial dependence


def average_curves(frames: Frames) -> pd.DataFrame:
    """Return the partial dependence with its interval over the folds of the first repeat."""
    rows, sizes = [], mean_sizes(frames)
    curves = frames["partial_dependence.csv"].groupby(["feature", "of", "step"], sort=False)
    for head, part in curves:
        rows.append((*head, part["at"].iloc[0], *mean_interval(part["value"], **sizes)))
    return pd.DataFrame(rows, columns=["feature", "of", "step", "at", "value", "low", "high"])


def draw_partial_dependence(frames: Frames, study: Study) -> Figure:
    """Draw predictions along the leading features: their mean, and the curves of some rows."""
    averages, individuals = average_curves(frames), frames["partial_dependence_rows.csv"]
    if study.task == "classification":  # an interval of probabilities ends where they do
        averages[["low", "high"]] = averages[["low", "high"]].clip(0.0, 1.0)
    names, of = (list(dict.fromkeys(averages[one].astype(str))) for one in ("feature", "of"))
    several = len(of) > 1
    labels = [folded(one) for one in of] if several else ["mean over rows", "single rows"]
    longest = max(len(line) for label in labels for line in label.split("\n"))
    across = max(1, min(4, int(WIDTH / LETTER / (longest + 6))))  # labels side by side
    lines = -(-len(labels) // across) * max(1 + label.count("\n") for label in labels)
    ticks = {name: _names(part["at"].unique()) for name, part in averages.groupby("feature")}
    below = LETTER * TICK if any(map(_long, ticks.values())) else 0.0
    size = {"head": 0.34 + 0.16 * lines, "height": 2.1 + below}
    figure, grid = panels_figure(len(names) or 1, width=WIDTH, sharey=True, **size)
    if not names:
        grid[0, 0].text(0.5, 0.5, NOTHING, ha="center", va="center")
    for axes, name in zip(grid.flat, names, strict=False):
        if not several:
            _draw_rows(axes, individuals[individuals["feature"] == name])
        mine = averages[averages["feature"] == name]
        for number, (one, curve) in enumerate(mine.groupby("of", sort=False)):
            label = folded(one) if several else "mean over rows"
            _draw_mean(axes, curve, number, label, band=len(of) <= len(SERIES))
        if ticks[name]:
            texts = [folded(one, TICK) for one in ticks[name]]
            axes.set_xticks(range(len(texts)), texts, rotation=90 if _long(ticks[name]) else 0)
            axes.set_xlim(-0.3, len(texts) - 0.7)
        column = study.data.column_for(name)
        unit = f" ({column.unit})" if column and column.unit else ""
        axes.set_xlabel(folded(f"{name}{unit}", PANEL, lines=3))
    target = next(iter(of), study.data.target)
    label = f"predicted {target}" if study.task == "regression" else f"probability of {target}"
    for axes in grid[:, 0]:
        axes.set_ylabel(folded("probability" if several else label, PANEL))
    handles, labels = grid.flat[0].get_legend_handles_labels()
    shown = dict(zip(labels, handles, strict=True))
    figure.legend(shown.values(), shown.keys(), loc="outside upper center", ncols=across)
    return figure


def _names(at: np.ndarray) -> list[str]:
    """Return the names of categories below an axis; of numbers none, they have places there."""
    numbers = pd.to_numeric(pd.Series(at), errors="coerce")
    if numbers.notna().all() and len(numbers) > 2:
        return []
    return [f"{one:g}" if isinstance(one, float) else str(one) for one in at]


def _long(names: list[str]) -> bool:
    return sum(map(len, names)) > PANEL - 2 * len(names)


def _places(at: pd.Series) -> np.ndarray:
    return np.arange(len(at)) if _names(at.to_numpy()) else pd.to_numeric(at).to_numpy()


def _draw_rows(axes: Axes, individuals: pd.DataFrame) -> None:
    style = {"color": GREY, "linewidth": 0.5, "alpha": 0.6, "label": "single rows"}
    for _, curve in individuals.groupby("row", sort=True):
        axes.plot(_places(curve["at"]), curve["value"], "-", **style)


def _draw_mean(axes: Axes, curve: pd.DataFrame, number: int, label: str, band: bool) -> None:
    """Draw a curve; of more than four, each still has a pair of colour and marker of its own."""
    n, x = len(SERIES), _places(curve["at"])
    colour, _, line = SERIES[number % n]
    marker = SERIES[(number + number // n) % n][1]
    if band:
        axes.fill_between(x, curve["low"], curve["high"], color=colour, alpha=0.2, linewidth=0)
    axes.plot(x, curve["value"], line, marker=marker, markersize=3.0, color=colour, label=label)


def dependence_words(frames: Frames, study: Study) -> dict[str, object]:
    """Return what the caption says beside: which values are shown, and which curves."""
    curves = "classes" if frames["partial_dependence.csv"]["of"].nunique() > 1 else "rows"
    words = {"first": ENDS[0] * 100, "last": ENDS[1] * 100, "most": GRID, "enough": ENOUGH}
    n_test = mean_sizes(frames)["n_test"]
    words["drawn"] = drawn_words(frames["interpretation.csv"], n_test=n_test)
    return words | {"curves": CAPTIONS[f"partial_dependence_{curves}"]}


def dependence_alt(frames: Frames, study: Study) -> str:
    """Return the numbers of the partial dependence."""
    texts = []
    for (name, of), curve in average_curves(frames).groupby(["feature", "of"], sort=False):
        first, last = (
            f"{end['value']:.3g} at {_short(end['at'])}" for end in (curve.iloc[0], curve.iloc[-1])
        )
        low, high = curve["value"].min(), curve["value"].max()
        texts.append(
            f"along {name}, {of} goes from {first} to {last} (lowest {low:.3g}, highest {high:.3g})"
        )
    return f"Partial dependence of {study.models.candidate}: {'; '.join(texts) or NOTHING}."


def _short(at: object) -> str:
    return f"{at:.4g}" if isinstance(at, float) else str(at)


IMPORTANCES = ("interpretation.csv", "interpretation_groups.csv", SIZES)
CURVES = ("partial_dependence.csv", "partial_dependence_rows.csv", "interpretation.csv", SIZES)
DRAWINGS = {
    "importance": Drawing(
        IMPORTANCES, "interpretation", draw_importance, importance_alt, words=importance_words
    ),
    "partial_dependence": Drawing(
        CURVES, "interpretation", draw_partial_dependence, dependence_alt, words=dependence_words
    ),
}
