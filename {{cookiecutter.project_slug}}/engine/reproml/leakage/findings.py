"""Checks of the splits: nothing that the training side knows may be tested.

A finding *fails* when no score of the study can be believed until it is mended; it *warns* when
only the author can say whether something is wrong, and is *accepted* where the author has said so
in study.toml. Equal rows and telling features are found in `row_checks`; what is done to rows
before they are split, and what models do with them, in `perturbation`.

No check sees everything. A feature that will not exist when the model is used, a group that no
column names, and rows that do not stand for those the claim is about look like any other.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from ..config.columns import Table
from ..config.study import Split
from ..split.claims import Verdict, block_ids, claim_of
from ..split.splits import Fold

SHOWN = 8  # rows or names that a message lists; the rest are counted


@dataclass(frozen=True)
class Finding:
    """What one check found, and what to do about it."""

    check: str
    verdict: Verdict
    message: str
    advice: str = ""


class Cut(NamedTuple):
    """One way in which rows are set apart, as positions in the table."""

    name: str
    train: np.ndarray  # (n_train,)
    test: np.ndarray  # (n_test,)


def cuts_of(development: np.ndarray, test: np.ndarray, folds: list[Fold]) -> list[Cut]:
    """Return every cut of the study: the locked test set, then the folds.

    A fold that holds a locked row puts it on the training side of the first cut too.
    """
    used = np.unique(np.concatenate([development, *(r for f in folds for r in (f.train, f.test))]))
    return [
        Cut("the locked test set", used, test),
        *(Cut(f"repeat {f.repeat}, fold {f.fold}", f.train, f.test) for f in folds),
    ]


def shared_rows(table: Table, cuts: list[Cut]) -> Finding:
    """Check that no row of the raw file is on both sides, as oversampling before the split does."""
    check, found = "same rows", overlaps(table.X.index, cuts)
    if not found:
        return Finding(check, "pass", f"no row is on both sides of any of {len(cuts)} splits")
    advice = "split before you repeat rows, and use the folds as splits.py makes them"
    message = f"{rows_at(table, found[0][1])}: {where(found)}"
    return Finding(check, "fail", message, advice)


def shared_groups(table: Table, split: Split, cuts: list[Cut]) -> Finding:
    """Check that no group is on both sides."""
    check, verdict = "same groups", claim_of(split).shared_group
    if table.groups is None:
        return Finding(check, "pass", "no column has the role group")
    if verdict == "pass":
        return Finding(check, "pass", "a claim about the future may know its groups")
    return _shared(check, verdict, "group", table.groups, table, cuts)


def shared_places(table: Table, split: Split, cuts: list[Cut]) -> Finding:
    """Check that no block is on both sides, or no place where the claim is about rows.

    It cannot see that a block is narrower than the distance over which values are correlated.
    """
    check, verdict = "same places", claim_of(split).shared_place
    if table.place is None:
        return Finding(check, "pass", "no columns have the role place")
    if verdict == "pass":
        return Finding(check, "pass", f"a {split.dependence} claim may know its places")
    if claim_of(split).block:
        blocks = block_ids(table.place, split.block)  # not as the split has them: it may be wrong
        return _shared(check, verdict, "block", pd.Series(blocks), table, cuts)
    places = pd.Series([f"{x},{y}" for x, y in table.place.to_numpy()])
    return _shared(check, verdict, "place", places, table, cuts)


def time_order(table: Table, split: Split, cuts: list[Cut]) -> Finding:
    """Check that training ends ``gap`` time steps before the test starts.

    It cannot see a feature that is known only later than its row's time.
    """
    check, verdict = "time order", claim_of(split).shared_time
    if table.time is None:
        return Finding(check, "pass", "no column has the role time")
    if verdict == "pass":
        return Finding(check, "pass", f"a {split.dependence} claim may know other times")
    times, step = np.unique(table.time.to_numpy(), return_inverse=True)
    for name, train, test in cuts:
        first = step[test].min()
        late = train[step[train] + split.gap >= first]
        if not len(late):
            continue
        message = f"{rows_at(table, late)}: used to train for {name}, "
        if verdict == "fail":
            message += f"which tests from time {times[first]} on with a gap of {split.gap}"
            advice = "train on the past alone: use the folds as splits.py makes them"
        else:
            message += "not before all it tests"
            advice = 'for a claim about the future set split.dependence = "temporal"'
        return Finding(check, verdict, message, advice)
    return Finding(check, "pass", f"training ends before the test in each of {len(cuts)} splits")


def audit_splits(table: Table, split: Split, cuts: list[Cut]) -> list[Finding]:
    """Run the checks of this module."""
    return [
        shared_rows(table, cuts),
        shared_groups(table, split, cuts),
        shared_places(table, split, cuts),
        time_order(table, split, cuts),
    ]


def overlaps(values: pd.Series | pd.Index, cuts: list[Cut]) -> list[tuple[str, np.ndarray]]:
    """Return the cuts with one of the (n_samples,) values on both sides, and all rows that have it.

    >>> cut = Cut("repeat 0, fold 0", np.array([0, 1]), np.array([2, 3]))
    >>> overlaps(pd.Series(["a", "b", "b", "c"]), [cut])
    [('repeat 0, fold 0', array([1, 2]))]
    """
    codes = pd.factorize(values)[0]
    found = []
    for name, train, test in cuts:
        both = np.intersect1d(codes[train], codes[test])
        if len(both):
            rows = np.union1d(train, test)
            found.append((name, rows[np.isin(codes[rows], both)]))
    return found


def where(found: list[tuple[str, np.ndarray]]) -> str:
    """Name the first cut in which something was found, and count the others."""
    more = f" and of {len(found) - 1} more" if len(found) > 1 else ""
    return f"on both sides of {found[0][0]}{more}"


def listed(things: Iterable[object], separator: str = ", ") -> str:
    """Name the first ``SHOWN`` things and count the others.

    >>> listed(range(1, 12))
    '1, 2, 3, 4, 5, 6, 7, 8, ... (3 more)'
    """
    texts = [str(thing) for thing in things]
    more = f"{separator}... ({len(texts) - SHOWN} more)" if len(texts) > SHOWN else ""
    return separator.join(texts[:SHOWN]) + more


def drawn(found: Finding, some: int, whole: int, power: str = "") -> Finding:
    """Add to a finding that some rows alone were asked about, and how to ask about all.

    >>> drawn(Finding("fit of forest", "pass", "nothing changes"), 5000, 200000).message
    'nothing changes (of 5,000 of 200,000 rows, drawn at random)'
    """
    message = f"{found.message} (of {some:,} of {whole:,} rows, drawn at random{power})"
    advice = f"to ask about all rows set rows = {whole} under [leakage] in study.toml"
    advice = f"{found.advice}; {advice}" if found.advice else advice
    return Finding(found.check, found.verdict, message, advice)


def rows_at(table: Table, positions: np.ndarray) -> str:
    """Name the rows at positions of the table by their numbers in the raw file."""
    return f"row{'s' if len(positions) > 1 else ''} {listed(table.X.index[positions])}"


def _shared(
    check: str, verdict: Verdict, what: str, values: pd.Series, table: Table, cuts: list[Cut]
) -> Finding:
    """Give a verdict if one of the values is on both sides."""
    found = overlaps(values, cuts)
    if not found:
        return Finding(check, "pass", f"no {what} is on both sides of any of {len(cuts)} splits")
    rows = found[0][1]
    count = len(set(values.to_numpy()[rows]))  # counted, not named: these may be persons
    named = f"{count} {what}{'s' if count > 1 else ''}"
    message = f"{named} ({rows_at(table, rows)}): {where(found)}"
    advice = f"keep a whole {what} on one side: use the folds as splits.py makes them"
    if verdict == "warn":
        claim = "grouped" if what == "group" else "spatial"
        advice = f'if the claim is about a new {what}, set split.dependence = "{claim}"'
    return Finding(check, verdict, message, advice)
