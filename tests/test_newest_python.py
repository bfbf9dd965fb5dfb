"""The newest offered Python, for real: cookiecutter, its hooks and a study run on nothing else.

Where the machine has none, it is Debian's, in a root of its own (tools/interpreters.py).
"""

import json
import sys

import pytest
from pythons import DEFAULT, OFFERED

NEWEST = OFFERED[-1]
# What Python and libraries will no longer do is an error now.
STRICT = {"PYTHONWARNINGS": "error::DeprecationWarning,error::SyntaxWarning"}
pytestmark = [
    pytest.mark.network,
    pytest.mark.slow,
    pytest.mark.xdist_group("newest"),
    pytest.mark.skipif(f"{sys.version_info[1]}" == NEWEST[2:], reason="all tests run on it"),
]


@pytest.fixture(scope="module")
def on_newest(offered_python, environment, template, run):
    """Run a command of the template's environment on the newest Python: on_newest("-m", ...)."""
    interpreter = offered_python(NEWEST)
    lock = (template / "requirements-dev.txt").read_text(encoding="utf-8")
    python = environment(lock, "--require-hashes", interpreter=interpreter)

    def start(*words, cwd=template, **how):
        return run([*interpreter[:-1], python, *words], cwd, **how)

    return start


@pytest.fixture(scope="module")
def study(on_newest, cookiecutter_config, template, tmp_path_factory):
    """A study that cookiecutter made there, hooks and environment included."""
    out = tmp_path_factory.mktemp("newest")
    command = ["-m", "cookiecutter", template, "--output-dir", out, "--no-input"]
    command += ["--config-file", cookiecutter_config, "setup_environment=yes"]
    done = on_newest(*command, env=STRICT, timeout=1200)
    assert f"Python {DEFAULT} (.python-version) is not here; using {NEWEST}." in done.stdout
    assert "made: files, environment, git repository, first commit, pre-commit hook" in done.stdout
    assert "Warning" not in done.stderr
    return out / "my-study"


@pytest.fixture
def in_study(study, offered_python, run):
    """Run a command with the Python of the study's environment: in_study("scripts/verify.py")."""

    def start(*words, **how):
        python = study / ".venv" / "bin" / "python"
        return run([*offered_python(NEWEST)[:-1], python, *words], study, **how)

    return start


def test_a_study_is_made_and_every_number_comes_out_again(in_study):
    assert in_study("--version").stdout.startswith(f"Python {NEWEST}.")
    counts = json.loads(in_study("scripts/verify.py", "--json").stdout)["counts"]
    # to the bit where the processor is that of the committed numbers; test_reproduce.py sees to it
    same = counts["bit-identical"] + counts["within tolerance"]
    assert sum(counts.values()) == same > 5000
    assert counts["bit-identical"] > 5000


def test_hooks_hold_there(on_newest):
    """What they do without an environment or network; all of them weekly."""
    chosen = "repository_is_ready or without_identity or console or umask or interrupt or cruft"
    done = on_newest(*PYTEST, "-k", chosen, "-m", "not slow", "tests/test_hooks.py")
    assert " passed" in done.stdout
    assert "skipped" not in done.stdout


PYTEST = ["-m", "pytest", "-q", "-p", "no:cacheprovider"]


@pytest.mark.weekly
@pytest.mark.parametrize("name", ["hooks", "answers", "hostile", "questions", "update", "lock"])
def test_the_template_holds_there(on_newest, name):
    done = on_newest(*PYTEST, f"tests/test_{name}.py", timeout=1800)
    assert " passed" in done.stdout


@pytest.mark.weekly
def test_a_study_is_checked_and_reproduced(in_study, study):
    before = {p.name: p.read_bytes() for p in (study / "results").glob("*.csv")}
    in_study("-m", "reproml", "check", timeout=1200)
    in_study("scripts/reproduce.py", "--fresh", timeout=1200)
    assert {p.name: p.read_bytes() for p in (study / "results").glob("*.csv")} == before


@pytest.mark.weekly
def test_pip_installs_the_lock(bake, offered_python, run):
    study = bake().path
    *inside, python = offered_python(NEWEST)
    command = ["scripts/environment.py", "--runtime", "--installer", "pip"]
    done = run([*inside, python, *command], study, timeout=1800)
    assert "Making .venv with venv and pip." in done.stdout
    verified = run([*inside, study / ".venv/bin/python", "scripts/verify.py", "--json"], study)
    counts = json.loads(verified.stdout)["counts"]
    assert sum(counts.values()) == counts["bit-identical"] > 5000
