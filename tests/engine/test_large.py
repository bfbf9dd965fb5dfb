"""Tables that grow with the data: git keeps the checksum of large ones, and verify knows."""

import hashlib
import json
import shutil
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest
from reproml.cli import reproduce, verify
from reproml.cli.archive import large_rows
from reproml.compute import task as fits
from reproml.config import large
from reproml.config.files import csv_text
from reproml.config.large import read_table, recorded, rows_as_recorded, write_table
from reproml.run.near import take_near
from reproml.run.run import open_run

MIXED = pd.DataFrame(
    {
        "row": ["1", "", "3"] * 40,
        "repeat_0": ["locked", 0, 1] * 40,
        "value": np.random.default_rng(0).normal(size=120) / 3,
        "whole": np.arange(120),
        "gap": [1.5, np.nan, 2.0] * 40,
        "text": ['a "b", c', "NA", " x "] * 40,
        "yes": [True, False, True] * 40,
    }
)


@pytest.fixture
def small_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(large, "LARGE", 100)


def test_a_table_within_the_limit_is_a_csv_file(tmp_path: Path):
    assert write_table(MIXED, tmp_path / "a.csv") == tmp_path / "a.csv"
    assert [one.name for one in tmp_path.rglob("*")] == ["a.csv"]
    assert recorded(tmp_path / "a.csv") is None


def test_a_large_one_comes_back_as_the_same_text(tmp_path: Path, small_limit: None):
    path, text = tmp_path / "a.csv", csv_text(MIXED)
    assert write_table(MIXED, path) == tmp_path / "a_large.csv"
    assert {one.name for one in tmp_path.rglob("*")} == {"a_large.csv", "large", "a.parquet"}
    digest = hashlib.sha256(text.encode()).hexdigest()
    said = f"file,rows,columns,sha256\na.parquet,120,7,{digest}\n"
    assert (tmp_path / "a_large.csv").read_text(encoding="utf-8") == said
    assert rows_as_recorded(path) == text == csv_text(read_table(path))
    assert read_table(path)["value"].equals(MIXED["value"])  # numbers, to the last bit


@pytest.mark.parametrize("texts", [["1.50", "2"], ["007", "1"], ["1e3", "1"]])
def test_what_would_read_as_another_number_stays_text(texts, tmp_path: Path, small_limit: None):
    frame = pd.DataFrame({"code": texts * 40})
    write_table(frame, tmp_path / "a.csv")
    assert read_table(tmp_path / "a.csv")["code"].tolist() == texts * 40


def test_the_form_of_before_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for limit, names in ((100, {"a_large.csv", "a.parquet"}), (10**6, {"a.csv"}), (100, None)):
        monkeypatch.setattr(large, "LARGE", limit)
        write_table(MIXED, tmp_path / "a.csv")
        found = {one.name for one in tmp_path.rglob("*") if one.is_file()}
        assert found == (names or {"a_large.csv", "a.parquet"})


@pytest.mark.parametrize("content", [b"", b"PAR1", None])
def test_rows_that_are_others_are_not_taken(content, tmp_path: Path, small_limit: None):
    path = tmp_path / "a.csv"
    write_table(MIXED, path)
    rows = tmp_path / "large" / "a.parquet"
    if content is None:
        pd.read_parquet(rows).assign(whole=7).to_parquet(rows)
    else:
        rows.write_bytes(content)
    assert rows_as_recorded(path) is None


def do(verb: ModuleType, folder: Path) -> None:
    """Do what a verb does, in this process, so that the limit is the small one."""
    with open_run(folder / "study.toml", workers=1) as run:
        verb.main(run)


@pytest.fixture(scope="module")
def reproduced(shared_folder: Path, make) -> Path:
    """A study whose folds and predictions are large, reproduced after its test rows were opened."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(large, "LARGE", 100)
        make("evaluation", shared_folder)
        do(reproduce, shared_folder)
    return shared_folder


@pytest.fixture
def copy(reproduced: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(reproduced, tmp_path / "copy"))


def test_git_keeps_checksums_and_verify_needs_no_more(
    copy: Path, small_limit: None, capsys: pytest.CaptureFixture[str]
):
    results = copy / "results"
    assert not {"folds.csv", "predictions.csv"} & {one.name for one in results.iterdir()}
    hashed = json.loads((results / "manifest.json").read_text(encoding="utf-8"))["results"]
    assert {name for name in hashed if "large" in name} == {
        "folds_large.csv",
        "predictions_large.csv",
    }
    (results / "large" / "predictions.parquet").unlink()
    do(verify, copy)
    said = capsys.readouterr().out
    assert "warning: results/large/predictions.parquet is not here: its checksum alone" in said
    assert "REPRODUCED: every committed number came out again. " in said


def test_verify_names_rows_and_checksums_that_were_changed(
    copy: Path, small_limit: None, capsys: pytest.CaptureFixture[str]
):
    rows, line = copy / "results/large/folds.parquet", copy / "results/predictions_large.csv"
    folds = pd.read_parquet(rows)
    folds.assign(repeat_0=folds["repeat_0"].to_numpy()[::-1]).to_parquet(rows, index=False)
    line.write_text(
        line.read_text(encoding="utf-8").replace(recorded(copy / "results/predictions.csv"), "0"),
        encoding="utf-8",
    )
    with pytest.raises(SystemExit):
        do(verify, copy)
    said = capsys.readouterr().out
    assert "edited: large/folds.parquet: not the table whose checksum git keeps" in said
    assert "edited: predictions_large.csv" in said
    assert "different: predictions_large.csv" in said


@pytest.mark.parametrize(("by", "n_different"), [(1e-13, 0), (1e-3, 48)])
def test_rows_that_are_here_are_compared_within_the_tolerance(
    copy: Path, make, small_limit: None, by: float, n_different: int
):
    predict = fits.predict_with

    def noisy(model, X, classes):
        said, p = predict(model, X, classes)
        return said, p + by * np.array([1, -1])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fits, "predict_with", noisy)
        shutil.copy(copy / "results" / "openings.json", copy)
        make("evaluation", copy, "made", again=True)
    with open_run(copy / "study.toml", workers=1) as run:
        near = take_near(run, copy / "made", lambda: None)
    found = near.compared["predictions_large.csv"]
    assert bool(found.differences) == bool(n_different)
    assert bool(found.near) == (not n_different)
    same = (copy / "made/predictions_large.csv").read_bytes() == (
        copy / "results/predictions_large.csv"
    ).read_bytes()
    assert same == (not n_different)


def test_what_is_lost_is_made_again_and_an_archive_has_it(
    copy: Path, small_limit: None, capsys: pytest.CaptureFixture[str]
):
    rows = copy / "results" / "large" / "folds.parquet"
    before = rows.read_bytes()
    do(reproduce, copy)
    rows.unlink()
    with open_run(copy / "study.toml") as run:
        assert [*large_rows(run)] == ["results/large/predictions.parquet"]
    assert "Not here, so not in the archive: folds.parquet;" in capsys.readouterr().out
    do(reproduce, copy)
    with open_run(copy / "study.toml") as run:
        assert large_rows(run)["results/large/folds.parquet"] == before
    capsys.readouterr()
    do(reproduce, copy)
    assert "Nothing changed since the last run" in capsys.readouterr().out
