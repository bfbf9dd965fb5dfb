"""Draw every figure from the result files; with --format pdf, those of the paper."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from .common import open_study, options, run, say, write_bytes, write_text

if TYPE_CHECKING:
    import pandas as pd

    from ..config.study import Study


def main(arguments: Namespace) -> None:
    """Write an SVG and a caption per figure, and captions.tex; or a PDF per figure."""

    study = open_study(arguments)
    kind = getattr(arguments, "format", "svg")  # as a stage of reproduce.py there are no options
    into = getattr(arguments, "into", None) or arguments.results / "figures"
    pictures = draw_all(kind, study, arguments.results)

    from ..draw.figures import text_macros, to_html

    for picture in pictures:
        write_bytes(picture.content, into / f"{picture.stem}.{kind}")
        if kind == "svg":
            write_text(to_html(picture.stem, picture.caption), into / f"{picture.stem}.md")
    if kind == "svg":
        texts = {picture.stem: (picture.caption, picture.alt) for picture in pictures}
        write_text(text_macros(texts), into / "captions.tex")
    names = [f"{picture.stem}.{kind}" for picture in pictures]
    say(f"Written to {into}: {', '.join(names)}")


class Picture(NamedTuple):
    """A figure as it is written."""

    stem: str
    content: bytes
    caption: str
    alt: str


def draw_all(kind: str, study: Study, results: Path) -> list[Picture]:
    """Draw every figure that the study has."""
    from ..draw.figures import FIGURES, caption_of, draw_figure, figures_of
    from ..draw.style import to_pdf, to_svg

    stems = figures_of(study)
    frames = read_frames(study, results, stems)
    pictures = []
    for stem in stems:
        figure = draw_figure(stem, frames, study)
        texts = caption_of(stem, frames, study), FIGURES[stem].alt(frames, study)
        svg = kind == "svg"
        content = to_svg(figure, stem, texts[1]).encode("utf-8") if svg else to_pdf(figure)
        pictures.append(Picture(stem, content, *texts))
    return pictures


def read_frames(study: Study, results: Path, stems: list[str]) -> dict[str, pd.DataFrame]:
    """Read the result files that the figures need; say which script makes a missing one."""
    import pandas as pd

    from ..config.commands import command_of
    from ..config.study import StudyError
    from ..draw.figures import FIGURES

    frames = {}
    for stem in stems:
        for name in FIGURES[stem].needs:
            if not (results / name).is_file():
                script = FIGURES[stem].script
                raise StudyError(f"{name}: not there yet; run {command_of(script)} first")
            if name not in frames:
                frames[name] = pd.read_csv(results / name)
    return frames


def start() -> None:
    """Read the command line and run."""
    parser = options(__doc__)
    parser.add_argument("--format", choices=["svg", "pdf"], default="svg", help="default: svg")
    parser.add_argument(
        "--into", type=Path, help="folder for the figures (default: figures, below the results)"
    )
    run(main, parser)
