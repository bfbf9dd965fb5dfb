"""Each script runs from its first line to its last, on a tiny study with code of its own."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pandas as pd
import pytest

CSV = "answer,dose\n" + "".join(
    f"{'yes' if (i * 7) % 5 > 1 else 'no'},{(i * 3) % 11 * 0.9:.2f}\n" for i in range(60)
)
CODE = '''
"""Two models and one metric."""

from functools import partial

from reproml.config.code import StudyCode
from reproml.config.columns import check_file, make_table, read_raw
from reproml.config.metrics import Metric
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.pipeline import Pipeline


def load_table(study, root):
    return make_table(read_raw(check_file(study.data, root), study.data), study)


def model(kind, task):
    return Pipeline([("model", kind())])


def loss(y_true, probability, classes):
    return log_loss(y_true, probability, labels=classes)


def fix_seeds(seed):
    """No global generator is used."""


STUDY = StudyCode(
    package=__name__,
    load_table=load_table,
    models={"dummy": partial(model, DummyClassifier), "line": partial(model, LogisticRegression)},
    metrics={"loss": Metric(loss, "probabilities", False, "Log loss", (0.0, float("inf")))},
    fix_seeds=fix_seeds,
)
'''
TOML = """
[study]
task = "classification"
seed = 0
[data]
file = "tiny.csv"
sha256 = "CHECKSUM"
positive = "yes"
[data.columns]
answer = { role = "target", type = "category", values = ["no", "yes"] }
dose = { role = "feature" }
[split]
dependence = "independent"
folds = 3
[metrics]
primary = "loss"
[models]
candidate = "line"
baselines = ["dummy"]
[ablations.weak_penalty]
set = { model__C = 100.0 }
reason = "Does shrinking help?"
[compute]
workers = 1
""".replace("CHECKSUM", hashlib.sha256(CSV.encode("utf-8")).hexdigest())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a tiny study: its configuration, its data and its package."""
    folder = tmp_path_factory.mktemp("study")
    files = {"tiny.csv": CSV, "study.toml": TOML, "src/tiny_code/__init__.py": CODE}
    files["pyproject.toml"] = '[tool.reproml]\npackage = "tiny_code"\n'
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text.lstrip(), encoding="utf-8", newline="\n")
    return folder


@pytest.mark.parametrize(
    ("name", "models"), [("baselines", {"dummy", "line"}), ("ablation", {"full", "weak_penalty"})]
)
def test_a_script_writes_a_score_for_each_model_and_fold(script, folder, name, models):
    done = script(name, "--study", folder / "study.toml", paths=(folder / "src",))
    assert done.returncode == 0, done.stderr
    scores = pd.read_csv(folder / "results" / f"{name}.csv")
    assert set(scores["model"]) == models
    assert len(scores) == len(models) * 3
    assert "Log loss" in done.stdout


def test_a_mistake_is_a_message_and_no_traceback(script, folder):
    done = script("baselines", "--study", folder / "none.toml", paths=(folder / "src",))
    assert done.returncode == 2
    assert "none.toml: there is no such file" in done.stderr
    assert "Traceback" not in done.stderr
