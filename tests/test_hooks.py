"""What happens after generation on real machines: with and without git, identity, pre-commit."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

import pytest
from cookiecutter.generate import generate_context, generate_files
from cookiecutter.prompt import prompt_for_config

GIT = shutil.which("git")
posix = pytest.mark.skipif(os.name == "nt", reason="makes its environment of symbolic links and sh")


@pytest.fixture
def path_with(tmp_path):
    """Make a PATH that holds the named programs and nothing else."""

    def make(**programs):
        folder = tmp_path / "bin"
        folder.mkdir(exist_ok=True)
        for name, target in programs.items():
            (folder / name.replace("_", "-")).symlink_to(target)
        return str(folder)

    return make


@pytest.fixture
def settings(tmp_path):
    """Make git settings of a person, with a name unless it is to be left out."""

    def make(text="", name=True):
        path = tmp_path / "gitconfig"
        who = "[user]\nname = Test Author\nemail = test@example.org\n"
        path.write_text((who if name else "") + text, encoding="utf-8")
        return {"GIT_CONFIG_GLOBAL": str(path), "HOME": str(tmp_path)}

    return make


@pytest.fixture
def study(tmp_path):
    return tmp_path / "out" / "my-study"


def git(run, study, *args, **options):
    return run([GIT, *args], cwd=study, **options).stdout.strip()


def undone(done):
    """Give what the closing words say was not done: {step: (why, [commands])}."""
    _, _, text = done.stdout.partition("Not done:\n")
    found = {}
    for block in re.split(r"^  (?=\S)", text, flags=re.MULTILINE)[1:]:
        head, *commands = block.splitlines()
        step, _, why = head.partition(": ")
        found[step] = (why, [command.strip() for command in commands])
    return found


def is_whole(study, bake):
    """Say whether every file is there as generated."""
    return {n: (study / n).read_bytes() for n in bake.files()} == bake.bytes()


def test_repository_is_ready(generate, study, run, default_bake):
    done = generate()
    assert git(run, study, "symbolic-ref", "HEAD") == "refs/heads/main"
    assert (
        git(run, study, "log", "--format=%an: %s")
        == "Test Author: Start from the repro-ml template"
    )
    assert git(run, study, "status", "--porcelain") == ""
    assert sorted(git(run, study, "-c", "core.quotePath=off", "ls-files").split("\n")) == (
        default_bake.files()
    )
    assert "files, git repository, first commit" in done.stdout
    assert "first commit" not in undone(done)  # that it is not signed is said where signing is on
    assert len(done.stdout.splitlines()) <= 20
    assert f"cd {study}" in done.stdout
    for word in ("data/raw/", "study.toml", "src/", "engine/", "python scripts/environment.py"):
        assert word in done.stdout


@posix
def test_without_git(generate, study, path_with, default_bake):
    done = generate(env={"PATH": path_with()})
    assert is_whole(study, default_bake)
    assert not (study / ".git").exists()
    why, commands = undone(done)["git repository"]
    assert "not found" in why
    assert "git init" in commands


@posix
def test_git_that_does_not_start(generate, study, path_with, tmp_path):
    broken = tmp_path / "broken"
    broken.write_text("#!/bin/sh\necho no developer tools >&2\nexit 1\n", encoding="utf-8")
    broken.chmod(0o755)
    assert "git repository" in undone(generate(env={"PATH": path_with(git=broken)}))
    assert (study / "study.toml").exists()


@posix
def test_old_git(generate, study, path_with, tmp_path, run):
    """Before 2.28, `git init` had no way to name the branch."""
    old = tmp_path / "old"
    old.write_text(
        '#!/bin/sh\nfor a; do case "$a" in -b|--initial-branch*) exit 129;; esac; done\n'
        f'exec {GIT} "$@"\n',
        encoding="utf-8",
    )
    old.chmod(0o755)
    run([old, "init", "-b", "main"], cwd=tmp_path, rc=129)
    generate(env={"PATH": path_with(git=old)})
    assert git(run, study, "log", "--format=%D") == "HEAD -> main"


def test_without_identity(generate, study, settings, run):
    """No name is made up, and the commands that are given make the commit."""
    env = settings(name=False) | {"EMAIL": "machine@example.org"}  # git would make a name to it up
    why, commands = undone(generate(env=env))["first commit"]
    assert "who you are" in why
    git(run, study, "rev-parse", "HEAD", rc=128)
    for command in commands:
        words = [part.strip('"') for part in re.findall(r'"[^"]*"|\S+', command)]
        run(words, cwd=study, env=env)
    assert git(run, study, "log", "--format=%an <%ae>") == "Your Name <you@example.org>"
    assert git(run, study, "status", "--porcelain") == ""


def test_identity_in_the_environment(generate, study, settings, run):
    env = settings(name=False)
    for role in ("AUTHOR", "COMMITTER"):
        env |= {f"GIT_{role}_NAME": "Ada", f"GIT_{role}_EMAIL": "ada@example.org"}
    assert "first commit" not in undone(generate(env=env))
    assert git(run, study, "log", "--format=%an %cn") == "Ada Ada"


@posix
def test_forced_signing(generate, study, settings, run):
    env = settings("[commit]\ngpgSign = true\n[gpg]\nprogram = false\n")
    why, commands = undone(generate(env=env))["first commit"]
    assert "not signed" in why
    assert commands == ["git commit --amend --no-edit --gpg-sign"]
    assert git(run, study, "rev-list", "--count", "HEAD") == "1"
    git(run, study, "commit", "--allow-empty", "--message", "x", env=env, rc=128)


@posix
def test_hooks_and_ignored_files_of_ones_own_do_not_interfere(generate, study, settings, run):
    own = study.parent.parent / "own"
    (own / "hooks").mkdir(parents=True)
    for name in ("pre-commit", "commit-msg"):
        (own / "hooks" / name).write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
        (own / "hooks" / name).chmod(0o755)
    (own / "ignore").write_text("*.csv\nsrc\n", encoding="utf-8")
    env = settings(f"[init]\ntemplateDir = {own}\n[core]\nexcludesFile = {own / 'ignore'}\n")
    assert "first commit" not in undone(generate(env=env))
    files = git(run, study, "ls-files")
    assert "data/raw/breast_cancer.csv" in files
    assert "src/my_study/models.py" in files
    git(run, study, "commit", "--allow-empty", "--message", "x", env=env, rc=1)


@posix
def test_hooks_path(generate, study, settings, path_with, study_env, tmp_path):
    """pre-commit refuses to install there, so it is not even tried."""
    env = settings(f"[core]\nhooksPath = {tmp_path}\n")
    env["PATH"] = path_with(git=GIT, pre_commit=study_env.parent / "pre-commit")
    why, commands = undone(generate(env=env))["pre-commit hook"]
    assert "core.hooksPath" in why
    assert "run --all-files" in commands[0]
    assert not (study / ".git" / "hooks" / "pre-commit").exists()
    assert not (tmp_path / "pre-commit").exists()


def test_git_dir_of_another_repository(generate, study, tmp_path, run):
    """As inside a git hook: git would work on the repository that the variables name."""
    other = tmp_path / "other"
    other.mkdir()
    git(run, other, "init", "--quiet")
    git(run, other, "commit", "--quiet", "--allow-empty", "--message", "x")
    before = git(run, other, "rev-parse", "HEAD")
    env = {"GIT_DIR": str(other / ".git"), "GIT_WORK_TREE": str(other)}
    env["GIT_INDEX_FILE"] = str(other / ".git" / "index")
    assert "first commit" not in undone(generate(env=env))
    assert (study / ".git" / "HEAD").exists()
    assert git(run, other, "rev-parse", "HEAD") == before
    assert git(run, other, "ls-files") == ""
    assert git(run, study, "rev-list", "--count", "HEAD") == "1"


@posix
def test_inside_another_repository(generate, study, tmp_path, run, path_with, study_env):
    git(run, tmp_path, "init", "--quiet")
    path = path_with(git=GIT, pre_commit=study_env.parent / "pre-commit")
    done = generate(env={"PATH": path})
    why, commands = undone(done)["git repository"]
    assert str(tmp_path) in why
    assert commands[0] == "git init"
    assert not (study / ".git").exists()
    assert not (tmp_path / ".git" / "hooks" / "pre-commit").exists()
    assert git(run, tmp_path, "ls-files") == ""


@posix
def test_pre_commit_on_the_path(generate, study, path_with, study_env):
    path = path_with(git=GIT, pre_commit=study_env.parent / "pre-commit")
    done = generate(env={"PATH": path})
    assert undone(done) == {}
    assert "first commit, pre-commit hook\n" in done.stdout
    assert "hook-impl" in (study / ".git" / "hooks" / "pre-commit").read_text(encoding="utf-8")


@posix
def test_without_pre_commit(generate, study, path_with):
    have = subprocess.run([sys.executable, "-c", "import pre_commit"], capture_output=True)
    assert have.returncode != 0, "these tests need a Python without pre-commit"
    why, commands = undone(generate(env={"PATH": path_with(git=GIT)}))["pre-commit hook"]
    assert "not found" in why
    assert "pre_commit install" in commands[0]
    assert not (study / ".git" / "hooks" / "pre-commit").exists()


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "utf-8"])
def test_console_of_any_encoding(generate, study, encoding):
    """A name that the console cannot show is escaped; nothing is deleted over it."""
    out = study.parent / "caf\u00e9 \u2714"
    done = generate(env={"PYTHONIOENCODING": encoding}, out=out)
    assert (out / "my-study" / ".git").exists()
    assert ("\\u2714" in done.stdout) == (encoding != "utf-8")


@posix
def test_reader_that_has_gone(command_line, study):
    """`cookiecutter ... | head`: printing fails, the study stays."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        assert subprocess.run(command_line(), stdout=writing).returncode == 0
    finally:
        os.close(writing)
    assert (study / ".git" / "HEAD").exists()


@posix
def test_narrow_umask(generate, study, default_bake):
    before = os.umask(0o077)
    try:
        generate()
    finally:
        os.umask(before)
    assert is_whole(study, default_bake)


@posix
def test_failing_environment(generate, study, path_with, tmp_path, default_bake):
    """Neither uv nor pip can fetch anything: the study stays, and cookiecutter is content."""
    env = {"UV_OFFLINE": "1", "UV_CACHE_DIR": str(tmp_path / "cache"), "PIP_NO_INDEX": "1"}
    done = generate("setup_environment=yes", env=env)
    assert is_whole(study, default_bake)
    assert undone(done)["environment"][1] == ["python scripts/environment.py"]
    assert not (study / ".venv").exists()
    assert (study / ".git" / "HEAD").exists()
    assert len(done.stdout.partition("\n\n")[2].splitlines()) <= 20


@posix
def test_interrupt(command_line, study, default_bake):
    """Ctrl-C reaches every program at once; the half-made environment goes, the study stays."""
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        index = f"http://127.0.0.1:{silent.getsockname()[1]}/simple"
        env = {"PIP_INDEX_URL": index, "UV_DEFAULT_INDEX": index, "UV_NO_CACHE": "1"}
        env |= {"PIP_NO_CACHE_DIR": "1"}
        process = subprocess.Popen(
            command_line("setup_environment=yes"),
            env=os.environ | env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        while "Installing" not in process.stdout.readline():
            assert process.poll() is None
        time.sleep(1)
        os.killpg(process.pid, signal.SIGINT)
        said, _ = process.communicate(timeout=60)
    assert "interrupted" in said
    assert "git init" in said
    assert is_whole(study, default_bake)
    assert not (study / ".venv").exists()


def test_existing_repository_keeps_its_history(generate, study, run):
    generate()
    (study / "own.txt").write_text("mine\n", encoding="utf-8")
    git(run, study, "add", "own.txt")
    git(run, study, "commit", "--quiet", "--message", "Mine")
    (study / "study.toml").write_text("", encoding="utf-8")
    before = git(run, study, "rev-parse", "HEAD")
    done = generate("--overwrite-if-exists")
    assert "An update" in done.stderr
    assert git(run, study, "rev-parse", "HEAD") == before
    assert git(run, study, "status", "--porcelain") == ""
    assert (study / "own.txt").read_text(encoding="utf-8") == "mine\n"


def as_cruft(template, folder, **answers):
    """Generate as cruft does: it calls parts of cookiecutter and leaves the output's name out."""
    context = generate_context(template / "cookiecutter.json", extra_context=answers)
    context["cookiecutter"] = prompt_for_config(context, no_input=True)
    context["cookiecutter"] |= {"_template": str(template), "_commit": "0" * 40}
    return Path(generate_files(template, context, output_dir=folder, overwrite_if_exists=True))


def test_update_by_cruft_makes_nothing(template, default_bake):
    with tempfile.TemporaryDirectory() as folder:
        study = as_cruft(template, folder)
        assert is_whole(study, default_bake)
        assert not (study / ".git").exists()
        assert not (study / ".venv").exists()


def test_creation_by_cruft_makes_a_repository(template, tmp_path, run, capfd):
    study = as_cruft(template, tmp_path, setup_environment="no")
    assert git(run, study, "rev-list", "--count", "HEAD") == "1"
    assert "git add .cruft.json" in capfd.readouterr().out
