"""Bad data gets one message that names file, row and column; good data keeps its last bit."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from example_study.data import load_table
from reproml.config.checksums import sha256_of
from reproml.config.study import StudyError, parse_study, read_study


def load(folder: Path, content: dict[str, Any]):
    """Load the folder's data, whatever its bytes are now."""
    content["data"]["sha256"] = sha256_of(folder / content["data"]["file"])
    return load_table(parse_study(content), folder)


def test_a_table_is_sorted_by_role(folder: Path):
    table = load_table(read_study(folder / "study.toml"), folder)
    assert list(table.X.columns) == ["dose", "age", "kind"]
    assert table.X.index[0] == 1
    assert (table.groups, table.time, table.place, table.dropped) == (None, None, None, {})
    assert table.X.dtypes["age"] == "float64"


def test_a_changed_byte_is_refused(folder: Path):
    path = folder / "tiny.csv"
    path.write_bytes(path.read_bytes().replace(b"20,", b"21,", 1))
    with pytest.raises(StudyError, match=r"SHA-256 is [0-9a-f]{64}"):
        load_table(read_study(folder / "study.toml"), folder)


def test_numbers_keep_their_last_bit(folder: Path, content: dict[str, Any]):
    text = "5.0000000000000036"
    path = folder / "tiny.csv"
    path.write_text("answer,dose,age,kind\nyes," + text + ",30,a\n", encoding="utf-8", newline="\n")
    assert load(folder, content).X["dose"].iloc[0] == float(text)


BAD_CELLS = [
    ("dose", "abc", "'abc' is no finite number"),
    ("dose", "inf", "inf is no finite number"),
    ("dose", "True", "'True' is no finite number"),
    ("dose", "-1", "-1.0 is below the minimum of 0.0"),
    ("dose", "11", "11.0 is above the maximum of 10.0"),
    ("dose", "", "there is no value"),
    ("age", "20.5", "20.5 is no whole number"),
    ("kind", "c", "'c' is none of ['a', 'b']"),
    ("kind", "NA", "there is no value"),
    ("answer", "maybe", "'maybe' is none of ['no', 'yes']"),
]


@pytest.mark.parametrize(("column", "cell", "message"), BAD_CELLS)
def test_a_bad_cell_is_named(
    folder: Path, content: dict[str, Any], column: str, cell: str, message: str
):
    path = folder / "tiny.csv"
    raw = pd.read_csv(path, dtype=str)
    raw.loc[16, column] = cell
    raw.to_csv(path, index=False)
    with pytest.raises(StudyError) as caught:
        load(folder, content)
    assert str(caught.value).startswith("tiny.csv has 1 problem:")
    assert f"row 17, column '{column}': {message}" in str(caught.value)


def test_many_problems_come_in_one_short_message(folder: Path, content: dict[str, Any]):
    raw = pd.read_csv(folder / "tiny.csv", dtype=str)
    raw["dose"] = "-1"
    raw.to_csv(folder / "tiny.csv", index=False)
    with pytest.raises(StudyError) as caught:
        load(folder, content)
    assert "60 problems" in str(caught.value)
    assert "... and 50 more" in str(caught.value)
    assert len(str(caught.value).splitlines()) < 15


def test_columns_must_be_declared_and_there(folder: Path, content: dict[str, Any]):
    content["data"]["columns"]["height"] = {"role": "feature"}
    del content["data"]["columns"]["kind"]
    with pytest.raises(StudyError) as caught:
        load(folder, content)
    assert "column 'kind': not declared" in str(caught.value)
    assert "column 'height': declared, but not in the file" in str(caught.value)


def test_a_pattern_stands_for_columns_and_a_name_wins(folder: Path, content: dict[str, Any]):
    columns = content["data"]["columns"]
    content["data"]["columns"] = {"answer": columns["answer"], "kind": {"role": "ignore"}} | {
        "*e": {"role": "feature"}
    }
    assert list(load(folder, content).X.columns) == ["dose", "age"]


@pytest.fixture
def with_gaps(folder: Path) -> Path:
    raw = pd.read_csv(folder / "tiny.csv", dtype=str)
    raw.loc[[3, 5], "dose"] = ""
    raw.loc[[5, 8], "kind"] = "NA"
    raw.to_csv(folder / "tiny.csv", index=False)
    return folder


def test_dropped_rows_are_counted_with_their_reason(with_gaps: Path, content: dict[str, Any]):
    content["data"]["missing"] = "drop"
    table = load(with_gaps, content)
    assert table.dropped == {"no value in 'dose'": 2, "no value in 'kind'": 1}
    assert len(table.X) == 57
    assert 4 not in table.X.index


def test_gaps_may_be_left_to_the_pipeline(with_gaps: Path, content: dict[str, Any]):
    content["data"]["missing"] = "impute"
    table = load(with_gaps, content)
    assert int(table.X.isna().sum().sum()) == 4
    assert table.dropped == {}


def test_a_missing_target_is_never_imputed(folder: Path, content: dict[str, Any]):
    raw = pd.read_csv(folder / "tiny.csv", dtype=str)
    raw.loc[3, "answer"] = ""
    raw.to_csv(folder / "tiny.csv", index=False)
    content["data"]["missing"] = "impute"
    with pytest.raises(StudyError, match="row 4, column 'answer': there is no value"):
        load(folder, content)


def test_parquet_gives_the_same_table(folder: Path, content: dict[str, Any]):
    from_csv = load(folder, content)
    pd.read_csv(folder / "tiny.csv").to_parquet(folder / "tiny.parquet")
    content["data"]["file"] = "tiny.parquet"
    from_parquet = load(folder, content)
    pd.testing.assert_frame_equal(from_csv.X, from_parquet.X)
    pd.testing.assert_series_equal(from_csv.y, from_parquet.y)


def test_dates_are_read_as_dates(folder: Path, content: dict[str, Any]):
    raw = pd.read_csv(folder / "tiny.csv", dtype=str)
    raw["age"] = "2026-01-31"
    raw.to_csv(folder / "tiny.csv", index=False)
    content["data"]["columns"]["age"] = {"role": "time", "type": "date"}
    assert str(load(folder, content).time.iloc[0]) == "2026-01-31 00:00:00"
    raw.loc[7, "age"] = "2026-02-31"
    raw.to_csv(folder / "tiny.csv", index=False)
    with pytest.raises(StudyError, match="row 8, column 'age': '2026-02-31' is no date"):
        load(folder, content)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("tiny.csv", "", "cannot be read"),
        ("tiny.csv", "answer,dose,age,kind\n", "no row is left"),
        ("tiny.csv", "answer,dose,age,kind\nyes,1,2,a,b,c\n\n1,2,3,4,5,6,7\n", "tiny.csv"),
        ("tiny.xls", "x", "use .csv or .parquet"),
    ],
)
def test_files_that_are_no_table(
    folder: Path, content: dict[str, Any], name: str, text: str, message: str
):
    (folder / name).write_text(text, encoding="utf-8", newline="\n")
    content["data"]["file"] = name
    with pytest.raises(StudyError, match=message):
        load(folder, content)


def test_a_missing_file_is_said(folder: Path, study):
    (folder / "tiny.csv").unlink()
    with pytest.raises(StudyError, match=r"tiny\.csv: there is no such file"):
        load_table(study, folder)
