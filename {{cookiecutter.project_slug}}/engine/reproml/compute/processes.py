"""Processes on this machine that do the work: joblib's loky.

A process takes as long to start as it takes to import all libraries. Nothing heavy is imported on
top here, so that workers can be called first of all and import while the main process does so too.
"""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from joblib import Parallel, cpu_count, delayed
from joblib.externals.loky import BrokenProcessPool

if TYPE_CHECKING:
    from .work import Item, Outcome, Work

T = TypeVar("T")


class LostWorkersError(Exception):
    """Workers died with what they were doing; all else has come in or has not begun."""


class Processes:
    """Worker processes, kept for the stages that follow; a back end as `backends` describes it.

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
        self.workers = count(workers)
        self.folder = folder
        self.started = False
        self._starting: Generator[Any, None, None] | None = None

    def start(self, ready: Callable[[], object]) -> None:
        """Let the workers start, and make themselves ready, while this process goes on."""
        if self.workers > 1:
            self._starting = self._pool()(delayed(ready)() for _ in range(self.workers))
            self.started = True

    def beside(self, job: Callable[[], T]) -> Callable[[], T]:
        """Let a worker do something else than fits while this process goes on.

        Parameters
        ----------
        job : callable
            Takes nothing; its result is small.

        Returns
        -------
        callable
            Waits for the result and returns it. Call it: what is never asked for may not be done.

        Examples
        --------
        >>> from functools import partial
        >>> three = Processes(2).beside(partial(max, 1, 3))
        >>> three()
        3
        """
        done = self._pool()(delayed(job)() for _ in range(1))

        def result() -> T:
            with closed(done):
                try:
                    return next(done)
                except BrokenProcessPool:  # a worker died, perhaps over something else
                    return job()

        return result

    def wait(self) -> None:
        """Wait for the workers that `start` has called, if nothing has done so."""
        if self._starting:
            with closed(self._starting), contextlib.suppress(BrokenProcessPool):
                list(self._starting)
            self._starting = None

    def run(
        self, work: Work, batches: Iterator[list[Item]], n_tasks: int
    ) -> Iterator[list[Outcome]]:
        """Run all batches and yield what comes back; see `Backend`."""
        from .work import run_batch, saved  # with scikit-learn

        self.wait()
        workers = min(self.workers, n_tasks)
        if workers == 1:
            yield from (run_batch(work, [item]) for batch in batches for item in batch)
            return
        with saved(work, self.folder) as where:
            fits = self._pool(workers)(delayed(run_batch)(where, batch) for batch in batches)
            with closed(fits):
                try:
                    yield from fits
                except BrokenProcessPool as error:  # the next call starts a new pool
                    raise LostWorkersError(str(error).splitlines()[0]) from error

    def _pool(self, workers: int | None = None) -> Parallel:
        return Parallel(
            n_jobs=workers or self.workers,
            backend="loky",
            batch_size=1,
            return_as="generator_unordered",
        )


@contextlib.contextmanager
def closed(fits: Generator[Any, None, None]) -> Iterator[None]:
    """Stop what is left of a pool's work when nobody waits for it any more.

    Parameters
    ----------
    fits : generator
        What joblib returned.

    Yields
    ------
    None

    Examples
    --------
    >>> fits = (number for number in range(3))
    >>> with closed(fits):
    ...     first = next(fits)
    >>> first, list(fits)
    (0, [])
    """
    try:
        yield
    finally:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that fits are left undone; the error says it
            fits.close()


def count(workers: int) -> int:
    """Return how many workers are meant.

    Parameters
    ----------
    workers : int
        A number of them; -1 is one per core, -2 one less.

    Returns
    -------
    int
        1 or more.

    Examples
    --------
    >>> count(3), count(-1) == cpu_count(), count(-1000)
    (3, True, 1)
    """
    return workers if workers > 0 else max(1, cpu_count() + 1 + workers)
