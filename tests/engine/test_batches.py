"""Many variants asked at once give what each alone gives."""

import numpy as np
import pandas as pd
import pytest
from reproml.compute import batches
from reproml.compute.batches import answers_to_moved, features_used, made_of
from scipy import sparse
from sklearn.decomposition import PCA

X = pd.DataFrame(
    {"dose": [1.0, 2.0, 4.0], "kind": ["a", "b", "a"], "age": [30, 40, 50]}, index=[7, 8, 9]
)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a batch hold two tables."""
    monkeypatch.setattr(batches, "BATCH", 6)


def test_moves_are_answered_in_order_however_they_are_batched(small):
    asked = []

    def ask(rows: pd.DataFrame) -> np.ndarray:
        asked.append(len(rows))
        return rows["a"].to_numpy()

    table = pd.DataFrame({"a": [0.0, 0.25, 0.5]})
    source = pd.DataFrame({"a": np.arange(5.0)})
    moves = [(["a"], np.array([i, i, 0])) for i in range(5)]
    said = answers_to_moved(ask, table, moves, source)
    assert [one.tolist() for one in said] == [[i, i, 0] for i in range(5)]
    assert asked == [6, 6, 3]


@pytest.mark.parametrize("kind", ["str", "object", "category", "datetime64[ns, UTC]", "bool"])
def test_every_type_of_column_keeps_its_type_and_its_gaps(kind: str):
    values = ["2020-01-01", None, "2020-03-01"] if kind != "bool" else [True, False, True]
    table = pd.DataFrame({"a": pd.Series(values, dtype=kind), "b": [1.0, 2.0, 3.0]})
    moved = []
    order = np.array([2, 0, 1])
    list(answers_to_moved(lambda rows: moved.append(rows) or rows, table, [(["a"], order)]))
    there = table["a"].iloc[order].reset_index(drop=True)
    pd.testing.assert_series_equal(moved[0]["a"], there)


def test_values_change_places_in_the_named_columns_alone(small):
    asked = []

    def ask(rows: pd.DataFrame) -> pd.DataFrame:
        asked.append(rows.dtypes.to_dict())
        return rows

    orders = [np.array([0, 1, 2]), np.array([2, 0, 1]), np.array([1, 1, 0])]
    moves = [([], orders[1]), (["dose", "kind"], orders[1]), (["age"], orders[2])]
    found = list(answers_to_moved(ask, X, moves))
    assert len(asked) == 2
    assert all(dtypes == X.dtypes.to_dict() for dtypes in asked)
    for (columns, order), one in zip(moves, found, strict=True):
        alone = X.assign(**{name: X[name].to_numpy()[order] for name in columns})
        assert one.tolist() == alone.to_numpy().tolist()


@pytest.mark.parametrize("form", [np.asarray, sparse.csr_matrix, pd.DataFrame])
def test_what_depends_on_a_column_is_found_in_any_form(form):
    def ask(rows: pd.DataFrame):
        return form(pd.DataFrame({"both": rows["dose"] * rows["age"], "age": rows["age"] * 1.0}))

    assert made_of(ask, X).tolist() == [-2, 2]
    assert features_used(ask, X) == ["dose", "age"]


def test_texts_and_gaps_are_compared_too():
    gaps = X.assign(dose=[1.0, np.nan, 3.0], kind=["a", None, "b"])
    assert made_of(lambda rows: rows, gaps).tolist() == [0, 1, 2]
    assert features_used(lambda rows: rows[["dose", "kind"]], gaps) == ["dose", "kind"]


def test_rounding_is_no_change_and_a_small_column_is_no_rounding():
    """A matrix product may give a row other last bits when it stands elsewhere in a batch."""
    rng = np.random.default_rng(0)
    wide = pd.DataFrame(rng.normal(size=(50, 6)) * [1e9, 1, 1, 1, 1, 1e-9], columns=list("abcdef"))
    model = PCA(3).fit(wide[["b", "c", "d"]])
    used = features_used(lambda rows: model.transform(rows[["b", "c", "d"]]), wide)
    assert used == ["b", "c", "d"]
    assert made_of(lambda rows: rows, wide).tolist() == [0, 1, 2, 3, 4, 5]


def test_answers_come_one_after_the_other(small):
    """All of them together may be larger than the memory."""
    asked = []

    def ask(rows: pd.DataFrame) -> pd.DataFrame:
        asked.append(len(rows))
        return rows

    said = answers_to_moved(ask, X, (([], np.arange(3)) for _ in range(1000)))
    next(said)
    assert asked == [6]


def test_a_batch_of_a_wide_table_has_fewer_rows(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(batches, "CELLS", 200)
    asked = []

    def ask(rows: pd.DataFrame) -> pd.DataFrame:
        asked.append(rows.size)
        return rows[["g0"]]

    wide = pd.DataFrame(np.zeros((5, 10)), columns=[f"g{number}" for number in range(10)])
    assert len(list(answers_to_moved(ask, wide, [(["g3"], np.arange(5))] * 10))) == 10
    assert max(asked) == 200


def test_a_rare_value_is_among_the_few_rows_that_are_tried():
    """A level of one row, a gap of one row, a bump of one row: each makes a column that varies."""
    rng = np.random.default_rng(0)
    many = pd.DataFrame(rng.normal(size=(2000, 3)), columns=list("abc"))
    many["kind"] = np.where(np.arange(2000) == 701, "rare", "common")
    many.loc[1203, "b"] = np.nan

    def ask(rows: pd.DataFrame) -> pd.DataFrame:
        made = {"rare": rows["kind"] == "rare", "gap": rows["b"].isna(), "bump": rows["c"] > top}
        return pd.DataFrame({"one": 1.0, **made}).astype(float)

    top = many["c"].nlargest(2).iloc[1]
    assert made_of(ask, many).tolist() == [-1, 3, 1, 2]
    assert features_used(ask, many) == ["b", "c", "kind"]


def test_of_five_thousand_features_each_is_found_by_few_questions():
    wide = pd.DataFrame(np.random.default_rng(0).normal(size=(4, 5000))).add_prefix("g")
    asked = []

    def ask(rows: pd.DataFrame) -> np.ndarray:
        asked.append(rows.size)
        values = rows.to_numpy()
        return np.column_stack([values[:, ::-1], values[:, :2].sum(axis=1)])

    assert made_of(ask, wide).tolist() == [*range(4999, -1, -1), -2]
    assert sum(asked) == wide.size * (1 + 2 * 13)


@pytest.mark.parametrize("most", [10**9, 100])
def test_features_of_mixed_columns_are_found_in_fewer_rows_of_a_wide_table(monkeypatch, most: int):
    monkeypatch.setattr(batches, "PROBED", most)
    wide = pd.DataFrame(np.random.default_rng(0).normal(size=(30, 12))).add_prefix("g")
    wide["g3"] = np.arange(30) == 17
    used = [f"g{number}" for number in (0, 3, 5, 11)]
    assert features_used(lambda rows: rows[used].sum(axis=1).to_frame(), wide) == used
