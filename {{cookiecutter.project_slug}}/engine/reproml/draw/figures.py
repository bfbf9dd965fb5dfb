"""All figures of a study by name, and their captions as the site and the paper take them.

To add one, write two functions into the module of its kind: one takes result tables and returns a
figure, the other its alternative text. Put them into that module's ``DRAWINGS``, and its caption
(what is drawn, and what it does not say) into captions.toml; `scripts/figures.py` draws whatever
stands there.
"""

from __future__ import annotations

import html

from matplotlib.figure import Figure

from ..config.commands import command_of
from ..config.study import Study, StudyError
from ..split.claims import claim_of
from ..write.numbers import macro_name
from ..write.tables import to_latex
from . import errors, explanations, scores
from .drawing import CAPTIONS, Drawing, Frames
from .style import styled

UNSEEN = "The locked test rows have no part in it."
FIGURES: dict[str, Drawing] = scores.DRAWINGS | errors.DRAWINGS | explanations.DRAWINGS


def figures_of(study: Study) -> list[str]:
    """Return the names of the figures that a study has, in order."""
    return [stem for stem, drawing in FIGURES.items() if drawing.task in ("any", study.task)]


def draw_figure(stem: str, frames: Frames, study: Study) -> Figure:
    """Draw one figure from its result files, in the style of all."""
    there = figures_of(study)
    if stem not in there:
        raise StudyError(f"there is no figure {stem!r}; there are {there}")
    missing = [name for name in FIGURES[stem].needs if name not in frames]
    if missing:
        raise StudyError(
            f"figure {stem}: {missing} not there yet; run {command_of(FIGURES[stem].script)} first"
        )
    with styled():
        return FIGURES[stem].draw(frames, study)


def caption_of(stem: str, frames: Frames, study: Study) -> str:
    """Return a figure's caption; its last sentence names the command and the file behind it."""
    drawing, claim = FIGURES[stem], claim_of(study.split)
    words = {
        "candidate": study.models.candidate,
        "metric": study.primary.label,
        "target": errors.target_label(study),
        "score": study.primary.head,
        "folds": study.split.folds * study.split.repeats,
        "dependence": study.split.dependence,
        "about": claim.about,
    }
    on_random = claim.random and f"{stem}_random" in CAPTIONS
    text = CAPTIONS[f"{stem}_random" if on_random else stem].format(
        **words, **drawing.words(frames, study)
    )
    made_by = f"Made by {command_of(drawing.script)}: results/{drawing.needs[0]}."
    return f"{text} {UNSEEN} {made_by}"


def to_html(stem: str, caption: str) -> str:
    """Return what a page includes; its middle line takes in the SVG with its alternative text."""
    text = html.escape(caption, quote=False)
    include = f'--8<-- "results/figures/{stem}.svg"'
    return f"<figure>\n{include}\n<figcaption>{text}</figcaption>\n</figure>\n"


def text_macros(texts: dict[str, tuple[str, str]]) -> str:
    r"""Write (caption, alternative text) by figure as LaTeX commands.

    >>> print(text_macros({"claim": ("95 % of a_b.", "Dots.")}), end="")
    \newcommand{\AltClaim}{Dots.}
    \newcommand{\CaptionClaim}{95 \% of a\_b.}
    """
    macros = {}
    for stem, (caption, alt) in texts.items():
        macros |= {macro_name("Caption", stem): caption, macro_name("Alt", stem): alt}
    return to_latex(macros)
