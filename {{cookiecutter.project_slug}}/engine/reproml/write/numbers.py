"""Numbers with their intervals, as text and as macros for the paper."""

from __future__ import annotations

import re
from collections.abc import Iterable

DIGITS = ["Zero", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine"]


def interval_text(mean: float, low: float, high: float, digits: int = 3) -> str:
    """Write a number with its interval; what rounds to zero has no sign.

    >>> interval_text(0.9876, -0.0001, 1.0)
    '0.988 [0.000, 1.000]'
    """
    mean, low, high = (f"{number:z.{digits}f}" for number in (mean, low, high))
    return f"{mean} [{low}, {high}]"


def macro_name(*words: str) -> str:
    """Make a LaTeX command's name, which may hold letters alone.

    >>> macro_name("baselines", "random_forest", "r2", "low")
    'BaselinesRandomForestRTwoLow'
    """
    spelt = re.sub(r"\d", lambda digit: f" {DIGITS[int(digit[0])]} ", " ".join(words))
    return "".join(part[:1].upper() + part[1:] for part in re.findall(r"[A-Za-z]+", spelt))


def interval_macros(name: str, interval: Iterable[float], digits: int) -> dict[str, str]:
    """Name a number, and its interval's ends ``...Low`` and ``...High``."""
    ends = zip(("", "Low", "High"), interval, strict=True)
    return {f"{name}{end}": f"{number:z.{digits}f}" for end, number in ends}
