"""One thread for each fit, so that sums are added in one order."""

from __future__ import annotations

import contextlib
import sys
from functools import lru_cache

from threadpoolctl import ThreadpoolController


def one_thread() -> contextlib.AbstractContextManager:
    """Hold the thread pools of BLAS and OpenMP at one thread each.

    Sums are then added in one order: the same bits on any number of cores. And many fits at once do
    not ask for more threads than there are cores.

    Examples
    --------
    >>> from threadpoolctl import threadpool_info
    >>> with one_thread():
    ...     {pool["num_threads"] for pool in threadpool_info()}
    {1}
    """
    return _thread_pools(len(sys.modules)).limit(limits=1)


@lru_cache(maxsize=1)  # looking for pools takes milliseconds, and only an import brings new ones
def _thread_pools(_: int) -> ThreadpoolController:
    return ThreadpoolController()
