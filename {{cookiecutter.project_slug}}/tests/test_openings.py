"""The lock on the test rows: any change of the model is seen, and nothing else is a change."""

import shutil
from pathlib import Path

import pytest

from {{ cookiecutter.__package }} import openings as module
from {{ cookiecutter.__package }}.openings import admit, count_note, parts_of
from {{ cookiecutter.__package }}.study import StudyError, parse_study

NOW = {"data": "d", "time": "2026-01-31T12:00:00+00:00", "commit": "0123456789abcdef"}
SOURCE = Path(module.__file__).parent


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """Return a copy of the package's source, for a test to change."""
    return Path(shutil.copytree(SOURCE, tmp_path / "package"))


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8", newline="\n")


@pytest.mark.parametrize(
    ("section", "change", "part"),
    [
        ("study", {"seed": 1}, "seed"),
        ("data", {"missing": "drop"}, "[data]"),
        ("split", {"test_size": 0.3}, "[split]"),
        ("metrics", {"primary": "mcc", "others": []}, "[metrics]"),
        ("models", {"parameters": {"candidate": {"model__C": 9.0}}}, "[models]"),
    ],
)
def test_a_changed_section_is_a_changed_model(content, section: str, change: dict, part: str):
    before = parts_of(parse_study(content), SOURCE)
    content[section] |= change
    after = parts_of(parse_study(content), SOURCE)
    assert [name for name in after if after[name] != before[name]] == [part]


def test_what_decides_no_prediction_is_no_change(content):
    before = parts_of(parse_study(content), SOURCE)
    content["compute"] = {"workers": 3}
    content["ablations"]["no_splines"]["reason"] = "?"
    assert parts_of(parse_study(content), SOURCE) == before


@pytest.mark.parametrize(
    ("file", "old", "new", "changed"),
    [
        ("models.py", "n_estimators=100", "n_estimators=101", ["models.py"]),
        ("splits.py", "shuffle=True", "shuffle=False", ["splits.py"]),
        ("models.py", "    # the tiny penalty", "\n\n    # the small penalty", []),
        ("models.py", '"""Ignore the features', '"""Look at no feature', []),
        ("report.py", "digits: int = 3", "digits: int = 4", []),
    ],
)
def test_code_that_predicts_counts_and_its_layout_does_not(study, package, file, old, new, changed):
    before = parts_of(study, package)
    edit(package / file, old, new)
    after = parts_of(study, package)
    assert [name for name in after if after[name] != before[name]] == changed


def test_a_module_that_the_models_import_counts(study, package: Path):
    edit(package / "models.py", "from .study import", "from . import physics\nfrom .study import")
    (package / "physics.py").write_text("G = 9.81\n", encoding="utf-8")
    before = parts_of(study, package)
    assert "physics.py" in before
    (package / "physics.py").write_text("G = 9.82\n", encoding="utf-8")
    assert parts_of(study, package)["physics.py"] != before["physics.py"]


def test_the_same_model_adds_nothing_and_another_is_refused_until_asked_for():
    once = admit([], {"models.py": "1"}, **NOW)
    assert admit(once, {"models.py": "1"}, **NOW) == once
    with pytest.raises(StudyError, match=r"commit 0123456789ab.*changed: models.py\.") as caught:
        admit(once, {"models.py": "2"}, **NOW)
    assert "add --again" in str(caught.value)
    twice = admit(once, {"models.py": "2"}, again=True, **NOW)
    assert [opening["count"] for opening in twice] == [1, 2]
    assert twice[0] == once[0]
    # both models have been seen by now; a third has not
    assert admit(twice, {"models.py": "1"}, **NOW) == twice
    with pytest.raises(StudyError):
        admit(twice, {"models.py": "3"}, **NOW)


def test_a_module_that_is_gone_is_named():
    once = admit([], {"models.py": "1", "physics.py": "1"}, **NOW)
    with pytest.raises(StudyError, match=r"changed: physics\.py\."):
        admit(once, {"models.py": "1"}, **NOW)


def test_other_data_have_other_test_rows():
    once = admit([], {"models.py": "1"}, **NOW)
    other = admit(once, {"models.py": "2"}, **NOW | {"data": "e"})
    assert [opening["count"] for opening in other] == [1, 1]
    assert count_note(other, "e").endswith("Test rows of other data files were opened 1 more time.")


def test_openings_are_counted_in_words():
    record = admit([], {"m": "1"}, **NOW)
    assert count_note(record, "d") == "The test set was opened once."
    record = admit(record, {"m": "2"}, again=True, **NOW)
    record = admit(record, {"m": "3"}, again=True, **NOW)
    assert count_note(record, "d").startswith("The test set was opened 3 times")
