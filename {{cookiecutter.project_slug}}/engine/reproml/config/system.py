"""Says in words what the operating system refuses: a full disk is no defect of the study."""

from __future__ import annotations

import errno

REFUSALS = {  # by the name of the error's number: what it is, and what to do
    "ENOSPC": ("the disk is full", "make room on it"),
    "EDQUOT": ("your quota of disk space is used up", "make room in it"),
    "EFBIG": ("the file is larger than this system allows", "raise the limit (ulimit -f)"),
    "EROFS": ("the disk can only be read", "work on a copy of the study that can be written to"),
    "EACCES": ("this user has no permission", "change the owner or the rights of the file"),
    "EMFILE": ("too many files are open", "raise the limit (ulimit -n) or use fewer --workers"),
}


def refusal(error: BaseException | None) -> str:
    """Say what the system refused and what to do; empty where it was not the system.

    >>> refusal(OSError(errno.ENOSPC, "No space left on device", "a.csv"))[:45]
    'the disk is full ([Errno 28] No space left on'
    """
    if not isinstance(error, OSError):
        return ""
    name = errno.errorcode.get(error.errno, "")
    what, todo = REFUSALS.get(name, ("the system refused it", "--debug shows where; mend that"))
    return f"{what} ({error}); {todo} and run this again; every file under results is whole"
