"""The oldest cookiecutter that is promised makes the same study as the newest, asked or not."""

import re
import sys
import tomllib

import pytest

OLDEST = "2.6.0"
TYPED = {  # what a person types at each question; an empty line takes what is proposed
    "project_name": 'Größe der "Überflutung"',
    "project_slug": "",
    "description": r"What \ asks {a} 100% # it?",
    "author_name": "Jo O'Neil",
    "author_email": "jo@example.org",
    "orcid": "0000-0002-1825-0097",
    "license": "2",
    "python_version": "",
    "task": "2",
    "dependence": "3",
    "ci": "2",
    "setup_environment": "2",
}


@pytest.fixture(scope="session")
def oldest(template, environment):
    """Python with the oldest cookiecutter; what that needs is as in this repository's lock."""
    lock = (template / "requirements-dev.txt").read_text(encoding="utf-8")
    pins = re.findall(r"^[a-z0-9._-]+==[^ \\]+", lock, re.MULTILINE)
    bounds = [pin for pin in pins if not pin.startswith("cookiecutter==")]
    assert len(bounds) == len(pins) - 1
    return environment(f"cookiecutter=={OLDEST}", constraints="\n".join(bounds))


@pytest.fixture(params=["oldest", "newest"])
def python(request):
    return request.getfixturevalue("oldest") if request.param == "oldest" else sys.executable


@pytest.mark.network
@pytest.mark.slow
def test_versions_are_different(oldest, run, tmp_path):
    said = [run([p, "-m", "cookiecutter", "--version"], tmp_path) for p in (oldest, sys.executable)]
    assert f"Cookiecutter {OLDEST} " in said[0].stdout
    assert f"Cookiecutter {OLDEST} " not in said[1].stdout


@pytest.mark.network
@pytest.mark.slow
def test_same_bytes_without_questions(python, command_line, run, tmp_path, default_bake):
    run(command_line(python=python), cwd=tmp_path)
    study = tmp_path / "out" / "my-study"
    assert {name: (study / name).read_bytes() for name in default_bake.files()} == (
        default_bake.bytes()
    )
    assert (study / ".git" / "HEAD").exists()


@pytest.mark.network
@pytest.mark.slow
def test_typed_answers(python, template, cookiecutter_config, run, tmp_path, bake):
    command = [python, "-m", "cookiecutter", template, "--config-file", cookiecutter_config]
    typed = "".join(f"{line}\n" for line in TYPED.values())
    done = run(command, cwd=tmp_path, stdin=typed)
    assert f"[{len(TYPED)}/{len(TYPED)}]" in done.stdout
    study = tmp_path / "grosse-der-uberflutung"
    project = tomllib.loads((study / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["description"] == TYPED["description"]
    assert project["license"] == "BSD-3-Clause"
    expected = bake(
        project_name=TYPED["project_name"],
        **{key: TYPED[key] for key in ("description", "author_name", "author_email", "orcid")},
        license="BSD-3-Clause",
        task="regression",
        dependence="temporal",
        ci="gitlab",
    )
    assert {name: (study / name).read_bytes() for name in expected.files()} == expected.bytes()


@pytest.mark.network
@pytest.mark.slow
def test_refusal_of_typed_answers(python, template, cookiecutter_config, run, tmp_path):
    command = [python, "-m", "cookiecutter", template, "--config-file", cookiecutter_config]
    typed = "".join(f"{line}\n" for line in (TYPED | {"description": "{{ x }}"}).values())
    done = run(command, cwd=tmp_path, stdin=typed, rc=1)
    assert "description = " in done.stderr
    assert "opening brace" in done.stderr
    assert list(tmp_path.iterdir()) == []
