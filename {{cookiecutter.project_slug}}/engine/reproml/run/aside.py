"""Keeps files of a run in a folder that is gone afterwards, however the run ended.

Runs share a lock of the operating system, which lets go of it when a process ends, killed or not;
other machines of a shared disk see it too. Who can have it alone knows that no run goes on, and
that what is there was left behind. Where a disk knows no locks, nothing is taken for that.
"""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

if os.name == "nt":
    import msvcrt
else:
    import fcntl

BYTES = 2**30  # of the lock's file, which is empty; Windows locks any of them


@contextlib.contextmanager
def own_folder(aside: Path) -> Iterator[Path]:
    """Make a folder below another one; first remove what was left there, if no run goes on."""
    aside.mkdir(parents=True, exist_ok=True)
    lock = aside.with_suffix(".lock")
    with lock.open("a+b") as file:
        for left in sorted(aside.iterdir()) if hold(file, alone=True) else []:
            shutil.rmtree(left, ignore_errors=True)
    with lock.open("a+b") as file:
        hold(file)
        made = tempfile.mkdtemp(dir=aside)
        try:
            yield Path(made)
        finally:  # what Windows keeps, as a worker still maps it, the next run removes
            shutil.rmtree(made, ignore_errors=True)


def hold(file: BinaryIO, *, alone: bool = False) -> bool:
    """Lock a file with other runs, or alone; False where that cannot be had."""
    with contextlib.suppress(OSError):
        if os.name != "nt":
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB if alone else fcntl.LOCK_SH)
        else:  # no lock is shared there: each run has a byte of its own, who is alone has all
            file.seek(0 if alone else random.randrange(BYTES))
            how = msvcrt.LK_NBLCK if alone else msvcrt.LK_LOCK
            msvcrt.locking(file.fileno(), how, BYTES if alone else 1)
        return True
    return False
