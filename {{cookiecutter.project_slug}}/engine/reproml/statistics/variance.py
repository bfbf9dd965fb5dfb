"""Says what an interval knows of: which sources of chance were varied, and which were not.

A score would come out differently with another sample, another split, another initialisation,
another search for parameters. An interval covers those that were drawn anew while it was made, and
no others (Bouthillier et al. 2021).
"""

from __future__ import annotations

from typing import NamedTuple

from sklearn.pipeline import Pipeline

from ..config.study import Study
from ..split.inner_folds import searches
from ..split.splits import UNITS


class Source(NamedTuple):
    """A source of chance: its name, whether the interval knows of it, and how that is."""

    name: str
    varied: bool
    how: str


def fold_sources(study: Study, models: dict[str, Pipeline]) -> list[Source]:
    """Return the sources of chance behind scores over folds.

    Parameters
    ----------
    study : Study
        The configuration.
    models : dict of str to Pipeline
        The models whose scores are reported.

    Returns
    -------
    list of Source
        Folds, split, initialisation, tuning and sample.

    Examples
    --------
    >>> from ..config.example import forest
    >>> from ..config.study import Split
    >>> study = Study.model_construct(split=Split(dependence="grouped", folds=5, repeats=6))
    >>> print(in_words(fold_sources(study, {"forest": forest("regression")})))
    The interval knows of: folds (each of 5 trains and tests on other groups); split (groups were \
dealt into folds 6 times, each with a seed of its own); initialisation (every fit had a seed of \
its own). It does not know of: tuning (parameters in study.toml were chosen once, by hand); sample \
(there is one set of groups: others would score otherwise, within the interval only if these are a \
fair draw).
    """
    split, units = study.split, UNITS[study.split.dependence]
    sources = [Source("folds", True, f"each of {split.folds} trains and tests on other {units}")]
    if split.dependence == "temporal":
        sources.append(Source("split", False, "time has one order and was cut once"))
    elif split.repeats == 1:
        sources.append(Source("split", False, f"{units} were dealt into folds once"))
    else:
        how = f"{units} were dealt into folds {split.repeats} times, each with a seed of its own"
        sources.append(Source("split", True, how))
    drawing = any(
        name.rpartition("__")[2] == "random_state"
        for model in models.values()
        for name in model.get_params()
    )
    how = "every fit had a seed of its own" if drawing else "no model has a random_state"
    sources.append(Source("initialisation", drawing, how))
    tuning = [name for name, model in models.items() if searches(model)]
    how = "parameters in study.toml were chosen once, by hand"
    if tuning:
        how = f"{', '.join(tuning)} searched anew inside every fold"
    sources.append(Source("tuning", bool(tuning), how))
    how = (
        f"there is one set of {units}: others would score otherwise, within the interval only if "
        "these are a fair draw"
    )
    return [*sources, Source("sample", False, how)]


def locked_sources(study: Study) -> list[Source]:
    """Return the sources of chance behind the scores of the locked test rows.

    Parameters
    ----------
    study : Study
        The configuration.

    Returns
    -------
    list of Source
        Resampling, split and initialisation.

    Examples
    --------
    >>> from ..config.study import Split
    >>> study = Study.model_construct(split=Split(dependence="independent"))
    >>> [(source.name, source.varied) for source in locked_sources(study)]
    [('resampling', True), ('split', False), ('initialisation', False)]
    """
    units = UNITS[study.split.dependence]
    return [
        Source("resampling", True, f"the {units} of the test set were drawn anew, whole"),
        Source("split", False, f"one set of {units} to learn from, one to be tested on"),
        Source("initialisation", False, "every model was fitted once, from one seed"),
    ]


def in_words(sources: list[Source]) -> str:
    """Say what an interval knows of and what not.

    Parameters
    ----------
    sources : list of Source
        As above.

    Returns
    -------
    str
        One or two sentences.

    Examples
    --------
    >>> in_words([Source("split", True, "drawn 6 times"), Source("sample", False, "there is one")])
    'The interval knows of: split (drawn 6 times). It does not know of: sample (there is one).'
    """
    texts = []
    for varied, head in ((True, "The interval knows of"), (False, "It does not know of")):
        named = [f"{source.name} ({source.how})" for source in sources if source.varied is varied]
        if named:
            texts.append(f"{head}: {'; '.join(named)}.")
    return " ".join(texts)


def doubt(study: Study) -> str:
    """Say where an interval cannot be taken at its word, and what would help.

    Parameters
    ----------
    study : Study
        The configuration.

    Returns
    -------
    str
        Empty where rows or groups are a fair draw of those that the claim is about.

    Examples
    --------
    >>> from ..config.study import Split
    >>> doubt(Study.model_construct(split=Split(dependence="grouped")))
    ''
    >>> print(doubt(Study.model_construct(split=Split(dependence="spatial", block=25.0))))
    Read these intervals with care: neighbouring blocks resemble each other, and the interval \
takes them for unrelated. More regions would help, blocks wider than the distance over which \
values resemble each other, and a test set from a region of its own.
    """
    if study.split.dependence == "temporal":
        return (
            "Read these intervals with care: time steps that follow each other resemble each "
            "other, the interval takes them for unrelated, and nothing in the data tells how the "
            "future will drift. A longer record would help, more folds, and another test set when "
            "new data come in."
        )
    if study.split.dependence == "spatial":
        return (
            "Read these intervals with care: neighbouring blocks resemble each other, and the "
            "interval takes them for unrelated. More regions would help, blocks wider than the "
            "distance over which values resemble each other, and a test set from a region of its "
            "own."
        )
    return ""
