"""The rows are those that study.toml declares, and each is made from its own line alone."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest
from reproml.config.checksums import sha256_of
from reproml.config.columns import Table
from reproml.config.study import StudyError

from {{ cookiecutter.__package }} import STUDY

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def table(study) -> Table:
    """Return the rows of this study."""
    return STUDY.load_table(study, ROOT)


def test_the_features_are_those_declared(table, study):
    declared = {name: study.data.column_for(name) for name in table.X}
    assert {column.role for column in declared.values()} == {"feature"}
    for name in study.data.named("feature"):
        assert any(study.data.columns[name] is column for column in declared.values()), name


def test_the_target_is_not_among_the_features(table, study):
    assert study.data.target not in table.X
    assert not any(table.X[name].equals(table.y) for name in table.X)


def test_the_target_has_the_classes_declared_or_numbers(table, study):
    if study.task == "classification":
        assert set(table.y) == set(study.data.classes)
    else:
        assert pd.api.types.is_float_dtype(table.y)
    assert table.y.notna().all()


def test_a_gap_is_there_only_where_models_fill_it(table, study):
    assert study.data.missing == "impute" or table.X.notna().all(axis=None)


def test_every_part_has_a_value_for_each_row(table):
    parts = [table.X, table.groups, table.time, table.place]
    assert all(part.index.equals(table.y.index) for part in parts if part is not None)
    assert table.y.index.is_unique


def test_a_row_is_made_from_its_own_line_alone(table, study, tmp_path):
    """Half of the file gives the same rows; a mean over all rows would not."""
    source, copy = ROOT / study.data.file, tmp_path / Path(study.data.file).name
    if source.suffix == ".parquet":
        raw = pd.read_parquet(source)
        raw.head(len(raw) // 2).to_parquet(copy)
    else:
        raw = pd.read_csv(source, dtype=str, keep_default_na=False)
        raw.head(len(raw) // 2).to_csv(copy, index=False)
    data = study.data.model_copy(update={"file": copy.name, "sha256": sha256_of(copy)})
    half = STUDY.load_table(study.model_copy(update={"data": data}), tmp_path)
    assert 0 < len(half.X) < len(table.X)
    pd.testing.assert_frame_equal(half.X, table.X.loc[half.X.index])
    pd.testing.assert_series_equal(half.y, table.y.loc[half.y.index])


def test_a_file_with_other_bytes_is_refused(study, tmp_path):
    path = tmp_path / study.data.file
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(ROOT / study.data.file, path)
    STUDY.load_table(study, tmp_path)  # as it came
    with path.open("ab") as file:
        file.write(b"\n")
    with pytest.raises(StudyError, match="its SHA-256 is"):
        STUDY.load_table(study, tmp_path)


def test_a_missing_file_is_named(study, tmp_path):
    with pytest.raises(StudyError, match=Path(study.data.file).name):
        STUDY.load_table(study, tmp_path)
