"""Dask gives the same bits, whoever starts its workers and whatever becomes of them."""

import os
import signal
import socket
import stat
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from example_study.data import load_table
from reproml.compute import cluster as module
from reproml.compute.cluster import Cluster, open_cluster, run_checked
from reproml.compute.dispatch import run_tasks
from reproml.compute.models import build_model
from reproml.compute.slurm import slurm_jobs
from reproml.compute.task import make_tasks
from reproml.config.study import Compute, Slurm, StudyError, read_study
from reproml.explain.weights import fold_weights
from reproml.split.splits import make_folds

needs_dask = pytest.mark.skipif(
    find_spec("distributed") is None or find_spec("dask_jobqueue") is None,
    reason="Dask is an extra: python scripts/environment.py --extra dask",
)
posix = pytest.mark.skipif(os.name == "nt", reason="kill -9 and sh are for POSIX")
# Dask's own affairs: sockets that it leaves to the collector, and names that it moves
pytestmark = pytest.mark.filterwarnings("default")


@pytest.fixture
def setting(folder: Path):
    """Return the tasks of two models on six folds, and what they are run on."""
    study = read_study(folder / "study.toml")
    table = load_table(study, folder)
    folds = make_folds(table, np.arange(60), study.split, stratify=True, seed=0)
    models = {name: build_model(name, study) for name in ("linear", "forest")}
    return make_tasks(models, folds, seed=0), table, study.data.classes


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory):
    """Return a cluster of two workers on this machine."""
    folder = tmp_path_factory.mktemp("cluster")
    with open_cluster(Compute(backend="dask"), 2, folder) as made:
        yield made


def bits(results) -> list[bytes]:
    return [r.probability.tobytes() + "".join(r.predicted).encode() for r in results]


@needs_dask
def test_two_dask_workers_give_the_bits_of_this_process(setting, two):
    assert two.workers == 2
    assert bits(run_tasks(*setting, backend=two)) == bits(run_tasks(*setting))


@needs_dask
def test_tables_are_made_at_the_workers_too(setting, two, folder: Path):
    do = partial(fold_weights, study=read_study(folder / "study.toml"))
    found, here = run_tasks(*setting, do=do, backend=two), run_tasks(*setting, do=do)
    assert [one.to_csv() for one in found] == [one.to_csv() for one in here]


@needs_dask
@posix
def test_a_killed_worker_costs_its_tasks_and_not_the_run(setting, two):
    before = sorted(two.client.run(os.getpid).values())
    killed: list[int] = []

    def kill(progress) -> None:
        if not killed:
            killed.append(before[0])
            os.kill(before[0], signal.SIGKILL)

    results = run_tasks(*setting, backend=two, on_done=kill)
    assert killed == before[:1]
    assert bits(results) == bits(run_tasks(*setting))


@needs_dask
def test_a_worker_that_sees_no_file_of_ours_gets_the_rows(setting, two, monkeypatch):
    @contextmanager
    def elsewhere(work, folder):
        yield "/no/such/folder/work"

    monkeypatch.setattr(module, "saved", elsewhere)
    assert bits(run_tasks(*setting, backend=two)) == bits(run_tasks(*setting))


@needs_dask
def test_a_worker_with_other_versions_is_refused(setting, two, monkeypatch):
    ours = module.fingerprint()
    monkeypatch.setattr(module, "fingerprint", lambda: ours | {"numpy": "9.9.9"})
    with pytest.raises(StudyError, match=r"a Dask worker has numpy .* instead of 9\.9\.9"):
        run_tasks(*setting, backend=two)


def test_versions_are_compared_where_the_fit_is_made():
    with pytest.raises(StudyError, match="instead of 0123"):
        run_checked(module.fingerprint() | {"source": "0123"}, "nowhere", [])


@needs_dask
def test_a_mistake_of_the_author_arrives_as_it_is(setting, two):
    tasks, table, classes = setting
    model = tasks[0].model.set_params(subset__keep=["no_such_column"])
    with pytest.raises(StudyError, match="no_such_column"):
        run_tasks(make_tasks({"x": model}, [tasks[0].fold], 0), table, classes, backend=two)


@needs_dask
def test_a_scheduler_that_runs_is_used(setting, two, tmp_path: Path):
    compute = Compute(backend="dask", scheduler=two.client.scheduler.address)
    with open_cluster(compute, -1, tmp_path) as again:
        assert bits(run_tasks(*setting, backend=again)) == bits(run_tasks(*setting))
    assert two.workers == 2  # it is left running


@needs_dask
def test_a_scheduler_that_does_not_answer_is_said_long_before_dask_does(tmp_path: Path):
    start = time.monotonic()
    compute = Compute(backend="dask", scheduler="tcp://127.0.0.1:9")
    expected = r"no Dask scheduler answers at tcp://127\.0\.0\.1:9"
    with pytest.raises(StudyError, match=expected), open_cluster(compute, -1, tmp_path):
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
            run_tasks(*setting, backend=Cluster(client, tmp_path))


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
    with (
        pytest.raises(StudyError, match=r"environment\.py --extra dask"),
        open_cluster(Compute(backend="dask"), 1, tmp_path),
    ):
        pass


SLURM = Slurm(
    queue="short",
    account="climate",
    cores=4,
    memory="8 GB",
    walltime="01:30:00",
    directives=["--constraint=avx2"],
    setup=["module load python"],
)


@pytest.fixture
def slurm(tmp_path: Path, monkeypatch):
    """Return a maker of stand-ins for SLURM's commands, with what sbatch does before it answers."""

    def make(sbatch: str, squeue: str = "ps -A -o pid=") -> Compute:
        # as SLURM does, it copies the script, which is gone as soon as sbatch has answered
        start = 'cp "$1" "$0.$$"\n' + sbatch + '\necho "Submitted batch job $!"'
        # what the job has started goes first: nothing is left running
        texts = {"sbatch": start, "squeue": squeue, "scancel": 'pkill -P "$1"\nkill "$1"'}
        for name, text in texts.items():
            path = tmp_path / name
            path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
            path.chmod(path.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
        slurm = SLURM.model_copy(update={"cores": 1, "memory": "1 GB", "setup": []})
        return Compute(backend="dask", slurm=slurm)

    return make


@needs_dask
def test_the_job_asks_for_what_study_toml_says(tmp_path: Path):
    with slurm_jobs(SLURM, 8, tmp_path, send=False) as jobs:
        script = jobs.cluster.job_script()
    for line in ("-p short", "-A climate", "--cpus-per-task=4", "--mem=8G", "-t 01:30:00"):
        assert f"#SBATCH {line}\n" in script
    assert "#SBATCH --constraint=avx2\n" in script
    assert script.index("module load python") < script.index(sys.executable)
    assert "--nthreads 1" in script
    assert "--nworkers 4" in script


@needs_dask
@posix
def test_jobs_bring_workers_however_long_they_are_queued(
    setting, slurm, tmp_path: Path, monkeypatch
):
    monkeypatch.setattr(module, "GONE", 1)
    compute = slurm('(sleep 3; exec sh "$0.$$") >/dev/null 2>&1 &')
    with open_cluster(compute, 1, tmp_path) as jobs:
        assert bits(run_tasks(*setting, backend=jobs)) == bits(run_tasks(*setting))


@needs_dask
@posix
@pytest.mark.parametrize(
    ("sbatch", "squeue", "message"),
    [
        ("true &", "true", "no SLURM job is queued. The last lines of its log:\n  no such module"),
        ("echo no such queue >&2; exit 1", "true", "sbatch refused: no such queue"),
        ("true &", "exit 1", "SLURM does not say whether its jobs are still to come"),
    ],
    ids=["ended", "refused", "unknown"],
)
def test_jobs_that_bring_no_worker_end_the_run(
    setting, slurm, tmp_path: Path, monkeypatch, sbatch, squeue, message
):
    monkeypatch.setattr(module, "GONE", 1)
    monkeypatch.setattr(module, "ASKED", 2)
    log = tmp_path / "slurm" / "dask-worker-7.err"
    log.parent.mkdir()
    log.write_text("no such module\n", encoding="utf-8")
    with (
        pytest.raises(StudyError, match=message),
        open_cluster(slurm(sbatch, squeue), 1, tmp_path) as jobs,
    ):
        run_tasks(*setting, backend=jobs)


@needs_dask
@pytest.mark.parametrize(
    ("workers", "message"), [(-1, "say how many"), (2, "sends jobs with sbatch")]
)
def test_jobs_that_cannot_be_sent_are_refused(tmp_path: Path, monkeypatch, workers, message):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(StudyError, match=message), slurm_jobs(SLURM, workers, tmp_path):
        pass
