"""Numbers with their intervals, as macros for the paper."""

from __future__ import annotations

import re
from collections.abc import Iterable

DIGITS = ["Zero", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine"]


def macro_name(*words: str) -> str:
    """Make a LaTeX command's name, which may hold letters alone.

    >>> macro_name("baselines", "random_forest", "r2", "low")
    'BaselinesRandomForestRTwoLow'
    """
    spelt = re.sub(r"\d", lambda digit: f" {DIGITS[int(digit[0])]} ", " ".join(words))
    return "".join(part[:1].upper() + part[1:] for part in re.findall(r"[A-Za-z]+", spelt))


def interval_macros(name: str, interval: Iterable[str]) -> dict[str, str]:
    """Name a number, and its interval's ends ``...Low`` and ``...High``."""
    return {f"{name}{end}": one for end, one in zip(("", "Low", "High"), interval, strict=True)}
