"""All figures by name: which results each is drawn from, its caption and its alternative text.

To add one, write a function that takes result tables and returns a figure, write its caption (what
is drawn, and what it does not say) and its alternative text, and put all three into ``FIGURES``.
`scripts/figures.py` draws whatever stands there.
"""

from __future__ import annotations

import html
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import pandas as pd
from matplotlib.figure import Figure

from ..config.commands import command_of
from ..config.study import Study, StudyError
from ..write.latex import tex
from ..write.tables import macro_name
from . import captions as captions
from . import errors as errors
from . import explanations as interpretation
from . import scores as scores
from .style import styled

Frames = dict[str, pd.DataFrame]


@dataclass(frozen=True)
class Drawing:
    """How one figure is made.

    Attributes
    ----------
    needs : tuple of str
        Result files, the one it is mainly about first.
    script : str
        The script that makes these files.
    draw : callable
        Takes the files' content by name and the study, returns the figure.
    caption, alt : callable
        Take the same, return what stands below the figure, and what is said in its place.
    task : {"any", "classification", "regression"}
        For which studies.
    """

    needs: tuple[str, ...]
    script: str
    draw: Callable[[Frames, Study], Figure]
    caption: Callable[[Frames, Study], str]
    alt: Callable[[Frames, Study], str]
    task: Literal["any", "classification", "regression"] = "any"


def _candidates(name: str) -> Callable[[Frames, Study], pd.DataFrame]:
    """Return a reader of the candidate's rows of a file."""
    return lambda frames, study: frames[name].query("model == @study.models.candidate")


confusion_of = _candidates("baselines_confusion.csv")
calibration_of = _candidates("baselines_calibration.csv")
residuals_of = _candidates("baselines_residual_quantiles.csv")

FIGURES: dict[str, Drawing] = {
    "baselines": Drawing(
        needs=("baselines.csv", "baselines_folds.csv"),
        script="baselines",
        draw=scores.draw_baselines,
        caption=captions.baselines_caption,
        alt=captions.baselines_alt,
    ),
    "differences": Drawing(
        needs=("baselines_comparison.csv",),
        script="baselines",
        draw=lambda frames, study: scores.draw_differences(
            frames["baselines_comparison.csv"], captions.difference_label(study, "baseline")
        ),
        caption=captions.differences_caption,
        alt=lambda frames, study: captions.differences_alt(
            frames["baselines_comparison.csv"], study, "baseline"
        ),
    ),
    "ablation": Drawing(
        needs=("ablation_comparison.csv",),
        script="ablation",
        draw=lambda frames, study: scores.draw_differences(
            frames["ablation_comparison.csv"], captions.difference_label(study, "variant")
        ),
        caption=captions.ablation_caption,
        alt=lambda frames, study: captions.differences_alt(
            frames["ablation_comparison.csv"], study, "variant"
        ),
    ),
    "claim": Drawing(
        needs=("claim.csv",),
        script="claim",
        draw=lambda frames, study: scores.draw_claim(frames["claim.csv"], study),
        caption=captions.claim_caption,
        alt=captions.claim_alt,
    ),
    "confusion": Drawing(
        needs=("baselines_confusion.csv",),
        script="baselines",
        draw=lambda frames, study: errors.draw_confusion(confusion_of(frames, study)),
        caption=captions.confusion_caption,
        alt=lambda frames, study: captions.confusion_alt(confusion_of(frames, study), study),
        task="classification",
    ),
    "calibration": Drawing(
        needs=("baselines_calibration.csv",),
        script="baselines",
        draw=lambda frames, study: errors.draw_calibration(calibration_of(frames, study)),
        caption=captions.calibration_caption,
        alt=lambda frames, study: captions.calibration_alt(calibration_of(frames, study), study),
        task="classification",
    ),
    "residuals": Drawing(
        needs=("baselines_residual_quantiles.csv",),
        script="baselines",
        draw=lambda frames, study: errors.draw_residuals(
            residuals_of(frames, study), captions.target_label(study)
        ),
        caption=captions.residuals_caption,
        alt=lambda frames, study: captions.residuals_alt(residuals_of(frames, study), study),
        task="regression",
    ),
    "importance": Drawing(
        needs=interpretation.FILES,
        script="interpretation",
        draw=interpretation.draw_importance,
        caption=interpretation.importance_caption,
        alt=interpretation.importance_alt,
    ),
    "partial_dependence": Drawing(
        needs=interpretation.CURVES,
        script="interpretation",
        draw=interpretation.draw_partial_dependence,
        caption=interpretation.dependence_caption,
        alt=interpretation.dependence_alt,
    ),
}


def figures_of(study: Study) -> list[str]:
    """Return the names of the figures that a study has.

    Parameters
    ----------
    study : Study
        The configuration.

    Returns
    -------
    list of str
        Keys of ``FIGURES``, in order.

    Examples
    --------
    >>> figures_of(Study.model_construct(task="regression"))
    ['baselines', 'differences', 'ablation', 'claim', 'residuals', 'importance', \
'partial_dependence']
    """
    return [stem for stem, drawing in FIGURES.items() if drawing.task in ("any", study.task)]


def draw_figure(stem: str, frames: Frames, study: Study) -> Figure:
    """Draw one figure in the style of all.

    Parameters
    ----------
    stem : str
        A key of ``FIGURES``.
    frames : dict of str to DataFrame
        The files that it needs, by name.
    study : Study
        The configuration.

    Returns
    -------
    Figure

    Raises
    ------
    StudyError
        If there is no such figure, or a file is not among the frames.

    Examples
    --------
    >>> try:
    ...     draw_figure("baseline", {}, Study.model_construct(task="regression"))
    ... except StudyError as error:
    ...     print(error)
    there is no figure 'baseline'; there are ['baselines', 'differences', 'ablation', \
'claim', 'residuals', 'importance', 'partial_dependence']
    """
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
    """Return a figure's caption; its last sentence names the script and the file behind it.

    Parameters
    ----------
    stem : str
        A key of ``FIGURES``.
    frames : dict of str to DataFrame
        The files that it needs, by name.
    study : Study
        The configuration.

    Returns
    -------
    str
        Plain text.

    Examples
    --------
    >>> from ..config.study import Metrics, Split
    >>> split = Split(dependence="grouped", folds=5, repeats=6)
    >>> study = Study.model_construct(metrics=Metrics(primary="mae"), split=split)
    >>> caption_of("ablation", {}, study).rpartition(". ")[2]
    'Made by scripts/ablation.py: results/ablation_comparison.csv.'
    """
    drawing = FIGURES[stem]
    text = drawing.caption(frames, study)
    return f"{text} Made by {command_of(drawing.script)}: results/{drawing.needs[0]}."


def to_html(stem: str, caption: str) -> str:
    """Return what a page of the site includes to show a figure with its caption.

    Parameters
    ----------
    stem : str
        A key of ``FIGURES``.
    caption : str
        Plain text.

    Returns
    -------
    str
        HTML whose middle line takes in the SVG, which brings its alternative text along.

    Examples
    --------
    >>> print(to_html("claim", "All p < 0.05."), end="")
    <figure>
    --8<-- "results/figures/claim.svg"
    <figcaption>All p &lt; 0.05.</figcaption>
    </figure>
    """
    text = html.escape(caption, quote=False)
    include = f'--8<-- "results/figures/{stem}.svg"'
    return f"<figure>\n{include}\n<figcaption>{text}</figcaption>\n</figure>\n"


def text_macros(texts: dict[str, tuple[str, str]]) -> str:
    r"""Write captions and alternative texts as LaTeX commands.

    Parameters
    ----------
    texts : dict of str to (str, str)
        Caption and alternative text by figure.

    Returns
    -------
    str
        A file for ``\input``: ``\CaptionClaim``, ``\AltClaim`` and so on.

    Examples
    --------
    >>> print(text_macros({"claim": ("95 % of a_b.", "Dots.")}), end="")
    \newcommand{\AltClaim}{Dots.}
    \newcommand{\CaptionClaim}{95 \% of a\_b.}
    """
    lines = []
    for stem, (caption, alt) in texts.items():
        for kind, text in (("Caption", caption), ("Alt", alt)):
            name = macro_name(kind, stem)
            lines.append("\\newcommand{\\" + name + "}{" + tex(text) + "}")
    return "\n".join(sorted(lines)) + "\n"
