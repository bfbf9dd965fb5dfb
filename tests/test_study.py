"""Every example's own checks are green, and its numbers come out again, by its own commands."""

import json
import re

import pytest

TASKS = ("classification", "regression")
DEPENDENCES = ("independent", "grouped", "temporal", "spatial")


@pytest.mark.slow
@pytest.mark.parametrize("dependence", DEPENDENCES)
@pytest.mark.parametrize("task", TASKS)
def test_check_and_verify(bake, run, study_env, task: str, dependence: str):
    study = bake(task=task, dependence=dependence)
    env = {"PYTHONPATH": str(study.path / "src"), "PYTHONIOENCODING": "utf-8"}

    done = run([study_env, "scripts/check.py"], study.path, env=env, timeout=1200)
    outcomes = re.findall(r"^(\w+) +(ok|FAILED) +[\d.]+ s$", done.stdout, flags=re.MULTILINE)
    assert outcomes == [(n, "ok") for n in ("format", "lint", "lock", "tests", "documentation")]
    passed = int(re.search(r"(\d+) passed", done.stdout)[1])
    assert passed > 250, "tests of the study were not collected"

    done = run([study_env, "scripts/verify.py", "--json"], study.path, env=env, timeout=1200)
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
