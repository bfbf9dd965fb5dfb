"""How a script ends: in words, with a code that says why, and with nothing left behind."""

import errno
import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest
from conftest import STUDY, tasks_of
from reproml.compute.fits import run_fits
from reproml.compute.task import make_tasks
from reproml.compute.workers import open_pool
from reproml.config.study import Compute, StudyError
from reproml.config.system import REFUSALS
from reproml.run.start import in_words
from sklearn.preprocessing import FunctionTransformer

posix = pytest.mark.skipif(os.name == "nt", reason="signals and limits are those of POSIX")


def ending(error: BaseException, capsys: pytest.CaptureFixture[str]) -> tuple[object, str]:
    """Return the exit code of an error, and what is said about it."""
    with pytest.raises(SystemExit) as caught, in_words():
        raise error
    return caught.value.code, capsys.readouterr().err


@pytest.mark.parametrize("name", REFUSALS)
def test_what_the_system_refuses_is_said_in_words(name: str, capsys):
    number = getattr(errno, name)
    error = OSError(number, os.strerror(number), "results/a.csv")
    code, said = ending(error, capsys)
    what, todo = REFUSALS[name]
    assert code == 1
    assert said.startswith(f"error: {what} ([Errno {number}] ")
    assert f"results/a.csv'); {todo} and run this again; every file under results is whole" in said
    assert "defect" not in said
    wrapped = RuntimeError("it did not work")
    wrapped.__cause__ = error
    assert ending(wrapped, capsys) == (code, said)


@pytest.mark.parametrize("error", [
    OSError("5 requested and 3 written"), FileNotFoundError(2, "No such file or directory", "x")
])  # fmt: skip
def test_any_other_answer_of_the_system_is_no_defect_either(error: OSError, capsys):
    code, said = ending(error, capsys)
    assert code == 1
    assert said.startswith(f"error: the system refused it ({error}); --debug shows where")
    assert "defect" not in said


def test_a_defect_is_still_called_one(capsys):
    code, said = ending(ZeroDivisionError("division by zero"), capsys)
    assert code == 1
    assert said.startswith("error: ZeroDivisionError: division by zero\nThis looks like a defect; ")
    assert ending(StudyError("no"), capsys) == (2, "error: no\n")
    with pytest.raises(ZeroDivisionError), in_words(debug=True):
        raise ZeroDivisionError


def full(X):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "scratch")


@pytest.mark.parametrize("backend", ["sequential", "loky", "dask"])
@pytest.mark.filterwarnings("default")  # Dask's sockets
def test_a_full_disk_of_a_worker_is_a_full_disk(study, folder: Path, capsys, backend: str):
    if backend == "dask":
        pytest.importorskip("distributed")
    tasks, table, study = tasks_of(study, folder, "linear")
    model = tasks[0].model.set_params(columns__numbers__scale=FunctionTransformer(full))
    tasks = make_tasks({"x": model}, [task.fold for task in tasks], 0)
    how = Compute(backend=backend, workers=2)
    with open_pool(how, folder) as pool, pytest.raises(OSError, match="scratch") as caught:
        run_fits(tasks, table, study, pool=pool)
    assert ending(caught.value, capsys)[1].startswith("error: the disk is full ([Errno 28] ")


@posix
def test_a_file_that_may_not_grow_is_said(folder: Path):
    """The limit of a process stands for a quota; what was written before it is whole."""
    limited = (
        "import resource, runpy, sys\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1500, 1500))\n"
        "sys.argv = sys.argv[1:]\n"
        "runpy.run_path(sys.argv[0], run_name='__main__')\n"
    )
    script = [STUDY / "scripts" / "baselines.py", "--study", folder / "study.toml"]
    done = subprocess.run(
        [sys.executable, "-c", limited, *map(str, script)], capture_output=True, encoding="utf-8"
    )
    assert done.returncode == 1
    assert done.stderr.startswith("error: the file is larger than this system allows ([Errno 27] ")
    assert "Traceback" not in done.stderr
    assert not [path for path in folder.rglob(".*") if path.is_file()]
    assert list((folder / ".cache").glob("aside/*")) == []


SLOW = """
import time
from pathlib import Path
from reproml.run.start import start
from sklearn.dummy import DummyClassifier


class Slow(DummyClassifier):
    def fit(self, X, y):
        Path({mark!r}).touch()
        time.sleep(60)


def main(run):
    run.score({{"slow": Slow()}})


start(main, "Wait.")
"""


@posix
@pytest.mark.parametrize("workers", ["1", "2"])
def test_who_is_asked_to_end_leaves_nothing_behind(folder: Path, workers: str):
    """Only the run is asked, as a batch system may do; its workers end with it."""
    script, mark = folder / "slow.py", folder / "begun"
    script.write_text(SLOW.format(mark=str(mark)), encoding="utf-8")
    command = [sys.executable, script, "--study", folder / "study.toml", "--workers", workers]
    how = {"stderr": subprocess.PIPE, "encoding": "utf-8", "start_new_session": True}
    with subprocess.Popen(list(map(str, command)), **how) as process:
        wait_for(mark.exists)
        assert len(list((folder / ".cache" / "aside").iterdir())) == 1
        for _ in range(2):  # some ask twice
            process.send_signal(signal.SIGTERM)
        said = process.communicate(timeout=30)[1]
    assert (process.returncode, said) == (143, "terminated; every file under results is whole\n")
    assert list((folder / ".cache" / "aside").iterdir()) == []
    wait_for(partial(ended, process.pid))


def ended(group: int) -> bool:
    """Tell whether no process of a group is left."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return True
    return False


def wait_for(there) -> None:
    for _ in range(600):
        if there():
            return
        time.sleep(0.1)
    raise AssertionError(f"{there} did not come true in a minute")


@posix
def test_what_a_killed_run_left_is_swept_by_the_next(folder: Path, call):
    script, mark = folder / "slow.py", folder / "begun"
    script.write_text(SLOW.format(mark=str(mark)), encoding="utf-8")
    command = [sys.executable, script, "--study", folder / "study.toml", "--workers", "1"]
    with subprocess.Popen(list(map(str, command))) as process:
        wait_for(mark.exists)
        going = set((folder / ".cache" / "aside").iterdir())
        done = call("baselines", "--study", str(folder / "study.toml"))  # at the same time
        assert done.returncode == 0, done.stderr
        assert set((folder / ".cache" / "aside").iterdir()) == going != set()
        process.kill()
    assert set((folder / ".cache" / "aside").iterdir()) == going
    done = call("fits", "--study", str(folder / "study.toml"))
    assert done.returncode == 0, done.stderr
    assert list((folder / ".cache" / "aside").iterdir()) == []
