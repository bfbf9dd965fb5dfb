"""Traces that leaks leave in the rows: equal and nearly equal ones, a feature that says too much.

Most of them only warn. What looks like a leak may be how things are: the length of the petals alone
tells one iris from the others.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.stats import rankdata
from sklearn.impute import SimpleImputer
from sklearn.neighbors import NearestNeighbors
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from ..config.columns import Table
from ..config.study import StudyError
from .findings import Cut, Finding, listed, overlaps, rows_at, where

NEAR = 0.01  # of the median distance to the nearest row; clean tables have none below 0.05
ALONE = 0.99  # AUC or rank correlation of one feature; the best honest one in wine has 0.985


def duplicates(table: Table, cuts: list[Cut]) -> Finding:
    """Check that no two rows with the same features and target are set apart.

    It only warns where columns take so few values that equal rows are to be expected: one pair or
    more if the columns were independent.
    """
    check, frame = "duplicates", _with_target(table)
    found = overlaps(pd.util.hash_pandas_object(frame, index=False), cuts)
    if not found:
        return Finding(check, "pass", "no two equal rows are set apart")
    rows = np.unique(np.concatenate([rows for _, rows in found]))
    message = f"{rows_at(table, rows)}: equal, {where(found)}"
    pairs = len(frame) * (len(frame) - 1) / 2
    # the chance that two rows agree by accident, column by column
    for name in frame:
        pairs *= float((frame[name].value_counts(normalize=True, dropna=False) ** 2).sum())
    if pairs >= 1:
        advice = "columns with so few values make equal rows by chance; are these measured twice?"
        return Finding(check, "warn", message, advice)
    advice = "keep one of each in the raw file, or give them one group and claim new groups"
    return Finding(check, "fail", message, advice)


def near_duplicates(table: Table, cuts: list[Cut]) -> Finding:
    """Check that no two rows with nearly the same features are set apart.

    Near is ``NEAR`` times the median distance of a row to its nearest one, every column scaled to
    unit variance. Equal rows are left to `duplicates`.
    """
    check = "near duplicates"
    rows = np.flatnonzero(~_with_target(table).duplicated().to_numpy())
    points = scaled_numbers(table.X)[rows]  # (n_different, n_numbers)
    tree = NearestNeighbors(n_neighbors=min(2, len(rows))).fit(points)
    typical = float(np.median(tree.kneighbors(points)[0][:, -1]))
    if typical == 0:
        return Finding(check, "pass", "most rows share their features with others: no distances")
    near = tree.radius_neighbors(points, radius=NEAR * typical, return_distance=False)
    pairs = np.array([(rows[i], rows[j]) for i, js in enumerate(near) for j in js if i < j])
    found = []
    for name, train, test in cuts if len(pairs) else []:
        side = np.full(len(table.y), -1)
        side[train], side[test] = 0, 1
        apart = side[pairs].sum(axis=1) == 1
        if apart.any():
            found.append((name, pairs[apart]))
    if not found:
        return Finding(check, "pass", "no two rows that are nearly alike are set apart")
    pairs = np.unique(np.concatenate([pairs for _, pairs in found]), axis=0)
    row = table.X.index
    named = listed([f"{row[i]} and {row[j]}" for i, j in pairs], "; ")
    message = f"rows {named}: nearly alike, {where(found)}"
    advice = "if they are one thing measured twice, keep one or give them one group"
    return Finding(check, "warn", message, advice)


def single_features(table: Table, development: np.ndarray, accepted: dict[str, str]) -> Finding:
    """Check that no feature alone ranks the development rows as the target does.

    The locked rows stay unseen. ``accepted`` holds features that the author has looked into, with
    the reason. It cannot see a feature that gives the target away in another order than its own, or
    only together with a second one.
    """
    check = "single feature"
    if strangers := sorted(set(accepted) - set(table.X.columns)):
        raise StudyError(f"leakage.accepted: {strangers} are no features of the table; remove them")
    y = table.y.iloc[development]
    telling = {
        name: text
        for name in table.X.columns
        if (text := _tells(table.X[name].iloc[development], y)) is not None
    }
    known = [f"{name} is accepted: {accepted[name]}" for name in telling if name in accepted]
    new = [f"{name} alone {text}" for name, text in telling.items() if name not in accepted]
    if new:
        advice = (
            "is it known before the target is? Drop it, or write the reason into study.toml: "
            '[leakage.accepted] column = "reason"'
        )
        return Finding(check, "warn", listed([*new, *known], "; "), advice)
    return Finding(check, "pass", listed(known, "; ") or "none predicts the target alone")


def already_scaled(table: Table) -> Finding:
    """Check that the file does not hold numbers that were scaled over all rows.

    Rows scaled with the training rows' mean alone do not look like that. It cannot see any other
    preparation, such as a selection of columns.
    """
    check = "scaled before"
    numbers = table.X.select_dtypes("number")
    numbers = numbers.loc[:, numbers.nunique() > 2]  # yes/no columns are 0 and 1 by nature
    if numbers.shape[1] < 2:
        return Finding(check, "pass", "fewer than two number columns: nothing to tell it by")
    mean, sd = numbers.mean(), numbers.std()
    # a mean over some of the rows misses 0 by about 1 / sqrt(n)
    close = 0.02 / np.sqrt(len(numbers))
    text = ""
    if (mean.abs() <= close * sd).all() and (sd - sd.mean()).abs().max() <= close * sd.mean():
        text = f"mean 0 and standard deviation {sd.mean():.2f}"
    elif numbers.min().abs().max() < 1e-9 and (numbers.max() - 1).abs().max() < 1e-9:
        text = "minimum 0 and maximum 1"
    if not text:
        return Finding(check, "pass", "the numbers are not scaled over all rows")
    advice = "use the raw numbers and scale inside the pipeline; ask whoever made the file"
    return Finding(check, "warn", f"every number column has {text} over all rows", advice)


def scaled_numbers(X: pd.DataFrame) -> np.ndarray:
    """Return features as numbers of unit variance, to measure distances in, over all rows.

    Text becomes a 0/1 column per value; gaps become the mean. For checks only: models scale inside
    their pipeline.

    >>> X = pd.DataFrame({"dose": [1.0, None, 3.0], "kind": ["a", "a", "b"]})
    >>> scaled_numbers(X).round(1).tolist()
    [[-1.2, 0.7, -0.7], [0.0, 0.7, -0.7], [1.2, -1.4, 1.4]]
    """
    steps = make_pipeline(SimpleImputer(keep_empty_features=True), StandardScaler())
    return steps.fit_transform(pd.get_dummies(X, dtype=float).to_numpy(dtype=float))


def audit_rows(
    table: Table, cuts: list[Cut], development: np.ndarray, accepted: dict[str, str]
) -> list[Finding]:
    """Run the checks of this module; ``accepted`` is ``[leakage.accepted]`` of study.toml."""
    return [
        duplicates(table, cuts),
        near_duplicates(table, cuts),
        single_features(table, development, accepted),
        already_scaled(table),
    ]


def rank_agreement(true: np.ndarray, score: np.ndarray) -> float:
    """Return how well a score ranks rows, from -1 to 1, 0 by chance.

    With a truth of yes and no it is 2 AUC - 1, with numbers Spearman's rank correlation.
    """
    if (true == true[0]).all() or (score == score[0]).all():
        return 0.0
    ranks = rankdata(score)
    if true.dtype == bool:  # scikit-learn's takes eight times as long, for columns in thousands
        return float(2 * (ranks[true].mean() - ranks[~true].mean()) / len(ranks))
    return float(np.corrcoef(rankdata(true), ranks)[0, 1])


def _with_target(table: Table) -> pd.DataFrame:
    features = table.X.set_axis(range(table.X.shape[1]), axis=1)  # no name clashes
    return pd.concat([features, table.y.rename("target")], axis=1)


def _tells(feature: pd.Series, y: pd.Series) -> str | None:
    """Say how well a feature alone ranks the rows, if too well."""
    there = feature.notna().to_numpy()
    feature, y = feature[there], y[there]
    if not len(y):
        return None
    if pd.api.types.is_numeric_dtype(y):
        agreement = rank_agreement(y.to_numpy(), _worth(feature, y))
        text = f"ranks the rows as the target does (rank correlation {agreement:.3f})"
        return text if abs(agreement) >= ALONE else None
    classes, found = sorted(set(y)), []
    for name in classes[1:] if len(classes) == 2 else classes:
        hit = y == name
        agreement = rank_agreement(hit.to_numpy(), _worth(feature, hit.astype(float)))
        auc = (1 + abs(agreement)) / 2  # in either direction
        if auc >= ALONE:
            found.append(f"{name!r} (AUC {auc:.3f})")
    return f"predicts {listed(found)}" if found else None


def _worth(feature: pd.Series, y: pd.Series) -> np.ndarray:
    """Return a feature's numbers, or for each of its texts a number to rank by."""
    if pd.api.types.is_numeric_dtype(feature):
        return feature.to_numpy()
    # a text is worth the target's mean over the rows with that text in the other half, so that a
    # name that stands in one row only is worth nothing
    odd = np.arange(len(y)) % 2 == 1
    worth = np.full(len(y), float(y.mean()))
    for half in (odd, ~odd):
        means = y[~half].groupby(feature[~half].to_numpy()).mean()
        worth[half] = feature[half].map(means).fillna(y.mean()).to_numpy()
    return worth
