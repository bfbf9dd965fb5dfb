"""Who makes the fits: joblib, in this process, in processes of this machine or by Dask's workers.

Nothing here decides a number: every fit has its own seed and its own rows, so it does not matter
which worker makes it, when, or after which other one.
"""

from __future__ import annotations

import contextlib
import tempfile
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from joblib import Parallel, cpu_count, delayed, parallel_config
from joblib.externals.loky import BrokenProcessPool

from ..config.study import StudyError
from .shared_table import load, save

if TYPE_CHECKING:
    from .task import Task, Work

ATTEMPTS = 2  # so often may a fit lose its worker before it is taken to be the cause
ADVICE = (
    "Out of memory is the usual cause: use fewer --workers. With --backend sequential the fit "
    "fails in this process and can be looked at."
)


class NotHereError(Exception):
    """A worker does not see the file that holds the work."""


class Pool:
    """Processes of this machine, joblib's loky; one alone is this process itself."""

    def __init__(self, workers: int = 1, folder: Path | None = None):
        self.workers = workers  # fits that are made at once
        self.folder = folder  # for files that workers map; None: one for temporary files

    def run(self, work: Work, numbers: list[int]) -> Iterator[Any]:
        """Yield what ``work.run`` returns for each of these tasks, as it comes in.

        Fits whose worker died are made again, before all others; after ``ATTEMPTS`` times that is
        an error that names them.
        """
        if type(self) is Pool and min(self.workers, len(numbers)) <= 1:
            yield from (_run_here(work, number) for number in numbers)
            return
        lost: Counter[int] = Counter()
        with _saved(work, self.folder) as where:
            while numbers:
                left, handed_out = dict.fromkeys(numbers), set()
                try:
                    for outcome in self.stream(work, where, _noted(numbers, handed_out)):
                        del left[outcome.number]
                        yield outcome
                except NotHereError:  # a machine that does not see this one's files
                    where = self.spread(work)
                except BrokenProcessPool as error:  # the next call starts new workers
                    lost.update(number for number in left if number in handed_out)
                    _check_losses(lost, work.tasks, str(error).splitlines()[0])
                numbers = sorted(left, key=lambda number: -lost[number])

    def stream(self, work: Work, where: Any, numbers: Iterator[int]) -> Iterator[Any]:
        """Yield what comes back; numbers are taken when a worker is about to be free."""
        return stream("loky", self.workers, run_one, where, numbers)

    def spread(self, work: Work) -> Any:
        """Send the work to workers that do not see its file."""
        raise StudyError(f"a worker of this machine does not see {self.folder}")


def stream(
    backend: Any, workers: int, run: Callable[..., Any], where: Any, numbers: Iterator[int]
) -> Iterator[Any]:
    """Yield results as joblib gets them; stop what is left when nobody waits for it any more."""
    pool = Parallel(n_jobs=workers, backend=backend, return_as="generator_unordered")
    fits = pool(delayed(run)(where, number) for number in numbers)
    try:
        for outcome in fits:  # noqa: UP028 - `yield from` would close them first, with a warning
            yield outcome
    finally:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that fits are left undone; the error says it
            fits.close()


def run_one(where: str | Work, number: int) -> Any:
    """Make one fit of the work in a file, or of the work itself; this is what a worker is asked."""
    return _run_here(_open(where) if isinstance(where, str) else where, number)


def _run_here(work: Work, number: int) -> Any:
    # a model that asked for workers of its own would move its last bits with their number
    with parallel_config("sequential"):
        return work.run(number)


@lru_cache(maxsize=1)  # a stage's work is opened once per worker, and forgotten with the next
def _open(path: str) -> Work:
    try:
        return load(path)
    except OSError as error:
        raise NotHereError(f"{path}: {error}") from error


def count(workers: int) -> int:
    """Return how many workers are meant: -1 is one per core, -2 one less.

    >>> count(3), count(-1) == cpu_count(), count(-1000)
    (3, True, 1)
    """
    return workers if workers > 0 else max(1, cpu_count() + 1 + workers)


@contextlib.contextmanager
def scratch(folder: Path | None) -> Iterator[Path]:
    """Make a folder below another one, or among temporary files; it is gone afterwards."""
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    # Windows keeps a file that a worker still maps; whoever made the folder sweeps it later
    with tempfile.TemporaryDirectory(dir=folder, ignore_cleanup_errors=True) as made:
        yield Path(made).resolve()


@contextlib.contextmanager
def _saved(work: Work, folder: Path | None) -> Iterator[Any]:
    with scratch(folder) as made:
        save(work, made / "work")
        yield str(made / "work")


def _noted(numbers: list[int], handed_out: set[int]) -> Iterator[int]:
    for number in numbers:
        handed_out.add(number)
        yield number


def _check_losses(lost: Counter[int], tasks: list[Task], reason: str) -> None:
    often = [tasks[number] for number in sorted(lost) if lost[number] > ATTEMPTS]
    if often:
        names = [f"{t.name} (repeat {t.fold.repeat}, {t.fold.fold})" for t in often[:5]]
        raise StudyError(
            f"workers died {ATTEMPTS + 1} times over the same fits: {reason}\n"
            f"  in flight: {', '.join(names)}\n  {ADVICE}"
        )
