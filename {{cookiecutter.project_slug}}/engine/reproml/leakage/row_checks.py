"""Traces that leaks leave in the rows: equal and nearly equal ones, a feature that says too much.

Most of them only warn. What looks like a leak may be how things are: the length of the petals alone
tells one iris from the others.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.stats import rankdata
from sklearn.neighbors import NearestNeighbors

from ..config.columns import Table
from ..config.study import StudyError
from .findings import Cut, Finding, listed, overlaps, rows_at, where

NEAR = 0.01  # of the median distance to the nearest row; clean tables have none below 0.05
ALONE = 0.99  # AUC or rank correlation of one feature; the best honest one in wine has 0.985


def duplicates(table: Table, cuts: list[Cut]) -> Finding:
    """Check that no two rows with the same features and target are set apart.

    Parameters
    ----------
    table : Table
        The checked rows.
    cuts : list of Cut
        What is set apart.

    Returns
    -------
    Finding
        Fails; only warns where columns take so few values that equal rows are to be expected:
        one pair or more if the columns were independent.

    Examples
    --------
    >>> y = pd.Series([0.1, 0.2, 0.3, 0.1], index=[1, 2, 3, 4])
    >>> table = Table(y.to_frame("dose") * 7, y, None, None, None, dropped={})
    >>> cut = Cut("repeat 0, fold 0", np.array([0, 1]), np.array([2, 3]))
    >>> duplicates(table, [cut]).message
    'rows 1, 4: equal, on both sides of repeat 0, fold 0'
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

    Parameters
    ----------
    table : Table
        The checked rows.
    cuts : list of Cut
        What is set apart.

    Returns
    -------
    Finding
        Warns of pairs nearer than ``NEAR`` times the median distance of a row to its nearest one;
        every column is scaled to unit variance first. Equal rows are left to `duplicates`.

    Examples
    --------
    >>> X = pd.DataFrame({"dose": [1.0, 2.0, 4.0, 4.001], "age": [3.0, 9.0, 5.0, 5.0]})
    >>> X.index = [1, 2, 3, 4]
    >>> table = Table(X, X["dose"] * 2, None, None, None, dropped={})
    >>> cut = Cut("repeat 0, fold 0", np.array([0, 2]), np.array([1, 3]))
    >>> near_duplicates(table, [cut]).message
    'rows 3 and 4: nearly alike, on both sides of repeat 0, fold 0'
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
    """Check that no feature alone ranks the rows as the target does.

    Parameters
    ----------
    table : Table
        The checked rows.
    development : ndarray of shape (n_development,)
        Positions of the rows to look at: the locked ones stay unseen.
    accepted : dict of str to str
        Features that the author has looked into, with the reason.

    Returns
    -------
    Finding
        Warns of features with an AUC (one class against the rest, in either direction), or a rank
        correlation with a numeric target, of ``ALONE`` or more. It cannot see a feature that gives
        the target away in another order than its own, or only together with a second one.

    Raises
    ------
    StudyError
        If an accepted feature is not in the table.

    Examples
    --------
    >>> X = pd.DataFrame({"age": [3.0, 1.0, 2.0, 4.0], "copy": [1.0, 1.0, 7.0, 9.0]})
    >>> table = Table(X, pd.Series(["no", "no", "yes", "yes"]), None, None, None, dropped={})
    >>> single_features(table, np.arange(4), accepted={}).message
    "copy alone predicts 'yes' (AUC 1.000)"
    >>> single_features(table, np.arange(4), accepted={"copy": "measured before"}).verdict
    'pass'
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

    Parameters
    ----------
    table : Table
        The checked rows.

    Returns
    -------
    Finding
        Warns when every number column has mean 0 and the same standard deviation, or the minimum 0
        and the maximum 1. Rows scaled with the training rows' mean alone do not look like that.
        It cannot see any other preparation, such as a selection of columns.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = pd.DataFrame(rng.normal(size=(50, 3)), columns=list("abc"))
    >>> table = Table((X - X.mean()) / X.std(), X["a"], None, None, None, dropped={})
    >>> already_scaled(table).message
    'every number column has mean 0 and standard deviation 1.00 over all rows'
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
    """Return features as numbers of unit variance, to measure distances in.

    Parameters
    ----------
    X : DataFrame of shape (n_samples, n_features)
        Numbers and text.

    Returns
    -------
    ndarray of shape (n_samples, n_numbers)
        Text becomes a 0/1 column per value; gaps become the mean. For audits only: models scale
        inside their pipeline.

    Examples
    --------
    >>> X = pd.DataFrame({"dose": [1.0, None, 3.0], "kind": ["a", "a", "b"]})
    >>> scaled_numbers(X).round(1).tolist()
    [[-1.2, 0.7, -0.7], [0.0, 0.7, -0.7], [1.2, -1.4, 1.4]]
    """
    numbers = pd.get_dummies(X, dtype=float).to_numpy(dtype=float)  # (n_samples, n_numbers)
    there = ~np.isnan(numbers)
    mean = np.where(there, numbers, 0.0).sum(axis=0) / np.maximum(there.sum(axis=0), 1)
    numbers = np.where(there, numbers - mean, 0.0)
    sd = numbers.std(axis=0)
    return numbers / np.where(sd > 0, sd, 1.0)


def audit_rows(
    table: Table, cuts: list[Cut], development: np.ndarray, accepted: dict[str, str]
) -> list[Finding]:
    """Run the checks of this module.

    Parameters
    ----------
    table : Table
        The checked rows.
    cuts : list of Cut
        What is set apart, as `cuts_of` gives it.
    development : ndarray of shape (n_development,)
        Positions of the rows that are not locked.
    accepted : dict of str to str
        ``[leakage.accepted]`` of study.toml: features, each with a reason.

    Returns
    -------
    list of Finding
        One per check, in a fixed order.

    Raises
    ------
    StudyError
        If an accepted feature is not in the table.

    Examples
    --------
    >>> y = pd.Series([1.0, 4.0, 2.0, 3.0, 6.0, 5.0])
    >>> X = pd.DataFrame({"age": [3.0, 1.0, 2.0, 9.0, 4.0, 4.5], "effect": y * 2})
    >>> table = Table(X, y, None, None, None, dropped={})
    >>> cut = Cut("the locked test set", np.array([0, 1, 2, 3]), np.array([4, 5]))
    >>> [one.verdict for one in audit_rows(table, [cut], cut.train, accepted={})]
    ['pass', 'pass', 'warn', 'pass']
    """
    return [
        duplicates(table, cuts),
        near_duplicates(table, cuts),
        single_features(table, development, accepted),
        already_scaled(table),
    ]


def _with_target(table: Table) -> pd.DataFrame:
    features = table.X.set_axis(range(table.X.shape[1]), axis=1)  # no name clashes
    return pd.concat([features, table.y.rename("target")], axis=1)


def _tells(feature: pd.Series, y: pd.Series) -> str | None:
    """Say how well a feature alone ranks the rows, if too well."""
    there = feature.notna().to_numpy()
    feature, y = feature[there], y[there]
    if pd.api.types.is_numeric_dtype(y):
        ranks = _ranks(feature, y)
        if np.ptp(ranks) == 0 or y.nunique() < 2:
            return None
        r = float(np.corrcoef(ranks, rankdata(y))[0, 1])
        text = f"ranks the rows as the target does (rank correlation {r:.3f})"
        return text if abs(r) >= ALONE else None
    classes, found = sorted(set(y)), []
    for name in classes[1:] if len(classes) == 2 else classes:
        hit = (y == name).to_numpy()
        n_hit, n_rest = int(hit.sum()), int((~hit).sum())
        if n_hit and n_rest:
            ranks = _ranks(feature, pd.Series(hit.astype(float), index=y.index))
            auc = float((ranks[hit].sum() - n_hit * (n_hit + 1) / 2) / (n_hit * n_rest))
            if max(auc, 1 - auc) >= ALONE:
                found.append(f"{name!r} (AUC {max(auc, 1 - auc):.3f})")
    return f"predicts {listed(found)}" if found else None


def _ranks(feature: pd.Series, y: pd.Series) -> np.ndarray:
    if pd.api.types.is_numeric_dtype(feature):
        return rankdata(feature)
    # a text is worth the target's mean over the rows with that text in the other half, so that a
    # name that stands in one row only is worth nothing
    odd = np.arange(len(y)) % 2 == 1
    worth = np.full(len(y), float(y.mean()))
    for half in (odd, ~odd):
        means = y[~half].groupby(feature[~half].to_numpy()).mean()
        worth[half] = feature[half].map(means).fillna(y.mean()).to_numpy()
    return rankdata(worth)
