"""The models that a study comes with fit both tasks; parameters of study.toml reach them."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from example_study import STUDY as CODE
from example_study.models import MODELS
from reproml.compute.models import ColumnSubset, build_model
from reproml.config.study import StudyError, parse_study
from sklearn.pipeline import Pipeline
from sklearn.svm import SVC

RNG = np.random.default_rng(0)
X = pd.DataFrame(
    {
        "dose": RNG.normal(size=80),
        "age": RNG.integers(20, 60, size=80) * 1.0,
        "kind": np.array(["a", "b", None, "a"] * 20, dtype=object),
    }
)
X.loc[3, "dose"] = np.nan
NUMBER = X["age"] * 2.0 + X["dose"].fillna(0)
LABEL = pd.Series(np.where(NUMBER.median() < NUMBER, "yes", "no"))


@pytest.mark.parametrize("name", MODELS)
def test_every_model_fits_both_tasks(name: str):
    labels = MODELS[name]("classification").fit(X, LABEL)
    assert set(labels.predict(X)) <= {"no", "yes"}
    assert np.allclose(labels.predict_proba(X).sum(axis=1), 1.0)
    numbers = MODELS[name]("regression").fit(X, NUMBER).predict(X)
    assert numbers.shape == (80,)
    assert np.isfinite(numbers).all()


@pytest.mark.parametrize("name", sorted(set(MODELS) - {"dummy"}))
def test_models_beat_the_dummy_where_there_is_something_to_learn(name: str):
    model, dummy = MODELS[name]("regression"), MODELS["dummy"]("regression")
    errors = [
        np.abs(m.fit(X[:60], NUMBER[:60]).predict(X[60:]) - NUMBER[60:]).mean()
        for m in (model, dummy)
    ]
    assert errors[0] < 0.5 * errors[1]


@pytest.mark.parametrize("name", MODELS)
def test_an_unseen_category_is_no_error(name: str):
    model = MODELS[name]("regression").fit(X, NUMBER)
    assert np.isfinite(model.predict(X.head(3).assign(kind="never seen"))).all()


@pytest.mark.parametrize("name", sorted(set(MODELS) - {"dummy"}))
def test_preprocessing_learns_from_training_rows_alone(name: str):
    model = MODELS[name]("regression")
    before = model.fit(X[:60], NUMBER[:60]).predict(X[:5])
    wild = X.assign(dose=X["dose"].where(X.index < 60, 1e6))
    after = model.fit(wild[:60], NUMBER[:60]).predict(wild[:5])
    assert before.tobytes() == after.tobytes() or name == "forest"
    leaky = model.fit(wild, NUMBER).predict(wild[:5])  # the twin: fitted on all rows
    assert before.tobytes() != leaky.tobytes()


def test_parameters_come_from_the_study(content: dict[str, Any]):
    content["models"]["parameters"] = {"candidate": {"model__C": 0.25}}
    assert build_model("candidate", parse_study(content).with_code(CODE))["model"].C == 0.25


def test_an_unknown_model_lists_those_there_are(content: dict[str, Any]):
    content["models"]["baselines"] = ["dummy", "forest", "lasso"]
    with pytest.raises(StudyError, match=r"'lasso' is unknown; there are .*'linear'"):
        build_model("lasso", parse_study(content).with_code(CODE))


def test_an_unknown_parameter_lists_those_there_are(content: dict[str, Any]):
    content["models"]["parameters"] = {"linear": {"model__CC": 1}}
    with pytest.raises(StudyError, match=r"models\.parameters\.linear: .*'model__CC'.*'model__C'"):
        build_model("linear", parse_study(content).with_code(CODE))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"keep": ["weight"]}, r"columns \['weight'\] are not among"),
        ({"drop": ["weight"]}, r"columns \['weight'\] are not among"),
        ({"drop": ["dose", "age", "kind"]}, "leave no column"),
    ],
)
def test_a_subset_of_unknown_columns_is_an_error(arguments: dict, message: str):
    with pytest.raises(StudyError, match=message):
        ColumnSubset(**arguments).fit(X)


def test_a_classifier_without_probabilities_is_refused_with_what_to_wrap_it_in(study):
    def bare(task: str) -> Pipeline:
        return Pipeline([("model", SVC())])

    code = replace(CODE, models={**CODE.models, "candidate": bare})
    with pytest.raises(StudyError, match=r"candidate ends in SVC.*CalibratedClassifierCV\(SVC\("):
        build_model("candidate", study.with_code(code))


def test_a_model_for_the_other_task_is_refused(study):
    code = replace(
        CODE, models={**CODE.models, "linear": lambda task: MODELS["linear"]("regression")}
    )
    with pytest.raises(StudyError, match="linear ends in Ridge, which is not for classification"):
        build_model("linear", study.with_code(code))
