"""Metrics against values worked out by hand or published, and their direction."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_wine
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import LeaveOneOut, cross_val_predict

from reproml.compute.task import Predictions
from reproml.config.columns import Table
from {{ cookiecutter.__package }}.evaluation import METRICS
from reproml.config.metrics import check_metrics
from reproml.statistics.scores import score_predictions
from reproml.split.splits import Fold
from reproml.config.study import StudyError, parse_study

CLASSES = ["no", "yes"]
TRUE = np.array(["no"] * 6 + ["yes"] * 4)
GOOD = np.array([0.1, 0.2, 0.1, 0.3, 0.2, 0.4, 0.9, 0.8, 0.7, 0.6])  # P(yes)


def call(name: str, p_yes: np.ndarray) -> float:
    metric = METRICS[name]
    if metric.takes == "probabilities":
        return metric.function(TRUE, np.column_stack([1 - p_yes, p_yes]), CLASSES)
    if metric.takes == "classes":
        return metric.function(TRUE, np.where(p_yes > 0.5, "yes", "no"))
    return metric.function((TRUE == "yes") * 1.0, p_yes)


@pytest.mark.parametrize("name", METRICS)
def test_direction_is_as_declared(name: str):
    good, bad = call(name, GOOD), call(name, 1 - GOOD)
    assert (good > bad) == METRICS[name].higher_is_better
    assert good != bad


PERFECT = {name: 0.0 if name in ("brier", "mae", "rmse") else 1.0 for name in METRICS}


@pytest.mark.parametrize("name", METRICS)
def test_a_perfect_model_gets_the_best_value(name: str):
    assert call(name, (TRUE == "yes") * 1.0) == PERFECT[name]


DUMMY = {"balanced_accuracy": 0.5, "mcc": 0.0, "roc_auc": 0.5, "average_precision": 0.4, "r2": 0.0}


@pytest.mark.parametrize("name", DUMMY)
def test_a_dummy_gets_the_value_that_the_docstring_names(name: str):
    assert call(name, np.full(10, 0.4)) == pytest.approx(DUMMY[name])


def test_brier_by_hand():
    assert call("brier", np.full(10, 0.4)) == pytest.approx(0.6 * 0.4**2 + 0.4 * 0.6**2)


def test_three_classes():
    p = np.array([[0.8, 0.1, 0.1], [0.2, 0.7, 0.1], [0.1, 0.2, 0.7], [0.3, 0.4, 0.3]])
    true, classes = np.array(["a", "b", "c", "a"]), ["a", "b", "c"]
    # class a: rows 1 and 4 of 4 against the rest -> every pair ranked right; so are b and c
    assert METRICS["roc_auc"].function(true, p, classes) == 1.0
    assert METRICS["average_precision"].function(true, p, classes) == 1.0
    by_hand = (0.06 + 0.14 + 0.14 + (0.49 + 0.16 + 0.09)) / 4
    assert METRICS["brier"].function(true, p, classes) == pytest.approx(by_hand)


@pytest.mark.parametrize("seed", range(5))
def test_roc_auc_is_scikit_learns_ties_included(seed: int):
    rng = np.random.default_rng(seed)
    p = rng.dirichlet(np.ones(3), 200).round(1 + seed % 3)
    true = np.array(["a", "b", "c"])[rng.integers(0, 3, 200)]
    theirs = [roc_auc_score(true == name, p[:, i]) for i, name in enumerate("abc")]
    assert METRICS["roc_auc"].function(true, p, list("abc")) == pytest.approx(np.mean(theirs))
    last = METRICS["roc_auc"].function(true == "c", p[:, 1:], [False, True])
    assert last == pytest.approx(theirs[2], abs=1e-15)


def test_roc_auc_of_one_class_alone_is_unknown():
    p = np.array([[0.4, 0.6], [0.7, 0.3]])
    assert np.isnan(METRICS["roc_auc"].function(np.array(["no", "no"]), p, CLASSES))


def test_wine_leave_one_out_as_its_authors_published():
    """The data's own description gives 98.9 % for linear discriminant analysis."""
    X, y = load_wine(return_X_y=True)
    predicted = cross_val_predict(LinearDiscriminantAnalysis(), X, y, cv=LeaveOneOut())
    assert int((predicted == y).sum()) == 176
    assert METRICS["balanced_accuracy"].function(y, predicted) == pytest.approx(0.9906, abs=1e-4)


def test_scores_are_long_and_tidy():
    table = Table(pd.DataFrame({"x": GOOD}), pd.Series(TRUE), None, None, None, dropped={})
    fold = Fold(1, 2, train=np.arange(5), test=np.array([4, 5, 8, 9]))
    p = GOOD[fold.test]
    said = Predictions("m", fold, np.where(p > 0.5, "yes", "no"), np.column_stack([1 - p, p]))
    scores = score_predictions([said], table, ["roc_auc", "mcc"], CLASSES)
    assert scores.values.tolist() == [["m", 1, 2, "roc_auc", 1.0], ["m", 1, 2, "mcc", 1.0]]


def test_a_metric_for_the_other_task_is_refused(content: dict[str, Any]):
    content["metrics"]["others"] = ["mae", "accuracy"]
    with pytest.raises(StudyError, match=r"\['mae', 'accuracy'\] do not fit classification"):
        check_metrics(parse_study(content))
