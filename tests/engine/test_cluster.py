"""Dask gives the same bits, whoever starts its workers and whatever becomes of them."""

import os
import re
import signal
import socket
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path

import pytest
from conftest import bits, tasks_of, texts, weights_of
from reproml.compute import pool as pools
from reproml.compute.fits import run_fits
from reproml.compute.task import make_tasks
from reproml.compute.workers import open_pool
from reproml.config.study import Compute, StudyError, parse_study
from sklearn.preprocessing import FunctionTransformer

DASK = find_spec("distributed") is not None
if DASK:
    from reproml.compute import cluster as module

needs_dask = pytest.mark.skipif(
    not DASK,
    reason="Dask is an extra: python scripts/environment.py --extra dask",
)
posix = pytest.mark.skipif(os.name == "nt", reason="kill -9 and sh are for POSIX")
# Dask's own affairs: sockets that it leaves to the collector, and names that it moves
pytestmark = pytest.mark.filterwarnings("default")


@pytest.fixture
def setting(study, folder: Path):
    """Return the tasks of two models on six folds, and what they are run on."""
    return tasks_of(study, folder, "linear", "forest")


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory):
    """Return a cluster of two workers on this machine."""
    folder = tmp_path_factory.mktemp("cluster")
    with open_pool(Compute(backend="dask", workers=2), folder) as made:
        yield made


@needs_dask
def test_two_dask_workers_give_the_bits_of_this_process(setting, two):
    assert two.workers == 2
    assert bits(run_fits(*setting, pool=two)) == bits(run_fits(*setting))


@needs_dask
def test_tables_are_made_at_the_workers_too(setting, two):
    do = weights_of(setting[2])
    found, here = run_fits(*setting, do=do, pool=two), run_fits(*setting, do=do)
    assert texts(found) == texts(here)
    assert "dose" in "".join(texts(here))


@needs_dask
@posix
def test_a_killed_worker_costs_its_tasks_and_not_the_run(setting, two):
    before = sorted(two.client.run(os.getpid).values())
    killed: list[int] = []

    def kill() -> None:
        if not killed:
            killed.append(before[0])
            os.kill(before[0], signal.SIGKILL)

    results = run_fits(*setting, pool=two, on_done=kill)
    assert killed == before[:1]
    assert bits(results) == bits(run_fits(*setting))


@needs_dask
def test_a_worker_that_sees_no_file_of_ours_gets_the_rows(setting, two, monkeypatch):
    @contextmanager
    def elsewhere(work, folder):
        yield "/no/such/folder/work"

    monkeypatch.setattr(pools, "_saved", elsewhere)
    assert bits(run_fits(*setting, pool=two)) == bits(run_fits(*setting))


@needs_dask
def test_a_worker_with_other_versions_is_refused(setting, two, monkeypatch):
    ours = module.expected_of("example_study")
    monkeypatch.setattr(module, "expected_of", lambda package: ours | {"numpy": "9.9.9"})
    with pytest.raises(StudyError, match=r"a Dask worker has numpy .* instead of 9\.9\.9"):
        run_fits(*setting, pool=two)


@needs_dask
@pytest.mark.parametrize("package", ["reproml", "example_study"])
def test_a_worker_with_other_source_is_refused(package: str):
    expected = module.expected_of("example_study") | {f"source of {package}": "0123"}
    with pytest.raises(StudyError, match="instead of 0123"):
        module.run_checked(expected, "nowhere", 0)


@needs_dask
def test_a_mistake_of_the_author_arrives_as_it_is(setting, two):
    tasks, table, study = setting
    model = tasks[0].model.set_params(subset__keep=["no_such_column"])
    with pytest.raises(StudyError, match="no_such_column"):
        run_fits(make_tasks({"x": model}, [tasks[0].fold], 0), table, study, pool=two)


@needs_dask
def test_a_scheduler_that_runs_is_used(setting, two, tmp_path: Path):
    compute = Compute(backend="dask", scheduler=two.client.scheduler.address)
    with open_pool(compute, tmp_path) as again:
        assert bits(run_fits(*setting, pool=again)) == bits(run_fits(*setting))
    assert two.workers == 2  # it is left running


@needs_dask
def test_a_scheduler_that_does_not_answer_is_said_long_before_dask_does(tmp_path: Path):
    start = time.monotonic()
    compute = Compute(backend="dask", scheduler="tcp://127.0.0.1:9")
    expected = r"no Dask scheduler answers at tcp://127\.0\.0\.1:9"
    with pytest.raises(StudyError, match=expected), open_pool(compute, tmp_path):
        pass
    assert time.monotonic() - start < 20  # 8 seconds on a machine that is not busy; Dask's are 30


@needs_dask
def test_a_run_that_no_worker_is_left_for_ends(setting, tmp_path: Path, monkeypatch):
    from distributed import Client, LocalCluster

    monkeypatch.setattr(module, "GONE", 1)
    alone = LocalCluster(n_workers=0, processes=False, dashboard_address="127.0.0.1:0")
    with alone, Client(alone, set_as_default=False) as client:
        expected = "no Dask worker has been there for 1 seconds, and fits wait for one\n"
        with pytest.raises(StudyError, match=expected):
            run_fits(*setting, pool=module.Cluster(client, tmp_path))


@needs_dask
def test_two_runs_side_by_side_both_end_with_the_same_bytes(folder: Path, call):
    def results(name: str, *how: str) -> dict[str, bytes]:
        made = folder / name
        arguments = ["--study", str(folder / "study.toml"), "--results", str(made), "--fresh"]
        done = call("baselines", *arguments, *how)
        assert (done.returncode, done.stderr) == (0, "")  # they are not in each other's way
        return {path.name: path.read_bytes() for path in sorted(made.iterdir())}

    with ThreadPoolExecutor() as pool, socket.socket() as other:
        with suppress(OSError):  # taken, as it is meant to be
            other.bind(("127.0.0.1", 8787))  # the port of everybody's first scheduler
            other.listen()
        dask = ("--backend", "dask", "--workers", "2")
        runs = [pool.submit(results, name, *dask) for name in ("one", "other")]
        one, another = (run.result() for run in runs)
    assert one == another == results("alone", "--backend", "sequential")
    assert "baselines.csv" in one


def test_without_dask_the_message_says_how_to_get_it(tmp_path: Path, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    monkeypatch.delitem(sys.modules, "reproml.compute.cluster", raising=False)
    with (
        pytest.raises(StudyError, match=r"environment\.py --extra dask"),
        open_pool(Compute(backend="dask"), tmp_path),
    ):
        pass


@needs_dask
@posix
def test_a_fit_that_always_kills_its_worker_ends_the_run(setting, tmp_path: Path):
    def die(X):
        os.kill(os.getpid(), signal.SIGKILL)

    tasks, table, study = setting
    model = tasks[0].model.set_params(columns__numbers__scale=FunctionTransformer(die))
    deadly = make_tasks({"deadly": model}, [tasks[0].fold], 0)
    with (
        open_pool(Compute(backend="dask", workers=2), tmp_path) as own,
        pytest.raises(StudyError, match="--backend sequential the fit fails in this process"),
    ):
        run_fits(deadly, table, study, pool=own)


@needs_dask
def test_a_scheduler_that_ends_is_said(setting, tmp_path: Path):
    from distributed import Client, LocalCluster

    with LocalCluster(n_workers=1, dashboard_address="127.0.0.1:0") as gone:
        client = Client(gone, set_as_default=False)
        pool = module.Cluster(client, tmp_path)
        end = iter([gone.close])

        def stop() -> None:
            next(end, lambda: None)()

        with pytest.raises(StudyError, match="the Dask scheduler is gone"):
            run_fits(*setting, pool=pool, on_done=stop)
        client.close()


@pytest.mark.parametrize(
    ("compute", "message"),
    [
        ({"slurm": {"queue": "short"}}, "compute: slurm: a study sends no jobs of its own"),
        ({"backend": "threading"}, 'compute: backend is "threading", which is gone'),
    ],
)
def test_what_was_given_up_names_the_shards(content, compute, message):
    with pytest.raises(StudyError, match=message) as caught:
        parse_study(content | {"compute": compute})
    assert "python -m reproml fits --shard i/n" in str(caught.value)


def test_three_shards_make_all_fits_and_the_same_bytes(folder: Path, call):
    """What a batch system does: each part in a process of its own, into one cache."""
    study = ("--study", str(folder / "study.toml"))
    results = [folder / "fresh", folder / "cached"]
    fresh = call("baselines", *study, "--results", str(results[0]), "--fresh")
    assert fresh.returncode == 0, fresh.stderr
    said = [call("fits", *study, "--shard", f"{part}/3") for part in (1, 2, 3)]
    made = [int(re.search(r"(\d+) fits made, 0 were there", one.stdout)[1]) for one in said]
    assert sum(made) == 30 and max(made) - min(made) <= 1  # 4 models and a variant on 6 folds
    entries = sorted((folder / ".cache" / "fits").rglob("*"))
    for name in ("baselines", "ablation"):
        done = call(name, *study, "--results", str(results[1]))
        assert done.returncode == 0, done.stderr
    new = {p for p in (folder / ".cache" / "fits").rglob("*") if p.is_file()} - set(entries)
    assert len(new) == 2  # which columns reach the ablation's two models; no fit
    assert (results[0] / "baselines.csv").read_bytes() == (
        results[1] / "baselines.csv"
    ).read_bytes()
    counted = call("fits", *study)
    assert counted.stdout.startswith("30 fits, of which the cache has 30\n"), counted.stderr


@pytest.mark.parametrize("text", ["0/3", "4/3", "1", "a/b", "1/0"])
def test_a_shard_is_written_i_of_n(folder: Path, call, text: str):
    done = call("fits", "--study", str(folder / "study.toml"), "--shard", text)
    assert done.returncode == 2
    assert "write i/n, the i-th of n parts, such as 3/10" in done.stderr
