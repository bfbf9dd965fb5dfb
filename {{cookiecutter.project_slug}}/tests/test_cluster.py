"""Dask gives the same bits, whoever starts its workers and whatever becomes of them."""

import os
import signal
import stat
import sys
import time
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from {{ cookiecutter.__package }} import cluster as module
from {{ cookiecutter.__package }}.cluster import (
    open_cluster,
    run_checked,
    slurm_cluster,
)
from {{ cookiecutter.__package }}.compute import make_tasks
from {{ cookiecutter.__package }}.data import load_table
from {{ cookiecutter.__package }}.dispatch import run_tasks
from {{ cookiecutter.__package }}.models import build_model
from {{ cookiecutter.__package }}.splits import make_folds
from {{ cookiecutter.__package }}.study import Compute, Slurm, StudyError, read_study

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
def test_a_scheduler_that_does_not_answer_is_said_within_ten_seconds(tmp_path: Path):
    start = time.monotonic()
    compute = Compute(backend="dask", scheduler="tcp://127.0.0.1:9")
    expected = r"no Dask scheduler answers at tcp://127\.0\.0\.1:9"
    with pytest.raises(StudyError, match=expected), open_cluster(compute, -1, tmp_path):
        pass
    assert time.monotonic() - start < 10


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


@needs_dask
def test_the_job_asks_for_what_study_toml_says(tmp_path: Path):
    with slurm_cluster(SLURM, 8, tmp_path, send=False) as jobs:
        script = jobs.job_script()
    for line in ("-p short", "-A climate", "--cpus-per-task=4", "--mem=8G", "-t 01:30:00"):
        assert f"#SBATCH {line}\n" in script
    assert "#SBATCH --constraint=avx2\n" in script
    assert script.index("module load python") < script.index(sys.executable)
    assert "--nthreads 1" in script
    assert "--nworkers 4" in script


@needs_dask
@posix
def test_jobs_bring_workers(setting, tmp_path: Path, monkeypatch):
    """A stand-in for sbatch runs the job script at once, on this machine."""
    sbatch = tmp_path / "sbatch"
    sbatch.write_text('#!/bin/sh\nsh "$1" >/dev/null 2>&1 &\necho "Submitted batch job $!"\n')
    # what the job has started goes first: nothing is left running
    (tmp_path / "scancel").write_text('#!/bin/sh\npkill -P "$1"\nkill "$1"\n')
    for name in ("sbatch", "scancel"):
        path = tmp_path / name
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    slurm = SLURM.model_copy(update={"cores": 1, "memory": "1 GB", "setup": []})
    with open_cluster(Compute(backend="dask", slurm=slurm), 1, tmp_path) as jobs:
        assert bits(run_tasks(*setting, backend=jobs)) == bits(run_tasks(*setting))


@needs_dask
@pytest.mark.parametrize(
    ("workers", "message"), [(-1, "say how many"), (2, "sends jobs with sbatch")]
)
def test_jobs_that_cannot_be_sent_are_refused(tmp_path: Path, monkeypatch, workers, message):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(StudyError, match=message), slurm_cluster(SLURM, workers, tmp_path):
        pass
