"""A switch changes what it names and nothing else."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from example_study import STUDY as CODE
from example_study.data import load_table
from example_study.models import candidate, linear
from reproml.compute.task import make_tasks
from reproml.config.columns import Table
from reproml.config.study import Study, StudyError, parse_study, read_study
from reproml.explain.ablation import (
    FULL,
    apply_switch,
    check_columns,
    columns_reaching,
    fold_columns,
    make_variants,
    steps_before,
)
from reproml.split.splits import Fold
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.dummy import DummyClassifier
from sklearn.feature_extraction import FeatureHasher
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

OFF = {"columns__numbers__scale": "passthrough"}


def test_a_switch_leaves_the_candidate_as_it_was():
    model = candidate("classification")
    before = repr(model.get_params())
    variant = apply_switch(model, OFF, "here")
    assert repr(model.get_params()) == before
    assert variant.get_params()["columns__numbers__scale"] == "passthrough"


def test_switching_the_scaler_off_keeps_every_column(folder: Path):
    """Commenting it out of a column transformer would drop its columns: that is the twin."""
    table = load_table(read_study(folder / "study.toml"), folder)
    model = candidate("classification")
    full, variant = (
        m.fit(table.X, table.y)[:-1].transform(table.X)
        for m in (model, apply_switch(model, OFF, "here"))
    )
    dropped = apply_switch(model, {"columns__numbers": "drop"}, "here").fit(table.X, table.y)
    assert full.shape == variant.shape
    assert not np.array_equal(full, variant)
    assert dropped[:-1].transform(table.X).shape[1] < full.shape[1]


def test_an_unknown_switch_lists_those_there_are():
    with pytest.raises(StudyError) as caught:
        apply_switch(candidate("regression"), {"columns__numbers__pca": None}, "ablations.no_pca")
    assert "ablations.no_pca: there is no 'columns__numbers__pca'" in str(caught.value)
    assert "'columns__numbers__scale'" in str(caught.value)


def test_a_switch_that_changes_nothing_is_refused():
    with pytest.raises(StudyError, match="changes nothing"):
        apply_switch(candidate("regression"), {"model__alpha": 10.0}, "ablations.same")


def test_the_candidate_comes_first_and_its_name_is_taken(content: dict[str, Any], study: Study):
    assert list(make_variants(study)) == [FULL, "no_splines"]
    content["ablations"] = {"full": {"set": OFF, "reason": "?"}}
    with pytest.raises(StudyError, match=r"ablations\.full: the name is taken"):
        make_variants(parse_study(content).with_code(CODE))


def test_a_study_may_have_no_ablation(content: dict[str, Any]):
    del content["ablations"]
    study = parse_study(content).with_code(CODE)
    assert list(make_variants(study)) == [FULL]
    check_columns({FULL: ["dose"]}, study)


def test_a_function_of_the_authors_makes_a_variant(content: dict[str, Any]):
    def no_model(model: Pipeline) -> Pipeline:
        return model.set_params(model=DummyClassifier())

    content["ablations"]["no_model"] = {"reason": "Is a model needed?"}
    study = parse_study(content)
    code = replace(CODE, ablations={"no_model": no_model})
    made = make_variants(study.with_code(code))
    assert list(made) == [FULL, "no_splines", "no_model"]
    assert isinstance(made["no_model"]["model"], DummyClassifier)
    assert isinstance(made[FULL]["model"], LogisticRegression)  # it was given a copy
    with pytest.raises(StudyError, match=r"ablations\.no_model: .* no function of that name in AB"):
        make_variants(study.with_code(CODE))


X = pd.DataFrame({"dose": [1.0, 2.0, 4.0, 7.0], "age": [3.0, 1.0, 2.0, 2.0], "kind": list("abab")})
Y = pd.Series(["no", "yes", "yes", "no"])


def reaching(models: dict[str, Pipeline]) -> dict[str, list[str]]:
    """Return the columns that reach each model, as the script finds them."""
    table = Table(X, Y, None, None, None, dropped={})
    fold = Fold(0, 0, train=np.arange(4), test=np.array([], dtype=int))
    tasks = make_tasks(models, [fold], seed=0)
    return {task.name: list(fold_columns(task, table)["column"]) for task in tasks}


def check(content: dict[str, Any], **ablation: Any) -> None:
    """Check the columns of a study with this one ablation."""
    content["ablations"] = {"variant": {"reason": "?", **ablation}}
    study = parse_study(content).with_code(CODE)
    check_columns(reaching(make_variants(study)), study)


def tutorial(*, scaler: bool) -> Pipeline:
    """Return a well-known tutorial's model; without its scaler as a comment sign would take it."""
    parts = [("kinds", OneHotEncoder(), ["kind"])]
    if scaler:
        parts.append(("numbers", StandardScaler(), ["dose", "age"]))
    return Pipeline([("columns", ColumnTransformer(parts)), ("model", LogisticRegression())])


def test_a_scaler_that_is_commented_out_takes_its_columns_along(content: dict[str, Any]):
    """The tutorial's mistake is refused; the same question asked honestly is not."""
    content["ablations"] = {"no_scaling": {"set": OFF, "reason": "Is scaling needed?"}}
    study = parse_study(content).with_code(CODE)
    models = {FULL: tutorial(scaler=True), "no_scaling": tutorial(scaler=False)}
    with pytest.raises(StudyError) as caught:
        check_columns(reaching(models), study)
    message = str(caught.value)
    assert "ablations.no_scaling: the columns ['dose', 'age'] no longer reach the model" in message
    assert 'Switch a step off with "passthrough"' in message
    honest = tutorial(scaler=True).set_params(columns__numbers="passthrough")
    check_columns(reaching(models | {"no_scaling": honest}), study)


def test_a_dropped_transformer_is_refused_unless_declared(content: dict[str, Any]):
    for drop in ({"columns__numbers": "drop"}, {"subset__drop": ["dose", "age"]}):
        with pytest.raises(StudyError, match=r"removes_columns = true in \[ablations.variant\]"):
            check(content, set=drop)
        check(content, set=drop, removes_columns=True)


def test_the_other_switches_keep_their_columns(content: dict[str, Any]):
    for switch in (OFF, {"columns__numbers__splines": "passthrough"}, {"model__C": 3.0}):
        check(content, set=switch)


def test_a_declaration_that_is_not_true_is_refused(content: dict[str, Any]):
    with pytest.raises(StudyError, match="removes_columns is true, but every column"):
        check(content, set=OFF, removes_columns=True)


def test_columns_that_come_in_are_refused(content: dict[str, Any]):
    content["models"]["parameters"]["candidate"] = {"subset__keep": ["dose"]}
    with pytest.raises(StudyError, match=r"the columns \['age', 'kind'\] now reach"):
        check(content, set={"subset__keep": ["dose", "age", "kind"]})


def test_variants_of_the_last_step_are_alike_before_it_and_a_model_inside_it_counts():
    model = candidate("classification")
    full, deeper = steps_before(model), steps_before(apply_switch(model, {"model__C": 3.0}, "here"))
    assert full == deeper
    assert steps_before(apply_switch(model, OFF, "here")) != full
    inside = [make_pipeline(TransformedTargetRegressor(linear("regression"))) for _ in range(2)]
    switched = apply_switch(
        inside[1], {"transformedtargetregressor__regressor__subset__drop": ["age"]}, "x"
    )
    assert steps_before(inside[0]) != steps_before(switched)


def test_columns_are_followed_through_any_model():
    numbers = X[["dose", "age"]]
    y = pd.Series([1.0, 2.0, 3.0, 4.0])
    inside = linear("regression").set_params(subset__drop=["age"])
    assert columns_reaching(Ridge(), numbers, y) == ["dose", "age"]
    assert columns_reaching(GridSearchCV(inside, {}), X, y) == ["dose", "kind"]
    assert columns_reaching(TransformedTargetRegressor(inside), X, y) == ["dose", "kind"]
    assert columns_reaching(make_pipeline(inside), X, y) == ["dose", "kind"]
    hashed = make_pipeline(
        FunctionTransformer(lambda X: X[["kind"]].to_dict("records")), FeatureHasher(8), Ridge()
    )
    assert columns_reaching(hashed, X, y) == ["kind"]  # a sparse matrix
    gaps = X.assign(dose=[1.0, np.nan, np.nan, 2.0])
    assert columns_reaching(linear("regression"), gaps, y) == ["dose", "age", "kind"]
    assert columns_reaching(linear("regression"), X.assign(age=1.0), y) == ["dose", "kind"]
