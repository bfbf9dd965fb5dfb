"""Which features stand in for each other: groups by rank correlation."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.cluster import hierarchy
from scipy.spatial.distance import squareform

TIED = 0.7  # rank correlation from which features are said to stand in for each other
GROUPED = 5_000  # features at most that are compared each with each
COMPARED = 500  # rows at most of more than 100 features
LEVELS = 100  # of a category, the most common ones


def rank_correlations(X: pd.DataFrame) -> pd.DataFrame:
    """Return the size, 0 to 1, of Spearman's rank correlation of every two features.

    A category counts as the level that is correlated most; a feature with one value has 0.

    >>> X = pd.DataFrame({"a": [1.0, 2.0, 3.0], "b": [9.0, 4.0, 1.0], "c": ["x", "y", "x"]})
    >>> rank_correlations(X).round(2)
         a    b    c
    a  1.0  1.0  0.0
    b  1.0  1.0  0.0
    c  0.0  0.0  1.0
    """
    numbers = X.select_dtypes(["number", "bool"])
    levels = [_levels(X[name]) for name in X.columns.difference(numbers.columns, sort=False)]
    ranks = pd.DataFrame(np.hstack([numbers.to_numpy(float), *levels])).rank()
    there = ranks.notna().to_numpy(float)
    ranks = (ranks - ranks.mean()).fillna(0.0).to_numpy()  # (n_rows, n_columns)
    size = ranks.T @ ranks
    if there.all():
        spread = np.outer(size.diagonal(), size.diagonal())
    else:  # rows that have both values
        n, sums, squares = there.T @ there, ranks.T @ there, (ranks**2).T @ there
        size = n * size - sums * sums.T
        spread = n * squares - sums**2
        spread[spread < 1e-9 * n * squares] = 0.0
        spread = spread * spread.T
    np.sqrt(spread, out=spread)
    size = np.divide(np.abs(size, out=size), spread, out=np.zeros_like(size), where=spread > 0)
    starts = np.cumsum([0, *[1] * numbers.shape[1], *(level.shape[1] for level in levels)])[:-1]
    for axis in (0, 1) if levels else ():
        size = np.maximum.reduceat(size, starts, axis=axis)
    np.fill_diagonal(size, 1.0)
    names = [*numbers, *X.columns.difference(numbers.columns, sort=False)]
    size = pd.DataFrame(size.clip(max=1.0, out=size), names, names)
    return size.loc[X.columns, X.columns] if levels else size


def _levels(values: pd.Series) -> np.ndarray:
    """Return a column for each of a category's common values, one at least."""
    common = values.value_counts().index[:LEVELS].tolist() or [""]
    return np.column_stack([values.to_numpy(object) == one for one in common])


def correlated_groups(X: pd.DataFrame) -> pd.DataFrame:
    """Group features of which every two are correlated by ``TIED`` or more; others are left out.

    Complete linkage of 1 minus the rank correlation, as in scikit-learn's example on correlated
    features. Columns group (1, 2, ... in the order of the columns), feature, closest (another of
    the group) and correlation with that one.
    """
    size = rank_correlations(X)
    # a hair less than TIED, so that rounding does not part features that are just tied
    close = (size.to_numpy() >= TIED - 1e-9).sum(axis=1) > 1  # to another than itself
    size = size.loc[close, close]
    rows = []
    if len(size):
        distance = (1 - size.to_numpy()).clip(min=0.0)
        links = hierarchy.complete(squareform(distance, checks=False))
        clusters = hierarchy.fcluster(links, 1 - TIED + 1e-9, criterion="distance")
        named = pd.Series(size.columns).groupby(clusters, sort=False)
        shared = (list(members) for _, members in named if len(members) > 1)
        for number, members in enumerate(shared, start=1):
            others = size.loc[members, members].to_numpy() - 2 * np.eye(len(members))
            closest = [members[place] for place in others.round(12).argmax(axis=1)]
            rows += zip([number] * len(members), members, closest, others.max(axis=1), strict=True)
    return pd.DataFrame(rows, columns=["group", "feature", "closest", "correlation"])


def items_of(names: pd.Index, groups: pd.DataFrame) -> list[list[str]]:
    """Return every group, and alone every feature that is in none.

    >>> groups = pd.DataFrame({"group": [1, 1], "feature": ["a", "c"]})
    >>> items_of(pd.Index(["a", "b", "c"]), groups)
    [['a', 'c'], ['b']]
    """
    grouped = [list(features) for _, features in groups.groupby("group")["feature"]]
    return grouped + [[name] for name in names.difference(groups["feature"], sort=False)]


def units_of(names: pd.Index, groups: pd.DataFrame, alone: list[str]) -> dict[str, list[str]]:
    """Return the columns that are shuffled together.

    These are every feature of ``alone``, all the rest, and every group with one of ``alone``.

    >>> groups = pd.DataFrame({"group": [1, 1, 2, 2], "feature": ["a", "b", "c", "d"]})
    >>> units_of(pd.Index(["a", "b", "c", "d"]), groups, ["a"])
    {'feature: a': ['a'], 'rest: 3': ['b', 'c', 'd'], 'group: 1': ['a', 'b']}
    """
    units = {f"feature: {name}": [name] for name in alone}
    if rest := list(names.difference(alone, sort=False)):
        units[f"rest: {len(rest)}"] = rest
    together = groups.groupby("group")["feature"]
    return units | {f"group: {n}": list(of) for n, of in together if of.isin(alone).any()}
