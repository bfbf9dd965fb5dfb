"""How explanations are made, in numbers, and importances with their intervals over folds."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ..config.metrics import decimals
from ..config.study import Split
from ..statistics.corrected import mean_interval

SHUFFLES = 60  # of each feature, over all folds
FEWEST, MOST = 2, 5  # in each fold; scikit-learn's default is 5
NOISE = "noise"  # the column of random numbers
PARTS = ("held-out", "training")
LEADING = 6  # features whose partial dependence is drawn
GRID = 15  # values of each, at most
# quantiles between which the values of a number lie: beyond these, few rows would bear a curve
ENDS = (0.05, 0.95)


def shuffles_per_fold(split: Split) -> int:
    """Return how often each feature is shuffled in a fold: with many folds, a few times will do.

    >>> shuffles_per_fold(Split(dependence="grouped", folds=5, repeats=6))
    2
    >>> shuffles_per_fold(Split(dependence="temporal", folds=3))
    5
    """
    return int(np.clip(SHUFFLES // (split.folds * split.repeats), FEWEST, MOST))


def importance_table(
    importances: pd.DataFrame, groups: pd.DataFrame, *, n_train: float, n_test: float
) -> pd.DataFrame:
    """Return every importance with its 95 % interval over folds, on held-out and training rows.

    Features stand first, the most important on top, then the noise, then groups; group 0 is none.
    """
    member = dict(zip(groups["feature"], groups["group"], strict=True))
    rows = []
    for (kind, name), both in importances.groupby(["kind", "name"], sort=False):
        by_part = dict(iter(both.groupby("rows")["value"]))
        ends = [mean_interval(by_part[part], n_train=n_train, n_test=n_test) for part in PARTS]
        group = int(name) if kind == "group" else int(member.get(name, 0))
        rows.append((kind, str(name), group, *ends[0], *ends[1]))
    columns = ["kind", "name", "group", "value", "low", "high"]
    columns += [f"training{end}" for end in ("", "_low", "_high")]
    table = pd.DataFrame(rows, columns=columns)
    table["place"] = table["kind"].map({"feature": 0, "noise": 1, "group": 2})
    # rounded, so that the last bits do not order features that are equally important
    table["size"] = -table["value"].round(decimals(12, table["value"].abs().max()))
    table = table.sort_values(["place", "size"], kind="stable", ignore_index=True)
    return table.drop(columns=["place", "size"])


def leading_features(table: pd.DataFrame, most: int = LEADING) -> list[str]:
    """Return the features with the largest importance on held-out rows."""
    return table.loc[table["kind"] == "feature", "name"].head(most).tolist()


def group_names(groups: pd.DataFrame) -> dict[int, str]:
    """Return each group's features in one text."""
    return {int(number): ", ".join(of) for number, of in groups.groupby("group")["feature"]}
