"""Explains the candidate on the shared folds."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ..compute.task import Task, make_tasks
from ..config.seeds import seed_for
from ..config.study import Study
from ..explain.dependence import fold_dependence, grid_of, rows_to_follow
from ..explain.feature_groups import COMPARED, GROUPED, correlated_groups, items_of, units_of
from ..explain.importance import fold_explanation, fold_leaders
from ..explain.summary import FEATURES, LEADERS, importance_table, leading_features
from .terminal import say

if TYPE_CHECKING:
    from ..split.splits import Fold
    from .run import Run

NONE = pd.DataFrame({"group": [], "feature": []}, dtype=object)
MEMBERS = 5  # of a leading group that are shuffled alone


def feature_groups(run: Run) -> pd.DataFrame:
    """Return which features are so correlated that they stand in for each other.

    Of many features, they are compared in some rows; of very many, those that are shuffled alone
    are compared, as n features make n² pairs.
    """
    X = run.table.X.iloc[run.development]
    if X.shape[1] > FEATURES:
        say(f"looking for the leading ones of {X.shape[1]:,} features ...", sys.stderr)
        rng = np.random.default_rng(seed_for(run.study.seed, "interpretation/groups"))
        X = X.iloc[np.sort(rng.permutation(len(X))[:COMPARED])]
    return correlated_groups(X if X.shape[1] <= GROUPED else X[_alone(run, NONE)])


def _alone(run: Run, groups: pd.DataFrame) -> list[str]:
    """Return the features that are shuffled alone: all, or the leading ones of many."""
    names, study = run.table.X.columns, run.study
    if len(names) <= FEATURES:
        return list(names)
    items = items_of(names, groups)
    tasks = make_tasks(run.models([study.models.candidate]), _once(run), study.seed)
    found = run.predict(tasks, partial(fold_leaders, study=_own(study), items=items))
    worth = np.sum([fold["worth"] for fold in found], axis=0)
    ordered = [name for item in np.argsort(-worth, kind="stable") for name in items[item][:MEMBERS]]
    return sorted(ordered[:LEADERS], key=names.get_loc)


def importance(
    run: Run, names: list[str], groups: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the candidate's permutation importances, and what models say of themselves."""
    candidate = run.study.models.candidate
    many = run.table.X.shape[1] > GROUPED  # the search knew no groups
    alone = _alone(run, NONE if many else groups)
    units = units_of(run.table.X.columns, groups, alone)
    tasks = make_tasks(run.models(names), run.folds, run.study.seed)  # the seeds of the baselines
    # the candidate on all folds; what follows takes each row once: the folds of the first repeat
    tasks = [task for task in tasks if task.name == candidate or task.fold.repeat == 0]
    do = partial(fold_explanation, study=_own(run.study), units=units, candidate=candidate)
    found = run.predict(tasks, do)
    importances, weights = (
        _joined([both[part] for both in found if both[part].columns.size]) for part in (0, 1)
    )
    return importances, weights


def dependence(
    run: Run, importances: pd.DataFrame, groups: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return how predictions move with each leading feature: on average, and of single rows."""
    study, X = run.study, run.table.X.iloc[run.development]
    leading = leading_features(importance_table(importances, groups, **run.sizes))
    grids = {name: grid_of(X[name], study.data.column_for(name)) for name in leading}
    grids = {name: grid for name, grid in grids.items() if len(grid)}
    once = _once(run)
    tasks: list[Task] = make_tasks(run.models([study.models.candidate]), once, study.seed)
    kept = rows_to_follow(once, study.seed)
    do = partial(fold_dependence, study=_own(study), grids=grids, kept=kept)
    found = run.predict(tasks, do)
    curves, rows = (_joined([both[part] for both in found]) for part in (0, 1))
    return curves, rows


def _once(run: Run) -> list[Fold]:
    return [fold for fold in run.folds if fold.repeat == 0]


def _own(study: Study) -> Study:
    """Leave out what explanations do not depend on: an edit of that leaves the cache as it is."""
    return study.model_copy(update={"ablations": {}, "compute": None, "models": None})


def _joined(frames: list[pd.DataFrame]) -> pd.DataFrame:
    return pd.concat(frames, ignore_index=True)
