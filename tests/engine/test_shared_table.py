"""A mapped table holds the same rows, once, and nobody can change them."""

import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import bits, tasks_of
from reproml.compute.fits import run_fits
from reproml.compute.shared_table import load, map_table, plain_table, save
from reproml.config.columns import Table


@pytest.fixture
def table() -> Table:
    """Return a table with numbers, texts, gaps and times, in a layout of its own."""
    n = 1000
    X = pd.DataFrame(np.arange(3.0 * n).reshape(n, 3), columns=["a", "b", "c"])
    X["kind"] = pd.Series(np.array(["x", "y"])[np.arange(n) % 2], dtype="str")
    X.loc[::7, ["a", "kind"]] = [np.nan, None]
    time = pd.Series(pd.date_range("2020-01-01", periods=n, freq="h"))
    return Table(X, X["b"] * 2, X["kind"], time, X[["a", "b"]], dropped={"none": 0})


def test_nothing_changes_on_the_way(table: Table, tmp_path: Path):
    mapped = map_table(table, tmp_path / "table")
    for name in ("X", "place"):
        pd.testing.assert_frame_equal(getattr(mapped, name), getattr(table, name))
    for name in ("y", "groups", "time"):
        pd.testing.assert_series_equal(getattr(mapped, name), getattr(table, name))
    assert mapped.dropped == table.dropped
    rows = np.array([5, 3, 900])
    for side in (mapped, plain_table(mapped)):  # the layout in memory may move the last bits
        one, two = side.X[["a", "b"]].iloc[rows], table.X[["a", "b"]].iloc[rows]
        assert one.to_numpy().flags.c_contiguous == two.to_numpy().flags.c_contiguous


def test_it_travels_as_a_name_and_is_opened_once(table: Table, tmp_path: Path):
    mapped = map_table(table, tmp_path / "table")
    assert len(pickle.dumps(mapped)) < 500 < len(pickle.dumps(plain_table(mapped)))
    assert pickle.loads(pickle.dumps(mapped)) is mapped


def test_nobody_writes_to_it(table: Table, tmp_path: Path):
    mapped = map_table(table, tmp_path / "table")
    values = mapped.X[["b", "c"]].to_numpy()
    assert np.shares_memory(values, mapped.X["b"].to_numpy())
    with pytest.raises(ValueError, match="read-only"):
        values[0, 0] = 1.0


def test_a_model_of_a_notebook_can_be_sent(tmp_path: Path):
    save({"double": lambda x: 2 * x}, tmp_path / "content")
    assert load(tmp_path / "content")["double"](4) == 8


def test_fits_on_a_mapped_table_give_the_same_bits(study, folder: Path, tmp_path: Path):
    tasks, table, _ = tasks_of(study, folder, "linear", "forest", "candidate")
    mapped = map_table(table, tmp_path / "table")
    assert bits(run_fits(tasks, mapped, study)) == bits(run_fits(tasks, table, study))
