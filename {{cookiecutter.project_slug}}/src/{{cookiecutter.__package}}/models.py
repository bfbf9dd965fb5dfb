"""The baselines and the candidate: scikit-learn pipelines, preprocessing inside.

To add a model, write one function that takes the task and returns an unfitted pipeline, put it
into ``MODELS``, and name it in study.toml. Set no ``random_state``: the engine sets each one in a
pipeline from the study's seed. What is learnt from data (scaling, imputing, selecting) belongs
inside the pipeline, so that it never sees the rows it is tested on.

A model may be written for one task only. A classifier has to give probabilities
(``predict_proba``); one that has none, such as ``SVC``, is wrapped:
``CalibratedClassifierCV(SVC())``. A class of your own, derived from ``BaseEstimator``, can stand in
this file too.
"""

from __future__ import annotations

from collections.abc import Callable

from reproml.compute.models import AnyUnitForestRegressor, ColumnSubset, RanksForTrees
from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, SplineTransformer, StandardScaler


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
    >>> import pandas as pd
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
    """Ignore the features: the score that any useful model exceeds.

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
    >>> import pandas as pd
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
    >>> import pandas as pd
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
        A random forest of 100 trees, which loses nothing to the unit of a feature or the target.

    Examples
    --------
    >>> forest("classification").named_steps["model"].n_estimators
    100
    """
    kind = RandomForestClassifier if task == "classification" else AnyUnitForestRegressor
    # n_jobs stays 1: the work is spread over folds and models, not over trees
    model = kind(n_estimators=100, n_jobs=1)
    return Pipeline([*prepare(), ("ranks", RanksForTrees()), ("model", model)])


def domain(task: str) -> Pipeline:
    """Do what the field itself does: here a plain linear model on the columns that it uses.

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
    >>> import pandas as pd
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
    """Let the linear model choose its penalty, inside the training rows of each fold.

    An example of a model that tunes itself; no study uses it until study.toml names it. Leave
    ``cv`` out: the engine sets it to folds that respect the study's split. Parameters have a longer
    name then, such as ``search__estimator__model__C``.

    Parameters
    ----------
    task : {"classification", "regression"}
        What is predicted.

    Returns
    -------
    Pipeline
        A grid search over the pipeline of `linear`.

    Examples
    --------
    >>> tuned("regression").named_steps["search"].param_grid
    {'model__alpha': [0.1, 1.0, 10.0, 100.0]}
    """
    if task == "classification":
        grid, scoring = {"model__C": [0.01, 0.1, 1.0, 10.0]}, "neg_log_loss"
    else:
        grid, scoring = {"model__alpha": [0.1, 1.0, 10.0, 100.0]}, "neg_mean_absolute_error"
    # a fit that fails is an error; by default, that combination would just not be chosen
    search = GridSearchCV(linear(task), grid, scoring=scoring, error_score="raise")
    return Pipeline([("search", search)])


MODELS: dict[str, Callable[[str], Pipeline]] = {
    "dummy": dummy,
    "linear": linear,
    "forest": forest,
    "domain": domain,
    "candidate": candidate,
    "tuned": tuned,
}
