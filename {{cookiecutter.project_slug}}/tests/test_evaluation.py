"""Metrics point where they say, whichever they are; those with a known value have it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from reproml.config.metrics import check_metrics
from sklearn.datasets import load_wine
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import LeaveOneOut, cross_val_predict

from {{ cookiecutter.__package }} import STUDY

METRICS = STUDY.metrics
CLASSES = ["no", "yes"]
P = np.array([[0.9, 0.1], [0.4, 0.6], [0.2, 0.8], [0.7, 0.3]])  # no, yes
TRUE = np.array(["no", "yes", "no", "yes"])


def example(name: str, classes: list[str], right: float) -> tuple[Any, ...]:
    """Return a metric's arguments: four rows of each class, right with this probability.

    What is left goes to the class before the true one.
    """
    classes = classes or CLASSES
    number = np.repeat(np.arange(len(classes)), 4)
    if METRICS[name].takes == "numbers":
        return number * 1.0 + 1, number + 1 + (1 - right) * np.tile([-1.0, 1.0], len(number) // 2)
    true = np.array(classes, object)[number]
    probability = np.zeros((len(number), len(classes)))
    probability[np.arange(len(number)), number] = right
    probability[np.arange(len(number)), number - 1] += 1 - right
    if METRICS[name].takes == "probabilities":
        return true, probability, classes
    # of classes alone: the share of right ones
    wrong = np.arange(len(number)) % 4 >= round(4 * right)
    return true, np.array(classes, object)[number - wrong]


def score(name: str, *arguments: Any) -> float:
    """Call a metric."""
    return METRICS[name].function(*arguments)


def known(values: dict[str, float]) -> list[tuple[str, float]]:
    """Return the values of the metrics that this study still has."""
    return [(name, value) for name, value in values.items() if name in METRICS]


def test_the_metrics_of_study_toml_fit_its_task(study):
    assert list(check_metrics(study)) == study.metrics.names


@pytest.mark.parametrize("name", METRICS)
def test_direction_is_as_declared(name: str, study):
    good, bad = (score(name, *example(name, study.data.classes, p)) for p in (1.0, 0.0))
    assert good != bad
    assert (good > bad) == METRICS[name].higher_is_better


@pytest.mark.parametrize("name", METRICS)
def test_no_score_leaves_the_bounds(name: str, study):
    low, high = METRICS[name].bounds
    for right in (0.0, 0.25, 0.5, 0.75, 1.0):
        assert low <= score(name, *example(name, study.data.classes, right)) <= high


@pytest.mark.parametrize("name", METRICS)
def test_the_order_of_rows_does_not_matter(name: str, study):
    true, said, *classes = example(name, study.data.classes, 0.75)
    backwards = score(name, true[::-1], said[::-1], *classes)
    assert backwards == pytest.approx(score(name, true, said, *classes))


PERFECT = dict.fromkeys(("balanced_accuracy", "mcc", "f1_macro", "average_precision"), 1.0)
PERFECT |= {"roc_auc": 1.0, "brier": 0.0, "mae": 0.0, "rmse": 0.0, "r2": 1.0}


@pytest.mark.parametrize(("name", "value"), known(PERFECT))
def test_a_perfect_model_gets_the_best_value(name: str, value: float):
    assert score(name, *example(name, CLASSES, 1.0)) == value


@pytest.mark.parametrize(
    ("name", "value"), known({"roc_auc": 0.5, "average_precision": 0.5, "brier": 0.25})
)
def test_a_dummy_gets_the_value_that_the_docstring_names(name: str, value: float):
    assert score(name, TRUE, np.full((4, 2), 0.5), CLASSES) == pytest.approx(value)


@pytest.mark.parametrize(("name", "value"), known({"balanced_accuracy": 0.5, "mcc": 0.0}))
def test_one_class_for_all_rows_is_worth_what_a_dummy_is(name: str, value: float):
    assert score(name, TRUE, np.full(4, "no")) == pytest.approx(value)


BY_HAND = {"brier": 0.325, "roc_auc": 0.5, "average_precision": (1 / 2 + 2 / 3) / 2}


@pytest.mark.parametrize(("name", "value"), known(BY_HAND))
def test_two_classes_by_hand(name: str, value: float):
    assert score(name, TRUE, P, CLASSES) == pytest.approx(value)


@pytest.mark.parametrize(
    ("name", "value"),
    known({"brier": (0.06 + 0.14 + 0.14 + 0.74) / 4, "roc_auc": 1.0, "average_precision": 1.0}),
)
def test_three_classes_by_hand(name: str, value: float):
    # class a: rows 1 and 4 of 4 against the rest -> every pair ranked right; so are b and c
    p = np.array([[0.8, 0.1, 0.1], [0.2, 0.7, 0.1], [0.1, 0.2, 0.7], [0.3, 0.4, 0.3]])
    assert score(name, np.array(["a", "b", "c", "a"]), p, list("abc")) == pytest.approx(value)


@pytest.mark.skipif("roc_auc" not in METRICS, reason="this study does not have it")
@pytest.mark.parametrize("seed", range(3))
def test_roc_auc_is_scikit_learns_ties_included(seed: int):
    rng = np.random.default_rng(seed)
    p = rng.dirichlet(np.ones(3), 200).round(1 + seed % 3)
    true = np.array(["a", "b", "c"])[rng.integers(0, 3, 200)]
    theirs = [roc_auc_score(true == name, p[:, i]) for i, name in enumerate("abc")]
    assert score("roc_auc", true, p, list("abc")) == pytest.approx(np.mean(theirs))
    assert score("roc_auc", true == "c", p[:, 1:], [False, True]) == pytest.approx(theirs[2])


@pytest.mark.skipif("roc_auc" not in METRICS, reason="this study does not have it")
def test_roc_auc_of_one_class_alone_is_unknown():
    assert np.isnan(score("roc_auc", np.array(["no", "no"]), P[:2], CLASSES))


@pytest.mark.skipif("balanced_accuracy" not in METRICS, reason="this study does not have it")
def test_wine_leave_one_out_as_its_authors_published():
    """The data's own description gives 98.9 % for linear discriminant analysis."""
    X, y = load_wine(return_X_y=True)
    predicted = cross_val_predict(LinearDiscriminantAnalysis(), X, y, cv=LeaveOneOut())
    assert int((predicted == y).sum()) == 176
    assert score("balanced_accuracy", y, predicted) == pytest.approx(0.9906, abs=1e-4)
