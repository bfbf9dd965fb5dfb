"""Who does the work: this process or its threads; processes.py and cluster.py go beyond.

A back end gets the work of a stage and an iterator of batches, and yields what comes back, in any
order. It takes a batch from the iterator when a worker is about to be free, never all at once.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from itertools import takewhile
from typing import Any, Protocol

import numpy as np
from joblib import Parallel, delayed

from ..config.study import StudyError
from .processes import closed, count
from .task import one_thread
from .work import Item, Outcome, Work, run_batch


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
    >>> Threads(2).workers, Threads(-1).workers == count(-1)
    (2, True)
    """

    def __init__(self, workers: int):
        self.workers = count(workers)

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
        if work.fix_seeds:
            work.fix_seeds(0)
        before = _global_generators()
        undisturbed = [True]  # no more is handed out once it is not
        handed_out = takewhile(lambda batch: undisturbed[0], batches)
        fits = pool(delayed(run_batch)(work, batch, alone=False) for batch in handed_out)
        # one limit for all: a thread that ends must not lift another one's
        with one_thread(), closed(fits):
            for outcomes in fits:
                undisturbed[0] = undisturbed[0] and _global_generators() == before
                if undisturbed[0]:
                    yield outcomes
        if not undisturbed[0]:
            raise StudyError(
                "a model draws from a global generator, which threads share: its numbers "
                "would differ from run to run. Use --backend loky"
            )


def _global_generators() -> list[Any]:
    kind, keys, *rest = np.random.get_state()  # noqa: NPY002 - it is only looked at
    state = [random.getstate(), kind, keys.tobytes(), *rest]
    if "torch" in sys.modules:
        state.append(sys.modules["torch"].get_rng_state().numpy().tobytes())
    return state
