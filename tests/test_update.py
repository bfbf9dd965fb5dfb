"""A study follows the template with cruft, one of the first edition with a tool: edits stay."""

import filecmp
import json
import re
import subprocess
import sys

import pytest
import update
from studies import paths

pytestmark = [pytest.mark.network, pytest.mark.slow]


@pytest.fixture(scope="module")
def cruft(environment, template):
    return [environment("cruft==2.16.0"), "-c", "from cruft._cli import app; app()"]


@pytest.fixture
def versions(template, tmp_path, run):
    """A repository of the template: versions("1.0") tags one version, with changes to its files.

    versions("1.1", Makefile=str.upper) makes a new one, in which functions changed those texts.
    """
    listed = subprocess.run(
        ["git", "ls-files", "-coz", "--exclude-standard"], cwd=template, capture_output=True
    )
    repository = tmp_path / "template"
    for name in filter(None, listed.stdout.decode("utf-8").split("\0")):
        (repository / name).parent.mkdir(parents=True, exist_ok=True)
        (repository / name).write_bytes((template / name).read_bytes())
    run(["git", "init", "--quiet"], cwd=repository)

    def commit(tag, changes):
        for name, change in changes.items():
            path = repository / "{{cookiecutter.project_slug}}" / name
            before = path.read_text(encoding="utf-8") if path.exists() else ""
            path.write_text(change(before), encoding="utf-8", newline="\n")
        run(["git", "add", "--all"], cwd=repository)
        run(["git", "commit", "--quiet", "--message", f"Version {tag}"], cwd=repository)
        run(["git", "tag", tag], cwd=repository)
        return repository

    return commit


ANSWERS = {  # cruft runs them again as templates, at every update
    "project_name": r"""Jo "J" O'Neil's \new # {a}: 100% <b> $x$ 'y'""",
    "description": "Gr\u00f6\u00dfe \u05e9\u05dc\u05d5\u05dd \N{DNA DOUBLE HELIX} & _ ^ ~ \\",
    "author_name": 'Jo "J" O\'Neil',
    "project_slug": "my-study",
    "setup_environment": "no",
}


def test_from_one_tagged_version_to_the_next(cruft, versions, run, tmp_path):
    template = versions("1.0", {})
    command = [*cruft, "create", template, "--checkout", "1.0", "--no-input"]
    created = run([*command, "--extra-context", json.dumps(ANSWERS)], tmp_path)
    study = tmp_path / "my-study"

    def git(*args):
        return run(["git", *args], cwd=study).stdout

    def text(name):
        return (study / name).read_text(encoding="utf-8")

    assert "git add .cruft.json" in created.stdout
    # As if the author had said yes: an update must not make an environment all the same.
    recorded = text(".cruft.json").replace(
        '"setup_environment": "no"', '"setup_environment": "yes"'
    )
    (study / ".cruft.json").write_text(recorded, encoding="utf-8")
    git("add", ".cruft.json")
    title, readme = text("README.md").splitlines()[0], text("README.md")
    (study / "README.md").write_text(readme + "\nMy own words.\n", encoding="utf-8")
    (study / "own.txt").write_text("mine\n", encoding="utf-8")
    toml = text("study.toml")
    (study / "study.toml").write_text("# My note\n" + toml, encoding="utf-8")
    git("rm", "--quiet", ".vscode/extensions.json")
    git("add", "--all")
    git("commit", "--quiet", "--message", "Mine")
    run([*cruft, "check", "--checkout", "1.0"], cwd=study)
    before = git("rev-parse", "HEAD"), git("reflog"), text(".git/config"), git("branch", "--all")

    news = {"Makefile": lambda old: old + "# A newer line\n", "new.txt": lambda old: "new\n"}
    news["study.toml"] = news["engine/reproml/config/seeds.py"] = news["Makefile"]
    news["README.md"] = lambda old: old.replace("## Run it", "## How to run it")
    versions("1.1", news)
    run([*cruft, "check", "--checkout", "1.1"], cwd=study, rc=1)
    assert "My own words." in run([*cruft, "diff"], cwd=study).stdout
    command = [*cruft, "update", "--skip-apply-ask", "--checkout", "1.1"]
    updated = run(command, cwd=study)
    assert "An update: git, hooks and environment stay as they are." in updated.stderr
    assert "Making" not in updated.stdout + updated.stderr
    changed = git("status", "--porcelain", "--untracked-files=all").split()
    wanted = [".cruft.json", "Makefile", "README.md", "engine/reproml/config/seeds.py"]
    assert sorted(changed[1::2]) == [*wanted, "new.txt", "study.toml"]
    assert text("Makefile").endswith("# A newer line\n")
    assert text("README.md").splitlines()[0] == title
    assert "## How to run it" in text("README.md")
    assert text("README.md").endswith("My own words.\n")
    assert text("study.toml").startswith("# My note\n")
    assert text("study.toml").endswith("# A newer line\n")
    assert text("own.txt") == "mine\n"
    assert not (study / ".vscode" / "extensions.json").exists()
    assert not (study / ".venv").exists()
    assert list(study.glob("THIS-STUDY*")) == list(study.rglob("*.rej")) == []
    after = git("rev-parse", "HEAD"), git("reflog"), text(".git/config"), git("branch", "--all")
    assert after == before
    run([*cruft, "check", "--checkout", "1.1"], cwd=study)


def test_an_edit_in_the_place_of_a_change_is_kept(cruft, versions, run, tmp_path):
    """Both lines are in the file, between marks of a conflict: nothing is lost or decided."""
    template = versions("1.0", {})
    answers = json.dumps({"setup_environment": "no"})
    run([*cruft, "create", template, "--no-input", "--extra-context", answers], tmp_path)
    study = tmp_path / "my-study"
    python = study / ".python-version"
    python.write_text("3.12.4\n", encoding="utf-8")
    run(["git", "add", "--all"], cwd=study)
    run(["git", "commit", "--quiet", "--message", "Mine"], cwd=study)
    versions("1.1", {".python-version": lambda old: "3.14\n"})
    run([*cruft, "update", "--skip-apply-ask"], cwd=study, rc=None)
    assert "3.12.4" in python.read_text(encoding="utf-8")
    left = [path.read_text("utf-8") for path in (python, *study.glob(".python-version.rej"))]
    assert any("3.14" in text for text in left)


def test_a_study_of_cookiecutter_is_put_under_cruft(cruft, versions, run, tmp_path, generate):
    """`cruft link`, as the page on updates says."""
    generate()
    study = tmp_path / "out" / "my-study"
    template = versions("1.0", {})
    run([*cruft, "link", template, "--no-input"], cwd=study)
    run(["git", "add", ".cruft.json"], cwd=study)
    run(["git", "commit", "--quiet", "--message", "Follow the template"], cwd=study)
    versions("1.1", {"Makefile": lambda old: old + "# A newer line\n"})
    run([*cruft, "update", "--skip-apply-ask"], cwd=study)
    assert (study / "Makefile").read_text(encoding="utf-8").endswith("# A newer line\n")


OWN = '''def own(task: str) -> Pipeline:
    """Boost trees.

    Parameters
    ----------
    task : {"classification"}
        What is predicted.

    Returns
    -------
    Pipeline
        Boosted trees.
    """
    if task != "classification":
        raise StudyError(f"own is for classification, not for {task}")
    return Pipeline([*prepare(), ("model", HistGradientBoostingClassifier(max_iter=10))])


'''
MINE = '''"""My own test."""

from my_study.comparison import compare_to_baselines
from my_study.models import MODELS, ColumnSubset
from my_study.seeding import fix_seeds, seed_for
from my_study.study import StudyError


def test_my_candidate():
    assert seed_for(0, "split/test") == 206019932
    assert MODELS["own"]("classification")["subset"].__class__ is ColumnSubset
    assert compare_to_baselines and fix_seeds and StudyError
'''


@pytest.fixture
def first_edition(tmp_path, run, template):
    """A study that the first edition made, with its author's candidate, test, note and results."""
    known = ["git", "cat-file", "-e", f"{update.FIRST_EDITION}^{{commit}}"]
    if run(known, template, rc=None).returncode:
        pytest.skip("this clone has no history as far back as the first edition")
    old = update.unpacked(update.FIRST_EDITION, tmp_path / "template")
    study = update.rendered(old, {"setup_environment": "no"}, tmp_path / "made")

    def edit(name, *changes):
        text = (study / name).read_text(encoding="utf-8")
        for pattern, by in changes:
            text, count = re.subn(pattern, lambda _, by=by: by, text, flags=re.S | re.M)
            assert count == 1, pattern
        (study / name).write_text(text, encoding="utf-8", newline="\n")

    edit(
        "src/my_study/models.py",
        (r"^(?=MODELS: )", OWN),
        (r'^(?=    "tuned": )', '    "own": own,\n'),
        (
            r"^(?=from sklearn.ensemble)",
            "from sklearn.ensemble import HistGradientBoostingClassifier\n",
        ),
    )
    ablation = '[ablations.short]\nset = { model__max_iter = 2 }\nreason = "Is less enough?"\n\n'
    edit(
        "study.toml",
        (r"\A", "# My note\n"),
        (r'^candidate = "candidate"', 'candidate = "own"'),
        (r"^# Each switches one.*?(?=^\[compute\])", ablation),
        (r"^folds = 5\b", "folds = 2"),
        (r"^repeats = 6\b", "repeats = 1"),
    )
    edit("src/my_study/splits.py", (r"\Z", "\n# A line of mine\n"))
    edit("data/README.md", (r"\Z", "\nMy own words.\n"))
    (study / "tests" / "test_mine.py").write_text(MINE, encoding="utf-8", newline="\n")
    run(["git", "init", "--quiet"], study)
    return study


def test_from_the_first_edition(first_edition, study_env, run, template):
    study = first_edition

    def commit(message):
        run(["git", "add", "--all"], study)
        run(["git", "commit", "--quiet", "--message", message], study)

    def call(*arguments, rc=0):
        env = {"PYTHONPATH": paths(study), "PYTHONDONTWRITEBYTECODE": "1"}
        return run([study_env, *arguments], study, env=env, rc=rc, timeout=1800)

    call("scripts/reproduce.py")  # of the first edition
    commit("Mine")
    tool = [sys.executable, template / "tools" / "update.py", study]
    said = run(tool, template).stdout
    run(["git", "diff", "--exit-code", "results", "data/raw"], study)
    assert "My own words." in (study / "data" / "README.md").read_text(encoding="utf-8")

    engine = template / "{{cookiecutter.project_slug}}" / "engine"
    names = [p.relative_to(engine) for p in engine.rglob("*") if p.is_file()]
    _, other, failed = filecmp.cmpfiles(engine, study / "engine", names, shallow=False)
    assert (other, failed) == ([], [])
    there = {path.stem for path in (study / "src" / "my_study").glob("*.py")}
    parts = {"__init__", "ablations", "data", "evaluation", "models", "seeding"}
    assert there == parts | {"splits"}
    assert "src/my_study/splits.py: is no longer part of a study; you edited it" in said
    assert OWN.strip() in (study / "src/my_study/models.py").read_text(encoding="utf-8")
    assert (study / "study.toml").read_text(encoding="utf-8").startswith("# My note\n")
    assert (study / "data/README.md").read_text(encoding="utf-8").endswith("My own words.\n")
    marked = run(["git", "grep", "-l", "^<<<<<<< ", "--", "."], study, rc=None).stdout
    assert marked == ""
    assert not (study / "scripts" / "common.py").exists()

    (study / "src" / "my_study" / "splits.py").unlink()  # as the list asks to decide
    call("-m", "pytest", "-q", "tests/test_mine.py", "tests/test_models.py")
    commit("Update")
    found = json.loads(call("scripts/verify.py", "--json", rc=None).stdout)
    new = {(name, "missing") for name in ("folds.csv", "baselines_predictions.csv")}
    moved = [one for one in found["differences"] if one["file"].endswith(".csv")]
    moved = [one for one in moved if (one["file"], one["kind"]) not in new]
    moved = [one for one in moved if (one["row"], one["kind"]) != ("missing texts", "missing")]
    assert moved == []  # every number came out again; texts may say it in other words
    call("scripts/reproduce.py")
    run(["git", "diff", "--exit-code", "--", "results/*.csv", ":!results/leakage.csv"], study)


def test_a_study_with_changes_that_git_does_not_have_is_not_updated(bake, run, template):
    study = bake().path
    tool = [sys.executable, template / "tools" / "update.py"]
    assert "holds no study.toml" in run([*tool, study / "docs"], template, rc=1).stderr
    (study / "note.txt").write_text("mine", encoding="utf-8")
    assert "not committed" in run([*tool, study], template, rc=1).stderr
