"""What is varied follows from the study, and is said."""

import pytest
from example_study.models import dummy, forest, tuned
from reproml.config.study import Study, parse_study
from reproml.statistics.variance import fold_sources, in_words, locked_sources
from sklearn.calibration import CalibratedClassifierCV
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.multioutput import ClassifierChain
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import TargetEncoder
from sklearn.svm import LinearSVC

MODELS = {"forest": forest("classification")}


def study_with(content: dict, **split: object) -> Study:
    roles = {
        "grouped": {"site": {"role": "group", "type": "category"}},
        "temporal": {"month": {"role": "time", "type": "integer"}},
        "spatial": {"x": {"role": "place"}, "y": {"role": "place"}},
    }
    content["data"]["columns"] |= roles.get(str(split.get("dependence")), {})
    content["split"] |= split
    return parse_study(content)


def varied(study: Study, models=MODELS) -> dict[str, bool]:
    return {source.name: source.varied for source in fold_sources(study, models)}


def said(study: Study, models=MODELS) -> str:
    return in_words(fold_sources(study, models), study.split)


def test_repeats_vary_the_split_and_the_seeds(content):
    expected = {
        "folds": True,
        "splits": True,
        "initialisation": True,
        "tuning": False,
        "sample": False,
    }
    assert varied(study_with(content)) == expected
    assert varied(study_with(content, repeats=1)) == expected | {"splits": False}


def test_time_is_cut_once(content):
    study = study_with(content, dependence="temporal", repeats=1)
    assert not varied(study)["splits"]
    assert "time has one order" in said(study)


def test_what_has_no_seed_has_no_initialisation(content):
    # the prior of the classes is no chance, but the dummy could draw: it has a random_state
    assert varied(study_with(content), {"dummy": dummy("classification")})["initialisation"]
    median = {"dummy": dummy("regression")}
    assert not varied(study_with(content), median)["initialisation"]


def test_a_calibration_is_no_tuning(content):
    calibrated = CalibratedClassifierCV(LinearSVC())
    model = Pipeline([("model", calibrated)])
    assert not varied(study_with(content), {"calibrated": model})["tuning"]
    chain, encoder = ClassifierChain(LogisticRegression()), TargetEncoder()
    for part in (chain, encoder):  # these have a cv, too, and choose nothing
        assert not varied(study_with(content), {"m": Pipeline([("model", part)])})["tuning"]
    search = GridSearchCV(model, {"model__estimator__C": [0.1, 1.0]})
    assert varied(study_with(content), {"search": Pipeline([("search", search)])})["tuning"]


def test_a_search_is_named(content):
    models = MODELS | {"tuned": tuned("classification")}
    assert varied(study_with(content), models)["tuning"]
    assert "tuning (tuned: parameters were searched again" in said(study_with(content), models)


@pytest.mark.parametrize(
    ("split", "units"),
    [
        ({}, "rows"),
        ({"dependence": "grouped"}, "groups"),
        ({"dependence": "temporal", "repeats": 1}, "time steps"),
        ({"dependence": "spatial", "block": 5.0}, "blocks"),
    ],
)
def test_what_is_drawn_has_its_name(content, split: dict, units: str):
    study = study_with(content, **split)
    locked = in_words(locked_sources(study), study.split)
    assert f"{units} of the test set were resampled" in locked
    assert f"one set of {units}" in said(study)
    careful = units in ("time steps", "blocks")
    assert ("Read these intervals with care" in said(study)) is careful
    assert ("Read these intervals with care" in locked) is careful
