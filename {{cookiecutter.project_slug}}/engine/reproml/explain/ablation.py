"""Named switches on the candidate: each changes one declared thing and nothing else.

A variant is the candidate with parameters set, or what a function of the author's ablations.py
makes of it, so every column keeps its way into the model unless the switch says otherwise.
Commenting a scaler out of a column transformer would drop its columns too; ``"passthrough"`` is the
honest switch, and `check_columns` refuses the other.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cloudpickle
import pandas as pd
from sklearn.base import clone
from sklearn.pipeline import Pipeline

from ..compute.batches import features_used
from ..compute.models import build_model, set_parameters
from ..compute.task import Task, fit_in_words
from ..config.columns import Table
from ..config.study import Study, StudyError
from ..config.watch import OnlyDeclared

FULL = "full"  # what the results call the candidate with nothing switched off


def apply_switch(model: Pipeline, switch: dict[str, Any], where: str) -> Pipeline:
    """Return a copy of the candidate with parameters set; ``where`` is the place in study.toml."""
    before = model.get_params()
    variant = set_parameters(clone(model), switch, where)
    # 1, 1.0 and True are equal in Python, but a model may tell them apart
    if all((type(before[name]), before[name]) == (type(v), v) for name, v in switch.items()):
        raise StudyError(f"{where}: the candidate already has {switch}; the switch changes nothing")
    return variant


def make_variants(study: Study) -> dict[str, Pipeline]:
    """Return the full candidate and every variant of ``[ablations]``, which may have none."""
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
    with OnlyDeclared(study, f"{name} in ablations.py"):
        return study.code.ablations[name](clone(full))


def check_columns(reaching: dict[str, list[str]], study: Study) -> None:
    """Refuse a variant that takes columns away, or adds some, without saying so.

    Its score would tell what the columns are worth, under the name of the step that was meant.
    ``reaching`` is what `columns_reaching` finds for each variant.
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


def steps_before(model: Any) -> bytes:
    """Return what stands before the final estimator; of models alike in it, the same columns reach.

    Where another model may be inside that estimator, it is all of the model.
    """
    last = model[-1] if isinstance(model, Pipeline) else model
    holds = any(hasattr(last, name) for name in ("steps", "estimator", "regressor"))
    return cloudpickle.dumps(clone(model if holds or last is model else model[:-1]))


def fold_columns(task: Task, table: Table) -> pd.DataFrame:
    """Return a column "column": the input columns that the final estimator sees on a fold."""
    train = task.fold.train
    with fit_in_words(task, table):
        names = columns_reaching(task.model, table.X.iloc[train], table.y.iloc[train])
    return pd.DataFrame({"column": names}, dtype=object)


def columns_reaching(model: Any, X: pd.DataFrame, y: pd.Series) -> list[str]:
    """Name the input columns that the final estimator of an unfitted model gets to see.

    The steps before it are fitted once; then values of columns are exchanged, and a column reaches
    the estimator if what comes out of the steps changes too. A column with a single value tells
    nothing and is not named.
    """
    return features_used(_fitted_steps(clone(model), X, y), X)


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
