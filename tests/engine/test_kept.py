"""What a fit keeps comes back as tables; one that was stopped goes on; both for any framework."""

import json
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
from conftest import fit_study, tasks_of
from reproml.compute.cache import open_cache
from reproml.compute.fits import run_fits
from reproml.compute.pool import Pool
from reproml.compute.task import Task, fit_task, kept_by, make_tasks, resumable
from reproml.config.columns import Table
from reproml.config.study import Split, Study, StudyError
from reproml.run.run import open_run
from reproml.share.model import found_model
from reproml.split.inner_folds import early_stopping_rows
from reproml.split.splits import make_folds
from reproml.statistics.scores import score_fits
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline

LOSS = [0.1 + 0.2, 1 / 3, 2.0**-1074]  # numbers whose last bits a careless text would lose


class Keeps(DummyClassifier):
    """A model that keeps a table of its training, as networks do."""

    def fit(self, X, y):
        self.kept_ = {
            "curves": pd.DataFrame({"epoch": [1, 2, 3], "loss": LOSS, "on": ["a", "b", None]}),
            "units": pd.DataFrame({"n": np.array([len(X)], dtype="int32")}, index=["rows"]),
        }
        return super().fit(X, y)


class Steps(RegressorMixin, BaseEstimator):
    """A slope found step by step, which goes on where a checkpoint says, and may be stopped."""

    stop_before = -1  # a step; of the class, so that a fit's parameters do not tell it
    done: ClassVar[list[int]] = []

    def __init__(self, steps=6, inner_rows=None, checkpoint=None):
        self.steps = steps
        self.inner_rows = inner_rows
        self.checkpoint = checkpoint

    def fit(self, X, y):
        self.rows_ = early_stopping_rows(self.inner_rows, X, y, seed=0)
        x, y = X.to_numpy()[:, 0], y.to_numpy()
        file = Path(self.checkpoint) if self.checkpoint else None
        slopes = json.loads(file.read_text("utf-8")) if file and file.is_file() else [0.0]
        for step in range(len(slopes), self.steps + 1):
            if step == type(self).stop_before:
                raise KeyboardInterrupt
            self.done.append(step)
            slopes.append(slopes[-1] - 0.01 * float(np.mean((slopes[-1] * x - y) * x)))
            if file:
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(json.dumps(slopes), encoding="utf-8")
        self.slope_ = slopes[-1]
        self.kept_ = {"slopes": pd.DataFrame({"slope": slopes})}
        return self

    def predict(self, X):
        return self.slope_ * X.to_numpy()[:, 0]


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> type[Steps]:
    monkeypatch.setattr(Steps, "done", [])
    return Steps


def on_numbers(model: BaseEstimator, n_folds: int = 1) -> tuple[list[Task], Table, Study]:
    X = pd.DataFrame({"x": np.arange(12.0), "z": np.arange(12.0) % 5})
    table = Table(X, X["x"] * 3.0, None, None, None, dropped={})
    study = fit_study(split=Split(dependence="independent", folds=3))
    folds = make_folds(table, np.arange(12), study.split, stratify=False, seed=0)[:n_folds]
    return make_tasks({"steps": model}, folds, seed=0), table, study


@pytest.mark.parametrize("workers", [1, 2])
def test_tables_of_all_repeats_come_back_and_out_of_the_cache(workers, study: Study, folder: Path):
    tasks, table, study = tasks_of(study, folder, "dummy", "linear")
    tasks = [
        replace(task, model=Pipeline([("model", Keeps())])) if task.name == "dummy" else task
        for task in tasks
    ]
    found = []
    for _ in range(2):
        cache = open_cache(folder / ".cache" / "fits", study, table)
        scored = score_fits(tasks, table, study, pool=Pool(workers), cache=cache)
        found.append(scored.kept)
    assert cache.hits == len(tasks)
    for kept in found:
        assert sorted(kept) == ["curves", "units"]
        curves = kept["curves"]
        assert list(curves) == ["model", "repeat", "fold", "epoch", "loss", "on"]
        assert curves["loss"].tolist() == LOSS * 6  # three folds, two repeats, to the last bit
        assert curves["on"].isna().sum() == 6
        assert set(curves["model"]) == {"dummy"}
        assert curves.groupby(["repeat", "fold"], sort=False).size().to_dict() == {
            (repeat, fold): 3 for repeat in (0, 1) for fold in (0, 1, 2)
        }
        assert kept["units"]["n"].dtype == "int32"
        assert kept["units"]["n"].tolist() == [len(task.fold.train) for task in tasks[:6]]


@pytest.mark.parametrize(
    "kept", [{"curves": [1.0]}, {"Curves": pd.DataFrame()}, {"../x": pd.DataFrame()}]
)
def test_what_is_no_table_or_no_name_is_refused(kept):
    model = Ridge()
    model.kept_ = kept
    with pytest.raises(StudyError, match="kept_ has tables"):
        kept_by(Pipeline([("model", model)]), "candidate")


def test_a_search_hands_on_what_its_best_model_kept():
    tasks, table, study = on_numbers(
        Pipeline([("search", GridSearchCV(Steps(), {"steps": [2, 4]}, cv=2))])
    )
    (made,) = run_fits(tasks, table, study)
    assert len(made.kept["slopes"]) == 5


def test_a_run_writes_them_beside_its_results(folder: Path, monkeypatch: pytest.MonkeyPatch, make):
    with open_run(folder / "study.toml", folder / "results", workers=1) as run:
        code = run.study.code
        code = replace(code, models={**code.models, "dummy": lambda task: Keeps()})
        run.study = run.study.with_code(code)
        run.score_and_predict(run.models(["dummy", "linear"]))
        run.write_kept()
        assert run.written == ["curves.csv", "units.csv"]
        assert pd.read_csv(folder / "results" / "curves.csv")["loss"].tolist() == LOSS * 6
        run.kept = {"baselines_curves": pd.DataFrame()}
        with pytest.raises(StudyError, match="the name of another result"):
            run.write_kept()


@pytest.mark.parametrize("stop_before", [1, 4, 6])
def test_a_fit_that_was_stopped_goes_on_to_the_same_bits(
    stop_before: int, steps: type[Steps], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    tasks, table, study = on_numbers(Pipeline([("model", Steps())]))
    (whole,) = run_fits(tasks, table, study)
    steps.done.clear()
    cache = open_cache(tmp_path / "fits", study, table)
    monkeypatch.setattr(Steps, "stop_before", stop_before)
    with pytest.raises(KeyboardInterrupt):
        run_fits(tasks, table, study, cache=cache)
    assert len(list(tmp_path.glob("checkpoints/*"))) == (stop_before > 1)
    monkeypatch.setattr(Steps, "stop_before", -1)
    (resumed,) = run_fits(tasks, table, study, cache=cache)
    assert steps.done == [1, 2, 3, 4, 5, 6]  # none was made twice
    assert resumed.predicted.tobytes() == whole.predicted.tobytes()
    assert resumed.kept["slopes"].equals(whole.kept["slopes"])
    assert list(tmp_path.glob("checkpoints/*")) == []


def test_a_checkpoint_of_another_fit_is_not_taken(
    steps: type[Steps], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(Steps, "stop_before", 4)
    tasks, table, study = on_numbers(Pipeline([("model", Steps())]))
    with pytest.raises(KeyboardInterrupt):
        run_fits(tasks, table, study, cache=open_cache(tmp_path / "fits", study, table))
    monkeypatch.setattr(Steps, "stop_before", -1)
    others = [
        (on_numbers(Pipeline([("model", Steps(steps=5))]))[0], table),
        (tasks, replace(table, X=table.X * 0.5)),
        ([replace(tasks[0], seed=7)], table),
    ]
    for tasks_now, table_now in others:
        steps.done.clear()
        cache = open_cache(tmp_path / "fits", study, table_now)
        run_fits(tasks_now, table_now, study, cache=cache)
        assert steps.done[0] == 1


def test_many_fits_share_no_checkpoint():
    passed = Pipeline([("none", "passthrough"), ("model", Steps())])
    assert resumable(passed) == ["model__checkpoint"]
    assert found_model(passed).steps[0] == ("none", "passthrough")
    assert resumable(Pipeline([("model", Steps())])) == ["model__checkpoint"]
    assert resumable(Steps()) == ["checkpoint"]
    assert resumable(Pipeline([("one", Steps()), ("two", Steps())])) == []
    assert resumable(Pipeline([("search", GridSearchCV(Steps(), {"steps": [1]}))])) == []


@pytest.mark.parametrize("dependence", ["grouped", "temporal"])
def test_training_stops_early_by_rows_that_respect_the_split(dependence: str, network):
    table = network(n_months=14, task="regression")
    split = Split(dependence=dependence, folds=3)
    study = fit_study(split=split)
    for fold in make_folds(table, np.arange(len(table.y)), split, stratify=False, seed=0)[1:]:
        model = fit_task(Task("steps", Pipeline([("model", Steps())]), fold, 0), table, study)
        inside, aside = (fold.train[rows] for rows in model[-1].rows_)
        assert not set(inside) & set(aside)
        assert len(aside) > 0
        if dependence == "grouped":
            assert not set(table.groups.iloc[inside]) & set(table.groups.iloc[aside])
        else:
            assert table.time.iloc[inside].max() < table.time.iloc[aside].min()
            assert table.time.iloc[aside].max() == table.time.iloc[fold.train].max()


def test_inside_a_search_too():
    tasks, table, study = on_numbers(
        Pipeline([("search", GridSearchCV(Steps(), {"steps": [2]}, cv=2))])
    )
    fit = fit_task(tasks[0], table, study)
    inside, aside = fit[-1].best_estimator_.rows_
    assert sorted([*inside, *aside]) == list(range(len(tasks[0].fold.train)))


def test_what_is_shared_has_neither_rows_nor_tables_of_the_training():
    tasks, table, study = on_numbers(Pipeline([("model", Steps())]))
    fit = fit_task(tasks[0], table, study)
    shared = found_model(fit)
    assert shared[-1].inner_rows is None
    assert not hasattr(shared[-1], "kept_")
    assert fit[-1].inner_rows is not None
    assert fit[-1].kept_
    assert shared.predict(table.X).tobytes() == fit.predict(table.X).tobytes()


def test_rows_to_stop_by_without_an_engine_are_drawn_by_the_seed():
    X = np.zeros((10, 1))
    one, same, other = (early_stopping_rows(None, X, X[:, 0], seed) for seed in (0, 0, 1))
    assert one[1].tolist() == same[1].tolist() != other[1].tolist()
    assert sorted(np.concatenate(one)) == list(range(10))
