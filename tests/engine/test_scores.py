"""Scores come in long form; a metric that does not fit the task is refused."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from example_study import STUDY as CODE
from reproml.compute.task import Predictions
from reproml.config.columns import Table
from reproml.config.metrics import check_metrics
from reproml.config.study import StudyError, parse_study
from reproml.split.splits import Fold
from reproml.statistics.scores import score_predictions


def test_scores_are_long_and_tidy():
    true = pd.Series(["no"] * 6 + ["yes"] * 4)
    likely = np.array([0.1, 0.2, 0.1, 0.3, 0.2, 0.4, 0.9, 0.8, 0.7, 0.6])  # P(yes)
    table = Table(pd.DataFrame({"x": likely}), true, None, None, None, dropped={})
    fold = Fold(1, 2, train=np.arange(5), test=np.array([4, 5, 8, 9]))
    p = likely[fold.test]
    said = Predictions("m", fold, np.where(p > 0.5, "yes", "no"), np.column_stack([1 - p, p]))
    metrics = {name: CODE.metrics[name] for name in ("roc_auc", "mcc")}
    scores = score_predictions([said], table, metrics, ["no", "yes"])
    assert scores.values.tolist() == [["m", 1, 2, "roc_auc", 1.0], ["m", 1, 2, "mcc", 1.0]]


def test_a_metric_for_the_other_task_is_refused(content: dict[str, Any]):
    content["metrics"]["others"] = ["mae", "accuracy"]
    with pytest.raises(StudyError, match=r"\['mae', 'accuracy'\] do not fit classification"):
        check_metrics(parse_study(content).with_code(CODE))
