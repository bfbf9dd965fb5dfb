"""The engine: its own tests, in place, and what every study can rely on.

It is the same bytes in every study, so it is tested once, here, and not in each study.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import size
from cookiecutter.main import cookiecutter

TEMPLATE = Path(__file__).resolve().parent.parent
STUDY = TEMPLATE / "{{cookiecutter.project_slug}}"
ENGINE = STUDY / "engine"
TESTS = TEMPLATE / "tests" / "engine"
PARTS = 4  # so that two workers end at about the same time
JINJA = re.compile(r"cookiecutter\.|\{%|\{#(?!\w*\})")

# What a study may be at most (tools/size.py counts), and what is above that today, with its figure.
BUDGETS = {
    "author's files": 24,
    "author's lines": 1_900,
    "engine's lines": 9_500,
    "engine's lines of code": 6_000,
    "imports of a higher folder": 0,
    "circles of imports": 0,
    "longest chain of imports": 10,
    "imports inside functions": 19,
    "functions above 50 lines": 0,
    "lines of Python in all": 27_000,
}
NOT_MET = {
    "engine's lines": 15_100,
    "engine's lines of code": 9_930,
    "lines of Python in all": 46_150,
}


# Its own tests --------------------------------------------------------------------------------


def count_tests(path):
    """Return how many test functions a file holds; with parameters they are at least as many."""
    return len(re.findall(r"^def test_", path.read_text(encoding="utf-8"), re.MULTILINE))


def parts():
    """Return the test files in parts of about the same length."""
    files = sorted(TESTS.glob("test_*.py"), key=lambda path: -path.stat().st_size)
    made = [[] for _ in range(PARTS)]
    for path in files:
        min(made, key=lambda part: sum(one.stat().st_size for one in part)).append(path)
    return [sorted(part) for part in made]


@pytest.fixture
def pytest_in_place(study_env, run, tmp_path):
    """Run pytest on the engine where it lies; give how many of its tests passed."""

    def start(*arguments):
        command = [study_env, "-m", "pytest", "-c", "pytest.ini", "-q", "-p", "no:cacheprovider"]
        env = {"PYTHONPYCACHEPREFIX": str(tmp_path)}  # studies are rendered from there
        done = run([*command, *arguments], cwd=TESTS, env=env, rc=None, timeout=1200)
        assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
        last = done.stdout.strip().splitlines()[-1]
        assert "deselected" not in last
        return int(re.search(r"(\d+) passed", last)[1])

    return start


@pytest.mark.slow
@pytest.mark.network  # the environment of the study
@pytest.mark.parametrize("part", range(PARTS))
def test_its_tests_pass(pytest_in_place, part):
    files = parts()[part]
    expected = sum(map(count_tests, files))
    assert expected > 40
    assert pytest_in_place(*(path.name for path in files)) >= expected


@pytest.mark.slow
@pytest.mark.network
def test_its_examples_pass(pytest_in_place):
    texts = [path.read_text(encoding="utf-8") for path in ENGINE.rglob("*.py")]
    holding = [text for text in texts if re.search(r"^ *>>> ", text, re.MULTILINE)]
    assert len(holding) > 10
    assert pytest_in_place(
        *("--doctest-modules", "--doctest-ignore-import-errors", "--pyargs", "reproml")
    ) >= len(holding)


def test_a_run_of_its_tests_leaves_nothing_behind():
    """What lies there is copied into every study."""
    assert not list(ENGINE.rglob("__pycache__"))
    assert not list(ENGINE.rglob("*.pyc"))


# What it is -----------------------------------------------------------------------------------


def engine_bytes(folder):
    """All but what Python itself adds when another test runs the shared study."""
    found = {p.relative_to(folder): p for p in sorted(folder.rglob("*")) if p.is_file()}
    return {n.as_posix(): p.read_bytes() for n, p in found.items() if "__pycache__" not in n.parts}


def test_it_is_the_same_bytes_in_every_study(default_bake, bake):
    other = bake(project_slug="other", task="regression", dependence="spatial", ci="gitlab")
    committed = engine_bytes(ENGINE)
    assert len(committed) > 30
    assert engine_bytes(default_bake.path / "engine") == committed
    assert engine_bytes(other.path / "engine") == committed


def test_nothing_in_it_is_filled_in():
    texts = {name: content.decode("utf-8") for name, content in engine_bytes(ENGINE).items()}
    assert {name for name, text in texts.items() if JINJA.search(text)} == set()
    assert JINJA.search("{{ cookiecutter.project_slug }}") and JINJA.search("{% if x %}")


def judge(run, study_env, folder, rc):
    """Format and lint by the settings of the study, which itself leaves the engine alone."""
    text = (STUDY / "pyproject.toml").read_text(encoding="utf-8")
    for setting in (r'extend-exclude = "\^/engine/".*\n', r'extend-exclude = \["engine"\]\n'):
        text, count = re.subn(setting, "", text)
        assert count == 1
    text = text.replace('"D", ', "", 1).replace("{{ cookiecutter.__package }}", "example_study")
    (folder / "pyproject.toml").write_text(text, encoding="utf-8", newline="\n")
    env = {"RUFF_NO_CACHE": "true"}
    run([study_env, "-m", "black", "--check", "."], cwd=folder, rc=rc)
    run([study_env, "-m", "ruff", "check", "."], cwd=folder, env=env, rc=rc)


def test_it_is_formatted_and_lint_clean(run, study_env, tmp_path):
    shutil.copytree(ENGINE, tmp_path / "engine")
    judge(run, study_env, tmp_path, rc=0)
    path = tmp_path / "engine" / "reproml" / "config" / "study.py"
    with path.open("a", encoding="utf-8", newline="\n") as file:
        file.write("import os,sys\n")
    judge(run, study_env, tmp_path, rc=1)


# Its size and order ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def figures():
    return size.measure()


@pytest.mark.parametrize("name", BUDGETS)
def test_the_budget_is_kept(figures, name):
    assert 0 <= figures[name] <= NOT_MET.get(name, BUDGETS[name])


def test_the_page_names_the_figures_that_are_held():
    page = (TEMPLATE / "docs" / "how-it-works.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| (.+?) \| ([\d,]+) \|$", page, re.MULTILINE))
    assert len(rows) >= 8
    held = BUDGETS | NOT_MET
    assert {name: int(figure.replace(",", "")) for name, figure in rows.items()} == {
        name: held[name] for name in rows
    }


def test_every_figure_is_counted(figures):
    assert set(NOT_MET) <= set(BUDGETS) <= set(figures)
    assert all(figures[name] > 0 for name in figures if "lines" in name and "above" not in name)
    assert {p.name for p in (ENGINE / "reproml").iterdir() if p.is_dir()} <= set(size.FOLDERS)


PLANTED = '''"""A docstring
of two lines.
"""

# a comment
from reproml.config import study  # with another


class Table:
    """One."""

    text = """not a docstring
    of two lines"""

    def half(self, x):
        """Halve."""
        from ..split import splits

        return (
            x / 2
        )
'''


def test_lines_are_counted_as_a_reader_would():
    assert len(size.code_lines(PLANTED)) == 9
    assert size.long_functions(PLANTED, limit=4) == {"half": 5}
    assert size.long_functions(PLANTED, limit=5) == {}
    assert size.code_lines("# nothing\n\n") == set()


@pytest.fixture
def package(tmp_path):
    """Write a package of modules: package({"config/study.py": "import os"}) gives its imports."""

    def make(files):
        for name, text in files.items():
            path = tmp_path / "reproml" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            (path.parent / "__init__.py").touch()
            path.write_text(text, encoding="utf-8")
        return size.imports(tmp_path / "reproml")

    return make


DOWN = {
    "config/study.py": "import os\nfrom . import other\n",
    "config/other.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n"
    "    from .study import Study\n",
    "split/splits.py": "from ..config.study import x\nfrom reproml.config import other\n",
    "cli/verify.py": "def f():\n    from reproml.split.splits import a\n",
    "__main__.py": "import reproml.cli.verify\n",
}


def test_imports_that_point_downward_are_fine(package):
    found = package(DOWN)
    assert len(found) == 6
    assert size.upward(found) == []
    chain = ["__main__", "cli.verify", "split.splits", "config.study", "config.other"]
    assert size.chains(found) == (chain, [])
    assert [module for module, _, inside, _ in found if inside] == ["cli.verify"]


@pytest.mark.parametrize(
    ("name", "line", "wrong"),
    [
        ("config/other.py", "from ..split.splits import x\n", "config.other -> split.splits"),
        ("config/other.py", "from reproml.split import splits\n", "config.other -> split.splits"),
        ("config/other.py", "import reproml.cli.verify\n", "config.other -> cli.verify"),
        (
            "split/splits.py",
            "def f():\n    from ..cli import verify\n",
            "split.splits -> cli.verify",
        ),
        ("misc/odd.py", "from ..config import study\n", "misc.odd -> config.study"),
        ("cli/verify.py", "from .. import __main__\n", "cli.verify -> __main__"),
    ],
)
def test_an_import_that_points_upward_is_seen(package, name, line, wrong):
    found = package(DOWN | {name: line})
    assert size.upward(found) == [wrong]


def test_a_circle_is_seen(package):
    found = package(DOWN | {"config/other.py": "def f():\n    from .study import x\n"})
    assert size.upward(found) == []
    assert size.chains(found)[1] == ["config.other -> config.study -> config.other"]


def test_the_table_names_what_is_wrong(run):
    said = run([sys.executable, "tools/size.py"], cwd=TEMPLATE).stdout
    assert re.search(r"^engine's lines of code +[\d,]+$", said, re.MULTILINE)
    assert "longest chain: " in said


# In a study -----------------------------------------------------------------------------------


def test_a_folder_of_compiled_files_in_the_template_gets_into_no_study(
    tmp_path, cookiecutter_config
):
    """Somebody who imported the engine from a clone of the template left them there."""
    template = tmp_path / "template"
    for name in ("hooks", "templates", STUDY.name):
        shutil.copytree(TEMPLATE / name, template / name)
    shutil.copy(TEMPLATE / "cookiecutter.json", template)
    compiled = template / STUDY.name / "engine" / "reproml" / "__pycache__" / "x.pyc"
    compiled.parent.mkdir()
    compiled.write_bytes(b"\x00\xff")
    made = cookiecutter(
        str(template),
        no_input=True,
        extra_context={"setup_environment": "no"},
        output_dir=str(tmp_path),
        config_file=str(cookiecutter_config),
    )
    assert not list(Path(made).rglob("__pycache__"))
    listed = subprocess.run(["git", "ls-files"], cwd=made, capture_output=True, check=True).stdout
    assert b"engine/reproml/config/study.py" in listed
    assert b"__pycache__" not in listed


def test_import_finds_the_folder_of_the_study(default_bake, study_env, run):
    code = "import reproml; print(reproml.__path__[0])"
    env = {"PYTHONPATH": os.pathsep.join(str(default_bake.path / n) for n in ("src", "engine"))}
    env["PYTHONDONTWRITEBYTECODE"] = "1"
    said = run([study_env, "-c", code], cwd=default_bake.path.parent, env=env).stdout.strip()
    assert Path(said) == default_bake.path / "engine" / "reproml"
