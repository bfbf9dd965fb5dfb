"""Scores come in long form; a metric that does not fit the task is refused."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from example_study import STUDY as CODE
from reproml.compute.task import make_tasks
from reproml.config.columns import Table
from reproml.config.metrics import check_metrics
from reproml.config.study import Column, Data, Metrics, Study, StudyError, parse_study
from reproml.split.splits import Fold
from reproml.statistics.scores import score_tasks
from sklearn.dummy import DummyClassifier
from sklearn.tree import DecisionTreeClassifier


def test_scores_are_long_and_tidy():
    """Two models, two folds and three metrics, each scored by what it takes."""
    study = Study.model_construct(
        task="classification",
        seed=0,
        data=Data(
            file="trial.csv",
            sha256="0" * 64,
            positive="yes",
            columns={"y": Column(role="target", type="category", values=["no", "yes"])},
        ),
        split=None,
        metrics=Metrics(primary="roc_auc", others=["mcc", "brier"]),
    ).with_code(CODE)
    true = pd.Series(["no"] * 6 + ["yes"] * 6)
    table = Table(pd.DataFrame({"x": np.r_[0.0:6, 90:96]}), true, None, None, None, dropped={})
    third = np.arange(12) % 3
    folds = [Fold(1, n, np.flatnonzero(third != n), np.flatnonzero(third == n)) for n in (0, 1)]
    models = {"m": DecisionTreeClassifier(), "prior": DummyClassifier()}
    scores, _ = score_tasks(make_tasks(models, folds, seed=0), table, study)
    assert list(scores.columns) == ["model", "repeat", "fold", "metric", "value"]
    perfect = {"roc_auc": 1.0, "mcc": 1.0, "brier": 0.0}
    blind = {"roc_auc": 0.5, "mcc": 0.0, "brier": 0.25}
    assert scores.values.tolist() == [
        [name, 1, fold, metric, value]
        for name, expected in (("m", perfect), ("prior", blind))
        for fold in (0, 1)
        for metric, value in expected.items()
    ]


def test_a_metric_for_the_other_task_is_refused(content: dict[str, Any]):
    content["metrics"]["others"] = ["mae", "accuracy"]
    with pytest.raises(StudyError, match=r"\['mae', 'accuracy'\] do not fit classification"):
        check_metrics(parse_study(content).with_code(CODE))
