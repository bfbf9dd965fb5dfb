"""Draws the figures from the result files."""

from __future__ import annotations

import re
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from ..config.commands import command_of
from ..config.files import write_text, write_whole
from ..config.study import StudyError
from ..draw.figures import FIGURES, caption_of, draw_figure, figures_of, text_macros, to_html
from ..draw.style import to_pdf, to_svg
from .terminal import say

if TYPE_CHECKING:
    from .run import Run


def draw_figures(run: Run, kind: str = "svg", into: Path | None = None) -> list[str]:
    """Write an SVG and a caption per figure, and captions.tex, or a PDF each; return names."""
    into, study = into or run.results / "figures", run.study
    stems = figures_of(study)
    frames = read_frames(run.results, stems)
    texts = {}
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        for stem in stems:
            figure = draw_figure(stem, frames, study)
            caption, alt = caption_of(stem, frames, study), FIGURES[stem].alt(frames, study)
            texts[stem] = caption, alt
            svg = kind == "svg"
            content = to_svg(figure, stem, alt).encode("utf-8") if svg else to_pdf(figure)
            write_whole(content, into / f"{stem}.{kind}")
            if svg:
                write_text(to_html(stem, caption), into / f"{stem}.md")
    _say_once([str(one.message) for one in warned], kind)
    if kind == "svg":
        write_text(text_macros(texts), into / "captions.tex")
    return [f"{stem}.{kind}" for stem in stems]


def _say_once(warned: list[str], kind: str) -> None:
    """Say what Matplotlib warned of; an SVG needs no letters, the reader's fonts have them."""
    lacks = {chr(int(code)) for code in re.findall(r"Glyph (\d+)", " ".join(warned))}
    others = {text for text in warned if not text.startswith("Glyph")}
    if lacks and kind == "pdf":
        others.add(
            f"DejaVu Sans, the font of the figures, has no {''.join(sorted(lacks))}: the PDF shows "
            "boxes there. Name the classes, features or units in letters that it has"
        )
    for text in sorted(others):
        say(f"figures: {text}")


def read_frames(results: Path, stems: list[str]) -> dict[str, pd.DataFrame]:
    """Read the result files that the figures need; say which script makes a missing one."""
    needs = {name: FIGURES[stem].script for stem in stems for name in FIGURES[stem].needs}
    return {name: read_result(results, name, script) for name, script in needs.items()}


def read_result(results: Path, name: str, script: str) -> pd.DataFrame:
    """Read what a script wrote, or say that it has to run first."""
    if not (results / name).is_file():
        raise StudyError(f"{name}: not there yet; run {command_of(script)} first")
    return pd.read_csv(results / name)
