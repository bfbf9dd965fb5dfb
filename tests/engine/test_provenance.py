"""The manifest's facts: commit, versions, machine and seeds."""

import ast
import os
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import reproml
from reproml.config.checksums import SUMS, sums_of, write_sums
from reproml.config.source import _meaning
from reproml.config.study import Study
from reproml.config.versions import installed_versions, locked_versions
from reproml.prove import provenance
from reproml.prove.provenance import (
    all_seeds,
    commit_of,
    engine_line,
    engine_state,
    machine,
    source_digest,
    source_files,
)
from reproml.split.splits import make_folds

ROOT = Path(__file__).resolve().parents[2] / "{{cookiecutter.project_slug}}"


def test_what_is_installed_is_what_the_lock_names():
    locked = locked_versions(ROOT / "requirements.txt")
    installed = installed_versions(["numpy", "scikit-learn"])
    assert installed == {name: locked[name] for name in installed}


def test_the_machine_is_described():
    found = machine()
    assert all(found.values())
    assert any("threads=" in pool for pool in found["thread_pools"])


@pytest.mark.skipif(os.name == "nt", reason="the stand-in is a shell script")
@pytest.mark.parametrize("said", ["NVIDIA H100, 580.1\nNVIDIA A100, 580.1", "", None])
def test_graphics_cards_are_named_where_there_are_any(tmp_path: Path, monkeypatch, said):
    program = tmp_path / "nvidia-smi"
    end = "exit 9" if said is None else f"printf '%s\n' '{said}'"
    program.write_text(f"#!/bin/sh\n{end}\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    there = [SimpleNamespace(name=name) for name in ("NVIDIA_cudnn_cu13", "nvidia-cuda-runtime")]
    monkeypatch.setattr(
        provenance, "distributions", lambda: [*there, SimpleNamespace(name="torch")]
    )
    found = machine()
    if not said:
        assert not {"gpu", "nvidia-cudnn-cu13"} & set(found)
        return
    assert found["gpu"] == ["NVIDIA A100, 580.1", "NVIDIA H100, 580.1"]
    assert {name for name in found if name.startswith("nvidia")} == {
        "nvidia-cudnn-cu13",
        "nvidia-cuda-runtime",
    }


def test_a_machine_without_nvidia_smi_says_nothing_of_cards(monkeypatch, tmp_path: Path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "gpu" not in machine()


def test_seeds_are_named_by_purpose(study: Study, network):
    seeds = all_seeds(study)
    assert seeds["study"] == 0
    assert {"split/test", "split/folds/1", "model/forest/1/2"} <= set(seeds)
    assert len(set(seeds.values())) == len(seeds)
    folds = make_folds(network(), np.arange(96), study.split, stratify=True, seed=0)
    assert len(folds) == sum(name.startswith("model/forest/") for name in seeds)


@pytest.fixture
def git(tmp_path: Path, monkeypatch):
    """Return a caller of git in a folder of which no other repository is above."""
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))

    def call(*arguments: str) -> None:
        name = ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", *name, *arguments], cwd=tmp_path, check=True, capture_output=True)

    return call


def test_why_there_is_no_commit_is_said_in_gits_words(tmp_path: Path, git, monkeypatch):
    """No repository, no commit yet, a folder of another user, and no git are told apart."""

    def why() -> str:
        found = commit_of(tmp_path)
        assert (found["commit"], found["dirty"]) == (None, None)
        return found["no_commit"]

    assert why() == "there is no git repository"
    git("init")
    assert "does not have any commits yet" in why()
    git("commit", "--allow-empty", "--no-verify", "-m", "first")
    assert commit_of(tmp_path)["no_commit"] is None
    with monkeypatch.context() as other_user:
        other_user.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
        assert "detected dubious ownership in repository" in why()
        assert f"git config --global --add safe.directory {tmp_path}" in why()
        # what the container does for the folder that it is given
        for name, value in (("COUNT", "1"), ("KEY_0", "safe.directory"), ("VALUE_0", tmp_path)):
            other_user.setenv(f"GIT_CONFIG_{name}", str(value))
        assert commit_of(tmp_path)["no_commit"] is None
    monkeypatch.setenv("PATH", str(tmp_path))
    assert why() == "git is not installed"


def test_a_dirty_tree_is_said_but_results_do_not_make_it_dirty(tmp_path: Path, git):
    (tmp_path / "results").mkdir()
    (tmp_path / "a.py").write_text("1\n", encoding="utf-8")
    git("init")
    git("add", ".")
    git("commit", "--no-verify", "-m", "first")
    (tmp_path / "results" / "a.csv").write_text("1\n", encoding="utf-8")
    clean = commit_of(tmp_path)
    assert len(clean["commit"]) == 40
    assert clean["dirty"] is False
    (tmp_path / "a.py").write_text("2\n", encoding="utf-8")
    assert commit_of(tmp_path)["dirty"] is True


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Return a folder with a copy of the engine, whose checksums were just made."""
    leave = shutil.ignore_patterns("__pycache__")
    engine = Path(shutil.copytree(ROOT / "engine", tmp_path / "engine", ignore=leave))
    (engine / SUMS).write_text(write_sums(sums_of(engine)), encoding="utf-8", newline="\n")
    return tmp_path


SOURCE = [
    *("src/mine/models.py", "src/mine/deep/er.py", "scripts/own.py", "engine/reproml/a.py"),
    "engine/reproml/texts.toml",
]


@pytest.mark.parametrize("name", SOURCE)
def test_a_changed_line_of_author_or_engine_changes_the_source(tmp_path: Path, name: str):
    path = tmp_path / name
    path.parent.mkdir(parents=True)

    def digest(text: str) -> str:
        path.write_text(text, encoding="utf-8")
        return source_digest(source_files(tmp_path))

    before = digest("x = 1\n")
    (path.parent / "notes.txt").write_text("no source", encoding="utf-8")
    assert digest("x = 1\n") == before
    assert digest("x = 2\n") != before
    assert (digest('"""It says."""\n\n# Why.\nx = 1\n') == before) is name.endswith(".py")
    path.rename(path.with_name("other.py"))
    assert source_digest(source_files(tmp_path)) != before


def test_the_name_of_the_authors_package_is_no_source():
    """So the shipped results fit a new study, whatever it is called."""
    one = {"src/mine/models.py": b"x = 1\n", "engine/reproml/a.py": b"y = 1\n"}
    other = {name.replace("mine", "yours"): content for name, content in one.items()}
    assert source_digest(one) == source_digest(other)
    moved = {name.replace("mine/models", "mine/mine/models"): one[name] for name in one}
    assert source_digest(one) != source_digest(moved)


def test_code_that_does_not_parse_counts_by_its_bytes():
    one, other = ({"scripts/a.py": content} for content in (b"x = (", b"x = [  # y"))
    assert source_digest(one) != source_digest(other)


def test_the_engine_is_as_released():
    """Fails after a change of the engine until `python tools/engine.py` has run."""
    found = engine_state(ROOT)
    assert found == {"version": reproml.__version__, "state": "as released"}
    assert engine_line(found) == f"engine {reproml.__version__}: as released"
    assert f"# reproml {reproml.__version__}," in (ROOT / "engine/README.md").read_text("utf-8")


@pytest.mark.parametrize(
    ("change", "state"),
    [
        (lambda e: (e / "reproml/__main__.py").write_text("1"), "reproml/__main__.py (changed)"),
        (lambda e: (e / "LICENSE").unlink(), "LICENSE (missing)"),
        (lambda e: (e / "reproml/mine.py").write_text("1"), "reproml/mine.py (extra)"),
        (lambda e: (e / "b").symlink_to("nowhere"), "b (extra)"),
    ],
)
def test_a_changed_a_missing_and_an_extra_file_are_named(copy: Path, change, state: str):
    assert engine_state(copy)["state"] == "as released"
    (copy / "engine" / "reproml" / "__pycache__").mkdir()
    (copy / "engine" / "reproml" / "__pycache__" / "x.pyc").write_text("1")
    assert engine_state(copy)["state"] == "as released"
    change(copy / "engine")
    assert engine_state(copy)["state"] == f"changed here: {state}"


def test_without_checksums_nobody_says_as_released(copy: Path):
    (copy / "engine" / SUMS).unlink()
    assert engine_state(copy)["state"] == "not known: there is no engine/SHA256SUMS"


def test_what_some_pythons_add_to_a_formatted_text_is_nothing():
    """Early Pythons 3.12 read ``f"{x:{y}}"`` with an empty text in it; 3.11 and 3.13 do not."""
    plain, longer = ast.parse('f"{x:>{y}}"'), ast.parse('f"{x:>{y}}"')
    (spec,) = (
        one.format_spec
        for one in ast.walk(longer)
        if isinstance(one, ast.FormattedValue) and one.format_spec
    )
    before = _meaning(plain)
    spec.values.append(ast.Constant(""))
    assert _meaning(longer) == before
    assert _meaning(ast.parse('f"{x:<{y}}"')) != before
