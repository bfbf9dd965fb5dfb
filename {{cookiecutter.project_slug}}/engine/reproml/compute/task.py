"""One fit: a model on one fold; the same numbers wherever and whenever it is made."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.pipeline import Pipeline

from ..config.columns import Table
from ..config.seeds import fix_random_state, seed_for
from ..config.study import Study, StudyError
from ..config.watch import OnlyDeclared, allow
from ..split.inner_folds import set_inner_folds
from ..split.splits import Fold
from .shared_table import plain_table
from .threads import one_thread


@dataclass(frozen=True, slots=True)
class Task:
    """One fit; ``model`` is unfitted and cloned, so that one pipeline serves many tasks."""

    name: str  # what the results call the model
    model: Pipeline
    fold: Fold
    seed: int  # of this fit; variants of one model that are compared share it
    checkpoint: Path | None = None  # where a model that can go on after a stop keeps how far it is


@dataclass(frozen=True, slots=True)
class Predictions:
    """What a fitted model said about a fold's test rows."""

    name: str
    fold: Fold
    predicted: np.ndarray  # (n_test,), class names or numbers
    probability: np.ndarray | None  # (n_test, n_classes) in the order of the study's classes
    kept: dict[str, pd.DataFrame] = field(default_factory=dict)  # what the fit kept, by name

    @property
    def said(self) -> tuple[np.ndarray, np.ndarray | None, dict[str, pd.DataFrame]]:
        """All that the fit gave."""
        return self.predicted, self.probability, self.kept


def make_tasks(
    models: dict[str, Pipeline], folds: Iterable[Fold], seed: int, *, purpose: str | None = None
) -> list[Task]:
    """Pair every model with every fold; variants of one model pass its name as the purpose.

    With the same purpose they draw the same seeds, so that they differ in their switch alone.
    """
    return [
        Task(
            name, model, fold, seed_for(seed, f"model/{purpose or name}/{fold.repeat}/{fold.fold}")
        )
        for name, model in models.items()
        for fold in folds
    ]


def run_task(task: Task, table: Table, study: Study) -> Predictions:
    """Fit one model on one fold's training rows and predict its test rows.

    >>> from small_study import linear, trial
    >>> table, study = trial([0.0, 1.0, 2.0, 3.0])
    >>> fold = Fold(0, 0, train=np.array([0, 1, 3]), test=np.array([2]))
    >>> run_task(Task("linear", linear("regression"), fold, 0), table, study).predicted.round(2)
    array([1.83])
    """
    model = fit_task(task, table, study)
    with fit_in_words(task, table, asked=True):
        said = predict_with(model, table.X.iloc[task.fold.test], study.data.classes)
    finite = np.isfinite(np.asarray(said[0], float) if said[1] is None else said[1].sum(axis=1))
    if not finite.all():
        where = f"repeat {task.fold.repeat}, fold {task.fold.fold}"
        raise StudyError(
            f"{task.name} predicts NaN or infinity for {np.sum(~finite)} of {len(finite)} test "
            f"rows of {where}, which no metric can score; mend the model"
        )
    return Predictions(task.name, task.fold, *said, kept_by(model, task.name))


def kept_by(model: Any, name: str) -> dict[str, pd.DataFrame]:
    """Return the tables that a fitted model keeps in ``kept_``, or its steps do, by name.

    >>> from small_study import linear
    >>> model = linear("regression")
    >>> model[-1].kept_ = {"curves": pd.DataFrame({"epoch": [1], "loss": [0.5]})}
    >>> kept_by(model, "candidate")["curves"]
       epoch  loss
    0      1   0.5
    """
    steps = [step for _, step in model.steps] if isinstance(model, Pipeline) else [model]
    found: dict[str, pd.DataFrame] = {}
    for one in (getattr(step, "best_estimator_", step) for step in steps):
        if isinstance(one, Pipeline):
            found |= kept_by(one, name)
        for title, table in getattr(one, "kept_", {}).items():
            if not isinstance(table, pd.DataFrame) or not re.fullmatch("[a-z][a-z0-9_]*", title):
                raise StudyError(
                    f"{name} keeps {title!r}, a {type(table).__name__}; kept_ has tables (pandas "
                    "DataFrame) by names of small letters, digits and _"
                )
            found[title] = table
    return found


def fit_task(task: Task, table: Table, study: Study) -> Pipeline:
    """Return a clone of the task's model, fitted on the fold's training rows in one thread."""
    train = task.fold.train
    study.code.fix_seeds(task.seed)  # for models that draw from a global generator
    model = fix_random_state(clone(task.model), task.seed)
    stratify = bool(study.data.classes)
    set_inner_folds(model, table, train, study.split, stratify=stratify, seed=task.seed)
    if task.checkpoint:
        model.set_params(**dict.fromkeys(resumable(model), str(task.checkpoint)))
        allow(task.checkpoint)
    with one_thread(), fit_in_words(task, table):
        return model.fit(table.X.iloc[train], table.y.iloc[train])


def resumable(model: Any) -> list[str]:
    """Return the parameter ``checkpoint`` of a model or of one step, if there is one.

    A search or a calibration fits many models, which cannot share a file: theirs have none.

    >>> from small_study import linear
    >>> resumable(linear("regression"))
    []
    """
    steps = model.steps if isinstance(model, Pipeline) else [("", model)]
    own = {name: step.get_params(deep=False) for name, step in steps if hasattr(step, "get_params")}
    found = [name for name in own if "checkpoint" in own[name]]
    return [f"{found[0]}__checkpoint".removeprefix("__")] if len(found) == 1 else []


@contextlib.contextmanager
def fit_in_words(task: Task, table: Table, *, asked: bool = False) -> Iterator[None]:
    """Say which rows a model can't be fitted on, or asked about, and whether a column is empty."""
    try:
        yield
    except ValueError as error:
        X = table.X.iloc[task.fold.test if asked else task.fold.train]
        empty = list(X.columns[X.isna().all()])
        rows = f"{len(X)} {'test' if asked else 'training'} rows"
        where = f"{rows} of repeat {task.fold.repeat}, fold {task.fold.fold}"
        hint = (
            f'the columns {empty} have no value there: give them the role "ignore" in study.toml, '
            "or fill them in more rows"
            if empty
            else "gather more rows, lower folds in [split] of study.toml, or mend the model"
        )
        what = str(error).partition("\n")[0].rstrip(".")
        # a list of names may be one of persons
        what = re.sub(r"\[[^]]*['\"][^]]*\]", "[...]", what)
        verb = "predict" if asked else "be fitted on"
        raise StudyError(f"{task.name} can't {verb} the {where} ({what}); {hint}") from error


def predict_with(
    model: Pipeline, X: pd.DataFrame, classes: list[str]
) -> tuple[np.ndarray, np.ndarray | None]:
    """Ask a fitted model about rows, in one thread: predictions, and a probability per class."""
    with one_thread():
        if isinstance(model, Pipeline) and len(model) > 1:  # its steps prepare the rows once
            model, X = model[-1], model[:-1].transform(X)
        predicted = np.asarray(model.predict(X))
        if not classes:
            return predicted, None
        order = [list(model.classes_).index(name) for name in classes]
        return predicted, model.predict_proba(X)[:, order]


class Outcome(NamedTuple):
    """What comes back from a fit."""

    number: int  # of the task
    value: Any  # of `do` or `finish`
    said: tuple[Any, ...] | None  # predictions, probabilities, tables; None unless they are kept


@dataclass(frozen=True)
class Work:
    """What all fits of a stage share; a worker opens it once and is then sent numbers of tasks."""

    tasks: list[Task]
    table: Table
    study: Study
    do: Callable[[Task, Table], Any] | None
    finish: Callable[[Predictions, Table], Any] | None
    keep: bool  # whether predictions come back too; a score is small, they are not

    def run(self, number: int) -> Outcome:
        """Make one fit."""
        task = self.tasks[number]
        where = f"{task.name} (repeat {task.fold.repeat}, fold {task.fold.fold})"
        with OnlyDeclared(self.study, where):
            if self.do:
                return Outcome(number, self.do(task, self.table), None)
            made = run_task(task, self.table, self.study)
            value = self.finish(made, self.table) if self.finish else None
        return Outcome(number, value, made.said if self.keep else None)

    def whole(self) -> Work:
        """Return this work with the table's rows in it, for machines that see no file of ours."""
        return replace(self, table=plain_table(self.table))
