"""Each check of `python -m reproml check` can turn red; test_study.py sees them green."""

import json
import re
import sys
from pathlib import Path

import pytest
from studies import paths, write

TEMPLATE = Path(__file__).resolve().parent.parent
pytestmark = [pytest.mark.slow, pytest.mark.network]  # the environment of the study
CHECKS = ["format", "lint", "lock", "tests", "checklist", "notebooks", "documentation"]
EXAMPLE = '''"""A module for the checks to look at."""


def double(x):
    """Return twice a number.

    Examples
    --------
    >>> double(2)
    4
    """
    return 2 * x
'''


@pytest.fixture
def small(bake):
    """A study with one test and a notebook of one cell, so that its checks take little time."""
    bake = bake()
    for path in bake.path.glob("tests/*.py"):
        path.unlink()
    config = re.sub(r"^plugins:\n(  .*\n)+", "plugins: []\n", bake.read("mkdocs.yml"), flags=re.M)
    assert "plugins: []" in config
    write(bake.path / "mkdocs.yml", config)
    write(bake.path / "src" / bake.package / "example.py", EXAMPLE)
    write(bake.path / "tests" / "test_example.py", "def test_sum():\n    assert 1 + 1 == 2\n")
    write(bake.path / "notebooks" / "explore.ipynb", notebook("1 + 1"))
    return bake


def notebook(code):
    cell = {"cell_type": "code", "id": "one", "metadata": {}, "source": code}
    cell |= {"execution_count": None, "outputs": []}
    return json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


def outcomes(in_study, bake):
    done = in_study(bake.path, "check", rc=1)
    rows = re.findall(r"^(\w+) +(ok|FAILED) +[\d.]+ s$", done.stdout, re.MULTILINE)
    return dict(rows), done


def passed(done):
    return int(re.search(r"(\d+) passed", done.stdout)[1])


def edit_checklist(study):
    """Tick an item by hand."""
    path = study / "docs" / "checklist.md"
    text = path.read_text(encoding="utf-8")
    assert " | open | " in text
    write(path, text.replace(" | open | ", " | checked | ", 1))


def test_every_check_can_fail_and_none_hides_another(small, in_study):
    scripts = small.path / "scripts"
    write(scripts / "format.py", "x = {  'a': 1 }\n")
    write(scripts / "lint.py", "import os\n")
    lock = small.path / "requirements.txt"
    write(lock, lock.read_text(encoding="utf-8").replace("numpy==", "numpy==9"))
    example = small.path / "src" / small.package / "example.py"
    write(example, EXAMPLE.replace("    4\n", "    5\n"))
    write(small.path / "notebooks" / "explore.ipynb", notebook("1 / 0"))
    write(small.path / "docs" / "index.md", "[nowhere](nowhere.md) [a](#no-heading)\n")
    edit_checklist(small.path)
    rows, done = outcomes(in_study, small)
    assert rows == dict.fromkeys(CHECKS, "FAILED")
    assert "1 failed, " in done.stdout and passed(done) > 5
    assert "explore.ipynb: cell 1: ZeroDivisionError: division by zero" in done.stdout
    assert "nowhere.md" in done.stdout + done.stderr
    assert "#no-heading" in done.stdout + done.stderr


def test_one_failure_is_enough(small, in_study):
    edit_checklist(small.path)
    rows, done = outcomes(in_study, small)
    assert rows == dict.fromkeys(CHECKS, "ok") | {"checklist": "FAILED"}
    assert "not what it would be now" in done.stderr


def test_missing_tools_are_said(small, run):
    # The environment of the template has black, ruff and pytest, but not mkdocs.
    env = {"PYTHONPATH": paths(small.path)}
    done = run([sys.executable, "-m", "reproml", "check"], cwd=small.path, env=env, rc=1)
    assert "python scripts/environment.py" in done.stderr
    assert "---" not in done.stdout
