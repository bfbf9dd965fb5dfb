"""Keeps files of a run in a folder that is gone afterwards, however the run ended.

While a run goes on it holds a lock of the operating system on a file beside its folder. The system
lets go of it when the process ends, killed or not, and shared disks know it too. So what nobody
holds was left behind. Where a disk knows no locks, nothing is taken for left behind.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

if os.name == "nt":
    import msvcrt
else:
    import fcntl


@contextlib.contextmanager
def own_folder(aside: Path) -> Iterator[Path]:
    """Make a folder below another one, with a lock that says that it is in use."""
    aside.mkdir(parents=True, exist_ok=True)
    for _ in range(5):
        handle, name = tempfile.mkstemp(".lock", dir=aside)
        file, folder = os.fdopen(handle, "ab"), Path(name).with_suffix("")
        if lock(file) and Path(name).exists():  # it may have been swept before it was locked
            break
        remove(folder, file)
    try:
        folder.mkdir()  # after its lock: at no moment is it without one
        yield folder
    finally:
        remove(folder, file)


def sweep(aside: Path) -> None:
    """Remove what runs have left that were killed; runs that go on keep theirs."""
    for name in sorted({path.stem for path in aside.glob("*")}):
        with contextlib.suppress(OSError):  # of another user
            file = (aside / f"{name}.lock").open("ab")
            if lock(file):
                remove(aside / name, file)
            file.close()


def lock(file: BinaryIO) -> bool:
    """Lock a file; False where another process holds it, or where the disk knows no locks."""
    try:
        if os.name == "nt":
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def remove(folder: Path, file: BinaryIO) -> None:
    """Remove a folder and its lock; what Windows keeps, as a worker maps it, the next run sweeps."""
    shutil.rmtree(folder, ignore_errors=True)
    name = folder.with_suffix(".lock")
    if not folder.exists():
        with contextlib.suppress(OSError):  # while it is locked: nobody locks what is about to go
            name.unlink(missing_ok=True)
    file.close()
    if os.name == "nt" and not folder.exists():
        with contextlib.suppress(OSError):  # Windows removes no open file
            name.unlink(missing_ok=True)
