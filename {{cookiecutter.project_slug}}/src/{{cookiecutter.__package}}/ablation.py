"""Named switches on the candidate: each changes one declared thing and nothing else.

A variant is the candidate with parameters set, so every column keeps its way into the model unless
the switch says otherwise. Commenting a scaler out of a column transformer would drop its columns
too; ``"passthrough"`` is the honest switch.
"""

from __future__ import annotations

from typing import Any

from sklearn.base import clone
from sklearn.pipeline import Pipeline

from .models import build_model, set_parameters
from .study import Study, StudyError

FULL = "full"  # what the results call the candidate with nothing switched off


def apply_switch(model: Pipeline, switch: dict[str, Any], where: str) -> Pipeline:
    """Return a copy of a model with parameters switched.

    Parameters
    ----------
    model : Pipeline
        The candidate; it stays as it is.
    switch : dict of str to value
        As for scikit-learn's ``set_params``; ``"passthrough"`` switches a step off.
    where : str
        The place in study.toml, for messages.

    Returns
    -------
    Pipeline
        The variant, unfitted.

    Raises
    ------
    StudyError
        If a name does not exist in the model (those there are get listed), or if the model already
        has these values: such a variant would be the full model under another name.

    Examples
    --------
    >>> from .models import candidate
    >>> switch = {"columns__numbers__splines": "passthrough"}
    >>> variant = apply_switch(candidate("regression"), switch, "ablations.no_splines")
    >>> variant.get_params()["columns__numbers__splines"]
    'passthrough'
    """
    before = model.get_params()
    variant = set_parameters(clone(model), switch, where)
    same = [name for name, value in switch.items() if _equal(before[name], value)]
    if len(same) == len(switch):
        raise StudyError(f"{where}: the candidate already has {switch}; the switch changes nothing")
    return variant


def _equal(left: Any, right: Any) -> bool:
    return type(left) is type(right) and left == right


def make_variants(study: Study) -> dict[str, Pipeline]:
    """Build the full candidate and every variant that study.toml names.

    Parameters
    ----------
    study : Study
        The configuration.

    Returns
    -------
    dict of str to Pipeline
        ``"full"`` first, then the ablations in the order of study.toml.

    Raises
    ------
    StudyError
        If there is no ablation, one is called ``full``, or a switch names nothing that exists.
    """
    if not study.ablations:
        raise StudyError("ablations: there is none; add a section [ablations.NAME] to study.toml")
    if FULL in study.ablations:
        raise StudyError(
            f"ablations.{FULL}: the name is taken by the candidate itself; choose another"
        )
    full = build_model(study.models.candidate, study)
    return {FULL: full} | {
        name: apply_switch(full, ablation.set, f"ablations.{name}")
        for name, ablation in study.ablations.items()
    }
