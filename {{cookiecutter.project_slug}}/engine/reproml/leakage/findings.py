"""Audits of the splits: nothing that the training side knows may be tested.

A finding *fails* when no score of the study can be believed until it is mended; it *warns* when
only the author can say whether something is wrong. Equal rows and telling features are found in
``traces``; what is done to rows before they are split, and what models do with them, in
``tampering``.

No audit sees everything. A feature that will not exist when the model is used, a group that no
column names, and rows that do not stand for those the claim is about look like any other.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd

from ..config.columns import Table
from ..config.study import Split
from ..split.splits import Fold, block_ids

SHOWN = 8  # rows or names that a message lists; the rest are counted


@dataclass(frozen=True)
class Finding:
    """What one check found, and what to do about it.

    Examples
    --------
    >>> Finding("duplicates", "fail", "rows 3, 9 equal others", "keep one of each").verdict
    'fail'
    """

    check: str
    verdict: Literal["pass", "warn", "fail"]
    message: str
    advice: str = ""


class Cut(NamedTuple):
    """One way in which rows are set apart, as positions in the table."""

    name: str
    train: np.ndarray  # (n_train,)
    test: np.ndarray  # (n_test,)


def cuts_of(development: np.ndarray, test: np.ndarray, folds: list[Fold]) -> list[Cut]:
    """Return every cut of the study: the locked test set, then the folds.

    Parameters
    ----------
    development, test : ndarray of shape (n_rows,)
        Positions, as `lock_test_set` gives them.
    folds : list of Fold
        The shared folds.

    Returns
    -------
    list of Cut
        A fold that holds a locked row puts it on the training side of the first cut too.

    Examples
    --------
    >>> fold = Fold(0, 0, np.array([0]), np.array([1, 2]))
    >>> for name, train, test in cuts_of(np.array([0, 1]), np.array([2, 3]), [fold]):
    ...     print(name, train, test)
    the locked test set [0 1 2] [2 3]
    repeat 0, fold 0 [0] [1 2]
    """
    used = np.unique(np.concatenate([development, *(r for f in folds for r in (f.train, f.test))]))
    return [
        Cut("the locked test set", used, test),
        *(Cut(f"repeat {f.repeat}, fold {f.fold}", f.train, f.test) for f in folds),
    ]


def shared_rows(table: Table, cuts: list[Cut]) -> Finding:
    """Check that no row of the raw file stands on both sides, copied rows included.

    Parameters
    ----------
    table : Table
        The checked rows.
    cuts : list of Cut
        What is set apart.

    Returns
    -------
    Finding
        Fails with the row numbers; this is also how oversampling before the split shows.

    Examples
    --------
    >>> y = pd.Series([1.0, 2.0, 3.0], index=[11, 12, 13])
    >>> table = Table(y.to_frame("dose"), y, None, None, None, dropped={})
    >>> cut = Cut("repeat 0, fold 0", np.array([0, 1]), np.array([1, 2]))
    >>> shared_rows(table, [cut]).message
    'row 12: on both sides of repeat 0, fold 0'
    """
    check, found = "same rows", overlaps(table.X.index, cuts)
    if not found:
        return Finding(check, "pass", f"no row is on both sides of any of {len(cuts)} splits")
    advice = "split before you repeat rows, and use the folds as splits.py makes them"
    message = f"{rows_at(table, found[0][1])}: {where(found)}"
    return Finding(check, "fail", message, advice)


def shared_groups(table: Table, split: Split, cuts: list[Cut]) -> Finding:
    """Check that no group is on both sides.

    Parameters
    ----------
    table : Table
        The checked rows.
    split : Split
        The ``[split]`` section.
    cuts : list of Cut
        What is set apart.

    Returns
    -------
    Finding
        Fails when the claim is about new groups. Warns when it is about rows or places and rows of
        one group are on both sides all the same. A claim about the future may know its groups.

    Examples
    --------
    >>> y = pd.Series([1.0, 2.0, 3.0], index=[1, 2, 3])
    >>> table = Table(y.to_frame("dose"), y, pd.Series(list("aab")), None, None, dropped={})
    >>> cut = Cut("repeat 0, fold 0", np.array([0]), np.array([1, 2]))
    >>> shared_groups(table, Split(dependence="grouped"), [cut]).message
    'group a (rows 1, 2): on both sides of repeat 0, fold 0'
    """
    if table.groups is None:
        return Finding("same groups", "pass", "no column has the role group")
    if split.dependence == "temporal":
        return Finding("same groups", "pass", "a claim about the future may know its groups")
    fails = split.dependence == "grouped"
    return _apart("same groups", "group", table.groups, table, cuts, "grouped", fails)


def shared_places(table: Table, split: Split, cuts: list[Cut]) -> Finding:
    """Check that no block is on both sides, or no place where the claim is about rows.

    Parameters
    ----------
    table : Table
        The checked rows.
    split : Split
        The ``[split]`` section.
    cuts : list of Cut
        What is set apart.

    Returns
    -------
    Finding
        Fails when the claim is about new places; warns when it is about rows. It cannot see that a
        block is narrower than the distance over which values resemble each other.

    Examples
    --------
    >>> y = pd.Series([1.0, 2.0, 3.0], index=[1, 2, 3])
    >>> place = pd.DataFrame({"x": [1.0, 2.0, 30.0], "y": [1.0, 1.0, 1.0]})
    >>> table = Table(y.to_frame("dose"), y, None, None, place, dropped={})
    >>> cut = Cut("repeat 0, fold 0", np.array([0]), np.array([1, 2]))
    >>> shared_places(table, Split(dependence="spatial", block=10.0), [cut]).message
    'block 0,0 (rows 1, 2): on both sides of repeat 0, fold 0'
    """
    if table.place is None:
        return Finding("same places", "pass", "no columns have the role place")
    if split.dependence in ("grouped", "temporal"):
        message = f"a {split.dependence} claim may know its places"
        return Finding("same places", "pass", message)
    if split.dependence == "spatial":
        blocks = pd.Series(block_ids(table.place, split.block))
        return _apart("same places", "block", blocks, table, cuts, "spatial", fails=True)
    places = pd.Series([f"{x},{y}" for x, y in table.place.to_numpy()])
    return _apart("same places", "place", places, table, cuts, "spatial", fails=False)


def time_order(table: Table, split: Split, cuts: list[Cut]) -> Finding:
    """Check that training ends ``gap`` time steps before the test starts.

    Parameters
    ----------
    table : Table
        The checked rows.
    split : Split
        The ``[split]`` section.
    cuts : list of Cut
        What is set apart.

    Returns
    -------
    Finding
        Fails when the claim is about the future; warns when it is about rows and the table has
        times. It cannot see a feature that is known only later than its row's time.

    Examples
    --------
    >>> y = pd.Series([1.0, 2.0, 3.0], index=[1, 2, 3])
    >>> table = Table(y.to_frame("dose"), y, None, pd.Series([1, 2, 3]), None, dropped={})
    >>> cut = Cut("repeat 0, fold 0", np.array([0, 1]), np.array([2]))
    >>> time_order(table, Split(dependence="temporal", gap=1), [cut]).message
    'row 2: used to train for repeat 0, fold 0, which tests from time 3 on with a gap of 1'
    """
    check = "time order"
    if table.time is None:
        return Finding(check, "pass", "no column has the role time")
    if split.dependence in ("grouped", "spatial"):
        return Finding(check, "pass", f"a {split.dependence} claim may know other times")
    times, step = np.unique(table.time.to_numpy(), return_inverse=True)
    for name, train, test in cuts:
        first = step[test].min()
        late = train[step[train] + split.gap >= first]
        if len(late) and split.dependence == "temporal":
            text = f"which tests from time {times[first]} on with a gap of {split.gap}"
            advice = "train on the past alone: use the folds as splits.py makes them"
            message = f"{rows_at(table, late)}: used to train for {name}, {text}"
            return Finding(check, "fail", message, advice)
        if len(late):
            advice = 'for a claim about the future set split.dependence = "temporal"'
            message = f"{rows_at(table, late)}: used to train for {name}, not before all it tests"
            return Finding(check, "warn", message, advice)
    return Finding(check, "pass", f"training ends before the test in each of {len(cuts)} splits")


def audit_splits(table: Table, split: Split, cuts: list[Cut]) -> list[Finding]:
    """Run the checks of this module.

    Parameters
    ----------
    table : Table
        The checked rows.
    split : Split
        The ``[split]`` section.
    cuts : list of Cut
        What is set apart, as `cuts_of` gives it.

    Returns
    -------
    list of Finding
        One per check, in a fixed order.

    Examples
    --------
    >>> y = pd.Series([1.0, 2.0, 3.0], index=[1, 2, 3])
    >>> table = Table(y.to_frame("dose"), y, None, None, None, dropped={})
    >>> cut = Cut("repeat 0, fold 0", np.array([0, 1]), np.array([2]))
    >>> [one.verdict for one in audit_splits(table, Split(dependence="independent"), [cut])]
    ['pass', 'pass', 'pass', 'pass']
    """
    return [
        shared_rows(table, cuts),
        shared_groups(table, split, cuts),
        shared_places(table, split, cuts),
        time_order(table, split, cuts),
    ]


def overlaps(values: pd.Series | pd.Index, cuts: list[Cut]) -> list[tuple[str, np.ndarray]]:
    """Find cuts that have one value on both sides.

    Parameters
    ----------
    values : Series or Index of shape (n_samples,)
        What must not be on both sides.
    cuts : list of Cut
        What is set apart.

    Returns
    -------
    list of (str, ndarray)
        Name of the cut, and sorted positions of the rows on either side that share a value.

    Examples
    --------
    >>> cut = Cut("repeat 0, fold 0", np.array([0, 1]), np.array([2, 3]))
    >>> overlaps(pd.Series(["a", "b", "b", "c"]), [cut])
    [('repeat 0, fold 0', array([1, 2]))]
    """
    codes = pd.factorize(values)[0]
    found = []
    for name, train, test in cuts:
        both = np.intersect1d(codes[train], codes[test])
        rows = np.union1d(train, test)
        if len(both):
            found.append((name, rows[np.isin(codes[rows], both)]))
    return found


def where(found: list[tuple[str, np.ndarray]]) -> str:
    """Say in which cuts something was found.

    Parameters
    ----------
    found : list of (str, ndarray)
        As `overlaps` gives it, not empty.

    Returns
    -------
    str
        The first cut's name, and how many more there are.

    Examples
    --------
    >>> where([("repeat 0, fold 0", np.array([1])), ("repeat 0, fold 1", np.array([1]))])
    'on both sides of repeat 0, fold 0 and of 1 more'
    """
    more = f" and of {len(found) - 1} more" if len(found) > 1 else ""
    return f"on both sides of {found[0][0]}{more}"


def listed(things: Iterable[object], separator: str = ", ") -> str:
    """Name the first things of a list and count the others.

    Parameters
    ----------
    things : iterable
        Row numbers, names or sentences.
    separator : str
        What stands between them.

    Returns
    -------
    str
        At most ``SHOWN`` of them.

    Examples
    --------
    >>> listed(range(1, 12))
    '1, 2, 3, 4, 5, 6, 7, 8, ... (3 more)'
    """
    texts = [str(thing) for thing in things]
    more = f"{separator}... ({len(texts) - SHOWN} more)" if len(texts) > SHOWN else ""
    return separator.join(texts[:SHOWN]) + more


def rows_at(table: Table, positions: np.ndarray) -> str:
    """Name rows by their numbers in the raw file.

    Parameters
    ----------
    table : Table
        The checked rows.
    positions : ndarray of shape (n_rows,)
        Positions in the table.

    Returns
    -------
    str
        At most ``SHOWN`` of them.

    Examples
    --------
    >>> y = pd.Series([1.0, 2.0, 3.0], index=[11, 12, 13])
    >>> rows_at(Table(y.to_frame(), y, None, None, None, dropped={}), np.array([0, 2]))
    'rows 11, 13'
    """
    return f"row{'s' if len(positions) > 1 else ''} {listed(table.X.index[positions])}"


def _apart(
    check: str,
    what: str,
    values: pd.Series,
    table: Table,
    cuts: list[Cut],
    claim: str,
    fails: bool,
) -> Finding:
    found = overlaps(values, cuts)
    if not found:
        return Finding(check, "pass", f"no {what} is on both sides of any of {len(cuts)} splits")
    rows = found[0][1]
    names = listed(sorted({str(value) for value in values.to_numpy()[rows]}))
    message = f"{what} {names} ({rows_at(table, rows)}): {where(found)}"
    if fails:
        advice = f"keep a whole {what} on one side: use the folds as splits.py makes them"
        return Finding(check, "fail", message, advice)
    advice = f'if the claim is about a new {what}, set split.dependence = "{claim}"'
    return Finding(check, "warn", message, advice)
