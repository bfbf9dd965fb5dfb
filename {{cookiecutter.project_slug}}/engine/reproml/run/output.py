"""Writes files whole or not at all, and tables for pages and for the paper."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from ..config.files import write_whole
from ..write.latex import tex, to_tabular
from ..write.tables import to_page


def write_text(text: str, path: Path) -> None:
    """Write a text; line ends stay as they are."""
    write_whole(text.encode("utf-8"), path)


def write_csv(frame: pd.DataFrame, path: Path) -> None:
    """Write a table; floats as the shortest text that reads back to the same bits."""
    write_text(frame.to_csv(index=False, lineterminator="\n"), path)


def write_table(
    frame: pd.DataFrame, corner: str, path: Path, *, before: str = "", note: str = ""
) -> None:
    """Write a table of texts as Markdown for pages and as LaTeX for the paper, the note below it.

    The paper has a text of its own before a table.
    """
    write_text(to_page(frame, corner, before, note), path.with_suffix(".md"))
    below = "\\tablenote{" + tex(note.strip()) + "}\n" if note else ""
    write_text(to_tabular(frame, corner) + below, path.with_suffix(".tex"))
