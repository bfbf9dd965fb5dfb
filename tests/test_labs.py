"""A lab keeps one file of defaults, or a fork that follows: as the page for labs says."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pages
import pytest
import yaml

TEMPLATE = Path(__file__).resolve().parent.parent
GENERATE = f"{shlex.quote(sys.executable)} -m cookiecutter"


BLOCKS = pages.blocks_of((TEMPLATE / "docs/labs.md").read_text(encoding="utf-8"))
LAB = next(block.body for block in BLOCKS if block.options.get("title") == "lab.yaml")
LINES = [
    line for block in BLOCKS if block.language == "console" for line in block.body.splitlines()
]


@pytest.fixture
def lab(tmp_path, cookiecutter_config):
    """Write a lab's file: lab(text). It keeps cookiecutter's own files out of the home folder."""

    def write(text):
        path = tmp_path / "lab.yaml"
        own = cookiecutter_config.read_text(encoding="utf-8")
        path.write_text(own + text, encoding="utf-8")
        return path

    return write


def in_shell(run, line, cwd, **options):
    """Run a line of the page with this template and this cookiecutter."""
    line = re.sub(
        r"^cookiecutter gh:org/repro-ml", f"{GENERATE} {shlex.quote(str(TEMPLATE))}", line
    )
    return run(["sh", "-c", line], cwd=cwd, **options)


def test_the_page_makes_the_study_it_says(lab, run, tmp_path):
    lab(LAB)
    asked, told = (line for line in LINES if line.startswith("cookiecutter "))
    said = in_shell(run, asked, tmp_path, stdin="\n" * 11 + "2\n").stdout
    assert "[1/12]" in said
    default = yaml.safe_load((tmp_path / "my-study/CITATION.cff").read_text(encoding="utf-8"))
    assert default["authors"][0]["email"] == "your.name@lab.example.org"

    in_shell(run, told + " setup_environment=no", tmp_path)
    study = tmp_path / "tidal-flats"
    author = yaml.safe_load((study / "CITATION.cff").read_text(encoding="utf-8"))["authors"][0]
    assert author["email"] == "ada.lovelace@lab.example.org"
    assert author["affiliation"] == "Institute for Applied Examples"
    assert (study / ".python-version").read_text(encoding="utf-8") == "3.13\n"
    assert (study / ".gitlab-ci.yml").exists()
    assert "BSD 3-Clause" in (study / "LICENSE").read_text(encoding="utf-8")


def test_a_wrong_choice_is_named_and_makes_no_study(lab, run, tmp_path):
    """cookiecutter alone would go on with defaults of its own (cookiecutter#2219)."""
    lab(LAB.replace("gitlab", "gitlabb"))
    line = "cookiecutter gh:org/repro-ml --config-file lab.yaml --no-input"
    done = in_shell(run, line, tmp_path, env={"PWD": str(tmp_path)}, rc=1)
    shown = next(block.body for block in BLOCKS if block.body.startswith("No study was made"))
    assert shown in done.stderr
    assert not (tmp_path / "my-study").exists()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('python_version: "3.13"', "python_version: 3.13", 'with quotes around it: "3.13"'),
        ("license: BSD-3-Clause", "license: GPL", "must be one of: MIT, BSD-3-Clause, Apache-2.0"),
        ("license: BSD-3-Clause", "licence: MIT", "is no question of this template; license is"),
        ("Institute for Applied Examples", "' Institute'", "begin or end with a blank"),
    ],
)
def test_mistakes_in_a_file_that_the_environment_names(lab, run, tmp_path, old, new, message):
    assert old in LAB
    path = lab(LAB.replace(old, new))
    env = {"COOKIECUTTER_CONFIG": str(path)}
    line = "cookiecutter gh:org/repro-ml --no-input setup_environment=no"
    done = in_shell(run, line, tmp_path, env=env, rc=1)
    assert "1 answer cannot work" in done.stderr
    assert message in done.stderr
    assert not (tmp_path / "my-study").exists()


@pytest.mark.parametrize(
    "line",
    [
        "__dataset: other",
        '__package: "a b"',
        "__project_name: x",
        "_copy_without_render: []",
        '_new_lines: "\\r\\n"',
    ],
)
def test_what_the_template_sets_itself_is_refused(lab, run, tmp_path, line):
    """As a sentence, whoever set it, and without half a folder."""
    path = lab(f"default_context:\n  {line}\n")
    command = [sys.executable, "-m", "cookiecutter", TEMPLATE, "--no-input"]
    done = run([*command, "--config-file", path], cwd=tmp_path, rc=1)
    assert f"{line.partition(':')[0]} = " in done.stderr
    assert "is set by the template itself: take this line out" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "my-study").exists()


def test_who_wants_the_templates_own_defaults_is_not_bothered(lab, run, tmp_path):
    env = {"COOKIECUTTER_CONFIG": str(lab(LAB.replace("gitlab", "gitlabb")))}
    line = "cookiecutter gh:org/repro-ml --no-input --default-config setup_environment=no"
    in_shell(run, line, tmp_path, env=env)
    assert (tmp_path / "my-study/.github").exists()


def test_ones_own_settings_for_all_templates_are_no_mistake(run, tmp_path):
    (tmp_path / ".cookiecutterrc").write_text("default_context:\n  ci: jenkins\n", encoding="utf-8")
    env = {"HOME": str(tmp_path)}
    in_shell(run, "cookiecutter gh:org/repro-ml --no-input setup_environment=no", tmp_path, env=env)
    assert (tmp_path / "my-study/study.toml").exists()


def test_the_file_of_the_page_is_fine(lab, run):
    done = run([sys.executable, "tools/preset.py", lab(LAB)], cwd=TEMPLATE)
    assert done.stdout.endswith("fine\n")


def test_the_check_names_every_mistake_at_once(lab, run):
    wrong = LAB.replace("gitlab", "jenkins").replace("license:", "colour:")
    path = lab(wrong + "  author_name: ' Ada'\n  author_email: ada\n")
    done = run([sys.executable, "tools/preset.py", path], cwd=TEMPLATE, rc=1)
    for text in ("ci in lab.yaml", "colour in lab.yaml", "author_name in", "author_email in"):
        assert text in done.stderr


@pytest.mark.parametrize("text", ["", "license: MIT\n", "default_context: [MIT]\n", "a: [\n"])
def test_a_file_of_another_form_is_refused(tmp_path, run, text):
    (tmp_path / "lab.yaml").write_text(text, encoding="utf-8")
    done = run([sys.executable, "tools/preset.py", tmp_path / "lab.yaml"], cwd=TEMPLATE, rc=1)
    assert "Traceback" not in done.stderr


def test_a_fork_follows(run, tmp_path, bake):
    """The lines of the page, with folders in the place of addresses."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=TEMPLATE, capture_output=True, check=True
    )
    upstream = tmp_path / "upstream"
    for name in listed.stdout.decode("utf-8").rstrip("\0").split("\0"):
        (upstream / name).parent.mkdir(parents=True, exist_ok=True)
        (upstream / name).write_bytes((TEMPLATE / name).read_bytes())
    for command in ("init --quiet --initial-branch main", "add --all", "commit --quiet -m First"):
        run(["git", *command.split()], cwd=upstream)
    run(["git", "clone", "--quiet", "--bare", upstream, tmp_path / "your-lab"], cwd=tmp_path)

    start = LINES.index("git clone https://github.com/your-lab/repro-ml")
    lines = [line for line in LINES[start:] if not line.startswith("make ")]
    change = next(block for block in BLOCKS if block.options.get("title") == "cookiecutter.json")
    cwd = tmp_path
    for line in lines:
        line = line.replace(
            "https://github.com/your-lab/repro-ml", f"'{tmp_path}/your-lab' repro-ml"
        )
        line = line.replace("https://github.com/org/repro-ml", f"'{upstream}'")
        if line == "cd repro-ml":
            cwd = tmp_path / "repro-ml"
            continue
        if line.startswith("git commit"):
            questions = cwd / "cookiecutter.json"
            new = pages.apply_diff(questions.read_text("utf-8"), change.body)
            questions.write_text(new, encoding="utf-8", newline="\n")
        if line == "git fetch upstream":  # meanwhile, something is new there
            makefile = upstream / "{{cookiecutter.project_slug}}" / "Makefile"
            makefile.write_text(
                makefile.read_text("utf-8") + "# A newer line\n", "utf-8", newline="\n"
            )
            run(["git", "commit", "--quiet", "--all", "-m", "Newer"], cwd=upstream)
        run(["sh", "-c", line], cwd=cwd)
    out = tmp_path / "out"
    generate = [sys.executable, "-m", "cookiecutter", cwd, "--no-input", "--default-config"]
    run([*generate, "--output-dir", out, "setup_environment=no"], cwd=tmp_path)
    assert "Apache License" in (out / "my-study/LICENSE").read_text(encoding="utf-8")
    assert (out / "my-study/Makefile").read_text(encoding="utf-8").endswith("# A newer line\n")
