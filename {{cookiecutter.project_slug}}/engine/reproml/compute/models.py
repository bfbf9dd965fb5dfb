"""Builds the study's models with the parameters that study.toml gives them."""

from __future__ import annotations

from typing import Any, Self

import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin, is_classifier, is_regressor
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from ..config.study import Study, StudyError
from ..config.watch import OnlyDeclared


class ColumnSubset(TransformerMixin, BaseEstimator):
    """Keep some columns of a table, or drop some.

    Parameters
    ----------
    keep : list of str or None
        Columns to keep; None keeps all.
    drop : list of str or None
        Columns to drop from those kept.

    Examples
    --------
    >>> X = pd.DataFrame({"age": [40.0], "dose": [2.0], "site": ["a"]})
    >>> list(ColumnSubset(drop=["site"]).fit_transform(X))
    ['age', 'dose']
    """

    def __init__(self, keep: list[str] | None = None, drop: list[str] | None = None):
        self.keep = keep
        self.drop = drop

    def fit(self, X: pd.DataFrame, y: Any = None) -> Self:
        """Check the names against the table; a name that it lacks is an error."""
        named = [*(self.keep or []), *(self.drop or [])]
        strangers = sorted(set(named) - set(X.columns))
        if strangers:
            raise StudyError(f"columns {strangers} are not among the features {list(X.columns)}")
        kept = list(X.columns) if self.keep is None else list(self.keep)
        self.columns_ = [name for name in kept if name not in (self.drop or [])]
        if not self.columns_:
            raise StudyError(f"keep = {self.keep} and drop = {self.drop} leave no column")
        self.n_features_in_ = X.shape[1]
        self.feature_names_in_ = X.columns.to_numpy(dtype=object)
        return self

    def transform(self, X: pd.DataFrame) -> pd.DataFrame:
        """Return the kept columns."""
        check_is_fitted(self)
        return X[self.columns_]

    def get_feature_names_out(self, input_features: Any = None) -> list[str]:
        """Return the names of the kept columns."""
        check_is_fitted(self)
        return self.columns_


def build_model(name: str, study: Study) -> Pipeline:
    """Build an unfitted model with the parameters that study.toml gives it."""
    if name not in study.code.models:
        raise StudyError(
            f"models: {name!r} is unknown; there are {sorted(study.code.models)} in models.py"
        )
    parameters, where = study.models.parameters.get(name, {}), f"models.parameters.{name}"
    with OnlyDeclared(study, f"{name} in models.py"):
        model = set_parameters(study.code.models[name](study.task), parameters, where)
    _check_task(model, name, study.task)
    return model


def _check_task(model: BaseEstimator, name: str, task: str) -> None:
    """Refuse a model for the other task, and a classifier without probabilities."""
    last = type(model[-1] if isinstance(model, Pipeline) else model).__name__
    other = is_classifier if task == "regression" else is_regressor
    if other(model):
        raise StudyError(
            f"models: {name} ends in {last}, which is not for {task}; name another model in "
            "study.toml, or return one for this task in models.py"
        )
    if task == "classification" and not hasattr(model, "predict_proba"):
        raise StudyError(
            f"models: {name} ends in {last}, which gives no probabilities (predict_proba); wrap "
            f"it in models.py: CalibratedClassifierCV({last}()), of sklearn.calibration, makes "
            "them from its scores"
        )


def set_parameters(model: Pipeline, parameters: dict[str, Any], where: str) -> Pipeline:
    """Set parameters by name; an unknown name lists those there are."""
    known = model.get_params()
    there = sorted(set(known) - {"memory", "steps", "verbose", "transform_input"})
    for name in parameters:
        if name not in known:
            raise StudyError(f"{where}: there is no {name!r}; there are {there}")
    return model.set_params(**parameters)
