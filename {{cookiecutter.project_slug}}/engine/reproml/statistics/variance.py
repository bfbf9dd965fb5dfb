"""Says which sources of variance an interval includes, and which not.

A score would come out differently with another sample, another split, another initialisation,
another search for parameters. An interval covers those that were varied while it was made, and no
others.

References: Bouthillier et al. (2021), Accounting for variance in machine learning benchmarks.
"""

from __future__ import annotations

from typing import NamedTuple

from sklearn.pipeline import Pipeline

from ..config.study import Split, Study
from ..split.claims import claim_of
from ..split.inner_folds import tunes


class Source(NamedTuple):
    """A source of variance: its name, whether the interval includes it, and why."""

    name: str
    varied: bool
    how: str


def fold_sources(study: Study, models: dict[str, Pipeline]) -> list[Source]:
    """Return the sources of variance of scores over folds.

    >>> from small_study import forest
    >>> study = Study.model_construct(split=Split(dependence="grouped", folds=5, repeats=6))
    >>> print(in_words(fold_sources(study, {"forest": forest("regression")}), study.split))
    Variance sources included: folds (5 folds, each tested on other groups), splits (groups were \
assigned to folds 6 times, each time from another seed), initialisation (every fit had a seed of \
its own). Not included: tuning (parameters in study.toml were chosen once, by hand), sample (there \
is one set of groups; the interval covers other sets only if this one is a random sample).
    """
    split, claim = study.split, claim_of(study.split)
    times, units = split.repeats, claim.units
    if claim.ordered:
        dealt = "time has one order, so there is one split"
    elif times == 1:
        dealt = f"{units} were assigned to folds once"
    else:
        dealt = f"{units} were assigned to folds {times} times, each time from another seed"
    seeded = any(
        name.rpartition("__")[2] == "random_state"
        for model in models.values()
        for name in model.get_params()
    )
    start = "every fit had a seed of its own" if seeded else "no model has a random_state"
    tuned = ", ".join(name for name, model in models.items() if tunes(model))
    tuning = "parameters in study.toml were chosen once, by hand"
    if tuned:
        tuning = f"{tuned}: parameters were searched again in every fold"
    sample = (
        f"there is one set of {units}; the interval covers other sets only if this one is a random "
        "sample"
    )
    return [
        Source("folds", True, f"{split.folds} folds, each tested on other {units}"),
        Source("splits", times > 1, dealt),
        Source("initialisation", seeded, start),
        Source("tuning", bool(tuned), tuning),
        Source("sample", False, sample),
    ]


def locked_sources(study: Study) -> list[Source]:
    """Return the sources of variance of scores on the locked test rows."""
    units = claim_of(study.split).units
    return [
        Source("resampling", True, f"{units} of the test set were resampled"),
        Source("splits", False, f"there is one split, into {units} to train on and to test on"),
        Source("initialisation", False, "every model was fitted once, from one seed"),
    ]


def in_words(sources: list[Source], split: Split) -> str:
    """Say which sources of variance an interval includes, which not, and the claim's caution.

    >>> sources = [Source("splits", True, "drawn 6 times"), Source("sample", False, "there is one")]
    >>> in_words(sources, Split(dependence="grouped"))
    'Variance sources included: splits (drawn 6 times). Not included: sample (there is one).'
    """
    texts = []
    for varied, head in ((True, "Variance sources included"), (False, "Not included")):
        named = [f"{source.name} ({source.how})" for source in sources if source.varied is varied]
        if named:
            texts.append(f"{head}: {', '.join(named)}.")
    return " ".join([*texts, claim_of(split).caution]).rstrip()
