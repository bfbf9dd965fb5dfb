"""Every model is fitted and asked as a fold does it; each test holds for a model of your own."""

from __future__ import annotations

import numpy as np
import pytest
from reproml.compute.models import build_model
from sklearn.base import clone

from {{ cookiecutter.__package }} import STUDY


def answers(model, X) -> np.ndarray:
    """Return probabilities, or numbers where the model has none."""
    return model.predict_proba(X) if hasattr(model, "predict_proba") else model.predict(X)


def test_study_toml_names_models_that_there_are(study):
    assert set(study.models.names) <= set(STUDY.models)


@pytest.mark.parametrize("name", STUDY.models)
def test_a_model_answers_for_every_row(name: str, fitted, rows, study):
    X, _ = rows
    model = fitted(name)
    predicted = np.asarray(model.predict(X))
    assert predicted.shape == (len(X),)
    if classes := study.data.classes:
        assert set(predicted) <= set(classes)
        probability = model.predict_proba(X)
        assert probability.shape == (len(X), len(classes))
        assert np.allclose(probability.sum(axis=1), 1.0)
        assert set(model.classes_) == set(classes)
    else:
        assert np.isfinite(predicted).all()


@pytest.mark.parametrize("name", STUDY.models)
def test_the_same_seed_gives_the_same_model(name: str, fitted, rows):
    X, _ = rows
    assert answers(fitted(name), X).tobytes() == answers(fitted(name, again=1), X).tobytes()


@pytest.mark.parametrize("name", STUDY.models)
def test_a_row_is_answered_whatever_rows_come_with_it(name: str, fitted, rows):
    """Or a test row would move the predictions of others."""
    X, _ = rows
    model = fitted(name)
    together = answers(model, X)[:3]
    alone = np.concatenate([answers(model, X.iloc[[number]]) for number in range(3)])
    assert np.allclose(together, alone, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("name", STUDY.models)
def test_fitting_leaves_the_rows_as_they_are(name: str, fitted, rows):
    X, y = rows[0].copy(), rows[1].copy()
    answers(fitted(name, again=2), X)
    assert X.equals(rows[0])
    assert y.equals(rows[1])


def test_a_model_is_a_new_one_each_time(study):
    for name in study.models.names:
        one, other = (STUDY.models[name](study.task) for _ in range(2))
        assert one is not other
        assert set(clone(one).get_params()) == set(other.get_params())


def test_models_have_the_parameters_that_study_toml_sets(study):
    for name, parameters in study.models.parameters.items():
        there = build_model(name, study).get_params()
        assert {key: there[key] for key in parameters} == parameters
