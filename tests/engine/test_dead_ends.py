"""What stops a study is said in one sentence: the file, row or key, and what to do about it."""

import csv
import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from conftest import NUMBERS, TINY_CSV, TINY_TOML
from reproml.cli.verify import compare_all
from reproml.config.checksums import sha256_of
from reproml.config.declared import declared_files
from reproml.config.study import Data, StudyError
from reproml.run.near import take_near
from reproml.run.run import Run, open_run

AGE = 'age = { role = "feature", type = "integer" }'
TIME = 'age = { role = "time", type = "date" }'
IMPUTE = ("[data.columns]", 'missing = "impute"\n\n[data.columns]')
ROWS = [dict(row, number=n) for n, row in enumerate(csv.DictReader(TINY_CSV.splitlines()), 1)]


def cells(name: str, make: Callable[[int], str]) -> str:
    """Return tiny.csv with other values in a column, by row number from 1."""
    lines = TINY_CSV.splitlines()[:1]
    for row in ROWS:
        changed = row | {name: make(row["number"])}
        lines.append(",".join(changed[key] for key in ("answer", "dose", "age", "kind")))
    return "\n".join(lines) + "\n"


def write(folder: Path, text: str, *swaps: tuple[str, str], file: str = "tiny.csv") -> Path:
    """Write a study with other rows, and study.toml with other words."""
    if file == "tiny.csv":
        (folder / file).write_text(text, encoding="utf-8", newline="\n")
    toml = TINY_TOML.replace('file = "tiny.csv"', f'file = "{file}"')
    for old, new in swaps:
        assert toml.count(old) == 1
        toml = toml.replace(old, new)
    toml = re.sub("[0-9a-f]{64}", sha256_of(folder / file), toml)
    (folder / "study.toml").write_text(toml, encoding="utf-8", newline="\n")
    return folder / "study.toml"


def score(run: Run, *names: str) -> None:
    """Fit some models on all folds."""
    run.score(run.models([*names]))


def refusal(study: Path, *names: str) -> str:
    """Return what is said where the rows are read, or the models fitted."""
    with pytest.raises(StudyError) as caught, open_run(study, fresh=True, workers=1) as run:
        score(run, *(names or ["dummy"]))
    return str(caught.value)


def test_the_study_that_is_broken_here_is_whole(folder: Path):
    with open_run(write(folder, TINY_CSV), fresh=True, workers=1) as run:
        score(run, "linear")


SUMMER = "2026-07-01T12:00:00+02:00"
WINTER = "2026-01-01T12:00:00+01:00"


@pytest.mark.parametrize(
    ("first", "other"), [(WINTER, SUMMER), (WINTER[:-6], WINTER), (WINTER, WINTER[:-6])]
)
def test_times_of_two_clocks_are_named(folder: Path, first: str, other: str):
    study = write(folder, cells("age", lambda n: other if n in (7, 9) else first), (AGE, TIME))
    said = refusal(study)
    assert "tiny.csv has 2 problems:" in said
    text = f"{other!r} has another UTC offset than {first!r} of row 1; write all times in UTC"
    assert f"row 7, column 'age': {text}" in said
    assert f"row 9, column 'age': {text}" in said


def test_a_text_among_times_of_two_clocks_is_named_too(folder: Path):
    text = cells("age", lambda n: {7: SUMMER, 9: "soon"}.get(n, WINTER))
    said = refusal(write(folder, text, (AGE, TIME)))
    assert "2 problems" in said
    assert f"row 7, column 'age': {SUMMER!r} has another UTC offset" in said
    assert "row 9, column 'age': 'soon' is no date like 2026-01-31" in said


@pytest.mark.parametrize("name", ["dose", "kind"])
def test_a_column_without_any_value_is_named(folder: Path, name: str):
    said = refusal(write(folder, cells(name, lambda _: ""), IMPUTE))
    assert said == (
        f"tiny.csv, column {name!r}: no row has a value; " 'give it role = "ignore" in study.toml'
    )


@pytest.mark.filterwarnings("ignore:Skipping features:UserWarning")
def test_a_column_that_some_fold_has_no_value_of_is_named(folder: Path):
    said = refusal(write(folder, cells("kind", lambda n: "a" if n == 8 else ""), IMPUTE), "linear")
    assert re.match(r"linear can't be fitted on the 32 training rows of repeat 0, fold \d \(", said)
    assert "the columns ['kind'] have no value there: give them the role \"ignore\"" in said


def test_a_class_without_rows_is_named(folder: Path):
    swap = ('values = ["no", "yes"]', 'values = ["no", "yes", "perhaps"]')
    said = refusal(write(folder, TINY_CSV, swap, ('positive = "yes"\n', "")))
    where = "tiny.csv, column 'answer': no row has the class ['perhaps']"
    assert said == f"{where}; take it out of values in study.toml"


def test_too_few_rows_for_a_test_set_with_every_class(folder: Path):
    said = refusal(write(folder, "".join(TINY_CSV.splitlines(keepends=True)[:6])))
    assert said.startswith("5 rows are too few for test_size = 0.2 (")
    assert said.endswith("; change it in [split], or gather more rows")


def test_too_few_rows_for_curves(folder: Path):
    text = "answer,dose,age,kind\n" + "".join(f"{n / 2},{n},{n},a\n" for n in range(5))
    swaps = (*NUMBERS, ("folds = 3", "folds = 2\ntest_size = 0.4"))
    gone = (
        "forest = { model__n_estimators = 5 }",
        "candidate = { columns__numbers__splines__knots = 'quantile' }",
    )
    said = refusal(write(folder, text, *swaps, gone), "candidate")
    assert said.startswith("candidate can't be fitted on the ")
    assert "gather more rows, lower folds in [split] of study.toml, or mend the model" in said


def test_a_pointer_of_git_lfs_is_no_data(folder: Path):
    text = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12\n"
    pull = "is a Git LFS pointer, not the file itself; run git lfs pull"
    assert refusal(write(folder, text)) == f"tiny.csv: {pull}"
    (folder / "study.toml").write_text(TINY_TOML, encoding="utf-8", newline="\n")
    assert refusal(folder / "study.toml") == f"tiny.csv: {pull}"  # another checksum
    (folder / "sites.txt").write_text(text, encoding="utf-8", newline="\n")
    with pytest.raises(StudyError, match=f"data.files: 'sites.txt' {pull}"):
        declared_files(Data.model_construct(file="tiny.csv", files=["*.txt"]), folder)


def test_the_group_may_be_the_index_of_a_parquet_file(folder: Path):
    raw = pd.read_csv(folder / "tiny.csv")
    raw["site"] = [f"s{n % 12}" for n in range(60)]
    raw.set_index("site").to_parquet(folder / "tiny.parquet")
    swap = (AGE, f'{AGE}\nsite = {{ role = "group", type = "category" }}')
    with open_run(write(folder, "", swap, file="tiny.parquet")) as run:
        assert run.table.groups.tolist() == raw["site"].tolist()
        assert run.table.X.index[0] == 1


@pytest.mark.parametrize("name", ["yield [t/ha]", "yield*", "yield?"])
def test_a_target_may_have_marks_of_a_pattern_in_its_name(folder: Path, name: str):
    study = write(folder, TINY_CSV.replace("answer", name, 1), ("answer = {", f'"{name}" = {{'))
    with open_run(study) as run:
        assert run.table.y.name == name


def test_a_pattern_as_target_is_refused_where_no_column_is_called_so(folder: Path):
    said = refusal(write(folder, TINY_CSV, ("answer = {", '"ans*" = {')))
    pattern = 'data.columns."ans*": a pattern stands for many columns; role target needs a name'
    assert said.splitlines()[:2] == ["tiny.csv has 2 problems:", f"  {pattern}"]


@pytest.mark.parametrize(("repeats", "fits"), [(1000, True), (1001, False), (10**9, False)])
def test_there_is_an_end_to_repeats(folder: Path, repeats: int, fits: bool):
    study = write(folder, TINY_CSV, ("repeats = 2", f"repeats = {repeats}"))
    if fits:
        with open_run(study) as run:
            assert run.study.split.repeats == repeats
    else:
        assert f"split.repeats is {repeats}: " in refusal(study)


def test_a_list_of_features_that_are_gone_is_named_with_its_table(folder: Path):
    stale = (
        "[ablations.no_splines]",
        '[ablations.a]\nset = { subset__drop = ["gone"] }\nreason = "b"\n\n[ablations.no_splines]',
    )
    swap = ("parameters = {", 'parameters = { candidate = { subset__keep = ["dose", "lost"] },')
    said = refusal(write(folder, TINY_CSV, swap, stale)).splitlines()
    among = "are not among the features ['dose', 'age', 'kind']"
    assert said == [
        f"models.parameters.candidate.subset__keep: columns ['lost'] {among}",
        f"ablations.a.set.subset__drop: columns ['gone'] {among}",
    ]


def in_units_of(size: float) -> str:
    """Return tiny.csv with numbers of that size as the target."""
    return cells("answer", lambda n: str((n - 30) * size))


@pytest.mark.parametrize("size", [1e-10, 1.0, 1e10])
def test_the_unit_is_that_of_a_target_that_spreads_less_than_one(folder: Path, size: float):
    with open_run(write(folder, in_units_of(size), *NUMBERS)) as run:
        spread = run.table.y.iloc[run.development].std()
        assert run.unit == (spread if size < 1 else 1.0)


@pytest.mark.parametrize(("size", "differs"), [(1e-10, True), (1.0, False)])
def test_verify_compares_in_that_unit(folder: Path, size: float, differs: bool):
    """A difference of 1e-11 is all of a small target's error, and nothing of another's."""
    text = {"scores.csv": "model,metric,value\nridge,mae,{}\n", "tables/scores.md": "mae {}\n"}
    for place, value in (("results", "1.5e-10"), ("made", "1.6e-10")):
        (folder / place / "tables").mkdir(parents=True)
        for name, content in text.items():
            (folder / place / name).write_text(content.format(value), encoding="utf-8")
    with open_run(write(folder, in_units_of(size), *NUMBERS)) as run:
        near = take_near(run, folder / "made", lambda: None).compared
        assert bool(near["scores.csv"].differences) == differs
        found = compare_all(run, folder / "made", {})[1]
    assert {one.file for one in found} == ({*text} if differs else set())
