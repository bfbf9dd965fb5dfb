"""What a stage's tasks share, and how a worker runs a batch of them."""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from sklearn.pipeline import Pipeline

from ..config.columns import Table
from ..config.study import Split
from ..split.splits import Fold
from .shared_table import load, plain_table, save
from .task import Predictions, Task, run_task


class NotHereError(Exception):
    """A worker does not see the file that holds the work."""


class Item(NamedTuple):
    """A task as it travels: numbers only, so that a million of them are no load."""

    number: int  # of the task
    model: int  # position in the work's models
    fold: int  # position in the work's folds
    seed: int


class Outcome(NamedTuple):
    """What comes back from a fit."""

    number: int
    value: Any  # what `Work.finish` made of the predictions
    predicted: np.ndarray | None  # None unless the work keeps predictions
    probability: np.ndarray | None
    seconds: float  # of fitting, predicting and finishing


@dataclass(frozen=True)
class Work:
    """What all tasks of a stage share; a worker opens it once and then gets items.

    Attributes
    ----------
    models : list of (str, Pipeline)
        Name in the results and unfitted model.
    folds : list of Fold
        Training and test rows.
    table : Table
        The checked rows.
    classes : list of str
        Order of the probabilities' columns; empty for regression.
    split : Split or None
        How a model that tunes itself cuts its training rows.
    finish : callable or None
        Takes predictions and the table where they were made, such as a score; a value is small,
        predictions are not.
    keep : bool
        Whether predictions come back too.
    do : callable or None
        What is done instead of fitting and predicting: takes task, table and ``alone``.
    fix_seeds : callable or None
        Fixes the global generators before each fit.

    Examples
    --------
    >>> import pandas as pd
    >>> from ..config.example import dummy
    >>> y = pd.Series([1.0, 2.0, 4.0])
    >>> table = Table(y.to_frame("dose"), y, None, None, None, dropped={})
    >>> folds = [Fold(0, 0, np.array([0, 1]), np.array([2]))]
    >>> work = Work([("dummy", dummy("regression"))], folds, table, [], None, None, keep=True)
    >>> work.run(Item(number=0, model=0, fold=0, seed=7)).predicted.tolist()
    [1.5]
    """

    models: list[tuple[str, Pipeline]]
    folds: list[Fold]
    table: Table
    classes: list[str]
    split: Split | None
    finish: Callable[[Predictions, Table], Any] | None
    keep: bool
    do: Callable[..., Any] | None = None
    fix_seeds: Callable[[int], object] | None = None

    def run(self, item: Item, *, alone: bool = True) -> Outcome:
        """Fit one model on one fold.

        Parameters
        ----------
        item : Item
            Which model, which fold, which seed.
        alone : bool
            False where other threads fit at the same time; see `run_task`.

        Returns
        -------
        Outcome
            The value, and the predictions if they are kept.
        """
        name, model = self.models[item.model]
        task = Task(name, model, self.folds[item.fold], item.seed)
        if self.do:
            start = time.perf_counter()
            value = self.do(task, self.table, alone=alone)
            return Outcome(item.number, value, None, None, time.perf_counter() - start)
        made = run_task(
            task, self.table, self.classes, self.split, fix_seeds=self.fix_seeds, alone=alone
        )
        start = time.perf_counter()
        value = self.finish(made, self.table) if self.finish else None
        seconds = made.seconds + time.perf_counter() - start
        kept = (made.predicted, made.probability) if self.keep else (None, None)
        return Outcome(item.number, value, *kept, seconds)

    def whole(self) -> Work:
        """Return this work with the table's rows in it, for machines that see no file of ours.

        Returns
        -------
        Work
            The same, larger.
        """
        return replace(self, table=plain_table(self.table))


def run_batch(where: str | Work, items: list[Item], *, alone: bool = True) -> list[Outcome]:
    """Run some items; this is what a worker is asked to do.

    Parameters
    ----------
    where : str or Work
        The work, or the file that holds it.
    items : list of Item
        Which fits to make, in this order.
    alone : bool
        False where other threads fit at the same time; see `run_task`.

    Returns
    -------
    list of Outcome
        One per item.

    Raises
    ------
    NotHereError
        If the file cannot be opened on this machine.

    Examples
    --------
    >>> import pandas as pd
    >>> from ..config.example import dummy
    >>> y = pd.Series([1.0, 2.0, 4.0])
    >>> table = Table(y.to_frame("dose"), y, None, None, None, dropped={})
    >>> folds = [Fold(0, i, np.delete(np.arange(3), i), np.array([i])) for i in range(3)]
    >>> work = Work([("dummy", dummy("regression"))], folds, table, [], None, None, keep=True)
    >>> items = [Item(number, model=0, fold=number, seed=7) for number in range(3)]
    >>> [outcome.predicted.item() for outcome in run_batch(work, items)]
    [3.0, 2.5, 1.5]
    """
    work = _open(where) if isinstance(where, str) else where
    return [work.run(item, alone=alone) for item in items]


@lru_cache(maxsize=1)  # a stage's work is opened once per worker, and forgotten with the next
def _open(path: str) -> Work:
    try:
        return load(path)
    except OSError as error:
        raise NotHereError(f"{path}: {error}") from error


@contextlib.contextmanager
def saved(work: Work, folder: Path | None) -> Iterator[str]:
    """Put a work into a file for as long as it is needed.

    Parameters
    ----------
    work : Work
        What to put there.
    folder : Path or None
        A folder that all workers see; None takes one for temporary files.

    Yields
    ------
    str
        The file.

    Examples
    --------
    >>> work = Work([], [], None, ["no", "yes"], None, None, keep=False)
    >>> with saved(work, None) as path:
    ...     load(path).classes
    ['no', 'yes']
    """
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    # Windows keeps a file that a worker still maps; whoever made the folder sweeps it later
    with tempfile.TemporaryDirectory(dir=folder, ignore_cleanup_errors=True) as made:
        path = Path(made).resolve() / "work"
        save(work, path)
        yield str(path)
