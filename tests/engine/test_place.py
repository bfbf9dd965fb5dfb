"""The engine runs for its own study, and for folders without an engine; for no other."""

import os
import shutil
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
from conftest import STUDY
from reproml.config.study import Study, StudyError
from reproml.run import place as module
from reproml.run.code import load_code
from reproml.run.place import check_package, check_place, owner_of

OURS = r"would run with the engine of .*; a study runs with the code of its own folder alone"


@pytest.fixture
def other(tmp_path: Path) -> Path:
    """Return another study: of what counts here it has an engine, a script and a package."""
    folder = tmp_path / "other"
    for name in ("engine/reproml/__init__.py", "scripts/x.py", "src/part/__init__.py"):
        (folder / name).parent.mkdir(parents=True)
        (folder / name).write_text("", encoding="utf-8")
    (folder / "study.toml").write_text("", encoding="utf-8")
    return folder


@pytest.fixture
def running(monkeypatch):
    """Let a script be the one that was started; None is a console."""

    def run(script: Path | None) -> None:
        main = SimpleNamespace(__file__=str(script)) if script else SimpleNamespace()
        monkeypatch.setitem(sys.modules, "__main__", main)

    return run


def test_the_nearest_engine_above_is_the_owner(other: Path, tmp_path: Path):
    assert owner_of(other / "scripts" / "x.py") == owner_of(other) == other
    assert owner_of(tmp_path) is None
    assert owner_of(STUDY / "engine" / "reproml" / "run") == STUDY


def test_a_script_of_another_study_is_refused(other: Path, running, tmp_path: Path):
    running(other / "scripts" / "x.py")
    with pytest.raises(StudyError, match=OURS) as caught:
        check_place()
    assert f"the study in {other} " in str(caught.value)
    assert str(STUDY) in str(caught.value)
    assert "python scripts/environment.py" in str(caught.value)
    with pytest.raises(StudyError, match=OURS):  # whatever is named besides
        check_place(STUDY / "study.toml")
    running(tmp_path / "mine.py")  # of no study
    check_place()


def test_a_study_toml_of_another_study_is_refused(other: Path, running):
    for script in (None, STUDY / "scripts" / "baselines.py"):
        running(script)
        with pytest.raises(StudyError, match=OURS):
            check_place(other / "study.toml")
        check_place(STUDY / "study.toml")


def test_the_working_folder_counts_where_nothing_else_is_named(other: Path, running, monkeypatch):
    monkeypatch.chdir(other / "scripts")
    for start in (None, Path(module.ENGINE, "__main__.py"), Path(sys.prefix, "bin", "pytest")):
        running(start)
        with pytest.raises(StudyError, match=OURS):
            check_place()
        check_place(STUDY / "study.toml")
    running(STUDY / "scripts" / "baselines.py")
    check_place()  # python /there/scripts/baselines.py, from here


def test_a_folder_without_an_engine_may_be_run_by_any(tmp_path: Path, running, monkeypatch):
    running(None)
    monkeypatch.chdir(tmp_path)
    check_place()
    check_place(tmp_path / "study.toml")


def test_a_link_to_the_study_is_the_study(tmp_path: Path, running, monkeypatch):
    link = tmp_path / "link"
    try:
        link.symlink_to(STUDY, target_is_directory=True)
    except OSError:
        pytest.skip("no symbolic links here")
    running(link / "scripts" / "baselines.py")
    monkeypatch.chdir(link)
    check_place(link / "study.toml")


def test_an_engine_that_lies_in_no_study_is_refused(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(module, "ENGINE", tmp_path / "site-packages" / "reproml")
    with pytest.raises(StudyError, match="would run with the engine that is installed in"):
        check_place()


def test_what_is_in_the_way_is_said(other: Path, running, monkeypatch):
    running(other / "scripts" / "x.py")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(["a", "b"]))
    with pytest.raises(StudyError, match=f"and unset PYTHONPATH, which is a{os.pathsep}b$"):
        check_place()
    monkeypatch.delenv("PYTHONPATH")
    with pytest.raises(StudyError, match=r"\.venv.*python$"):
        check_place()


def loaded(monkeypatch, file: Path | None) -> None:
    part = ModuleType("part")
    part.__file__ = file and str(file)
    monkeypatch.setitem(sys.modules, "part", part)


def test_a_package_from_elsewhere_is_refused(other: Path, tmp_path: Path, monkeypatch):
    study = tmp_path / "study"
    shutil.copytree(other, study)
    loaded(monkeypatch, study / "src" / "part" / "__init__.py")
    check_package("part", study)
    loaded(monkeypatch, other / "src" / "part" / "__init__.py")
    check_package("part", other)
    with pytest.raises(StudyError, match=r"the package part of .*other.src.part"):
        check_package("part", study)
    (study / "src" / "own").mkdir()  # another part of src beside it
    with pytest.raises(StudyError, match="the package part of"):
        check_package("own", study)
    check_package("elsewhere", study)  # no such folder in src: whoever tests it has it elsewhere
    loaded(monkeypatch, None)
    check_package("part", study)


def test_a_package_that_is_not_found_is_no_defect(other: Path):
    shutil.rmtree(other / "engine")
    text = '[tool.reproml]\npackage = "no_such_package"\n'
    (other / "pyproject.toml").write_text(text, encoding="utf-8")
    with pytest.raises(StudyError, match="would run with no package src/no_such_package"):
        load_code(Study.model_construct().at(other, {}))
