"""CI files are valid, safe and pinned; so is the container's base image.

That GitHub's workflows are valid is judged in test_conformance.py.
"""

import json
import re
import sys
import sysconfig
from pathlib import Path

import pytest
import yaml
from pythons import OFFERED as PYTHONS
from studies import write

TEMPLATE = Path(__file__).resolve().parent.parent
ZIZMOR = [Path(sysconfig.get_path("scripts"), "zizmor"), "--offline", "--persona", "pedantic"]
SCHEMA = [sys.executable, "-m", "check_jsonschema", "--builtin-schema"]
GITHUB, GITLAB = ".github/workflows/ci.yml", ".gitlab-ci.yml"
IMAGE = r"python:(3\.\d+)-slim-trixie@sha256:([0-9a-f]{64})"


@pytest.fixture(scope="module")
def github(bake):
    return bake(ci="github")


@pytest.fixture(scope="module")
def gitlab(bake):
    return bake(ci="gitlab")


def test_only_the_chosen_ci_is_there(github, gitlab):
    assert GITHUB in github.files()
    assert GITLAB not in github.files()
    assert GITLAB in gitlab.files()
    assert [name for name in gitlab.files() if name.startswith(".github")] == []


def test_the_update_bot_fits_the_schema(github, run):
    name = ".github/dependabot.yml"
    run([*SCHEMA, "vendor.dependabot", github.path / name, TEMPLATE / name], cwd=TEMPLATE)


def test_the_pipeline_fits_the_schema(gitlab, run):
    run([*SCHEMA, "vendor.gitlab-ci", gitlab.path / GITLAB], cwd=TEMPLATE)


def test_a_wrong_pipeline_is_seen(gitlab, run, tmp_path):
    write(tmp_path / "ci.yml", gitlab.read(GITLAB).replace("stage:", "step:"))
    run([*SCHEMA, "vendor.gitlab-ci", tmp_path / "ci.yml"], cwd=TEMPLATE, rc=1)


def test_workflows_are_safe(github, run):
    run([*ZIZMOR, github.path / ".github", TEMPLATE / ".github"], cwd=TEMPLATE)


@pytest.mark.parametrize(
    ("pattern", "text", "rule"),
    [
        (r"actions/checkout@\w+ # v[\d.]+", "actions/checkout@v7", "unpinned-uses"),
        (r"\n +with:\n +persist-credentials: false", "", "artipacked"),
        (r"permissions:\n  contents: read\n\n", "", "excessive-permissions"),
        (r"run: python -m reproml check", "run: echo ${{ github.head_ref }}", "template-injection"),
    ],
)
def test_an_unsafe_workflow_is_seen(github, run, tmp_path, pattern, text, rule):
    unsafe, count = re.subn(pattern, text, github.read(GITHUB))
    assert count
    folder = tmp_path / ".github" / "workflows"
    folder.mkdir(parents=True)
    write(folder / "ci.yml", unsafe)
    done = run([*ZIZMOR, folder], cwd=TEMPLATE, rc=None)
    assert done.returncode != 0
    assert f"[{rule}]" in done.stdout


def test_an_action_has_one_pin(github):
    texts = [p.read_text(encoding="utf-8") for p in (github.path / ".github/workflows").iterdir()]
    texts += [p.read_text(encoding="utf-8") for p in (TEMPLATE / ".github/workflows").glob("*")]
    pins = {}
    for action, pin in re.findall(r"uses: (\S+)@(.*)", "\n".join(texts)):
        assert re.fullmatch(r"[0-9a-f]{40} # v\d+\.\d+\.\d+", pin)
        pins.setdefault(action, set()).add(pin)
    assert len(pins) >= 6
    assert {action for action, found in pins.items() if len(found) > 1} == set()


def test_every_system_and_python_is_checked(github, gitlab):
    matrix = yaml.safe_load(github.read(GITHUB))["jobs"]["check"]["strategy"]["matrix"]
    assert matrix["python"] == PYTHONS
    assert [name.split("-")[0] for name in matrix["os"]] == ["ubuntu", "macos", "windows"]
    jobs = yaml.safe_load(gitlab.read(GITLAB))
    images = jobs["linux"]["parallel"]["matrix"][0]["IMAGE"]
    assert [re.fullmatch(IMAGE, image)[1] for image in images] == PYTHONS
    for system in ("windows", "macos"):
        assert jobs[system]["parallel"]["matrix"] == [{"PYTHON": PYTHONS}]
    for text in (github.read(GITHUB), gitlab.read(GITLAB)):
        assert "python -m reproml check" in text


@pytest.mark.parametrize("python", PYTHONS)
def test_the_container_is_pinned_to_the_chosen_python(bake, python):
    study = bake(python_version=python, ci="gitlab")
    base = re.search(rf"^ARG BASE_IMAGE={IMAGE}$", study.read("Dockerfile"), re.MULTILINE)
    assert base[1] == python
    images = dict(re.findall(IMAGE, study.read(GITLAB)))
    assert sorted(images) == PYTHONS
    assert len(set(images.values())) == len(PYTHONS)
    assert images[python] == base[2]
    assert study.read(".python-version") == f"{python}\n"


def test_the_container_installs_by_hash_and_runs_as_a_user(github):
    lines = github.read("Dockerfile").splitlines()
    assert "USER 1000" in lines
    assert any("useradd" in line and "--uid 1000 study" in line for line in lines)
    assert lines.index("USER 1000") < next(
        i for i, line in enumerate(lines) if line.startswith("CMD")
    )
    installs = [line for line in lines if "pip install" in line]
    assert len(installs) == 2
    assert all("--require-hashes" in line or "--no-deps" in line for line in installs)
    assert json.loads(github.read(".devcontainer/devcontainer.json"))["remoteUser"] == "study"
