"""Nothing is left behind by a run that was killed, and nothing taken from one that goes on."""

import errno
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from reproml.run import aside as module
from reproml.run.aside import own_folder

RUN = """
import sys, time
from pathlib import Path
from reproml.run.aside import own_folder
with own_folder(Path(sys.argv[1])) as folder:
    (folder / "rows").write_text("1")
    print(folder, flush=True)
    sys.stdin.read()
"""
MANY = """
import sys
from pathlib import Path
from reproml.run.aside import own_folder
for _ in range(60):
    with own_folder(Path(sys.argv[1])) as folder:
        (folder / "rows").write_text("1")
        with own_folder(Path(sys.argv[1])):
            assert (folder / "rows").read_text() == "1"
"""


def start(code: str, aside: Path) -> subprocess.Popen[str]:
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen([sys.executable, "-c", code, str(aside)], **pipes, encoding="utf-8")


@pytest.fixture
def aside(tmp_path: Path) -> Path:
    return tmp_path / "aside"


def run_once(aside: Path) -> None:
    """Be another run for a moment."""
    with own_folder(aside) as folder:
        assert folder.is_dir()


def test_a_folder_is_gone_however_the_run_ended(aside: Path):
    with own_folder(aside) as folder:
        (folder / "rows").write_text("1", encoding="utf-8")
    assert list(aside.iterdir()) == []
    with pytest.raises(KeyboardInterrupt), own_folder(aside):
        raise KeyboardInterrupt
    assert list(aside.iterdir()) == []


def test_what_a_killed_run_left_goes_at_once_and_a_running_ones_stays(aside: Path):
    one, other = start(RUN, aside), start(RUN, aside)
    left, used = (Path(each.stdout.readline().strip()) for each in (one, other))
    run_once(aside)
    assert (left / "rows").is_file()
    one.kill()
    one.communicate()
    run_once(aside)
    assert (used / "rows").is_file()
    other.kill()
    other.communicate()
    assert used.exists()
    run_once(aside)
    assert list(aside.iterdir()) == []


def test_a_run_does_not_take_its_own_folder(aside: Path):
    with own_folder(aside) as one, own_folder(aside) as other:
        assert one != other
        assert one.is_dir()
        assert other.is_dir()


def test_an_old_folder_of_an_earlier_version_goes_too(aside: Path):
    (aside / "tmpold" / "fits").mkdir(parents=True)
    run_once(aside)
    assert list(aside.iterdir()) == []


def test_many_runs_that_come_and_go_never_take_from_each_other(aside: Path):
    runs = [start(MANY, aside) for _ in range(4)]
    for run in runs:
        assert run.communicate()[1] == ""
        assert run.returncode == 0
    assert list(aside.iterdir()) == []


def test_threads_of_one_process_do_not_either(aside: Path):
    def go(_: int) -> bool:
        with own_folder(aside) as folder:
            run_once(aside)
            return folder.is_dir()

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(go, range(200)))
    assert list(aside.iterdir()) == []


@pytest.mark.skipif(os.name == "nt", reason="another lock is tested there")
def test_where_a_disk_knows_no_locks_nothing_is_taken_for_left_behind(aside: Path, monkeypatch):
    (aside / "tmpother").mkdir(parents=True)

    def refuse(*arguments: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(module.fcntl, "flock", refuse)
    run_once(aside)
    assert [path.name for path in aside.iterdir()] == ["tmpother"]


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="signals are for POSIX")
def test_a_lock_is_not_kept_by_a_process_that_the_run_started(aside: Path):
    """A worker may outlive a killed run by a moment; the folder goes all the same."""
    child = "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']).pid"
    code = "import subprocess" + RUN.replace("print(", f"print({child}, ")
    run = start(code, aside)
    child, folder = run.stdout.readline().split(maxsplit=1)
    run.kill()
    run.wait()
    try:
        run_once(aside)
        assert not Path(folder.strip()).exists()
    finally:
        os.kill(int(child), signal.SIGKILL)
        run.communicate()
