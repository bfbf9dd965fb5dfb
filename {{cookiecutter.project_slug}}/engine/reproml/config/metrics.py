"""What a metric is, and which metrics a study reports."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
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

    def taken(self, predicted: np.ndarray, probability: np.ndarray | None) -> np.ndarray:
        """Return which of the two it compares true values with."""
        return probability if self.takes == "probabilities" else predicted

    def score(self, y_true: np.ndarray, taken: np.ndarray, classes: list[str]) -> float:
        """Call the function as what it takes asks for."""
        if self.takes == "probabilities":
            return self.function(y_true, taken, classes)
        return self.function(y_true, taken)


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
