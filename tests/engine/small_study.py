"""A small study's code, for the executed examples of the engine's docstrings."""

from __future__ import annotations

import pandas as pd
from reproml.config.code import StudyCode
from reproml.config.columns import Table
from reproml.config.metrics import Metric
from reproml.config.study import Column, Data, Metrics, Study
from sklearn import metrics
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler


def dummy(task: str) -> Pipeline:
    """Ignore the features."""
    if task == "classification":
        return Pipeline([("model", DummyClassifier(strategy="prior"))])
    return Pipeline([("model", DummyRegressor(strategy="median"))])


def linear(task: str) -> Pipeline:
    """Fit a line on scaled numbers and encoded categories."""
    columns = make_column_transformer(
        (StandardScaler(), make_column_selector(dtype_include="number")),
        (OneHotEncoder(sparse_output=False), make_column_selector(dtype_exclude="number")),
    )
    model = LogisticRegression() if task == "classification" else Ridge()
    return Pipeline([("columns", columns), ("model", model)])


def forest(task: str) -> Pipeline:
    """Grow a random forest."""
    kind = RandomForestClassifier if task == "classification" else RandomForestRegressor
    return Pipeline([("model", kind())])


def _roc_auc(y_true, probability, classes) -> float:
    return metrics.roc_auc_score(y_true == classes[-1], probability[:, -1])


def fix_seeds(seed: int) -> None:
    """Leave global generators alone: no model of this example draws from one."""


INF = float("inf")
CODE = StudyCode(
    package=__name__,
    load_table=None,
    models={"dummy": dummy, "linear": linear, "forest": forest},
    metrics={
        "mae": Metric(metrics.mean_absolute_error, "numbers", False, "MAE", (0.0, INF)),
        "r2": Metric(metrics.r2_score, "numbers", True, "R2", (-INF, 1.0)),
        "mcc": Metric(metrics.matthews_corrcoef, "classes", True, "MCC", (-1.0, 1.0)),
        "roc_auc": Metric(_roc_auc, "probabilities", True, "ROC AUC", (0.0, 1.0)),
    },
    fix_seeds=fix_seeds,
)


def trial(doses: list[float]) -> tuple[Table, Study]:
    """Return a regression whose one feature is its target too, and its study."""
    y = pd.Series(doses)
    data = Data(file="trial.csv", sha256="0" * 64, columns={"effect": Column(role="target")})
    study = Study.model_construct(
        task="regression", seed=0, data=data, split=None, metrics=Metrics(primary="mae")
    )
    return Table(y.to_frame("dose"), y, None, None, None, dropped={}), study.with_code(CODE)
