"""Traces that leaks leave in the rows: equal and nearly equal ones, a feature that says too much.

Most of them only warn. What looks like a leak may be how things are: the length of the petals alone
tells one iris from the others.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.stats import poisson, rankdata
from sklearn.impute import SimpleImputer
from sklearn.neighbors import NearestNeighbors
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from ..config.columns import Table, missing_words
from ..config.study import CHECKS, Data, StudyError
from .findings import Cut, Finding, listed, overlaps, rows_at, where

NEAR = 0.01  # of the distance to a row's tenth neighbour
RARE = 0.001  # how often chance alone may make as many equal, or any nearly equal, rows
ALONE = 0.99  # AUC or rank correlation of one feature; the best honest one in wine has 0.985
FARTHER = ((2, 4), (5, 10), (10, 20))  # neighbours whose distances tell the dimensions
CODES, CODE = 30, 0.9  # as many values are codes, which tell by their names; and their AUC


def duplicates(table: Table, cuts: list[Cut]) -> Finding:
    """Check that no two rows with the same features and target are set apart.

    It only warns where chance may well have made as many equal rows, with so few values.
    """
    check, frame = "duplicates", _with_target(table)
    found = overlaps(pd.util.hash_pandas_object(frame, index=False), cuts)
    if not found:
        return Finding(check, "pass", "no two equal rows are set apart")
    rows = np.unique(np.concatenate([rows for _, rows in found]))
    message = f"{rows_at(table, rows)}: equal, {where(found)}"
    if chance_of_equal_rows(frame) >= RARE:
        advice = "columns with so few values make equal rows by chance; are these measured twice?"
        return Finding(check, "warn", message, advice)
    advice = "keep one of each in the raw file, or give them one group and claim new groups"
    return Finding(check, "fail", message, advice)


def chance_of_equal_rows(frame: pd.DataFrame) -> float:
    """Return how probable it is that a table like this has as many pairs of equal rows.

    The number of pairs is taken for Poisson distributed. Its mean is what independent columns give,
    or, if that is more, what one column gives among rows that agree in all others. From a mean of
    one on, up to five times as many are taken for chance: common values make pairs in clusters.

    >>> ages = pd.DataFrame({"age": [31, 45, 31, 52, 60], "dose": [0.1, 0.7, 0.1, 0.3, 0.2]})
    >>> round(chance_of_equal_rows(ages), 3), chance_of_equal_rows(ages[["age"]])
    (0.095, 1.0)
    """
    # codes that no other column has: the sum tells 0, 1 from 1, 0
    columns = [
        pd.util.hash_array(pd.factorize(frame[name])[0] + number * (len(frame) + 1))
        for number, name in enumerate(frame)
    ]
    whole = np.sum(columns, axis=0, dtype=np.uint64)  # a column's hash taken away, all others
    equal, all_pairs = _pairs(whole), len(frame) * (len(frame) - 1) / 2
    independent, others = all_pairs, 0.0
    for column in columns:
        share = _pairs(column) / all_pairs
        independent *= share
        if share < 1:
            others = max(others, 0.0, (_pairs(whole - column) - equal) * share / (1 - share))
    mean = max(independent, others)
    clustered = 1 <= mean and equal <= 5 * mean
    return 1.0 if clustered else float(poisson.sf(equal - 1, mean))


def _pairs(values: np.ndarray) -> float:
    """Count the pairs of rows with the same value."""
    counts = np.unique(values, return_counts=True)[1].astype(float)
    return float((counts * (counts - 1) / 2).sum())


def near_duplicates(table: Table, cuts: list[Cut]) -> Finding:
    """Check that no two rows with nearly the same features are set apart.

    Near is at most ``NEAR`` times the distance to a row's tenth neighbour (of up to ten rows, the
    farthest), every column scaled to unit variance, and so near that chance would make such a pair
    in ``RARE`` of all tables: of points in d dimensions, a share of (distance ratio)^d is nearer. d
    comes from the distances of farther neighbours (Facco et al. 2017), so that a table in which
    every row has up to nine twins hides none. Equal rows are left to `duplicates`, if their targets
    are equal too.
    """
    check, known = "near duplicates", _with_target(table)
    rows = np.flatnonzero(~known.duplicated().to_numpy())
    n_neighbours = min(FARTHER[-1][1], len(rows) - 1)
    if n_neighbours < FARTHER[0][1]:
        return Finding(check, "pass", "too few rows to tell by distances")
    points = scaled_numbers(table.X)[rows]  # (n_different, n_numbers)
    distance, neighbour = NearestNeighbors(n_neighbors=n_neighbours).fit(points).kneighbors()
    tenth = distance[:, min(9, n_neighbours - 1)]
    # where copies end between two neighbours it comes out too low, of few rows too high
    pairs = [distance[:, [a - 1, b - 1]].T for a, b in FARTHER if b <= n_neighbours]
    dimensions = min(points.shape[1], max(_dimensions(*pair) for pair in pairs))
    limit = tenth * min(NEAR, (RARE / len(rows)) ** (1 / dimensions))
    near = (distance <= limit[:, None]) & (tenth > 0)[:, None]
    if chance_of_equal_rows(table.X.iloc[rows]) >= RARE:
        near &= distance > 0  # equal features, and another target: values are that few
    first, which = np.nonzero(near)
    pairs = np.unique(np.sort(rows[np.c_[first, neighbour[first, which]]], axis=1), axis=0)
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


def _dimensions(nearer: np.ndarray, farther: np.ndarray) -> float:
    """Estimate the dimensions of points from the distances to their a-th and 2a-th neighbours."""
    apart = nearer > 0
    growth = float(np.median(farther[apart] / nearer[apart])) if apart.any() else np.inf
    return np.log(2) / np.log(growth) if growth > 1 else np.inf


def single_features(table: Table, development: np.ndarray, accepted: dict[str, str]) -> Finding:
    """Check that no feature alone ranks the development rows as the target does.

    The locked rows stay unseen. ``accepted`` holds features that the author has looked into, with
    the reason. Texts, and numbers that stand in several rows each, are judged as names, too, by the
    target of other rows with that name: so numbers of persons are found. It cannot see features
    that give the target away only together.
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
    if known:
        return Finding(check, "accepted", listed(known, "; "))
    return Finding(check, "pass", "none predicts the target alone")


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


def missing_texts(taken: dict[str, pd.Series], data: Data) -> Finding:
    """Check that no name, such as NA for Namibia, is taken as missing, and count what is.

    Of a category whose values study.toml lists, the author has said what a name is.
    """
    check, words = "missing texts", f"taken as missing: {missing_words(taken)}"
    columns = {name: data.column_for(name) for name, texts in taken.items() if texts.any()}
    if not any(
        one is None or (one.type == "category" and not one.values) for one in columns.values()
    ):
        return Finding(check, "pass", words)
    advice = (
        "is one of these texts a name? List the column's values in study.toml, with it or without "
        "it, or take it out of missing_texts"
    )
    return Finding(check, "warn", words, advice)


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
    features = {n: r for n, r in accepted.items() if n in table.X or n not in CHECKS}
    return [
        duplicates(table, cuts),
        near_duplicates(table, cuts),
        single_features(table, development, features),
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
        rho = _too_good(feature, y)
        return f"ranks the rows as the target does (rank correlation {rho:.3f})" if rho else None
    classes = sorted(set(y))
    good = {name: _too_good(feature, y == name) for name in classes[len(classes) == 2 :]}
    found = [f"{name!r} (AUC {auc:.3f})" for name, auc in good.items() if auc]
    return f"predicts {listed(found)}" if found else None


def _too_good(feature: pd.Series, true: pd.Series) -> float:
    """Return a feature's AUC or rank correlation, in either direction, or 0 if it may be honest."""
    truth, numbers = true.to_numpy(), pd.api.types.is_numeric_dtype(feature)
    own = _strength(truth, feature.to_numpy()) if numbers else 0.0
    if own >= ALONE:
        return own
    names = feature.nunique()
    if numbers and names > len(feature) / 1.5:  # measured, not given
        return 0.0
    limit = max(ALONE if names < CODES else CODE, own + 0.1)
    named = _strength(truth, _worth(feature, true.astype(float)))
    return named if named >= limit else 0.0


def _strength(true: np.ndarray, score: np.ndarray) -> float:
    agreement = abs(rank_agreement(true, score))
    return (1 + agreement) / 2 if true.dtype == bool else agreement


def _worth(feature: pd.Series, y: pd.Series) -> np.ndarray:
    """Return for each value of a feature a number to rank by: what its name is worth.

    That is the target's mean over the rows with that value in the other half, so that a name that
    stands in one row only is worth nothing.
    """
    odd = np.arange(len(y)) % 2 == 1
    worth = np.full(len(y), float(y.mean()))
    for half in (odd, ~odd):
        means = y[~half].groupby(feature[~half].to_numpy()).mean()
        worth[half] = feature[half].map(means).fillna(y.mean()).to_numpy()
    return worth
