"""Locked test rows and shared folds, cut by what the paper's claim is about (claims.py).

All models share the folds, so they can be compared pair by pair.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.model_selection import train_test_split

from ..config.columns import Table
from ..config.seeds import seed_for
from ..config.study import Split, StudyError
from .claims import claim_of, units_of
from .cuts import check_classes, classes_of, cut_folds, enough_units, shuffled


@dataclass(frozen=True)
class Fold:
    """Training and test rows of one fold, as positions in the table (not row numbers)."""

    repeat: int
    fold: int
    train: np.ndarray  # (n_train,)
    test: np.ndarray  # (n_test,)


def lock_test_set(
    table: Table, split: Split, *, stratify: bool, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Set the test rows aside: sorted positions (n_development,) and (n_test,).

    ``stratify`` keeps the classes' shares alike on both sides (time cannot be stratified) and
    refuses a side that lacks a class. With a ``gap``, rows between the two belong to neither.

    Examples
    --------
    >>> rows = pd.RangeIndex(8)
    >>> month = pd.Series([0, 0, 1, 1, 2, 2, 3, 3], index=rows)
    >>> y = pd.Series(np.arange(8.0), index=rows)
    >>> table = Table(y.to_frame(), y, None, month, None, dropped={})
    >>> split = Split(dependence="temporal", test_size=0.25, gap=1)
    >>> development, test = lock_test_set(table, split, stratify=False, seed=0)
    >>> development.tolist(), test.tolist()  # month 2 is the gap
    ([0, 1, 2, 3], [6, 7])
    """
    everything, claim = np.arange(len(table.y)), claim_of(split)
    random_state = seed_for(seed, "split/test")
    if claim.ordered:
        development, test = _last_steps(units_of(table, split), split)
    elif claim.random:
        enough_units(table, everything, split, 2, stratify, "test_size")
        try:
            development, test = train_test_split(
                everything,
                test_size=split.test_size,
                stratify=classes_of(table, everything) if stratify else None,
                random_state=random_state,
            )
        except ValueError as error:
            raise StudyError(
                f"{len(everything)} rows are too few for test_size = {split.test_size} ({error}); "
                "change it in [split], or gather more rows"
            ) from error
    else:  # whole units: one part of about 1 / test_size parts
        parts = max(2, round(1 / split.test_size))
        cuts = shuffled(table, everything, split, parts, stratify, random_state, "test_size")
        development, test = next(cuts)
    development, test = np.sort(development), np.sort(test)
    if stratify:
        check_classes(table, development, test, "the locked test set")
    return development, test


def _last_steps(time: np.ndarray, split: Split) -> tuple[np.ndarray, np.ndarray]:
    times = np.unique(time)
    n_test = max(1, round(split.test_size * len(times)))
    n_development = len(times) - n_test - split.gap
    if n_development < 2:
        raise StudyError(
            f"{len(times)} time steps are too few for test_size = {split.test_size} and "
            f"gap = {split.gap}; lower one of them in [split]"
        )
    step = np.searchsorted(times, time)
    return np.flatnonzero(step < n_development), np.flatnonzero(step >= len(times) - n_test)


def make_folds(
    table: Table, rows: np.ndarray, split: Split, *, stratify: bool, seed: int
) -> list[Fold]:
    """Cut rows (positions) into ``repeats * folds`` folds that every model shares, in order.

    Each repeat has a seed of its own, so one more repeat moves no other. ``stratify`` as in
    `lock_test_set`.

    Examples
    --------
    >>> rows = pd.RangeIndex(6)
    >>> site = pd.Series(["a", "a", "b", "b", "c", "c"], index=rows)
    >>> y = pd.Series(np.arange(6.0), index=rows)
    >>> table = Table(y.to_frame(), y, site, None, None, dropped={})
    >>> split = Split(dependence="grouped", folds=3)
    >>> folds = make_folds(table, np.arange(6), split, stratify=False, seed=0)
    >>> [sorted(set(site.iloc[fold.test])) for fold in folds]
    [['a'], ['c'], ['b']]
    """
    folds = []
    for repeat in range(split.repeats):
        random_state = seed_for(seed, f"split/folds/{repeat}")
        how = {"stratify": stratify, "random_state": random_state, "where": f"repeat {repeat}"}
        cuts = cut_folds(table, rows, split, **how)
        folds += [Fold(repeat, number, *sides) for number, sides in enumerate(cuts)]
    return folds


def row_table(index: pd.Index, folds: list[Fold], locked: np.ndarray) -> pd.DataFrame:
    """Return which fold tests each row: a row per row of the data, a column per repeat.

    A fold trains on the rows that the other folds test. Where it does not, as with time, the column
    trained_from has the first fold that trains on a row; later folds do too. What is in neither
    (such as a gap) is empty.

    >>> first = Fold(0, 0, np.array([0]), np.array([1]))
    >>> folds = [first, Fold(0, 1, np.array([0, 1]), np.array([2]))]
    >>> row_table(pd.RangeIndex(1, 6), folds, locked=np.array([4]))
       row repeat_0 trained_from
    0    1                     0
    1    2        0            1
    2    3        1
    3    4
    4    5   locked
    """
    columns = [f"repeat_{repeat}" for repeat in sorted({fold.repeat for fold in folds})]
    table = pd.DataFrame("", index=range(len(index)), columns=columns)
    for fold in folds:
        table.iloc[fold.test, fold.repeat] = str(fold.fold)
    table.iloc[locked] = "locked"
    tested = table.iloc[:, 0].str.isdigit().sum()
    if any(len(fold.train) + len(fold.test) != tested for fold in folds):
        table["trained_from"] = ""
        for fold in reversed(folds):
            table.iloc[fold.train, -1] = str(fold.fold)
    table.insert(0, "row", index)
    return table


def fold_table(folds: list[Fold]) -> pd.DataFrame:
    """Return how many rows each fold trains and tests on, a row each.

    The corrected t-test needs the ratio of their means.

    >>> fold_table([Fold(0, 0, np.arange(6), np.arange(6, 9))])
       repeat  fold  n_train  n_test
    0       0     0        6       3
    """
    rows = [(fold.repeat, fold.fold, len(fold.train), len(fold.test)) for fold in folds]
    return pd.DataFrame(rows, columns=["repeat", "fold", "n_train", "n_test"])
