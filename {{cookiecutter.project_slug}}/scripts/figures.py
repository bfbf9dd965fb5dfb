"""Draw every figure from the result files; with --format pdf, those of the paper."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from common import options, run, say, write_bytes, write_text

if TYPE_CHECKING:
    import pandas as pd

    from {{ cookiecutter.__package }}.study import Study


def main(arguments: Namespace) -> None:
    """Write an SVG and a caption per figure, and captions.tex; or a PDF per figure."""
    from {{ cookiecutter.__package }}.figures import (
        FIGURES,
        caption_of,
        draw_figure,
        figures_of,
        text_macros,
        to_html,
    )
    from {{ cookiecutter.__package }}.figures_style import to_pdf, to_svg
    from {{ cookiecutter.__package }}.study import read_study

    study = read_study(arguments.study)
    stems = figures_of(study)
    frames = read_frames(study, arguments.results, stems)
    kind = getattr(arguments, "format", "svg")  # as a stage of reproduce.py there are no options
    into = getattr(arguments, "into", None) or arguments.results / "figures"
    texts = {}
    for stem in stems:
        figure = draw_figure(stem, frames, study)
        if kind == "pdf":
            write_bytes(to_pdf(figure), into / f"{stem}.pdf")
            continue
        caption, alt = caption_of(stem, frames, study), FIGURES[stem].alt(frames, study)
        write_text(to_svg(figure, stem, alt), into / f"{stem}.svg")
        write_text(to_html(stem, caption), into / f"{stem}.md")
        texts[stem] = (caption, alt)
    if texts:
        write_text(text_macros(texts), into / "captions.tex")
    say(f"Written to {into}: {', '.join(f'{stem}.{kind}' for stem in stems)}")


def read_frames(study: Study, results: Path, stems: list[str]) -> dict[str, pd.DataFrame]:
    """Read the result files that the figures need; say which script makes a missing one."""
    import pandas as pd

    from {{ cookiecutter.__package }}.figures import FIGURES
    from {{ cookiecutter.__package }}.study import StudyError

    frames = {}
    for stem in stems:
        for name in FIGURES[stem].needs:
            if not (results / name).is_file():
                script = FIGURES[stem].script
                raise StudyError(f"{name}: not there yet; run scripts/{script}.py first")
            if name not in frames:
                frames[name] = pd.read_csv(results / name)
    return frames


if __name__ == "__main__":
    parser = options(__doc__)
    parser.add_argument("--format", choices=["svg", "pdf"], default="svg", help="default: svg")
    parser.add_argument(
        "--into", type=Path, help="folder for the figures (default: figures, below the results)"
    )
    run(main, parser)
