"""What the candidate leans on: permutation importance, with noise as yardstick.

The importance of a feature is how much the score falls when its values are shuffled among the rows
(Breiman 2001): it is about this model on these rows, not about the feature and its cause. On
held-out rows it says what the skill rests on; on training rows, what was learnt, whether or not it
carries over. Features that are correlated may stand in for each other, so that each alone looks
dispensable: they are shuffled together too.

References
----------
Breiman (2001), Random forests, Machine Learning 45.
scikit-learn, Permutation importance with multicollinear or correlated features.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.dummy import DummyRegressor
from sklearn.inspection import permutation_importance

from ..compute.batches import answers_to_moved
from ..compute.models import ColumnSubset
from ..compute.task import Task, fit_task
from ..config.columns import Table
from ..config.metrics import Metric
from ..config.seeds import seed_for
from ..config.study import Split, Study, StudyError
from .weights import fold_weights

SHUFFLES = 60  # of each feature, over all folds
FEWEST, MOST = 2, 5  # in each fold; scikit-learn's default is 5
NOISE = "noise"  # the column of random numbers
PARTS = ("held-out", "training")


def asked(model: Any, metric: Metric, classes: list[str]) -> Callable[[pd.DataFrame], np.ndarray]:
    """Return the question whose answers a metric takes: probabilities, classes or numbers.

    Parameters
    ----------
    model : estimator
        Fitted.
    metric : Metric
        The metric.
    classes : list of str
        Order of the probabilities' columns; empty for regression.

    Returns
    -------
    callable
        For `answers_to_moved`.

    Examples
    --------
    >>> from ..config.example import CODE, dummy
    >>> X = pd.DataFrame({"dose": [1.0, 2.0, 3.0, 4.0]})
    >>> model = dummy("classification").fit(X, ["no", "no", "no", "yes"])
    >>> for metric in ("roc_auc", "mcc"):
    ...     print(asked(model, CODE.metrics[metric], ["yes", "no"])(X[:1]).tolist())
    [[0.25, 0.75]]
    ['no']
    """
    if metric.takes != "probabilities":
        return model.predict
    order = [list(model.classes_).index(name) for name in classes]
    return lambda X: model.predict_proba(X)[:, order]


def permutation_importances(
    model: Any,
    X: pd.DataFrame,
    y: pd.Series,
    units: dict[str, list[str]],
    *,
    metric: Metric,
    classes: list[str],
    seed: int,
    shuffles: int,
) -> np.ndarray:
    """Return by how much the score falls when columns are shuffled.

    Parameters
    ----------
    model : estimator
        Fitted.
    X : DataFrame of shape (n_samples, n_features)
        Rows to score.
    y : Series of shape (n_samples,)
        Their target.
    units : dict of str to list of str
        Columns that are shuffled together, by name: a feature alone, or a group of them.
    metric : Metric
        The metric.
    classes : list of str
        Order of the probabilities' columns; empty for regression.
    seed : int
        Of the shuffles, which are those that scikit-learn's `permutation_importance` makes of it.
    shuffles : int
        Of each unit.

    Returns
    -------
    ndarray of shape (n_units, shuffles)
        Positive where the model is better with the column in place, whatever the metric's
        direction.

    Examples
    --------
    >>> from ..config.example import CODE, linear
    >>> X = pd.DataFrame({"dose": [0.0, 1.0, 2.0, 3.0], "site": ["a", "a", "b", "b"]})
    >>> y = X["dose"] * 10
    >>> model = linear("regression").fit(X, y)
    >>> units = {"dose": ["dose"], "site": ["site"], "both": ["dose", "site"]}
    >>> how = {"metric": CODE.metrics["mae"], "classes": [], "seed": 1, "shuffles": 3}
    >>> permutation_importances(model, X, y, units, **how).round(1)
    array([[ 9.5, 12.4,  3.3],
           [ 2. ,  4.1,  0. ],
           [11.8, 17.1,  3.3]])
    """
    orders = _shuffled_rows(len(X), shuffles, seed)
    moves = [(columns, order) for columns in units.values() for order in orders]
    y_true = y.to_numpy()
    extra = (classes,) if metric.takes == "probabilities" else ()
    as_is = ([], np.arange(len(X)))
    said = answers_to_moved(asked(model, metric, classes), X, [as_is, *moves])
    scores = np.array([metric.function(y_true, one, *extra) for one in said])
    falls = scores[0] - scores[1:] if metric.higher_is_better else scores[1:] - scores[0]
    return falls.reshape(len(units), shuffles)


def _shuffled_rows(n_rows: int, shuffles: int, seed: int) -> list[np.ndarray]:
    """Let scikit-learn shuffle row numbers: it shuffles every column of a table alike."""
    drawn: list[np.ndarray] = []

    def keep(model: Any, rows: np.ndarray, y: np.ndarray) -> float:
        drawn.append(rows[:, 0].copy())
        return 0.0

    rows = np.arange(n_rows)
    permutation_importance(
        DummyRegressor(), rows[:, None], rows, scoring=keep, n_repeats=shuffles, random_state=seed
    )
    return drawn[1:]  # the first call is for the rows as they are


def shuffles_per_fold(split: Split) -> int:
    """Return how often each feature is shuffled in a fold: with many folds, a few times will do.

    Parameters
    ----------
    split : Split
        The ``[split]`` section.

    Returns
    -------
    int

    Examples
    --------
    >>> shuffles_per_fold(Split(dependence="grouped", folds=5, repeats=6))
    2
    >>> shuffles_per_fold(Split(dependence="temporal", folds=3))
    5
    """
    return int(np.clip(SHUFFLES // (split.folds * split.repeats), FEWEST, MOST))


def with_noise(X: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Return a table with a column of random numbers that have nothing to do with anything.

    Parameters
    ----------
    X : DataFrame of shape (n_samples, n_features)
        The features.
    seed : int
        Of the random numbers.

    Returns
    -------
    DataFrame of shape (n_samples, n_features + 1)
        Normally distributed numbers in the last column, which is called ``"noise"``.

    Raises
    ------
    StudyError
        If a feature has this name.

    Examples
    --------
    >>> with_noise(pd.DataFrame({"dose": [1.0, 2.0]}), seed=0).round(2)
       dose  noise
    0   1.0   0.13
    1   2.0  -0.13
    """
    if NOISE in X:
        raise StudyError(
            f"a feature is called {NOISE!r}, as the yardstick of the importances is; rename it"
        )
    return X.assign(**{NOISE: np.random.default_rng(seed).standard_normal(len(X))})


def noise_twin(model: Any) -> Any:
    """Return a copy of a model that lets the noise column in.

    Parameters
    ----------
    model : estimator
        Unfitted.

    Returns
    -------
    estimator
        A copy; a `ColumnSubset` in it that keeps named columns keeps the noise too.

    Examples
    --------
    >>> from ..config.example import domain
    >>> noise_twin(domain("regression").set_params(subset__keep=["bmi"]))["subset"].keep
    ['bmi', 'noise']
    """
    twin = clone(model)
    for step in twin.get_params().values():
        if isinstance(step, ColumnSubset) and step.keep is not None:
            step.keep = [*step.keep, NOISE]
    return twin


def fold_importances(
    task: Task, table: Table, study: Study, units: dict[str, list[str]]
) -> pd.DataFrame:
    """Fit a fold's model and its twin with noise, and measure the importance of every unit.

    Parameters
    ----------
    task : Task
        The candidate on one fold.
    table : Table
        The checked rows.
    study : Study
        The configuration.
    units : dict of str to list of str
        Columns that are shuffled together, by ``"kind: name"``; see `units_of`.

    Returns
    -------
    DataFrame of shape (n_parts * (n_units + 1), 8)
        Columns rows (``PARTS``), kind (feature, group or noise), name, repeat, fold, metric, value
        (mean over shuffles) and spread (their standard deviation). Training rows, of which there
        are many and which overlap, are scored in the first repeat alone.

    Examples
    --------
    >>> from ..config.example import CODE, linear
    >>> from ..split.splits import Fold
    >>> from ..config.study import Column, Data, Metrics
    >>> y = pd.Series([0.0, 1.0, 2.0, 3.0, 4.0, 5.0])
    >>> table = Table(y.to_frame("dose"), y, None, None, None, dropped={})
    >>> fold = Fold(0, 0, train=np.arange(4), test=np.array([4, 5]))
    >>> task = Task("linear", linear("regression"), fold, seed=7)
    >>> study = Study.model_construct(
    ...     data=Data(file="trial.csv", sha256="0" * 64, columns={"effect": Column(role="target")}),
    ...     metrics=Metrics(primary="mae"), split=Split(dependence="independent"), seed=0,
    ... )
    >>> found = fold_importances(task, table, study, {"feature: dose": ["dose"]})
    >>> found["name"].tolist()
    ['dose', 'noise', 'dose', 'noise']
    >>> found.loc[found["name"] == "dose", ["rows", "metric", "value"]].round(2)
           rows metric  value
    0  held-out    mae   0.24
    2  training    mae   0.74
    """
    fold, metric, seed = task.fold, study.metrics.primary, study.seed
    where = f"{fold.repeat}/{fold.fold}"
    noisy = with_noise(table.X, seed_for(seed, f"interpretation/noise/{where}"))
    twin = Task(task.name, noise_twin(task.model), fold, task.seed)
    other = replace(table, X=noisy)
    fits = [
        (fit_task(task, table, study), table.X, units),
        (fit_task(twin, other, study), noisy, {f"{NOISE}: {NOISE}": [NOISE]}),
    ]
    rows = []
    chosen_rows = dict(zip(PARTS, (fold.test, fold.train), strict=True))
    for part in PARTS if fold.repeat == 0 else PARTS[:1]:
        chosen = chosen_rows[part]
        for model, X, of in fits:
            falls = permutation_importances(
                model,
                X.iloc[chosen],
                table.y.iloc[chosen],
                of,
                metric=study.primary,
                classes=study.data.classes,
                seed=seed_for(seed, f"interpretation/{part}/{where}"),
                shuffles=shuffles_per_fold(study.split),
            )
            head = (fold.repeat, fold.fold, metric)
            rows += [
                (part, *unit.split(": ", 1), *head, value, spread)
                for unit, value, spread in zip(
                    of, falls.mean(axis=1), falls.std(axis=1), strict=True
                )
            ]
    columns = ["rows", "kind", "name", "repeat", "fold", "metric", "value", "spread"]
    return pd.DataFrame(rows, columns=columns)


def fold_explanation(
    task: Task,
    table: Table,
    study: Study,
    units: dict[str, list[str]],
    candidate: str,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Explain a model on a fold: what its score rests on, and what it says of itself.

    Parameters
    ----------
    task, table, study, units
        As for `fold_importances`.
    candidate : str
        The model whose importances are measured; of others the weights alone are wanted.

    Returns
    -------
    importances : DataFrame
        Of `fold_importances`; empty for other models.
    weights : DataFrame
        Of `fold_weights`, in the first repeat, which has each row once; else empty.

    Examples
    --------
    >>> from ..config.example import CODE, linear
    >>> from ..split.splits import Fold
    >>> from ..config.study import Column, Data
    >>> y = pd.Series([0.0, 1.0, 2.0, 3.0])
    >>> table = Table(y.to_frame("dose"), y * 10, None, None, None, dropped={})
    >>> task = Task("linear", linear("regression"), Fold(0, 1, np.arange(4), np.arange(0)), seed=7)
    >>> target = {"effect": Column(role="target")}
    >>> data = Data(file="trial.csv", sha256="0" * 64, columns=target)
    >>> study = Study.model_construct(data=data, split=None)
    >>> importances, weights = fold_explanation(task, table, study, {}, "forest")
    >>> len(importances), weights["value"].round(2).tolist()
    (0, [8.94])
    """
    nothing = pd.DataFrame()
    ours, once = task.name == candidate, task.fold.repeat == 0
    return (
        fold_importances(task, table, study, units) if ours else nothing,
        fold_weights(task, table, study) if once else nothing,
    )
