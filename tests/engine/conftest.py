"""What the engine's tests share: a small study, and the template's author's part to run it with.

The engine is tested in place, without rendering a study. Its files are those of the template; the
author's part is a copy of the template's, as the package ``example_study``.
"""

from __future__ import annotations

import atexit
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Callable, Sequence
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

TEMPLATE = Path(__file__).resolve().parents[2]
STUDY = TEMPLATE / "{{cookiecutter.project_slug}}"


def copy_authors_part() -> Path:
    """Copy the author's package and scripts; return the folder, which is removed at the end."""
    folder = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    shutil.copytree(STUDY / "src" / "{{cookiecutter.__package}}", folder / "src" / "example_study")
    (folder / "pyproject.toml").write_text(
        '[tool.reproml]\npackage = "example_study"\n', encoding="utf-8"
    )
    return folder


ROOT = copy_authors_part()
FOLDERS = [str(ROOT / "src"), str(STUDY / "engine")]
sys.path[:0] = FOLDERS
os.environ["PYTHONPATH"] = os.pathsep.join(FOLDERS)  # for workers and scripts
if not sys.pycache_prefix:  # studies are rendered from there: nothing compiled is left behind
    sys.dont_write_bytecode = True
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"

from example_study import STUDY as CODE  # noqa: E402
from reproml.cli.stages import load_script  # noqa: E402
from reproml.compute.models import build_model  # noqa: E402
from reproml.compute.task import Task, make_tasks  # noqa: E402
from reproml.config.columns import Table  # noqa: E402
from reproml.config.study import Column, Data, Split, Study, parse_study  # noqa: E402
from reproml.explain.importance import fold_explanation  # noqa: E402
from reproml.run.run import open_run  # noqa: E402
from reproml.split.splits import make_folds  # noqa: E402

TINY_CSV = "answer,dose,age,kind\n" + "".join(
    f"{'yes' if (i * 7) % 5 > 1 else 'no'},{(i * 3) % 11 * 0.9:.2f},{20 + i % 13},{'ab'[i % 2]}\n"
    for i in range(60)
)

TINY_TOML = """\
[study]
task = "classification"
seed = 0

[data]
file = "tiny.csv"
sha256 = "CHECKSUM"
positive = "yes"

[data.columns]
answer = { role = "target", type = "category", values = ["no", "yes"] }
dose = { role = "feature", type = "number", min = 0.0, max = 10.0 }
age = { role = "feature", type = "integer" }
kind = { role = "feature", type = "category", values = ["a", "b"] }

[split]
dependence = "independent"
folds = 3
repeats = 2

[metrics]
primary = "roc_auc"
others = ["brier", "mcc"]

[models]
candidate = "candidate"
baselines = ["dummy", "linear", "forest"]
parameters = { forest = { model__n_estimators = 5 } }

[ablations.no_splines]
set = { columns__numbers__splines = "passthrough" }
reason = "Are curves needed, or do lines do?"

[sharing]
trusted_types = [
    "numpy.dtype",
    "scipy._lib.array_api_compat.numpy._aliases.asarray",
    "scipy.interpolate._bsplines.BSpline",
    "sklearn.compose._column_transformer.make_column_selector",
]

[compute]
workers = 1
""".replace("CHECKSUM", hashlib.sha256(TINY_CSV.encode("utf-8")).hexdigest())

TRUSTED = tomllib.loads(TINY_TOML)["sharing"]["trusted_types"]
# what makes a regression of it
NUMBERS = (
    ('"classification"', '"regression"'),
    ('positive = "yes"\n', ""),
    ('type = "category", values = ["no", "yes"]', 'type = "number"'),
    ('"roc_auc"', '"mae"'),
    ('others = ["brier", "mcc"]', ""),
)


@pytest.fixture
def content() -> dict[str, Any]:
    """Return the sections of a valid study file, for a test to change."""
    return tomllib.loads(TINY_TOML)


@pytest.fixture
def study(content: dict[str, Any]) -> Study:
    """Return a small valid study: a classification with independent rows."""
    return parse_study(content).with_code(CODE)


def fit_study(classes: Sequence[str] = (), split: Split | None = None) -> Study:
    """Return as much of a study as a fit asks for, with the author's code."""
    values = list(classes) or None
    column = Column(role="target", type="category" if values else "number", values=values)
    data = Data(file="rows.csv", sha256="0" * 64, columns={"target": column})
    task = "classification" if values else "regression"
    return Study.model_construct(task=task, seed=0, data=data, split=split).with_code(CODE)


def tasks_of(study: Study, folder: Path, *names: str) -> tuple[list[Task], Table, Study]:
    """Return the tasks of some models on the folds of all 60 rows, and what they are run on."""
    table = CODE.load_table(study, folder)
    folds = make_folds(table, np.arange(60), study.split, stratify=True, seed=0)
    models = {name: build_model(name, study) for name in names}
    return make_tasks(models, folds, seed=0), table, study


def weights_of(study: Study) -> Callable[..., Any]:
    """Return what makes tables in the place of predictions: here what a model says of a feature."""
    how = {"study": study, "units": {"feature: dose": ["dose"]}, "candidate": "none"}
    return partial(fold_explanation, **how)


def texts(results: Sequence[Any]) -> list[str]:
    """Return the tables that were made, to compare them to the last bit."""
    return [frame.to_csv() for frames in results for frame in frames]


def bits(results: Sequence[Any]) -> list[bytes]:
    """Return what was predicted, to compare it to the last bit."""
    return [r.probability.tobytes() + "".join(r.predicted).encode() for r in results]


def write_study(folder: Path) -> Path:
    """Write a study.toml and the data that it names, and return their folder."""
    (folder / "tiny.csv").write_text(TINY_CSV, encoding="utf-8", newline="\n")
    (folder / "study.toml").write_text(TINY_TOML, encoding="utf-8", newline="\n")
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with a study.toml and the data that it names."""
    return write_study(tmp_path)


@pytest.fixture(scope="module")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return such a folder for all tests of a module, to run scripts in once; copy to change it."""
    return write_study(tmp_path_factory.mktemp("study"))


@pytest.fixture(scope="session")
def call() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Return a caller of scripts, each in a process of its own as a user runs it."""

    def run(script: str, *arguments: str, cwd: Path = STUDY, **environment: str):
        path = STUDY / "scripts" / f"{script}.py"
        command = [str(path)] if path.is_file() else ["-m", "reproml", script]
        return subprocess.run(
            [sys.executable, *command, *arguments],
            cwd=cwd,
            env=os.environ | {"PYTHONIOENCODING": "utf-8"} | environment,
            capture_output=True,
            encoding="utf-8",
            check=False,
            timeout=600,  # a script that hangs is a failure, not a test without end
        )

    return run


@pytest.fixture(scope="session")
def make() -> Callable[..., None]:
    """Return a caller of a script or a verb in this process, on a folder's study."""

    def run(name: str, folder: Path, results: str = "results", **options: Any) -> None:
        script = (STUDY / "scripts" / f"{name}.py").is_file()
        with open_run(folder / "study.toml", folder / results, workers=1, fresh=True) as opened:
            verb = None if script else import_module(f"reproml.cli.{name}").main
            (verb or load_script(name, opened))(opened, **options)

    return run


@pytest.fixture
def network() -> Callable[..., Table]:
    """Return a maker of small tables that have sites, months and places."""

    def make(n_sites: int = 12, n_months: int = 8, task: str = "classification") -> Table:
        site = np.repeat(np.arange(n_sites), n_months)
        month = np.tile(np.arange(n_months), n_sites)
        X = pd.DataFrame({"wind": (site * 7 + month * 3) % 10 * 1.0})
        hit = (site + month) % 3 == 0
        y = pd.Series(np.where(hit, "yes", "no")) if task == "classification" else X["wind"] * 2
        place = pd.DataFrame({"east": site % 4 * 10.0 + 1, "north": site // 4 * 10.0 + 1})
        return Table(X, y, pd.Series(site), pd.Series(month), place, dropped={})

    return make
