"""What the paper's claim is about, and all that follows from it: one row per `dependence`.

Nothing else in the engine compares `dependence` with a name; it asks ``claim_of(split)``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
import pandas as pd
from sklearn.model_selection import (
    GroupKFold,
    KFold,
    StratifiedGroupKFold,
    StratifiedKFold,
    TimeSeriesSplit,
)

if TYPE_CHECKING:
    from ..config.columns import Table
    from ..config.study import Split

Verdict = Literal["pass", "accepted", "warn", "fail"]


class Claim(NamedTuple):
    """What follows from one `dependence`; a *unit* is what no split may tear apart."""

    about: str  # ends the sentence "the claim is about"
    units: str
    unit_of_rows: Callable[[Table, Split], np.ndarray]  # a name per row, (n_samples,)
    # what the leakage audit says of one that is on both sides of a split
    shared_group: Verdict
    shared_place: Verdict  # a block, where units are blocks
    shared_time: Verdict  # training does not end before the test begins
    examples: str = ""  # follows `about`, for the reader of a card
    splitter: type = GroupKFold  # of scikit-learn
    stratified: type = StratifiedGroupKFold  # the same, with each class's share kept
    random: bool = False  # rows are dealt at random: there is no other random split to compare with
    ordered: bool = False  # units have one order: cut once, with a gap, and never dealt anew
    block: bool = False  # units are squares whose side is the key block
    caution: str = ""  # what an interval leaves out, and what would help

    @property
    def about_in_full(self) -> str:
        """The claim for the reader of a card."""
        return self.about + self.examples


def block_ids(place: pd.DataFrame, block: float) -> np.ndarray:
    """Name the square that each row lies in, ``block`` wide in the units of ``place``.

    >>> place = pd.DataFrame({"x": [1.0, 9.0, 11.0], "y": [2.0, 3.0, -1.0]})
    >>> block_ids(place, 10.0).tolist()
    ['0,0', '0,0', '1,-1']
    """
    cells = np.floor(place.to_numpy(dtype=float) / block).astype(int)  # (n_samples, 2)
    return np.array([f"{x},{y}" for x, y in cells])


CLAIMS = {
    "independent": Claim(
        about="more rows of the same kind",
        units="rows",
        unit_of_rows=lambda table, split: np.arange(len(table.y)),
        shared_group="warn",
        shared_place="warn",
        shared_time="warn",
        splitter=KFold,
        stratified=StratifiedKFold,
        random=True,
    ),
    "grouped": Claim(
        about="new groups",
        units="groups",
        unit_of_rows=lambda table, split: table.groups.to_numpy(),
        shared_group="fail",
        shared_place="pass",
        shared_time="pass",
        examples=": sites, patients or batches that the model has not met",
    ),
    "temporal": Claim(
        about="the future",
        units="time steps",
        unit_of_rows=lambda table, split: table.time.to_numpy(),
        shared_group="pass",
        shared_place="pass",
        shared_time="fail",
        examples=": time steps after those that the model learnt from",
        splitter=TimeSeriesSplit,
        stratified=TimeSeriesSplit,  # time cannot be stratified
        ordered=True,
        caution="Read these intervals with care: successive time steps are correlated, but the "
        "interval treats them as independent, and no data can show how the future will differ from "
        "the past. A longer record, more folds, and a new test set once new data come in would "
        "help.",
    ),
    "spatial": Claim(
        about="new places",
        units="blocks",
        unit_of_rows=lambda table, split: block_ids(table.place, split.block),
        shared_group="warn",
        shared_place="fail",
        shared_time="pass",
        examples=", away from those that the model learnt from",
        block=True,
        caution="Read these intervals with care: neighbouring blocks are correlated, but the "
        "interval treats them as independent. Data from more regions, blocks wider than the "
        "distance over which values are correlated, and a test set from a separate region would "
        "help.",
    ),
}


def claim_of(split: Split) -> Claim:
    """Return the row of the table for a ``[split]`` section."""
    return CLAIMS[split.dependence]


def units_of(table: Table, split: Split) -> np.ndarray:
    """Return the unit of each row, of shape (n_samples,): its own number, group, time or block.

    >>> from ..config.columns import Table
    >>> from ..config.study import Split
    >>> site = pd.Series(["a", "a", "b"])
    >>> table = Table(site.to_frame(), site, site, None, None, dropped={})
    >>> units_of(table, Split(dependence="grouped")).tolist()
    ['a', 'a', 'b']
    >>> units_of(table, Split(dependence="independent")).tolist()
    [0, 1, 2]
    """
    return claim_of(split).unit_of_rows(table, split)
