"""Figures of scores and of differences between scores: dot plots with intervals."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..config.metrics import Metric
from ..config.study import Study
from ..statistics.decisions import ALIKE, BETTER, WORSE
from ..write.tables import score_intervals
from .style import (
    BLACK,
    BLUE,
    GREY,
    ORANGE,
    ROW,
    draw_intervals,
    far_rows,
    mark_far_row,
    rows_figure,
)

Frames = dict[str, pd.DataFrame]
# How a decision is drawn: colour, marker, hollow. Form and filling say it without colour.
DECISIONS = {
    BETTER: (BLUE, "o", False),
    WORSE: (ORANGE, "v", False),
    ALIKE: (GREY, "o", True),
}


def axis_label(metric: Metric) -> str:
    """Return a metric's label with its direction.

    Parameters
    ----------
    metric : Metric
        The metric.

    Returns
    -------
    str
        For an axis.

    Examples
    --------
    >>> from ..config.example import CODE
    >>> axis_label(CODE.metrics["mae"])
    'MAE (lower is better)'
    """
    better = "higher" if metric.higher_is_better else "lower"
    return f"{metric.label} ({better} is better)"


def ladder(frames: Frames, study: Study) -> pd.DataFrame:
    """Return every model's primary score with its interval, in the order of study.toml.

        Parameters
        ----------
        frames : dict of str to DataFrame
            ``baselines.csv`` and ``baselines_folds.csv``.
        study : Study
            The configuration.

        Returns
        -------
        DataFrame of shape (n_models, 5)
            Columns metric, model, mean, low, high.

        Examples
        --------
        >>> from ..config.study import Metrics
        >>> scores = pd.DataFrame({"model": "dummy", "metric": "mae", "value": [44.0, 46.0, 48.0]})
        >>> sizes = pd.DataFrame({"n_train": [200], "n_test": [100]})
        >>> frames = {"baselines.csv": scores, "baselines_folds.csv": sizes}
        >>> ladder(frames, Study.model_construct(metrics=Metrics(primary="mae"))).round(2)
          metric  model  mean    low   high
        0    mae  dummy  46.0  38.14  53.86
    """
    folds = frames["baselines_folds.csv"]
    sizes = {"n_train": folds["n_train"].mean(), "n_test": folds["n_test"].mean()}
    return score_intervals(frames["baselines.csv"], {study.metrics.primary: study.primary}, **sizes)


def draw_baselines(frames: Frames, study: Study) -> Figure:
    """Draw the primary score of the candidate and of its baselines.

        Parameters
        ----------
        frames : dict of str to DataFrame
            ``baselines.csv`` and ``baselines_folds.csv``.
        study : Study
            The configuration.

        Returns
        -------
        Figure
            One row per model, the first model on top.

        Examples
        --------
        >>> from ..config.study import Metrics, Models
        >>> models = Models(candidate="candidate", baselines=["dummy"])
        >>> study = Study.model_construct(metrics=Metrics(primary="mae"), models=models)
        >>> scores = pd.DataFrame({"model": ["dummy"] * 2 + ["candidate"] * 2, "metric": "mae"})
        >>> frames = {"baselines.csv": scores.assign(value=[58.0, 60.0, 44.0, 46.0])}
        >>> frames["baselines_folds.csv"] = pd.DataFrame({"n_train": [200], "n_test": [100]})
        >>> draw_baselines(frames, study).axes[0].get_xlabel()
        'MAE (lower is better), mean over folds with 95 % interval'
    """
    table = ladder(frames, study)
    figure, axes = rows_figure(len(table))
    rows = np.arange(len(table))
    ours = (table["model"] == study.models.candidate).to_numpy()
    columns = ("mean", "low", "high")
    far = far_rows(table["low"].to_numpy(), table["high"].to_numpy()) & ~ours
    for chosen, colour, marker, label in (
        (ours, BLUE, "o", "candidate"),
        (~ours & ~far, GREY, "s", "baselines"),
    ):
        draw_intervals(
            axes,
            table[chosen],
            rows[chosen],
            columns=columns,
            colour=colour,
            marker=marker,
            hollow=label == "baselines",
            label=label,
        )
    _mark_far(axes, table, far, columns)
    axes.set_yticks(rows, table["model"])
    axes.set_xlabel(f"{axis_label(study.primary)}, mean over folds with 95 % interval")
    figure.legend(loc="outside upper center", ncols=2)
    return figure


def draw_differences(comparison: pd.DataFrame, label: str) -> Figure:
    """Draw paired differences with their intervals and decisions.

    Parameters
    ----------
    comparison : DataFrame
        Columns baseline, difference, low, high, decision; positive is in favour of the candidate.
    label : str
        For the axis of differences.

    Returns
    -------
    Figure
        One row per comparison, a line at zero.

    Examples
    --------
    >>> figure = draw_differences(pd.DataFrame({
    ...     "baseline": ["dummy", "linear"], "difference": [0.5, 0.01], "low": [0.4, -0.02],
    ...     "high": [0.6, 0.04], "decision": ["better", "not distinguishable"],
    ... }), "candidate minus baseline")
    >>> [text.get_text() for text in figure.axes[0].get_yticklabels()]
    ['dummy', 'linear']
    """
    figure, axes = rows_figure(len(comparison))
    rows = np.arange(len(comparison))
    axes.axvline(0, color=BLACK, linewidth=0.8)
    columns = ("difference", "low", "high")
    # zero is always in sight
    low, high = comparison["low"].clip(upper=0), comparison["high"].clip(lower=0)
    far = far_rows(comparison["low"].to_numpy(), comparison["high"].to_numpy())
    if far.any():
        axes.set_xlim(*_widened(low[~far].min(), high[~far].max()))
    for decision, (colour, marker, hollow) in DECISIONS.items():
        chosen = (comparison["decision"] == decision).to_numpy() & ~far
        if chosen.any():
            draw_intervals(
                axes,
                comparison[chosen],
                rows[chosen],
                columns=columns,
                colour=colour,
                marker=marker,
                hollow=hollow,
                label=decision,
            )
    _mark_far(axes, comparison, far, columns, digits=4)
    axes.set_yticks(rows, comparison["baseline"])
    axes.set_xlabel(label)
    figure.legend(loc="outside upper center", ncols=len(DECISIONS))
    return figure


def draw_claim(table: pd.DataFrame, study: Study) -> Figure:
    """Draw both scores of every model: on the study's split, and on a random one.

        Parameters
        ----------
        table : DataFrame
            As `claim_table` makes it.
        study : Study
            The configuration.

        Returns
        -------
        Figure
            One row per model, the first model on top.

        Examples
        --------
        >>> from ..config.study import Split
        >>> table = pd.DataFrame({
        ...     "model": ["linear"], "metric": "mae", "value": 0.5, "low": 0.4, "high": 0.6,
        ...     "random": 0.3, "random_low": 0.25, "random_high": 0.35,
        ... })
        >>> study = Study.model_construct(split=Split(dependence="grouped"))
        >>> [text.get_text() for text in draw_claim(table, study).legends[0].get_texts()]
        ['grouped split, reported', 'random split, for comparison']
    """
    dependence = study.split.dependence
    figure, axes = rows_figure(len(table), row=1.4 * ROW)
    columns = ("value", "low", "high")
    rows, labels = np.arange(len(table)), table["model"]
    both = dependence != "independent"
    ends = (table["low"], table["high"])
    if both:
        ends = (np.minimum(ends[0], table["random_low"]), np.maximum(ends[1], table["random_high"]))
    far = far_rows(*(end.to_numpy() for end in ends))
    apart = 0.14 if both else 0.0
    near, rows = table[~far], rows[~far]
    draw_intervals(axes, near, rows - apart, label=f"{dependence} split, reported")
    _mark_far(axes, table, far, columns, apart=-apart, colour=BLUE)
    if both:
        columns = ("random", "random_low", "random_high")
        draw_intervals(
            axes,
            near,
            rows + apart,
            columns=columns,
            colour=ORANGE,
            marker="s",
            hollow=True,
            label="random split, for comparison",
        )
        _mark_far(axes, table, far, columns, apart=apart, colour=ORANGE)
    axes.set_yticks(range(len(table)), labels)
    label = axis_label(study.primary)
    axes.set_xlabel(f"{label}, mean over folds with 95 % interval")
    figure.legend(loc="outside upper center", ncols=2)
    return figure


def _widened(low: float, high: float) -> tuple[float, float]:
    margin = 0.05 * (high - low)
    return low - margin, high + margin


def _mark_far(
    axes: Axes,
    table: pd.DataFrame,
    far: np.ndarray,
    columns: tuple[str, str, str],
    *,
    digits: int = 3,
    apart: float = 0.0,
    colour: str = GREY,
) -> None:
    """Write the numbers of rows that lie beyond the axis at its edge."""
    value = table[columns[0]].to_numpy()
    for row in np.flatnonzero(far):
        text = in_numbers(table.iloc[[row]].assign(name=""), "name", columns, digits)
        left = bool(value[row] < value[~far].mean())
        mark_far_row(axes, row + apart, left=left, text=text.strip(), colour=colour)


def in_numbers(
    table: pd.DataFrame, name: str, columns: tuple[str, str, str], digits: int = 3
) -> str:
    """Write a dot plot as a list, for those who cannot see it.

    Parameters
    ----------
    table : DataFrame
        A row for each row of the plot.
    name : str
        The column that names the rows.
    columns : tuple of str
        The value and the interval's ends.
    digits : int
        After the point.

    Returns
    -------
    str
        Such as ``"linear 0.90 [0.80, 0.95]; forest ..."``.

    Examples
    --------
    >>> table = pd.DataFrame({"model": ["linear"], "value": [0.9], "low": [0.8], "high": [0.95]})
    >>> in_numbers(table, "model", ("value", "low", "high"), digits=2)
    'linear 0.90 [0.80, 0.95]'
    """
    texts = []
    for row in table[[name, *columns]].itertuples(index=False):
        value, low, high = (f"{number:z.{digits}f}" for number in row[1:])
        texts.append(f"{row[0]} {value} [{low}, {high}]")
    return "; ".join(texts)
