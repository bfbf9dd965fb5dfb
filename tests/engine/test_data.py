"""Bad data gets one message that names file, row and column; good data keeps its last bit."""

import csv
import random
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from example_study.data import load_table
from reproml.config import columns
from reproml.config.checksums import sha256_of
from reproml.config.columns import check_rows, missing_words, read_raw, taken_as_missing
from reproml.config.study import Column, Data, StudyError, parse_study, read_study
from reproml.run.run import open_run


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


def test_numbers_in_many_columns_are_checked_together_as_each_alone(monkeypatch):
    """With gaps, at the limits and whole; what needs a second look gets it."""
    rng, each, looks = np.random.default_rng(0), columns._checked, []
    counts, shares = rng.integers(0, 9, size=(20, 300)), rng.uniform(-1, 1, size=(20, 300)).round(1)
    shares[3, ::3] = np.nan
    parts = [pd.DataFrame(counts).add_prefix("n"), pd.DataFrame(shares).add_prefix("x")]
    raw = pd.concat(parts, axis=1)
    raw = raw.assign(y=["no", "yes"] * 10, half=rng.integers(0, 9, size=20) * 1.0, large=1e300)
    whole, number = Column(role="feature", type="integer"), Column(role="feature", min=-1, max=1)
    named = {"half": whole, "large": Column(role="feature")}
    target = Column(role="target", type="category")
    declared = {"n*": whole, "x*": number, "y": target, **named}
    data = Data(file="a.csv", sha256="0" * 64, missing="impute", columns=declared)
    monkeypatch.setattr(columns, "_checked", lambda v, c: looks.append(v.name) or each(v, c))
    rows = check_rows(raw, data)
    assert sorted(looks) == ["half", "large", "y"]
    alone = {name: each(raw[name], data.column_for(name))[0] for name in raw}
    pd.testing.assert_frame_equal(rows, pd.DataFrame(alone))
    raw.loc[5, ["x7", "x8", "half"]] = [-1.1, np.inf, 0.5]
    raw.loc[6, "n2"] = 2**53
    with pytest.raises(StudyError) as refused:
        check_rows(raw, data)
    assert re.findall(r"row (\d, column .*?): (\S+ is \w+)", str(refused.value)) == [
        ("5, column 'half'", "0.5 is no"),
        ("5, column 'x7'", "-1.1 is below"),
        ("5, column 'x8'", "inf is no"),
        ("6, column 'n2'", "9007199254740992 is beyond"),
    ]


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


# The shape of a table ------------------------------------------------------------------------


MISFITS = [
    ("yield,rain,soil\n1,2,3,\n4,5,6,\n", ["line 2: 4 fields, the header has 3", "line 3: 4"]),
    ("yield,rain,soil\n1,2,3\n4,5,6,\n", ["1 problem", "line 3: 4 fields, the header has 3"]),
    ("yield,rain\n1,2,3\n4,5,6\n", ["line 2: 3 fields, the header has 2"]),
    ("yield,rain,soil\n1,2,3\n4,5\n", ["line 3: 2 fields, the header has 3"]),
    ('yield,rain\n1,"a\nb"\n\n1,5,2\n', ["line 5: 3 fields", "decimal point"]),
    ("yield,rain,yield\n1,2,3\n", ["header: the name 'yield' stands there 2 times"]),
    ("yield,, \n1,2,3\n", ["header: column 2 has no name", "header: column 3 has no name"]),
    ('yield,rain\n1,"2\n3,4\n', ["line 2: unexpected end of data"]),
    ('yield,rain\n1,"2"3\n', ["line 2: ',' expected after '\"'"]),
    ("yield,rain\n1,2\0\n", ["line 2: it holds a NUL"]),
    ("yield;rain\n1,5;2\n", ["no comma, but ';'", "sep=';', decimal=','"]),
    ("yield\train\n1\t2\n", ["no comma, but '\\t'", "sep='\\t'"]),
    ("yield\n1\n \n", ["line 3: blanks alone"]),
    ("\n\n", ["cannot be read: it has no header"]),
]


@pytest.mark.parametrize(("text", "said"), MISFITS)
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_a_row_that_does_not_fit_its_header_is_refused(
    tmp_path: Path, text: str, said: list[str], mark: str
):
    path = tmp_path / "field.csv"
    path.write_text(mark + text, encoding="utf-8", newline="")
    columns = {"*": Column(role="feature"), "yield": Column(role="target")}
    with pytest.raises(StudyError) as caught:
        read_raw(path, Data(file=path.name, sha256="0" * 64, missing="impute", columns=columns))
    assert str(caught.value).startswith("field.csv")
    assert [one for one in said if one not in str(caught.value)] == []


def test_no_column_becomes_the_name_of_rows(tmp_path: Path):
    """One field too many in every row: `rain` was predicted, and called `yield`."""
    path = tmp_path / "field.csv"
    path.write_text("yield,rain,soil,temp,note\n5.1,80,3,12,ok,\n", encoding="utf-8", newline="")
    columns = {"*": Column(role="feature"), "yield": Column(role="target")}
    with pytest.raises(StudyError, match="line 2: 6 fields, the header has 5"):
        read_raw(path, Data(file=path.name, sha256="0" * 64, columns=columns))


LONG = """
import sys
from pathlib import Path
from reproml.config.columns import read_raw
from reproml.config.study import Column, Data

path = Path(sys.argv[1])
columns = {"yield": Column(role="target"), "note": Column(role="ignore", type="category")}
print(len(read_raw(path, Data(file=path.name, sha256="0" * 64, columns=columns))["note"][1]))
"""


def test_a_long_cell_is_read_by_a_process_that_read_nothing_before(tmp_path: Path):
    """Python's reader of CSV stops at 131 kB unless it is told otherwise."""
    path = tmp_path / "field.csv"
    path.write_text(f"yield,note\n1,{'a' * 200_000}\n", encoding="utf-8", newline="")
    done = subprocess.run([sys.executable, "-c", LONG, path], capture_output=True, encoding="utf-8")
    assert (done.stdout, done.stderr) == ("200000\n", "")


@pytest.mark.parametrize(("cell", "hint"), [('"1,5"', "write 1.5 for 1,5"), ("1.5x", None)])
def test_a_decimal_comma_is_named(
    folder: Path, content: dict[str, Any], cell: str, hint: str | None
):
    text = f"answer,dose,age,kind\nyes,{cell},30,a\n"
    (folder / "tiny.csv").write_text(text, encoding="utf-8", newline="\n")
    with pytest.raises(StudyError, match="row 1, column 'dose'") as caught:
        load(folder, content)
    assert "is no finite number" in str(caught.value)
    assert hint is None or hint in str(caught.value)
    assert ("has a comma" in str(caught.value)) == bool(hint)


# Names that look alike -----------------------------------------------------------------------


def with_column(folder: Path, name: str, cells: list[str], how: dict[str, Any], content):
    """Add a column to tiny.csv; its cells repeat."""
    raw = pd.read_csv(folder / "tiny.csv", dtype=str, keep_default_na=False)
    raw[name] = [cells[i % len(cells)] for i in range(len(raw))]
    raw.to_csv(folder / "tiny.csv", index=False)
    content["data"]["columns"][name] = how


GROUP = {"role": "group", "type": "category"}


@pytest.mark.parametrize(
    ("one", "other"),
    [("Ada ", "Ada"), ("\tAda", "Ada"), ("Ada\xa0", "Ada"), ("Zoe\u0308", "Zo\xeb")],
)
@pytest.mark.parametrize("role", ["group", "feature"])
def test_one_name_in_two_spellings_is_refused(
    folder: Path, content: dict[str, Any], one: str, other: str, role: str
):
    with_column(folder, "person", ["Bob", one, other], GROUP | {"role": role}, content)
    with pytest.raises(StudyError) as caught:
        load(folder, content)
    first = "rows 2, 5, 8, 11, 14, 17, 20, 23, 26, 29 and 10 more"
    said = str(caught.value)
    assert f"row 3, column 'person': {first} and rows 3, 6, " in said
    assert "look like one name but for blanks at its ends or how accents are stored; write" in said
    assert one.strip() not in said  # of persons, rows are told


def test_names_that_differ_in_capitals_alone_are_doubted(
    folder: Path, content: dict[str, Any], capsys: pytest.CaptureFixture[str]
):
    with_column(
        folder, "person", [*(f"p{i}" for i in range(58)), "STRASSE", "stra\xdfe"], GROUP, content
    )
    table = load(folder, content)
    doubt = "tiny.csv, column 'person': row 59 and row 60 look like one name"
    assert table.groups.nunique() == 60
    assert [one.partition(";")[0] for one in table.doubts] == [doubt]
    text = (folder / "study.toml").read_text(encoding="utf-8")
    text = text.replace("[split]", 'person = { role = "group", type = "category" }\n\n[split]')
    text = re.sub("[0-9a-f]{64}", sha256_of(folder / "tiny.csv"), text)
    (folder / "study.toml").write_text(text, encoding="utf-8", newline="\n")
    with open_run(folder / "study.toml") as run:
        assert run.table.doubts == table.doubts
    assert capsys.readouterr().err.startswith(f"warning: {doubt}; write it in one way\n")


def test_a_class_that_study_toml_spells_otherwise_is_named(folder: Path, content: dict[str, Any]):
    how = {"role": "feature", "type": "category", "values": ["Zo\xeb", "b"]}
    with_column(folder, "person", ["Zoe\u0308", "b", "c"], how, content)
    with pytest.raises(StudyError) as caught:
        load(folder, content)
    assert "row 1, column 'person': 'Zoe\u0308' differs in blanks at its ends" in str(caught.value)
    assert "row 3, column 'person': 'c' differs" not in str(caught.value)
    assert "row 3, column 'person': 'c' is none of" in str(caught.value)


def test_names_that_differ_are_not_doubted(folder: Path, content: dict[str, Any]):
    assert load(folder, content).doubts == ()


# Whole numbers -------------------------------------------------------------------------------

IDS = [str(2**54 + i) for i in range(12)]


@pytest.mark.parametrize("how", [{"type": "integer"}, {}])
@pytest.mark.parametrize("role", ["group", "time"])
def test_numbers_that_would_merge_are_refused(
    folder: Path, content: dict[str, Any], how: dict[str, str], role: str
):
    with_column(folder, "person", IDS, {"role": role} | how, content)
    with pytest.raises(StudyError) as caught:
        load(folder, content)
    assert "tiny.csv has 60 problems" in str(caught.value)
    assert "row 2, column 'person': 18014398509481985 is beyond 9007199254740991" in str(
        caught.value
    )
    assert 'type = "category"' in str(caught.value)


@pytest.mark.parametrize(("number", "fits"), [(2**53 - 1, True), (2**53, False), (-(2**53), False)])
def test_the_largest_whole_number_that_is_itself(
    folder: Path, content: dict[str, Any], number: int, fits: bool
):
    with_column(
        folder, "count", ["1", str(number), ""], {"role": "feature", "type": "integer"}, content
    )
    content["data"]["missing"] = "impute"
    if fits:
        assert load(folder, content).X["count"].iloc[1] == number
    else:
        with pytest.raises(StudyError, match=f"row 2, column 'count': {number}.* is beyond"):
            load(folder, content)


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_long_numbers_of_a_category_stay_apart(folder: Path, content: dict[str, Any], ending: str):
    with_column(folder, "person", IDS, GROUP, content)
    raw = pd.read_csv(folder / "tiny.csv")
    raw["person"] = raw["person"].astype("Int64").where(raw.index != 59)
    raw.to_parquet(folder / "tiny.parquet", index=False)
    if ending == "csv":
        raw.to_csv(folder / "tiny.csv", index=False)
    content["data"] |= {"file": f"tiny.{ending}", "missing": "drop"}
    assert sorted(set(load(folder, content).groups)) == IDS


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_whole_numbers_with_gaps_stay_whole(folder: Path, content: dict[str, Any], ending: str):
    with_column(folder, "count", ["1", "", "3"], {"role": "feature", "type": "integer"}, content)
    raw = pd.read_csv(folder / "tiny.csv")  # pandas makes decimals of them, and writes these
    raw.to_parquet(folder / "tiny.parquet", index=False)
    content["data"] |= {"file": f"tiny.{ending}", "missing": "impute"}
    count = read_raw(folder / f"tiny.{ending}", parse_study(content).data)["count"]
    assert str(count.dtype) == "Int64"
    assert count.iloc[:3].tolist() == [1, pd.NA, 3]
    X = load(folder, content).X["count"]
    assert X.dtype == "float64"
    assert X.iloc[[0, 2]].tolist() == [1.0, 3.0]
    assert X.isna().sum() == 20


def test_a_class_of_parquet_is_named_without_decimals(folder: Path, content: dict[str, Any]):
    raw = pd.read_csv(folder / "tiny.csv")
    raw["answer"] = raw["answer"].eq("yes").astype("float64")
    raw.to_parquet(folder / "tiny.parquet", index=False)
    content["data"] |= {"file": "tiny.parquet", "positive": "1"}
    content["data"]["columns"]["answer"]["values"] = ["0", "1"]
    assert load(folder, content).y.iloc[:3].tolist() == ["0", "1", "1"]


def test_a_text_of_parquet_is_no_gap(folder: Path, content: dict[str, Any]):
    raw = pd.read_csv(folder / "tiny.csv")
    raw["land"] = "NA"  # Namibia
    raw.to_parquet(folder / "tiny.parquet", index=False)
    content["data"]["columns"]["land"] = {"role": "group", "type": "category"}
    content["data"]["file"] = "tiny.parquet"
    assert set(load(folder, content).groups) == {"NA"}


# Texts that are taken as missing --------------------------------------------------------------


def with_names(folder: Path, content: dict[str, Any], **how: Any) -> None:
    """Add a column of countries, where Namibia is NA in row 2, and one that is ignored."""
    with_column(folder, "unused", ["NA", "", "x"], {"role": "ignore", "type": "category"}, content)
    names = [{1: "NA", 4: ""}.get(i, "DE") for i in range(60)]
    with_column(folder, "land", names, {"role": "feature", "type": "category"} | how, content)


def test_a_refused_gap_says_what_stands_there_and_how_to_keep_it(
    folder: Path, content: dict[str, Any]
):
    with_names(folder, content)
    raw = pd.read_csv(folder / "tiny.csv", dtype=str, keep_default_na=False)
    raw.loc[2, "dose"] = "nan"
    raw.to_csv(folder / "tiny.csv", index=False)
    with pytest.raises(StudyError) as caught:
        load(folder, content)
    assert [line.strip() for line in str(caught.value).splitlines()[1:-1]] == [
        "row 2, column 'land': there is no value: 'NA' is taken as missing; if it is a value, take "
        "it out of data.missing_texts in study.toml or name it in data.columns.land.values; if "
        "not, see data.missing",
        "row 3, column 'dose': there is no value: 'nan' is taken as missing; if it is a value, "
        "take it out of data.missing_texts in study.toml; if not, see data.missing",
        "row 5, column 'land': there is no value; see data.missing in study.toml",
    ]


@pytest.mark.parametrize("key", ["values", "missing_texts"])
def test_what_the_message_says_keeps_the_name(folder: Path, content: dict[str, Any], key: str):
    how = {"values": ["DE", "NA"]} if key == "values" else {}
    with_names(folder, content, **how)
    content["data"] |= {"missing": "impute"} | ({} if how else {"missing_texts": [""]})
    table = load(folder, content)
    assert table.X["land"].iloc[1] == "NA"
    assert table.X["land"].isna().sum() == 1
    assert missing_words(table.missing) == "land: 1 empty"


def test_what_is_taken_as_missing_is_counted_per_column_and_text(
    folder: Path, content: dict[str, Any], capsys: pytest.CaptureFixture[str]
):
    with_names(folder, content)
    with_column(
        folder, "count", ["-999", "-999.0", "1"], {"role": "feature", "type": "integer"}, content
    )
    columns = "\n".join(
        f'{name} = {{ role = "{one["role"]}", type = "{one["type"]}" }}'
        for name, one in content["data"]["columns"].items()
        if name in ("unused", "land", "count")
    )
    text = (folder / "study.toml").read_text(encoding="utf-8")
    text = text.replace("[split]", f"{columns}\n\n[split]").replace(
        "[data.columns]", 'missing = "impute"\nmissing_texts = ["", "NA", "-999"]\n\n[data.columns]'
    )
    text = re.sub("[0-9a-f]{64}", sha256_of(folder / "tiny.csv"), text)
    (folder / "study.toml").write_text(text, encoding="utf-8", newline="\n")
    with open_run(folder / "study.toml") as run:
        gaps = run.table.X.isna().sum()
    words = "land: 1 empty, 1 'NA'; count: 20 '-999', 20 '-999.0'"
    assert gaps[["land", "count"]].tolist() == [2, 40]
    assert capsys.readouterr().err == (f"taken as missing (missing_texts in study.toml): {words}\n")


def test_gaps_of_parquet_are_empty(folder: Path, content: dict[str, Any]):
    with_names(folder, content)
    raw = pd.read_csv(folder / "tiny.csv", keep_default_na=False)
    raw["land"] = raw["land"].mask(raw["land"] == "")
    raw.to_parquet(folder / "tiny.parquet")
    data = parse_study(content).data
    taken = taken_as_missing(read_raw(folder / "tiny.parquet", data), data)
    assert missing_words(taken) == "land: 1 empty"


def test_rows_that_were_repeated_or_left_out_keep_their_gaps(folder: Path, content: dict[str, Any]):
    with_names(folder, content)
    data = parse_study(content).data
    raw = read_raw(folder / "tiny.csv", data)
    at = raw.index[raw["land"].isna()]
    assert missing_words(taken_as_missing(raw.loc[[1, *at, *at]], data)) == (
        "land: 2 empty, 2 'NA'"
    )
    assert missing_words(taken_as_missing(raw.reset_index(drop=True).iloc[:0], data)) == "nothing"


def test_many_columns_with_gaps_are_counted():
    taken = {f"c{number}": pd.Series([""]) for number in range(12)}
    assert missing_words(taken).endswith("; c9: 1 empty; and 2 more columns")
    assert missing_words({}) == "nothing"


# Many values ---------------------------------------------------------------------------------


def test_a_long_list_of_values_is_counted(folder: Path, content: dict[str, Any]):
    how = {"role": "feature", "type": "category", "values": [f"p{n}" for n in range(160)]}
    with_column(folder, "person", ["p1", "Ada"], how, content)
    with pytest.raises(StudyError) as caught:
        load(folder, content)
    assert "row 2, column 'person': 'Ada' is none of the 160 values in study.toml" in str(
        caught.value
    )
    assert "p17" not in str(caught.value)


def test_many_doubts_of_a_column_are_one_line(folder: Path, content: dict[str, Any]):
    names = [f"{'Name' if n % 2 else 'name'} {n // 2}" for n in range(60)]
    with_column(folder, "person", names, GROUP, content)
    doubt = "tiny.csv, column 'person': row 1 and row 2 look like one name; write it in one way"
    assert load(folder, content).doubts == (f"{doubt} (and so for 29 more)",)


PARTS = [*"a1 ,,,\n\n", "\r\n", "\r", '"', '"a\n,b"', "é", "\0", "1,2\n", "1,2,3\n"]


@pytest.mark.parametrize("n_names", [1, 2, 3])
def test_lines_that_are_passed_over_would_be_passed_by_csv_too(
    n_names: int, tmp_path: Path, monkeypatch
):
    rng, path, plain = random.Random(n_names), tmp_path / "tiny.csv", columns._is_plain
    monkeypatch.setattr(columns, "BLOCK", 4)
    counts = Counter()
    for _ in range(1500):
        text = ",".join("abc"[:n_names]) + "\n" + "".join(rng.choices(PARTS, k=rng.randrange(30)))
        path.write_text(text, encoding="utf-8", newline="")
        monkeypatch.setattr(columns, "_is_plain", plain)
        quick = columns._check_lines(path)
        monkeypatch.setattr(columns, "_is_plain", lambda *_: False)
        assert columns._check_lines(path) == quick, text
        counts[bool(quick[1])] += 1
    assert min(counts[True], counts[False]) > 50


def test_of_plain_lines_the_slow_reader_sees_the_first_alone(tmp_path: Path, monkeypatch):
    seen, reader = [], csv.reader

    def watched(lines, **how):
        return reader((seen.append(line) or line for line in lines), **how)

    monkeypatch.setattr(columns.csv, "reader", watched)
    monkeypatch.setattr(columns, "BLOCK", 100)
    path = tmp_path / "long.csv"
    rows = ["1,2,3\n"] * 1000
    rows[600] = '1,"2\n",3\n'
    path.write_text("".join(["a,b,c\n", *rows, "1,2\n"]), encoding="utf-8", newline="\n")
    names, problems = columns._check_lines(path)
    assert (names, problems) == (["a", "b", "c"], ["line 1003: 2 fields, the header has 3"])
    assert len(seen) < 60
