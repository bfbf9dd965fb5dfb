"""Hands (model, fold) tasks to workers, longest first, and takes results as they come in.

Nothing here decides a number: every fit has its own seed and its own rows, so it does not matter
which worker makes it, when, or after which other one. It only decides how long all of it takes.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, Protocol

from ..config.columns import Table
from ..config.study import Split, StudyError
from .backends import Backend, Sequential
from .processes import LostWorkersError
from .task import Predictions, Task
from .work import Item, Outcome, Work

BATCH_SECONDS = 0.2  # many short fits travel together: a message costs about a millisecond
ATTEMPTS = 2  # so often may a fit lose its worker before it is taken to be the cause


class Memory(Protocol):
    """What `stream` asks of a cache; see cache.py."""

    def load(self, task: Task, do: Callable[..., Any] | None = None) -> Any:
        """Return what this task gave before, or None."""

    def save(self, task: Task, result: Any, do: Callable[..., Any] | None = None) -> None:
        """Keep what this task gave."""


class Progress(NamedTuple):
    """How far the tasks of a stage are."""

    done: int
    total: int
    left: float | None  # seconds until all are done, None while nothing is known
    busy: float  # seconds that workers have spent in fits, scores included


class Queue:
    """Decides which task comes next: one of every model first, then those of the slowest model.

    How long a model takes is learnt from the fits that are done, so no estimate has to be kept.

    Parameters
    ----------
    tasks : list of Task
        All tasks.
    numbers : list of int
        Positions of those that are to be run.

    Attributes
    ----------
    models, folds : list
        What the tasks use, each once.

    Examples
    --------
    >>> import numpy as np
    >>> from .task import make_tasks
    >>> from ..config.example import dummy, linear
    >>> from ..split.splits import Fold
    >>> folds = [Fold(0, i, np.array([0, 1]), np.array([2])) for i in range(3)]
    >>> models = {"quick": dummy("regression"), "slow": linear("regression")}
    >>> queue = Queue(make_tasks(models, folds, seed=0), [0, 1, 2, 3, 4, 5])
    >>> first = queue.next_batch() + queue.next_batch()
    >>> [item.number for item in first]
    [0, 3]
    >>> queue.done(Outcome(0, None, None, None, seconds=0.01))
    >>> queue.done(Outcome(3, None, None, None, seconds=5.0))
    >>> [item.number for item in queue.next_batch()], queue.left()
    ([4], 10.02)
    """

    def __init__(self, tasks: list[Task], numbers: list[int]):
        self.models: list[tuple[str, Any]] = []
        self.folds: list[Any] = []
        self.seconds: dict[int, float] = {}  # of one fit, by model
        self.busy = 0.0
        self._waiting: list[deque[Item]] = []
        self._again: deque[Item] = deque()  # lost with their worker; they go first, one by one
        self._running: dict[int, Item] = {}
        self._lost: Counter[int] = Counter()
        self._open: Counter[int] = Counter()  # fits that are not done, by model
        self._tried: set[int] = set()  # models of which a fit was handed out
        model_at: dict[tuple[str, int], int] = {}
        fold_at: dict[int, int] = {}
        for number in numbers:
            task = tasks[number]
            model = model_at.setdefault((task.name, id(task.model)), len(self.models))
            if model == len(self.models):
                self.models.append((task.name, task.model))
                self._waiting.append(deque())
            fold = fold_at.setdefault(id(task.fold), len(self.folds))
            if fold == len(self.folds):
                self.folds.append(task.fold)
            self._waiting[model].append(Item(number, model, fold, task.seed))
            self._open[model] += 1

    def __len__(self) -> int:
        """Return how many tasks are not done."""
        return self._open.total()

    def next_batch(self) -> list[Item]:
        """Return what a free worker does next; empty when all is handed out."""
        if self._again:
            items = [self._again.popleft()]
        else:
            there = [model for model, waiting in enumerate(self._waiting) if waiting]
            if not there:
                return []
            # untried models first, then those of unknown length: they may be the longest
            model = min(
                there, key=lambda m: (m in self._tried, -self.seconds.get(m, float("inf")), m)
            )
            self._tried.add(model)
            waiting, each = self._waiting[model], self.seconds.get(model)
            count = 1 if each is None else max(1, int(BATCH_SECONDS / max(each, 1e-4)))
            items = [waiting.popleft() for _ in range(min(count, len(waiting)))]
        self._running.update((item.number, item) for item in items)
        return items

    def batches(self) -> Iterator[list[Item]]:
        """Yield batches until all is handed out."""
        while batch := self.next_batch():
            yield batch

    def done(self, outcome: Outcome) -> None:
        """Note a result, and how long it took."""
        item = self._running.pop(outcome.number)
        before = self.seconds.get(item.model, outcome.seconds)
        self.seconds[item.model] = (before + outcome.seconds) / 2  # a first fit also imports
        self.busy += outcome.seconds
        self._open[item.model] -= 1

    def again(self, reason: str) -> None:
        """Put back what was running when workers were lost; refuse where that does not help."""
        lost = [self._running.pop(number) for number in sorted(self._running)]
        self._lost.update(item.number for item in lost)
        if any(self._lost[item.number] > ATTEMPTS for item in lost):
            names = []
            for item in lost:
                fold = self.folds[item.fold]
                names.append(f"{self.models[item.model][0]} (repeat {fold.repeat}, {fold.fold})")
            raise StudyError(
                f"workers died {ATTEMPTS + 1} times over the same fits: {reason}\n"
                f"  in flight: {', '.join(names[:5])}\n"
                "  Out of memory is the usual cause: use fewer --workers. With --backend "
                "sequential the fit fails in this process and can be looked at."
            )
        self._again.extend(lost)

    def left(self) -> float | None:
        """Return how many seconds of fits are not done; None while a model is unknown."""
        if any(n and model not in self.seconds for model, n in self._open.items()):
            return None
        return sum(n * self.seconds[model] for model, n in self._open.items() if n)


def stream(
    tasks: list[Task],
    table: Table,
    classes: list[str],
    *,
    split: Split | None = None,
    fix_seeds: Callable[[int], object] | None = None,
    backend: Backend | None = None,
    cache: Memory | None = None,
    finish: Callable[[Predictions, Table], Any] | None = None,
    do: Callable[..., Any] | None = None,
    on_done: Callable[[Progress], object] = lambda progress: None,
) -> Iterator[tuple[int, Any]]:
    """Run all tasks in one pool and yield results as they come in.

    Parameters
    ----------
    tasks : list of Task
        What to fit.
    table : Table
        The checked rows.
    classes : list of str
        Order of the probabilities' columns; empty for regression.
    split : Split or None
        How a model that tunes itself cuts its training rows; without it such a model is refused.
    fix_seeds : callable or None
        Fixes the global generators before each fit; None leaves them alone.
    backend : Backend or None
        Who does the work; None does it in this process.
    cache : Cache or None
        Fits that it knows are not made again; those it does not know are added as they come in, so
        that an interrupted run goes on from there.
    finish : callable or None
        Takes predictions and table, and is called by the worker; what it returns is the result.
        Without it the predictions are.
    do : callable or None
        Takes task, table and ``alone`` (see `fit_task`), and is called by the worker instead of
        fitting and predicting; the table or tables that it returns are the result.
    on_done : callable
        Called with the progress after each task.

    Yields
    ------
    (int, result)
        Position of the task and its result, in any order.

    Raises
    ------
    StudyError
        If workers are lost again and again over the same fits.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from .task import make_tasks
    >>> from ..config.example import dummy
    >>> from ..split.splits import Fold
    >>> y = pd.Series([1.0, 2.0, 4.0])
    >>> table = Table(y.to_frame("dose"), y, None, None, None, dropped={})
    >>> folds = [Fold(0, i, np.delete(np.arange(3), i), np.array([i])) for i in range(3)]
    >>> tasks = make_tasks({"dummy": dummy("regression")}, folds, seed=0)
    >>> sorted(stream(tasks, table, [], finish=lambda said, table: said.predicted.item()))
    [(0, 3.0), (1, 2.5), (2, 1.5)]
    """
    backend = backend or Sequential()
    todo, done = [], 0
    for number, task in enumerate(tasks):
        known = cache.load(task, do) if cache else None
        if known is None:
            todo.append(number)
            continue
        done += 1
        yield number, finish(known, table) if finish else known
        on_done(Progress(done, len(tasks), None, 0.0))
    queue = Queue(tasks, todo)
    keep = finish is None or cache is not None
    work = Work(queue.models, queue.folds, table, classes, split, finish, keep, do, fix_seeds)
    while queue:
        try:
            for outcomes in backend.run(work, queue.batches(), len(queue)):
                for outcome in outcomes:
                    queue.done(outcome)
                left = queue.left()
                left = None if left is None else left / backend.workers
                for outcome in outcomes:
                    task = tasks[outcome.number]
                    said = outcome.value if do else _predictions(task, outcome)
                    if cache:
                        cache.save(task, said, do)
                    done += 1
                    yield outcome.number, outcome.value if finish else said
                    on_done(Progress(done, len(tasks), left, queue.busy))
        except LostWorkersError as error:
            queue.again(str(error))


def run_tasks(tasks: list[Task], table: Table, classes: list[str], **how: Any) -> list[Predictions]:
    """Run all tasks and return their predictions in the order of the tasks.

    Parameters
    ----------
    tasks : list of Task
        What to fit.
    table : Table
        The checked rows.
    classes : list of str
        Order of the probabilities' columns; empty for regression.
    **how : dict
        As for `stream`.

    Returns
    -------
    list of Predictions
        In the order of the tasks, whichever came in first.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from .task import make_tasks
    >>> from ..config.example import dummy
    >>> from ..split.splits import Fold
    >>> y = pd.Series([1.0, 2.0, 4.0])
    >>> table = Table(y.to_frame("dose"), y, None, None, None, dropped={})
    >>> fold = Fold(0, 0, np.array([0, 1]), np.array([2]))
    >>> tasks = make_tasks({"dummy": dummy("regression")}, [fold], seed=0)
    >>> [(said.name, said.predicted.tolist()) for said in run_tasks(tasks, table, [])]
    [('dummy', [1.5])]
    """
    results: list[Any] = [None] * len(tasks)
    for number, result in stream(tasks, table, classes, **how):
        results[number] = result
    return results


def _predictions(task: Task, outcome: Outcome) -> Predictions:
    return Predictions(task.name, task.fold, outcome.predicted, outcome.probability)
