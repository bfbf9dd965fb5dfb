"""Order, batches and loss of workers cost time and nothing else."""

import os
import signal
from pathlib import Path

import numpy as np
import pytest
from example_study.data import load_table
from joblib.externals.loky import reusable_executor
from reproml.compute.backends import Sequential, Threads
from reproml.compute.cache import Cache
from reproml.compute.dispatch import ATTEMPTS, Queue, run_tasks, stream
from reproml.compute.libraries import import_libraries
from reproml.compute.models import build_model
from reproml.compute.processes import LostWorkersError, Processes
from reproml.compute.task import make_tasks
from reproml.compute.work import Outcome
from reproml.config.study import StudyError, read_study
from reproml.split.splits import make_folds
from sklearn.preprocessing import FunctionTransformer

needs_kill = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="kill -9 is for POSIX")


@pytest.fixture
def setting(folder: Path):
    """Return a table, its classes and the tasks of three models on six folds."""
    study = read_study(folder / "study.toml")
    table = load_table(study, folder)
    folds = make_folds(table, np.arange(60), study.split, stratify=True, seed=0)
    models = {name: build_model(name, study) for name in ("dummy", "linear", "forest")}
    return table, study.data.classes, make_tasks(models, folds, seed=0)


def bits(results) -> list[bytes]:
    return [r.probability.tobytes() + "".join(r.predicted).encode() for r in results]


def outcome(number: int, seconds: float) -> Outcome:
    return Outcome(number, None, None, None, seconds)


def test_every_model_is_tried_once_and_then_the_slowest_goes_first(setting):
    queue = Queue(setting[2], list(range(18)))
    tried = [queue.next_batch() for _ in range(3)]
    assert [[item.number for item in batch] for batch in tried] == [[0], [6], [12]]
    assert queue.left() is None
    for batch, seconds in zip(tried, [0.001, 0.1, 9.0], strict=True):
        queue.done(outcome(batch[0].number, seconds))
    assert queue.left() == pytest.approx(5 * (0.001 + 0.1 + 9.0))
    order = [[item.number for item in batch] for batch in queue.batches()]
    slow, middle, quick = [[n] for n in range(13, 18)], [[7, 8], [9, 10], [11]], [[1, 2, 3, 4, 5]]
    assert order == slow + middle + quick
    assert len(queue) == 15  # handed out, and not done


def test_models_and_folds_travel_once(setting):
    queue = Queue(setting[2], list(range(18)))
    assert (len(queue.models), len(queue.folds)) == (3, 6)
    assert sum(len(batch) for batch in queue.batches()) == 18


@pytest.mark.parametrize("backend", [Threads(2), Processes(2)], ids=["threads", "processes"])
def test_every_back_end_gives_the_same_bits(setting, backend):
    table, classes, tasks = setting
    expected = bits(run_tasks(tasks, table, classes, backend=Sequential()))
    assert bits(run_tasks(tasks, table, classes, backend=backend)) == expected


def test_workers_may_start_before_there_is_work(setting):
    table, classes, tasks = setting
    early = Processes(2)
    early.start(import_libraries)
    assert bits(run_tasks(tasks, table, classes, backend=early)) == bits(
        run_tasks(tasks, table, classes)
    )
    alone = Processes(1)
    alone.start(import_libraries)  # has nobody to start
    assert bits(run_tasks(tasks[:1], table, classes, backend=alone))


def test_a_model_that_threads_would_disturb_is_refused(setting):
    table, classes, tasks = setting

    def jitter(X):
        return X + np.random.normal(size=X.shape)

    model = tasks[6].model.set_params(columns__numbers__scale=FunctionTransformer(jitter))
    drawing = make_tasks({"drawing": model}, [task.fold for task in tasks[:6]], seed=0)
    once = run_tasks(drawing, table, classes, backend=Sequential())
    assert bits(run_tasks(drawing, table, classes, backend=Processes(2))) == bits(once)
    with pytest.raises(StudyError, match="draws from a global generator"):
        run_tasks(drawing, table, classes, backend=Threads(2))


def test_a_finished_task_brings_its_value_alone(setting, tmp_path: Path):
    table, classes, tasks = setting

    def rows(said, table):
        return said.name, len(said.predicted), len(table.y)

    expected = {n: (task.name, 20, 60) for n, task in enumerate(tasks)}
    for cache in (None, Cache(tmp_path / "c", {}), Cache(tmp_path / "c", {})):
        for backend in (Sequential(), Processes(2)):
            found = stream(tasks, table, classes, backend=backend, cache=cache, finish=rows)
            assert dict(found) == expected
    assert cache.hits == 36


@needs_kill
def test_a_killed_worker_costs_its_tasks_and_not_the_run(setting):
    table, classes, tasks = setting
    killed: list[int] = []

    def kill(progress) -> None:
        if not killed:
            killed.append(sorted(reusable_executor._executor._processes)[0])
            os.kill(killed[0], signal.SIGKILL)

    results = run_tasks(tasks, table, classes, backend=Processes(2), on_done=kill)
    assert killed
    assert bits(results) == bits(run_tasks(tasks, table, classes))


def test_something_else_is_done_beside_the_fits(setting):
    table, classes, tasks = setting
    backend = Processes(2)
    other = backend.beside(lambda: os.getpid())
    results = run_tasks(tasks, table, classes, backend=backend)
    assert bits(results) == bits(run_tasks(tasks, table, classes))
    assert other() != os.getpid()


def test_an_error_beside_is_raised_where_the_result_is_asked_for():
    def fail():
        raise StudyError("a column is missing")

    result = Processes(2).beside(fail)
    with pytest.raises(StudyError, match="a column is missing"):
        result()


@needs_kill
def test_what_a_dead_worker_was_doing_beside_is_done_here(setting):
    table, classes, tasks = setting
    here = os.getpid()

    def die_elsewhere() -> int:
        if os.getpid() != here:
            os.kill(os.getpid(), signal.SIGKILL)
        return os.getpid()

    backend = Processes(2)
    result = backend.beside(die_elsewhere)
    results = run_tasks(tasks, table, classes, backend=backend)  # these lose their workers too
    assert result() == here
    assert bits(results) == bits(run_tasks(tasks, table, classes))


@needs_kill
def test_a_fit_that_always_kills_its_worker_is_named(setting):
    table, classes, tasks = setting

    def die(X):
        os.kill(os.getpid(), signal.SIGKILL)

    model = tasks[6].model.set_params(columns__numbers__scale=FunctionTransformer(die))
    deadly = make_tasks({"deadly": model}, [task.fold for task in tasks[:2]], seed=0)
    with pytest.raises(StudyError, match="in flight: deadly") as caught:
        run_tasks(deadly, table, classes, backend=Processes(2))
    assert "--backend sequential" in str(caught.value)


class Losing:
    """A back end that loses its workers each time, after what it was asked to do first."""

    workers = 1

    def __init__(self, times: int):
        self.times = times

    def run(self, work, batches, n_tasks):
        for batch in batches:
            if self.times:
                self.times -= 1
                raise LostWorkersError("gone")
            yield [work.run(item) for item in batch]


@pytest.mark.parametrize("times", [1, ATTEMPTS])
def test_what_was_lost_is_done_again(setting, times):
    table, classes, tasks = setting
    results = run_tasks(tasks, table, classes, backend=Losing(times))
    assert bits(results) == bits(run_tasks(tasks, table, classes))


def test_patience_ends(setting):
    table, classes, tasks = setting
    with pytest.raises(StudyError, match=f"died {ATTEMPTS + 1} times over the same fits: gone"):
        run_tasks(tasks, table, classes, backend=Losing(ATTEMPTS + 1))
