"""Whatever is installed, anywhere, is checked by hash; CI has few rights and trusts no text."""

import json
import re
import shutil
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

TEMPLATE = Path(__file__).resolve().parent.parent
STUDY = TEMPLATE / "{{cookiecutter.project_slug}}"
WHEELS = "(--require-hashes --only-binary :all:|--no-index --find-links wheels --require-hashes)"
LOCKED = rf"pip install {WHEELS} -r (\S+-dev|requirements)\.txt"
ITSELF = r"pip install (--no-index )?--no-deps --no-build-isolation -e \."
# Where a line of shell or a sentence to a reader can install something.
READ = {".yml", ".yaml", ".md", ".toml", ".json", "", ".py"}
# Advice to a person about what no lock holds: the library an old model file was made with, a LaTeX.
ADVICE = {"record.py", "paper.py"}
FETCHERS = re.compile(r"\b(curl|wget|npx|pipx install|conda install|npm install|uv tool|uvx)\b")


@pytest.fixture(scope="module")
def bakes(bake, default_bake):
    return {"github": default_bake, "gitlab": bake(ci="gitlab")}


def workflows(bakes):
    """Give {name: content} of every workflow, the study's and the template's."""
    folders = [bakes["github"].path / ".github/workflows", TEMPLATE / ".github/workflows"]
    paths = [path for folder in folders for path in sorted(folder.iterdir())]
    assert len(paths) == 6
    return {str(path): yaml.safe_load(path.read_text(encoding="utf-8")) for path in paths}


# Nothing runs it: a person who has no Python that can be used reads it.
SHOWN = '    return "curl -LsSf https://astral.sh/uv/install.sh | sh"'


def unchecked_installs(text):
    """Give the lines that install something by no hash."""
    lines = [line for line in text.splitlines() if "pip install" in line or FETCHERS.search(line)]
    return [line for line in lines if not re.search(f"{LOCKED}|{ITSELF}", line) and line != SHOWN]


def test_every_line_that_installs_checks_hashes(bakes):
    found, checked = {}, 0
    for name, bake in bakes.items():
        for path in bake.files():
            if path.startswith(("data/", "results/")) or Path(path).name in ADVICE:
                continue
            if Path(path).suffix in READ:
                text = bake.read(path)
                checked += len(re.findall(LOCKED, text))
                found[f"{name} {path}"] = unchecked_installs(text)
    paths = [*TEMPLATE.glob(".github/**/*.yml"), *TEMPLATE.glob("*.md"), TEMPLATE / "Makefile"]
    paths += [*TEMPLATE.glob("hooks/*.py"), *TEMPLATE.glob("tools/*.py")]
    for path in paths:
        text = path.read_text(encoding="utf-8")
        checked += len(re.findall(LOCKED, text))
        found[path.relative_to(TEMPLATE).as_posix()] = unchecked_installs(text)
    assert {name: lines for name, lines in found.items() if lines} == {}
    assert checked >= 12  # the lines were there to be seen


@pytest.mark.parametrize(
    "line",
    [
        "run: python -m pip install uv",
        "RUN pip install -r requirements.txt",
        "pip install --require-hashes -r requirements.txt",  # could build from source
        "curl -LsSf https://example.org/install.sh | sh",
    ],
)
def test_an_unchecked_install_is_seen(line):
    assert unchecked_installs(f"first\n{line}\n") == [line]


def test_the_scripts_that_install_check_hashes():
    """Lists of arguments, which no line shows; what a wrong hash does is tested by running them."""
    for path in (STUDY / "engine/reproml/cli/environment.py", TEMPLATE / "tools/bootstrap.py"):
        text = path.read_text(encoding="utf-8")
        installs = re.findall(r"\[\*(?:install|pip), (.*?)\]", text)
        assert installs, path
        locked = '"--require-hashes", "--only-binary", ":all:", '
        itself = '"--no-deps", "--no-build-isolation", "-e", "."'
        assert [line for line in installs if not line.startswith((locked, itself))] == []


def test_hooks_and_development_container_install_by_the_same_script(bakes):
    hook = (TEMPLATE / "hooks/post_gen_project.py").read_text(encoding="utf-8")
    assert '"environment.py"' in hook
    assert not re.search(r'"pip"|"uv"', hook)
    container = json.loads(bakes["github"].read(".devcontainer/devcontainer.json"))
    assert container["build"]["dockerfile"] == "../Dockerfile"
    assert container["postCreateCommand"] == "python scripts/environment.py"


@pytest.mark.network
@pytest.mark.slow
def test_a_wrong_hash_stops_the_templates_own_environment(run, tmp_path):
    """scripts/environment.py, with pip and with uv, has the same test in test_environment.py."""
    environment = Path(STUDY.name, "engine", "reproml", "cli", "environment.py")
    for name in ("tools/bootstrap.py", "pyproject.toml", environment):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(TEMPLATE / name, tmp_path / name)
    lock = (TEMPLATE / "requirements-dev.txt").read_text(encoding="utf-8")
    pin = re.search(r"^pluggy==\S+", lock, re.MULTILINE)[0]
    wrong = f"{pin} --hash=sha256:{'0' * 64}\n"
    (tmp_path / "requirements-dev.txt").write_text(wrong, encoding="utf-8")
    done = run([sys.executable, "tools/bootstrap.py"], cwd=tmp_path, rc=1)
    assert "DO NOT MATCH THE HASHES" in done.stdout + done.stderr
    assert "run it by hand to see why" in done.stderr
    assert not (tmp_path / ".venv" / "lock.sha256").exists()


def test_pre_commit_clones_nothing(bakes):
    """Where no network is, hooks work once their environment is there."""
    repositories = yaml.safe_load(bakes["github"].read(".pre-commit-config.yaml"))["repos"]
    assert [entry["repo"] for entry in repositories] == ["local"]
    pinned = {pin for hook in repositories[0]["hooks"] for pin in hook["additional_dependencies"]}
    assert all(re.fullmatch(r"[a-z-]+==[0-9.]+", pin) for pin in pinned)


@pytest.mark.parametrize("name", ["pyproject.toml", ".pre-commit-config.yaml"])
def test_bots_can_read_manifests_before_rendering(name):
    """They know nothing of Jinja, so it stands inside of quotes only."""
    text = (STUDY / name).read_text(encoding="utf-8")
    assert tomllib.loads(text) if name.endswith("toml") else yaml.safe_load(text)


def too_much(workflow):
    """Give what a workflow may do beyond reading, and where it keeps credentials or trusts text."""
    found = []
    if workflow.get("permissions") != {"contents": "read"}:
        found.append("permissions of the workflow")
    if {"pull_request_target", "workflow_run"} & set(workflow[True]):  # YAML's reading of `on`
        found.append("runs with rights of its own on what others send")
    for name, job in workflow["jobs"].items():
        if job.get("permissions", {}).keys() - {"contents", "pages", "id-token"}:
            found.append(f"{name}: permissions")
        if "write" in job.get("permissions", {}).values() and "needs" not in job:
            found.append(f"{name}: writes before anything was checked")
        if "timeout-minutes" not in job:
            found.append(f"{name}: no time limit")
        for step in job["steps"]:
            if "${{" in step.get("run", ""):
                found.append(f"{name}: an expression inside of a command")
            checkout = step.get("uses", "").startswith("actions/checkout@")
            if checkout and step.get("with", {}).get("persist-credentials") is not False:
                found.append(f"{name}: keeps credentials")
    return found


def test_workflows_have_the_least_rights(bakes):
    assert {
        name: wrong for name, flow in workflows(bakes).items() if (wrong := too_much(flow))
    } == {}


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("contents: read", "contents: write", "permissions of the workflow"),
        ("  workflow_dispatch:", "  pull_request_target:", "runs with rights of its own"),
        ("persist-credentials: false", "fetch-depth: 1", "vulnerabilities: keeps credentials"),
        (
            "run: python engine/reproml v",
            "run: echo ${{ github.actor }} ",
            "vulnerabilities: an expression",
        ),
        ("    timeout-minutes: 15\n", "", "vulnerabilities: no time limit"),
        (
            "timeout-minutes: 15",
            "timeout-minutes: 1\n    permissions: {issues: write}",
            "permissions",
        ),
    ],
)
def test_too_many_rights_are_seen(bakes, old, new, expected):
    text = bakes["github"].read(".github/workflows/weekly.yml")
    assert old in text
    assert any(expected in line for line in too_much(yaml.safe_load(text.replace(old, new, 1))))


def steps(bakes, job):
    """Give the commands of a weekly job on both forges, without what only GitHub does."""
    flow = yaml.safe_load(bakes["github"].read(".github/workflows/weekly.yml"))
    github = [step["run"].strip() for step in flow["jobs"][job]["steps"] if "run" in step]
    github = [line for command in github for line in command.splitlines()]
    return github, yaml.safe_load(bakes["gitlab"].read(".gitlab-ci.yml"))[job]["script"]


@pytest.mark.parametrize(
    ("job", "commands"),
    [
        ("vulnerabilities", ["python engine/reproml vulnerabilities"]),
        (
            "renewal",
            [
                "python engine/reproml lock --upgrade",
                "python -m reproml check",
                "python scripts/verify.py --numbers",
            ],
        ),
    ],
)
def test_both_forges_look_weekly(bakes, job, commands):
    github, gitlab = steps(bakes, job)
    assert github == gitlab
    assert [line for line in github if re.search("reproml|scripts/", line)] == commands
    installs = [line for line in github if re.search(LOCKED, line)]
    assert len(installs) == len(commands) // 2 + 1  # the renewed lock is installed too
    weekly = yaml.safe_load(bakes["github"].read(".github/workflows/weekly.yml"))
    assert re.fullmatch(r"\d+ \d+ \* \* 1", weekly[True]["schedule"][0]["cron"])
    rules = yaml.safe_load(bakes["gitlab"].read(".gitlab-ci.yml"))[job]["rules"]
    assert rules == [{"if": '$CI_PIPELINE_SOURCE == "schedule"'}]


def test_the_renewal_is_kept_though_its_numbers_may_not_hold(bakes):
    text = bakes["github"].read(".github/workflows/weekly.yml")
    assert text.index("upload-artifact") < text.index("python -m reproml check")
    artifacts = yaml.safe_load(bakes["gitlab"].read(".gitlab-ci.yml"))["renewal"]["artifacts"]
    assert artifacts == {"when": "always", "paths": ["renewal.patch"]}


def test_the_template_looks_weekly_after_every_lock(bakes):
    text = (TEMPLATE / ".github/workflows/weekly.yml").read_text(encoding="utf-8")
    locks = [path.name for path in STUDY.glob("requirements-*.txt")]
    assert "requirements-dev.txt" in locks
    for lock in (*locks, "../requirements-dev.txt", "../tests/judges.txt"):
        assert (STUDY / lock).resolve().is_file()
        assert f" {lock}" in text
    assert "run: make lock" in text
    assert "pytest -n 2 --dist loadgroup --weekly" in text
    assert "run: .ci/run" in text


def test_a_study_runs_on_every_system_in_the_templates_ci():
    flow = yaml.safe_load((TEMPLATE / ".github/workflows/ci.yml").read_text(encoding="utf-8"))
    job = flow["jobs"]["study"]
    systems = [entry["os"].split("-")[0] for entry in job["strategy"]["matrix"]["include"]]
    assert systems == ["ubuntu", "macos", "windows"]
    commands = " ".join(step.get("run", "") for step in job["steps"])
    assert " -m reproml check" in commands
    assert "scripts/verify.py" in commands


def test_both_houses_say_where_a_weakness_goes(bakes):
    for text in (
        bakes["gitlab"].read("SECURITY.md"),
        (TEMPLATE / "SECURITY.md").read_text("utf-8"),
    ):
        assert "report a weakness privately" in text
