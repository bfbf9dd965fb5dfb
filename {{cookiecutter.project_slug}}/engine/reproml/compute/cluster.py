"""Dask as a back end: a cluster on this machine, a scheduler that runs already, or SLURM jobs.

Dask is an extra: ``python scripts/environment.py --extra dask`` installs it. Workers need this
study and its locked libraries; each says what it has, and one that has other versions is refused,
because its numbers could be others. They map the table if they see the study's folder, and get a
copy sent if they do not.
"""

from __future__ import annotations

import contextlib
import logging
import shutil
import threading
import time
from collections.abc import Iterator
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..config.checksums import digest_of
from ..config.study import Compute, StudyError
from .processes import Processes
from .slurm import Jobs, slurm_jobs
from .work import Item, NotHereError, Outcome, Work, run_batch, saved

if TYPE_CHECKING:
    from distributed import Client

LIBRARIES = ("joblib", "numpy", "pandas", "pyarrow", "scikit-learn", "scipy", "threadpoolctl")
PATIENCE = 8  # seconds until a scheduler that does not answer is given up
STARTED = 60  # seconds that a scheduler of our own has, and any scheduler to count its workers
GONE = 60  # seconds without any worker until a run is given up, unless SLURM says that jobs wait
ASKED = 10  # times in a row, so many seconds apart, that SLURM may leave this unanswered
POLL = 0.01  # seconds between looks at what has come in; each worker has a second batch meanwhile
ONE_FIT = threading.Lock()  # a worker with many threads fits one model at a time all the same


class Cluster:
    """Workers of a Dask scheduler.

    A fit whose worker dies is given to another one by the scheduler itself.

    Parameters
    ----------
    client : Client
        Connected to the scheduler.
    folder : Path
        For files that workers map; workers that do not see it get the rows sent.
    jobs : Jobs or None
        The SLURM jobs that bring the workers: while some are queued, there may be no worker.
    """

    def __init__(self, client: Client, folder: Path, jobs: Jobs | None = None):
        self.client = client
        self.folder = folder
        self.jobs = jobs

    @property
    def workers(self) -> int:
        """How many fits are made at once just now."""
        return max(1, len(self.client.nthreads()))

    def run(
        self, work: Work, batches: Iterator[list[Item]], n_tasks: int
    ) -> Iterator[list[Outcome]]:
        """Run all batches and yield what comes back; see `Backend`."""
        from distributed import as_completed

        running: dict[Any, list[Item]] = {}
        watch = _Watch(self)
        with saved(work, self.folder) as where:
            target: Any = where
            results = as_completed(loop=self.client.loop, with_results=True, raise_errors=False)

            def submit(batch: list[Item]) -> None:
                future = self.client.submit(run_checked, fingerprint(), target, batch, pure=False)
                running[future] = batch
                results.add(future)

            try:
                while True:
                    here = watch.workers()
                    # a second batch waits at each worker, so that none is ever idle
                    while len(running) < 2 * here and (batch := next(batches, None)):
                        submit(batch)
                    if not running:
                        return
                    ready = results.next_batch(block=False)
                    if not ready:
                        time.sleep(POLL)
                    for future, outcome in ready:
                        batch = running.pop(future)
                        if future.status == "finished":
                            yield outcome
                        elif future.status == "error" and isinstance(outcome[1], NotHereError):
                            if target is where:  # a worker that does not see this machine's files
                                target = self.client.scatter(work.whole(), hash=False)
                            submit(batch)
                        else:
                            raise _in_words(future.status, outcome)
            finally:
                self.client.cancel(list(running))


class _Watch:
    """Counts the workers once a second, and ends a wait for workers that will not come."""

    def __init__(self, cluster: Cluster):
        self.cluster = cluster
        self._here = 0
        self._looked = float("-inf")
        self._missed = self._unanswered = 0  # looks, and questions to SLURM, in a row

    def workers(self) -> int:
        """Return for how many workers to have work ready: workers may come and go."""
        if time.monotonic() - self._looked > 1:
            client = self.cluster.client
            try:
                self._here = len(client.sync(client.scheduler.ncores, callback_timeout=STARTED))
            except OSError as error:
                raise _in_words("lost", error) from error
            self._looked = time.monotonic()
            self._missed += 1
            if self._here:
                self._missed = self._unanswered = 0
            elif self._missed > GONE:
                self._ask()
        return max(1, self._here)

    def _ask(self) -> None:
        jobs = self.cluster.jobs
        there = jobs.are_there() if jobs else False
        self._unanswered = self._unanswered + 1 if there is None else 0
        if there is False or self._unanswered == ASKED:
            raise StudyError(_no_worker(jobs, there))
        self._missed = 0


def run_checked(expected: dict[str, str], where: str | Work, items: list[Item]) -> list[Outcome]:
    """Run some items on a worker that has the versions that are asked for.

    Parameters
    ----------
    expected : dict of str to str
        `fingerprint` of the process that asks.
    where : str or Work
        The work, or the file that holds it.
    items : list of Item
        Which fits to make.

    Returns
    -------
    list of Outcome
        One per item.

    Raises
    ------
    StudyError
        If this process has other versions.

    Examples
    --------
    >>> try:
    ...     run_checked({"numpy": "1.0"}, "work", [])
    ... except StudyError as error:
    ...     print(str(error).splitlines()[0])
    a Dask worker has numpy ... instead of 1.0: its numbers could be others.
    """
    found = fingerprint()
    other = [f"{k} {found[k]} instead of {v}" for k, v in expected.items() if found[k] != v]
    if other:
        raise StudyError(
            f"a Dask worker has {', '.join(other)}: its numbers could be others.\n"
            "  Install the study's lock and this source there, and start the worker again"
        )
    with ONE_FIT:
        return run_batch(where, items)


@lru_cache(maxsize=1)
def fingerprint() -> dict[str, str]:
    """Return what the numbers of a fit depend on in this process.

    Returns
    -------
    dict of str to str
        Versions of libraries, and ``source``: a digest of this package.

    Examples
    --------
    >>> sorted(fingerprint())[:3]
    ['joblib', 'numpy', 'pandas']
    """
    found = {}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "missing"
    folder = Path(__file__).parent
    return found | {"source": digest_of(list(folder.rglob("*.py")), folder)[:12]}


@contextlib.contextmanager
def open_cluster(compute: Compute, workers: int, folder: Path) -> Iterator[Cluster]:
    """Connect to the workers that ``[compute]`` names, or start them.

    Parameters
    ----------
    compute : Compute
        ``scheduler`` is asked, or ``slurm`` gives jobs; else workers start on this machine.
    workers : int
        How many to start; -1 is one per core of this machine. A scheduler that runs has its own.
    folder : Path
        A folder that workers see, if there is one, for files that they map.

    Yields
    ------
    Cluster
        The back end; workers that were started here end with it.

    Raises
    ------
    StudyError
        If Dask is not installed, or no scheduler or worker answers.
    """
    try:
        import dask
        from distributed import Client, LocalCluster
    except ImportError as error:
        raise StudyError(
            f"--backend dask: Dask is not installed here ({error.name} is missing). "
            "Run: python scripts/environment.py --extra dask"
        ) from error
    # Dask logs every worker that leaves; what matters arrives as an error
    quiet = {"distributed.logging.distributed": "critical", "distributed.admin.tick.limit": "1h"}
    with dask.config.set(quiet), contextlib.ExitStack() as stack:
        for name in ("distributed", "distributed.client"):
            logging.getLogger(name).setLevel(logging.CRITICAL)
        jobs = None
        try:
            if compute.scheduler:
                target: Any = compute.scheduler
            elif compute.slurm:
                jobs = stack.enter_context(slurm_jobs(compute.slurm, workers, folder))
                target = jobs.cluster
            else:
                target = stack.enter_context(
                    LocalCluster(
                        n_workers=Processes(workers).workers,
                        threads_per_worker=1,
                        memory_limit=0,  # mapped pages would count as if each worker had its own
                        dashboard_address="127.0.0.1:0",  # none would be the port of all others
                        scheduler_kwargs={"dashboard": False},
                        local_directory=stack.enter_context(_scratch(folder)),
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
        yield Cluster(client, folder, jobs)


@contextlib.contextmanager
def _scratch(folder: Path) -> Iterator[str]:
    path = folder / "dask"
    path.mkdir(parents=True, exist_ok=True)
    try:
        yield str(path)
    finally:
        shutil.rmtree(path, ignore_errors=True)


def _no_worker(jobs: Jobs | None, there: bool | None) -> str:
    message = f"no Dask worker has been there for {GONE} seconds, and fits wait for one"
    if jobs and there is None:
        message += ". SLURM does not say whether its jobs are still to come"
    elif jobs:
        message += f", but no SLURM job is queued. {jobs.last_words()}".rstrip()
    return f"{message}\n  Those that were done are in the cache: run this again once workers come"


def _in_words(status: str, outcome: Any) -> Exception:
    error = outcome[1] if isinstance(outcome, tuple) else outcome
    if status != "error":
        return StudyError(
            "the Dask scheduler is gone, and with it the fits that were in flight. Those that were "
            "done are in the cache: start the scheduler and run this again"
        )
    if type(error).__name__ == "KilledWorker":
        return StudyError(
            f"{error}\n  Out of memory is the usual cause: give workers more, or use fewer. With "
            "--backend sequential the fit fails in this process and can be looked at."
        )
    if isinstance(error, ImportError):
        return StudyError(
            f"a Dask worker lacks what this study needs: {error}.\n  Start workers with the Python "
            "of an environment that scripts/environment.py --extra dask made"
        )
    return error
