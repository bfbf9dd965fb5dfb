"""Builds the study's models with the parameters that study.toml gives them."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin, is_classifier, is_regressor
from sklearn.ensemble import RandomForestRegressor
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from ..config.study import Study, StudyError
from ..config.watch import OnlyDeclared

LARGEST = float(np.finfo(np.float32).max) / 2  # halved, so that two of them can be subtracted


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


class RanksForTrees(TransformerMixin, BaseEstimator):
    """Replace numbers by their ranks among the training rows, where trees can't tell them apart.

    Trees of scikit-learn hold features in 32 bits and split no gap below 1e-7. A feature of which
    more than 1 % of the different values are lost so is ranked: trees ask for the order alone. All
    other features keep their bits.

    Examples
    --------
    >>> X = np.array([[1.7e9, 1e39, 1.0], [1.7e9 + 1, 2e39, 2.0], [1.7e9 + 9, 3e39, 4.0]])
    >>> RanksForTrees().fit_transform(X).tolist()
    [[0.0, 0.0, 1.0], [1.0, 1.0, 2.0], [2.0, 2.0, 4.0]]
    """

    def fit(self, X: Any, y: Any = None) -> Self:
        """Keep the different values of each feature that is ranked."""
        self.values_: list[np.ndarray | None] = []
        for column in np.asarray(X, dtype=float).T:
            values = np.unique(column[np.isfinite(column)])
            small = np.clip(values, -LARGEST, LARGEST).astype(np.float32)
            lost = np.sum(np.diff(small) <= 1e-7) > 0.01 * len(values)
            self.values_.append(values if lost else None)
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Return ranks where needed; a value between two of the training rows lies between."""
        X = np.array(X, dtype=float)
        for column, values in zip(X.T, self.values_, strict=True):
            if values is not None:
                column[:] = np.interp(column, values, np.arange(len(values)))
        return np.clip(X, -LARGEST, LARGEST)


class AnyUnitForestRegressor(RandomForestRegressor):
    """A RandomForestRegressor to which the unit and the zero of the target make no difference.

    scikit-learn splits no node whose variance is below 2e-16, and loses digits where numbers are
    large against their spread. Such a target is measured from its smallest value, in a power of
    two near its spread, which moves no bit. Any other forest keeps its bits.

    Examples
    --------
    >>> y = np.arange(8.0)
    >>> X = y[:, None]
    >>> forest = AnyUnitForestRegressor(n_estimators=5, random_state=0)
    >>> bool((forest.fit(X, y * 2.0**-40).predict(X) == forest.fit(X, y).predict(X) / 2**40).all())
    True
    """

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Grow the trees."""
        y = np.asarray(y, dtype=float)
        size, spread = np.abs(y).max(), np.ptp(y)
        far = size > 1e3 * spread > 0
        self.zero_ = float(y.min()) if far else 0.0
        odd = spread > 0 and (far or not 1e-3 < spread < 1e30)
        self.unit_ = float(2.0 ** np.floor(np.log2(spread))) if odd else 1.0
        return super().fit(X, (y - self.zero_) / self.unit_, sample_weight)

    def predict(self, X: Any) -> np.ndarray:
        """Return the mean of the trees, in the target's unit."""
        return super().predict(X) * self.unit_ + self.zero_


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
