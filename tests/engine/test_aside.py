"""Nothing is left behind by a run that was killed, and nothing taken from one that goes on."""

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from reproml.run import aside as module
from reproml.run.aside import own_folder, sweep

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
from reproml.run.aside import own_folder, sweep
for _ in range(60):
    sweep(Path(sys.argv[1]))
    with own_folder(Path(sys.argv[1])) as folder:
        (folder / "rows").write_text("1")
        sweep(Path(sys.argv[1]))
        assert (folder / "rows").read_text() == "1"
"""


def start(code: str, aside: Path) -> subprocess.Popen[str]:
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen([sys.executable, "-c", code, str(aside)], **pipes, encoding="utf-8")


def test_a_folder_is_gone_with_its_lock_however_the_run_ended(tmp_path: Path):
    with own_folder(tmp_path / "aside") as folder:
        (folder / "rows").write_text("1", encoding="utf-8")
    assert list((tmp_path / "aside").iterdir()) == []
    with pytest.raises(KeyboardInterrupt), own_folder(tmp_path / "aside"):
        raise KeyboardInterrupt
    assert list((tmp_path / "aside").iterdir()) == []


def test_what_a_killed_run_left_goes_at_once_and_a_running_ones_stays(tmp_path: Path):
    one, other = start(RUN, tmp_path), start(RUN, tmp_path)
    left, used = (Path(each.stdout.readline().strip()) for each in (one, other))
    sweep(tmp_path)
    assert (left / "rows").is_file()
    one.kill()
    one.communicate()
    sweep(tmp_path)
    assert not left.exists()
    assert (used / "rows").is_file()
    other.communicate("")  # it ends
    assert other.returncode == 0
    assert list(tmp_path.iterdir()) == []


def test_a_run_does_not_sweep_its_own_folder(tmp_path: Path):
    with own_folder(tmp_path) as one, own_folder(tmp_path) as other:
        sweep(tmp_path)
        assert one.is_dir()
        assert other.is_dir()


def test_an_old_folder_of_an_earlier_version_goes_too(tmp_path: Path):
    (tmp_path / "tmpold" / "fits").mkdir(parents=True)
    sweep(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_there_is_nothing_to_sweep_where_there_is_no_folder(tmp_path: Path):
    sweep(tmp_path / "aside")
    assert not (tmp_path / "aside").exists()


def test_many_runs_that_come_and_go_never_take_from_each_other(tmp_path: Path):
    runs = [start(MANY, tmp_path) for _ in range(4)]
    for run in runs:
        assert run.communicate()[1] == ""
        assert run.returncode == 0
    assert list(tmp_path.iterdir()) == []


def test_threads_of_one_process_do_not_either(tmp_path: Path):
    def go(_: int) -> bool:
        with own_folder(tmp_path) as folder:
            sweep(tmp_path)
            return folder.is_dir()

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(go, range(200)))
    assert list(tmp_path.iterdir()) == []


def test_where_a_disk_knows_no_locks_nothing_is_taken_for_left_behind(tmp_path: Path, monkeypatch):
    (tmp_path / "tmpother").mkdir()
    monkeypatch.setattr(module, "lock", lambda file: False)
    with own_folder(tmp_path) as folder:
        sweep(tmp_path)
        assert folder.is_dir()
    assert (tmp_path / "tmpother").is_dir()


def test_a_lock_of_another_user_is_no_error(tmp_path: Path, monkeypatch):
    (tmp_path / "tmpother").mkdir()

    def refuse(*arguments: object, **options: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    sweep(tmp_path)
    assert (tmp_path / "tmpother").is_dir()


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="signals are for POSIX")
def test_a_lock_is_not_kept_by_a_process_that_the_run_started(tmp_path: Path):
    """A worker may outlive a killed run by a moment; the folder is swept all the same."""
    child = "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']).pid"
    code = "import subprocess" + RUN.replace("print(", f"print({child}, ")
    run = start(code, tmp_path)
    child, folder = run.stdout.readline().split(maxsplit=1)
    run.kill()
    run.wait()
    try:
        sweep(tmp_path)
        assert not Path(folder.strip()).exists()
    finally:
        os.kill(int(child), signal.SIGKILL)
        run.communicate()
