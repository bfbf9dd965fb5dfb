"""Dask's workers: a cluster on this machine, or a scheduler that runs already.

Dask is an extra: ``python scripts/environment.py --extra dask`` installs it. Workers need this
study and its locked libraries; one that has other versions is refused before its first fit, because
its numbers could be others.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Iterator
from errno import errorcode
from functools import lru_cache, partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dask
from distributed import Client, LocalCluster
from joblib._dask import DaskDistributedBackend

from ..config.checksums import digest_of
from ..config.study import Compute, StudyError
from ..config.system import REFUSALS
from ..config.versions import LOCK, installed_versions, locked_versions
from .pool import ADVICE, Pool, run_one, scratch, stream

if TYPE_CHECKING:
    from .task import Work

PATIENCE = 8  # seconds until a scheduler that does not answer is given up
STARTED = 60  # seconds that a scheduler of our own has, and any scheduler to count its workers
GONE = 60  # seconds without any worker until a run is given up
ONE_FIT = threading.Lock()  # a worker with many threads fits one model at a time all the same
ENGINE = Path(__file__).resolve().parents[1]


class Cluster(Pool):
    """Workers of a Dask scheduler; a fit whose worker dies is given to another by the scheduler."""

    def __init__(self, client: Client, folder: Path | None):
        self.client = client
        self.folder = folder

    @property
    def workers(self) -> int:
        """How many fits are made at once just now: workers may come and go."""
        return max(1, len(self.client.nthreads()))

    def stream(self, work: Work, where: Any, numbers: Iterator[int]) -> Iterator[Any]:
        """Yield what comes back; end when workers vanish."""
        run = partial(run_checked, expected_of(work.study.code.package))
        try:
            with Watched(client=self.client, wait_for_workers_timeout=0) as backend:
                yield from stream(backend, -1, run, where, numbers)
        except Exception as error:
            raise _in_words(error) from error

    def spread(self, work: Work) -> Any:
        """Send the work, with the table's rows in it, once to each worker."""
        return self.client.scatter(work.whole(), hash=False, broadcast=True)


class Watched(DaskDistributedBackend):
    """joblib's back end, which also ends when workers vanish; joblib alone would wait for ever."""

    def __init__(self, **how: Any):
        super().__init__(**how)
        self._pending: set[Any] = set()
        self._stop = threading.Event()

    def effective_n_jobs(self, n_jobs: int) -> int:
        """Count the workers; with 1, joblib would fit in this process, and with none not at all."""
        return max(2, super().effective_n_jobs(n_jobs))

    def submit(self, func: Any, callback: Any = None) -> Any:
        """Send a batch; an error of Dask's own, such as of a killed worker, is called back too."""
        future = super().submit(func, callback)
        self._pending.add(future)

        def done(future: Any) -> None:
            self._pending.discard(future)
            if future.exception():
                callback(future.exception())

        future.add_done_callback(done)
        return future

    def retrieve_result_callback(self, out: Any) -> Any:
        """Return what a batch gave, or raise what went wrong."""
        if isinstance(out, BaseException):
            raise out
        return super().retrieve_result_callback(out)

    def __enter__(self) -> Watched:
        threading.Thread(target=self._watch, daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stop.set()

    def _watch(self) -> None:
        missed = 0
        while not self._stop.wait(1):
            try:
                here = self.client.sync(self.client.scheduler.ncores, callback_timeout=STARTED)
            except OSError as error:
                self._end(error)
                return
            missed = 0 if here else missed + 1
            if missed > GONE:
                self._end(
                    StudyError(
                        f"no Dask worker has been there for {GONE} seconds, and fits wait for one\n"
                        "  Those that were done are in the cache: run this again once workers come"
                    )
                )
                return

    def _end(self, error: Exception) -> None:
        for future in list(self._pending)[:1]:  # one that fails ends all
            future.set_exception(error)


def run_checked(expected: dict[str, str], where: str | Work, number: int) -> Any:
    """Make a fit, unless libraries or source here are others than those of who asks."""
    found = _found(tuple(expected))
    other = [f"{k} {found[k]} instead of {v}" for k, v in expected.items() if found[k] != v]
    if other:
        raise StudyError(
            f"a Dask worker has {', '.join(other)}: its numbers could be others.\n"
            "  Install the study's lock and this source there, and start the worker again"
        )
    with ONE_FIT:
        return run_one(where, number)


def expected_of(package: str) -> dict[str, str]:
    """Return what a worker must have: versions by library, and digests of source by package."""
    return _found((*locked_versions(LOCK), "source of reproml", f"source of {package}"))


@lru_cache(maxsize=2)
def _found(names: tuple[str, ...]) -> dict[str, str]:
    sources = {name: name.removeprefix("source of ") for name in names if "source of" in name}
    found = installed_versions([name for name in names if name not in sources])
    for name, package in sources.items():
        folder = ENGINE if package == ENGINE.name else Path(import_module(package).__file__).parent
        found[name] = digest_of(list(folder.rglob("*.py")), folder)[:12]
    return found


@contextlib.contextmanager
def open_cluster(compute: Compute, workers: int, folder: Path | None) -> Iterator[Cluster]:
    """Connect to the scheduler that ``[compute]`` names, or start workers on this machine.

    Workers that were started here end with it.
    """
    # Dask logs every worker that leaves; what matters arrives as an error
    quiet = {"distributed.logging.distributed": "critical", "distributed.admin.tick.limit": "1h"}
    with dask.config.set(quiet), contextlib.ExitStack() as stack:
        for name in ("distributed", "distributed.client"):
            logging.getLogger(name).setLevel(logging.CRITICAL)
        try:
            target: Any = compute.scheduler or stack.enter_context(
                LocalCluster(
                    n_workers=workers,
                    threads_per_worker=1,
                    memory_limit=0,  # mapped pages would count as if each worker had its own
                    dashboard_address="127.0.0.1:0",  # none would be the port of all others
                    scheduler_kwargs={"dashboard": False},
                    local_directory=str(stack.enter_context(scratch(folder))),
                    silence_logs=logging.CRITICAL,
                )
            )
            patience = PATIENCE if compute.scheduler else STARTED  # a busy machine starts slowly
            client = stack.enter_context(Client(target, timeout=patience, set_as_default=False))
        except (OSError, RuntimeError, ValueError) as error:
            if not compute.scheduler:
                raise StudyError(f"Dask does not start: {error}") from error
            raise StudyError(
                f"no Dask scheduler answers at {compute.scheduler} ({error}).\n"
                "  Start one with `dask scheduler` and name the address that it prints, or leave "
                "scheduler out to work on this machine"
            ) from error
        if compute.scheduler and not client.nthreads():
            raise StudyError(
                f"the scheduler at {compute.scheduler} has no workers. Start some where this "
                f"study is installed: dask worker {compute.scheduler} --nthreads 1"
            )
        yield Cluster(client, folder)


def _in_words(error: Exception) -> Exception:
    """Return an error of Dask's own as one that says what to do; any other as it is."""
    if type(error).__name__ == "KilledWorker":
        return StudyError(f"{error}\n  {ADVICE}")
    if isinstance(error, OSError) and errorcode.get(error.errno) in REFUSALS:
        return error  # of a worker's system: a full disk
    if isinstance(error, OSError) or "Cancelled" in type(error).__name__:
        return StudyError(
            "the Dask scheduler is gone, and with it the fits that were in flight. Those that were "
            "done are in the cache: start the scheduler and run this again"
        )
    if isinstance(error, ImportError):
        return StudyError(
            f"a Dask worker lacks what this study needs: {error}.\n  Start workers with the Python "
            "of an environment that scripts/environment.py --extra dask made"
        )
    return error
