"""None of the many things that can be changed by hand passes as reproduced without a word."""

import json
import shutil

import manipulations
import pytest
from manipulations import ROWS
from studies import load_file, paths

pytestmark = [pytest.mark.slow, pytest.mark.network, pytest.mark.xdist_group("manipulations")]
REPRODUCED = "REPRODUCED: every committed number came out again."


@pytest.fixture(scope="module")
def said(small_study, study_env, run, tmp_path_factory):
    """What verify says of each row, with its exit code, of one study that was made again once."""
    folder = tmp_path_factory.mktemp("manipulated")
    study = folder / "my_study"
    shutil.copytree(small_study, study)
    run(["git", "commit", "--quiet", "--all", "--message", "Fewer fits"], study)
    command = [study_env, manipulations.__file__, study, folder / "said.json"]
    run(command, folder, env={"PYTHONPATH": paths(study), "PYTHONIOENCODING": "utf-8"})
    return json.loads((folder / "said.json").read_text(encoding="utf-8"))


def test_the_table_is_long_and_names_each_row_once():
    assert len(ROWS) > 100
    assert len({row.id for row in ROWS}) == len(ROWS)


@pytest.mark.parametrize("row", ROWS, ids=[row.id for row in ROWS])
def test_verify_says_what_was_done(said, row):
    code, text = said[row.id]
    assert (code, row.says in text) == (row.code, True), text
    assert ("NOT REPRODUCED" in text) == (row.code == 1)
    assert (REPRODUCED in text) == (row.code == 0)
    warned = [line for line in text.splitlines() if line.startswith("warning: ")]
    assert (f"{REPRODUCED} {len(warned)} " in text) == (row.code == 0 and bool(warned))
    assert "Traceback" not in text


def test_nothing_done_gives_no_warning(said):
    assert "warning" not in said["nothing"][1]


def test_a_change_of_any_result_file_is_named(said):
    names, code, text = said["every result"]
    assert code == 1
    assert len(names) > 50
    assert {name.rpartition(".")[2] for name in names} == {"csv", "md", "tex", "svg", "yaml"}
    found = {tuple(line.split(": ")[:2]) for line in text.splitlines()}
    for name in names:
        assert ("edited", name) in found
        assert found & {(kind, name) for kind in ("different", "missing", "extra")}, name


def test_the_page_is_made_from_the_table():
    page = manipulations.PAGE.read_text(encoding="utf-8")
    assert page == manipulations.filled(page), "run tools/manipulations.py page"


@pytest.mark.parametrize("task", ["classification", "regression"])
@pytest.mark.parametrize("dependence", ["independent", "grouped", "temporal", "spatial"])
def test_no_number_of_a_fresh_study_looks_typed(bake, task, dependence):
    study = bake(task=task, dependence=dependence).path
    scores = load_file(study / "engine/reproml/write/typed_numbers.py")
    pages = [study / "paper/main.tex", study / "CITATION.cff", *study.glob("*.md")]
    pages += study.glob("docs/**/*.md")
    found = {
        path.name: scores.typed_numbers(
            path.read_text(encoding="utf-8"),
            latex=path.suffix == ".tex",
            results=path.name == "README.md",
        )
        for path in pages
    }
    assert len(found) > 15
    assert {name: numbers for name, numbers in found.items() if numbers} == {}
