"""Machines on which something is wrong: the study is there and whole, or nothing is, or it says so.

Disks, networks and users are real ones: a small tmpfs, a network of one's own, another user. Where
the machine that runs the tests may not make those (they need root on Linux), a test is skipped.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

MARK = "THIS-STUDY-IS-NOT-WHOLE.txt"
GIT = shutil.which("git")
NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
pytestmark = pytest.mark.skipif(os.name == "nt", reason="made of sh, signals and Linux namespaces")


@pytest.fixture
def study(tmp_path):
    return tmp_path / "out" / "my-study"


def is_whole(study, bake):
    return {n: (study / n).read_bytes() for n in bake.files()} == bake.bytes()


def undone(text):
    """What the closing words say was not done, as text."""
    return text.partition("Not done:\n")[2]


def must_work(*command, why):
    """Skip where the machine does not allow what the test is made of."""
    if not shutil.which(command[0]) or subprocess.run(command, capture_output=True).returncode:
        pytest.skip(f"{command[0]}: {why}")


@pytest.fixture
def on_disk(tmp_path, command_line, run):
    """Generate on a small disk: on_disk("size=4m", ...) gives what was said and what was left."""

    def make(kind, *options, **how):
        disk, kept = tmp_path / "disk", tmp_path / "kept"
        disk.mkdir()
        kept.mkdir()
        mount = f"mount -t tmpfs -o {kind} none '{disk}'"
        must_work("unshare", "-m", "sh", "-c", mount, why="no mounting of a small disk here")
        script = f'{mount} || exit 99; "$@"; code=$?; cp -a "{disk}/." "{kept}"; exit $code'
        command = command_line(*options, out=disk)
        done = run(["unshare", "-m", "sh", "-c", script, "sh", *command], tmp_path, **how)
        return done, kept / "my-study"

    return make


def test_disk_without_room(on_disk):
    done, study = on_disk("size=4m", rc=1)
    assert "No study was made: 8 MB could not be written to" in done.stderr
    assert "No space left on device" in done.stderr
    assert not study.exists()


def test_disk_with_just_enough_room(on_disk, default_bake, run):
    done, study = on_disk("size=9m")
    assert is_whole(study, default_bake)
    assert "git repository, first commit" in done.stdout
    assert run([GIT, "status", "--porcelain"], study).stdout == ""


@pytest.mark.network
@pytest.mark.slow
def test_disk_with_no_room_for_an_environment(on_disk, default_bake, study_env, run):
    """The packages are in uv's cache, and do not fit; all the rest is done."""
    env = {"UV_LINK_MODE": "copy"}
    done, study = on_disk("size=30m", "setup_environment=yes", env=env, timeout=300)
    assert is_whole(study, default_bake)
    assert not (study / ".venv").exists()
    assert "environment: its reason is above" in undone(done.stdout)
    assert "python scripts/environment.py" in undone(done.stdout)
    assert "No space left on device" in done.stdout + done.stderr
    assert "made: files, git repository, first commit" in done.stdout
    assert run([GIT, "status", "--porcelain"], study).stdout == ""


def test_disk_that_fills_up_on_the_way(on_disk, default_bake):
    """There is room, but not for so many files: cookiecutter leaves a part, which says so."""
    done, study = on_disk("size=20m,nr_inodes=30", rc=1)
    assert "No space left on device" in done.stderr
    assert 0 < len([p for p in study.rglob("*") if p.is_file()]) < len(default_bake.files())
    said = (study / MARK).read_text(encoding="ascii")
    assert "not all files of the study" in said
    assert "Remove this folder, then run cookiecutter again." in said


@pytest.fixture
def open_folder():
    """A folder that every user can read; pytest's own are its user's alone."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


def test_parent_that_may_not_be_written(open_folder, command_line, run):
    config = open_folder / "config.yaml"
    folders = [f"{key}: '{open_folder / 'own'}'" for key in ("cookiecutters_dir", "replay_dir")]
    config.write_text("\n".join(folders), encoding="utf-8")
    (open_folder / "own").mkdir()
    (open_folder / "own").chmod(0o777)
    out = open_folder / "out"
    command = command_line("--config-file", str(config), out=out)
    out.chmod(0o555)
    if os.geteuid() == 0:
        must_work(*NOBODY, sys.executable, "-c", "import cookiecutter", why="no other user here")
        command = [*NOBODY, *command]
    done = run(command, open_folder, rc=1, env={"HOME": str(open_folder / "own")})
    assert re.search(r"Permission denied: '\S*out/my-study'", done.stderr)
    assert list(out.iterdir()) == []


def test_disk_that_may_not_be_written(on_disk):
    done, study = on_disk("ro", rc=1)
    assert re.search(r"Read-only file system: '\S*disk/my-study'", done.stderr)
    assert not study.exists()


@pytest.mark.network
@pytest.mark.slow
@pytest.mark.parametrize("installer", ["uv", "pip"])
def test_without_a_network(
    command_line, environment, study, default_bake, run, tmp_path, installer
):
    """A network of its own, with nobody else in it; once with uv and once without."""
    must_work("unshare", "-n", "true", why="no network of one's own here")
    caches = {"UV_CACHE_DIR": str(tmp_path / "uv"), "PIP_CACHE_DIR": str(tmp_path / "pip")}
    caches |= {"UV_HTTP_RETRIES": "0", "PIP_RETRIES": "0"}
    python = sys.executable
    if installer == "pip":
        python = environment("cookiecutter==2.6.0")
        (tmp_path / "bin").mkdir()
        (tmp_path / "bin" / "git").symlink_to(GIT)
        caches["PATH"] = str(tmp_path / "bin")
    command = command_line("setup_environment=yes", python=python)
    done = run([shutil.which("unshare"), "-n", *command], tmp_path, env=caches, timeout=120)
    assert f"with {'uv' if installer == 'uv' else 'venv and pip'}." in done.stdout
    assert is_whole(study, default_bake)
    assert not (study / ".venv").exists()
    assert "environment: its reason is above" in undone(done.stdout)
    assert "python scripts/environment.py" in undone(done.stdout)
    assert run([GIT, "status", "--porcelain"], study).stdout == ""


@pytest.fixture(scope="session")
def turkish(tmp_path_factory):
    """The Turkish locale, in which i and I are no pair; made here, as few machines have it."""
    folder = tmp_path_factory.mktemp("locale")
    made = folder / "tr_TR.UTF-8"
    must_work("localedef", "-i", "tr_TR", "-f", "UTF-8", made, why="no source of Turkish here")
    return {"LOCPATH": str(folder), "LC_ALL": "tr_TR.UTF-8", "LANG": "tr_TR.UTF-8"}


@pytest.mark.parametrize("place", ["Turkey", "nowhere", "Kiritimati"])
def test_places(generate, study, default_bake, run, request, place):
    """The same bytes wherever and in whatever language the machine is."""
    env = {"nowhere": {"LC_ALL": "C"}, "Kiritimati": {"TZ": "Pacific/Kiritimati"}}
    env = env[place] if place in env else request.getfixturevalue("turkish")
    generate("author_name=Your Name", env={"LC_ALL": None, **env})
    assert is_whole(study, default_bake)
    assert run([GIT, "log", "--format=%s"], study).stdout == "Start from the repro-ml template\n"


def test_accents_where_the_locale_is_c(generate, study):
    generate("author_name=\u00c5sa", env={"LC_ALL": "C", "LANG": None, "PYTHONUTF8": None})
    assert "\u00c5sa" in (study / "LICENSE").read_text(encoding="utf-8")


def test_the_folder_that_is_named_can_be_gone_to(generate, tmp_path, run):
    out = tmp_path / "Gr\u00f6\u00dfe der $Flut's"
    done = generate(out=out, env={"PYTHONUTF8": "1"})
    command = re.search(r"^ +(cd .*)$", done.stdout, re.MULTILINE)[1]
    assert run(["sh", "-c", f"{command} && pwd"], tmp_path).stdout == f"{out / 'my-study'}\n"


MOMENTS = {  # what is there when Ctrl-C comes
    "start": "..",
    "folder": ".",
    "mark": MARK,
    "first file": "pyproject.toml",
    "later file": "tests/conftest.py",
    "repository": ".git",
    "index": ".git/index",
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_interrupted(command_line, study, default_bake, run, moment):
    """Whole, with what is left to do; or nothing; or a part that says so, and can be finished."""
    command = command_line()
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    )
    while process.poll() is None and not (study / MOMENTS[moment]).exists():
        time.sleep(0.001)
    os.killpg(process.pid, signal.SIGINT)
    said, _ = process.communicate(timeout=60)
    left = list(study.iterdir()) if study.exists() else []
    if (study / MARK).exists():
        assert "Remove this folder" in (study / MARK).read_text(encoding="ascii")
        assert process.returncode == 1
    elif left:
        assert is_whole(study, default_bake)
        assert "Next:" in said
        assert "first commit" in said.partition("Not done:")[2] or "first commit)" in said
    else:
        assert process.returncode != 0
    if left:  # what is left to do, done by hand; or cookiecutter again, over a part
        if (study / MARK).exists():
            run([*command, "--overwrite-if-exists"], study.parent)
        for line in re.findall(r"^    (git .*)$", said.partition("Not done:")[2], re.MULTILINE):
            run([part.strip('"') for part in re.findall(r'"[^"]*"|\S+', line)], study)
        assert is_whole(study, default_bake)
        assert not (study / MARK).exists()
        run([GIT, "fsck", "--strict"], study)
        assert run([GIT, "rev-list", "--count", "HEAD"], study).stdout == "1\n"
        assert run([GIT, "status", "--porcelain"], study).stdout == ""


def test_interrupted_hook_removes_its_empty_folder(pre_gen, tmp_path, monkeypatch):
    """At any moment before the first file: what the hook made goes, other people's files stay."""
    (tmp_path / "new").mkdir()
    monkeypatch.chdir(tmp_path / "new")
    assert pre_gen.mark_unfinished() == ""
    pre_gen.clean_up()
    assert not (tmp_path / "new").exists()
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "mine.txt").write_text("mine", encoding="utf-8")
    monkeypatch.chdir(tmp_path / "own")
    assert pre_gen.mark_unfinished() == ""
    assert "Keep them" in (tmp_path / "own" / MARK).read_text(encoding="ascii")
    pre_gen.clean_up()
    assert [path.name for path in (tmp_path / "own").iterdir()] == ["mine.txt"]
