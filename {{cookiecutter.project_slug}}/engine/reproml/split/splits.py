"""Locked test rows and shared folds, chosen by what the paper's claim is about.

============  =================================  ===========================================
dependence    the claim is about                 rows that stay together
============  =================================  ===========================================
independent   more rows of the same kind         none
grouped       new groups (sites, patients)       a group
temporal      the future                         a time step; training ends ``gap`` before test
spatial       new places                         a block of ``block`` by ``block``
============  =================================  ===========================================

All models share the folds, so they can be compared pair by pair. Splitters get integers as
``random_state``: an instance would give every model other folds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.model_selection import (
    GroupKFold,
    KFold,
    StratifiedGroupKFold,
    StratifiedKFold,
    TimeSeriesSplit,
    train_test_split,
)

from ..config.columns import Table
from ..config.seeds import seed_for
from ..config.study import Split, StudyError

UNITS = {  # what must not be torn apart
    "independent": "rows",
    "grouped": "groups",
    "temporal": "time steps",
    "spatial": "blocks",
}


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
    """Set the test rows aside; nothing but the final evaluation may look at them.

    Parameters
    ----------
    table : Table
        The checked rows.
    split : Split
        The ``[split]`` section.
    stratify : bool
        True for classification: keep the classes' shares alike on both sides (time cannot be
        stratified) and refuse a side that lacks a class.
    seed : int
        The study's seed.

    Returns
    -------
    development : ndarray of shape (n_development,)
        Positions of the rows to develop on, sorted.
    test : ndarray of shape (n_test,)
        Positions of the locked rows, sorted. With a temporal ``gap``, rows between the two
        belong to neither.

    Raises
    ------
    StudyError
        If there are too few rows, groups, blocks or time steps, or a side lacks a class.

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
    everything = np.arange(len(table.y))
    if split.dependence == "temporal":
        times = np.unique(units_of(table, split))
        n_test = max(1, round(split.test_size * len(times)))
        n_development = len(times) - n_test - split.gap
        if n_development < 2:
            raise StudyError(
                f"{len(times)} time steps are too few for test_size = {split.test_size} and "
                f"gap = {split.gap}; lower one of them in [split]"
            )
        step = np.searchsorted(times, units_of(table, split))
        development = everything[step < n_development]
        test = everything[step >= len(times) - n_test]
    elif split.dependence == "independent":
        _enough_rows(table, everything, 2, stratify, "test_size")
        development, test = train_test_split(
            everything,
            test_size=split.test_size,
            stratify=_classes(table, everything) if stratify else None,
            random_state=seed_for(seed, "split/test"),
        )
    else:  # whole groups: one part of about 1 / test_size parts
        parts = max(2, round(1 / split.test_size))
        splitter = _group_splitter(parts, stratify, seed_for(seed, "split/test"))
        units = _enough_units(table, everything, split, parts, "test_size")
        development, test = next(splitter.split(everything, _classes(table, everything), units))
    development, test = np.sort(development), np.sort(test)
    if stratify:
        _check_classes(table, development, test, "the locked test set")
    return development, test


def make_folds(
    table: Table, rows: np.ndarray, split: Split, *, stratify: bool, seed: int
) -> list[Fold]:
    """Cut rows into folds that every model shares.

    Parameters
    ----------
    table : Table
        The checked rows.
    rows : ndarray of shape (n_rows,)
        Positions to cut: the development rows.
    split : Split
        The ``[split]`` section.
    stratify : bool
        True for classification: keep the classes' shares alike in all folds (time cannot be
        stratified) and refuse a side that lacks a class.
    seed : int
        The study's seed; each repeat has its own, so one more repeat moves no other.

    Returns
    -------
    list of Fold
        ``repeats * folds`` folds, in order.

    Raises
    ------
    StudyError
        If there are too few rows, groups, blocks or time steps, or a fold lacks a class.

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
        cuts = _cuts(table, rows, split, stratify, random_state)
        for number, (train, test) in enumerate(cuts):
            fold = Fold(repeat, number, np.sort(rows[train]), np.sort(rows[test]))
            if stratify:
                where = f"repeat {repeat}, fold {number}"
                _check_classes(table, fold.train, fold.test, where)
            folds.append(fold)
    return folds


def fold_sizes(folds: list[Fold]) -> tuple[float, float]:
    """Return how many rows a fold trains and tests on, in the mean.

    Parameters
    ----------
    folds : list of Fold
        The shared folds.

    Returns
    -------
    n_train, n_test : float
        Mean numbers of rows; the corrected t-test needs their ratio.

    Examples
    --------
    >>> fold_sizes([Fold(0, 0, np.arange(6), np.arange(6, 9))])
    (6.0, 3.0)
    """
    n_train = float(np.mean([len(fold.train) for fold in folds]))
    return n_train, float(np.mean([len(fold.test) for fold in folds]))


def fold_table(folds: list[Fold]) -> pd.DataFrame:
    """Return how many rows each fold trains and tests on.

    Parameters
    ----------
    folds : list of Fold
        The shared folds.

    Returns
    -------
    DataFrame of shape (n_folds, 4)
        Columns repeat, fold, n_train, n_test.

    Examples
    --------
    >>> fold_table([Fold(0, 0, np.arange(6), np.arange(6, 9))])
       repeat  fold  n_train  n_test
    0       0     0        6       3
    """
    rows = [(fold.repeat, fold.fold, len(fold.train), len(fold.test)) for fold in folds]
    return pd.DataFrame(rows, columns=["repeat", "fold", "n_train", "n_test"])


def block_ids(place: pd.DataFrame, block: float) -> np.ndarray:
    """Name the square block that each row lies in.

    Parameters
    ----------
    place : DataFrame of shape (n_samples, 2)
        x and y, in units of length.
    block : float
        Side of a block in the same units. Wider than the distance over which values resemble
        each other, or neighbours end up on both sides.

    Returns
    -------
    ndarray of shape (n_samples,)
        Block names.

    Examples
    --------
    >>> place = pd.DataFrame({"x": [1.0, 9.0, 11.0], "y": [2.0, 3.0, -1.0]})
    >>> block_ids(place, 10.0).tolist()
    ['0,0', '0,0', '1,-1']
    """
    cells = np.floor(place.to_numpy(dtype=float) / block).astype(int)  # (n_samples, 2)
    return np.array([f"{x},{y}" for x, y in cells])


def units_of(table: Table, split: Split) -> np.ndarray:
    """Return what must not be torn apart: the group, time step or block of each row.

    Parameters
    ----------
    table : Table
        The checked rows.
    split : Split
        The ``[split]`` section.

    Returns
    -------
    ndarray of shape (n_samples,)
        A name per row; rows that are independent have one each.

    Examples
    --------
    >>> site = pd.Series(["a", "a", "b"])
    >>> table = Table(site.to_frame(), site, site, None, None, dropped={})
    >>> units_of(table, Split(dependence="grouped")).tolist()
    ['a', 'a', 'b']
    >>> units_of(table, Split(dependence="independent")).tolist()
    [0, 1, 2]
    """
    if split.dependence == "grouped":
        return table.groups.to_numpy()
    if split.dependence == "temporal":
        return table.time.to_numpy()
    if split.dependence == "spatial":
        return block_ids(table.place, split.block)
    return np.arange(len(table.y))


def _cuts(
    table: Table, rows: np.ndarray, split: Split, stratify: bool, random_state: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield (train, test) as positions in ``rows``."""
    if split.dependence == "temporal":
        units = units_of(table, split)[rows]
        times = np.unique(units)
        try:
            steps = list(TimeSeriesSplit(split.folds, gap=split.gap).split(times))
        except ValueError as error:
            raise StudyError(
                f"{len(times)} time steps are too few for folds = {split.folds} and "
                f"gap = {split.gap} ({error}); lower one of them in [split]"
            ) from error
        for train, test in steps:
            yield np.flatnonzero(np.isin(units, times[train])), np.flatnonzero(
                np.isin(units, times[test])
            )
    elif split.dependence == "independent":
        _enough_rows(table, rows, split.folds, stratify, "folds")
        kind = StratifiedKFold if stratify else KFold
        splitter = kind(split.folds, shuffle=True, random_state=random_state)
        yield from splitter.split(rows, _classes(table, rows) if stratify else None)
    else:
        splitter = _group_splitter(split.folds, stratify, random_state)
        units = _enough_units(table, rows, split, split.folds, "folds")
        yield from splitter.split(rows, _classes(table, rows), units)


def _group_splitter(parts: int, stratify: bool, random_state: int) -> GroupKFold:
    kind = StratifiedGroupKFold if stratify else GroupKFold
    return kind(parts, shuffle=True, random_state=random_state)


def _enough_rows(table: Table, rows: np.ndarray, parts: int, stratify: bool, key: str) -> None:
    counts = pd.Series(_classes(table, rows)).value_counts() if stratify else {"any": len(rows)}
    for name, count in sorted(dict(counts).items()):
        if count < parts:
            raise StudyError(
                f"{count} rows of class {name!r} are too few for {parts} parts; change {key} in "
                "[split], or gather more rows"
            )


def _enough_units(table: Table, rows: np.ndarray, split: Split, parts: int, key: str) -> np.ndarray:
    units = units_of(table, split)[rows]
    count = len(np.unique(units))
    if count < parts:
        name = UNITS[split.dependence]
        raise StudyError(
            f"{count} {name} are too few for {parts} parts; change {key} in [split]"
            + (", or make block smaller" if name == "blocks" else "")
        )
    return units


def _classes(table: Table, rows: np.ndarray) -> np.ndarray:
    return table.y.to_numpy()[rows]


def _check_classes(table: Table, train: np.ndarray, test: np.ndarray, where: str) -> None:
    everything = set(table.y)
    for side, rows in (("training", train), ("test", test)):
        absent = sorted(everything - set(_classes(table, rows)))
        if absent:
            raise StudyError(
                f"{where}: no {side} row has the class {absent}; change test_size, folds or "
                "block in [split], or gather more rows of that class"
            )
