"""Keeps large tables of results out of git: the rows as Parquet, and a line of checksum for git."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import pandas as pd

from .files import csv_text, write_csv, write_text, write_whole

LARGE = 5_000_000  # characters of a table as CSV, above which git keeps its checksum alone
FOLDER = "large"  # of the results, which git ignores
END = "_large.csv"  # of the file that git keeps


def write_table(frame: pd.DataFrame, path: Path) -> Path:
    """Write a table as CSV; a large one as Parquet in a folder beside, and its checksum as CSV.

    Returns the file that git keeps.
    """
    text, rows, line = csv_text(frame), parquet_of(path), line_of(path)
    if len(text) <= LARGE:
        rows.unlink(missing_ok=True)
        line.unlink(missing_ok=True)
        write_text(text, path)
        return path
    path.unlink(missing_ok=True)
    write_whole(_typed(text).to_parquet(index=False), rows)
    said = {"file": rows.name, "rows": len(frame), "columns": frame.shape[1]}
    write_csv(pd.DataFrame([said | {"sha256": _sha256(text)}]), line)
    return line


def read_table(path: Path) -> pd.DataFrame:
    """Read what `write_table` wrote at a path, numbers to the last bit."""
    if parquet_of(path).is_file() and not path.is_file():
        return pd.read_parquet(parquet_of(path))
    return pd.read_csv(path)


def parquet_of(path: Path) -> Path:
    """Return where the rows of a large table are, by the path that it has if it is not large.

    >>> parquet_of(Path("results", "folds.csv")).as_posix()
    'results/large/folds.parquet'
    """
    return path.parent / FOLDER / f"{path.stem}.parquet"


def line_of(path: Path) -> Path:
    """Return where the checksum of a large table is.

    >>> line_of(Path("results", "folds.csv")).as_posix()
    'results/folds_large.csv'
    """
    return path.with_name(f"{path.stem}{END}")


def large_tables(results: Path) -> list[Path]:
    """Return the large tables of which git keeps a checksum, by the paths they would have."""
    return [
        one.with_name(one.name.removesuffix(END) + ".csv")
        for one in sorted(results.glob(f"*{END}"))
    ]


def recorded(path: Path) -> str | None:
    """Return the SHA-256 that git keeps of a large table, as CSV; None of one that is not large."""
    if not line_of(path).is_file():
        return None
    said = pd.read_csv(line_of(path), dtype="str")
    return said["sha256"].iloc[0] if "sha256" in said and len(said) else None


def rows_as_recorded(path: Path) -> str | None:
    """Return a large table as CSV; None where it is not here, or is not that of the checksum."""
    if not parquet_of(path).is_file():
        return None
    try:
        text = csv_text(pd.read_parquet(parquet_of(path)))
    except (OSError, ValueError):  # no Parquet file any more
        return None
    return text if _sha256(text) == recorded(path) else None


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def _typed(text: str) -> pd.DataFrame:
    """Return the table of a CSV text with numbers as numbers, if it is the same text then."""
    how = {"keep_default_na": False, "low_memory": False}
    frame = pd.read_csv(io.StringIO(text), **how)
    return frame if csv_text(frame) == text else pd.read_csv(io.StringIO(text), dtype="str", **how)
