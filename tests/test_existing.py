"""Where something is already there: history, index and files of one's own stay as they are."""

import shutil

import pytest
from studies import write

GIT = shutil.which("git")
MARK = "THIS-STUDY-IS-NOT-WHOLE.txt"


@pytest.fixture
def study(tmp_path):
    return tmp_path / "out" / "my-study"


def everything(folder):
    """Content of every file, git's own included; nothing that looks at it may run in between."""
    return {p: p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.fixture
def own(generate, study, run):
    """A study on which its author works: commits, a stash, a branch, staged and loose changes."""

    def git(*args):
        return run([GIT, *args], study).stdout

    generate("author_name=Old Author")
    write(study / "own.txt", "mine\n")
    git("add", "own.txt")
    git("commit", "--quiet", "--message", "Mine")
    git("branch", "other")
    write(study / "own.txt", "stashed\n")
    git("stash")
    write(study / "src" / "my_study" / "idea.py", "IDEA = 1\n")
    git("add", "src/my_study/idea.py")
    write(study / "own.txt", "changed\n")
    write(study / "data" / "raw" / "mine.csv", "a,b\n1,2\n")
    write(study / ".git" / "hooks" / "pre-commit", "#!/bin/sh\nexit 1\n")
    git("status")
    return git


def test_only_the_files_of_the_template_change(generate, study, own, default_bake):
    before = everything(study)
    done = generate("--overwrite-if-exists", "author_name=New Author")
    after = everything(study)
    assert "An update" in done.stderr
    assert set(after) == set(before)
    changed = {path.relative_to(study).as_posix() for path in after if after[path] != before[path]}
    named = {name for name in default_bake.files() if b"Old Author" in before[study / name]}
    assert changed == named
    assert {"CITATION.cff", "LICENSE", "pyproject.toml"} <= named
    assert own("log", "--format=%s", "--all", "--not", "refs/stash") == ""
    assert own("rev-list", "--count", "HEAD") == "2\n"
    assert own("diff", "--cached", "--name-only") == "src/my_study/idea.py\n"
    assert (study / "own.txt").read_text(encoding="utf-8") == "changed\n"


def test_edits_of_ones_own_are_seen_in_a_diff(generate, study, own):
    """What was written over is in the history, and shown as a change that can be taken back."""
    write(study / "README.md", "My words\n")
    own("commit", "--quiet", "--no-verify", "--message", "Words", "README.md")
    generate("--overwrite-if-exists", "author_name=Old Author")
    assert own("diff", "--name-only") == "README.md\nown.txt\n"
    own("checkout", "--", "README.md")
    assert (study / "README.md").read_text(encoding="utf-8") == "My words\n"


@pytest.mark.parametrize("options", [["author_name="], ["description={{ 7 * 7 }}"], ["ci=other"]])
def test_refused_answers_touch_nothing(generate, study, own, options):
    before = everything(study)
    generate("--overwrite-if-exists", *options, rc=1)
    assert everything(study) == before


def test_nothing_is_written_over_unasked(generate, study, own):
    before = everything(study)
    assert "already exists" in generate(rc=1).stdout
    assert everything(study) == before


def test_a_repository_of_another_kind(generate, study, run, default_bake):
    write(study / "thesis.tex", "mine\n")
    for args in (["init", "--quiet"], ["add", "-A"], ["commit", "--quiet", "--message", "Mine"]):
        run([GIT, *args], study)
    before = everything(study)
    generate("--overwrite-if-exists")
    after = everything(study)
    assert {path: after[path] for path in before} == before
    new = {path.relative_to(study).as_posix() for path in set(after) - set(before)}
    assert new == set(default_bake.files())
    assert run([GIT, "diff", "--cached", "--name-only"], study).stdout == ""


def test_files_that_are_in_no_repository_are_not_committed(generate, study, run):
    write(study / "secret.txt", "mine\n")
    done = generate("--overwrite-if-exists")
    assert "first commit: the folder held files before" in done.stdout
    assert "git add -A" in done.stdout
    assert not (study / MARK).exists()
    assert (study / "secret.txt").read_text(encoding="utf-8") == "mine\n"
    assert run([GIT, "ls-files"], study).stdout == ""
    assert "No commits yet" in run([GIT, "status"], study).stdout


def test_a_part_of_a_study_is_finished_as_if_new(generate, study, run, default_bake):
    """As an interrupted run left it: there is nothing of anybody's own in it."""
    text = "Remove this folder, then run cookiecutter again.\n"
    write(study / MARK, text)
    write(study / "README.md", "half")
    generate("--overwrite-if-exists")
    assert run([GIT, "rev-list", "--count", "HEAD"], study).stdout == "1\n"
    assert (study / "README.md").read_bytes() == default_bake.bytes()["README.md"]


def test_a_file_of_that_name(generate, study):
    write(study, "mine\n")
    assert "already exists" in generate(rc=1).stdout
    assert study.read_text(encoding="utf-8") == "mine\n"
