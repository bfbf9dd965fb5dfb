"""What every figure has: what it needs, how it is drawn, its caption and its alternative text.

A caption says what is drawn and what it does not show. An alternative text says the numbers to
those who cannot see the figure.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import pandas as pd
from matplotlib.figure import Figure

from ..config.study import Study
from ..write.numbers import interval_text

Frames = dict[str, pd.DataFrame]
UNSEEN = "The locked test rows have no part in it."
SIZES = "baselines_folds.csv"


@dataclass(frozen=True)
class Drawing:
    """A figure: its result files (the main one first), the stage that makes them, its functions."""

    needs: tuple[str, ...]
    script: str
    draw: Callable[[Frames, Study], Figure]
    caption: Callable[[Frames, Study], str]
    alt: Callable[[Frames, Study], str]
    task: Literal["any", "classification", "regression"] = "any"


def mean_sizes(frames: Frames) -> dict[str, float]:
    """Return the mean numbers of training and test rows of a fold, as intervals take them."""
    return {name: frames[SIZES][name].mean() for name in ("n_train", "n_test")}


def n_folds(study: Study) -> int:
    """Return how many folds there are, over all repeats."""
    return study.split.folds * study.split.repeats


def in_numbers(
    table: pd.DataFrame, name: str, columns: tuple[str, str, str], digits: int = 3
) -> str:
    """Write a dot plot as a list, for those who cannot see it.

    >>> table = pd.DataFrame({"model": ["linear"], "value": [0.9], "low": [0.8], "high": [0.95]})
    >>> in_numbers(table, "model", ("value", "low", "high"), digits=2)
    'linear 0.90 [0.80, 0.95]'
    """
    rows = table[[name, *columns]].itertuples(index=False)
    return "; ".join(f"{row[0]} {interval_text(*row[1:], digits)}" for row in rows)
