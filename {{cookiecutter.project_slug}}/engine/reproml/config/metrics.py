"""What a metric is, and which metrics a study reports."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

import numpy as np

from .study import Study, StudyError


@dataclass(frozen=True)
class Metric:
    """How to call a metric and how to read it.

    Attributes
    ----------
    function : callable
        Takes true values and what ``takes`` says, returns a number; for probabilities of shape
        (n_samples, n_classes) it takes the list of classes as third.
    takes : {"classes", "probabilities", "numbers"}
        What it compares true values with; "numbers" is for regression.
    higher_is_better : bool
        Its direction.
    label : str
        Its name in tables and figures.
    bounds : tuple of float
        No score lies outside.
    unit : str
        Of its scores; "{}" is the target's unit, "({})2" its square.

    Examples
    --------
    >>> from sklearn.metrics import mean_absolute_error
    >>> metric = Metric(mean_absolute_error, "numbers", False, "MAE", (0.0, float("inf")))
    >>> metric.function([1.0, 2.0], [1.5, 2.5])
    0.5
    """

    function: Callable[..., float]
    takes: Literal["classes", "probabilities", "numbers"]
    higher_is_better: bool
    label: str
    bounds: tuple[float, float]
    unit: str = ""

    def digits(self, fixed: int = 3) -> int | None:
        """Return how many decimals a score has; None where its size depends on the target's unit.

        A score that cannot exceed a number other than 0, such as R2, has no unit.
        """
        free = self.takes == "numbers" and {0.0, math.inf} >= set(map(abs, self.bounds))
        return None if free else fixed

    @property
    def named(self) -> str:
        """Its label with the unit of its scores."""
        return with_unit(self.label, self.unit)

    @property
    def head(self) -> str:
        """Its label with the unit and the direction of its scores."""
        higher = "higher" if self.higher_is_better else "lower"
        return with_unit(self.label, self.unit, f"{higher} is better")

    def text(self, mean: float, low: float, high: float, fixed: int = 3) -> str:
        """Write a score, or a difference of scores, with its interval and its unit."""
        return f"{interval_text(mean, low, high, self.digits(fixed))} {self.unit}".rstrip()

    def taken(self, predicted: np.ndarray, probability: np.ndarray | None) -> np.ndarray:
        """Return which of the two it compares true values with."""
        return probability if self.takes == "probabilities" else predicted

    def score(self, y_true: np.ndarray, taken: np.ndarray, classes: list[str]) -> float:
        """Call the function as what it takes asks for."""
        if self.takes == "probabilities":
            return self.function(y_true, taken, classes)
        return self.function(y_true, taken)


def written(numbers: Iterable[float], digits: int | None) -> list[str]:
    """Write a number and the ends of its interval; what rounds to zero has no sign.

    Without ``digits`` there are as many as the interval asks for: its half-width has two.

    >>> written([0.9876, -0.0001, 1.0], 3), written([2.3412, 2.1, 2.5], None)
    (['0.988', '0.000', '1.000'], ['2.34', '2.10', '2.50'])
    >>> written([2.3412e-9, 2.1e-9, 2.5e-9], None)
    ['2.34e-9', '2.10e-9', '2.50e-9']
    """
    mean, *ends = numbers = [float(number) for number in numbers]
    size = max((abs(number) for number in numbers if math.isfinite(number)), default=0.0)
    if digits is not None or not size:
        return [f"{number:z.{3 if digits is None else digits}f}" for number in numbers]
    half = max((abs(end - mean) for end in ends if math.isfinite(end - mean)), default=0.0)
    # places of the first and the last digit; a last bit of the interval does not move them
    first, last = (math.floor(math.log10(one) + 1e-9) for one in (size, half or size / 10))
    power = 0 if -4 <= first < 6 else 3 * ((first + 1) // 3)  # as milli, micro, nano go
    places, mark = max(1, power - max(last - 1, first - 5)), f"e{power:+d}" if power else ""
    return [
        f"{Decimal(one).scaleb(-power):z.{places}f}{mark}" if math.isfinite(one) else f"{one}"
        for one in numbers
    ]


def interval_text(mean: float, low: float, high: float, digits: int | None = 3) -> str:
    """Write a number with its interval, as `written` does.

    >>> interval_text(0.9876, -0.0001, 1.0)
    '0.988 [0.000, 1.000]'
    """
    return "{} [{}, {}]".format(*written([mean, low, high], digits))


def with_unit(label: str, *words: str) -> str:
    """Return a label and in brackets its unit and other words, if there are any.

    >>> with_unit("MAE", "mm", "lower is better"), with_unit("MAE", "")
    ('MAE (mm, lower is better)', 'MAE')
    """
    inside = ", ".join(filter(None, words))
    return f"{label} ({inside})" if inside else label


def decimals(digits: int, size: float) -> int:
    """Return to how many decimals numbers are rounded: to more where their unit makes them small.

    >>> decimals(10, 42.0), decimals(10, 4.2e-9)
    (10, 19)
    """
    return digits if not 0 < size < 1e-4 else digits - math.floor(math.log10(size))


def check_metrics(study: Study) -> dict[str, Metric]:
    """Return the study's metrics, the primary one first, or say which one does not fit."""
    fits = [
        name
        for name, metric in study.code.metrics.items()
        if (metric.takes == "numbers") == (study.task == "regression")
    ]
    strangers = [name for name in study.metrics.names if name not in fits]
    if strangers:
        raise StudyError(f"metrics: {strangers} do not fit {study.task}; there are {sorted(fits)}")
    return study.reported
