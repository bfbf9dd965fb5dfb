"""What comes from the cache has the types that went in, or it is made again."""

from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
import pytest
from conftest import tasks_of
from pandas.testing import assert_frame_equal
from reproml.compute import cache as module
from reproml.compute.cache import _frames, _tables, digest, open_cache
from reproml.compute.fits import run_fits
from reproml.explain.importance import fold_explanation

NUMBERS = [f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)]
KEPT = {
    **{name: pd.DataFrame({"a": np.array([0, 1, 127], name)}) for name in NUMBERS},
    "large integers": pd.DataFrame({"a": [-(2**63), 2**53 + 1], "b": np.array([2**64 - 1, 0])}),
    "float64": pd.DataFrame({"a": [0.1, -0.0, 1e-310, np.nan, np.inf, -np.inf, 1 / 3]}),
    "float32": pd.DataFrame({"a": np.array([0.1, -0.0, np.nan, 1e-40], "float32")}),
    "whole floats": pd.DataFrame({"a": [1.0, 2.0]}),
    "bool": pd.DataFrame({"a": [True, False]}),
    "text": pd.DataFrame({"a": ["", "é", "nan", "1"]}),
    "gaps of text": pd.DataFrame({"a": pd.Series(["x", np.nan], dtype="str")}),
    "objects": pd.DataFrame({"a": pd.Series(["x", None, 1, 2.5, True], dtype=object)}),
    "mixed columns": pd.DataFrame({"a": [1], "b": [0.5], "c": ["x"], "d": [False]}),
    "no rows": pd.DataFrame(columns=["a", "b"]),
    "nothing": pd.DataFrame(),
    "names as index": pd.DataFrame({"a": [1, 2]}, index=["x", "y"]),
    "a named index": pd.DataFrame({"a": [1, 2]}, index=pd.Index([3.0, 4.0], name="k")),
    "some rows": pd.DataFrame({"a": [1, 2, 3]}).iloc[[2, 0]],
    "another range": pd.DataFrame({"a": [1, 2]}, index=pd.RangeIndex(5, 1, -2, name="r")),
    "no columns": pd.DataFrame(index=range(3)),
    "numbers as names": pd.DataFrame({0: [1], 1: ["x"]}),
}
REFUSED = {
    "dates": pd.DataFrame({"a": pd.to_datetime(["2020-01-01"])}),
    "categories": pd.DataFrame({"a": pd.Categorical(["x"], ["y", "x"])}),
    "gaps of integers": pd.DataFrame({"a": pd.array([1, None], "Int64")}),
    "two columns of one name": pd.DataFrame([[1, 2]], columns=["a", "a"]),
    "two levels": pd.DataFrame({"a": [1]}, index=pd.MultiIndex.from_tuples([("x", 1)])),
    "complex numbers": pd.DataFrame({"a": [1j]}),
    "a list of tables": [pd.DataFrame({"a": [1]})],
    "a number": 1.0,
}


def kept(result):
    """Return what the cache gives for what it was given."""
    return _frames(_tables(result)["tables"].item())


def same(a: pd.DataFrame, b: pd.DataFrame) -> None:
    assert_frame_equal(a, b, check_exact=True)  # and dtypes, of the index too
    assert a.to_csv() == b.to_csv()
    for name in a.select_dtypes("number"):
        assert a[name].to_numpy().tobytes() == b[name].to_numpy().tobytes()  # -0.0 is not 0.0


@pytest.mark.parametrize("rows", [slice(None), slice(0, 0)], ids=["as it is", "empty"])
@pytest.mark.parametrize("name", KEPT)
def test_every_type_comes_back(name: str, rows: slice):
    frame = KEPT[name].iloc[rows]
    same(kept(frame), frame)
    several = kept((frame, frame.iloc[:0]))
    assert isinstance(several, tuple)
    same(several[0], frame)
    same(several[1], frame.iloc[:0])


@pytest.mark.parametrize("seed", range(30))
def test_tables_of_any_columns_come_back(seed: int):
    rng = np.random.default_rng(seed)
    kinds = [*NUMBERS, "float32", "float64", "bool", "str", "object"]
    n_rows = int(rng.integers(0, 4))
    columns = {
        f"{number} {kind}": pd.Series(rng.integers(0, 100, n_rows), dtype=kind)
        for number, kind in enumerate(rng.choice(kinds, rng.integers(0, 6)))
    }
    frame = pd.DataFrame({name: one.astype(one.dtype) for name, one in columns.items()})
    same(kept(frame), frame)


@pytest.mark.parametrize("name", REFUSED)
def test_what_would_come_back_otherwise_is_not_kept(name: str):
    assert _tables(REFUSED[name]) is None
    if isinstance(REFUSED[name], pd.DataFrame):
        assert _tables((pd.DataFrame(), REFUSED[name])) is None


def test_a_model_without_weights_leaves_those_of_the_other_as_they_are(study, folder):
    """An empty table that came back as floats made those of the others floats, too."""
    tasks, table, study = tasks_of(study, folder, "dummy", "linear")
    do = partial(
        fold_explanation, study=study, units={"feature: dose": ["dose"]}, candidate="dummy"
    )
    cache = open_cache(folder / "c", study, table)
    fresh, again = (run_fits(tasks, table, study, do=do, cache=cache) for _ in range(2))
    assert (cache.hits, cache.misses) == (len(tasks), len(tasks))
    for one, other in zip(fresh, again, strict=True):
        assert type(one) is type(other) is tuple
        for a, b in zip(one, other, strict=True):
            same(a, b)
    joined = [
        pd.concat([both[1] for both in found if both[1].columns.size]) for found in (fresh, again)
    ]
    same(*joined)
    assert joined[1].to_csv(index=False).count(",1,0,0,") > 0


@pytest.mark.parametrize("kind", [object, str])
def test_predicted_names_come_back_in_the_type_that_they_had(study, folder, kind):
    tasks, table, study = tasks_of(study, folder, "linear")
    table = replace(table, y=table.y.astype(kind))
    cache = open_cache(folder / "c", study, table)
    fresh, again = (run_fits(tasks, table, study, cache=cache) for _ in range(2))
    assert cache.hits == len(tasks)
    for one, other in zip(fresh, again, strict=True):
        assert one.predicted.dtype == other.predicted.dtype
        assert one.predicted.tolist() == other.predicted.tolist()
        assert set(map(type, one.predicted)) == set(map(type, other.predicted))


def test_predictions_that_are_no_names_are_not_kept_as_if_they_were(study, folder):
    tasks, table, study = tasks_of(study, folder, "linear")
    cache = open_cache(folder / "c", study, table)
    said = run_fits(tasks[:1], table, study)[0]
    object.__setattr__(said, "predicted", np.array([1, "yes"], object))
    cache.save(tasks[0], said)
    assert cache.load(tasks[0]) is None


def test_an_entry_of_another_form_is_not_found(study, folder, monkeypatch):
    (task, *_), table, study = tasks_of(study, folder, "linear")
    before = open_cache(folder, study, table).key(task)
    made, said = digest, []

    def noted(content):
        said.append(content)
        return made(content)

    monkeypatch.setattr(module, "digest", noted)
    assert open_cache(folder, study, table).key(task) == before
    assert said[0].pop("entries") == 2
    assert said[1] | {"every": made(said[0])} != said[1]
