"""Named switches on the candidate: each changes one declared thing and nothing else.

A variant is the candidate with parameters set, so every column keeps its way into the model unless
the switch says otherwise. Commenting a scaler out of a column transformer would drop its columns
too; ``"passthrough"`` is the honest switch, and `check_columns` refuses the other.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
from sklearn.base import clone
from sklearn.pipeline import Pipeline

from ..compute.batches import columns_changed
from ..compute.models import build_model, set_parameters
from ..compute.task import Task
from ..config.columns import Table
from ..config.study import Study, StudyError

FULL = "full"  # what the results call the candidate with nothing switched off


def apply_switch(model: Pipeline, switch: dict[str, Any], where: str) -> Pipeline:
    """Return a copy of a model with parameters switched.

    Parameters
    ----------
    model : Pipeline
        The candidate; it stays as it is.
    switch : dict of str to value
        As for scikit-learn's ``set_params``; ``"passthrough"`` switches a step off.
    where : str
        The place in study.toml, for messages.

    Returns
    -------
    Pipeline
        The variant, unfitted.

    Raises
    ------
    StudyError
        If a name does not exist in the model (those there are get listed), or if the model already
        has these values: such a variant would be the full model under another name.

    Examples
    --------
    >>> from ..config.example import candidate
    >>> switch = {"columns__numbers__splines": "passthrough"}
    >>> variant = apply_switch(candidate("regression"), switch, "ablations.no_splines")
    >>> variant.get_params()["columns__numbers__splines"]
    'passthrough'
    """
    before = model.get_params()
    variant = set_parameters(clone(model), switch, where)
    same = [name for name, value in switch.items() if _equal(before[name], value)]
    if len(same) == len(switch):
        raise StudyError(f"{where}: the candidate already has {switch}; the switch changes nothing")
    return variant


def _equal(left: Any, right: Any) -> bool:
    return type(left) is type(right) and left == right


def make_variants(study: Study) -> dict[str, Pipeline]:
    """Build the full candidate and every variant that study.toml names.

    Parameters
    ----------
    study : Study
        The configuration.

    Returns
    -------
    dict of str to Pipeline
        ``"full"`` first, then the ablations in the order of study.toml.

    Raises
    ------
    StudyError
        If there is no ablation, one is called ``full``, or a switch names nothing that exists.

    Examples
    --------
    >>> from ..config.study import Ablation, Models
    >>> switch = Ablation(set={"model__alpha": 100.0}, reason="Is the penalty too weak?")
    >>> study = Study.model_construct(
    ...     task="regression", models=Models(candidate="linear", baselines=["dummy"]),
    ...     ablations={"strong_penalty": switch},
    ... )
    >>> {name: model["model"].alpha for name, model in make_variants(study).items()}
    {'full': 1.0, 'strong_penalty': 100.0}
    """
    if not study.ablations:
        raise StudyError("ablations: there is none; add a section [ablations.NAME] to study.toml")
    if FULL in study.ablations:
        raise StudyError(
            f"ablations.{FULL}: the name is taken by the candidate itself; choose another"
        )
    full = build_model(study.models.candidate, study)
    return {FULL: full} | {name: _variant(full, name, study) for name in study.ablations}


def _variant(full: Pipeline, name: str, study: Study) -> Pipeline:
    where, switch = f"ablations.{name}", study.ablations[name].set
    if switch is not None:
        return apply_switch(full, switch, where)
    if name not in study.code.ablations:
        raise StudyError(
            f"{where}: there is no set = {{...}}, and no function of that name in ABLATIONS of "
            "ablations.py; write one of the two"
        )
    return study.code.ablations[name](clone(full))


def check_columns(reaching: dict[str, list[str]], study: Study) -> None:
    """Refuse a variant that takes columns away, or adds some, without saying so.

    Its score would tell what the columns are worth, under the name of the step that was meant.

    Parameters
    ----------
    reaching : dict of str to list of str
        The columns that each variant's final estimator sees (`columns_reaching`), those of the full
        candidate under ``"full"``.
    study : Study
        The configuration; ``removes_columns = true`` in an ablation is its word.

    Raises
    ------
    StudyError
        If columns are lost or won undeclared, with their names; or if a variant that declares it
        loses none.

    Examples
    --------
    >>> from ..config.study import Ablation
    >>> off = Ablation(set={"columns__numbers": "drop"}, reason="Is scaling needed?")
    >>> study = Study.model_construct(ablations={"no_scaling": off})
    >>> try:
    ...     check_columns({"full": ["dose", "kind"], "no_scaling": ["kind"]}, study)
    ... except StudyError as error:
    ...     print(str(error).partition(", and")[0])
    ablations.no_scaling: the columns ['dose'] no longer reach the model
    """
    full = reaching[FULL]
    for name, ablation in study.ablations.items():
        there = reaching[name]
        lost, won = (
            [column for column in one if column not in other]
            for one, other in ((full, there), (there, full))
        )
        if ablation.removes_columns and not lost:
            raise StudyError(
                f"ablations.{name}: removes_columns is true, but every column of the candidate "
                "still reaches the model; take removes_columns out, or mend the switch"
            )
        if (lost or won) and not ablation.removes_columns:
            what = f"{lost} no longer reach" if lost else f"{won} now reach"
            raise StudyError(
                f"ablations.{name}: the columns {what} the model, and the variant does not say "
                'so. Switch a step off with "passthrough", so that its columns stay; if the '
                f"columns are what you ask about, set removes_columns = true in [ablations.{name}]"
            )


def fold_columns(task: Task, table: Table) -> pd.DataFrame:
    """Name the input columns that the final estimator gets to see on a fold.

    Parameters
    ----------
    task : Task
        A model on one fold; its training rows are looked at.
    table : Table
        The checked rows.

    Returns
    -------
    DataFrame of shape (n_columns, 1)
        A column "column", as `columns_reaching` names them.

    Examples
    --------
    >>> import numpy as np
    >>> from ..config.example import linear
    >>> from ..split.splits import Fold
    >>> X = pd.DataFrame({"dose": [1.0, 2.0, 4.0], "kind": ["a", "b", "a"]})
    >>> table = Table(X, pd.Series([1.0, 2.0, 3.0]), None, None, None, dropped={})
    >>> fold = Fold(0, 0, train=np.arange(3), test=np.array([], dtype=int))
    >>> fold_columns(Task("linear", linear("regression"), fold, seed=0), table)
      column
    0   dose
    1   kind
    """
    train = task.fold.train
    names = columns_reaching(task.model, table.X.iloc[train], table.y.iloc[train])
    return pd.DataFrame({"column": names}, dtype=object)


def columns_reaching(model: Any, X: pd.DataFrame, y: pd.Series) -> list[str]:
    """Name the input columns that the final estimator gets to see.

    The steps before it are fitted once; then the values of one column at a time change places, and
    the column reaches the estimator if what comes out of the steps changes too.

    Parameters
    ----------
    model : estimator
        Unfitted. Searches and the like are looked into; an estimator without steps sees all.
    X : DataFrame of shape (n_samples, n_features)
        Training rows.
    y : Series of shape (n_samples,)
        Their target.

    Returns
    -------
    list of str
        Columns in the order of ``X``; one with a single value tells nothing and is not among them.

    Examples
    --------
    >>> from ..config.example import linear
    >>> X = pd.DataFrame({"dose": [1.0, 2.0, 4.0], "kind": ["a", "b", "a"]})
    >>> y = pd.Series([1.0, 2.0, 3.0])
    >>> model = linear("regression")
    >>> columns_reaching(model, X, y)
    ['dose', 'kind']
    >>> columns_reaching(model.set_params(columns__numbers="drop"), X, y)
    ['kind']
    """
    steps = _fitted_steps(clone(model), X, y)
    changes = columns_changed(steps, X)
    return [name for name, any_of in zip(X.columns, changes.any(axis=1), strict=True) if any_of]


def _fitted_steps(model: Any, X: Any, y: pd.Series) -> Callable[[Any], Any]:
    """Fit all that stands before the final estimator; return it as a function."""
    while not isinstance(model, Pipeline):
        inner = getattr(model, "estimator", None) or getattr(model, "regressor", None)
        if inner is None:
            return lambda rows: rows
        model = inner
    if len(model.steps) == 1:
        return _fitted_steps(model[-1], X, y)
    front = model[:-1].fit(X, y)
    rest = _fitted_steps(model[-1], front.transform(X), y)
    return lambda rows: rest(front.transform(rows))
