"""Every ablation changes the candidate, and nothing but a copy of it."""

from __future__ import annotations

from reproml.compute.models import build_model
from reproml.explain.ablation import apply_switch
from sklearn.base import clone

from {{ cookiecutter.__package }} import STUDY


def variants(study):
    """Yield each ablation's name, the candidate and what the ablation makes of it."""
    for name, ablation in study.ablations.items():
        full = build_model(study.models.candidate, study)
        if ablation.set is None:
            yield name, full, STUDY.ablations[name](clone(full))
        else:
            yield name, full, apply_switch(full, ablation.set, name)


def test_every_ablation_changes_the_candidate(study):
    for name, full, variant in variants(study):
        assert variant is not full, name
        assert repr(variant.get_params()) != repr(full.get_params()), name


def test_every_ablation_says_what_it_asks(study):
    assert all(ablation.reason.strip() for ablation in study.ablations.values())


def test_every_function_of_ablations_py_is_named_in_study_toml(study):
    assert set(STUDY.ablations) <= set(study.ablations)
