"""A fit, an import or the loader that reads what is not declared is refused, whatever reads it."""

import json
import linecache
import mmap
import multiprocessing
import os
import pickle
import py_compile
import re
import readline
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
import warnings
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from ctypes import CDLL, c_void_p, create_string_buffer
from functools import partial
from multiprocessing.shared_memory import SharedMemory
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from example_study import STUDY as CODE
from PIL import Image
from pyarrow import csv, dataset, feather, fs, ipc, orc, parquet
from pyarrow import json as arrow_json
from reproml.compute.pool import Pool
from reproml.compute.task import Task, Work
from reproml.config.checksums import sha256_of
from reproml.config.columns import Table
from reproml.config.study import Data, Place, Study, StudyError
from reproml.config.watch import OnlyDeclared, _places, allow
from reproml.share.checkpoints import train_in_steps
from reproml.split.splits import Fold
from scipy.io import loadmat, mmread, savemat
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.linear_model import LinearRegression, SGDRegressor
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

PAGE = Path(__file__).resolve().parents[2] / "{{cookiecutter.project_slug}}/docs/reproducibility.md"
FRAME = pd.DataFrame({"dose": [1.0, 2.0]})
OLDER = ThreadPoolExecutor(1)
OLDER.submit(int).result()  # its thread is there before any fit


def fopen(path: Path) -> bytes:
    """Read a file by C's own functions."""
    library, into = CDLL(None), create_string_buffer(9)
    library.fopen.restype = c_void_p
    assert library.fread(into, 1, 1, c_void_p(library.fopen(os.fsencode(path), b"r"))) == 1
    return into.raw


def opened(how: str, read: Callable = lambda file: file.read()) -> Callable[[Path], object]:
    """Return a reader that opens a file in a way."""

    def reader(path: Path) -> object:
        with path.open(how) as file:
            return read(file)

    return reader


def saved(save: Callable) -> Callable[[Path], None]:
    """Return a writer to a file that Python opens, so that the name gets no ending."""

    def writer(path: Path) -> None:
        with path.open("wb") as file:
            save(file)

    return writer


def by_number(path: Path) -> bytes:
    number = os.open(path, os.O_RDONLY)
    try:
        return os.read(number, 1)
    finally:
        os.close(number)


def from_database(name: str | Path, **how: bool) -> None:
    sqlite3.connect(name, **how).close()


def from_shell(path: Path) -> str:
    with os.popen(f"cat {path}") as said:
        return said.read()


def mapped(path: Path) -> bytes:
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return content[:1]


def by_thread(path: Path) -> bytes:
    said: list[bytes] = []
    thread = threading.Thread(target=lambda: said.append(quiet(path)))
    thread.start()
    thread.join()
    return said[0]


def quiet(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except StudyError:
        return b""


def by_process(path: Path, how: str) -> bytes:
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context(how)) as pool:
        return pool.submit(Path.read_bytes, path).result()


def by_workers(path: Path) -> list[bytes]:
    read = joblib.delayed(Path.read_bytes)
    return joblib.Parallel(2, backend="loky")(read(path) for _ in range(2))


def by_arrow(path: Path) -> bytes:
    with pa.memory_map(str(path)) as file:
        return file.read()


def by_memory(path: Path) -> bytes:
    own = SharedMemory(create=True, size=1)
    try:
        other = SharedMemory(own.name)
        other.close()
        return bytes(own.buf)
    finally:
        own.close()
        own.unlink()


def attached(path: Path) -> None:
    database = sqlite3.connect(":memory:")
    database.execute("ATTACH ? AS other", (str(path),))
    database.close()


def in_folder(path: Path) -> bytes:
    """Read a file by its name in a folder that is open."""
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        with open(path.name, "rb", opener=partial(os.open, dir_fd=folder)) as file:
            return file.read()
    finally:
        os.close(folder)


def as_source(path: Path) -> list[str]:
    linecache.clearcache()
    return linecache.getlines(str(path.with_suffix(".py")))


def moved_over(path: Path, move: Callable, *, folder: bool = False) -> str:
    """Read a file that was put in the place of one that the fit had written."""
    own = Path(tempfile.mkdtemp(), "own")
    own.mkdir()
    (own / path.name).write_text("own", encoding="utf-8")
    shutil.rmtree(own) if folder else (own / path.name).unlink()
    move(path.parent if folder else path, own if folder else own / path.name)
    try:
        return (own / path.name).read_text(encoding="utf-8")
    finally:
        if folder:
            own.rename(path.parent)


def linked(old: Path, new: Path) -> None:
    """Link a file by names in folders that are open."""
    folders = [os.open(one.parent, os.O_RDONLY) for one in (old, new)]
    os.link(old.name, new.name, src_dir_fd=folders[0], dst_dir_fd=folders[1])
    for one in folders:
        os.close(one)


def copied(path: Path) -> None:
    subprocess.run(["cat", path], check=True, capture_output=True)


# How to write a file, and how to read it; the names of those that escape stand on the page.
TEXT = partial(Path.write_text, data="1", encoding="utf-8")
ARRAY = saved(lambda file: np.save(file, [1.0]))
READERS: dict[str, tuple[Callable[[Path], object], Callable[[Path], object]]] = {
    "open": (TEXT, opened("r")),
    "open, to change": (TEXT, opened("r+")),
    "open, to add": (TEXT, opened("a+")),
    "os.open": (TEXT, by_number),
    "a name in an open folder": (TEXT, in_folder),
    "a link": (TEXT, lambda p: moved_over(p, os.link)),
    "a link by open folders": (TEXT, lambda p: moved_over(p, linked)),
    "a folder moved": (TEXT, lambda p: moved_over(p, os.rename, folder=True)),
    "pathlib": (TEXT, Path.read_bytes),
    "pandas.read_csv": (FRAME.to_csv, pd.read_csv),
    "pandas.read_json": (FRAME.to_json, pd.read_json),
    "pandas.read_pickle": (FRAME.to_pickle, pd.read_pickle),
    "pandas.read_feather": (FRAME.to_feather, pd.read_feather),
    "pandas.read_parquet": (FRAME.to_parquet, pd.read_parquet),
    "numpy.load": (ARRAY, np.load),
    "numpy.load, mapped": (ARRAY, partial(np.load, mmap_mode="r")),
    "numpy.fromfile": (np.arange(3.0).tofile, np.fromfile),
    "numpy.memmap": (np.arange(3.0).tofile, np.memmap),
    "numpy.loadtxt": (TEXT, np.loadtxt),
    "scipy.io.loadmat": (saved(lambda file: savemat(file, {"x": 1})), opened("rb", loadmat)),
    "PIL": (lambda p: Image.new("L", (2, 2)).save(p, "PNG"), lambda p: Image.open(p).load()),
    "mmap": (TEXT, mapped),
    "joblib.load": (partial(joblib.dump, [1]), joblib.load),
    "pickle": (saved(lambda file: pickle.dump(1, file)), opened("rb", pickle.load)),
    "json": (TEXT, opened("r", json.load)),
    "sqlite3": (Path.touch, from_database),
    "sqlite3, an address": (Path.touch, lambda p: from_database(f"{p.as_uri()}?mode=ro", uri=True)),
    "a thread": (TEXT, by_thread),
    "a program": (TEXT, copied),
    "a shell": (TEXT, from_shell),
    "os.system": (TEXT, lambda p: os.system(f"true {p}")),
    "forkserver": (TEXT, lambda p: by_process(p, "forkserver")),
    "an address": (TEXT, lambda p: urllib.request.urlopen(p.as_uri())),
    "pyarrow.parquet": (FRAME.to_parquet, lambda p: parquet.read_table(str(p))),
    "pyarrow.csv": (FRAME.to_csv, lambda p: csv.read_csv(str(p))),
    "pyarrow.feather": (FRAME.to_feather, lambda p: feather.read_table(str(p))),
    "pyarrow.memory_map": (TEXT, by_arrow),
    "pyarrow.json": (lambda p: p.write_text('{"a": 1}'), lambda p: arrow_json.read_json(str(p))),
    "pyarrow.orc": (FRAME.to_orc, lambda p: orc.read_table(str(p))),
    "pyarrow.dataset": (FRAME.to_parquet, lambda p: dataset.dataset(str(p)).to_table()),
    "pyarrow.ipc": (FRAME.to_feather, lambda p: ipc.open_file(str(p)).schema),
    "pyarrow.fs": (TEXT, lambda p: fs.LocalFileSystem().open_input_file(str(p)).read()),
    "pyarrow.input_stream": (TEXT, lambda p: pa.input_stream(str(p)).read()),
    "pyarrow.OSFile": (TEXT, lambda p: pa.OSFile(str(p)).read()),
    'pandas.read_json(engine="pyarrow")': (
        lambda p: p.write_text('{"a": 1}'),
        lambda p: pd.read_json(str(p), lines=True, engine="pyarrow"),
    ),
    "scipy.io.mmread": (
        lambda p: p.write_text("%%MatrixMarket matrix coordinate real general\n1 1 1\n1 1 1\n"),
        lambda p: mmread(str(p)),
    ),
    "readline": (
        lambda p: (readline.add_history("1"), readline.write_history_file(p)),
        readline.read_history_file,
    ),
    "ATTACH": (Path.touch, attached),
    "linecache": (lambda p: (TEXT(p), TEXT(p.with_suffix(".py"))), as_source),
    "linecache, a table": (TEXT, lambda p: linecache.getlines(str(p))),
    "os.listdir": (TEXT, lambda p: os.listdir(p.parent)),  # noqa: PTH208
    "os.stat": (TEXT, os.stat),
    "os.environ": (TEXT, lambda p: os.environ["PATH"]),
    "sys.stdin": (TEXT, lambda p: os.read(0, 1)),
    "multiprocessing.shared_memory": (TEXT, by_memory),
    "ThreadPoolExecutor": (TEXT, lambda p: OLDER.submit(p.read_bytes).result()),
    "ctypes": (TEXT, fopen),
    "multiprocessing": (TEXT, lambda p: by_process(p, "spawn")),
    "joblib": (TEXT, by_workers),
}
NEVER = ("a program", "a shell", "os.system", "forkserver", "an address")  # declared or not
NEVER += ("a link", "a link by open folders", "a folder moved")  # has a name that no study declares


def escaping() -> set[str]:
    """Return what the study's page says that nobody sees."""
    page = PAGE.read_text(encoding="utf-8")
    part = re.search(r"It does not see:(.+)Declare these files", page, re.DOTALL)[1]
    return set(re.findall("`([^`]+)`", part)) - {".py"}


def place(folder: Path, *declared: str) -> Study:
    """Return a study in a folder that declares some of its files."""
    data = Data.model_construct(file="tiny.csv")
    files = {name: sha256_of(folder / name) for name in declared}
    return Study.model_construct(data=data).with_code(CODE).at(folder, files)


def escapes(read: Callable[[Path], object], path: Path) -> bool:
    """Say whether something reads a file of a study that declares none."""
    try:
        with OnlyDeclared(place(path.parent), "forest"):
            read(path)
    except StudyError as error:
        assert str(error).startswith("forest ")
        assert "python -m reproml checksums" in str(error)
        return False
    return True


@pytest.mark.parametrize("name", READERS)
def test_a_declared_file_is_read_and_another_refused_unless_the_page_says_so(name, tmp_path: Path):
    write, read = READERS[name]
    path = tmp_path / "input.bin"
    write(path)
    assert escapes(read, path) == (name in escaping())
    if name not in NEVER:
        with OnlyDeclared(place(tmp_path, "input.bin"), "forest"):
            read(path)


def test_the_page_names_no_reader_that_is_not_tried():
    assert len(escaping()) == 26
    assert escaping() <= set(READERS)


def test_an_author_who_catches_everything_hides_nothing(tmp_path: Path):
    (tmp_path / "notes.csv").write_text("1", encoding="utf-8")
    with (
        pytest.raises(
            StudyError, match=r"forest reads notes.csv, which study.toml does not declare"
        ),
        OnlyDeclared(place(tmp_path), "forest"),
    ):
        try:
            (tmp_path / "notes.csv").read_text(encoding="utf-8")
        except Exception:
            said = "nothing"
    assert said == "nothing"


def test_another_error_that_follows_does_not_hide_the_cause(tmp_path: Path):
    (tmp_path / "notes.csv").write_text("1", encoding="utf-8")
    with (
        pytest.raises(StudyError, match=r"notes.csv") as caught,
        OnlyDeclared(place(tmp_path), "m"),
    ):
        try:
            (tmp_path / "notes.csv").read_text(encoding="utf-8")
        except StudyError:
            raise ValueError("no notes") from None
    assert isinstance(caught.value.__cause__, ValueError)


def test_what_the_block_wrote_itself_may_be_read(tmp_path: Path):
    old, own, moved = (tmp_path / name for name in ("old.txt", "own.txt", "moved.txt"))
    old.write_text("old", encoding="utf-8")
    with OnlyDeclared(place(tmp_path), "forest"):
        own.write_text("own", encoding="utf-8")
        assert own.read_text(encoding="utf-8") == "own"
        own.rename(moved)
        assert moved.read_text(encoding="utf-8") == "own"
        (tmp_path / "folder").mkdir()
        moved.rename(tmp_path / "folder" / "moved.txt")
        (tmp_path / "folder").rename(tmp_path / "other")
        (tmp_path / "other" / "moved.txt").rename(moved)  # a folder takes its files along
        assert moved.read_text(encoding="utf-8") == "own"
        with old.open("a", encoding="utf-8") as file:  # a log
            file.write("more")
        assert not (tmp_path / "none.txt").exists()
        with pytest.raises(FileNotFoundError):
            (tmp_path / "none.txt").read_text(encoding="utf-8")
    for read in (
        lambda: (old.open("a").close(), old.read_text(encoding="utf-8")),  # added to is not own
        lambda: moved.read_text(encoding="utf-8"),  # nor what another block wrote
        lambda: (own.write_text("1"), old.replace(own), own.read_text(encoding="utf-8")),
    ):
        with pytest.raises(StudyError), OnlyDeclared(place(tmp_path), "forest"):
            read()


def test_libraries_code_and_the_system_may_be_read(tmp_path: Path):
    study = place(tmp_path)
    for name in ("scripts/own.py", "data/own.py", "src/pkg/table.csv"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x = 1\n", encoding="utf-8")
    package = study.code.folder
    allowed = [Path(np.__file__), Path(os.__file__), Path(os.devnull), package / "models.py"]
    for path in [*allowed, tmp_path / "scripts" / "own.py"]:
        with OnlyDeclared(study, "forest"):
            path.read_bytes()
    for name in ("data/own.py", "src/pkg/table.csv"):
        with pytest.raises(StudyError, match=name), OnlyDeclared(study, "forest"):
            (tmp_path / name).read_bytes()
    with OnlyDeclared(study, "forest"):
        subprocess.run(["uname"], check=True, capture_output=True)


def test_compiled_code_needs_its_source(tmp_path: Path):
    study = place(tmp_path)
    source = tmp_path / "scripts" / "own.py"
    source.parent.mkdir()
    source.write_text("x = 1\n", encoding="utf-8")
    made = source.parent / "__pycache__" / f"own.{sys.implementation.cache_tag}.pyc"
    py_compile.compile(str(source), str(made))
    with OnlyDeclared(study, "forest"):
        made.read_bytes()
    for name in ("__pycache__/own.csv", "__pycache__/lost.cpython-311.pyc", "own.pyc"):
        shutil.copy(made, source.parent / name)
        with pytest.raises(StudyError, match=re.escape(name)), OnlyDeclared(study, "forest"):
            (source.parent / name).read_bytes()


def test_programs_are_harmless_where_the_system_has_them(tmp_path: Path, monkeypatch):
    own = tmp_path / "uname"
    own.write_text("#!/bin/sh\necho own\n", encoding="utf-8")
    own.chmod(0o755)
    path = {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}

    def said(*command: str, env: dict[str, str] | None = None) -> bool:
        return escapes(
            lambda _: subprocess.run(command, env=env, capture_output=True), tmp_path / "a"
        )

    assert said("uname")
    assert said("uname", env={"PATH": "/usr/bin:/bin"})
    assert not said(str(own))
    assert not said("uname", env=path)
    monkeypatch.setenv("PATH", path["PATH"])
    assert not said("uname")


def test_what_people_do_in_fits_is_not_refused(tmp_path: Path, monkeypatch):
    study = place(tmp_path / "study")
    code = """if True:
        import sys, warnings, zoneinfo, inspect, logging, traceback, ssl
        from reproml.config.watch import OnlyDeclared
        from reproml.config.study import Data, Study
        study = Study.model_construct(data=Data.model_construct(file="tiny.csv"))
        with OnlyDeclared(study, "forest", code=sys.argv[1]):
            import matplotlib.pyplot as plt
            from sklearn.datasets import load_iris
            plt.figure().text(0, 0, "a").figure.canvas.draw()
            load_iris()
            zoneinfo.ZoneInfo("Europe/Paris")
            inspect.getsource(zoneinfo)
            warnings.warn("odd")
            ssl.create_default_context()
            logging.getLogger().error(traceback.format_stack())
    """
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("MPLCONFIGDIR", raising=False)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    for _ in range(2):  # it writes its list of fonts, and then reads it
        subprocess.run([sys.executable, "-c", code, tmp_path], check=True)
    steps = [("scale", StandardScaler()), ("model", LinearRegression())]
    with OnlyDeclared(study, "forest"), tempfile.TemporaryDirectory() as folder:
        for _ in range(2):
            Pipeline(steps, memory=folder).fit(FRAME, [1.0, 2.0])


def test_a_cache_between_fits_is_refused_and_the_message_says_what_to_do(tmp_path: Path):
    steps = [("scale", StandardScaler()), ("model", LinearRegression())]
    model = Pipeline(steps, memory=str(tmp_path)).fit(FRAME, [1.0, 2.0])
    with (
        pytest.raises(StudyError, match=r"leave memory=.{3} out, or let each fit make"),
        OnlyDeclared(place(tmp_path), "forest"),
    ):
        model.fit(FRAME, [1.0, 2.0])


def test_a_warning_may_show_its_line_of_source(tmp_path: Path):
    path = tmp_path / "own.py"
    path.write_text("import warnings\nwarnings.warn('odd')\n", encoding="utf-8")
    code = compile(path.read_text(encoding="utf-8"), str(path), "exec")
    with OnlyDeclared(place(tmp_path), "forest"), warnings.catch_warnings(record=True):
        warnings.simplefilter("always")
        exec(code)
        assert linecache.getline(str(path), 2) == "warnings.warn('odd')\n"
    (tmp_path / "own.csv").write_text("1", encoding="utf-8")
    assert not escapes(lambda p: linecache.getline(str(p), 1), tmp_path / "own.csv")


def test_a_study_below_an_allowed_folder_is_not_allowed_by_it(tmp_path: Path, monkeypatch):
    (tmp_path / "study").mkdir()
    for name in ("study/notes.csv", "library.csv"):
        (tmp_path / name).write_text("1", encoding="utf-8")
    monkeypatch.setattr("sys.base_prefix", str(tmp_path))  # such as /usr, with /usr/src/study
    with OnlyDeclared(place(tmp_path / "study"), "forest"):
        (tmp_path / "library.csv").read_bytes()
    with pytest.raises(StudyError), OnlyDeclared(place(tmp_path / "study"), "forest"):
        (tmp_path / "study" / "notes.csv").read_bytes()


def test_the_home_folder_is_refused_but_for_libraries_in_it(tmp_path: Path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    for name in ("weights.bin", "lib/site-packages/table.csv"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("1", encoding="utf-8")
    libraries = str(tmp_path / "lib" / "site-packages")
    monkeypatch.syspath_prepend(libraries)  # which makes it no place of libraries
    (tmp_path / "study").mkdir()
    assert not escapes(
        lambda p: Path(libraries, "table.csv").read_bytes(), tmp_path / "study" / "a"
    )
    monkeypatch.setattr("reproml.config.watch.LIBRARIES", (libraries,))
    _places.cache_clear()
    with OnlyDeclared(place(tmp_path / "study"), "forest"):
        (tmp_path / "lib" / "site-packages" / "table.csv").read_bytes()
    with (
        pytest.raises(StudyError, match=r"weights.bin"),
        OnlyDeclared(place(tmp_path / "study"), "m"),
    ):
        (Path.home() / "weights.bin").read_bytes()


def test_the_data_file_is_the_loaders_alone(tmp_path: Path):
    (tmp_path / "tiny.csv").write_text("1", encoding="utf-8")
    with OnlyDeclared(place(tmp_path), "load_table", loads=True):
        (tmp_path / "tiny.csv").read_bytes()
    message = "forest reads tiny.csv, which holds the test rows; only data.py may read it"
    with pytest.raises(StudyError, match=message), OnlyDeclared(place(tmp_path), "forest"):
        (tmp_path / "tiny.csv").read_bytes()


def test_a_declared_file_that_changes_during_the_run_is_refused(tmp_path: Path):
    path = tmp_path / "weights.bin"
    path.write_text("1", encoding="utf-8")
    study = place(tmp_path, "weights.bin")
    path.write_text("2", encoding="utf-8")
    message = "weights.bin: it changed during the run"
    with pytest.raises(StudyError, match=message), OnlyDeclared(study, "forest"):
        path.read_bytes()


def test_a_declared_file_is_known_by_another_way_to_it(tmp_path: Path):
    (tmp_path / "study" / "data").mkdir(parents=True)
    path = tmp_path / "study" / "data" / "weights.bin"
    path.write_text("1", encoding="utf-8")
    (tmp_path / "link").symlink_to(tmp_path / "study")
    study = place(tmp_path / "study", "data/weights.bin")
    for other in ("link/data/weights.bin", "study/data/../data/weights.bin"):
        with OnlyDeclared(study, "forest"):
            (tmp_path / other).read_bytes()


def test_a_link_that_leads_elsewhere_is_refused(tmp_path: Path):
    (tmp_path / "study" / "data").mkdir(parents=True)
    for name in ("weights.bin", "study/data/weights.bin"):
        (tmp_path / name).write_text(name, encoding="utf-8")
    study = place(tmp_path / "study", "data/weights.bin")
    (tmp_path / "study" / "data" / "weights.bin").unlink()
    (tmp_path / "study" / "data" / "weights.bin").symlink_to(tmp_path / "weights.bin")
    with pytest.raises(StudyError, match="changed"), OnlyDeclared(study, "forest"):
        (tmp_path / "study" / "data" / "weights.bin").read_bytes()


def test_threads_of_others_are_not_watched_and_its_own_are(tmp_path: Path):
    path, go, read = tmp_path / "notes.csv", threading.Event(), []
    path.write_text("1", encoding="utf-8")

    def wait() -> None:
        go.wait()
        read.append(path.read_bytes())

    other = threading.Thread(target=wait)
    other.start()
    with OnlyDeclared(place(tmp_path), "forest"):
        go.set()
        other.join()
    assert read == [b"1"]
    assert not escapes(by_thread, path)
    assert path.read_bytes() == b"1"  # outside of a block nothing is refused


def test_blocks_inside_each_other_both_count(tmp_path: Path):
    path = tmp_path / "notes.csv"
    path.write_text("1", encoding="utf-8")
    strict, free = place(tmp_path), place(tmp_path, "notes.csv")
    for outer, inner in ((strict, free), (free, strict)):
        with pytest.raises(StudyError), OnlyDeclared(outer, "a"), OnlyDeclared(inner, "b"):
            path.read_bytes()
    with OnlyDeclared(free, "a"), OnlyDeclared(free, "b"):
        path.read_bytes()
    with pytest.raises(StudyError, match=r"^a "), OnlyDeclared(strict, "a"):
        try:
            with OnlyDeclared(strict, "b"):
                path.read_bytes()
        except StudyError:
            pass  # the outer one was told as well


def test_a_checkpoint_of_an_earlier_run_may_be_read(tmp_path: Path):
    def step(model: SGDRegressor, draw: np.random.Generator) -> None:
        model.partial_fit(draw.random((4, 1)), [0.0, 1.0, 2.0, 3.0])

    def train(n_steps: int) -> SGDRegressor:
        path, how = tmp_path / "a.ckpt", {"seed": 0, "context": {}, "every": 1}
        return train_in_steps(SGDRegressor(random_state=0), step, n_steps, path, **how)

    with OnlyDeclared(place(tmp_path), "forest"):
        train(2)
    with OnlyDeclared(place(tmp_path), "forest"):
        train(4)
        allow(tmp_path / "a.ckpt")
    assert (tmp_path / "a.ckpt").is_file()


class Reads(RegressorMixin, BaseEstimator):
    """Read a file in its fit."""

    def __init__(self, path: str = ""):
        self.path = path

    def fit(self, X: pd.DataFrame, y: pd.Series) -> "Reads":
        self.content_ = float(Path(self.path).read_text(encoding="utf-8"))
        return self

    def predict(self, X: pd.DataFrame) -> np.ndarray:
        return np.full(len(X), self.content_)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_fit_is_refused_in_every_worker(workers, tmp_path: Path):
    path = tmp_path / "input.txt"
    path.write_text("7", encoding="utf-8")
    y = pd.Series([1.0, 2.0, 3.0, 4.0])
    table = Table(y.to_frame("dose"), y, None, None, None, dropped={})
    folds = [Fold(0, i, np.array([0, 1]), np.array([2, 3])) for i in range(2)]
    tasks = [Task("reader", Reads(str(path)), fold, 0) for fold in folds]

    def fits(*declared: str) -> list[float]:
        work = Work(tasks, table, place(tmp_path, *declared), do_read, None, keep=False)
        return [one.value for one in Pool(workers, tmp_path).run(work, [0, 1])]

    assert fits("input.txt") == [7.0, 7.0]
    message = r"reader \(repeat 0, fold .\) reads input.txt, which study.toml does not declare"
    with pytest.raises(StudyError, match=message):
        fits()


def do_read(task: Task, table: Table) -> float:
    """Fit a task's model as a worker does."""
    train = task.fold.train
    return task.model.fit(table.X.iloc[train], table.y.iloc[train]).content_


def test_where_a_study_lies_is_not_in_a_fits_name_and_its_files_are(tmp_path: Path):
    (tmp_path / "a.txt").write_text("1", encoding="utf-8")
    study = place(tmp_path, "a.txt")
    assert study.place == Place(tmp_path.resolve(), {"a.txt": sha256_of(tmp_path / "a.txt")})
    again = pickle.loads(pickle.dumps(study.model_copy()))
    assert again.place == study.place


def test_watching_costs_next_to_nothing(tmp_path: Path):
    study = place(tmp_path)
    start = time.perf_counter()
    for _ in range(1000):
        with OnlyDeclared(study, "forest"):
            pass
    assert time.perf_counter() - start < 0.3  # a fit of the smallest model takes 1 ms
