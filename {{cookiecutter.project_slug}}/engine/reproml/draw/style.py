"""One style for all figures, and how a figure becomes a file: the same bytes every time.

Colours are told apart by all kinds of colour vision (Okabe and Ito 2008) and differ in lightness;
whatever has a colour has a marker or a line of its own too, so that print in grey loses nothing.
Fonts and sizes are in figures.mplstyle.
"""

from __future__ import annotations

import html
import io
import re
import textwrap
from collections.abc import Iterable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import NamedTuple

import matplotlib.style
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..config.study import StudyError

WIDTH = 7.0  # inches; a page's text is about as wide
LETTER = 0.075  # inches; a letter of a label is about as wide
LONGEST = 34  # letters of a name in one line of a label
ROW = 0.32  # inches for a row of a dot plot
BLUE, ORANGE, GREEN, PURPLE = "#0072b2", "#d55e00", "#009e73", "#cc79a7"
BLACK, GREY = "#1a1a1a", "#6e6e6e"
# Colour, marker and line, in the order of use.
SERIES = [(BLUE, "o", "-"), (ORANGE, "s", "--"), (GREEN, "^", "-."), (PURPLE, "D", ":")]
STYLE = Path(__file__).with_name("figures.mplstyle")


class Mark(NamedTuple):
    """How a series of intervals is drawn; whether the marker is only an outline."""

    colour: str
    marker: str = "o"
    hollow: bool = False


def styled() -> AbstractContextManager[None]:
    """Return a context in which figures are drawn and saved, whatever the user's own settings."""
    return matplotlib.style.context(STYLE, after_reset=True)


def rows_figure(n_rows: int, *, row: float = ROW) -> tuple[Figure, Axes]:
    """Return an empty dot plot: one row (in inches) for each thing compared, row 0 on top."""
    figure = Figure(figsize=(WIDTH, 1.1 + row * n_rows))
    axes = figure.subplots()
    axes.set_ylim(n_rows - 0.4, -0.6)
    axes.grid(axis="x")
    axes.set_axisbelow(True)
    axes.tick_params(axis="y", length=0)
    return figure, axes


def folded(text: object, letters: int = LONGEST, lines: int = 2) -> str:
    """Break a long label into lines; what is more than they hold is left out, as three dots say.

    >>> folded("Annual precipitation at the nearest station", 20)
    'Annual precipitation\\nat the nearest [...]'
    """
    wrapped = textwrap.wrap(str(text), max(letters, 8), max_lines=lines, placeholder=" [...]")
    return "\n".join(wrapped)


def label_rows(axes: Axes, rows: np.ndarray, names: Iterable[object], label: str) -> None:
    """Name the rows of a dot plot, and its axis; long names and what is below them are folded."""
    texts = [folded(name) for name in names]
    axes.set_yticks(rows, texts)
    longest = max((len(line) for text in texts for line in text.split("\n")), default=0)
    axes.set_xlabel(folded(label, int(WIDTH / LETTER) - longest))


def draw_intervals(
    axes: Axes,
    table: pd.DataFrame,
    rows: np.ndarray,
    columns: tuple[str, str, str],
    mark: Mark,
    label: str,
) -> None:
    """Draw a marker with an interval for every row of a table: columns value, low end, high end."""
    value, low, high = (table[name].to_numpy() for name in columns)
    axes.hlines(rows, low, high, color=mark.colour, linewidth=1.6)
    face = "white" if mark.hollow else mark.colour
    style = {"color": mark.colour, "markerfacecolor": face, "label": label, "zorder": 3}
    axes.plot(value, rows, mark.marker, **style)


def to_svg(figure: Figure, stem: str, alt: str) -> str:
    """Return a figure as SVG with its alternative text; no date, no random names.

    Coordinates are rounded to a hundredth of a point, which nobody sees, so that the last bits of a
    number do not change the file. Ids are numbered and begin with the stem, so that several figures
    can stand in one page.
    """
    if not alt.strip():
        raise StudyError(f"figure {stem} needs an alternative text: say what it shows, in numbers")
    content = io.StringIO()
    nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    with styled():
        figure.savefig(content, format="svg", metadata=nothing)
    text = content.getvalue()
    text = text[text.index("<svg") :]  # no XML head: pages take the figure in as it is
    pieces = re.split(r"(<[^>]*>)", text)  # what is drawn stands in tags, labels stand between
    text = "".join(_rounded(piece) if piece[:1] == "<" else piece for piece in pieces)
    text = _numbered_ids(text, stem)
    head, _, rest = text.partition(">")
    how = f' role="img" aria-labelledby="{stem}-alt" style="max-width: 100%; height: auto"'
    described = f'<desc id="{stem}-alt">{html.escape(alt, quote=False)}</desc>'
    text = f"{head}{how}>\n {described}{rest}"
    return "".join(f"{line.rstrip()}\n" for line in text.splitlines() if line.strip())


def _rounded(tag: str) -> str:
    def shorter(number: re.Match[str]) -> str:
        return f"{float(number[0]):z.2f}".rstrip("0").rstrip(".")

    return re.sub(r"(?<![\w.#-])-?\d+\.\d{3,}", shorter, tag)


def _numbered_ids(text: str, stem: str) -> str:
    """Replace ids, which are hashes of what is drawn, by numbers in the order of appearance."""
    ids = dict.fromkeys(re.findall(r'\bid="([^"]+)"', text))
    new = {old: f"{stem}-{number}" for number, old in enumerate(ids, start=1)}

    def renamed(found: re.Match[str]) -> str:
        return found[1] + new.get(found[2], found[2]) + found[3]

    return re.sub(r'(\bid="|url\(#|xlink:href="#)([^")]+)([")])', renamed, text)


def to_pdf(figure: Figure) -> bytes:
    """Return a figure as PDF for the paper, without a date: the same bytes for the same figure."""
    content = io.BytesIO()
    nothing = dict.fromkeys(("CreationDate", "Creator", "Producer"))
    with styled():
        figure.savefig(content, format="pdf", metadata=nothing)
    return content.getvalue()
