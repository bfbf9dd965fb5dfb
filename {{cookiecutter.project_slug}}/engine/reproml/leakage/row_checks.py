"""Traces that leaks leave in the rows: equal and nearly equal ones, a feature that says too much.

Most of them only warn. What looks like a leak may be how things are: the length of the petals alone
tells one iris from the others.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import pandas as pd
from scipy.stats import poisson, rankdata
from sklearn import config_context
from sklearn.impute import SimpleImputer
from sklearn.neighbors import NearestNeighbors
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.random_projection import GaussianRandomProjection

from ..compute.threads import one_thread
from ..config.columns import Table, missing_words
from ..config.seeds import seed_for
from ..config.study import CHECKS, Data, Leakage, StudyError
from .findings import Cut, Finding, drawn, listed, overlaps, rows_at, where

NEAR = 0.01  # of the distance to a row's tenth neighbour
RARE = 0.001  # how often chance alone may make as many equal, or any nearly equal, rows
ALONE = 0.99  # AUC or rank correlation of one feature; the best honest one in wine has 0.985
FARTHER = ((2, 4), (5, 10), (10, 20))  # neighbours whose distances tell the dimensions
CODES, CODE = 30, 0.9  # as many values are codes, which tell by their names; and their AUC
ROWS = Leakage().rows
VALUES = 50  # columns for a text; with more values, in more than ROWS rows, they are directions
CELLS = 5_000_000  # of features that are ranked at a time


def equal_rows(table: Table) -> pd.Series:
    """Return a number for each row, the same for the same features and target."""
    return pd.util.hash_pandas_object(_with_target(table), index=False)


def duplicates(table: Table, cuts: list[Cut], equal: pd.Series | None = None) -> Finding:
    """Check that no two rows with the same features and target are set apart.

    It only warns where chance may well have made as many equal rows, with so few values.
    """
    check = "duplicates"
    found = overlaps(equal_rows(table) if equal is None else equal, cuts)
    if not found:
        return Finding(check, "pass", "no two equal rows are set apart")
    rows = np.unique(np.concatenate([rows for _, rows in found]))
    message = f"{rows_at(table, rows)}: equal, {where(found)}"
    if chance_of_equal_rows(_with_target(table)) >= RARE:
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


def near_duplicates(
    table: Table, cuts: list[Cut], equal: pd.Series | None = None, rows: int = ROWS, seed: int = 0
) -> Finding:
    """Check that no two rows with nearly the same features are set apart.

    Near is at most ``NEAR`` times the distance to a row's tenth neighbour (of up to ten rows, the
    farthest), every column scaled to unit variance, and so near that chance would make such a pair
    in ``RARE`` of all tables: of points in d dimensions, a share of (distance ratio)^d is nearer. d
    comes from the distances of farther neighbours (Facco et al. 2017), so that a table in which
    every row has up to nine twins hides none. Equal rows are left to `duplicates`, if their targets
    are equal too.

    Of more than ``rows`` different rows as many are drawn at random, and their neighbours looked
    for among all. Where a share s of the rows have a copy, m drawn ones miss it with a probability
    of at most (1 - s)^m: from s = 1 - 0.01^(1/m) on it is found with probability 0.99.
    """
    check, equal = "near duplicates", equal_rows(table) if equal is None else equal
    different = np.flatnonzero(~equal.duplicated().to_numpy())
    n_neighbours = min(FARTHER[-1][1], len(different) - 1)
    if n_neighbours < FARTHER[0][1]:
        return Finding(check, "pass", "too few rows to tell by distances")
    asked = np.arange(len(different))
    if sampled := len(different) > rows:
        rng = np.random.default_rng(seed_for(seed, "leakage/near duplicates"))
        asked = np.sort(rng.choice(asked, rows, replace=False))
    points = scaled_numbers(table.X)[different]  # (n_different, n_numbers)
    distance, neighbour = _neighbours(points, asked, n_neighbours)
    tenth = distance[:, min(9, n_neighbours - 1)]
    # where copies end between two neighbours it comes out too low, of few rows too high
    pairs = [distance[:, [a - 1, b - 1]].T for a, b in FARTHER if b <= n_neighbours]
    dimensions = min(points.shape[1], max(_dimensions(*pair) for pair in pairs))
    limit = tenth * min(NEAR, (RARE / len(asked)) ** (1 / dimensions))
    near = (distance <= limit[:, None]) & (tenth > 0)[:, None]
    zero = near & (distance == 0)  # equal features, and another target
    if zero.any() and chance_of_equal_rows(table.X.iloc[different]) >= RARE:
        near &= distance > 0  # values are that few
    first, which = np.nonzero(near)
    pairs = np.sort(different[np.c_[asked[first], neighbour[first, which]]], axis=1)
    pairs = np.unique(pairs, axis=0)
    found = []
    for name, train, test in cuts if len(pairs) else []:
        side = np.full(len(table.y), -1)
        side[train], side[test] = 0, 1
        apart = side[pairs].sum(axis=1) == 1
        if apart.any():
            found.append((name, pairs[apart]))
    said = Finding(check, "pass", "no two rows that are nearly alike are set apart")
    if found:
        pairs = np.unique(np.concatenate([pairs for _, pairs in found]), axis=0)
        row = table.X.index
        named = listed([f"{row[i]} and {row[j]}" for i, j in pairs], "; ")
        advice = "if they are one thing measured twice, keep one or give them one group"
        said = Finding(check, "warn", f"rows {named}: nearly alike, {where(found)}", advice)
    share = math.ceil(1e4 * (1 - 0.01 ** (1 / rows))) / 100
    power = f": copies of {share:g} % of the rows are found with probability 0.99"
    return drawn(said, rows, len(different), power) if sampled else said


def _neighbours(
    points: np.ndarray, asked: np.ndarray, n_neighbours: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return distances and positions of the nearest neighbours of the points at some positions."""
    search = NearestNeighbors(n_neighbors=n_neighbours + 1, algorithm="brute").fit(points)
    rows = points[asked] if len(asked) < len(points) else points  # a product with itself is faster
    wide = points.shape[1] > len(points) / 4  # then all products at once are faster
    # neighbours at equal distances do not depend on how many threads there are
    with one_thread(), config_context(enable_cython_pairwise_dist=not wide, working_memory=256):
        near = search.kneighbors(rows, return_distance=False)  # in parts of bounded memory
    # its distances are differences of large numbers, often 0; and each point is its own neighbour
    apart = (points[at] - one for one, at in zip(rows, near, strict=True))
    distance = np.sqrt([np.einsum("ij,ij->i", one, one) for one in apart])
    distance[near == asked[:, None]] = np.inf
    order = np.argsort(distance, axis=1, kind="stable")[:, :n_neighbours]
    return np.take_along_axis(distance, order, axis=1), np.take_along_axis(near, order, axis=1)


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
    y, told = table.y.iloc[development], {}
    for X in _alike(table.X, development):
        there = X.iloc[:, 0].notna().to_numpy()
        told |= _tell(X[there], y[there]) if there.any() else {}
    telling = {name: told[name] for name in table.X.columns if name in told}
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
    low, high = numbers.min(), numbers.max()
    many = ((numbers > low) & (numbers < high)).any()  # yes/no columns are 0 and 1 by nature
    if many.sum() < 2:
        return Finding(check, "pass", "fewer than two number columns: nothing to tell it by")
    low, high, mean, sd = (of[many] for of in (low, high, numbers.mean(), numbers.std()))
    # a mean over some of the rows misses 0 by about 1 / sqrt(n)
    close = 0.02 / np.sqrt(len(numbers))
    text = ""
    if (mean.abs() <= close * sd).all() and (sd - sd.mean()).abs().max() <= close * sd.mean():
        text = f"mean 0 and standard deviation {sd.mean():.2f}"
    elif low.abs().max() < 1e-9 and (high - 1).abs().max() < 1e-9:
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
    their pipeline. Where those columns would be too many, they are projected on ``VALUES`` random
    directions: distances stay right to about a tenth.

    >>> X = pd.DataFrame({"dose": [1.0, None, 3.0], "kind": ["a", "a", "b"]})
    >>> scaled_numbers(X).round(1).tolist()
    [[-1.2, 0.7, -0.7], [0.0, 0.7, -0.7], [1.2, -1.4, 1.4]]
    """
    texts = X.select_dtypes(exclude="number") if len(X) > ROWS else X[[]]
    many = [name for name in texts if texts[name].nunique() > VALUES]
    numbers = pd.get_dummies(X.drop(columns=many), dtype=float).to_numpy(dtype=float, copy=True)
    imputer = SimpleImputer(keep_empty_features=True, copy=False)
    points = make_pipeline(imputer, StandardScaler(copy=False)).fit_transform(numbers)
    if not many:
        return points
    to_few = GaussianRandomProjection(VALUES, random_state=seed_for(0, "leakage/directions"))
    values = [X[name].dropna().unique() for name in many]
    dummies = OneHotEncoder(categories=values, handle_unknown="ignore")  # a gap is all zeros
    texts = make_pipeline(dummies, StandardScaler(with_mean=False), to_few)
    return np.hstack([points, texts.fit_transform(X[many])])


def audit_rows(
    table: Table,
    cuts: list[Cut],
    development: np.ndarray,
    accepted: dict[str, str],
    rows: int = ROWS,
    seed: int = 0,
) -> list[Finding]:
    """Run the checks of this module; ``accepted`` is ``[leakage.accepted]`` of study.toml."""
    features = {n: r for n, r in accepted.items() if n in table.X or n not in CHECKS}
    equal = equal_rows(table)
    return [
        duplicates(table, cuts, equal),
        near_duplicates(table, cuts, equal, rows, seed),
        single_features(table, development, features),
        already_scaled(table),
    ]


def rank_agreement(true: np.ndarray, score: np.ndarray) -> float:
    """Return how well a score ranks rows, from -1 to 1, 0 by chance.

    With a truth of yes and no it is 2 AUC - 1, with numbers Spearman's rank correlation.
    """
    return float(_agreements(true[:, None], score[:, None])[0, 0])


def _agreements(true: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Return `rank_agreement`, (k, p), of every column of truths (n, k) and scores (n, p)."""
    ranks, n = rankdata(scores, axis=0), len(scores)
    with np.errstate(invalid="ignore"):  # 0 / 0 where a column has one value alone
        if true.dtype == bool:  # scikit-learn's takes eight times as long, for columns in thousands
            count, total = true.sum(axis=0)[:, None], true.T.astype(float) @ ranks
            rest = n * (n + 1) / 2 - total
            found = 2 * (total / count - rest / (n - count)) / n
        else:
            a, b = (one - (n + 1) / 2 for one in (rankdata(true, axis=0), ranks))
            length = [np.linalg.norm(one, axis=0) for one in (a, b)]
            found = np.clip(a.T @ b / np.outer(*length), -1, 1)
    return np.nan_to_num(found)


def _with_target(table: Table) -> pd.DataFrame:
    features = table.X.set_axis(range(table.X.shape[1]), axis=1)  # no name clashes
    return pd.concat([features, table.y.rename("target")], axis=1)


def _alike(X: pd.DataFrame, rows: np.ndarray) -> Iterator[pd.DataFrame]:
    """Yield some rows of columns with gaps in the same places, as many at a time as fit."""
    step = max(1, CELLS // len(rows))
    for start in range(0, X.shape[1], step):
        part = X.iloc[rows, start : start + step]
        gaps = [column.tobytes() for column in np.packbits(part.isna(), axis=0).T]
        for names in part.columns.groupby(pd.Index(gaps)).values():
            yield part[names]


def _tell(X: pd.DataFrame, y: pd.Series) -> dict[str, str]:
    """Say of features without gaps how well each alone ranks the rows, if too well."""
    if pd.api.types.is_numeric_dtype(y):
        text = "ranks the rows as the target does (rank correlation {:.3f})"
        (rho,) = _too_good(X, y.to_numpy()[:, None])
        return {name: text.format(one) for name, one in zip(X, rho, strict=True) if one}
    classes = sorted(set(y))
    classes = classes[len(classes) == 2 :]
    found = _too_good(X, y.to_numpy(object)[:, None] == np.array(classes, dtype=object)).T
    good = {
        name: [f"{of!r} (AUC {auc:.3f})" for of, auc in zip(classes, aucs, strict=True) if auc]
        for name, aucs in zip(X, found, strict=True)
    }
    return {name: f"predicts {listed(texts)}" for name, texts in good.items() if texts}


def _too_good(X: pd.DataFrame, true: np.ndarray) -> np.ndarray:
    """Return (k, p) AUC or rank correlations, in either direction; 0 where they may be honest."""
    numbers = np.array([pd.api.types.is_numeric_dtype(kind) for kind in X.dtypes])
    own = np.zeros((true.shape[1], X.shape[1]))
    own[:, numbers] = _strength(true, X.loc[:, numbers].to_numpy(float))
    ordered = np.sort(X.loc[:, numbers].to_numpy(float), axis=0)
    names = np.zeros(X.shape[1], dtype=int)  # how many values a feature has
    names[numbers] = 1 + (ordered[1:] != ordered[:-1]).sum(axis=0)
    names[~numbers] = X.loc[:, ~numbers].nunique()
    best = np.where(own >= ALONE, own, 0.0)
    limit = np.maximum(np.where(names < CODES, ALONE, CODE), own + 0.1)
    given = np.flatnonzero(~numbers | (names <= len(X) / 1.5))  # others are measured, not given
    codes = [pd.factorize(X.iloc[:, column])[0] for column in given]
    for which, truth in enumerate(true.T if codes else ()):
        worth = np.column_stack([_worth(one, truth.astype(float)) for one in codes])
        named, before = _strength(truth[:, None], worth)[0], own[which, given]
        better = (before < ALONE) & (named >= limit[which, given])
        best[which, given[better]] = named[better]
    return best


def _strength(true: np.ndarray, scores: np.ndarray) -> np.ndarray:
    agreement = np.abs(_agreements(true, scores))
    return (1 + agreement) / 2 if true.dtype == bool else agreement


def _worth(codes: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return for each value of a feature, by code, a number to rank by: what its name is worth.

    That is the target's mean over the rows with that value in the other half, so that a name that
    stands in one row only is worth nothing.
    """
    odd, worth = np.arange(len(y)) % 2 == 1, np.empty(len(y))
    for half in (odd, ~odd):
        count, total = (
            np.bincount(codes[~half], of, minlength=codes.max() + 1) for of in (None, y[~half])
        )
        means = np.divide(total, count, out=np.full(len(count), y.mean()), where=count > 0)
        worth[half] = means[codes[half]]
    return worth
