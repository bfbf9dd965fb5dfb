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
NUMBERS = {"ablations", "data", "evaluation", "models", "seeding"}  # no exception in these
EXPECTED = 90  # tests of the author's files, with their examples
WHOLE = {("classification", "independent"), ("regression", "grouped")}  # others are weekly
ANSWERS = [(*example, odd) for example, odd in zip(EXAMPLES, ODD_TEXTS, strict=True)]


@pytest.fixture
def study(bake, tmp_path):
    """Make an example of odd answers, in a folder with blanks, accents and a quote."""

    def make(task: str, dependence: str, odd: str) -> Path:
        answers = {"project_slug": "my-study", **dict.fromkeys(TEXTS, ODD[odd])}
        made = bake(task=task, dependence=dependence, **answers)
        folder = tmp_path / "Gr\u00f6\u00dfe der Flut's" / "my-study"
        folder.parent.mkdir()
        return made.path.rename(folder)

    return make


def passed(done) -> int:
    return int(re.search(r"(\d+) passed", done.stdout)[1])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("task", "dependence", "odd"),  # test_start.py verifies the first
    [pytest.param(*ANSWERS[0], marks=pytest.mark.weekly), *ANSWERS[1:]],
)
def test_every_number_comes_out_again(study, in_study, task, dependence, odd):
    how = ("--json", "--workers", "1")  # other tests have the other core
    found = json.loads(in_study(study(task, dependence, odd), "verify", *how).stdout)
    assert found["differences"] == []
    assert found["counts"]["bit-identical"] + found["counts"]["within tolerance"] > 300


@pytest.mark.slow
@pytest.mark.parametrize(
    ("task", "dependence", "odd"),
    [pytest.param(*one, marks=[] if one[:2] in WHOLE else pytest.mark.weekly) for one in ANSWERS],
)
def test_check_is_green(study, in_study, task, dependence, odd):
    done = in_study(study(task, dependence, odd), "check")
    outcomes = re.findall(r"^(\w+) +(ok|FAILED) +[\d.]+ s$", done.stdout, flags=re.MULTILINE)
    assert outcomes == [(name, "ok") for name in CHECKS]
    # no tick and no failure: only the author can answer
    for page, count in (("docs/model_card.md", 5), ("paper/main.tex", 8)):
        assert f"warning: {page}: {count} open questions for the author" in done.stdout
    assert passed(done) >= EXPECTED, "tests of the study were not collected"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("task", "dependence", "odd"), [one for one in ANSWERS if one[:2] not in WHOLE]
)
def test_the_authors_tests_pass(study, run, study_env, task, dependence, odd):
    path = study(task, dependence, odd)
    done = run([study_env, "-m", "pytest", "-q"], path, env={"PYTHONPATH": paths(path)})
    assert passed(done) >= EXPECTED, "tests of the study were not collected"


@pytest.mark.slow
def test_doctests_are_collected_from_every_module(bake, run, study_env):
    study = bake()
    env = {"PYTHONPATH": paths(study.path)}
    done = run([study_env, "-m", "pytest", "--collect-only", "-q", "src"], study.path, env=env)
    modules = {p.stem for p in (study.path / "src" / study.package).glob("*.py")} - {"__init__"}
    collected = set(re.findall(rf"^src/{study.package}/(\w+)\.py::", done.stdout, re.MULTILINE))
    assert collected == modules


def documented(code: str) -> dict[str, bool]:
    """Public functions and classes: whether an example runs and says what comes of it."""
    parser, found = doctest.DocTestParser(), {}
    for node in ast.parse(code).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            examples = parser.get_examples(ast.get_docstring(node) or "")
            runs = any(one.want and doctest.SKIP not in one.options for one in examples)
            found[node.name] = runs
    return found


def without_example(code: str) -> set[str]:
    """Public functions of a module whose docstring has no example that is executed."""
    functions = {n.name for n in ast.parse(code).body if isinstance(n, ast.FunctionDef)}
    return {name for name, runs in documented(code).items() if not runs and name in functions}


def public_functions(engine: Path) -> dict[str, bool]:
    """What engine/README.md lists, classes left out: whether it has an executed example."""
    texts = [path.read_text(encoding="utf-8") for path in engine.rglob("*.py")]
    classes = {name for text in texts for name in re.findall(r"^class (\w+)", text, re.MULTILINE)}
    found = {name: runs for text in texts for name, runs in documented(text).items()}
    table = (engine / "README.md").read_text(encoding="utf-8").partition("| Import |")[2]
    cells = [row.split("|")[1] for row in table.partition("\n\n")[0].splitlines()[2:]]
    names = [name for cell in cells for name in re.findall(r"`(?:\w+\.)*(\w+)`", cell)]
    assert [name for name in names if name not in found] == []
    return {name: found[name] for name in names if name not in classes}


def test_every_public_function_has_an_executed_example(template):
    study = template / "{{cookiecutter.project_slug}}"
    folder = study / "src" / "{{cookiecutter.__package}}"
    modules = {p.stem: without_example(p.read_text(encoding="utf-8")) for p in folder.glob("*.py")}
    assert {name: lacking for name, lacking in modules.items() if lacking} == {}
    assert modules.keys() >= NUMBERS
    public = public_functions(study / "engine")
    assert len(public) >= 8
    assert sorted(name for name, runs in public.items() if not runs) == []


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
    assert documented(whole.replace(old, new)) == {"half": False}
    assert without_example(whole.replace(old, new).replace("half", "_half")) == set()
