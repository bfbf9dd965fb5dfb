"""Fills the marked places of README and docs from the results."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from ..config.files import write_text
from ..config.study import StudyError
from ..write.tables import to_markdown
from ..write.texts import TEXTS, fill_markers, marked


def renew_texts(root: Path, results: Path) -> list[str]:
    """Fill the markers of README and docs; return the names of files that changed."""
    changed = []
    for path, text in renewed(root, results).items():
        if text != path.read_text(encoding="utf-8"):
            write_text(text, path)
            changed.append(path.relative_to(root).as_posix())
    return changed


def renewed(root: Path, results: Path) -> dict[Path, str]:
    """Return what every text with markers should say, given a folder of results."""

    def content(name: str) -> str:
        path = results / name.removeprefix("results/")
        if not path.is_file():
            raise StudyError(f"a marker names {name}, which is not made; mend or remove the marker")
        if path.suffix == ".csv":  # shown as a table, its texts as they stand in the file
            frame = pd.read_csv(path, dtype=str, keep_default_na=False)
            first = frame.columns[0]
            return to_markdown(frame.set_index(first), first) + "\n"
        return path.read_text(encoding="utf-8")

    texts = {}
    for pattern in TEXTS:
        for path in sorted(root.glob(pattern)):
            text = path.read_text(encoding="utf-8")
            if marked(text):
                texts[path] = fill_markers(text, content, path.relative_to(root).as_posix())
    return texts
