"""The manifest's facts: commit, versions, machine and seeds."""

import os
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import reproml
from reproml.config.checksums import SUMS, sums_of, write_sums
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


def test_a_folder_without_git_has_no_commit(tmp_path: Path, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert commit_of(tmp_path) == {"commit": None, "dirty": None}


def test_a_dirty_tree_is_said_but_results_do_not_make_it_dirty(tmp_path: Path):
    def git(*arguments: str) -> None:
        name = ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", *name, *arguments], cwd=tmp_path, check=True, capture_output=True)

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


@pytest.mark.parametrize(
    "name", ["src/mine/models.py", "engine/reproml/deep/er.py", "engine/reproml/texts.toml"]
)
def test_a_changed_line_of_author_or_engine_changes_the_source(tmp_path: Path, name: str):
    path = tmp_path / name
    path.parent.mkdir(parents=True)
    path.write_text("x = 1\n", encoding="utf-8")
    before = source_digest(tmp_path)
    (path.parent / "notes.txt").write_text("no source", encoding="utf-8")
    assert source_digest(tmp_path) == before
    path.write_text("x = 2\n", encoding="utf-8")
    assert source_digest(tmp_path) != before


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
