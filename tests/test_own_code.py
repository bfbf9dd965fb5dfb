"""A study runs with the code of its own folder, or says whose code it found: copied, renamed,
in a worktree, by a link, by another study's Python, with PYTHONPATH set, from an installed wheel.
"""

import json
import os
import shutil
import zipfile
from pathlib import Path

import pytest
from studies import load_file, paths

pytestmark = [
    pytest.mark.slow,
    pytest.mark.network,
    pytest.mark.skipif(os.name == "nt", reason="links, and the names of POSIX environments"),
]
PYTHON = ".venv/bin/python"
REFUSED = "a study runs with the code of its own folder alone"
NO_PATH = {"PYTHONPATH": None}
WHERE = """
import my_study
import reproml
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def test_where():
    for part in (my_study, reproml):
        assert ROOT in Path(part.__file__).parents, part.__file__
"""


def say_where(study: Path) -> None:
    """Let a study's code say where it lies, in this process and in those that fit."""
    path = study / "src" / "my_study" / "seeding.py"
    text = path.read_text(encoding="utf-8")
    # in one piece, for other processes write there at the same time
    say = '    __import__("sys").stdout.write(__file__ + "\\n")\n    random.seed(seed)\n'
    text = text.replace("    random.seed(seed)\n", say)
    assert say in text
    path.write_text(text, encoding="utf-8", newline="\n")


@pytest.fixture(scope="module")
def site(study_env, run) -> str:
    """Where the libraries of the shared environment are."""
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    return run([study_env, "-c", code], cwd=Path.home()).stdout.strip()


@pytest.fixture
def study(small_study, tmp_path, study_env, site, run) -> Path:
    """A study with a .venv of its own, whose libraries are those of the shared environment."""
    folder = tmp_path / "study"
    shutil.copytree(small_study, folder)
    say_where(folder)
    run([study_env, "-m", "venv", "--without-pip", folder / ".venv"], tmp_path)
    (own,) = (folder / ".venv" / "lib").glob("*/site-packages")
    (own / "zz_libraries.pth").write_text(f"{site}\n", encoding="utf-8")
    # as the installers leave it
    lines = f"{folder / 'engine'}\n{folder / 'src'}"
    (own / "_my_study.pth").write_text(lines, encoding="utf-8")
    load_file(folder / "engine" / "reproml" / "cli" / "environment.py").relocate()
    return folder


@pytest.fixture
def fits(run):
    """Fit a study's models anew; return the folders whose code did it."""

    def fit(python: Path, study: Path, *more: object, cwd: Path | None = None, **env: str):
        script = [python, study / "scripts" / "baselines.py", "--fresh", *more]
        done = run(script, cwd or study, env=NO_PATH | env)
        lines = [Path(line) for line in done.stdout.splitlines() if line.endswith("seeding.py")]
        assert len(lines) > 5
        return {path.resolve().parents[2] for path in lines}

    return fit


def refused(run, command, cwd: Path, found: Path, **env: str) -> None:
    said = run(command, cwd, env=NO_PATH | env, rc=2).stderr
    assert REFUSED in said
    assert str(found) in said
    assert str(cwd) in said
    assert "Traceback" not in said


def test_a_copy_and_a_renamed_study_run_their_own_code(study, fits, run, tmp_path):
    copy = tmp_path / "copy of it"
    shutil.copytree(study, copy, symlinks=True)
    assert fits(copy / PYTHON, copy) == {copy}
    renamed = study.rename(tmp_path / "renamed é")
    assert fits(renamed / PYTHON, renamed, cwd=tmp_path) == {renamed}
    link = tmp_path / "link"
    link.symlink_to(renamed)
    assert fits(link / PYTHON, link) == {renamed}
    assert fits(copy / PYTHON, copy, "--workers", "2", cwd=renamed) == {copy}


def test_another_studys_python_is_refused(study, run, tmp_path):
    """As it is used where one environment was activated and another folder is worked in."""
    copy = tmp_path / "copy"
    shutil.copytree(study, copy, ignore=shutil.ignore_patterns(".venv"))
    python = study / PYTHON
    for words in (
        ["scripts/verify.py"],
        ["scripts/figures.py"],
        ["-m", "reproml", "verify"],
        ["-m", "reproml", "lock", "--check"],
        ["-m", "reproml", "notebook"],
    ):
        refused(run, [python, *words], copy, study)
    command = [python, "-m", "reproml", "fits", "--study", copy / "study.toml"]
    said = run(command, tmp_path, env=NO_PATH, rc=2).stderr
    assert REFUSED in said
    cells = json.loads((copy / "notebooks" / "explore.ipynb").read_text(encoding="utf-8"))["cells"]
    first = next("".join(one["source"]) for one in cells if one["cell_type"] == "code")
    done = run([python, "-c", first], copy / "notebooks", env=NO_PATH, rc=1)
    assert REFUSED in done.stderr
    run([python, "-c", first], study / "notebooks", env=NO_PATH)


def test_a_path_that_is_set_to_another_study_is_refused(study, run, fits, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(study, copy, symlinks=True)
    python = copy / PYTHON
    refused(run, [python, "scripts/baselines.py"], copy, study, PYTHONPATH=paths(study))
    refused(run, [python, "-m", "reproml", "fits"], copy, study, PYTHONPATH=paths(study))
    source = study / "src"
    refused(run, [python, "scripts/baselines.py"], copy, source, PYTHONPATH=str(source))
    # one's own is fine with any Python that has the libraries, and for its workers too
    python = study / PYTHON
    assert fits(python, copy, "--workers", "2", PYTHONPATH=paths(copy)) == {copy}


def test_a_worktree_has_its_own_code_or_none(study, run, fits, tmp_path):
    tree = tmp_path / "tree"
    run(["git", "add", "-A"], study)
    run(["git", "commit", "--quiet", "--no-verify", "-m", "All"], study)
    run(["git", "worktree", "add", "--quiet", tree], study)
    refused(run, [study / PYTHON, "scripts/baselines.py"], tree, study)
    (tree / ".venv").symlink_to(study / ".venv")
    assert fits(tree / PYTHON, tree) == {tree}


def test_an_installed_wheel_is_refused(study, study_env, run, tmp_path):
    run([study_env, "-m", "hatchling", "build", "--target", "wheel"], study)
    (wheel,) = (study / "dist").glob("*.whl")
    (own,) = (study / ".venv" / "lib").glob("*/site-packages")
    (own / "_my_study.pth").unlink()
    zipfile.ZipFile(wheel).extractall(own)
    refused(run, [study / PYTHON, "scripts/baselines.py"], study, own / "reproml")
    refused(run, [study / PYTHON, "-m", "reproml", "verify"], tmp_path, own / "reproml")


@pytest.mark.parametrize("installed", ["environment", "wheel"])
def test_the_studys_own_tests_are_of_its_own_code(study, study_env, run, tmp_path, installed):
    copy = tmp_path / "copy"
    shutil.copytree(study, copy, ignore=shutil.ignore_patterns(".venv"))
    (copy / "tests" / "test_where.py").write_text(WHERE, encoding="utf-8")
    env = NO_PATH | {"PYTHONDONTWRITEBYTECODE": "1"}
    if installed == "wheel":
        run([study_env, "-m", "hatchling", "build", "--target", "wheel"], study)
        (wheel,) = (study / "dist").glob("*.whl")
        (own,) = (study / ".venv" / "lib").glob("*/site-packages")
        zipfile.ZipFile(wheel).extractall(own)
        (own / "_my_study.pth").unlink()
    tests = ["tests/test_where.py", "src/my_study/models.py"]
    for cwd, words in ((copy, tests), (tmp_path, [copy / name for name in tests])):
        done = run([study / PYTHON, "-m", "pytest", "-q", *words], cwd, env=env)
        assert " passed" in done.stdout
