"""Who makes the fits, in which order and how often costs time and nothing else."""

import os
import signal
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from conftest import bits, tasks_of
from joblib.externals.loky import BrokenProcessPool, reusable_executor
from reproml.compute.cache import open_cache
from reproml.compute.fits import in_turn, run_fits
from reproml.compute.pool import ATTEMPTS, Pool
from reproml.compute.task import make_tasks
from reproml.compute.workers import open_pool
from reproml.config.study import Compute, StudyError
from sklearn.preprocessing import FunctionTransformer

needs_kill = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="kill -9 is for POSIX")


@pytest.fixture
def setting(study, folder: Path):
    """Return the tasks of three models on six folds, a table and the study."""
    return tasks_of(study, folder, "dummy", "linear", "forest")


def changed(setting, name: str, function) -> list:
    """Return tasks of a linear model with another step in it, on the six folds."""
    tasks = setting[0][6:12]
    model = tasks[0].model.set_params(columns__numbers__scale=FunctionTransformer(function))
    return make_tasks({name: model}, [task.fold for task in tasks], seed=0)


def test_models_take_turns(setting):
    order = in_turn(setting[0], range(3, 18))
    assert order[:6] == [3, 6, 12, 4, 7, 13]
    assert sorted(order) == list(range(3, 18))


@pytest.mark.parametrize("workers", [2, 3])
def test_any_number_of_workers_gives_the_bits_of_one(setting, workers: int):
    with open_pool(Compute(workers=workers)) as pool:
        assert pool.workers == workers
        assert bits(run_fits(*setting, pool=pool)) == bits(run_fits(*setting))


def test_sequential_is_this_process_and_loky_is_not(setting):
    _, table, study = setting
    tasks = setting[0][:4]
    process = lambda task, table: os.getpid()  # noqa: E731 - it is sent to workers
    for compute, here in (
        (Compute(backend="sequential", workers=2), {os.getpid()}),
        (Compute(workers=1), {os.getpid()}),
    ):
        with open_pool(compute) as pool:
            assert set(run_fits(tasks, table, study, pool=pool, do=process)) == here
    with open_pool(Compute(workers=2)) as pool:
        assert os.getpid() not in run_fits(tasks, table, study, pool=pool, do=process)


def test_a_model_that_draws_from_a_global_generator_has_its_own_seed(setting):
    def jitter(X):
        return X + np.random.normal(size=X.shape)

    drawing = changed(setting, "drawing", jitter)
    once = run_fits(drawing, *setting[1:])
    assert bits(run_fits(drawing, *setting[1:], pool=Pool(2))) == bits(once)
    assert bits(run_fits(drawing[::-1], *setting[1:])) == bits(once)[::-1]


def test_a_fit_has_one_thread_and_no_workers_of_its_own(setting):
    def seen(X):
        from joblib import effective_n_jobs
        from threadpoolctl import threadpool_info

        if {pool["num_threads"] for pool in threadpool_info()} != {1} or effective_n_jobs(-1) != 1:
            raise StudyError("more than one thread")
        return X

    for pool in (None, Pool(2)):
        assert len(run_fits(changed(setting, "seen", seen), *setting[1:], pool=pool)) == 6


def test_a_finished_task_brings_its_value_alone(setting, tmp_path: Path):
    tasks, table, study = setting

    def rows(said, table):
        return said.name, len(said.predicted), len(table.y)

    expected = [(task.name, 20, 60) for task in tasks]
    for _ in range(2):
        cache = open_cache(tmp_path / "c", study, table)
        for kept in (None, cache):
            for pool in (None, Pool(2)):
                assert run_fits(*setting, pool=pool, cache=kept, finish=rows) == expected
    assert cache.hits == 36


def test_an_interrupted_run_goes_on_from_there(setting, tmp_path: Path):
    _, table, study = setting
    done: list[int] = []

    def stop() -> None:
        done.append(1)
        if len(done) == 7:
            raise KeyboardInterrupt

    for pool in (None, Pool(2)):
        folder = tmp_path / str(len(done))
        done.clear()
        with pytest.raises(KeyboardInterrupt):
            run_fits(*setting, pool=pool, cache=open_cache(folder, study, table), on_done=stop)
        cache = open_cache(folder, study, table)
        assert bits(run_fits(*setting, pool=pool, cache=cache)) == bits(run_fits(*setting))
        assert cache.hits == 7


@needs_kill
def test_a_killed_worker_costs_its_tasks_and_not_the_run(setting):
    killed: list[int] = []

    def kill() -> None:
        if not killed:
            killed.append(sorted(reusable_executor._executor._processes)[0])
            os.kill(killed[0], signal.SIGKILL)

    results = run_fits(*setting, pool=Pool(2), on_done=kill)
    assert killed
    assert bits(results) == bits(run_fits(*setting))


@needs_kill
def test_a_fit_that_always_kills_its_worker_is_named(setting):
    def die(X):
        os.kill(os.getpid(), signal.SIGKILL)

    deadly = changed(setting, "deadly", die)[:1]
    with pytest.raises(StudyError, match=r"in flight: .*deadly \(repeat 0, 0\)") as caught:
        run_fits([*setting[0], *deadly], *setting[1:], pool=Pool(2))
    assert "--backend sequential" in str(caught.value)


class Losing(Pool):
    """A pool that loses its workers each time, after what it was asked to do first."""

    def __init__(self, times: int):
        super().__init__(2)
        self.times = times

    def stream(self, work, where, numbers):
        for number in numbers:
            if self.times:
                self.times -= 1
                raise BrokenProcessPool("gone")
            yield work.run(number)


@pytest.mark.parametrize("times", [1, ATTEMPTS])
def test_what_was_lost_is_done_again(setting, times):
    assert bits(run_fits(*setting, pool=Losing(times))) == bits(run_fits(*setting))


def test_patience_ends(setting):
    expected = f"died {ATTEMPTS + 1} times over the same fits: gone\n  in flight: dummy"
    with pytest.raises(StudyError, match=expected):
        run_fits(*setting, pool=Losing(ATTEMPTS + 1))


def test_an_error_of_the_author_arrives_as_it_is(setting):
    def refuse(X):
        raise StudyError("no such column")

    with pytest.raises(StudyError, match="no such column"):
        run_fits(changed(setting, "x", refuse), *setting[1:], pool=Pool(2))


def test_progress_is_told_once_a_task(setting):
    done: list[int] = []
    run_fits(*setting, on_done=partial(done.append, 1))
    assert len(done) == 18
