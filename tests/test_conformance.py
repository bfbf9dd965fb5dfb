"""Others' judges find nothing: on a fresh study, and on the template itself.

They come at the versions and hashes of tests/judges.txt, in an environment of their own. Each is
also shown something broken, so that it is known to look.
"""

import json
import re
import shutil
import tomllib
from pathlib import Path

import pytest
import yaml
from pythons import OFFERED
from studies import write

TEMPLATE = Path(__file__).resolve().parent.parent
pytestmark = [pytest.mark.network, pytest.mark.xdist_group("judges")]


@pytest.fixture(scope="module")
def judge(environment, run):
    """Run a judge: judge("hadolint", [...], cwd, rc=0)."""
    lock = Path(__file__).with_name("judges.txt").read_text(encoding="utf-8")
    # Without looking for what they need: the lock is all of that, less what nobody uses.
    programs = environment(lock, "--require-hashes", "--no-deps").parent

    def call(name, arguments, cwd, rc=0):
        # shellcheck, for actionlint, and nothing else that may lie on this machine
        env = {"PATH": f"{programs}:/usr/bin:/bin", "COLUMNS": "200"}
        return run([programs / name, *arguments], cwd=cwd, rc=rc, env=env)

    return call


@pytest.fixture(scope="module")
def studies(bake, default_bake):
    return {"github": default_bake, "gitlab": bake(ci="gitlab", dependence="spatial")}


@pytest.fixture(params=["github", "gitlab"])
def study(studies, request):
    return studies[request.param]


def review(judge, folder, rc=0):
    """Give what repo-review says of each check: true, false, or null where it does not apply."""
    done = judge("repo-review", ["--format", "json", folder], folder, rc=rc)
    return {name: check["result"] for name, check in json.loads(done.stdout)["checks"].items()}


def ignored(folder):
    """Give the checks that pyproject.toml takes out, with the reasons."""
    text = (folder / "pyproject.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)["tool"]["repo-review"]["ignore"]


def without_ignored(folder, copy):
    """Copy what repo-review looks at, with nothing taken out."""
    names = shutil.ignore_patterns(".git", ".venv", ".cache", "__pycache__", "results", "demo")
    shutil.copytree(folder, copy, ignore=names)
    path = copy / "pyproject.toml"
    text = path.read_text(encoding="utf-8")
    write(
        path, re.sub(r"^\[tool\.repo-review\.ignore\]\n([A-Z0-9]+ = .*\n)+", "", text, flags=re.M)
    )
    return copy


def test_a_study_follows_the_guide(judge, study):
    found = review(judge, study.path)
    assert [name for name, result in found.items() if result is False] == []
    assert sum(result is True for result in found.values()) >= 25
    if ".github/workflows/ci.yml" in study.files():
        assert found["SEC001"] is True


def test_the_template_follows_the_guide(judge):
    found = review(judge, TEMPLATE)
    assert [name for name, result in found.items() if result is False] == []
    assert sum(result is True for result in found.values()) >= 25


@pytest.mark.parametrize("house", ["github", "gitlab", "template"])
def test_nothing_is_ignored_without_need_and_reason(judge, studies, house, tmp_path):
    """Taking the list out makes exactly these checks fail."""
    folder = TEMPLATE if house == "template" else studies[house].path
    found = review(judge, without_ignored(folder, tmp_path / "copy"), rc=3)
    reasons = ignored(folder)
    assert sorted(name for name, result in found.items() if result is False) == sorted(reasons)
    assert min(len(reason.split()) for reason in reasons.values()) >= 3


def test_a_breach_of_the_guide_is_seen(judge, studies, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(studies["github"].path, copy)
    shutil.rmtree(copy / "tests")
    assert review(judge, copy, rc=3)["PY005"] is False


def test_pyproject_is_valid(judge, study):
    judge("validate-pyproject", [study.path / "pyproject.toml"], study.path)


def test_the_templates_pyproject_is_valid(judge):
    judge("validate-pyproject", ["pyproject.toml"], TEMPLATE)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('version = "0.1.0"', 'version = "one"'),
        ("classifiers =", "classifier ="),
        ('license = "MIT"', 'license = "none of these"'),
    ],
)
def test_a_mistake_in_pyproject_is_seen(judge, studies, tmp_path, old, new):
    text = studies["github"].read("pyproject.toml")
    assert old in text
    write(tmp_path / "pyproject.toml", text.replace(old, new))
    judge("validate-pyproject", ["pyproject.toml"], tmp_path, rc=1)


def test_the_citation_can_be_used(judge, bake):
    study = bake(
        project_name="Zoë's 100% & more_or_less",
        author_name="Zoë O'Neil",
        orcid="0000-0002-1825-0097",
    )
    judge("cffconvert", ["--validate"], study.path)
    bibtex = judge("cffconvert", ["--format", "bibtex"], study.path).stdout
    assert "author = {Zoë O'Neil}" in bibtex
    apa = judge("cffconvert", ["--format", "apalike"], study.path).stdout
    assert "Zoë's 100% & more_or_less" in apa
    assert "version 0.1.0" in apa.lower()


def test_a_mistake_in_the_citation_is_seen(judge, studies, tmp_path):
    text = studies["github"].read("CITATION.cff").replace("authors:", "writers:")
    write(tmp_path / "CITATION.cff", text)
    judge("cffconvert", ["--validate"], tmp_path, rc=1)


@pytest.mark.parametrize("python", OFFERED)
def test_the_dockerfile_is_clean(judge, bake, python):
    study = bake(python_version=python, project_slug="a-much-longer-name-than-that-of-others")
    judge("hadolint", ["--failure-threshold", "style", "Dockerfile"], study.path)


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ("USER 1000\n", "USER root\n", "DL3002"),
        ("WORKDIR /study", "WORKDIR study", "DL3000"),
        ('CMD ["python", "scripts/verify.py"]', "CMD python scripts/verify.py", "DL3025"),
    ],
)
def test_a_bad_dockerfile_is_seen(judge, studies, tmp_path, old, new, rule):
    text = studies["github"].read("Dockerfile")
    assert old in text
    write(tmp_path / "Dockerfile", text.replace(old, new))
    assert rule in judge("hadolint", ["Dockerfile"], tmp_path, rc=1).stdout


def test_workflows_are_clean(judge, studies):
    for folder in (studies["github"].path, TEMPLATE):
        paths = sorted((folder / ".github/workflows").iterdir())
        assert {"ci.yml", "weekly.yml"} <= {path.name for path in paths}
        judge("actionlint", paths, folder)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("matrix.python", "matrix.pyton", 'property "pyton" is not defined'),
        ("needs: check", "needs: checks", "checks"),
        ("run: docker build --tag study .", "run: docker build --tag $NAME .", "shellcheck"),
        ("ubuntu-24.04", "ubuntu-24.05", 'label "ubuntu-24.05" is unknown'),
    ],
)
def test_a_bad_workflow_is_seen(judge, studies, tmp_path, old, new, message):
    text = studies["github"].read(".github/workflows/ci.yml")
    assert old in text
    assert yaml.safe_load(text.replace(old, new))
    write(tmp_path / "ci.yml", text.replace(old, new))
    assert message in judge("actionlint", ["ci.yml"], tmp_path, rc=1).stdout
