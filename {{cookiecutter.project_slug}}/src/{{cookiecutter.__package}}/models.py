"""The ladder of baselines and the candidate: scikit-learn pipelines, preprocessing inside.

To add a model, write one function that takes the task and returns an unfitted pipeline, put it
into ``MODELS``, and name it in study.toml. Set no ``random_state``: every one that a pipeline has
is set from the study's seed. What is learnt from data (scaling, imputing, selecting) belongs inside
the pipeline, so that it never sees the rows it is tested on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, SplineTransformer, StandardScaler
from sklearn.utils.validation import check_is_fitted

from .study import Study, StudyError


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
        """Check the names against the table; a name that it lacks is an error.

        Parameters
        ----------
        X : DataFrame of shape (n_samples, n_features)
            The table.
        y : ignored
            Here because pipelines pass it.

        Returns
        -------
        ColumnSubset
            Itself.
        """
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
        """Return the kept columns.

        Parameters
        ----------
        X : DataFrame of shape (n_samples, n_features)
            The table.

        Returns
        -------
        DataFrame of shape (n_samples, n_kept)
            Its kept columns.
        """
        check_is_fitted(self)
        return X[self.columns_]

    def get_feature_names_out(self, input_features: Any = None) -> list[str]:
        """Return the names of the kept columns.

        Parameters
        ----------
        input_features : ignored
            Here because scikit-learn passes it.

        Returns
        -------
        list of str
            Names.
        """
        check_is_fitted(self)
        return self.columns_


def prepare(*number_steps: tuple[str, BaseEstimator]) -> list[tuple[str, BaseEstimator]]:
    """Return the first steps of a pipeline: choose columns, fill gaps, encode categories.

    Parameters
    ----------
    *number_steps : tuple of (str, transformer)
        What else happens to number columns, in order.

    Returns
    -------
    list of (str, transformer)
        The steps ``subset`` and ``columns``.

    Examples
    --------
    >>> steps = prepare(("scale", StandardScaler()))
    >>> X = pd.DataFrame({"dose": [1.0, None, 3.0], "site": ["a", "b", "a"]})
    >>> Pipeline(steps).fit_transform(X).round(2).tolist()
    [[-1.22, 1.0, 0.0], [0.0, 0.0, 1.0], [1.22, 1.0, 0.0]]
    """
    numbers = Pipeline([("impute", SimpleImputer(strategy="median")), *number_steps])
    categories = Pipeline(
        [
            ("impute", SimpleImputer(strategy="most_frequent")),
            # a category that training never saw becomes all zeros
            ("encode", OneHotEncoder(handle_unknown="ignore", sparse_output=False)),
        ]
    )
    columns = ColumnTransformer(
        [
            ("numbers", numbers, make_column_selector(dtype_include="number")),
            ("categories", categories, make_column_selector(dtype_exclude="number")),
        ]
    )
    return [("subset", ColumnSubset()), ("columns", columns)]


def dummy(task: str) -> Pipeline:
    """Ignore the features: the score that costs nothing.

    Parameters
    ----------
    task : {"classification", "regression"}
        What is predicted.

    Returns
    -------
    Pipeline
        Predicts the class shares, or the median.

    Examples
    --------
    >>> X = pd.DataFrame({"dose": [1.0, 2.0, 9.0]})
    >>> dummy("regression").fit(X, [1.0, 2.0, 30.0]).predict(X).tolist()
    [2.0, 2.0, 2.0]
    """
    if task == "classification":
        return Pipeline([("model", DummyClassifier(strategy="prior"))])
    return Pipeline([("model", DummyRegressor(strategy="median"))])  # best constant for the MAE


def linear(task: str) -> Pipeline:
    """Fit a line: if this is as good as the candidate, publish this.

    Parameters
    ----------
    task : {"classification", "regression"}
        What is predicted.

    Returns
    -------
    Pipeline
        Logistic or ridge regression on scaled features.

    Examples
    --------
    >>> X = pd.DataFrame({"dose": [0.0, 1.0, 2.0, 3.0]})
    >>> linear("regression").fit(X, [0.0, 1.0, 2.0, 3.0]).predict(X).round(2).tolist()
    [0.3, 1.1, 1.9, 2.7]
    """
    model = LogisticRegression(max_iter=1000) if task == "classification" else Ridge()
    return Pipeline([*prepare(("scale", StandardScaler())), ("model", model)])


def forest(task: str) -> Pipeline:
    """Grow a random forest: strong on tables without any tuning.

    Parameters
    ----------
    task : {"classification", "regression"}
        What is predicted.

    Returns
    -------
    Pipeline
        A random forest of 100 trees.

    Examples
    --------
    >>> forest("classification").named_steps["model"].n_estimators
    100
    """
    kind = RandomForestClassifier if task == "classification" else RandomForestRegressor
    # n_jobs stays 1: the work is spread over folds and models, not over trees
    return Pipeline([*prepare(), ("model", kind(n_estimators=100, n_jobs=1))])


def domain(task: str) -> Pipeline:
    """Do what the field itself does: a plain linear model on the columns it trusts.

    Which columns these are stands in study.toml (``domain = { subset__keep = [...] }``). Put your
    field's own method here: a published formula, a clinical score, a persistence forecast.

    Parameters
    ----------
    task : {"classification", "regression"}
        What is predicted.

    Returns
    -------
    Pipeline
        Logistic or ridge regression, hardly penalised.

    Examples
    --------
    >>> X = pd.DataFrame({"bmi": [20.0, 25.0, 30.0], "noise": [5.0, 1.0, 7.0]})
    >>> model = domain("regression").set_params(subset__keep=["bmi"])
    >>> model.fit(X, [40.0, 50.0, 60.0]).predict(X).round(1).tolist()
    [40.0, 50.0, 60.0]
    """
    # the tiny penalty only keeps separable classes and collinear columns from failing
    if task == "classification":
        model = LogisticRegression(C=1e4, max_iter=1000)
    else:
        model = Ridge(alpha=1e-4)
    return Pipeline([*prepare(("scale", StandardScaler())), ("model", model)])


def candidate(task: str) -> Pipeline:
    """Build the model that the paper is about: smooth curves per feature, then a linear model.

    Replace the steps by your own. What is switched off by name in study.toml's ``[ablations]`` is a
    step or a parameter of this pipeline.

    Parameters
    ----------
    task : {"classification", "regression"}
        What is predicted.

    Returns
    -------
    Pipeline
        Splines, scaling, then penalised logistic or ridge regression.

    Examples
    --------
    >>> [name for name, _ in candidate("regression").steps]
    ['subset', 'columns', 'model']
    """
    # outside the training range a curve goes on as a straight line instead of exploding
    splines = SplineTransformer(n_knots=4, degree=3, include_bias=False, extrapolation="linear")
    # scaling after the curves: the penalty then weighs all of them alike
    steps = prepare(("splines", splines), ("scale", StandardScaler()))
    if task == "classification":
        model = LogisticRegression(C=0.1, max_iter=1000)
    else:
        model = Ridge(alpha=10.0)
    return Pipeline([*steps, ("model", model)])


def tuned(task: str) -> Pipeline:
    """Let the candidate choose its penalty, inside the training rows of each fold.

    An example of a model that tunes itself; it is in no ladder until study.toml names it. Leave
    ``cv`` out: tuning.py sets it to folds that respect the study's split. A switch in
    ``[ablations]`` needs the longer name then, such as ``search__estimator__model__C``.

    Parameters
    ----------
    task : {"classification", "regression"}
        What is predicted.

    Returns
    -------
    Pipeline
        A grid search over the candidate's pipeline.

    Examples
    --------
    >>> tuned("regression").named_steps["search"].param_grid
    {'model__alpha': [0.1, 1.0, 10.0, 100.0]}
    """
    if task == "classification":
        grid, scoring = {"model__C": [0.01, 0.1, 1.0, 10.0]}, "neg_log_loss"
    else:
        grid, scoring = {"model__alpha": [0.1, 1.0, 10.0, 100.0]}, "neg_mean_absolute_error"
    # a fit that fails is an error: left at its default it would silently leave the race
    search = GridSearchCV(candidate(task), grid, scoring=scoring, error_score="raise")
    return Pipeline([("search", search)])


MODELS: dict[str, Callable[[str], Pipeline]] = {
    "dummy": dummy,
    "linear": linear,
    "forest": forest,
    "domain": domain,
    "candidate": candidate,
    "tuned": tuned,
}


def build_model(name: str, study: Study) -> Pipeline:
    """Build a model with the parameters that study.toml gives it.

    Parameters
    ----------
    name : str
        A key of ``MODELS``.
    study : Study
        The configuration.

    Returns
    -------
    Pipeline
        Unfitted.

    Raises
    ------
    StudyError
        If there is no such model or parameter; the message lists those there are.

    Examples
    --------
    >>> from .study import Models
    >>> parameters = {"forest": {"model__n_estimators": 5}}
    >>> models = Models(candidate="forest", baselines=["dummy"], parameters=parameters)
    >>> study = Study.model_construct(task="regression", models=models)
    >>> build_model("forest", study)["model"].n_estimators
    5
    >>> build_model("dummy", study)["model"]
    DummyRegressor(strategy='median')
    """
    if name not in MODELS:
        raise StudyError(f"models: {name!r} is unknown; there are {sorted(MODELS)} in models.py")
    where = f"models.parameters.{name}"
    return set_parameters(MODELS[name](study.task), study.models.parameters.get(name, {}), where)


def set_parameters(model: Pipeline, parameters: dict[str, Any], where: str) -> Pipeline:
    """Set parameters by name; an unknown name lists those there are.

    Parameters
    ----------
    model : Pipeline
        Changed in place.
    parameters : dict of str to value
        As for scikit-learn's ``set_params``: ``step__parameter``; a step may be ``"passthrough"``.
    where : str
        The place in study.toml, for messages.

    Returns
    -------
    Pipeline
        The model.

    Raises
    ------
    StudyError
        If a name does not exist in the model.

    Examples
    --------
    >>> set_parameters(linear("regression"), {"model__alpha": 3.0}, "here")["model"].alpha
    3.0
    >>> try:
    ...     set_parameters(dummy("regression"), {"model__alpha": 3.0}, "models.parameters.dummy")
    ... except StudyError as error:
    ...     print(error)
    models.parameters.dummy: there is no 'model__alpha'; there are ['model', 'model__constant', \
'model__quantile', 'model__strategy']
    """
    known = model.get_params()
    there = sorted(set(known) - {"memory", "steps", "verbose", "transform_input"})
    for name in parameters:
        if name not in known:
            raise StudyError(f"{where}: there is no {name!r}; there are {there}")
    return model.set_params(**parameters)
