"""A search inside a model sees training rows only, cut like the study cuts its rows."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest
from example_study import STUDY as CODE
from example_study.models import MODELS, candidate, tuned
from reproml.compute.fits import run_fits
from reproml.compute.task import Task, make_tasks, run_task
from reproml.config.columns import Table
from reproml.config.study import Column, Data, Split, Study, StudyError
from reproml.split.claims import block_ids
from reproml.split.inner_folds import inner_folds, searches, set_inner_folds
from reproml.split.splits import Fold, make_folds
from sklearn.calibration import CalibratedClassifierCV
from sklearn.feature_selection import RFECV
from sklearn.linear_model import LassoCV, Ridge, RidgeCV
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV, check_cv
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import Pipeline
from sklearn.svm import LinearSVC

SPLITS = {
    "grouped": Split(dependence="grouped", folds=3),
    "spatial": Split(dependence="spatial", folds=3, block=10.0),
    "temporal": Split(dependence="temporal", folds=3, gap=1),
}


def study_of(split: Split | None, task: str = "regression") -> Study:
    target = Column(role="target")
    if task == "classification":
        target = Column(role="target", type="category", values=["no", "yes"])
    data = Data(
        file="network.csv",
        sha256="0" * 64,
        positive=None if task == "regression" else "yes",
        columns={"target": target},
    )
    return Study.model_construct(task=task, seed=0, data=data, split=split).with_code(CODE)


def units(table: Table, dependence: str) -> np.ndarray:
    if dependence == "spatial":
        return block_ids(table.place, 10.0)
    return (table.groups if dependence == "grouped" else table.time).to_numpy()


def shared(cuts, names: np.ndarray) -> list[set]:
    """Return which names stand on both sides of each cut."""
    return [set(names[train]) & set(names[test]) for train, test in cuts]


@pytest.mark.parametrize("dependence", sorted(SPLITS))
def test_inner_folds_keep_together_what_belongs_together(network, dependence: str):
    table = network(n_months=14)
    split = SPLITS[dependence]
    for fold in make_folds(table, np.arange(len(table.y)), split, stratify=True, seed=0)[1:]:
        names = units(table, dependence)[fold.train]
        cuts = inner_folds(table, fold.train, split, stratify=True, seed=1)
        assert shared(cuts, names) == [set()] * 3
        # the twin: what scikit-learn does with a plain number
        plain = check_cv(3, table.y.iloc[fold.train], classifier=True)
        assert any(shared(plain.split(fold.train, table.y.iloc[fold.train]), names))
        if dependence == "temporal":
            assert all(names[train].max() + 1 < names[test].min() for train, test in cuts)


def test_positions_are_those_of_the_training_rows_in_any_order(network):
    table, split = network(), SPLITS["grouped"]
    train = np.random.default_rng(0).permutation(60)
    for inner_train, inner_test in inner_folds(table, train, split, stratify=True, seed=0):
        together = np.concatenate([inner_train, inner_test])
        assert sorted(together) == list(range(60))
        assert not shared([(inner_train, inner_test)], table.groups.to_numpy()[train])[0]


class Untouchable:
    """A splitter that must never be asked."""

    def split(self, X: object, y: object = None, groups: object = None) -> Iterator:
        raise AssertionError("the model cut its rows by itself")

    def get_n_splits(self, X: object = None, y: object = None, groups: object = None) -> int:
        return 3


@pytest.mark.parametrize(
    "search",
    [
        GridSearchCV(Ridge(), {"alpha": [1.0, 2.0]}, cv=Untouchable(), error_score="raise"),
        RandomizedSearchCV(Ridge(), {"alpha": [1.0, 2.0, 3.0]}, n_iter=2, cv=Untouchable()),
        RFECV(Ridge(), cv=Untouchable()),
        RidgeCV(cv=Untouchable()),
    ],
)
def test_every_cv_is_replaced(network, search):
    table = network(task="regression")
    table.X["calm"] = 10 - table.X["wind"]
    fold = make_folds(table, np.arange(96), SPLITS["grouped"], stratify=False, seed=0)[0]
    task = Task("search", Pipeline([("model", search)]), fold, seed=0)
    assert np.isfinite(run_task(task, table, study_of(SPLITS["grouped"])).predicted).all()
    with pytest.raises(AssertionError, match="by itself"):
        task.model.fit(table.X.iloc[fold.train], table.y.iloc[fold.train])
    with pytest.raises(StudyError, match=r"\['model__cv'\]: it cuts rows, so"):
        run_task(task, table, study_of(None))


def test_a_search_on_groups_does_not_choose_what_recognises_them():
    """Each site has a value of its own that says nothing of other sites."""
    rng = np.random.default_rng(0)
    site = np.repeat(np.arange(40), 5)
    X = pd.DataFrame({"elevation": rng.normal(size=40)[site] + rng.normal(0, 0.001, 200)})
    y = pd.Series(rng.normal(size=40)[site] + rng.normal(0, 0.1, 200))
    table = Table(X, y, pd.Series(site), None, None, dropped={})
    search = GridSearchCV(KNeighborsRegressor(), {"n_neighbors": [1, 60]}, cv=5)

    def chosen(split: Split) -> int:
        rows = {"table": table, "train": np.arange(200), "split": split}
        model = set_inner_folds(search, **rows, stratify=False, seed=0)
        return model.fit(X, y).best_params_["n_neighbors"]

    assert chosen(Split(dependence="grouped", folds=5)) == 60
    assert chosen(Split(dependence="independent", folds=5)) == 1  # the twin: sites on both sides


def nested(inner, parameter: str) -> Pipeline:
    search = GridSearchCV(
        Pipeline([("model", inner)]),
        {f"model__{parameter}": [True, False]},
        error_score="raise",
    )
    return Pipeline([("search", search)])


def test_a_search_inside_a_search_cuts_the_rows_that_it_gets(network, monkeypatch):
    """As a grid search over a calibrated classifier does."""
    cuts = []

    def spy(table: Table, train: np.ndarray, *arguments, **options):
        found = inner_folds(table, train, *arguments, **options)
        cuts.append((len(train), shared(found, table.groups.to_numpy()[train])))
        return found

    monkeypatch.setattr("reproml.split.inner_folds.inner_folds", spy)
    model = nested(CalibratedClassifierCV(LinearSVC()), "estimator__fit_intercept")
    fold = Fold(0, 0, np.arange(72), np.arange(72, 96))
    task = Task("x", model, fold, 0)
    probability = run_task(
        task, network(), study_of(SPLITS["grouped"], "classification")
    ).probability
    assert np.allclose(probability.sum(axis=1), 1.0)
    assert cuts[0][0] == 72
    assert [n for n, _ in cuts[1:]] == [48] * 6 + [72]  # 3 folds of 2 settings, then the refit
    assert all(found == [set()] * 3 for _, found in cuts)


def test_an_inner_search_that_does_not_learn_its_rows_is_refused(network):
    table, fold = network(task="regression"), Fold(0, 0, np.arange(48), np.arange(48, 96))
    task = Task("x", nested(LassoCV(), "fit_intercept"), fold, 0)
    with pytest.raises(StudyError, match="does not learn which rows it gets"):
        run_task(task, table, study_of(SPLITS["grouped"]))


def test_too_few_groups_are_said_to_be_too_few_for_tuning(network):
    with pytest.raises(StudyError, match="a cv inside a fold's training rows: 2 groups are too"):
        inner_folds(network(), np.arange(16), SPLITS["grouped"], stratify=True, seed=0)


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_the_worked_example(network, task: str):
    table, split = network(task=task), SPLITS["grouped"]
    stratify = task == "classification"
    folds = make_folds(table, np.arange(96), split, stratify=stratify, seed=0)
    tasks = make_tasks({"tuned": tuned(task)}, folds[:1], seed=0)
    once = run_fits(tasks, table, study_of(split, task))
    again = run_fits(tasks, table, study_of(split, task))
    for one, two in zip(once, again, strict=True):
        assert one.predicted.tolist() == two.predicted.tolist()
    assert MODELS["tuned"] is tuned
    assert searches(tuned(task)) == ["search__cv"]
    assert searches(candidate(task)) == []
