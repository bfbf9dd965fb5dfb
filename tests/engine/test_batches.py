"""Many variants asked at once give what each alone gives."""

import numpy as np
import pandas as pd
import pytest
from reproml.compute import batches
from reproml.compute.batches import answers, answers_to_moved, columns_changed
from scipy import sparse
from sklearn.decomposition import PCA

X = pd.DataFrame(
    {"dose": [1.0, 2.0, 4.0], "kind": ["a", "b", "a"], "age": [30, 40, 50]}, index=[7, 8, 9]
)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a batch hold two tables."""
    monkeypatch.setattr(batches, "BATCH", 6)


def test_tables_are_answered_in_order_however_they_are_batched(small):
    asked = []

    def ask(rows: pd.DataFrame) -> np.ndarray:
        asked.append(len(rows))
        return rows["a"].to_numpy()

    tables = [pd.DataFrame({"a": [float(i), i + 0.25, i + 0.5]}) for i in range(5)]
    assert [one.tolist() for one in answers(ask, tables, 3)] == [
        [i, i + 0.25, i + 0.5] for i in range(5)
    ]
    assert asked == [6, 6, 3]


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

    assert columns_changed(ask, X).tolist() == [[True, False], [False, False], [True, True]]


def test_texts_and_gaps_are_compared_too():
    gaps = X.assign(dose=[1.0, np.nan, 3.0], kind=["a", None, "b"])
    assert columns_changed(lambda rows: rows, gaps).tolist() == np.eye(3, dtype=bool).tolist()
    assert not columns_changed(lambda rows: rows[["dose", "kind"]], gaps)[2].any()


def test_rounding_is_no_change_and_a_small_column_is_no_rounding():
    """A matrix product may give a row other last bits when it stands elsewhere in a batch."""
    rng = np.random.default_rng(0)
    wide = pd.DataFrame(rng.normal(size=(50, 6)) * [1e9, 1, 1, 1, 1, 1e-9], columns=list("abcdef"))
    model = PCA(3).fit(wide[["b", "c", "d"]])
    changes = columns_changed(lambda rows: model.transform(rows[["b", "c", "d"]]), wide)
    assert changes.any(axis=1).tolist() == [False, True, True, True, False, False]
    assert columns_changed(lambda rows: rows, wide).tolist() == np.eye(6, dtype=bool).tolist()


def test_answers_come_one_after_the_other(small):
    """All of them together may be larger than the memory."""
    asked = []

    def ask(rows: pd.DataFrame) -> pd.DataFrame:
        asked.append(len(rows))
        return rows

    said = answers_to_moved(ask, X, (([], np.arange(3)) for _ in range(1000)))
    next(said)
    assert asked == [6]
