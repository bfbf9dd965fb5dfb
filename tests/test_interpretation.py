"""What a fresh study says of its example: useless columns look useless, in all eight."""

import json

import pytest
from studies import paths

EXAMPLES = [
    f"{task}-{dependence}"
    for task in ("classification", "regression")
    for dependence in ("independent", "grouped", "temporal", "spatial")
]

SUMMARY = """
import json
import sys

import pandas as pd

from reproml.explain.summary import importance_table

found = {}
for example in sys.argv[2:]:
    read = lambda name: pd.read_csv(f"{sys.argv[1]}/{example}/{name}.csv")
    folds = read("baselines_folds")
    sizes = {"n_train": folds["n_train"].mean(), "n_test": folds["n_test"].mean()}
    table = importance_table(read("interpretation"), read("interpretation_groups"), **sizes)
    found[example] = table.to_dict("records")
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def importances(template, default_bake, study_env, run, tmp_path_factory):
    """Importances with their intervals, by example, from the reference results."""
    script = tmp_path_factory.mktemp("importances") / "summary.py"
    script.write_text(SUMMARY, encoding="utf-8")
    env = {"PYTHONPATH": paths(default_bake.path)}
    done = run([study_env, script, template / "templates/results", *EXAMPLES], template, env=env)
    return json.loads(done.stdout)


@pytest.mark.slow
@pytest.mark.network  # the environment of the study
@pytest.mark.parametrize("example", EXAMPLES)
def test_noise_has_no_importance_and_something_has(example, importances):
    by_kind = {}
    for row in importances[example]:
        by_kind.setdefault(row["kind"], []).append(row)
    (noise,) = by_kind["noise"]
    assert noise["low"] <= 0 <= noise["high"]
    assert noise["training"] != 0, "the noise never reached the model"
    best = by_kind["feature"][0]
    assert best["value"] > noise["high"]  # the twin: a column that is used is seen
