"""A study's audit is silent on clean data, its own too, and sees the leak that is published."""

import csv
import json
from itertools import product
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.network]  # the environment of the study
PROBE = Path(__file__).with_name("probe_leakage.py")
EXAMPLES = list(
    product(("classification", "regression"), ("independent", "grouped", "temporal", "spatial"))
)


@pytest.fixture(scope="module")
def probe(default_bake, study_env, run):
    """Run the probe on data, or on the leak; return what it found."""

    def found(what):
        env = {"PYTHONPATH": str(default_bake.path / "src")}
        command = [study_env, "-W", "error", PROBE, default_bake.package, what]
        return json.loads(run(command, cwd=default_bake.path, env=env).stdout)

    return found


def but_pass(found):
    return {check: tuple(said) for check, said in found.items() if said[0] != "pass"}


def test_well_known_data(probe):
    """What is legitimate passes; what is known of iris and of scaled diabetes is found again."""
    found = probe("data")
    assert all(len(checks) == 11 for checks in found.values())
    for name in ("wine", "digits", "breast_cancer", "diabetes"):
        assert but_pass(found[name]) == {}, name
    iris = but_pass(found["iris"])
    assert sorted(iris) == ["duplicates", "single feature"]
    verdict, message = iris["duplicates"]
    assert verdict == "fail"
    assert message.startswith("rows 101, 142: equal, on both sides of ")
    verdict, message = iris["single feature"]
    assert verdict == "warn"
    assert "petal length (cm) alone predicts 'setosa' (AUC 1.000)" in message
    scaled = but_pass(found["diabetes, scaled"])
    assert list(scaled) == ["scaled before"]
    assert scaled["scaled before"][1].startswith("every number column has mean 0 and standard")


def test_the_published_leak(probe):
    """Selection before the split: 0.76 on noise; 0.50 after it, 0.43 +- 0.05 in a pipeline."""
    found = probe("leak")
    assert round(found["before the split"], 2) == 0.76
    assert round(found["after it"], 2) == 0.50
    assert [round(value, 2) for value in found["in a pipeline"]] == [0.43, 0.05]
    leak = but_pass(found["audit of the leak"])
    assert sorted(leak) == ["before the split", "shuffled labels"]
    verdict, message = leak["before the split"]
    assert verdict == "fail"
    assert "in the locked rows change which columns there are, such as ['x" in message
    assert leak["shuffled labels"][0] == "warn"
    assert but_pass(found["audit without it"]) == {}


@pytest.mark.parametrize(("task", "dependence"), EXAMPLES)
def test_the_example_studies(task, dependence, bake, study_env, run):
    study = bake(task=task, dependence=dependence)
    env = {"PYTHONPATH": str(study.path / "src")}
    done = run([study_env, "scripts/leakage.py"], cwd=study.path, env=env)
    with (study.path / "results" / "leakage.csv").open(encoding="utf-8", newline="") as file:
        found = {row["check"]: (row["verdict"], row["message"]) for row in csv.DictReader(file)}
    assert len(found) == 15, done.stdout
    assert but_pass(found) == {}
