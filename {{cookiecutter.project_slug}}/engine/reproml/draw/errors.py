"""Figures of where the candidate errs: confusion, calibration, residuals."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from ..config.study import Study
from .drawing import PANEL, Drawing, Frames, panels_figure
from .style import BLACK, BLUE, GREY, LETTER, WIDTH, folded

# One hue from white to blue: darker is more, on paper too.
SHARES = LinearSegmentedColormap.from_list("shares", ["#ffffff", BLUE])
DARK = 0.55  # from this share on, text on a cell is white
CONFUSION, CALIBRATION, RESIDUALS = (
    f"baselines_{kind}.csv" for kind in ("confusion", "calibration", "residual_quantiles")
)


def _of_candidate(frames: Frames, name: str, study: Study) -> pd.DataFrame:
    return frames[name].query("model == @study.models.candidate")


# Confusion


def draw_confusion(frames: Frames, study: Study) -> Figure:
    """Draw which class was called what, with counts; the shade is the share of that truth."""
    confusion = _of_candidate(frames, CONFUSION, study)
    classes = list(dict.fromkeys(confusion["truth"]))
    n, names = len(classes), [folded(name) for name in classes]
    longest = max(len(line) for name in names for line in name.split("\n"))
    left = max(0.9, LETTER * longest)  # inches that the names take
    width = min(WIDTH, 1.0 + left + 1.15 * n)
    across = longest > (width - left) / n / LETTER  # too long for a cell
    down = left if across else 0.0
    figure = Figure(figsize=(width, 1.3 + 0.75 * n + down))
    axes = figure.subplots()
    for cell in confusion.itertuples(index=False):
        x, y = classes.index(cell.prediction), classes.index(cell.truth)
        share = round(cell.share, 2)  # so that the last bits do not change a shade
        corner = (x - 0.5, y - 0.5)
        axes.add_patch(Rectangle(corner, 1, 1, facecolor=SHARES(share), edgecolor=BLACK))
        colour = "white" if share >= DARK else BLACK
        text = f"{cell.count}\n{cell.share * 100:.0f} %"
        size = {"fontsize": 7.0} if n > 6 else {}
        axes.text(x, y, text, ha="center", va="center", color=colour, **size)
    axes.set(xlim=(-0.5, n - 0.5), ylim=(n - 0.5, -0.5), xlabel="predicted", ylabel="true")
    axes.set_xticks(range(n), names, rotation=90 if across else 0)
    axes.set_yticks(range(n), names)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    return figure


def confusion_alt(frames: Frames, study: Study) -> str:
    """Return the numbers of the confusion matrix."""
    cells = "; ".join(
        f"{one.count} rows that are {one.truth} were called {one.prediction} "
        f"({one.share * 100:.0f} %)"
        for one in _of_candidate(frames, CONFUSION, study).itertuples(index=False)
    )
    return f"Confusion matrix of {study.models.candidate}: {cells}."


# Calibration


def draw_calibration(frames: Frames, study: Study) -> Figure:
    """Draw how often each class came against the probability given for it, a panel per class."""
    calibration = _of_candidate(frames, CALIBRATION, study)
    panels = list(calibration.groupby("class", sort=False))
    size = {"width": WIDTH, "head": 0.4, "height": 0.2 + WIDTH / min(len(panels), 3)}
    if len(panels) == 1:
        size = {"width": 3.6, "head": 0.0, "height": 3.4}
    figure, grid = panels_figure(len(panels), **size)
    for axes, (name, bins) in zip(grid.flat, panels, strict=False):
        axes.plot([0, 1], [0, 1], "--", color=GREY, linewidth=1.0)
        axes.vlines(bins["predicted"], bins["low"], bins["high"], color=BLUE)
        axes.plot(bins["predicted"], bins["observed"], "o-", color=BLUE)
        axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), aspect="equal")
        if len(panels) == 1:
            axes.set_xlabel(folded(f"predicted probability of {name}"))
            axes.set_ylabel(folded(f"share of rows that are {name}"))
        else:
            axes.set_title(folded(name, PANEL, lines=3))
            axes.set(xlabel="predicted probability", ylabel="share of rows")
    return figure


def calibration_alt(frames: Frames, study: Study) -> str:
    """Return the numbers of the calibration."""
    texts = [
        f"of {one.n} rows with a mean probability of {one.predicted:.2f} for {name}, "
        f"{one.observed * 100:.0f} % are"
        for name, bins in _of_candidate(frames, CALIBRATION, study).groupby("class", sort=False)
        for one in bins.itertuples(index=False)
    ]
    return f"Calibration of {study.models.candidate}: {'; '.join(texts)}."


# Residuals


def draw_residuals(frames: Frames, study: Study) -> Figure:
    """Draw how far predictions are off, in bins of predictions: median, middle half and 90 %."""
    quantiles = _of_candidate(frames, RESIDUALS, study)
    figure = Figure(figsize=(WIDTH, 3.4))
    axes = figure.subplots()
    x = quantiles["prediction"].to_numpy()
    axes.axhline(0, color=BLACK, linewidth=0.8)
    axes.vlines(x, quantiles["q05"], quantiles["q95"], color=BLUE, label="middle 90 %")
    half = {"color": BLUE, "linewidth": 7.0, "alpha": 0.45, "label": "middle half"}
    axes.vlines(x, quantiles["q25"], quantiles["q75"], **half)
    axes.plot(x, quantiles["q50"], "o", color=BLACK, label="median")
    if len(np.unique(x)) == 1:
        axes.set_xlim(x[0] - 1, x[0] + 1)
    axes.grid(axis="y")
    axes.set_axisbelow(True)
    label = f"predicted {target_label(study)}, in bins of about equally many rows"
    axes.set_xlabel(folded(label, int(WIDTH / LETTER)))
    axes.set_ylabel("predicted minus true")
    figure.legend(loc="outside upper center", ncols=3)
    return figure


def residuals_alt(frames: Frames, study: Study) -> str:
    """Return the numbers of the residuals."""
    texts = [
        f"at {one.prediction:.3g} median {one.q50:.3g}, middle half {one.q25:.3g} to {one.q75:.3g},"
        f" middle 90 % {one.q05:.3g} to {one.q95:.3g}"
        for one in _of_candidate(frames, RESIDUALS, study).itertuples(index=False)
    ]
    head = f"Errors of {study.models.candidate} in {target_label(study)} by prediction"
    return f"{head}: {'; '.join(texts)}."


def target_label(study: Study) -> str:
    """Return the target's name with its unit."""
    unit = study.data.columns[study.data.target].unit
    return f"{study.data.target} in {unit}" if unit else study.data.target


CLASSES, NUMBERS = "classification", "regression"
DRAWINGS = {
    "confusion": Drawing((CONFUSION,), "baselines", draw_confusion, confusion_alt, CLASSES),
    "calibration": Drawing((CALIBRATION,), "baselines", draw_calibration, calibration_alt, CLASSES),
    "residuals": Drawing((RESIDUALS,), "baselines", draw_residuals, residuals_alt, NUMBERS),
}
