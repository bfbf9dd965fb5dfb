"""Scores per fold in long form."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from ..compute.fits import run_fits
from ..compute.task import Predictions, Task
from ..config.columns import Table
from ..config.metrics import Metric
from ..config.study import Study


class Scored(NamedTuple):
    """What comes of scored fits."""

    scores: pd.DataFrame  # model, repeat, fold, metric, value
    predictions: list[Predictions]  # of the first repeat, if they were asked for
    kept: dict[str, pd.DataFrame]  # what fits kept, by name: model, repeat, fold, and their columns


def score_tasks(
    tasks: list[Task], table: Table, study: Study, *, held_out: bool = False, **how: Any
) -> tuple[pd.DataFrame, list[Predictions]]:
    """Fit tasks and score each where it was fitted, by the metrics that the study reports.

    Most predictions are dropped at once; with ``held_out`` those of the first repeat are returned
    too, where a row that was held out counts once. ``how`` is as for `run_fits`.

    Examples
    --------
    >>> from small_study import dummy, trial
    >>> from ..split.splits import Fold
    >>> table, study = trial([1.0, 2.0, 4.0])
    >>> fold = Fold(0, 0, train=np.array([0, 1]), test=np.array([2]))
    >>> score_tasks([Task("dummy", dummy("regression"), fold, seed=0)], table, study)
    (   model  repeat  fold metric  value
    0  dummy       0     0    mae    2.5, [])
    """
    return score_fits(tasks, table, study, held_out=held_out, **how)[:2]


def score_fits(
    tasks: list[Task], table: Table, study: Study, *, held_out: bool = False, **how: Any
) -> Scored:
    """Return what `score_tasks` does, and what the fits kept."""
    metrics = study.reported
    scored = partial(_scored, metrics=metrics, classes=study.data.classes, held_out=held_out)
    found = run_fits(tasks, table, study, finish=scored, **how)
    rows = [
        (task.name, task.fold.repeat, task.fold.fold, metric, value)
        for task, (values, _, _) in zip(tasks, found, strict=True)
        for metric, value in zip(metrics, values, strict=True)
    ]
    made: list[Predictions] = []
    kept: dict[str, list[pd.DataFrame]] = {}
    for task, (_, said, tables) in zip(tasks, found, strict=True):
        if said is not None:
            made.append(Predictions(task.name, task.fold, *said))
        for name, one in tables.items():
            where = {"model": task.name, "repeat": task.fold.repeat, "fold": task.fold.fold}
            named = pd.DataFrame(where, index=one.index)
            kept.setdefault(name, []).append(pd.concat([named, one], axis=1))
    return Scored(
        pd.DataFrame(rows, columns=["model", "repeat", "fold", "metric", "value"]),
        made,
        {name: pd.concat(tables, ignore_index=True) for name, tables in kept.items()},
    )


def _scored(
    said: Predictions,
    table: Table,
    metrics: Mapping[str, Metric],
    classes: list[str],
    held_out: bool,
) -> tuple[list[float], tuple[np.ndarray, np.ndarray | None] | None, dict[str, pd.DataFrame]]:
    keep = held_out and said.fold.repeat == 0
    y_true = table.y.iloc[said.fold.test].to_numpy()
    scores = [
        float(metric.score(y_true, metric.taken(said.predicted, said.probability), classes))
        for metric in metrics.values()
    ]
    return scores, (said.predicted, said.probability) if keep else None, said.kept
