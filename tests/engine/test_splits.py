"""Folds keep together what hangs together; each promise has a twin that breaks it."""

from dataclasses import replace
from io import StringIO

import numpy as np
import pandas as pd
import pytest
from reproml.config.study import Split, StudyError
from reproml.split.claims import block_ids
from reproml.split.splits import lock_test_set, make_folds, row_table

SPLITS = {
    "independent": Split(dependence="independent", folds=4, repeats=3),
    "grouped": Split(dependence="grouped", folds=3, repeats=3),
    "temporal": Split(dependence="temporal", folds=3, gap=1),
    "spatial": Split(dependence="spatial", folds=3, repeats=3, block=10.0),
}


def cut(table, split: Split, task: str = "classification", seed: int = 0):
    stratify = task == "classification"
    development, test = lock_test_set(table, split, stratify=stratify, seed=seed)
    return development, test, make_folds(table, development, split, stratify=stratify, seed=seed)


@pytest.fixture(params=["classification", "regression"])
def task(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.mark.parametrize("dependence", SPLITS)
@pytest.mark.parametrize("gap", [1, 2])
def test_a_stranger_rebuilds_the_folds_from_folds_csv(network, dependence: str, gap: int):
    """As docs/evaluation.md says, with pandas alone."""
    split = SPLITS[dependence]
    split = split.model_copy(update={"gap": gap * (split.gap > 0)})
    table = network(n_months=16)
    table = replace(table, y=table.y.set_axis(table.y.index + 1))  # row numbers begin at 1
    _, locked, folds = cut(table, split)
    text = row_table(table.y.index, folds, locked).to_csv(index=False)

    rows = pd.read_csv(StringIO(text), dtype=str, keep_default_na=False, index_col="row")
    assert rows.index.tolist() == [str(row) for row in table.y.index]
    assert (np.flatnonzero(rows["repeat_0"] == "locked") == locked).all()
    for fold in folds:
        column = rows[f"repeat_{fold.repeat}"]
        test = column == str(fold.fold)
        train = column.str.isdigit() & ~test
        if "trained_from" in rows:
            train = pd.to_numeric(rows["trained_from"]) <= fold.fold
        assert np.flatnonzero(test).tolist() == fold.test.tolist()
        assert np.flatnonzero(train).tolist() == fold.train.tolist()
    assert ("trained_from" in rows) == (dependence == "temporal")


@pytest.mark.parametrize("dependence", SPLITS)
def test_no_row_is_on_both_sides(network, dependence: str, task: str):
    development, test, folds = cut(network(task=task), SPLITS[dependence], task)
    assert not set(development) & set(test)
    for fold in folds:
        assert not set(fold.train) & set(fold.test)
        assert set(fold.train) | set(fold.test) <= set(development)
        assert len(fold.train) and len(fold.test)


@pytest.mark.parametrize("dependence", ["independent", "grouped", "spatial"])
def test_each_repeat_tests_every_row_once(network, dependence: str, task: str):
    split = SPLITS[dependence]
    development, _, folds = cut(network(task=task), split, task)
    assert [(fold.repeat, fold.fold) for fold in folds] == [
        (repeat, fold) for repeat in range(split.repeats) for fold in range(split.folds)
    ]
    for repeat in range(split.repeats):
        tested = np.concatenate([fold.test for fold in folds if fold.repeat == repeat])
        assert np.sort(tested).tolist() == development.tolist()


@pytest.mark.parametrize("dependence", ["independent", "grouped", "spatial"])
def test_folds_depend_on_the_seed_alone(network, dependence: str):
    first, again, other = (cut(network(), SPLITS[dependence], seed=seed)[2] for seed in (0, 0, 1))
    same = [np.array_equal(a.test, b.test) for a, b in zip(first, again, strict=True)]
    moved = [np.array_equal(a.test, b.test) for a, b in zip(first, other, strict=True)]
    assert all(same)
    assert not all(moved)


def test_one_more_repeat_moves_no_other(network):
    split = SPLITS["grouped"]
    few = cut(network(), split)[2]
    more = cut(network(), split.model_copy(update={"repeats": 5}))[2]
    assert all(np.array_equal(a.test, b.test) for a, b in zip(few, more, strict=False))


def shared(folds, units: np.ndarray) -> int:
    """Count the units that stand on both sides of a fold."""
    return sum(len(set(units[fold.train]) & set(units[fold.test])) for fold in folds)


def test_groups_stay_whole_where_a_random_split_tears_them(network, task: str):
    table = network(task=task)
    development, test, folds = cut(table, SPLITS["grouped"], task)
    sites = table.groups.to_numpy()
    assert not set(sites[development]) & set(sites[test])
    assert shared(folds, sites) == 0
    assert shared(cut(table, SPLITS["independent"], task)[2], sites) > 0


def test_blocks_stay_whole_where_a_random_split_tears_them(network, task: str):
    table = network(task=task)
    development, test, folds = cut(table, SPLITS["spatial"], task)
    blocks = block_ids(table.place, 10.0)
    assert not set(blocks[development]) & set(blocks[test])
    assert shared(folds, blocks) == 0
    assert shared(cut(table, SPLITS["independent"], task)[2], blocks) > 0


@pytest.mark.parametrize("gap", [0, 1, 2])
def test_training_ends_before_the_gap(network, gap: int, task: str):
    table = network(n_months=20, task=task)
    split = SPLITS["temporal"].model_copy(update={"gap": gap})
    development, test, folds = cut(table, split, task)
    month = table.time.to_numpy()
    assert month[test].min() - month[development].max() == gap + 1
    for fold in folds:
        assert month[fold.test].min() - month[fold.train].max() == gap + 1
    random = cut(table, SPLITS["independent"], task)[2]
    assert any(month[fold.test].min() <= month[fold.train].max() for fold in random)


def test_time_may_be_dates(network):
    table = network()
    dates = pd.Timestamp("2026-01-01") + pd.to_timedelta(table.time * 31, unit="D")
    by_number = cut(table, SPLITS["temporal"])[2]
    by_date = cut(replace(table, time=dates), SPLITS["temporal"])[2]
    assert [fold.test.tolist() for fold in by_date] == [fold.test.tolist() for fold in by_number]


def test_classes_keep_their_share(network):
    table = network(n_sites=30)
    y = table.y.to_numpy()
    development, test, folds = cut(table, SPLITS["independent"])
    share = (y == "yes").mean()
    for rows in (development, test, *(fold.test for fold in folds)):
        assert abs((y[rows] == "yes").mean() - share) < 0.05


TOO_FEW = [
    ("independent", {"folds": 90}, "rows of class 'no' are too few for 90 parts; change folds"),
    ("grouped", {"folds": 13}, "groups are too few for 13 parts; change folds"),
    ("grouped", {"test_size": 0.01}, "groups are too few for 100 parts; change test_size"),
    ("spatial", {"block": 1000.0}, "1 blocks are too few"),
    ("temporal", {"folds": 12}, "time steps are too few"),
    ("temporal", {"gap": 7}, "time steps are too few"),
]


@pytest.mark.parametrize(("dependence", "changes", "message"), TOO_FEW)
def test_too_little_data_is_said(network, dependence: str, changes: dict, message: str):
    with pytest.raises(StudyError, match=message):
        cut(network(), SPLITS[dependence].model_copy(update=changes))


@pytest.fixture
def one_site_alone(network):
    """Return rows with a class that one site alone has: no split of sites has it on both sides."""
    table = network()
    return replace(table, y=pd.Series(np.where(table.groups == 0, "yes", "no")))


def test_a_locked_test_set_without_a_class_is_refused(one_site_alone):
    with pytest.raises(StudyError, match=r"^the locked test set: no (training|test) row has the"):
        lock_test_set(one_site_alone, SPLITS["grouped"], stratify=True, seed=0)
    lock_test_set(one_site_alone, SPLITS["grouped"], stratify=False, seed=0)


def test_a_fold_without_a_class_is_refused(one_site_alone):
    rows = np.arange(len(one_site_alone.y))
    with pytest.raises(StudyError, match=r"^repeat 0, fold \d: no (training|test) row has the"):
        make_folds(one_site_alone, rows, SPLITS["grouped"], stratify=True, seed=0)
    make_folds(one_site_alone, rows, SPLITS["grouped"], stratify=False, seed=0)
