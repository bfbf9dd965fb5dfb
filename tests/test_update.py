"""A study follows the template with cruft: its author's edits, history and hooks stay."""

import json
import subprocess

import pytest

pytestmark = [pytest.mark.network, pytest.mark.slow]


@pytest.fixture(scope="module")
def cruft(environment, template):
    return [environment("cruft==2.16.0"), "-c", "from cruft._cli import app; app()"]


@pytest.fixture
def versions(template, tmp_path, run):
    """A repository of the template; versions(name, text) adds a version with a file changed."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=template, capture_output=True, check=True
    )
    repository = tmp_path / "template"
    for name in listed.stdout.decode("utf-8").rstrip("\0").split("\0"):
        (repository / name).parent.mkdir(parents=True, exist_ok=True)
        (repository / name).write_bytes((template / name).read_bytes())
    run(["git", "init", "--quiet"], cwd=repository)

    def commit(name=None, text=""):
        if name:
            changed = repository / "{{cookiecutter.project_slug}}" / name
            with changed.open("a", encoding="utf-8") as handle:
                handle.write(text)
        run(["git", "add", "--all"], cwd=repository)
        run(["git", "commit", "--quiet", "--message", "A version"], cwd=repository)
        return repository

    return commit


def test_from_one_version_to_the_next(cruft, versions, run, tmp_path):
    template = versions()
    answers = json.dumps({"setup_environment": "no", "author_name": 'Jo "J" O\'Neil'})
    created = run([*cruft, "create", template, "--no-input", "--extra-context", answers], tmp_path)
    study = tmp_path / "my-study"
    assert "git add .cruft.json" in created.stdout
    run(["git", "add", ".cruft.json"], cwd=study)
    with (study / "README.md").open("a", encoding="utf-8") as readme:
        readme.write("\nMy own words.\n")
    run(["git", "commit", "--quiet", "--all", "--message", "Mine"], cwd=study)
    run([*cruft, "check"], cwd=study)
    before = run(["git", "rev-parse", "HEAD"], cwd=study).stdout

    versions("Makefile", "# A newer line\n")
    run([*cruft, "check"], cwd=study, rc=1)
    assert "My own words." in run([*cruft, "diff"], cwd=study).stdout
    run([*cruft, "update", "--skip-apply-ask"], cwd=study)
    changed = run(["git", "status", "--porcelain"], cwd=study).stdout.split()
    assert sorted(changed[1::2]) == [".cruft.json", "Makefile"]
    assert (study / "Makefile").read_text(encoding="utf-8").endswith("# A newer line\n")
    assert (study / "README.md").read_text(encoding="utf-8").endswith("My own words.\n")
    assert run(["git", "rev-parse", "HEAD"], cwd=study).stdout == before
    assert not (study / ".venv").exists()
    run([*cruft, "check"], cwd=study)
