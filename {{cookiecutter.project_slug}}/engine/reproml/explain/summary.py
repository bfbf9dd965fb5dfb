"""How explanations are made, in numbers, and importances with their intervals over folds."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ..config.columns import Table
from ..config.metrics import decimals
from ..config.seeds import seed_for
from ..config.study import Split, Study
from ..statistics.corrected import mean_interval

SHUFFLES = 60  # of each feature, over all folds
FEWEST, MOST = 2, 5  # in each fold; scikit-learn's default is 5
NOISE = "noise"  # the column of random numbers
PARTS = ("held-out", "training")
ROWS = 2_000  # of a fold's held-out rows, and of its training rows, that are shuffled
FEWEST_ROWS, CELLS = 100, 500_000  # fewer rows of a table of more than 250 columns
MANY = 50  # of more features, each is shuffled ``FEWEST`` times in a fold
FEATURES = 100  # up to so many, each feature is shuffled alone
LEADERS = 30  # of more, the leading ones
LEADING = 6  # features whose partial dependence is drawn
NAMED = 30  # features of a group, in texts
GRID = 15  # values of each, at most
# quantiles between which the values of a number lie: beyond these, few rows would bear a curve
ENDS = (0.05, 0.95)


def shuffles_per_fold(split: Split, n_features: int) -> int:
    """Return how often each feature is shuffled in a fold: with many of either, twice will do.

    >>> shuffles_per_fold(Split(dependence="grouped", folds=5, repeats=6), 30)
    2
    >>> [shuffles_per_fold(Split(dependence="temporal", folds=3), n) for n in (50, 51)]
    [5, 2]
    """
    if n_features > MANY:
        return FEWEST
    return int(np.clip(SHUFFLES // (split.folds * split.repeats), FEWEST, MOST))


def drawn_rows(rows: np.ndarray, table: Table, study: Study, purpose: str) -> np.ndarray:
    """Draw which of these rows are asked about; of each class there is one at least."""
    most = rows_asked(table.X.shape[1])
    if len(rows) <= most:
        return rows
    seed = seed_for(study.seed, f"interpretation/drawn/{purpose}")
    rows = np.random.default_rng(seed).permutation(rows)
    firsts = np.unique(table.y.iloc[rows], return_index=True)[1] if study.data.classes else []
    return np.union1d(rows[:most], rows[firsts])


def rows_asked(n_columns: int) -> int:
    """Return how many rows of a fold are asked about at most.

    >>> [rows_asked(n_columns) for n_columns in (250, 1000, 10_000)]
    [2000, 500, 100]
    """
    return int(np.clip(CELLS // n_columns, FEWEST_ROWS, ROWS))


def drawn_words(importances: pd.DataFrame, **sizes: float) -> str:
    """Say how many rows of a fold's parts, of ``n_test`` and ``n_train``, are asked about."""
    most = rows_asked(feature_count(importances))
    parts = zip(PARTS, ("n_test", "n_train"), strict=True)
    drawn = [f"{most:,} of {sizes[n]:,.0f} {part}" for part, n in parts if sizes.get(n, 0) > most]
    return f" In each fold {' and '.join(drawn)} rows were drawn for this." if drawn else ""


def feature_count(importances: pd.DataFrame) -> int:
    """Return how many features there are: those shuffled alone, and the rest."""
    kinds = importances[["kind", "name"]].drop_duplicates()
    rest = kinds.loc[kinds["kind"] == "rest", "name"].astype(int).sum()
    return int((kinds["kind"] == "feature").sum() + rest)


def importance_table(
    importances: pd.DataFrame, groups: pd.DataFrame, *, n_train: float, n_test: float
) -> pd.DataFrame:
    """Return every importance with its 95 % interval over folds, on held-out and training rows.

    Features stand first, the most important on top, then the rest of them, which were shuffled
    together, the noise, and groups; group 0 is none.
    """
    member = dict(zip(groups["feature"], groups["group"], strict=True))
    rows = []
    for (kind, name), both in importances.groupby(["kind", "name"], sort=False):
        values, of = both["value"].to_numpy(), both["rows"].to_numpy()
        ends = [mean_interval(values[of == part], n_train=n_train, n_test=n_test) for part in PARTS]
        group = int(name) if kind == "group" else int(member.get(name, 0))
        rows.append((kind, str(name), group, *ends[0], *ends[1]))
    columns = ["kind", "name", "group", "value", "low", "high"]
    columns += [f"training{end}" for end in ("", "_low", "_high")]
    table = pd.DataFrame(rows, columns=columns)
    table["place"] = table["kind"].map({"feature": 0, "rest": 1, "noise": 2, "group": 3})
    # rounded, so that the last bits do not order features that are equally important
    table["size"] = -table["value"].round(decimals(12, table["value"].abs().max()))
    table = table.sort_values(["place", "size"], kind="stable", ignore_index=True)
    return table.drop(columns=["place", "size"])


def leading_features(table: pd.DataFrame, most: int = LEADING) -> list[str]:
    """Return the features with the largest importance on held-out rows."""
    return table.loc[table["kind"] == "feature", "name"].head(most).tolist()


def group_names(groups: pd.DataFrame) -> dict[int, str]:
    """Return each group's features in one text; of a large group its first ones."""
    return {
        int(number): ", ".join(of[:NAMED]) + " and others" * (len(of) > NAMED)
        for number, of in groups.groupby("group")["feature"]
    }
