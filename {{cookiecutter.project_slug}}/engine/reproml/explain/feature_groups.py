"""Which features stand in for each other: groups by rank correlation."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.cluster import hierarchy
from scipy.spatial.distance import squareform

TIED = 0.7  # rank correlation from which features are said to stand in for each other


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
    numbers = {name: pd.api.types.is_numeric_dtype(X[name]) for name in X}
    parts = {
        name: X[[name]] if numbers[name] else pd.get_dummies(X[name], dtype=float) for name in X
    }
    sizes = pd.concat(parts, axis=1).corr(method="spearman").abs().fillna(0.0)
    found = sizes.groupby(level=0, sort=False).max().T.groupby(level=0, sort=False).max()
    found = found.loc[list(X.columns), list(X.columns)]
    return found.where(~np.eye(len(found), dtype=bool), 1.0)


def correlated_groups(X: pd.DataFrame) -> pd.DataFrame:
    """Group features of which every two are correlated by ``TIED`` or more; others are left out.

    Complete linkage of 1 minus the rank correlation, as in scikit-learn's example on correlated
    features. Columns group (1, 2, ... in the order of the columns), feature, closest (another of
    the group) and correlation with that one.
    """
    size = rank_correlations(X)
    rows = []
    if len(size) > 1:
        distance = (1 - size.to_numpy()).clip(min=0.0)
        links = hierarchy.complete(squareform(distance, checks=False))
        # a hair more than 1 - TIED, so that rounding does not part features that are just tied
        clusters = hierarchy.fcluster(links, 1 - TIED + 1e-9, criterion="distance")
        named = pd.Series(clusters, size.index)
        shared = [cluster for cluster in dict.fromkeys(named) if (named == cluster).sum() > 1]
        for number, cluster in enumerate(shared, start=1):
            members = list(named.index[named == cluster])
            for name in members:
                others = size.loc[name, [other for other in members if other != name]]
                rows.append((number, name, others.round(12).idxmax(), others.max()))
    return pd.DataFrame(rows, columns=["group", "feature", "closest", "correlation"])


def units_of(X: pd.DataFrame, groups: pd.DataFrame) -> dict[str, list[str]]:
    """Return the columns that are shuffled together: every feature alone, and every group.

    >>> groups = pd.DataFrame({"group": [1, 1], "feature": ["a", "b"]})
    >>> units_of(pd.DataFrame(columns=["a", "b"]), groups)
    {'feature: a': ['a'], 'feature: b': ['b'], 'group: 1': ['a', 'b']}
    """
    alone = {f"feature: {name}": [name] for name in X.columns}
    together = groups.groupby("group")["feature"]
    return alone | {f"group: {number}": list(names) for number, names in together}
