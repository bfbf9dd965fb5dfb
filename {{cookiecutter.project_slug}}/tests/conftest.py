"""What the tests share: this study's configuration, and made-up rows of the columns it declares.

No test depends on what the data hold or on what a model is called: another study with other data,
models and metrics keeps these files as they are.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from reproml.compute.models import build_model
from reproml.config.seeds import fix_random_state
from reproml.config.study import Column, Study, StudyError, read_study
from sklearn.base import BaseEstimator

from {{ cookiecutter.__package }} import STUDY

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def study() -> Study:
    """Return what study.toml says, with the models, metrics and ablations of this study."""
    return read_study(ROOT / "study.toml").with_code(STUDY)


@pytest.fixture(scope="session")
def rows(study: Study) -> tuple[pd.DataFrame, pd.Series]:
    """Return made-up features and a target, as study.toml declares them."""
    rng = np.random.default_rng(0)
    n_samples = max(90, 12 * len(study.data.classes))
    # the names that a pattern stands for are in the file's first line; no value is read
    path = ROOT / study.data.file
    parquet = path.suffix == ".parquet"
    found = pd.read_parquet(path).columns if parquet else pd.read_csv(path, nrows=0).columns
    derived = [name for name in study.data.columns if name not in found and "*" not in name]
    columns = {name: study.data.column_for(name) for name in [*found, *derived]}
    X = pd.DataFrame(
        {
            name: made_up(column, n_samples, rng)
            for name, column in columns.items()
            if column is not None and column.role == "feature"
        }
    )
    rank = X.iloc[:, 0].rank(method="first").to_numpy() - 1  # something to learn
    if classes := study.data.classes:
        number = (rank * len(classes) // n_samples).astype(int)
        return X, pd.Series(np.array(classes, object)[number])
    low = study.data.columns[study.data.target].min or 0.0
    return X, pd.Series(low + 1 + rank / n_samples)


def made_up(column: Column, n_samples: int, rng: np.random.Generator) -> np.ndarray:
    """Return random values that a column may hold."""
    if column.type == "category":
        return rng.choice(np.array(column.values or ["a", "b", "c"], object), n_samples)
    low = column.min if column.min is not None else min(0.0, (column.max or 0.0) - 10.0)
    high = column.max if column.max is not None else low + 10.0
    numbers = rng.uniform(low, high, n_samples)
    return np.floor(numbers) if column.type == "integer" else numbers


@pytest.fixture(scope="session")
def fitted(study: Study, rows: tuple[pd.DataFrame, pd.Series]) -> Callable[..., BaseEstimator]:
    """Return a function that fits a model by its name, with a seed; each is fitted once.

    A model that study.toml does not name may be for another task: where it refuses this one, its
    tests are skipped.
    """

    @cache
    def fit(name: str, seed: int = 0, again: int = 0) -> BaseEstimator:
        STUDY.fix_seeds(seed)
        try:
            return fix_random_state(build_model(name, study), seed).fit(*rows)
        except (StudyError, ValueError, NotImplementedError) as error:
            if name in study.models.names:
                raise
            return pytest.skip(f"{name} is not in study.toml and refuses its task: {error}")

    return fit


@pytest.fixture(scope="session")
def script() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Return a caller of scripts, each in a process of its own as a user runs it."""

    def run(name: str, *arguments: object, paths: tuple[Path, ...] = ()):
        path = [*paths, ROOT / "src", ROOT / "engine"]
        return subprocess.run(
            [sys.executable, str(ROOT / "scripts" / f"{name}.py"), *map(str, arguments)],
            env=os.environ
            | {"PYTHONIOENCODING": "utf-8", "PYTHONPATH": os.pathsep.join(map(str, path))},
            capture_output=True,
            encoding="utf-8",
            check=False,
            timeout=600,  # a script that hangs is a failure, not a test without end
        )

    return run
