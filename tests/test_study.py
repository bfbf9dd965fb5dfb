"""Every example's own checks are green, and its numbers come out again, by its own commands."""

import ast
import doctest
import json
import re
from pathlib import Path

import pytest
from studies import paths

TASKS = ("classification", "regression")
DEPENDENCES = ("independent", "grouped", "temporal", "spatial")
ODD = json.loads(Path(__file__).with_name("odd_answers.json").read_text(encoding="utf-8"))
ODD_TEXTS = ("quotes", "backslashes", "right to left", "HTML", "TeX", "link", "braces", "emoji")
EXAMPLES = [(task, dependence) for task in TASKS for dependence in DEPENDENCES]
CHECKS = ("format", "lint", "lock", "tests", "checklist", "notebooks", "documentation")
TEXTS = ("project_name", "description", "author_name")
doctest.register_optionflag("NUMBER")  # pytest's own, which studies use
NUMBERS = {"ablation", "comparison", "evaluation", "leakage", "splits"}  # no exception in these
NO_EXAMPLE = {
    ("cluster", "open_cluster"): "starts or asks the workers of Dask, which is an extra",
    ("slurm", "slurm_jobs"): "starts a scheduler of Dask, which is an extra, and sends jobs",
}


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
    env = {"PYTHONPATH": paths(study), "PYTHONIOENCODING": "utf-8"}

    done = run([study_env, "-m", "reproml", "check"], study, env=env, timeout=1200)
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
    env = {"PYTHONPATH": paths(study.path)}
    done = run([study_env, "-m", "pytest", "--collect-only", "-q", "src"], study.path, env=env)
    modules = {p.stem for p in (study.path / "src" / study.package).glob("*.py")} - {"__init__"}
    collected = set(re.findall(rf"^src/{study.package}/(\w+)\.py::", done.stdout, re.MULTILINE))
    assert collected == modules


def without_example(code: str) -> set[str]:
    """Public functions of a module whose docstring has no example that runs and says what comes."""
    parser, found = doctest.DocTestParser(), set()
    for node in ast.parse(code).body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            examples = parser.get_examples(ast.get_docstring(node) or "")
            if not any(one.want and doctest.SKIP not in one.options for one in examples):
                found.add(node.name)
    return found


def test_every_public_function_has_an_executed_example(template):
    folder = template / "{{cookiecutter.project_slug}}" / "src" / "{{cookiecutter.__package}}"
    modules = {p.stem: without_example(p.read_text(encoding="utf-8")) for p in folder.glob("*.py")}
    lacking = {(module, name) for module, names in modules.items() for name in names}
    assert lacking == set(NO_EXAMPLE)
    assert modules.keys() >= NUMBERS
    assert not NUMBERS & {module for module, _ in NO_EXAMPLE}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (">>> ", ""),
        ("2.0\n", "\n"),
        ("half(4.0)\n", "half(4.0)  # doctest: +SKIP\n"),
    ],
    ids=["none", "without its result", "skipped"],
)
def test_a_function_without_an_executed_example_is_found(old, new):
    whole = '''
def half(x):
    """Halve a number.

    Examples
    --------
    >>> half(4.0)
    2.0
    """
    return x / 2
'''
    assert without_example(whole) == set()
    assert old in whole
    assert without_example(whole.replace(old, new)) == {"half"}
    assert without_example(whole.replace(old, new).replace("half", "_half")) == set()
