"""Every exercise of docs/tour.md works as it stands there: edits, commands, what is seen, undo."""

import re
import shlex
import shutil
import subprocess

import pytest
from studies import paths

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("tour")]

EXERCISES = [
    "1. Take a seed away",
    "2. Leak a group",
    "3. Edit a number",
    "4. Tune on the test set",
    "5. Swap an ablation for a column drop",
    "6. Load a forged model",
]
IDENTITY = ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
PLACE = re.compile(r"[Ii]n\s+`([\w./]+)`[^`]*(?:`[^`]*`[^`]*)?:\n\n\Z")
DIGIT = re.compile(
    r"In `(\S+)`, in the line that begins with `([^`]+)`, change the last digit of the first number"
)


def git(path, *command):
    done = subprocess.run(["git", *IDENTITY, *command], cwd=path, check=True, capture_output=True)
    return done.stdout.decode("utf-8")


def sections(page):
    """Return {title: text} of the exercises."""
    parts = re.split(r"^## (\d\. .*)\n", page, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def steps(text):
    """Return what a section asks for, in order: (kind, what, where)."""
    found = []
    for match in re.finditer(r"```(\w+)\n(.*?)```\n", text, re.DOTALL):
        place = PLACE.search(text[: match.start()]) if match[1] == "diff" else None
        found.append((match.start(), match[1], match[2], place and place[1]))
    for match in DIGIT.finditer(text):
        found.append((match.start(), "digit", match[2], match[1]))
    return [step[1:] for step in sorted(found)]


def edit(path, diff):
    lines = diff.splitlines(keepends=True)
    old = "".join(line[1:] for line in lines if line[0] in " -")
    new = "".join(line[1:] for line in lines if line[0] in " +")
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{path.name} has not exactly one\n{old}"
    path.write_text(text.replace(old, new), encoding="utf-8", newline="\n")


def change_digit(path, begin):
    text = path.read_text(encoding="utf-8")
    found = re.search(rf"^{re.escape(begin)}\D*[\d.]*(\d)", text, re.MULTILINE)
    changed = text[: found.start(1)] + str((int(found[1]) + 1) % 10) + text[found.end(1) :]
    path.write_text(changed, encoding="utf-8", newline="\n")


def pattern(line):
    return ".*".join(re.escape(part.strip()) for part in line.split("..."))


def do(section, path, python, run):
    """Do one exercise; the study has to notice, and the undo has to undo."""
    env = {"PYTHONPATH": paths(path), "PYTHONIOENCODING": "utf-8"}
    done, kinds = None, []
    for kind, what, where in steps(section):
        kinds.append(kind)
        if kind == "diff":
            edit(path / where, what)
        elif kind == "digit":
            change_digit(path / where, what)
        elif kind == "text":
            assert done.returncode != 0
            said = done.stdout + done.stderr
            assert "Traceback" not in said
            for line in what.splitlines():
                assert re.search(pattern(line), said), f"not seen: {line}\n{said}"
        else:
            for line in what.splitlines():
                words = shlex.split(line)
                if words[0] == "git":
                    git(path, *words[1:])
                    continue
                assert done is None or done.returncode == 0, done.stderr
                assert words[0] == "python"
                done = run([python, *words[1:]], path, env=env, rc=None)
    assert kinds[-2:] == ["text", "console"]
    assert git(path, "status", "--porcelain") == ""


@pytest.fixture(scope="module")
def default(small_study, tmp_path_factory):
    """A study with few fits, reproduced and committed."""
    path = tmp_path_factory.mktemp("tour") / "study"
    shutil.copytree(small_study, path)
    git(path, "add", "-A")
    git(path, "commit", "--no-verify", "-m", "Fewer fits")
    return path


@pytest.mark.parametrize("title", EXERCISES)
def test_the_study_notices(default, study_env, run, title):
    found = sections((default / "docs" / "tour.md").read_text(encoding="utf-8"))
    assert list(found) == EXERCISES
    do(found[title], default, study_env, run)


@pytest.mark.parametrize(
    "answers",
    [
        {"dependence": "grouped"},
        {"dependence": "temporal", "task": "regression"},
        {"dependence": "spatial"},
    ],
    ids=lambda answers: answers["dependence"],
)
def test_a_leak_is_noticed_whatever_hangs_together(bake, study_env, run, tmp_path, answers):
    path = tmp_path / "study"
    shutil.copytree(bake(**answers).path, path)
    found = sections((path / "docs" / "tour.md").read_text(encoding="utf-8"))
    do(found["2. Leak a group"], path, study_env, run)


@pytest.mark.parametrize("answers", [{"task": "regression"}, {"dependence": "spatial"}])
def test_every_edit_fits_every_study(bake, answers):
    path = bake(**answers).path
    for title, section in sections((path / "docs" / "tour.md").read_text("utf-8")).items():
        edits = [step for step in steps(section) if step[0] in ("diff", "digit")]
        assert edits or title == EXERCISES[5]
        for kind, what, where in edits:
            (edit if kind == "diff" else change_digit)(path / where, what)
