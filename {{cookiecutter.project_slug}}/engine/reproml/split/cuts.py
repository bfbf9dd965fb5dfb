"""Cuts rows in two or in folds, by what the paper's claim is about (claims.py).

Splitters get integers as ``random_state``: an instance would give every model other folds.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from sklearn.model_selection import TimeSeriesSplit

from ..config.study import Split, StudyError
from .claims import claim_of, units_of

if TYPE_CHECKING:
    from ..config.columns import Table


Cut = tuple[np.ndarray, np.ndarray]  # training and test rows


def cut_folds(
    table: Table, rows: np.ndarray, split: Split, *, stratify: bool, random_state: int, where: str
) -> list[Cut]:
    """Cut rows into folds once; sorted positions in the table, with every class on both sides."""
    if claim_of(split).ordered:
        cuts = successive(units_of(table, split)[rows], split)
    else:
        cuts = shuffled(table, rows, split, split.folds, stratify, random_state, "folds")
    folds = [(np.sort(rows[train]), np.sort(rows[test])) for train, test in cuts]
    if stratify:
        for number, (train, test) in enumerate(folds):
            check_classes(table, train, test, f"{where}, fold {number}")
    return folds


def successive(time: np.ndarray, split: Split) -> Iterator[Cut]:
    """Yield positions of training rows that end ``gap`` time steps before the test rows begin."""
    times = np.unique(time)
    try:
        steps = list(TimeSeriesSplit(split.folds, gap=split.gap).split(times))
    except ValueError as error:
        raise StudyError(
            f"{len(times)} time steps are too few for folds = {split.folds} and "
            f"gap = {split.gap} ({error}); lower one of them in [split]"
        ) from error
    for sides in steps:
        train, test = (np.flatnonzero(np.isin(time, times[side])) for side in sides)
        yield train, test


def shuffled(
    table: Table,
    rows: np.ndarray,
    split: Split,
    parts: int,
    stratify: bool,
    random_state: int,
    key: str,
) -> Iterator[Cut]:
    """Yield (train, test) as positions in ``rows``, whole units on either side."""
    claim = claim_of(split)
    enough_units(table, rows, split, parts, stratify, key)
    kind = claim.stratified if stratify else claim.splitter
    splitter = kind(parts, shuffle=True, random_state=random_state)
    units = None if claim.random else units_of(table, split)[rows]
    return splitter.split(rows, classes_of(table, rows), units)


def enough_units(
    table: Table, rows: np.ndarray, split: Split, parts: int, stratify: bool, key: str
) -> None:
    """Refuse to cut where there are fewer units, or rows of a class, than parts."""
    claim = claim_of(split)
    if not claim.random:
        count = len(np.unique(units_of(table, split)[rows]))
        if count < parts:
            raise StudyError(
                f"{count} {claim.units} are too few for {parts} parts; change {key} in [split]"
                + (", or make block smaller" if claim.block else "")
            )
        return
    counts = pd.Series(classes_of(table, rows)).value_counts() if stratify else {"any": len(rows)}
    for name, count in sorted(dict(counts).items()):
        if count < parts:
            raise StudyError(
                f"{count} rows of class {name!r} are too few for {parts} parts; change {key} in "
                "[split], or gather more rows"
            )


def classes_of(table: Table, rows: np.ndarray) -> np.ndarray:
    """Return the classes of rows."""
    return table.y.to_numpy()[rows]


def check_classes(table: Table, train: np.ndarray, test: np.ndarray, where: str) -> None:
    """Refuse a side that lacks a class."""
    everything = set(table.y.unique())
    for side, rows in (("training", train), ("test", test)):
        absent = sorted(everything - set(table.y.iloc[rows].unique()))
        if absent:
            raise StudyError(
                f"{where}: no {side} row has the class {absent}; change test_size, folds or "
                "block in [split], or gather more rows of that class"
            )
