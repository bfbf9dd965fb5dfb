"""Writes files, each whole or not at all."""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


def write_text(text: str, path: Path) -> None:
    """Write a text; line ends stay as they are."""
    write_whole(text.encode("utf-8"), path)


def write_csv(frame: pd.DataFrame, path: Path) -> None:
    """Write a table; floats as the shortest text that reads back to the same bits."""
    write_text(csv_text(frame), path)


def csv_text(frame: pd.DataFrame) -> str:
    """Return a table as `write_csv` writes it."""
    return frame.to_csv(index=False, lineterminator="\n")


def write_whole(content: bytes, path: str | Path) -> None:
    """Write a file aside, then rename it over the old one: a kill leaves the old or the new bytes.

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "model" / "candidate.skops"
    ...     write_whole(b"old", path)
    ...     write_whole(b"new", path)
    ...     path.read_bytes(), len(list(path.parent.iterdir()))
    (b'new', 1)
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, aside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(aside).chmod(0o644)  # mkstemp makes files that nobody else can read
        Path(aside).replace(path)
    except BaseException:
        Path(aside).unlink(missing_ok=True)
        raise


def half_written(path: Path) -> bool:
    """Tell whether a file is one that `write_whole` was writing, by its name.

    >>> half_written(Path(".a.csv.x1_y2z3w")), half_written(Path(".a.csv"))
    (True, False)
    """
    return re.fullmatch(r"\..+\.[a-z0-9_]{8}", path.name) is not None
