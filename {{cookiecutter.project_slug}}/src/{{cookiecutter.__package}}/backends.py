"""Who does the work: this process, its threads, processes beside it; cluster.py goes beyond.

A back end gets the work of a stage and an iterator of batches, and yields what comes back, in any
order. It takes a batch from the iterator when a worker is about to be free, never all at once.
"""

from __future__ import annotations

import contextlib
import random
import sys
import warnings
from collections.abc import Generator, Iterator
from itertools import takewhile
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from joblib import Parallel, cpu_count, delayed
from joblib.externals.loky import BrokenProcessPool

from .compute import one_thread
from .seeding import fix_seeds
from .study import StudyError
from .work import Item, Outcome, Work, run_batch, saved


class LostWorkersError(Exception):
    """Workers died with what they were doing; all else has come in or has not begun."""


class Backend(Protocol):
    """What `stream` asks of a back end."""

    workers: int  # how many fits it makes at once

    def run(
        self, work: Work, batches: Iterator[list[Item]], n_tasks: int
    ) -> Iterator[list[Outcome]]:
        """Run all batches and yield what comes back."""


class Sequential:
    """One fit after the other, in this process; the one to debug with.

    Attributes
    ----------
    workers : int
        1.

    Examples
    --------
    >>> Sequential().workers
    1
    """

    workers = 1

    def run(
        self, work: Work, batches: Iterator[list[Item]], n_tasks: int
    ) -> Iterator[list[Outcome]]:
        """Run all batches and yield what comes back; see `Backend`."""
        for batch in batches:
            for item in batch:
                yield run_batch(work, [item])


class Threads:
    """Threads of this process, for models that spend their time outside Python.

    Threads share NumPy's and Python's global generators, so a model that draws from one of them
    would get other numbers in every run. That is noticed, and refused.

    Parameters
    ----------
    workers : int
        How many; -1 is one per core.

    Examples
    --------
    >>> Threads(2).workers, Threads(-1).workers == cpu_count()
    (2, True)
    """

    def __init__(self, workers: int):
        self.workers = _count(workers)

    def run(
        self, work: Work, batches: Iterator[list[Item]], n_tasks: int
    ) -> Iterator[list[Outcome]]:
        """Run all batches and yield what comes back; see `Backend`."""
        pool = Parallel(
            n_jobs=min(self.workers, n_tasks),
            backend="threading",
            batch_size=1,
            return_as="generator_unordered",
        )
        fix_seeds(0)
        before = _global_generators()
        undisturbed = [True]  # no more is handed out once it is not
        handed_out = takewhile(lambda batch: undisturbed[0], batches)
        fits = pool(delayed(run_batch)(work, batch, alone=False) for batch in handed_out)
        # one limit for all: a thread that ends must not lift another one's
        with one_thread(), _closed(fits):
            for outcomes in fits:
                undisturbed[0] = undisturbed[0] and _global_generators() == before
                if undisturbed[0]:
                    yield outcomes
        if not undisturbed[0]:
            raise StudyError(
                "a model draws from a global generator, which threads share: its numbers "
                "would differ from run to run. Use --backend loky"
            )


class Processes:
    """Processes on this machine (joblib's loky), kept for the stages that follow.

    Parameters
    ----------
    workers : int
        How many; -1 is one per core.
    folder : Path or None
        Where the file is made that they map; None takes a folder for temporary files.

    Examples
    --------
    >>> Processes(3).workers, Processes(-1).workers == cpu_count()
    (3, True)
    """

    def __init__(self, workers: int, folder: Path | None = None):
        self.workers = _count(workers)
        self.folder = folder
        self._starting: Generator[Any, None, None] | None = None

    def start(self) -> None:
        """Let the workers start, and import what they need, while this process goes on."""
        if self.workers > 1:
            pool = Parallel(n_jobs=self.workers, backend="loky", return_as="generator_unordered")
            self._starting = pool(delayed(_count)(1) for _ in range(self.workers))

    def wait(self) -> None:
        """Wait for the workers that `start` has called, if nothing has done so."""
        if self._starting:
            with _closed(self._starting), contextlib.suppress(BrokenProcessPool):
                list(self._starting)
            self._starting = None

    def run(
        self, work: Work, batches: Iterator[list[Item]], n_tasks: int
    ) -> Iterator[list[Outcome]]:
        """Run all batches and yield what comes back; see `Backend`."""
        self.wait()
        workers = min(self.workers, n_tasks)
        if workers == 1:
            yield from Sequential().run(work, batches, n_tasks)
            return
        pool = Parallel(
            n_jobs=workers, backend="loky", batch_size=1, return_as="generator_unordered"
        )
        with saved(work, self.folder) as where:
            fits = pool(delayed(run_batch)(where, batch) for batch in batches)
            with _closed(fits):
                try:
                    yield from fits
                except BrokenProcessPool as error:  # the next call starts a new pool
                    raise LostWorkersError(str(error).splitlines()[0]) from error


@contextlib.contextmanager
def _closed(fits: Generator[Any, None, None]) -> Iterator[None]:
    """Stop what is left of a pool's work when nobody waits for it any more."""
    try:
        yield
    finally:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that fits are left undone; the error says it
            fits.close()


def _count(workers: int) -> int:
    return workers if workers > 0 else max(1, cpu_count() + 1 + workers)


def _global_generators() -> list[Any]:
    kind, keys, *rest = np.random.get_state()  # noqa: NPY002 - it is only looked at
    state = [random.getstate(), kind, keys.tobytes(), *rest]
    if "torch" in sys.modules:
        state.append(sys.modules["torch"].get_rng_state().numpy().tobytes())
    return state
