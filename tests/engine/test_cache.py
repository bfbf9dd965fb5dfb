"""The cache answers with the same bits, and never from anything that changed."""

import shutil
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from example_study.data import load_table
from reproml.compute.cache import Cache
from reproml.compute.dispatch import run_tasks
from reproml.compute.models import build_model
from reproml.compute.task import make_tasks
from reproml.config.study import read_study
from reproml.explain.weights import fold_weights
from reproml.prove.provenance import source_digest
from reproml.split.splits import make_folds


@pytest.fixture
def setting(folder: Path):
    """Return a study, its table, and the tasks of two models."""
    study = read_study(folder / "study.toml")
    folds = make_folds(load_table(study, folder), np.arange(60), study.split, stratify=True, seed=0)
    models = {name: build_model(name, study) for name in ("linear", "forest")}
    return study, load_table(study, folder), make_tasks(models, folds, seed=0)


def fit(setting, cache: Cache | None) -> list[bytes]:
    study, table, tasks = setting
    results = run_tasks(tasks, table, study.data.classes, cache=cache)
    return [r.probability.tobytes() + "".join(r.predicted).encode() for r in results]


def test_a_second_run_fits_nothing_and_gives_the_same_bits(setting, tmp_path: Path):
    first = Cache(tmp_path / "c", {"data": "abc"})
    fresh = fit(setting, first)
    again = Cache(tmp_path / "c", {"data": "abc"})
    assert fit(setting, again) == fresh == fit(setting, None)
    assert (first.hits, first.misses) == (0, 12)
    assert (again.hits, again.misses) == (12, 0)


def test_tables_that_were_made_instead_are_found_for_the_same_work_alone(setting, tmp_path: Path):
    study, table, tasks = setting
    cache = Cache(tmp_path / "c", {})
    how = {"do": partial(fold_weights, study=study), "cache": cache}
    fresh, again = (run_tasks(tasks, table, study.data.classes, **how) for _ in range(2))
    assert [one.to_csv() for one in again] == [one.to_csv() for one in fresh]
    assert (cache.hits, cache.misses) == (12, 12)
    other = partial(fold_weights, study=study.model_copy(update={"seed": 1}))
    assert cache.load(tasks[0], other) is None
    assert cache.load(tasks[0]) is None  # these are no predictions
    assert cache.load(tasks[0], partial(fold_weights, study=study.model_copy())) is not None


def test_one_more_model_is_computed_alone(setting, tmp_path: Path):
    study, table, tasks = setting
    fit((study, table, tasks[:6]), Cache(tmp_path / "c", {}))
    cache = Cache(tmp_path / "c", {})
    fit(setting, cache)
    assert (cache.hits, cache.misses) == (6, 6)


def test_another_context_seed_parameter_or_fold_is_another_fit(setting, tmp_path: Path):
    study, table, tasks = setting
    fit(setting, Cache(tmp_path / "c", {"source": "a"}))

    def hits(context: dict, changed: list) -> int:
        cache = Cache(tmp_path / "c", context)
        for task in changed:
            cache.load(task)
        return cache.hits

    models = {name: build_model(name, study) for name in ("linear", "forest")}
    folds = [task.fold for task in tasks[:6]]
    assert hits({"source": "a"}, make_tasks(models, folds, seed=0)) == 12
    assert hits({"source": "b"}, tasks) == 0
    assert hits({"source": "a"}, make_tasks(models, folds, seed=1)) == 0
    models["linear"].set_params(model__C=0.5)
    assert hits({"source": "a"}, make_tasks(models, folds, seed=0)) == 6
    other = make_folds(table, np.arange(59), study.split, stratify=True, seed=0)
    assert hits({"source": "a"}, make_tasks(models, other, seed=0)) == 0


@pytest.mark.parametrize("damage", [lambda b: b[:-1], lambda b: b[:40], lambda b: b"", bytes.upper])
def test_a_damaged_entry_is_computed_again_and_said(setting, tmp_path: Path, damage):
    fresh = fit(setting, Cache(tmp_path / "c", {}))
    entry = sorted(path for path in (tmp_path / "c").rglob("*") if path.is_file())[0]
    entry.write_bytes(damage(entry.read_bytes()))
    cache = Cache(tmp_path / "c", {})
    assert fit(setting, cache) == fresh
    assert cache.damaged == [entry.name]
    assert (cache.hits, cache.misses) == (11, 1)


def test_a_changed_line_of_source_changes_the_digest(tmp_path: Path, monkeypatch):
    from reproml.prove import provenance

    package = Path(provenance.__file__).parent
    copy = tmp_path / "package"
    shutil.copytree(package, copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(provenance, "__file__", str(copy / "provenance.py"))
    before = source_digest()
    models = copy / "models.py"
    models.write_text(models.read_text(encoding="utf-8").replace("C=0.1", "C=0.2"), "utf-8")
    assert source_digest() != before


def test_a_model_that_cannot_be_described_is_always_fitted(setting, tmp_path: Path):
    from sklearn.preprocessing import FunctionTransformer

    study, table, tasks = setting
    model = build_model("linear", study).set_params(
        columns__numbers__scale=FunctionTransformer(lambda X: X * 2)
    )
    cache = Cache(tmp_path / "c", {})
    fits = make_tasks({"lambda": model}, [tasks[0].fold], seed=0)
    assert len(fit((study, table, fits), cache)) == 1
    assert cache.load(fits[0]) is None
    assert not (tmp_path / "c").exists()
