"""Figures of where the candidate errs: confusion, calibration, residuals."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from .style import BLACK, BLUE, GREY, WIDTH

# One hue from white to blue: darker is more, on paper too.
SHARES = LinearSegmentedColormap.from_list("shares", ["#ffffff", BLUE])
DARK = 0.55  # from this share on, text on a cell is white


def draw_confusion(confusion: pd.DataFrame) -> Figure:
    r"""Draw which class was called what, with counts.

    Parameters
    ----------
    confusion : DataFrame
        As `confusion_table` makes it, of one model.

    Returns
    -------
    Figure
        A cell per pair of classes; its shade is the share of the rows of that truth.

    Examples
    --------
    >>> figure = draw_confusion(pd.DataFrame({
    ...     "model": "linear", "truth": ["no", "no", "yes", "yes"], "count": [3, 1, 0, 4],
    ...     "prediction": ["no", "yes", "no", "yes"], "share": [0.75, 0.25, 0.0, 1.0],
    ... }))
    >>> [text.get_text() for text in figure.axes[0].texts]
    ['3\n75 %', '1\n25 %', '0\n0 %', '4\n100 %']
    """
    classes = list(dict.fromkeys(confusion["truth"]))
    n = len(classes)
    figure = Figure(figsize=(min(WIDTH, 1.9 + 1.15 * n), 1.3 + 0.75 * n))
    axes = figure.subplots()
    for cell in confusion.itertuples(index=False):
        x, y = classes.index(cell.prediction), classes.index(cell.truth)
        share = round(cell.share, 2)  # so that the last bits do not change a shade
        corner = (x - 0.5, y - 0.5)
        axes.add_patch(Rectangle(corner, 1, 1, facecolor=SHARES(share), edgecolor=BLACK))
        colour = "white" if share >= DARK else BLACK
        text = f"{cell.count}\n{cell.share * 100:.0f} %"
        axes.text(x, y, text, ha="center", va="center", color=colour)
    axes.set_xlim(-0.5, n - 0.5)
    axes.set_ylim(n - 0.5, -0.5)
    axes.set_xticks(range(n), classes)
    axes.set_yticks(range(n), classes)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.set_xlabel("predicted")
    axes.set_ylabel("true")
    return figure


def draw_calibration(calibration: pd.DataFrame) -> Figure:
    """Draw how often a class came against the probability that was given for it.

    Parameters
    ----------
    calibration : DataFrame
        As `calibration_table` makes it, of one model.

    Returns
    -------
    Figure
        A panel per class; on the dashed line, probabilities are what they say.

    Examples
    --------
    >>> figure = draw_calibration(pd.DataFrame({
    ...     "model": "linear", "class": "yes", "predicted": [0.1, 0.9], "observed": [0.2, 0.8],
    ...     "low": [0.1, 0.7], "high": [0.3, 0.9],
    ... }))
    >>> figure.axes[0].get_ylabel()
    'share of rows that are yes'
    """
    panels = list(calibration.groupby("class", sort=False))
    across = min(len(panels), 3)
    down = -(-len(panels) // across)
    wide = 3.6 if across == 1 else WIDTH
    figure = Figure(figsize=(wide, 3.4 * down if across == 1 else 0.4 + WIDTH / across * down))
    grid = figure.subplots(down, across, squeeze=False)
    for axes in grid.flat[len(panels) :]:
        axes.set_visible(False)
    for axes, (name, bins) in zip(grid.flat, panels, strict=False):
        axes.plot([0, 1], [0, 1], "--", color=GREY, linewidth=1.0)
        axes.vlines(bins["predicted"], bins["low"], bins["high"], color=BLUE)
        axes.plot(bins["predicted"], bins["observed"], "o-", color=BLUE)
        axes.set_xlim(-0.02, 1.02)
        axes.set_ylim(-0.02, 1.02)
        axes.set_aspect("equal")
        axes.set_xlabel(f"predicted probability of {name}")
        axes.set_ylabel(f"share of rows that are {name}")
    return figure


def draw_residuals(quantiles: pd.DataFrame, target: str) -> Figure:
    """Draw how far predictions are off, by what was predicted.

    Parameters
    ----------
    quantiles : DataFrame
        As `residual_quantiles` makes it, of one model.
    target : str
        What is predicted, with its unit.

    Returns
    -------
    Figure
        A bin of predictions each: median, middle half (bar) and middle 90 % (line) of the errors.

    Examples
    --------
    >>> figure = draw_residuals(pd.DataFrame({
    ...     "model": "linear", "bin": [1, 2], "n": 20, "prediction": [1.0, 2.0],
    ...     "q05": -1.0, "q25": -0.5, "q50": [0.1, 0.0], "q75": 0.5, "q95": 1.0,
    ... }), "dose in mg")
    >>> figure.axes[0].lines[-1].get_ydata().tolist()
    [0.1, 0.0]
    """
    figure = Figure(figsize=(WIDTH, 3.4))
    axes = figure.subplots()
    x = quantiles["prediction"].to_numpy()
    axes.axhline(0, color=BLACK, linewidth=0.8)
    axes.vlines(x, quantiles["q05"], quantiles["q95"], color=BLUE, label="middle 90 %")
    axes.vlines(
        x,
        quantiles["q25"],
        quantiles["q75"],
        color=BLUE,
        linewidth=7.0,
        alpha=0.45,
        label="middle half",
    )
    axes.plot(x, quantiles["q50"], "o", color=BLACK, label="median")
    if len(np.unique(x)) == 1:
        axes.set_xlim(x[0] - 1, x[0] + 1)
    axes.grid(axis="y")
    axes.set_axisbelow(True)
    axes.set_xlabel(f"predicted {target}, in bins of about equally many rows")
    axes.set_ylabel("predicted minus true")
    figure.legend(loc="outside upper center", ncols=3)
    return figure
