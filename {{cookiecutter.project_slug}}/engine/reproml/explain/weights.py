"""What a model says of itself: coefficients, curves and tree importances, where it has them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.pipeline import Pipeline

from ..compute.batches import made_of
from .summary import MANY


def model_weights(
    model: Any, X: pd.DataFrame, positive: str | None = None, names: list[str] | None = None
) -> pd.DataFrame:
    """Return what a fitted model gives to each feature, if its last step says so, else no rows.

    ``names`` are the features that are asked for; without them, all.

    Of a linear model: the standard deviation, over the rows, of what the feature adds to the linear
    predictor. For one column that is its coefficient per standard deviation, with its sign; a
    positive one speaks for ``positive``. Where splines or categories make several columns of a
    feature, it is the size of the curve, and of three or more classes the mean over these; such
    have no sign. Of trees: how much of the fit's gain their splits on the feature brought (on
    training rows; it favours features with many values).

    References: Strobl et al. (2007), Bias in random forest variable importance measures.

    >>> from small_study import linear
    >>> X = pd.DataFrame({"dose": [0.0, 1.0, 2.0, 3.0], "site": ["a", "b", "b", "a"]})
    >>> model = linear("regression").fit(X, X["dose"] * 10)
    >>> model_weights(model, X).round(2)
      feature         kind  columns  value
    0    dose  coefficient        1   8.94
    1    site        curve        2   0.00
    """
    front, last = parted(model)
    gains, slopes = (getattr(last, name, None) for name in ("feature_importances_", "coef_"))
    columns = ["feature", "kind", "columns", "value"]
    if gains is None and not isinstance(slopes, np.ndarray):
        return pd.DataFrame(columns=columns)
    owners = made_of(lambda rows: _as_array(front.transform(rows)), X)
    if -2 in owners:
        return pd.DataFrame(columns=columns)
    rows = []
    if slopes is not None:
        Z, slopes = _as_array(front.transform(X)), np.atleast_2d(slopes)
        flip = positive is not None and len(slopes) == 1 and last.classes_[1] != positive
    for name in X.columns if names is None else names:
        own = np.flatnonzero(owners == X.columns.get_loc(name))
        if gains is not None and len(own):
            rows.append((name, "trees", len(own), gains[own].sum()))
        elif len(own):
            sizes = (Z[:, own] @ slopes[:, own].T).std(axis=0)  # (n_outputs,)
            signed = len(own) == len(slopes) == 1
            sign = np.sign(slopes[0, own[0]]) * (-1 if flip else 1) if signed else 1.0
            kind = "coefficient" if signed else "classes" if len(own) == 1 else "curve"
            rows.append((name, kind, len(own), sign * sizes.mean()))
    return pd.DataFrame(rows, columns=columns)


def parted(model: Any) -> tuple[Pipeline, Any]:
    """Return all that stands before the final estimator, and that estimator."""
    steps: list[tuple[str, Any]] = []
    while True:
        if isinstance(model, Pipeline):
            steps += model.steps[:-1]
            model = model[-1]
        elif hasattr(model, "best_estimator_"):
            model = model.best_estimator_
        else:
            named = [(str(number), step) for number, (_, step) in enumerate(steps)]
            return Pipeline(named or [("none", "passthrough")]), model


def prepared(
    model: Any, X: pd.DataFrame, units: dict[Any, list[str]]
) -> tuple[Any, pd.DataFrame | np.ndarray, dict[Any, Any]]:
    """Let a model's steps prepare the rows of a wide table once, and shuffle what they make of it.

    That is the same if each column is made of one feature, and saves the time that steps take. If
    not, or in a table that is not wide, model, rows and units stay as they are.
    """
    front, last = parted(model)
    made = made_of(front.transform, X) if X.shape[1] > MANY and len(units) > 1 else [-2]
    if -2 in made:
        return model, X, units
    Z = front.transform(X)
    Z = Z.toarray() if sparse.issparse(Z) else Z
    columns = pd.Series(getattr(Z, "columns", range(len(made)))).groupby(made)
    own = {X.columns[at]: list(made_of_it) for at, made_of_it in columns if at >= 0}
    return last, Z, {unit: [z for x in of for z in own.get(x, [])] for unit, of in units.items()}


def _as_array(matrix: Any) -> np.ndarray:
    return matrix.toarray() if sparse.issparse(matrix) else np.asarray(matrix, dtype=float)
