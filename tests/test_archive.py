"""The archive of a study: what others' validators say of it, and that it runs without a network."""

import json
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import yaml

pytestmark = [pytest.mark.slow, pytest.mark.network, pytest.mark.xdist_group("archive")]

IDENTITY = ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
VALIDATORS = Path(__file__).with_name("validators.txt")
# The validator reads the context from w3id.org; this puts the copy that comes with the rocrate
# package into its cache, so that it needs no network.
WARM = """
import io
import sys
from importlib.resources import files
from requests.adapters import HTTPAdapter
from requests_cache import CachedSession
from urllib3 import HTTPResponse


class FromFile(HTTPAdapter):
    def send(self, request, **options):
        body = io.BytesIO((files("rocrate") / "data/ro-crate.jsonld").read_bytes())
        head = {"Content-Type": "application/ld+json"}
        return self.build_response(request, HTTPResponse(body, head, 200, preload_content=False))


session = CachedSession(sys.argv[1], backend="sqlite", expire_after=-1)
session.mount("https://", FromFile())
session.get("https://w3id.org/ro/crate/1.1/context").raise_for_status()
"""


def git(path, *command):
    subprocess.run(["git", *IDENTITY, *command], cwd=path, check=True, capture_output=True)


@pytest.fixture(scope="module")
def study(small_study, tmp_path_factory):
    """A study with few fits, reproduced and committed, but not verified yet."""
    path = tmp_path_factory.mktemp("archive") / "study"
    shutil.copytree(small_study, path)
    git(path, "add", "-A")
    git(path, "commit", "--no-verify", "-m", "Fewer fits")
    return path


@pytest.fixture(scope="module")
def verified(study, in_study):
    done = in_study(study, "archive", rc=2)
    assert "these results were not verified as they stand" in done.stderr
    in_study(study, "verify")
    return study


@pytest.fixture(scope="module")
def archive(verified, in_study, tmp_path_factory):
    into = tmp_path_factory.mktemp("zip") / "a.zip"
    done = in_study(verified, "archive", "--into", into)
    assert re.search(r"scripts/verify\.py: \d+ bit-identical, none different", done.stdout)
    return into


@pytest.fixture(scope="module")
def unpacked(archive, tmp_path_factory):
    folder = tmp_path_factory.mktemp("unpacked")
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(folder)
    return folder


@pytest.fixture(scope="module")
def validators(environment):
    return environment(VALIDATORS.read_text(encoding="utf-8"), "--no-deps")


def test_two_archives_of_a_commit_are_the_same_bytes(archive, verified, in_study, run, tmp_path):
    again = tmp_path / "again.zip"
    in_study(verified, "archive", "--into", again)
    assert again.read_bytes() == archive.read_bytes()
    listed = run(["git", "ls-files"], verified).stdout.splitlines()
    names = zipfile.ZipFile(archive).namelist()
    assert set(names) - set(listed) == {"codecheck.yml", "ro-crate-metadata.json"}
    assert set(listed) <= set(names)


def crate_issues(validators, run, folder, cache):
    run([validators, "-c", WARM, cache], folder)
    tool = validators.with_name("rocrate-validator")
    command = [tool, "-y", "validate", "--offline", "--cache-path", cache, "--no-paging"]
    command += ["-p", "process-run-crate", "-l", "required", "-f", "json", "-o", f"{cache}.json"]
    run([*command, folder], folder, rc=None)
    report = json.loads(Path(f"{cache}.json").read_text(encoding="utf-8"))
    return report["passed"], [one["message"] for one in report["issues"]]


def test_the_crate_is_a_process_run_crate(unpacked, validators, run, tmp_path):
    assert crate_issues(validators, run, unpacked, tmp_path / "cache") == (True, [])
    path = unpacked / "ro-crate-metadata.json"
    good = path.read_text(encoding="utf-8")
    path.write_text(good.replace('"instrument"', '"keywords"'), encoding="utf-8")
    passed, issues = crate_issues(validators, run, unpacked, tmp_path / "broken")
    path.write_text(good, encoding="utf-8")
    assert not passed
    assert any("instrument property" in issue for issue in issues)


def test_codecheck_finds_what_it_asks_of_an_author(unpacked):
    found = yaml.safe_load((unpacked / "codecheck.yml").read_text(encoding="utf-8"))
    assert {"version", "manifest", "paper"} == set(found)
    assert {"title", "authors", "reference"} == set(found["paper"])
    assert [one["ORCID"] for one in found["paper"]["authors"]] == ["0000-0002-1825-0097"]
    files = [one["file"] for one in found["manifest"]]
    assert "results/baselines.csv" in files
    assert [name for name in files if not (unpacked / name).is_file()] == []


def test_what_was_changed_since_is_refused(verified, in_study, tmp_path):
    study = tmp_path / "study"
    shutil.copytree(verified, study)
    (study / "notes.txt").write_text("mine\n", encoding="utf-8")
    git(study, "add", "-A")
    git(study, "commit", "--no-verify", "-m", "Notes")
    in_study(study, "archive")  # notes make no number
    models = next(study.glob("src/*/models.py"))
    models.write_text(models.read_text(encoding="utf-8") + "MORE = 1\n", encoding="utf-8")
    git(study, "commit", "--no-verify", "-am", "A line")
    done = in_study(study, "archive", rc=2)
    assert "speaks of other files than these: source changed since" in done.stderr


def test_an_unverified_archive_says_so(study, in_study, tmp_path):
    copy = tmp_path / "study"
    shutil.copytree(study, copy)
    shutil.rmtree(copy / ".cache")
    into = tmp_path / "a.zip"
    in_study(copy, "archive", "--unverified", "--into", into)
    crate = json.loads(zipfile.ZipFile(into).read("ro-crate-metadata.json"))
    root = next(one for one in crate["@graph"] if one["@id"] == "./")
    assert "Not verified when it was archived." in root["description"]


def test_make_passes_the_wish_for_wheels_on(study, run):
    assert "archive --wheels" in run(["make", "-n", "archive", "WHEELS=1"], study).stdout
    assert "--wheels" not in run(["make", "-n", "archive"], study).stdout


def has_no_network():
    """Give the command that runs another one without any network, or None."""
    tool = shutil.which("unshare")
    if tool and subprocess.run([tool, "-n", "true"], capture_output=True).returncode == 0:
        return [tool, "-n"]
    return None


@pytest.mark.skipif(not has_no_network(), reason="unshare -n is not allowed here")
def test_with_its_wheels_it_installs_and_verifies_without_a_network(
    verified, in_study, run, tmp_path
):
    into = tmp_path / "a.zip"
    done = in_study(verified, "archive", "--wheels", "--into", into)
    assert re.search(r"With \d\d wheels for Python", done.stdout)
    folder = tmp_path / "years later"
    with zipfile.ZipFile(into) as archive:
        archive.extractall(folder)
    page = (folder / "RUN_OFFLINE.md").read_text(encoding="utf-8")
    lines = re.search(r"```\n(.*?)```", page, re.DOTALL)[1].splitlines()
    assert [line.split("  ")[0] for line in lines] == [
        "python{}.{} scripts/environment.py --wheels wheels".format(*sys.version_info),
        "source .venv/bin/activate",
        "python scripts/verify.py",
    ]
    env = {"PYTHONPATH": None, "PIP_INDEX_URL": None, "UV_OFFLINE": "1", "UV_NO_CACHE": "1"}
    alone = [*has_no_network(), sys.executable]
    run([*alone, "scripts/environment.py", "--wheels", "wheels"], folder, env=env)
    python = folder / ".venv" / "bin" / "python"
    done = run([*has_no_network(), python, "scripts/verify.py"], folder, env=env)
    assert "REPRODUCED: every committed number came out again." in done.stdout

    # a wheel that is not the one of the lock is refused
    wheel = next(folder.glob("wheels/tqdm-*.whl"))
    wheel.write_bytes(wheel.read_bytes() + b"x")
    shutil.rmtree(folder / ".venv")
    done = run([*alone, "scripts/environment.py", "--wheels", "wheels"], folder, env=env, rc=1)
    assert "hash" in (done.stdout + done.stderr).lower()
    assert not (folder / ".venv").exists()
