"""Audits of a table and its splits: were test rows known before they were scored.

A finding *fails* when no score of the study can be believed until it is mended; it *warns* when
only the author can say whether something is wrong. What is done to the rows before they are split,
and what the models do with them, is checked in ``tampering``.

No table shows everything. A scaler or a selection that was applied before the raw file was written
leaves at most a trace in it (see `already_scaled`); a feature that will not exist when the model is
used, and rows that do not stand for those the claim is about, look like any other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import rankdata
from sklearn.neighbors import NearestNeighbors

from .data import Table
from .splits import Fold, block_ids
from .study import Split, Study, StudyError

NEAR = 0.01  # of the median distance to the nearest row; clean tables have none below 0.05
ALONE = 0.99  # AUC or rank correlation of one feature; the best honest one in wine has 0.985
SHOWN = 8  # rows or names that a message lists; the rest are counted


@dataclass(frozen=True)
class Finding:
    """What one check found, and what to do about it.

    Examples
    --------
    >>> Finding("duplicates", "fail", "rows 3, 9 equal others", "keep one of each").verdict
    'fail'
    """

    check: str
    verdict: Literal["pass", "warn", "fail"]
    message: str
    advice: str = ""


class Cut(NamedTuple):
    """One way in which rows are set apart, as positions in the table."""

    name: str
    train: np.ndarray  # (n_train,)
    test: np.ndarray  # (n_test,)


def cuts_of(development: np.ndarray, test: np.ndarray, folds: list[Fold]) -> list[Cut]:
    """Return every cut of the study: the locked test set, then the folds.

    Parameters
    ----------
    development, test : ndarray of shape (n_rows,)
        Positions, as `lock_test_set` gives them.
    folds : list of Fold
        The shared folds.

    Returns
    -------
    list of Cut
        A fold that holds a locked row puts it on the training side of the first cut too.

    Examples
    --------
    >>> fold = Fold(0, 0, np.array([0]), np.array([1, 2]))
    >>> for name, train, test in cuts_of(np.array([0, 1]), np.array([2, 3]), [fold]):
    ...     print(name, train, test)
    the locked test set [0 1 2] [2 3]
    repeat 0, fold 0 [0] [1 2]
    """
    used = np.unique(np.concatenate([development, *(r for f in folds for r in (f.train, f.test))]))
    return [
        Cut("the locked test set", used, test),
        *(Cut(f"repeat {f.repeat}, fold {f.fold}", f.train, f.test) for f in folds),
    ]


def shared_rows(table: Table, cuts: list[Cut]) -> Finding:
    """Check that no row of the raw file stands on both sides, copied rows included.

    Parameters
    ----------
    table : Table
        The checked rows.
    cuts : list of Cut
        What is set apart.

    Returns
    -------
    Finding
        Fails with the row numbers; this is also how oversampling before the split shows.

    Examples
    --------
    >>> y = pd.Series([1.0, 2.0, 3.0], index=[11, 12, 13])
    >>> table = Table(y.to_frame("dose"), y, None, None, None, dropped={})
    >>> cut = Cut("repeat 0, fold 0", np.array([0, 1]), np.array([1, 2]))
    >>> shared_rows(table, [cut]).message
    'rows 12 are on both sides of repeat 0, fold 0'
    """
    check, found = "same rows", _overlaps(table.X.index, cuts)
    if not found:
        return Finding(check, "pass", f"no row is on both sides of any of {len(cuts)} splits")
    advice = "split before you repeat rows, and use the folds as splits.py makes them"
    return Finding(check, "fail", f"{_rows(table, found[0][1])} are {_where(found)}", advice)


def shared_groups(table: Table, split: Split, cuts: list[Cut]) -> Finding:
    """Check that no group is on both sides.

    Parameters
    ----------
    table : Table
        The checked rows.
    split : Split
        The ``[split]`` section.
    cuts : list of Cut
        What is set apart.

    Returns
    -------
    Finding
        Fails when the claim is about new groups. Warns when it is about rows or places and rows of
        one group are on both sides all the same. A claim about the future may know its groups.

    Examples
    --------
    >>> y = pd.Series([1.0, 2.0, 3.0], index=[1, 2, 3])
    >>> table = Table(y.to_frame("dose"), y, pd.Series(list("aab")), None, None, dropped={})
    >>> cut = Cut("repeat 0, fold 0", np.array([0]), np.array([1, 2]))
    >>> shared_groups(table, Split(dependence="grouped"), [cut]).message
    'group a (rows 1, 2) on both sides of repeat 0, fold 0'
    """
    check = "same groups"
    if table.groups is None:
        return Finding(check, "pass", "no column has the role group")
    if split.dependence == "temporal":
        return Finding(check, "pass", "a claim about the future may know its groups")
    found = _overlaps(table.groups, cuts)
    if not found:
        return Finding(check, "pass", f"no group is on both sides of any of {len(cuts)} splits")
    fails = split.dependence == "grouped"
    advice = (
        "keep whole groups together: use the folds as splits.py makes them"
        if fails
        else 'for a claim about new groups set split.dependence = "grouped"'
    )
    message = _named("group", table.groups, table, found)
    return Finding(check, "fail" if fails else "warn", message, advice)


def shared_places(table: Table, split: Split, cuts: list[Cut]) -> Finding:
    """Check that no block is on both sides, or no place where the claim is about rows.

    Parameters
    ----------
    table : Table
        The checked rows.
    split : Split
        The ``[split]`` section.
    cuts : list of Cut
        What is set apart.

    Returns
    -------
    Finding
        Fails when the claim is about new places; warns when it is about rows. It cannot see that a
        block is narrower than the distance over which values resemble each other.

    Examples
    --------
    >>> y = pd.Series([1.0, 2.0, 3.0], index=[1, 2, 3])
    >>> place = pd.DataFrame({"x": [1.0, 2.0, 30.0], "y": [1.0, 1.0, 1.0]})
    >>> table = Table(y.to_frame("dose"), y, None, None, place, dropped={})
    >>> cut = Cut("repeat 0, fold 0", np.array([0]), np.array([1, 2]))
    >>> shared_places(table, Split(dependence="spatial", block=10.0), [cut]).message
    'block 0,0 (rows 1, 2) on both sides of repeat 0, fold 0'
    """
    check = "same places"
    if table.place is None:
        return Finding(check, "pass", "no columns have the role place")
    if split.dependence in ("grouped", "temporal"):
        return Finding(check, "pass", f"a {split.dependence} claim may know its places")
    fails = split.dependence == "spatial"
    what = "block" if fails else "place"
    values = pd.Series(
        block_ids(table.place, split.block)
        if fails
        else [f"{x},{y}" for x, y in table.place.to_numpy()]
    )
    found = _overlaps(values, cuts)
    if not found:
        return Finding(check, "pass", f"no {what} is on both sides of any of {len(cuts)} splits")
    advice = (
        "keep whole blocks together: use the folds as splits.py makes them"
        if fails
        else 'for a claim about new places set split.dependence = "spatial" and a block'
    )
    message = _named(what, values, table, found)
    return Finding(check, "fail" if fails else "warn", message, advice)


def time_order(table: Table, split: Split, cuts: list[Cut]) -> Finding:
    """Check that training ends ``gap`` time steps before the test starts.

    Parameters
    ----------
    table : Table
        The checked rows.
    split : Split
        The ``[split]`` section.
    cuts : list of Cut
        What is set apart.

    Returns
    -------
    Finding
        Fails when the claim is about the future; warns when it is about rows and the table has
        times. It cannot see a feature that is known only later than its row's time.

    Examples
    --------
    >>> y = pd.Series([1.0, 2.0, 3.0], index=[1, 2, 3])
    >>> table = Table(y.to_frame("dose"), y, None, pd.Series([1, 2, 3]), None, dropped={})
    >>> cut = Cut("repeat 0, fold 0", np.array([0, 1]), np.array([2]))
    >>> time_order(table, Split(dependence="temporal", gap=1), [cut]).message
    'rows 2 train for repeat 0, fold 0, which tests from time 3 on with a gap of 1'
    """
    check = "time order"
    if table.time is None:
        return Finding(check, "pass", "no column has the role time")
    if split.dependence in ("grouped", "spatial"):
        return Finding(check, "pass", f"a {split.dependence} claim may know other times")
    times, step = np.unique(table.time.to_numpy(), return_inverse=True)
    for name, train, test in cuts:
        first = step[test].min()
        late = train[step[train] + split.gap >= first]
        if len(late) and split.dependence == "temporal":
            text = f"which tests from time {times[first]} on with a gap of {split.gap}"
            advice = "train on the past alone: use the folds as splits.py makes them"
            message = f"{_rows(table, late)} train for {name}, {text}"
            return Finding(check, "fail", message, advice)
        if len(late):
            message = f"{_rows(table, late)} train for {name} and are no earlier than all it tests"
            advice = 'for a claim about the future set split.dependence = "temporal"'
            return Finding(check, "warn", message, advice)
    return Finding(check, "pass", f"training ends before the test in each of {len(cuts)} splits")


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
    'rows 1, 4 equal others, on both sides of repeat 0, fold 0'
    """
    check, frame = "duplicates", _with_target(table)
    found = _overlaps(pd.util.hash_pandas_object(frame, index=False), cuts)
    if not found:
        return Finding(check, "pass", "no two equal rows are set apart")
    rows = np.unique(np.concatenate([rows for _, rows in found]))
    message = f"{_rows(table, rows)} equal others, {_where(found)}"
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
    >>> table = Table(X, pd.Series([1.0, 2.0, 3.0, 4.0]), None, None, None, dropped={})
    >>> cut = Cut("repeat 0, fold 0", np.array([0, 2]), np.array([1, 3]))
    >>> near_duplicates(table, [cut]).message
    '2 and 3: 1 pair of rows nearly alike, on both sides of repeat 0, fold 0'
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
    index = table.X.index
    named = [f"{index[i]} and {index[j]}" for i, j in pairs]
    what = "1 pair of rows" if len(pairs) == 1 else f"{len(pairs)} pairs of rows"
    message = f"{_some(named)}: {what} nearly alike, {_where(found)}"
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
        return Finding(check, "warn", _some([*new, *known], "; "), advice)
    return Finding(check, "pass", _some(known, "; ") or "none predicts the target alone")


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
    elif (numbers.min() == 0).all() and (numbers.max() == 1).all():
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
    numbers = pd.get_dummies(X, dtype=float).astype(float)
    numbers = numbers.fillna(numbers.mean()).fillna(0.0)
    sd = numbers.std(ddof=0).replace(0.0, 1.0)
    return ((numbers - numbers.mean()) / sd).to_numpy()


def audit(
    table: Table, study: Study, development: np.ndarray, test: np.ndarray, folds: list[Fold]
) -> list[Finding]:
    """Run every check that needs nothing but the rows and the splits.

    Parameters
    ----------
    table : Table
        The checked rows.
    study : Study
        The configuration.
    development, test : ndarray of shape (n_rows,)
        Positions, as `lock_test_set` gives them.
    folds : list of Fold
        The shared folds.

    Returns
    -------
    list of Finding
        One per check, in a fixed order.

    Raises
    ------
    StudyError
        If study.toml accepts a feature that is not in the table.

    Examples
    --------
    >>> from .study import Leakage
    >>> y = pd.Series([1.0, 4.0, 2.0, 3.0, 6.0, 5.0])
    >>> X = pd.DataFrame({"age": [3.0, 1.0, 2.0, 9.0, 4.0, 4.5], "effect": y * 2})
    >>> table = Table(X, y, None, None, None, dropped={})
    >>> study = Study.model_construct(
    ...     split=Split(dependence="independent"), leakage=Leakage()
    ... )
    >>> development, test = np.array([0, 1, 2, 3]), np.array([4, 5])
    >>> folds = [Fold(0, 0, np.array([0, 1]), np.array([2, 3]))]
    >>> [f.check for f in audit(table, study, development, test, folds) if f.verdict != "pass"]
    ['single feature']
    """
    cuts = cuts_of(development, test, folds)
    return [
        shared_rows(table, cuts),
        shared_groups(table, study.split, cuts),
        shared_places(table, study.split, cuts),
        time_order(table, study.split, cuts),
        duplicates(table, cuts),
        near_duplicates(table, cuts),
        single_features(table, development, study.leakage.accepted),
        already_scaled(table),
    ]


def _overlaps(values: pd.Series | pd.Index, cuts: list[Cut]) -> list[tuple[str, np.ndarray]]:
    """Return cuts with a value on both sides, and the positions of the rows that have it."""
    codes = pd.factorize(values)[0]
    found = []
    for name, train, test in cuts:
        both = np.intersect1d(codes[train], codes[test])
        rows = np.union1d(train, test)
        if len(both):
            found.append((name, rows[np.isin(codes[rows], both)]))
    return found


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
    return f"predicts {_some(found)}" if found else None


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


def _rows(table: Table, positions: np.ndarray) -> str:
    return f"rows {_some([str(row) for row in table.X.index[positions]])}"


def _named(what: str, values: pd.Series, table: Table, found: list[tuple[str, np.ndarray]]) -> str:
    rows = found[0][1]
    names = sorted({str(value) for value in values.to_numpy()[rows]})
    return f"{what} {_some(names)} ({_rows(table, rows)}) {_where(found)}"


def _where(found: list[tuple[str, object]]) -> str:
    more = f" and of {len(found) - 1} more" if len(found) > 1 else ""
    return f"on both sides of {found[0][0]}{more}"


def _some(texts: list[str], separator: str = ", ") -> str:
    more = f"{separator}... ({len(texts) - SHOWN} more)" if len(texts) > SHOWN else ""
    return separator.join(texts[:SHOWN]) + more
