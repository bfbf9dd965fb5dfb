"""Every audit is silent on clean data and names the leak that was planted."""

import csv
import hashlib
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.csv
import pytest
from example_study import STUDY as CODE
from example_study.models import linear
from leaks import few
from reproml.cli.leakage import accepted, changed_files
from reproml.compute.task import Task, run_task
from reproml.config.columns import Table, check_file, make_table, read_raw
from reproml.config.study import (
    CHECKS,
    Column,
    Data,
    Leakage,
    Split,
    Study,
    StudyError,
    parse_study,
)
from reproml.leakage import perturbation, row_checks
from reproml.leakage.findings import (
    Cut,
    Finding,
    audit_splits,
    cuts_of,
    shared_groups,
    shared_places,
    shared_rows,
    time_order,
)
from reproml.leakage.perturbation import (
    audit_fit,
    fit,
    fitted_parts,
    part_of,
    preparation,
    shuffled_labels,
)
from reproml.leakage.row_checks import (
    already_scaled,
    audit_rows,
    chance_of_equal_rows,
    duplicates,
    missing_texts,
    near_duplicates,
    rank_agreement,
    scaled_numbers,
    single_features,
)
from reproml.run.run import open_run
from reproml.split.splits import Fold, lock_test_set, make_folds
from scipy.stats import binom, rankdata, spearmanr
from sklearn.base import BaseEstimator
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestRegressor
from sklearn.feature_selection import SelectKBest, f_classif
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import NearestNeighbors
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, StandardScaler

CLAIMS = {
    "independent": Split(dependence="independent", folds=3, repeats=2),
    "grouped": Split(dependence="grouped", folds=3, repeats=2),
    "temporal": Split(dependence="temporal", folds=2, gap=1),
    "spatial": Split(dependence="spatial", folds=3, repeats=2, block=10.0),
}


@pytest.fixture
def table(network: Callable[..., Table]) -> Table:
    """Return 96 rows of 12 sites with three features that say little, none of them twice."""
    rows = network()
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.gamma(2.0, size=(96, 3)), columns=["wind", "dose", "age"])
    # a site has a block of its own, or its name would be known where its block is not
    number = rows.groups.to_numpy()
    place = pd.DataFrame({"east": number % 4 * 10.0 + 1, "north": number // 4 * 10.0 + 1})
    made = replace(rows, X=X, y=pd.Series(rng.permutation(rows.y)), place=place)
    index = pd.RangeIndex(1, 97)
    parts = {
        name: getattr(made, name).set_axis(index) for name in ("X", "y", "groups", "time", "place")
    }
    return replace(made, **parts)


def cuts_for(table: Table, split: Split) -> list:
    development, test = lock_test_set(table, split, stratify=True, seed=0)
    folds = make_folds(table, development, split, stratify=True, seed=0)
    return cuts_of(development, test, folds)


def only(table: Table, *roles: str) -> Table:
    """Return a table that has no other roles than these."""
    return replace(table, **{r: None for r in ("groups", "time", "place") if r not in roles})


# Splits


@pytest.mark.parametrize(
    ("claim", "role"),
    [("independent", ""), ("grouped", "groups"), ("temporal", "time"), ("spatial", "place")],
)
def test_the_studys_own_splits_pass(table: Table, claim: str, role: str):
    """Each claim with the one column it needs, and all rows as splits.py cuts them."""
    cuts = cuts_for(table, CLAIMS[claim])
    found = audit_splits(only(table, role), CLAIMS[claim], cuts)
    found += audit_rows(table, cuts, cuts[0].train, {})
    assert [one.check for one in found] == [
        *["same rows", "same groups", "same places", "time order"],
        *["duplicates", "near duplicates", "single feature", "scaled before"],
    ]
    assert {one.verdict for one in found} == {"pass"}, found


def test_a_row_on_both_sides(table: Table):
    cuts = cuts_of(np.arange(60), np.arange(60, 96), [Fold(0, 0, np.arange(31), np.arange(30, 60))])
    found = shared_rows(table, cuts)
    assert (found.verdict, found.message) == ("fail", "row 31: on both sides of repeat 0, fold 0")


def test_a_locked_row_in_a_fold(table: Table):
    fold = Fold(0, 0, np.arange(30), np.arange(30, 62))
    found = shared_rows(table, cuts_of(np.arange(60), np.arange(60, 96), [fold]))
    assert found.message == "rows 61, 62: on both sides of the locked test set"


def test_rows_repeated_before_the_split(table: Table):
    """Oversampling gives a row a second position, but not a second number."""
    positions = [*range(96), 3, 4]
    parts = {
        name: getattr(table, name).iloc[positions] for name in ("X", "y", "groups", "time", "place")
    }
    again = replace(table, **parts)
    assert shared_rows(again, cuts_for(table, CLAIMS["independent"])).verdict == "pass"
    cuts = cuts_of(np.arange(60), np.arange(60, 98), [])
    assert (
        shared_rows(again, cuts).message == "rows 4, 5, 4, 5: on both sides of the locked test set"
    )


@pytest.mark.parametrize(
    ("claim", "verdicts"),
    [
        ("independent", ["warn", "warn", "warn"]),
        ("grouped", ["fail", "pass", "pass"]),
        ("temporal", ["pass", "pass", "fail"]),
        ("spatial", ["warn", "fail", "pass"]),
    ],
)
def test_what_each_claim_may_know(table: Table, claim: str, verdicts: list[str]):
    """Groups, places and times of rows that were dealt in turn."""
    cut = Cut("here", np.arange(0, 96, 2), np.arange(1, 96, 2))
    found = audit_splits(table, CLAIMS[claim], [cut])
    assert [one.verdict for one in found] == ["pass", *verdicts]


def test_a_group_on_both_sides(table: Table):
    cuts = cuts_for(table, CLAIMS["independent"])
    found = shared_groups(table, CLAIMS["grouped"], cuts)
    assert found.verdict == "fail"
    assert found.message.startswith("10 groups (rows 1, 2, 3, 4,")  # of persons, no list of names
    assert found.message.endswith("on both sides of the locked test set and of 6 more")
    assert shared_groups(table, CLAIMS["independent"], cuts).verdict == "warn"
    assert "may know" in shared_groups(table, CLAIMS["temporal"], cuts).message


def test_a_block_on_both_sides(table: Table):
    cuts = cuts_for(table, CLAIMS["independent"])
    found = shared_places(table, CLAIMS["spatial"], cuts)
    assert found.verdict == "fail"
    assert re.match(r"\d+ blocks \(rows 1, ", found.message)
    found = shared_places(table, CLAIMS["independent"], cuts)
    assert found.verdict == "warn"
    assert re.match(r"\d+ places \(rows 1, ", found.message)
    assert 'dependence = "spatial"' in found.advice


def test_the_future_in_training(table: Table):
    found = time_order(table, CLAIMS["temporal"], cuts_for(table, CLAIMS["independent"]))
    assert found.verdict == "fail"
    assert "which tests from time 0 on with a gap of 1" in found.message
    assert (
        time_order(table, CLAIMS["independent"], cuts_for(table, CLAIMS["grouped"])).verdict
        == "warn"
    )


def test_a_gap_that_is_too_short(table: Table):
    cuts = cuts_for(table, CLAIMS["temporal"])
    assert time_order(table, CLAIMS["temporal"], cuts).verdict == "pass"
    wider = Split(dependence="temporal", folds=2, gap=2)
    found = time_order(table, wider, cuts)
    assert found.verdict == "fail"
    assert "gap of 2" in found.message


# Rows


def test_a_duplicated_row(table: Table):
    X, y = table.X.copy(), table.y.copy()
    X.iloc[90], y.iloc[90] = X.iloc[2], y.iloc[2]
    twice = replace(table, X=X, y=y)
    cuts = cuts_for(table, CLAIMS["independent"])
    found = duplicates(twice, cuts)
    assert found.verdict == "fail"
    assert found.message.startswith("rows 3, 91: equal, on both sides of ")
    assert near_duplicates(twice, cuts).verdict == "pass"  # it is named once
    together = [Fold(0, 0, np.array([2, 90]), np.array([5, 6]))]
    assert duplicates(twice, cuts_of(np.arange(91), np.arange(91, 96), together)).verdict == "pass"


def test_equal_rows_are_to_be_expected_of_yes_and_no(table: Table):
    coarse = replace(table, X=(table.X > 1).astype(float))
    assert duplicates(coarse, cuts_for(table, CLAIMS["independent"])).verdict == "warn"


def test_chance_makes_equal_rows_as_often_as_it_is_said_to():
    """Of 200 tables with nothing wrong, none is one in a thousand, and one in ten is one in ten."""
    found = [chance_of_equal_rows(few(seed)) for seed in range(200)]
    equal = sum(few(seed).duplicated().any() for seed in range(200))
    assert 20 < equal < 180  # so there is something to judge
    assert min(found) >= 0.001
    assert sum(chance < 0.1 for chance in found) <= 30
    twice = few(0)
    twice.iloc[:20] = twice.iloc[100:120].to_numpy()
    assert chance_of_equal_rows(twice) < 1e-9


def test_exchanged_values_are_no_equal_rows():
    """Zero pairs or more are certain; were 0, 1 and 1, 0 one pair, it would be 0.28 or 0.39."""
    assert chance_of_equal_rows(pd.DataFrame({"a": [0, 0, 1], "b": [0, 1, 0]})) == 1.0
    two = pd.DataFrame({"a": [0, 1, 2, 3, 3], "b": [1, 0, 3, 2, 2]})  # one pair of ten, in both
    assert chance_of_equal_rows(two) == pytest.approx(1 - np.exp(-1 / 10), rel=1e-12)


def test_two_equal_flowers_are_no_failure():
    """Chance makes a pair of equal irises, measured to one digit, in 32 of 100 such tables."""
    iris = load_iris(as_frame=True).frame
    assert round(chance_of_equal_rows(iris), 2) == 0.32


@pytest.mark.parametrize("copies", [1, 3, 9])
@pytest.mark.parametrize("share", [0.1, 0.6, 1.0])
def test_twins_in_the_majority(table: Table, copies: int, share: float):
    """Augmented before the split: every row has near copies, and no row stands alone."""
    rng, rows = np.random.default_rng(0), np.arange(round(share * 96))
    more = [table.X.iloc[rows] + rng.normal(scale=1e-4, size=(len(rows), 3)) for _ in range(copies)]
    X = pd.concat([table.X, *more], ignore_index=True)
    y = pd.concat([table.y, *[table.y.iloc[rows]] * copies], ignore_index=True)
    found = near_duplicates(replace(only(table), X=X, y=y), [Cut("", np.arange(96), X.index[96:])])
    assert found.verdict == "warn"
    assert "1 and 97" in found.message or "0 and 96" in found.message


@pytest.mark.parametrize("columns", [1, 2, 3, 10])
def test_near_rows_of_clean_tables(columns: int):
    """In 50 clean tables of few or many columns none has a pair that chance does not make."""
    for seed in range(50):
        rng = np.random.default_rng(seed)
        X = pd.DataFrame(rng.normal(size=(200, columns)))
        y = pd.Series(rng.choice(["no", "yes"], 200))
        clean = Table(X, y, None, None, None, dropped={})
        cut = Cut("here", np.arange(0, 200, 2), np.arange(1, 200, 2))
        assert near_duplicates(clean, [cut]).verdict == "pass", seed


@pytest.mark.parametrize("rows", [8, 15, 20])
@pytest.mark.parametrize("twins", [1, 4])
def test_copies_in_a_table_of_few_rows(rows: int, twins: int):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(rows, 3))
    X[-twins:] = X[:twins] + rng.normal(scale=1e-4, size=(twins, 3))
    found = near_duplicates(
        bare(X), [Cut("here", np.arange(rows - twins), np.arange(rows)[-twins:])]
    )
    assert found.verdict == "warn"
    assert found.message.startswith(f"rows 0 and {rows - twins}")


@pytest.mark.parametrize("columns", [3, 30])
@pytest.mark.parametrize("rows", [20, 200])
def test_copies_that_differ_in_their_last_digits(rows: int, columns: int):
    """Of few rows or many columns, brute force would compute distances of 0, or far too large."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(rows, columns))
    X[-5:] = X[:5] * (1 + 1e-12 * rng.normal(size=(5, columns)))
    found = near_duplicates(bare(X), [Cut("here", np.arange(rows - 5), np.arange(rows)[-5:])])
    named = "; ".join(f"{i} and {rows - 5 + i}" for i in range(5))
    assert found.message == f"rows {named}: nearly alike, on both sides of here"


@pytest.mark.parametrize("columns", [1, 2, 3, 10])
@pytest.mark.parametrize("rows", [3, 5, 15, 20])
def test_few_rows_with_nothing_wrong(rows: int, columns: int):
    cut = Cut("here", np.arange(0, rows, 2), np.arange(1, rows, 2))
    for seed in range(50):
        X = np.random.default_rng(seed).normal(size=(rows, columns))
        assert near_duplicates(bare(X), [cut]).verdict == "pass", seed


def with_copies(seed: int, pairs: int) -> tuple[Table, list[Cut]]:
    """Return 600 rows, of which the last are near copies of the first; all these are set apart."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(600, 4))
    X[600 - pairs :] = X[:pairs] + rng.normal(scale=1e-4, size=(pairs, 4))
    return bare(X), [Cut("here", np.arange(300), np.arange(300, 600))]


def test_rows_that_are_drawn_find_copies_as_often_as_is_said():
    """Of 200 tables with the share of copies that 150 of 600 rows find with probability 0.99."""
    share = 1 - 0.01 ** (1 / 150)
    pairs = int(np.ceil(600 * share / 2))  # ten, or twenty rows
    found = [
        near_duplicates(*with_copies(seed, pairs), rows=150, seed=seed).verdict
        for seed in range(200)
    ]
    # fewer would come of a probability of 0.99 in one of 1,000 such tests
    assert found.count("warn") >= binom.ppf(0.001, 200, 0.99) == 192
    one = near_duplicates(*with_copies(0, 1), rows=150, seed=0)
    assert (one.verdict, one.message) == (
        "pass",
        "no two rows that are nearly alike are set apart (of 150 of 600 rows, drawn at random: "
        "copies of 3.03 % of the rows are found with probability 0.99)",
    )
    assert one.advice == "to ask about all rows set rows = 600 under [leakage] in study.toml"
    all_ = near_duplicates(*with_copies(0, 1), rows=600, seed=0)
    assert all_.message == "rows 0 and 599: nearly alike, on both sides of here"
    assert all_ == near_duplicates(*with_copies(0, 1))


def test_rows_that_are_drawn_raise_no_alarm():
    found = [near_duplicates(*with_copies(seed, 0), rows=150, seed=seed) for seed in range(200)]
    assert {one.verdict for one in found} == {"pass"}


def test_the_neighbours_of_some_rows_are_those_that_they_have_among_all():
    """Twins far from the mean too, where brute force subtracts large numbers; and equal rows."""
    rng = np.random.default_rng(0)
    points = np.exp(4 * rng.normal(size=(2000, 20)))
    points[1000:1500] = points[:500] * (1 + 1e-9)
    points[1500:1600] = points[:100]
    tree = NearestNeighbors(n_neighbors=20, algorithm="kd_tree").fit(points)
    asked = np.sort(rng.choice(2000, 300, replace=False))
    distance = row_checks._neighbours(points, asked, 20)[0]
    whole = tree.kneighbors()[0][asked]
    assert (distance[:, 0] > 0).any() and (distance[:, 0] == 0).any()
    np.testing.assert_allclose(distance, whole, rtol=1e-12)


@pytest.mark.parametrize("columns", [5, 50, 500])
def test_the_neighbours_of_all_rows_are_the_nearest(columns: int):
    points = np.random.default_rng(0).normal(size=(120, columns))
    points[100:] = points[:20] + 1e-4
    apart = np.linalg.norm(points[:, None] - points[None], axis=2) + np.diag(np.full(120, np.inf))
    distance, near = row_checks._neighbours(points, np.arange(120), 10)
    assert (near == np.argsort(apart, axis=1)[:, :10]).all()
    np.testing.assert_allclose(distance, np.sort(apart, axis=1)[:, :10], rtol=1e-6)


def test_a_text_with_thousands_of_values_takes_few_columns():
    """Above 5,000 rows; rows with one value lie where they did, others to about a tenth."""
    rng = np.random.default_rng(0)
    text = rng.integers(0, 3000, size=6000).astype(str)
    X = pd.DataFrame({"dose": rng.normal(size=6000), "text": text})
    X.loc[0, "text"] = None
    points = scaled_numbers(X)
    assert points.shape == (6000, 51)
    assert scaled_numbers(X[:1000]).shape[1] > 700  # as ever
    dummies = pd.get_dummies(X["text"], dtype=float)
    dummies /= dummies.std(ddof=0)
    one, other = rng.integers(0, 6000, size=(2, 500))
    one[:10] = 0
    apart = np.linalg.norm(dummies.to_numpy()[one] - dummies.to_numpy()[other], axis=1)
    ratio = (
        np.linalg.norm(points[one, 1:] - points[other, 1:], axis=1)[apart > 0] / apart[apart > 0]
    )
    assert abs(ratio - 1).mean() < 0.1
    assert np.quantile(abs(ratio - 1), 0.9) < 0.2
    same = X.index[X["text"] == X["text"][1]]
    assert (points[same, 1:] == points[1, 1:]).all()


def bare(X: np.ndarray) -> Table:
    y = pd.Series(np.arange(len(X)) % 3 == 0).map({True: "yes", False: "no"})
    return Table(pd.DataFrame(X), y, None, None, None, dropped={})


@pytest.mark.parametrize("rows", [2, 4, 20])
def test_the_number_of_a_person_who_has_one_label(table: Table, rows: int):
    rng, person = np.random.default_rng(1), np.arange(240) // rows
    y = pd.Series(rng.choice(["no", "yes"], person.max() + 1)[person])
    number = rng.permutation(1000)[person]
    X = pd.DataFrame({"number": number, "dose": rng.normal(size=240)})
    persons = Table(X, y, None, None, None, dropped={})
    found = single_features(persons, np.arange(240), {})
    assert (found.verdict, found.message) == ("warn", "number alone predicts 'yes' (AUC 1.000)")
    honest = replace(persons, y=pd.Series(rng.choice(["no", "yes"], 240)))
    assert single_features(honest, np.arange(240), {}).verdict == "pass"


@pytest.mark.parametrize("wrong", [0.0, 0.05, 0.1])
def test_a_code_that_stands_for_the_label(wrong: float):
    rng = np.random.default_rng(2)
    code = rng.integers(0, 120, size=1200)
    y = pd.Series(np.where((code % 2 == 1) ^ (rng.random(1200) < wrong), "yes", "no"))
    X = pd.DataFrame({"code": [f"c{number}" for number in code]})
    coded = Table(X, y, None, None, None, dropped={})
    assert single_features(coded, np.arange(1200), {}).verdict == "warn"
    coded = replace(coded, y=pd.Series(rng.permutation(y)))
    assert single_features(coded, np.arange(1200), {}).verdict == "pass"


def test_a_row_measured_twice(table: Table):
    X = table.X.copy()
    X.iloc[90] = X.iloc[2] * 1.0001
    twice, cuts = replace(table, X=X), cuts_for(table, CLAIMS["independent"])
    found = near_duplicates(twice, cuts)
    assert found.verdict == "warn"
    assert found.message.startswith("rows 3 and 91: nearly alike, on both sides of ")
    assert duplicates(twice, cuts).verdict == "pass"


@pytest.mark.parametrize("as_text", [False, True])
def test_the_target_copied_into_a_feature(table: Table, as_text: bool):
    copy = table.y if as_text else (table.y == "yes") * 3.0
    found = single_features(replace(table, X=table.X.assign(copy=copy)), np.arange(80), {})
    assert found.verdict == "warn"
    assert found.message == "copy alone predicts 'yes' (AUC 1.000)"
    assert "[leakage.accepted]" in found.advice


def test_rank_agreement_is_that_of_the_libraries():
    rng = np.random.default_rng(0)
    score, number = rng.normal(size=50).round(1), rng.normal(size=50).round(1)  # with ties
    auc, rho = roc_auc_score(number > 0, score), spearmanr(number, score).statistic
    assert rank_agreement(number > 0, score) == pytest.approx(2 * auc - 1, rel=1e-12)
    assert rank_agreement(number, score) == pytest.approx(rho, rel=1e-12)
    assert rank_agreement(number > 0, np.zeros(50)) == rank_agreement(number, np.zeros(50)) == 0


@pytest.mark.parametrize("classes", [0, 2, 4])
def test_features_are_judged_together_as_they_were_alone(
    classes: int, monkeypatch: pytest.MonkeyPatch
):
    """Numbers with and without gaps, ties, codes and texts: each has its own figure, as printed."""
    rng, n, calls = np.random.default_rng(0), 300, []
    number = rng.normal(size=n)
    y = pd.Series(number)
    if classes:
        y = pd.Series(pd.qcut(number, classes, labels=list("uvwx"[:classes])).astype(str))
    X = pd.DataFrame({f"x{i}": number + rng.normal(scale=0.02 * i, size=n) for i in range(200)})
    X = X.round(2).assign(one=1.0, text=y.astype(str), code=np.digitize(number, [-1, 0, 1]) * 1.0)
    for i in range(0, 40, 4):
        X.loc[rng.random(n) < 0.1, f"x{i}"] = np.nan
    monkeypatch.setattr(
        row_checks, "rankdata", lambda *a, **k: calls.append(0) or rankdata(*a, **k)
    )
    monkeypatch.setattr(row_checks, "listed", lambda texts, separator=", ": separator.join(texts))
    found = single_features(Table(X, y, None, None, None, dropped={}), np.arange(n), {})
    said = dict(re.findall(r"(x\d+) alone (.*?\))(?:; |$)", found.message))
    for name in X.columns[:200]:
        there = X[name].notna()
        if classes:
            truths = {c: y[there] == c for c in sorted(set(y))[classes == 2 :]}
            auc = {c: roc_auc_score(true, X.loc[there, name]) for c, true in truths.items()}
            good = {c: max(a, 1 - a) for c, a in auc.items() if max(a, 1 - a) >= 0.99}
            text = "predicts " + ", ".join(f"{c!r} (AUC {a:.3f})" for c, a in good.items())
        else:
            rho = abs(spearmanr(y[there], X.loc[there, name]).statistic)
            good = rho >= 0.99
            text = f"ranks the rows as the target does (rank correlation {rho:.3f})"
        assert said.get(name) == (text if good else None), name
    assert 3 < len(said) < 150
    assert "one alone" not in found.message
    assert len(calls) <= 50  # by gaps, and for codes: not by column


def test_a_numeric_target_copied_into_a_feature(table: Table):
    X = table.X.assign(copy=np.log(table.X["dose"]))
    found = single_features(
        replace(table, X=X[["copy", "age"]], y=table.X["dose"]), np.arange(96), {}
    )
    assert found.message.startswith("copy alone ranks the rows as the target does")


def test_a_name_that_stands_in_one_row_only_tells_nothing(table: Table):
    X = table.X.assign(name=[f"row {i}" for i in range(96)], same="all")
    assert single_features(replace(table, X=X), np.arange(96), {}).verdict == "pass"


def test_a_written_reason_settles_a_telling_feature(table: Table, content: dict[str, Any]):
    told = replace(table, X=table.X.assign(dose=(table.y == "yes") * 3.0))
    content["leakage"] = {"accepted": {"dose": "given before the answer"}}
    reasons = parse_study(content).leakage.accepted
    found = single_features(told, np.arange(80), reasons)
    assert (found.verdict, found.message) == (
        "accepted",
        "dose is accepted: given before the answer",
    )
    assert accepted(found, {"single feature": "?"}) is found
    with pytest.raises(StudyError, match="no features of the table"):
        single_features(told, np.arange(80), {"dosis": "?"})


def test_a_written_reason_settles_any_check(content: dict[str, Any]):
    content["leakage"] = {"accepted": {"duplicates": "two flowers"}}
    reasons = parse_study(content).leakage.accepted
    found = accepted(Finding("duplicates", "fail", "rows 1, 2: equal"), reasons)
    assert found.verdict == "accepted"
    assert found.message == "two flowers (the check says fail: rows 1, 2: equal)"
    for other in (Finding("duplicates", "pass", "none"), Finding("fit of forest", "fail", "knows")):
        assert accepted(other, reasons) is other


def test_a_feature_with_the_name_of_a_check_is_accepted_as_a_feature(table: Table):
    told = replace(table, X=table.X.assign(duplicates=(table.y == "yes") * 3.0))
    found = audit_rows(told, [], np.arange(80), {"duplicates": "counted before"})[2]
    assert (found.verdict, found.message) == ("accepted", "duplicates is accepted: counted before")
    audit_rows(table, [], np.arange(80), {"duplicates": "the check's name alone"})


def test_every_check_can_be_accepted_by_its_name(table: Table):
    cuts = cuts_for(table, CLAIMS["independent"])
    found = audit_splits(table, CLAIMS["independent"], cuts)
    found += audit_rows(table, cuts, cuts[0].train, {})
    names = [one.check for one in found]
    names += ["missing texts", "before the split", "shuffled labels"]
    assert names == list(CHECKS)


@pytest.mark.parametrize("name", ["dosis", "answer", "fit of forest"])
def test_a_reason_for_no_feature_is_a_mistake(content: dict[str, Any], name: str):
    content["leakage"] = {"accepted": {name: "?"}}
    with pytest.raises(StudyError, match=f"leakage.accepted.{name}: no such feature"):
        parse_study(content)


@pytest.mark.parametrize("scaler", [StandardScaler(), MinMaxScaler()])
def test_a_scaler_fitted_before_the_file_was_written(table: Table, scaler: BaseEstimator):
    everything = pd.DataFrame(scaler.fit_transform(table.X), table.X.index, table.X.columns)
    found = already_scaled(replace(table, X=everything))
    assert found.verdict == "warn"
    assert "over all rows" in found.message
    on_some = scaler.fit(table.X.iloc[:70]).transform(table.X)
    honest = pd.DataFrame(on_some, table.X.index, table.X.columns)
    assert already_scaled(replace(table, X=honest)).verdict == "pass"


# What is done before the split


def as_it_is(raw: pd.DataFrame) -> Table:
    return Table(raw.drop(columns="answer"), raw["answer"], None, None, None, dropped={})


def scaled(raw: pd.DataFrame) -> Table:
    made = as_it_is(raw)
    X = pd.DataFrame(StandardScaler().fit_transform(made.X), raw.index, made.X.columns)
    return replace(made, X=X)


def selected(raw: pd.DataFrame) -> Table:
    made = as_it_is(raw)
    best = SelectKBest(f_classif, k=5).fit(made.X, made.y).get_support()
    return replace(made, X=made.X.loc[:, best])


def without_outliers(raw: pd.DataFrame) -> Table:
    made = as_it_is(raw)
    kept = (made.X["f0"] < made.X["f0"].mean() + made.X["f0"].std()).to_numpy()
    return replace(made, X=made.X[kept], y=made.y[kept])


def relabelled(raw: pd.DataFrame) -> Table:
    made = as_it_is(raw)
    return replace(made, y=(made.X["f0"] > made.X["f0"].median()).astype(str))


@pytest.fixture(scope="module")
def noise() -> pd.DataFrame:
    """Return 80 rows of 200 features and labels that have nothing to do with them."""
    rng = np.random.default_rng(1)
    raw = pd.DataFrame(rng.normal(size=(80, 200)), columns=[f"f{i}" for i in range(200)])
    return raw.assign(answer=rng.permutation(np.repeat(["no", "yes"], 40)))


def prepared(noise: pd.DataFrame, make: Callable[[pd.DataFrame], Table]) -> Finding:
    return preparation(noise, make, noise.index[60:], list(noise.columns), seed=0)


def test_a_path_that_leaves_rows_alone_passes(noise: pd.DataFrame):
    assert prepared(noise, as_it_is).verdict == "pass"
    assert (
        prepared(noise, lambda raw: as_it_is(raw.assign(f0=np.log1p(raw["f0"] ** 2)))).verdict
        == "pass"
    )


@pytest.mark.parametrize(
    ("make", "names"),
    [
        (scaled, "change column 'f0' of the other rows"),
        (selected, "change which columns there are, such as ['f"),
        (without_outliers, "change which rows there are, such as row "),
        (relabelled, "change the target of the other rows"),
    ],
)
def test_preparation_that_saw_locked_rows(noise: pd.DataFrame, make: Callable, names: str):
    found = prepared(noise, make)
    assert found.verdict == "fail"
    assert names in found.message
    assert "inside the pipeline" in found.advice


def test_a_path_that_refuses_changed_values_is_said_to_be_unchecked(noise: pd.DataFrame):
    def strict(raw: pd.DataFrame) -> Table:
        if not raw.equals(noise):
            raise StudyError("not these")
        return as_it_is(raw)

    found = prepared(noise, strict)
    assert (found.verdict, found.message) == ("warn", "could not be checked: not these")


def test_shuffled_labels_score_only_after_a_leak(noise: pd.DataFrame):
    thirds = np.array_split(noise.index, 3)
    cuts = [(noise.index.difference(test), test) for test in thirds]
    assert shuffled_labels(noise, as_it_is, "answer", cuts, seed=0).verdict == "pass"
    assert shuffled_labels(noise, scaled, "answer", cuts, seed=0).verdict == "pass"
    found = shuffled_labels(noise, selected, "answer", cuts, seed=0)
    assert found.verdict == "warn"
    assert "can still be predicted: rank agreement 0." in found.message


def test_labels_that_move_nothing_are_shuffled_twice(noise: pd.DataFrame):
    """What is made of a label alone, such as its logarithm, is no leak; what is made of rows is."""
    thirds = np.array_split(noise.index, 3)
    cuts = [(noise.index.difference(test), test) for test in thirds]
    made = []

    def counted(make: Callable[[pd.DataFrame], Table]) -> tuple[str, int]:
        made.clear()
        found = shuffled_labels(
            noise, lambda raw: made.append(0) or make(raw), "answer", cuts, seed=0
        )
        return found.verdict, len(made)

    def named(raw: pd.DataFrame) -> Table:
        kept = as_it_is(raw.iloc[5:])
        return replace(kept, y=kept.y.map({"no": 0.5, "yes": 1.5}))

    def dropped(raw: pd.DataFrame) -> Table:
        return as_it_is(raw[(raw["answer"] == "yes") | (raw["f0"] > 0)])

    assert counted(as_it_is) == counted(named) == ("pass", 2)
    assert counted(relabelled) == ("warn", 10)  # its target is made of a feature
    assert counted(selected) == ("warn", 10)
    assert counted(dropped) == ("pass", 10)  # other rows: who knows


# The data file, which is read once


def in_pandas(path: Path) -> float:
    return pd.read_csv(path)["dose"].mean()


def line_by_line(path: Path) -> float:
    with path.open(encoding="utf-8", newline="") as file:
        return float(np.mean([float(row["dose"]) for row in csv.DictReader(file)]))


def in_arrow(path: Path) -> float:
    """Read it by C++, which Python does not hear of."""
    return float(np.mean(pyarrow.csv.read_csv(path)["dose"].to_pylist()))


def if_it_can(read: Callable[[Path], float]) -> Callable[[Path], float]:
    def swallowing(path: Path) -> float:
        try:
            return read(path)
        except Exception:
            return 0.0

    return swallowing


def if_there_is_something(path: Path) -> float:
    return in_arrow(path) if path.stat().st_size else 0.0


def audited(
    folder: Path, load_table: Callable[[Study, Path], Table], kind: str = "csv"
) -> list[Finding]:
    """Return what the audit says of data that are loaded so."""
    path = folder / "study.toml"
    if kind == "parquet":
        pd.read_csv(folder / "tiny.csv").to_parquet(folder / "tiny.parquet")
        after = hashlib.sha256((folder / "tiny.parquet").read_bytes()).hexdigest()
        text = path.read_text(encoding="utf-8").replace("tiny.csv", "tiny.parquet")
        text = re.sub("[0-9a-f]{64}", after, text)
        path.write_text(text, encoding="utf-8", newline="\n")
    with open_run(path) as run:
        run.study = run.study.with_code(replace(CODE, load_table=load_table))
        before = (folder / f"tiny.{kind}").read_bytes()
        found = changed_files(run)
        assert (folder / f"tiny.{kind}").read_bytes() == before
    return found


@pytest.mark.parametrize(
    "read",
    [
        in_pandas,
        line_by_line,
        in_arrow,
        if_it_can(in_pandas),
        if_it_can(in_arrow),
        if_there_is_something,
    ],
)
@pytest.mark.parametrize("both", [True, False])
def test_a_loader_that_opens_the_file_itself(folder: Path, read: Callable, both: bool):
    """It has its rows from `read_raw` as well, or from that file alone: what it does is seen."""

    def loaded(study: Study, root: Path) -> tuple[Table, float]:
        path = Path(root) / study.data.file
        raw = read_raw(check_file(study.data, root), study.data)
        if not both:
            raw = pd.read_csv(path, index_col=False).set_axis(raw.index)
        return make_table(raw, study), read(path)

    def leaky(study: Study, root: Path) -> Table:
        table, mean = loaded(study, root)
        return replace(table, X=table.X.assign(dose=table.X["dose"] - mean))

    found = audited(folder, leaky)
    assert [one.verdict for one in found] == ["fail", "pass"]
    assert "in the locked rows change column 'dose' of the other rows" in found[0].message
    found = audited(folder, lambda *where: loaded(*where)[0])
    assert [one.verdict for one in found] == ["pass", "pass"]


@pytest.mark.parametrize("hidden", [True, False])
def test_a_loader_that_opens_the_file_for_some_values_alone(folder: Path, hidden: bool):
    """Where locked rows are changed, more than a few are the oldest; before, it opens nothing."""
    read = if_it_can(in_pandas) if hidden else in_pandas

    def leaky(study: Study, root: Path) -> Table:
        table = make_table(read_raw(check_file(study.data, root), study.data), study)
        oldest = (table.X["age"] == table.X["age"].max()).sum()
        mean = read(Path(root) / study.data.file) if oldest > 10 else 0.0
        return replace(table, X=table.X.assign(dose=table.X["dose"] - mean))

    assert audited(folder, leaky)[0].verdict == "fail"


def test_labels_are_found_in_a_file_that_is_opened_by_the_loader(folder: Path):
    def leaky(study: Study, root: Path) -> Table:
        table = CODE.load_table(study, root)
        told = pd.read_csv(Path(root) / study.data.file)["answer"] == "yes"
        return replace(table, X=table.X.assign(dose=told.to_numpy() * 1.0))

    found = audited(folder, leaky)[1]
    assert found.verdict == "warn"
    assert "can still be predicted: rank agreement 1.00" in found.message


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_the_file_is_read_once_and_changed_in_memory(
    folder: Path, monkeypatch: pytest.MonkeyPatch, kind: str
):
    """For the study's rows and for the audit's, however many tables are made of them."""
    read, made = [], []
    for name in ("read_csv", "read_parquet"):
        kept = getattr(pd, name)
        monkeypatch.setattr(pd, name, lambda *a, kept=kept, **k: read.append(a[0]) or kept(*a, **k))

    def counted(study: Study, root: Path) -> Table:
        made.append(root)
        return CODE.load_table(study, root)

    found = audited(folder, counted, kind)
    assert [one.verdict for one in found] == ["pass", "pass"]
    assert len(made) == 8  # the study's, the same without a file, four for features, two for labels
    # a test reads the CSV file once more, to make a Parquet file of it
    assert [Path(path).parent for path in read] == [folder] * (2 + (kind == "parquet"))


def test_a_loader_that_refuses_changed_values_says_so_as_from_a_file(folder: Path):
    def strict(study: Study, root: Path) -> Table:
        table = CODE.load_table(study, root)
        if (table.X["dose"] == table.X["dose"].max()).sum() > 10:
            raise StudyError("too much")
        return table

    found = audited(folder, strict)[0]
    assert (found.verdict, found.message) == ("warn", "could not be checked: too much")


# What the models do


SPLIT = Fold(0, 0, np.arange(60), np.arange(60, 80))


def as_the_study_does(model: BaseEstimator) -> Callable[[Table, Fold], tuple[np.ndarray, ...]]:
    answer = Column(role="target", type="category", values=["no", "yes"])
    data = Data(file="tiny.csv", sha256="0" * 64, positive="yes", columns={"answer": answer})
    study = Study.model_construct(task="classification", data=data, split=CLAIMS["independent"])

    def predict(table: Table, fold: Fold) -> tuple[np.ndarray, ...]:
        said = run_task(Task("model", model, fold, seed=0), table, study.with_code(CODE))
        return said.predicted, said.probability

    return predict


def judged(table: Table, predict: Callable, model: BaseEstimator | None = None) -> Finding:
    model = LogisticRegression() if model is None else model
    task = Task("mine", model, SPLIT, seed=0)
    return fit(task, predict, table, seed=0)


def test_a_search_inside_the_training_rows_passes(table: Table):
    search = GridSearchCV(linear("classification"), {"model__C": [0.01, 1.0]}, cv=2)
    for model in (linear("classification"), search):
        assert judged(table, as_the_study_does(model), model).verdict == "pass"


def test_tuning_on_test_rows(table: Table):
    def tuned(table: Table, fold: Fold) -> tuple[np.ndarray, ...]:
        X, y = table.X.to_numpy(), table.y.to_numpy()
        models = [
            LogisticRegression(C=c, class_weight={"yes": w}).fit(X[fold.train], y[fold.train])
            for c in (0.01, 1.0, 100.0)
            for w in (0.5, 1.0, 2.0)
        ]
        best = max(models, key=lambda model: model.score(X[fold.test], y[fold.test]))
        return (best.predict_proba(X[fold.test]),)

    found = judged(table, tuned)
    assert found.check == "fit of mine"
    assert found.verdict == "fail"
    assert found.message == "predictions depend on the labels of rows that it is not trained on"
    assert found.advice.startswith("tune, stop and select on parts of the training rows")


def test_scaling_by_the_test_rows(table: Table):
    def batch(table: Table, fold: Fold) -> tuple[np.ndarray, ...]:
        model = LogisticRegression().fit(table.X.iloc[fold.train], table.y.iloc[fold.train])
        scaled = StandardScaler().fit_transform(table.X.iloc[fold.test])
        return (model.predict_proba(pd.DataFrame(scaled, columns=table.X.columns)),)

    assert "depend on the features of rows" in judged(table, batch).message


def test_chance_is_not_taken_for_a_leak(table: Table):
    draws = np.random.default_rng(0)
    found = judged(table, lambda table, fold: (draws.random(len(fold.test)),))
    assert (found.verdict, found.message) == ("warn", "two fits on the same rows differ")


def test_a_regression_that_knows_all_labels(table: Table):
    numbers = replace(table, y=table.X["dose"])

    def predict(table: Table, fold: Fold) -> tuple[np.ndarray, ...]:
        return (np.full(len(fold.test), table.y.mean()),)

    assert "depend on the labels" in judged(numbers, predict).message

    def honest(table: Table, fold: Fold) -> tuple[np.ndarray, ...]:
        forest = RandomForestRegressor(n_estimators=3, random_state=0)
        forest.fit(table.X.iloc[fold.train], table.y.iloc[fold.train])
        return (forest.predict(table.X.iloc[fold.test]),)

    assert judged(numbers, honest).verdict == "pass"


def test_a_transformer_fitted_outside_the_pipeline(table: Table):
    scaler = StandardScaler().fit(table.X)

    def closure(X: pd.DataFrame) -> np.ndarray:
        return scaler.transform(X)

    for step in (
        FunctionTransformer(scaler.transform),
        FunctionTransformer(closure),
        FrozenEstimator(scaler),
    ):
        model = Pipeline([("scale", step), ("model", LogisticRegression())])
        found = judged(table, as_the_study_does(model), model)
        assert found.verdict == "fail"
        assert found.message.startswith("scale__")
        assert found.message.endswith("arrives fitted")
    # a step that is cloned before it is fitted forgets what it knew
    assert fitted_parts(make_pipeline(scaler, LogisticRegression())) == []


def large(n: int = 400, rare: int = 200) -> Table:
    """Return as many rows, so many of one class, and no trace of it in the features."""
    X = pd.DataFrame(np.random.default_rng(0).normal(size=(n, 3)), columns=["a", "b", "c"])
    y = pd.Series(np.where(np.arange(n) % (n // rare) == 0, "yes", "no"))
    return Table(X, y, pd.Series(np.arange(n) // 4), None, None, dropped={})


def audited_fit(
    table: Table, rows: int | None, model: BaseEstimator | None = None, kind: str = "independent"
) -> Finding:
    """Audit a fit of a fold that has four rows in five, with a limit."""
    fold = Fold(0, 0, np.arange(0, 240), np.arange(240, 320))
    answer = Column(role="target", type="category", values=["no", "yes"])
    data = Data(file="tiny.csv", sha256="0" * 64, positive="yes", columns={"answer": answer})
    limit = Leakage(rows=rows) if rows else Leakage()
    how = {"data": data, "split": CLAIMS[kind], "leakage": limit, "seed": 0}
    study = Study.model_construct(task="classification", **how).with_code(CODE)
    return audit_fit(Task("mine", model or LogisticRegression(), fold, 0), table, study=study)


def on_test_rows(task: Task, table: Table, study: Study) -> Any:
    both = np.union1d(task.fold.train, task.fold.test)
    return run_task(replace(task, fold=replace(task.fold, train=both)), table, study)


def test_a_fit_is_audited_on_a_part_of_a_large_fold(monkeypatch: pytest.MonkeyPatch):
    found = audited_fit(large(), 100)
    said = "change no prediction (of 98 of 320 rows, drawn at random)"
    assert found.verdict == "pass"
    assert found.message.endswith(said)
    assert found.advice == "to ask about all rows set rows = 320 under [leakage] in study.toml"
    whole = audited_fit(large(), 320)
    assert whole == audited_fit(large(), 5000)
    assert whole.message.endswith("change no prediction")
    sizes = []

    def seen(task: Task, table: Table, study: Study) -> Any:
        sizes.append((len(table.y), len(task.fold.train), len(task.fold.test)))
        return on_test_rows(task, table, study)

    monkeypatch.setattr(perturbation, "run_task", seen)
    found = audited_fit(large(), 100)
    assert found.verdict == "fail"
    assert found.message.startswith("predictions depend on the labels of rows that it is not")
    assert found.message.endswith("(of 98 of 320 rows, drawn at random)")
    assert found.advice.startswith("tune, stop and select on parts of the training rows; ")
    assert set(sizes) == {(122, 74, 24)}  # and as large a share of the rows that are in no fold


def test_a_fit_is_audited_on_fewer_rows_of_a_wide_table(monkeypatch: pytest.MonkeyPatch):
    """Of as many as hold so many values, but no fewer than tell how a model is fitted."""
    assert "drawn" not in audited_fit(large(), None).message
    for cells, fewest in ((300, 50), (30, 100)):
        monkeypatch.setattr(perturbation, "CELLS", cells)
        monkeypatch.setattr(perturbation, "FEWEST", fewest)
        assert audited_fit(large(), None) == audited_fit(large(), 100)
        assert "drawn" not in audited_fit(large(), 320).message  # as study.toml says
    monkeypatch.setattr(perturbation, "run_task", on_test_rows)
    assert audited_fit(large(), None).verdict == "fail"


def test_a_part_of_a_fold_has_every_class_and_goes_by_the_table():
    table = large(rare=8)
    fold = Fold(0, 0, np.arange(0, 240), np.arange(240, 320))
    part, small = part_of(table, fold, 60, seed=0)
    assert part.X.index.is_monotonic_increasing
    assert part.y.index.equals(part.X.index) and part.groups.index.equals(part.X.index)
    for rows, whole in ((small.train, fold.train), (small.test, fold.test)):
        names = part.X.index[rows]
        assert set(names) <= set(whole)
        assert (part.y.iloc[rows] == "yes").sum() == min(10, (table.y.iloc[whole] == "yes").sum())
    again = part_of(table, fold, 60, seed=0)[0]
    assert again.X.equals(part.X)
    assert not part_of(table, fold, 60, seed=1)[0].X.equals(part.X)


class Greedy(LogisticRegression):
    """Needs 200 rows."""

    def fit(self, X, y):
        if len(X) < 200:
            raise ValueError("more rows")
        return super().fit(X, y)


def test_a_model_that_needs_more_rows_gets_all(monkeypatch: pytest.MonkeyPatch):
    found = audited_fit(large(), 100, Greedy())
    assert found == audited_fit(large(), 320, Greedy())
    assert found.verdict == "pass"
    monkeypatch.setattr(perturbation, "run_task", on_test_rows)
    assert audited_fit(large(), 100, Greedy()).verdict == "fail"


@pytest.mark.parametrize("kind", ["independent", "grouped"])
def test_a_search_has_its_folds_in_a_part_too(kind: str):
    search = GridSearchCV(linear("classification"), {"model__C": [0.01, 1.0]}, cv=2)
    found = audited_fit(large(), 100, search, kind)
    assert found.verdict == "pass"
    assert "drawn at random" in found.message


# Names that read as gaps


@pytest.mark.parametrize(
    ("how", "texts", "verdict"),
    [
        ({"type": "category"}, ["NA", "NA", ""], "warn"),  # Namibia, perhaps
        ({"type": "category"}, ["", ""], "pass"),
        ({"type": "category", "values": ["DE"]}, ["NA"], "pass"),  # said to be none
        ({"type": "number"}, ["NA"], "pass"),  # no number is called so
    ],
)
def test_a_name_that_is_taken_as_missing(how: dict[str, Any], texts: list[str], verdict: str):
    columns = {"land": Column(role="feature", **how)}
    data = Data(file="a.csv", sha256="0" * 64, columns=columns)
    found = missing_texts({"land": pd.Series(texts)}, data)
    assert found.verdict == verdict
    assert found.message.startswith("taken as missing: land: ")
    assert ("missing_texts" in found.advice) is (verdict == "warn")
    assert missing_texts({}, data).message == "taken as missing: nothing"


# The command: on clean data it is a part of reproduce, which has its own tests


def test_the_command_names_what_fails(folder: Path, call: Callable):
    data, study, results = folder / "tiny.csv", folder / "study.toml", folder / "results"
    before = hashlib.sha256(data.read_bytes()).hexdigest()
    rows = pd.read_csv(data)
    rows["dose"] = np.linspace(0.0, 9.0, len(rows)).round(3)  # no two alike, but for the next line
    rows["copy"] = 2.5 * (rows["answer"] == "yes")
    pd.concat([rows, rows.iloc[[29, 4]]]).to_csv(data, index=False, lineterminator="\n")
    after = hashlib.sha256(data.read_bytes()).hexdigest()
    text = study.read_text(encoding="utf-8").replace(before, after)
    text = text.replace("\n[split]", 'copy = { role = "feature" }\n\n[split]')
    text += '[leakage.accepted]\ncopy = "counted before the answer"\n'
    study.write_text(text, encoding="utf-8", newline="\n")
    done = call("leakage", "--study", str(study), "--results", str(results))
    assert done.returncode == 1
    assert "error: no score of this study can be believed" in done.stderr
    assert "  duplicates: rows 5, 30, 61, 62: equal" in done.stderr
    assert "Traceback" not in done.stderr
    with (results / "leakage.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["check"]: row for row in csv.DictReader(file)}
    found = {check: row["verdict"] for check, row in rows.items()}
    assert len(found) == 11 + len(["dummy", "linear", "forest", "candidate"])
    assert [check for check, verdict in found.items() if verdict == "fail"] == ["duplicates"]
    assert found["fit of candidate"] == "pass"
    assert found["single feature"] == "accepted"
    assert "15 checks: 1 fail, 0 warn, 1 accepted" in done.stdout
    assert rows["single feature"]["message"] == "copy is accepted: counted before the answer"
    assert rows["duplicates"]["message"].startswith("rows 5, 30, 61, 62")


def test_the_command_says_what_it_has_drawn(folder: Path, make: Callable):
    with (folder / "study.toml").open("a", encoding="utf-8") as file:
        file.write("\n[leakage]\nrows = 30\n")
    make("leakage", folder)
    found = pd.read_csv(folder / "results" / "leakage.csv").set_index("check")["message"]
    drawn = found.index[found.str.contains("of [0-9]+ of [0-9]+ rows, drawn at random")]
    assert list(drawn) == ["near duplicates", *found.index[found.index.str.startswith("fit of")]]
