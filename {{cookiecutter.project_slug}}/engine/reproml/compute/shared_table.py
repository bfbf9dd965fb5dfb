"""Keeps what all workers read in one file, and maps it: in memory once, however many they are.

joblib maps the large number arrays of what it sends, but a text column travels whole with every
fit, and so does each array below 1 MB. Here all buffers of a table are laid out in a file behind
one another, numbers and texts alike, and every process maps that file. What is mapped cannot be
written to, so no fit can change the rows of another.
"""

from __future__ import annotations

import mmap
import pickle
from functools import lru_cache
from pathlib import Path
from typing import Any

import cloudpickle

from ..config.columns import Table

ALIGNMENT = 64  # bytes; what vector instructions and Arrow like best


class MappedTable(Table):
    """A table that lives in a file; sent to another process, it travels as the file's name."""

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        """Say how to open it elsewhere, instead of copying its rows."""
        return open_table, (self.__dict__["path"],)


def save(content: Any, path: str | Path) -> None:
    """Write an object to a file that `load` maps: first its large buffers, then all else."""
    buffers: list[pickle.PickleBuffer] = []
    # unlike pickle it also takes a model that a notebook defines, as joblib does
    head = cloudpickle.dumps(content, protocol=5, buffer_callback=buffers.append)
    places = []  # (start, length) of each buffer
    with Path(path).open("wb") as file:
        for buffer in buffers:
            file.write(b"\0" * (-file.tell() % ALIGNMENT))
            with buffer.raw() as raw:
                places.append((file.tell(), raw.nbytes))
                file.write(raw)
        start = file.tell()
        file.write(pickle.dumps((places, head)))
        file.write(start.to_bytes(8, "little"))


def load(path: str | Path) -> Any:
    """Map a file that `save` wrote; made by this study, as unpickling runs what it says."""
    with Path(path).open("rb") as file:
        content = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    start = int.from_bytes(content[-8:], "little")
    places, head = pickle.loads(content[start:-8])
    return pickle.loads(head, buffers=[content[at : at + length] for at, length in places])


def map_table(table: Table, path: str | Path) -> MappedTable:
    """Move a table into a file; drop the one that came, and its memory is free.

    The file has to stay until the last worker is done.
    """
    save(_fields(table), path)
    return open_table(str(path))


@lru_cache(maxsize=1)  # a worker maps a table once, not once a task
def open_table(path: str) -> MappedTable:
    """Map a table that `map_table` wrote."""
    table = MappedTable(**load(path))
    table.__dict__["path"] = path  # no field: it says where the rows are, not what they are
    return table


def plain_table(table: Table) -> Table:
    """Return a table that is pickled with its rows, for machines that do not see the file."""
    return Table(**_fields(table))


def _fields(table: Table) -> dict[str, Any]:
    return {name: getattr(table, name) for name in Table.__dataclass_fields__}
