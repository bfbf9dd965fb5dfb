"""What one (model, fold) task is, and how it is run; the same numbers wherever that happens."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.pipeline import Pipeline
from threadpoolctl import ThreadpoolController

from ..config.columns import Table
from ..config.seeds import fix_random_state, seed_for
from ..config.study import Split, StudyError
from ..split.inner_folds import set_inner_folds
from ..split.splits import Fold


@dataclass(frozen=True, slots=True)
class Task:
    """One fit: a model on one fold.

    Attributes
    ----------
    name : str
        What the results call the model.
    model : Pipeline
        Unfitted; it is cloned, so one pipeline serves many tasks.
    fold : Fold
        Training and test rows.
    seed : int
        Seed of this fit. Models that are compared part by part (an ablation's variants) share it.
    """

    name: str
    model: Pipeline
    fold: Fold
    seed: int


@dataclass(frozen=True, slots=True)
class Predictions:
    """What a fitted model said about a fold's test rows.

    Attributes
    ----------
    name : str
        What the results call the model.
    fold : Fold
        The rows.
    predicted : ndarray of shape (n_test,)
        Class names or numbers.
    probability : ndarray of shape (n_test, n_classes) or None
        A column per class in the order of the study's classes; None for regression.
    seconds : float
        How long fitting and predicting took; 0 where they were not done now.
    """

    name: str
    fold: Fold
    predicted: np.ndarray
    probability: np.ndarray | None
    seconds: float = 0.0


def make_tasks(
    models: dict[str, Pipeline], folds: Iterable[Fold], seed: int, *, purpose: str | None = None
) -> list[Task]:
    """Pair every model with every fold.

    Parameters
    ----------
    models : dict of str to Pipeline
        Unfitted models by name.
    folds : iterable of Fold
        The shared folds.
    seed : int
        The study's seed.
    purpose : str or None
        Whose seeds to use; None gives each model its own. Variants of one model pass its name, so
        that they differ in the switch alone.

    Returns
    -------
    list of Task
        ``len(models) * len(folds)`` tasks, each with a seed of its own purpose.

    Examples
    --------
    >>> from ..config.example import dummy
    >>> fold = Fold(0, 0, np.array([0, 1]), np.array([2]))
    >>> [task.name for task in make_tasks({"a": dummy("regression")}, [fold, fold], seed=0)]
    ['a', 'a']
    """
    return [
        Task(
            name, model, fold, seed_for(seed, f"model/{purpose or name}/{fold.repeat}/{fold.fold}")
        )
        for name, model in models.items()
        for fold in folds
    ]


def run_task(
    task: Task,
    table: Table,
    classes: list[str],
    split: Split | None = None,
    *,
    fix_seeds: Callable[[int], object] | None = None,
    alone: bool = True,
) -> Predictions:
    """Fit one model on one fold's training rows and predict its test rows.

    Parameters
    ----------
    task : Task
        What to fit, on which rows, from which seed.
    table : Table
        The checked rows.
    classes : list of str
        Order of the probabilities' columns; empty for regression.
    split : Split or None
        How a model that tunes itself cuts its training rows; without it such a model is refused.
    fix_seeds : callable or None
        Fixes the global generators from a seed; None leaves them alone.
    alone : bool
        False where other threads of this process fit at the same time: the global generators, which
        threads share, are left alone then.

    Returns
    -------
    Predictions
        For the fold's test rows.

    Raises
    ------
    StudyError
        If the model predicts something that is no number.

    Examples
    --------
    >>> import pandas as pd
    >>> from ..config.example import linear
    >>> y = pd.Series([0.0, 1.0, 2.0, 3.0])
    >>> table = Table(y.to_frame("dose"), y, None, None, None, dropped={})
    >>> fold = Fold(0, 0, train=np.array([0, 1, 3]), test=np.array([2]))
    >>> task = Task("linear", linear("regression"), fold, seed=0)
    >>> run_task(task, table, classes=[]).predicted.round(2).tolist()
    [1.83]
    """
    start = time.perf_counter()
    model = fit_task(task, table, classes, split, fix_seeds=fix_seeds, alone=alone)
    said = predict_with(model, table.X.iloc[task.fold.test], classes)
    finite = np.isfinite(np.asarray(said[0], float) if said[1] is None else said[1].sum(axis=1))
    if not finite.all():
        where = f"repeat {task.fold.repeat}, fold {task.fold.fold}"
        raise StudyError(
            f"{task.name} predicts NaN or infinity for {np.sum(~finite)} of {len(finite)} test "
            f"rows of {where}, which no metric can score; mend the model"
        )
    return Predictions(task.name, task.fold, *said, time.perf_counter() - start)


def fit_task(
    task: Task,
    table: Table,
    classes: list[str],
    split: Split | None = None,
    *,
    fix_seeds: Callable[[int], object] | None = None,
    alone: bool = True,
) -> Pipeline:
    """Fit one model on one fold's training rows.

    Parameters
    ----------
    task, table, classes, split, fix_seeds, alone
        As for `run_task`.

    Returns
    -------
    Pipeline
        A fitted clone of the task's model.

    Examples
    --------
    >>> import pandas as pd
    >>> from ..config.example import dummy
    >>> y = pd.Series([0.0, 1.0, 5.0])
    >>> table = Table(y.to_frame("dose"), y, None, None, None, dropped={})
    >>> fold = Fold(0, 0, train=np.array([0, 1, 2]), test=np.array([], dtype=int))
    >>> model = fit_task(Task("dummy", dummy("regression"), fold, seed=0), table, classes=[])
    >>> model["model"].constant_.item()
    1.0
    """
    train = task.fold.train
    if fix_seeds and alone:
        fix_seeds(task.seed)  # for models that draw from a global generator
    model = fix_random_state(clone(task.model), task.seed)
    set_inner_folds(model, table, train, split, stratify=bool(classes), seed=task.seed)
    with one_thread():
        return model.fit(table.X.iloc[train], table.y.iloc[train])


def predict_with(
    model: Pipeline, X: pd.DataFrame, classes: list[str]
) -> tuple[np.ndarray, np.ndarray | None]:
    """Ask a fitted model about rows, in one thread.

    Parameters
    ----------
    model : Pipeline
        Fitted.
    X : DataFrame of shape (n_samples, n_features)
        The rows.
    classes : list of str
        Order of the probabilities' columns; empty for regression.

    Returns
    -------
    predicted : ndarray of shape (n_samples,)
        Class names or numbers.
    probability : ndarray of shape (n_samples, n_classes) or None
        None for regression.

    Examples
    --------
    >>> import pandas as pd
    >>> from ..config.example import dummy
    >>> X = pd.DataFrame({"dose": [1.0, 2.0, 3.0, 4.0]})
    >>> model = dummy("classification").fit(X, ["no", "no", "no", "yes"])
    >>> predict_with(model, X[:1], ["yes", "no"])[1].tolist()
    [[0.25, 0.75]]
    """
    with one_thread():
        if isinstance(model, Pipeline) and len(model) > 1:  # its steps prepare the rows once
            model, X = model[-1], model[:-1].transform(X)
        predicted = np.asarray(model.predict(X))
        if not classes:
            return predicted, None
        order = [list(model.classes_).index(name) for name in classes]
        return predicted, model.predict_proba(X)[:, order]


def one_thread() -> contextlib.AbstractContextManager:
    """Hold the thread pools of BLAS and OpenMP at one thread each.

    Sums are then added in one order: the same bits on any number of cores. And many fits at once do
    not ask for more threads than there are cores.

    Returns
    -------
    context manager
        The limit ends with it.

    Examples
    --------
    >>> from threadpoolctl import threadpool_info
    >>> with one_thread():
    ...     {pool["num_threads"] for pool in threadpool_info()}
    {1}
    """
    return _thread_pools(len(sys.modules)).limit(limits=1)


@lru_cache(maxsize=1)  # looking for pools takes milliseconds, and only an import brings new ones
def _thread_pools(_: int) -> ThreadpoolController:
    return ThreadpoolController()
