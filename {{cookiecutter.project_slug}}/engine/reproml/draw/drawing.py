"""What every figure has: what it needs, how it is drawn, and what is said of it.

A caption (captions.toml) says what is drawn and what it does not show. An alternative text says the
numbers to those who cannot see the figure.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from ..config.metrics import interval_text
from ..config.study import Study

CAPTIONS = tomllib.loads(Path(__file__).with_name("captions.toml").read_text(encoding="utf-8"))
Frames = dict[str, pd.DataFrame]
SIZES = "baselines_folds.csv"
PANEL = 27  # letters that are as wide as one of three panels


@dataclass(frozen=True)
class Drawing:
    """A figure: its result files (the main one first), the stage that makes them, its functions.

    ``words`` fill in what its caption has beside the words that are the same in all captions.
    """

    needs: tuple[str, ...]
    script: str
    draw: Callable[[Frames, Study], Figure]
    alt: Callable[[Frames, Study], str]
    task: Literal["any", "classification", "regression"] = "any"
    words: Callable[[Frames, Study], dict[str, object]] = lambda frames, study: {}


def mean_sizes(frames: Frames) -> dict[str, float]:
    """Return the mean numbers of training and test rows of a fold, as intervals take them."""
    return {name: frames[SIZES][name].mean() for name in ("n_train", "n_test")}


def panels_figure(
    n: int, *, width: float, head: float, height: float, **how: Any
) -> tuple[Figure, np.ndarray]:
    """Return a figure of n panels in rows of three (inches), and its axes as an array."""
    across = min(n, 3)
    down = -(-n // across)
    figure = Figure(figsize=(width, head + height * down))
    grid = figure.subplots(down, across, squeeze=False, **how)
    for axes in grid.flat[n:]:
        axes.set_visible(False)
    return figure, grid


def in_numbers(
    table: pd.DataFrame, name: str, columns: tuple[str, str, str], digits: int | None
) -> str:
    """Write a dot plot as a list, for those who cannot see it.

    >>> table = pd.DataFrame({"model": ["linear"], "value": [0.9], "low": [0.8], "high": [0.95]})
    >>> in_numbers(table, "model", ("value", "low", "high"), digits=2)
    'linear 0.90 [0.80, 0.95]'
    """
    rows = table[[name, *columns]].itertuples(index=False)
    return "; ".join(f"{row[0]} {interval_text(*row[1:], digits)}" for row in rows)
