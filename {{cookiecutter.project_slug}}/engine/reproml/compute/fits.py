"""Makes fits: what the cache knows is read, a pool makes the rest, and what it makes is kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from ..config.columns import Table
from ..config.study import Study
from .cache import Cache
from .pool import Pool
from .task import Predictions, Task, Work, resumable


def run_fits(
    tasks: list[Task],
    table: Table,
    study: Study,
    *,
    pool: Pool | None = None,
    cache: Cache | None = None,
    do: Callable[[Task, Table], Any] | None = None,
    finish: Callable[[Predictions, Table], Any] | None = None,
    on_done: Callable[[], object] = lambda: None,
) -> list[Any]:
    """Run all tasks and return their results in the order of the tasks, whichever came in first.

    A result is the task's `Predictions`; or what ``finish`` made of them, which the worker calls
    with predictions and table; or what ``do`` returned, one or several tables, which the worker
    calls with task and table instead of fitting and predicting. Without a pool this process works.
    What comes in is saved at once, so an interrupted run goes on from there.

    >>> import numpy as np
    >>> from small_study import dummy, trial
    >>> from ..split.splits import Fold
    >>> from .task import make_tasks
    >>> table, study = trial([1.0, 2.0, 4.0])
    >>> folds = [Fold(0, i, np.delete(np.arange(3), i), np.array([i])) for i in range(3)]
    >>> tasks = make_tasks({"dummy": dummy("regression")}, folds, seed=0)
    >>> run_fits(tasks, table, study, finish=lambda said, table: said.predicted.item())
    [3.0, 2.5, 1.5]
    """
    tasks = [with_checkpoint(task, cache) if cache and not do else task for task in tasks]
    results: list[Any] = [None] * len(tasks)
    todo = []
    for number, task in enumerate(tasks):
        known = cache.load(task, do) if cache else None
        if known is None:
            todo.append(number)
            continue
        known = known if do else Predictions(task.name, task.fold, *known)
        results[number] = finish(known, table) if finish else known
        on_done()
    work = Work(tasks, table, study, do, finish, keep=finish is None or cache is not None)
    for number, value, said in (pool or Pool()).run(work, in_turn(tasks, todo)):
        task = tasks[number]
        made = value if do else said and Predictions(task.name, task.fold, *said)
        if cache:
            cache.save(task, made, do)
        if task.checkpoint:
            task.checkpoint.unlink(missing_ok=True)
        results[number] = value if finish else made
        on_done()
    return results


def with_checkpoint(task: Task, cache: Cache) -> Task:
    """Give a fit that can go on after a stop a file of its own, by what its numbers depend on."""
    key = cache.key(task) if resumable(task.model) else None
    return replace(task, checkpoint=cache.folder.parent / "checkpoints" / key) if key else task


def in_turn(tasks: list[Task], numbers: Iterable[int]) -> list[int]:
    """Order fits so that models take turns: then all batches of fits take about as long.

    >>> tasks = [Task(name, None, None, 0) for name in ("quick", "quick", "slow", "slow")]
    >>> in_turn(tasks, range(4))
    [0, 2, 1, 3]
    """
    before: Counter[str] = Counter()

    def turn(number: int) -> int:
        before[tasks[number].name] += 1
        return before[tasks[number].name]

    return sorted(numbers, key=turn)
