"""`make demo` and `make venv`: from a clone to the first tables, and no harm done on the way."""

import hashlib
import re
import shutil
import subprocess
import sys
from pathlib import Path

import bootstrap as bootstrap_tool
import demo as demo_tool
import pytest

TEMPLATE = Path(__file__).resolve().parent.parent


@pytest.fixture
def bootstrap(tmp_path, monkeypatch):
    """tools/bootstrap.py, at work in an empty folder with a lock of one small package."""
    module = bootstrap_tool
    lock = (TEMPLATE / "requirements-dev.txt").read_text(encoding="utf-8")
    entry = re.search(r"^iniconfig==.*\n(    --hash.*\n)+", lock, re.MULTILINE)[0]
    (tmp_path / "requirements-dev.txt").write_text(entry, encoding="utf-8")
    monkeypatch.setattr(module, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(module, "LOCK", tmp_path / "requirements-dev.txt")
    monkeypatch.setattr(module, "STAMP", tmp_path / ".venv" / "lock.sha256")
    python = tmp_path / ".venv" / module.PYTHON.relative_to(TEMPLATE / ".venv")
    monkeypatch.setattr(module, "PYTHON", python)
    return module


@pytest.mark.network
@pytest.mark.slow
def test_the_environment_is_made_again_only_when_the_lock_changes(bootstrap, capfd):
    bootstrap.main()
    assert "Making .venv" in capfd.readouterr().out
    subprocess.run([bootstrap.PYTHON, "-c", "import iniconfig"], check=True)
    mine = bootstrap.VENV / "mine.txt"
    mine.write_text("still here\n", encoding="utf-8")
    bootstrap.main()
    assert capfd.readouterr().out == ""
    assert mine.is_file()
    with bootstrap.LOCK.open("a", encoding="utf-8") as lock:
        lock.write("# changed\n")
    bootstrap.main()
    assert "Making .venv" in capfd.readouterr().out
    assert not mine.exists()


@pytest.mark.parametrize("here", ["3.10", "3.15"])
def test_a_python_that_is_not_offered_is_told_how_to_get_one(bootstrap, monkeypatch, here):
    monkeypatch.setattr(bootstrap, "VERSION", here)
    with pytest.raises(SystemExit) as stopped:
        bootstrap.main()
    first, line, last = str(stopped.value).splitlines()
    assert first == f"This is Python {here}; one of 3.14, 3.13, 3.12, 3.11 is needed. To get one:"
    assert any(word in line for word in ("py install 3.14", "brew install", "apt install", "uv/"))
    assert last == "Where it has another name, say so: make demo PYTHON=python3.14"
    assert not bootstrap.VENV.exists()


@pytest.mark.slow
def test_a_lock_that_fails_leaves_no_stamp(bootstrap, capfd):
    bootstrap.LOCK.write_text("not a requirement\n", encoding="utf-8")
    with pytest.raises(SystemExit, match="run it by hand"):
        bootstrap.main()
    assert not bootstrap.STAMP.exists()
    assert not bootstrap.is_current(hashlib.sha256(bootstrap.LOCK.read_bytes()).hexdigest())


def test_a_stamp_without_a_python_is_not_trusted(bootstrap, monkeypatch):
    bootstrap.VENV.mkdir()
    bootstrap.STAMP.write_text("digest", encoding="utf-8")
    assert not bootstrap.is_current("digest")
    monkeypatch.setattr(bootstrap, "PYTHON", Path(sys.executable))
    assert bootstrap.is_current("digest")
    assert not bootstrap.is_current("another")


@pytest.fixture
def demo(tmp_path, monkeypatch):
    module = demo_tool
    monkeypatch.setattr(module, "DEMO", tmp_path / "demo")
    monkeypatch.setattr(module, "MARK", tmp_path / "demo" / module.MARK.name)
    return module


def test_a_folder_of_ones_own_is_left_alone(demo):
    demo.DEMO.mkdir()
    (demo.DEMO / "mine.txt").write_text("keep\n", encoding="utf-8")
    with pytest.raises(SystemExit, match="left alone"):
        demo.fresh_folder()
    assert (demo.DEMO / "mine.txt").is_file()


def test_a_folder_of_an_earlier_demo_is_replaced(demo):
    demo.fresh_folder()
    (demo.DEMO / "old.txt").write_text("old\n", encoding="utf-8")
    demo.fresh_folder()
    assert [path.name for path in demo.DEMO.iterdir()] == [demo.MARK.name]


@pytest.fixture
def clone(tmp_path):
    """A copy of the template, for a demo of its own."""
    skipped = shutil.ignore_patterns(".git", ".venv", ".cache", "demo", ".*_cache", "__pycache__")
    folder = tmp_path / "clone"
    shutil.copytree(TEMPLATE, folder, ignore=skipped)
    return folder


@pytest.mark.network
@pytest.mark.slow
def test_the_demo_ends_with_tables_and_times(clone, run):
    done = run([sys.executable, "tools/demo.py", "--installer", "uv"], cwd=clone, timeout=900)
    for word in ("dummy", "linear", "forest", "domain", "candidate", "no_splines"):
        assert re.search(rf"^{word} ", done.stdout, re.MULTILINE), word
    seconds = r"from cookiecutter to first baseline table: \d+ s \(with uv\)"
    assert re.search(seconds, done.stdout)
    assert "study.toml" in done.stdout.rpartition(" s (with uv)")[2]
    assert "REPRODUCED: every committed number came out again." in done.stdout
    assert re.search(r"^verify +[\d.]+ s$", done.stdout, re.MULTILINE)


@pytest.mark.network
@pytest.mark.slow
def test_a_failing_script_stops_the_demo(clone, run):
    script = clone / "{{cookiecutter.project_slug}}" / "scripts" / "environment.py"
    script.write_text("raise SystemExit(3)\n", encoding="utf-8")
    done = run([sys.executable, "tools/demo.py", "--installer", "uv"], cwd=clone, rc=None)
    assert done.returncode == 1
    assert "make demo stopped: exit 3" in done.stderr
    assert "first baseline table" not in done.stdout
