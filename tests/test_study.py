"""Every example's own checks are green, and its numbers come out again, by its own commands."""

import json
import re
from pathlib import Path

import pytest

TASKS = ("classification", "regression")
DEPENDENCES = ("independent", "grouped", "temporal", "spatial")
ODD = json.loads(Path(__file__).with_name("odd_answers.json").read_text(encoding="utf-8"))
ODD_TEXTS = ("quotes", "backslashes", "right to left", "HTML", "TeX", "link", "braces", "emoji")
EXAMPLES = [(task, dependence) for task in TASKS for dependence in DEPENDENCES]
CHECKS = ("format", "lint", "lock", "tests", "checklist", "notebooks", "documentation")
TEXTS = ("project_name", "description", "author_name")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("task", "dependence", "odd"),
    [(*example, odd) for example, odd in zip(EXAMPLES, ODD_TEXTS, strict=True)],
)
def test_check_and_verify(bake, run, study_env, tmp_path, task: str, dependence: str, odd: str):
    """Also where odd answers were typed, in a folder with blanks, accents and a quote."""
    answers = {"project_slug": "my-study", **dict.fromkeys(TEXTS, ODD[odd])}
    made = bake(task=task, dependence=dependence, **answers)
    folder = tmp_path / "Gr\u00f6\u00dfe der Flut's" / "my-study"
    folder.parent.mkdir()
    study = made.path.rename(folder)
    env = {"PYTHONPATH": str(study / "src"), "PYTHONIOENCODING": "utf-8"}

    done = run([study_env, "scripts/check.py"], study, env=env, timeout=1200)
    outcomes = re.findall(r"^(\w+) +(ok|FAILED) +[\d.]+ s$", done.stdout, flags=re.MULTILINE)
    assert outcomes == [(name, "ok") for name in CHECKS]
    passed = int(re.search(r"(\d+) passed", done.stdout)[1])
    assert passed > 250, "tests of the study were not collected"

    done = run([study_env, "scripts/verify.py", "--json"], study, env=env, timeout=1200)
    found = json.loads(done.stdout)
    assert found["differences"] == []
    assert found["counts"]["bit-identical"] + found["counts"]["within tolerance"] > 300


@pytest.mark.slow
def test_doctests_are_collected_from_every_module(bake, run, study_env):
    study = bake()
    env = {"PYTHONPATH": str(study.path / "src")}
    done = run([study_env, "-m", "pytest", "--collect-only", "-q", "src"], study.path, env=env)
    modules = {p.stem for p in (study.path / "src" / study.package).glob("*.py")} - {"__init__"}
    collected = set(re.findall(rf"^src/{study.package}/(\w+)\.py::", done.stdout, re.MULTILINE))
    assert collected == modules
