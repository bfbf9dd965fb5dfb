"""The same numbers on any number of workers; one model's seeds are nobody else's business."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from conftest import bits
from example_study.data import load_table
from example_study.models import prepare
from reproml.compute.fits import run_fits
from reproml.compute.models import build_model
from reproml.compute.pool import Pool
from reproml.compute.task import make_tasks
from reproml.config.study import StudyError
from reproml.split.splits import make_folds
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer


@pytest.fixture
def setting(study, folder: Path):
    """Return a study, its table and its folds."""
    table = load_table(study, folder)
    folds = make_folds(table, np.arange(60), study.split, stratify=True, seed=0)
    return study, table, folds


def fit(setting, names: list[str], seed: int = 0, workers: int = 1):
    study, table, folds = setting
    tasks = make_tasks({name: build_model(name, study) for name in names}, folds, seed)
    return run_fits(tasks, table, study, pool=Pool(workers))


def test_results_come_in_the_order_of_the_tasks(setting):
    results = fit(setting, ["linear", "forest"], workers=2)
    assert [r.name for r in results] == ["linear"] * 6 + ["forest"] * 6
    assert [(r.fold.repeat, r.fold.fold) for r in results[:6]] == [
        (repeat, fold) for repeat in range(2) for fold in range(3)
    ]


def test_a_seed_gives_the_same_bits_and_another_seed_others(setting):
    assert bits(fit(setting, ["forest"])) == bits(fit(setting, ["forest"]))
    assert bits(fit(setting, ["forest"])) != bits(fit(setting, ["forest"], seed=1))


def test_without_seeding_the_bits_differ(setting, monkeypatch: pytest.MonkeyPatch):
    """The twin: the test above would notice a missing seed."""
    from reproml.compute import task as compute

    monkeypatch.setattr(compute, "fix_random_state", lambda model, seed: model)
    code = replace(setting[0].code, fix_seeds=lambda seed: None)
    setting = setting[0].with_code(code), *setting[1:]
    assert bits(fit(setting, ["forest"])) != bits(fit(setting, ["forest"]))


def test_another_model_moves_nobodys_numbers(setting):
    alone = fit(setting, ["forest"])
    among = [r for r in fit(setting, ["linear", "candidate", "forest"]) if r.name == "forest"]
    assert bits(among) == bits(alone)


def test_probabilities_stand_in_the_order_of_the_classes(setting):
    study, table, folds = setting
    tasks = make_tasks({"linear": build_model("linear", study)}, folds[:1], 0)
    no_yes = run_fits(tasks, table, study)[0].probability
    turned = study.data.model_copy(update={"positive": "no"})
    study = study.model_copy(update={"data": turned})
    assert study.data.classes == ["yes", "no"]
    yes_no = run_fits(tasks, table, study)[0].probability
    assert np.array_equal(no_yes, yes_no[:, ::-1])


def test_a_prediction_that_is_no_number_is_an_error(setting):
    study, table, folds = setting

    class Lost(LogisticRegression):
        def predict_proba(self, X):
            said = super().predict_proba(X)
            said[:3] = np.nan
            return said

    tasks = make_tasks({"lost": Pipeline([*prepare(), ("model", Lost())])}, folds[:1], 0)
    expected = r"lost predicts NaN or infinity for 3 of 20 test rows of repeat 0, fold 0"
    with pytest.raises(StudyError, match=expected):
        run_fits(tasks, table, study)


def test_rows_are_prepared_once_for_classes_and_probabilities(setting):
    study, table, folds = setting
    seen: list[int] = []

    def note(X):
        seen.append(len(X))
        return X

    steps = [("note", FunctionTransformer(note)), *build_model("linear", study).steps]
    task = make_tasks({"noted": Pipeline(steps)}, folds[:1], 0)
    plain = make_tasks({"noted": build_model("linear", study)}, folds[:1], 0)
    assert bits(run_fits(task, table, study)) == bits(run_fits(plain, table, study))
    assert seen == [40, 20]
