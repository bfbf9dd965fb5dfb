"""Opens the pool that ``[compute]`` asks for."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from ..config.study import Compute, StudyError
from .pool import Pool, count


@contextlib.contextmanager
def open_pool(compute: Compute, folder: Path | None = None) -> Iterator[Pool]:
    """Open what ``[compute]`` asks for; workers find large tables in the folder, if they see it.

    >>> with open_pool(Compute(workers=3)) as some, open_pool(Compute(backend="sequential")) as one:
    ...     some.workers, one.workers
    (3, 1)
    """
    if compute.backend != "dask":
        yield Pool(1 if compute.backend == "sequential" else count(compute.workers), folder)
        return
    try:
        from .cluster import open_cluster  # an extra, which takes a second to import
    except ImportError as error:
        raise StudyError(
            f"--backend dask: Dask is not installed here ({error.name} is missing). "
            "Run: python scripts/environment.py --extra dask"
        ) from error
    with open_cluster(compute, count(compute.workers), folder) as cluster:
        yield cluster
