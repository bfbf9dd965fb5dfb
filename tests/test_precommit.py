"""A fresh study is clean under its own pre-commit hooks, and each hook can turn red."""

import json
import re

import pytest

pytestmark = [pytest.mark.network, pytest.mark.slow, pytest.mark.xdist_group("precommit")]
RUN = ["-m", "pre_commit", "run", "--all-files", "--color", "never"]
NOTEBOOK = {
    "cells": [
        {
            "cell_type": "code",
            "execution_count": 1,
            "id": "first",
            "metadata": {},
            "outputs": [{"name": "stdout", "output_type": "stream", "text": ["2\n"]}],
            "source": ["print(1 + 1)"],
        }
    ],
    "metadata": {},
    "nbformat": 4,
    "nbformat_minor": 5,
}
# What each hook must not let pass; the markers in two parts, so that no scanner stops at this file.
KEY = "-----BEGIN " + "RSA PRIVATE KEY-----\n"
CONFLICT = "<" * 7 + " HEAD\n"
BROKEN = {
    "black": ("scripts/a.py", b"x = {  'a':1 }\n"),
    "ruff": ("scripts/b.py", b"import os\n"),
    "nbstripout": ("notebooks/a.ipynb", (json.dumps(NOTEBOOK, indent=1) + "\n").encode()),
    "end-of-file-fixer": ("docs/a.txt", b"no newline"),
    "trailing-whitespace": ("docs/b.txt", b"blank \n"),
    "mixed-line-ending": ("docs/c.txt", b"two\r\n"),
    "check-yaml": ("docs/a.yml", b"a: [\n"),
    "check-toml": ("docs/a.toml", b"a =\n"),
    "check-json": ("docs/a.json", b"{\n"),
    "check-added-large-files": ("docs/large.txt", b"0123456789\n" * 200_000),
    "check-merge-conflict": ("docs/d.txt", CONFLICT.encode()),
    "detect-private-key": ("docs/e.txt", KEY.encode()),
}


def tracked(path, run):
    """Put a study under git, as the hooks look at tracked files only."""
    run(["git", "init", "--quiet"], cwd=path)
    run(["git", "add", "--all"], cwd=path)


@pytest.mark.parametrize(
    "answers",
    [{}, pytest.param({"dependence": "spatial", "ci": "gitlab"}, marks=pytest.mark.weekly)],
    ids=["default", "spatial"],
)
def test_a_fresh_study_is_clean(bake, run, study_env, answers):
    study = bake(**answers).path
    (study / "engine" / "mine.py").write_bytes(b"import os \r\nx = {  'a':1 }")  # left alone
    tracked(study, run)
    done = run([study_env, *RUN], cwd=study)
    assert re.findall(r"\.(\w+)$", done.stdout, re.MULTILINE) == ["Passed"] * len(BROKEN)
    assert run(["git", "diff", "--name-only"], cwd=study).stdout == ""


def test_every_hook_can_fail(bake, run, study_env):
    study = bake().path
    for name, content in BROKEN.values():
        (study / name).parent.mkdir(exist_ok=True)
        (study / name).write_bytes(content)
    tracked(study, run)
    for name in ("MERGE_MSG", "MERGE_HEAD"):  # conflicts are looked for in the middle of a merge
        (study / ".git" / name).write_text("", encoding="utf-8")
    failed = run([study_env, *RUN], cwd=study, rc=1).stdout
    assert set(re.findall(r"- hook id: (\S+)", failed)) == set(BROKEN)


def test_raw_data_are_left_alone(bake, run, study_env):
    study = bake().path
    for name, content in BROKEN.values():
        (study / "data" / "raw" / name.rpartition("/")[2]).write_bytes(content)
    tracked(study, run)
    run([study_env, *RUN], cwd=study)
