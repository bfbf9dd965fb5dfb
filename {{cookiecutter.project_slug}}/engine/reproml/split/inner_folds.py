"""Keeps a model's own search inside the training rows, on folds that respect the study's split.

A model that tunes itself (``GridSearchCV``, ``RandomizedSearchCV``, ``RidgeCV``, ``RFECV``,
``StackingClassifier``) has a parameter ``cv``. Left at a number it cuts rows at random: rows of one
group come to lie on both sides, and the search prefers what recognises the group. Here every ``cv``
becomes folds of the training rows, cut like the study's own. They are positions in the training
rows, so a search cannot reach the rows that its model is tested on.

A model that stops its training early, such as a network, has a parameter ``inner_rows``: it gets
the same folds, and stops by the rows that the last of them holds out.

Rows that a model sets aside by itself for early stopping (``validation_fraction``) come from the
training rows too, but at random: they may stop it too late, they do not make its score look better.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import StackingClassifier, StackingRegressor
from sklearn.multioutput import ClassifierChain, RegressorChain
from sklearn.preprocessing import TargetEncoder

from ..config.seeds import seed_for
from ..config.study import Split, StudyError
from .cuts import cut_folds

if TYPE_CHECKING:
    from ..config.columns import Table

# These have a cv, too, but choose no parameter.
COMBINED = (CalibratedClassifierCV, StackingClassifier, StackingRegressor)
COMBINED += (ClassifierChain, RegressorChain, TargetEncoder)


def searches(model: Any) -> list[str]:
    """Return the names of the parameters that say how a model cuts its training rows.

    Examples
    --------
    >>> from sklearn.linear_model import Ridge, RidgeCV
    >>> from sklearn.pipeline import Pipeline
    >>> searches(Pipeline([("model", RidgeCV())])), searches(Ridge())
    (['model__cv'], [])
    """
    return _ending(model, "cv")


def early_stopping_rows(
    inner_rows: Any, X: Any, y: Any, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return positions of rows to train on, and of rows whose loss says when to stop.

    Parameters
    ----------
    inner_rows : list of (array, array), object with ``split``, or None
        What the engine set the parameter of that name to: folds that respect groups, times and
        places. None, of a model that is used by itself, takes a fifth of the rows at random.
    X, y : array-like of shape (n_samples, ...) and (n_samples,)
        As ``fit`` got them.
    seed : int
        For the rows that are drawn at random.

    Returns
    -------
    tuple of ndarray
        The last of the folds, which in time is the one that has most rows to train on.

    Raises
    ------
    StudyError
        Inside a search, if ``y`` has lost the labels of its rows: ask before they are converted.

    Examples
    --------
    >>> folds = [(np.array([0]), np.array([1])), (np.array([0, 1]), np.array([2]))]
    >>> early_stopping_rows(folds, np.zeros((3, 1)), np.zeros(3), seed=0)
    (array([0, 1]), array([2]))
    >>> [len(rows) for rows in early_stopping_rows(None, np.zeros((10, 1)), np.zeros(10), seed=0)]
    [8, 2]
    """
    if inner_rows is None:
        order = np.random.default_rng(seed).permutation(len(y))
        n_aside = max(1, len(y) // 5)
        return order[n_aside:], order[:n_aside]
    folds = inner_rows.split(X, y) if hasattr(inner_rows, "split") else inner_rows
    return list(folds)[-1]


def cuts(model: Any) -> list[str]:
    """Return the names of all parameters that take folds of a model's training rows."""
    return searches(model) + _ending(model, "inner_rows")


def _ending(model: Any, end: str) -> list[str]:
    return sorted(name for name in model.get_params() if name.rpartition("__")[2] == end)


def tunes(model: Any) -> bool:
    """Tell whether a model chooses parameters of its own; a calibration cuts rows for another end.

    Examples
    --------
    >>> from sklearn.calibration import CalibratedClassifierCV
    >>> from sklearn.linear_model import RidgeCV
    >>> tunes(RidgeCV()), tunes(CalibratedClassifierCV())
    (True, False)
    """
    parts = model.get_params()
    owners = [parts[name[: -len("__cv")]] if "__" in name else model for name in searches(model)]
    return any(not isinstance(owner, COMBINED) for owner in owners)


def inner_folds(
    table: Table, train: np.ndarray, split: Split, *, stratify: bool, seed: int
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Cut training rows once, like the study's own; positions in ``train``, as ``cv`` takes them.

    Examples
    --------
    >>> import pandas as pd
    >>> site = pd.Series(["a", "a", "b", "b", "c", "c"])
    >>> from ..config.columns import Table
    >>> table = Table(site.to_frame(), pd.Series(np.arange(6.0)), site, None, None, dropped={})
    >>> split = Split(dependence="grouped", folds=2, repeats=6)
    >>> train = np.array([2, 3, 4, 5])  # b and c
    >>> [test.tolist() for _, test in inner_folds(table, train, split, stratify=False, seed=0)]
    [[0, 1], [2, 3]]
    """
    how = {"stratify": stratify, "random_state": seed_for(seed, "split/folds/0")}
    try:
        folds = cut_folds(table, train, split, **how, where="repeat 0")
    except StudyError as error:
        raise StudyError(f"a cv inside a fold's training rows: {error}") from error
    position = np.full(len(table.y), -1)
    position[train] = np.arange(len(train))
    return [(position[inside], position[aside]) for inside, aside in folds]


class RowFolds:
    """Cuts the rows that it is handed like the study cuts its own; a ``cv`` for scikit-learn.

    A search hands its estimator a part of its own training rows, so that positions are not known
    before. Rows are told apart by the labels of ``y``.
    """

    def __init__(self, table: Table, split: Split, *, stratify: bool, seed: int):
        self.table = replace(table, X=table.X[[]])  # no feature is needed
        self.plan, self.stratify, self.seed = split, stratify, seed

    def __deepcopy__(self, _: dict) -> RowFolds:
        return self  # nothing changes it; a search copies its estimator for every fit

    def split(self, X: Any, y: Any = None, groups: Any = None) -> Iterator[tuple]:
        """Yield positions in the rows that are handed over."""
        labels = getattr(y, "index", None)
        rows = [-1] if labels is None else self.table.y.index.get_indexer(labels)
        if np.min(rows) < 0:
            raise StudyError(
                "the model has a cv inside a cv, and the inner one does not learn which rows "
                "it gets, so its folds cannot respect the split. Let one search choose all "
                "parameters"
            )
        how = {"stratify": self.stratify, "seed": self.seed}
        yield from inner_folds(self.table, rows, self.plan, **how)

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        """Return how many folds there are."""
        return self.plan.folds


def set_inner_folds(
    model: Any, table: Table, train: np.ndarray, split: Split | None, *, stratify: bool, seed: int
) -> Any:
    """Give every ``cv`` and ``inner_rows`` folds of the training rows ``train``; change the model.

    A search inside a search gets folds of the rows that the outer one hands it.
    """
    names = cuts(model)
    if not names:
        return model
    if split is None:
        raise StudyError(f"the model has {names}: it cuts rows, so hand the study's split over")
    inside = {
        name
        for outer in names
        for name in names
        if name != outer and outer.endswith("cv") and name.startswith(outer[: -len("cv")])
    }
    folds = inner_folds(table, train, split, stratify=stratify, seed=seed)
    by_row = RowFolds(table, split, stratify=stratify, seed=seed)
    return model.set_params(**{name: by_row if name in inside else folds for name in names})
