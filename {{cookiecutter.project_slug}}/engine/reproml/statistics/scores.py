"""Scores per fold in long form."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from ..compute.fits import run_fits
from ..compute.task import Predictions, Task
from ..config.columns import Table
from ..config.metrics import Metric
from ..config.study import Study
from ..split.splits import Fold


def score_fold(
    said: Predictions, table: Table, metrics: Mapping[str, Metric], classes: list[str]
) -> list[float]:
    """Score one fold with each metric.

    Parameters
    ----------
    said : Predictions
        Of one model.
    table : Table
        The checked rows.
    metrics : mapping of str to Metric
        By name.
    classes : list of str
        Order of the probabilities' columns; empty for regression.

    Returns
    -------
    list of float
        A score per metric.

    Examples
    --------
    >>> from small_study import CODE
    >>> from ..split.splits import Fold
    >>> metrics = {name: CODE.metrics[name] for name in ("mae", "r2")}
    >>> y = pd.Series([1.0, 2.0, 4.0])
    >>> table = Table(y.to_frame("dose"), y, None, None, None, dropped={})
    >>> fold = Fold(0, 0, train=np.array([0]), test=np.array([1, 2]))
    >>> score_fold(Predictions("linear", fold, np.array([2.5, 3.0]), None), table, metrics, [])
    [0.75, 0.375]
    """
    y_true = table.y.iloc[said.fold.test].to_numpy()
    values = []
    for metric in metrics.values():
        if metric.takes == "probabilities":
            values.append(metric.function(y_true, said.probability, classes))
        else:
            values.append(metric.function(y_true, said.predicted))
    return values


def score_predictions(
    predictions: Iterable[Predictions],
    table: Table,
    metrics: Mapping[str, Metric],
    classes: list[str],
) -> pd.DataFrame:
    """Score each fold with each metric.

    Parameters
    ----------
    predictions : iterable of Predictions
        One per model and fold.
    table : Table
        The checked rows.
    metrics : mapping of str to Metric
        By name.
    classes : list of str
        Order of the probabilities' columns; empty for regression.

    Returns
    -------
    DataFrame of shape (n_predictions * n_metrics, 5)
        Columns model, repeat, fold, metric, value.

    Examples
    --------
    >>> from small_study import CODE
    >>> from ..split.splits import Fold
    >>> metrics = {name: CODE.metrics[name] for name in ("mae", "r2")}
    >>> y = pd.Series([1.0, 2.0, 4.0])
    >>> table = Table(y.to_frame("dose"), y, None, None, None, dropped={})
    >>> fold = Fold(0, 0, train=np.array([0]), test=np.array([1, 2]))
    >>> said = Predictions("linear", fold, np.array([2.5, 3.0]), None)
    >>> score_predictions([said], table, metrics, classes=[])
        model  repeat  fold metric  value
    0  linear       0     0    mae  0.750
    1  linear       0     0     r2  0.375
    """
    predictions = list(predictions)
    values = [score_fold(said, table, metrics, classes) for said in predictions]
    return _long([(said.name, said.fold) for said in predictions], list(metrics), values)


def score_tasks(
    tasks: list[Task], table: Table, study: Study, *, held_out: bool = False, **how: Any
) -> tuple[pd.DataFrame, list[Predictions]]:
    """Fit tasks and score each where it was fitted, by the metrics that the study reports.

    Most predictions are dropped at once; with ``held_out`` those of the first repeat are returned
    too, where a row that was held out counts once. ``how`` is as for `run_fits`.

    Examples
    --------
    >>> from small_study import dummy, trial
    >>> table, study = trial([1.0, 2.0, 4.0])
    >>> fold = Fold(0, 0, train=np.array([0, 1]), test=np.array([2]))
    >>> score_tasks([Task("dummy", dummy("regression"), fold, seed=0)], table, study)
    (   model  repeat  fold metric  value
    0  dummy       0     0    mae    2.5, [])
    """
    metrics = study.reported
    scored = partial(_scored, metrics=metrics, classes=study.data.classes, held_out=held_out)
    found = run_fits(tasks, table, study, finish=scored, **how)
    scores = _long([(t.name, t.fold) for t in tasks], list(metrics), [one for one, _ in found])
    kept = [(task, said) for task, (_, said) in zip(tasks, found, strict=True) if said is not None]
    return scores, [Predictions(task.name, task.fold, *said) for task, said in kept]


def _scored(
    said: Predictions,
    table: Table,
    metrics: Mapping[str, Metric],
    classes: list[str],
    held_out: bool,
) -> tuple[list[float], tuple[np.ndarray, np.ndarray | None] | None]:
    keep = held_out and said.fold.repeat == 0
    scores = score_fold(said, table, metrics, classes)
    return scores, (said.predicted, said.probability) if keep else None


def _long(
    fits: list[tuple[str, Fold]], names: list[str], values: Sequence[Sequence[float]]
) -> pd.DataFrame:
    n = len(names)
    return pd.DataFrame(
        {
            "model": [name for name, _ in fits for _ in range(n)],
            "repeat": np.repeat([fold.repeat for _, fold in fits], n),
            "fold": np.repeat([fold.fold for _, fold in fits], n),
            "metric": names * len(fits),
            "value": np.asarray(values, dtype=float).reshape(-1),
        }
    )
