"""A study's audit is silent on clean data, its own too, and sees the leak that is published."""

import csv
import json
from itertools import product
from pathlib import Path

import pytest
from studies import paths, write

pytestmark = [pytest.mark.slow, pytest.mark.network]  # the environment of the study
PROBE = Path(__file__).with_name("probe_leakage.py")
EXAMPLES = list(
    product(("classification", "regression"), ("independent", "grouped", "temporal", "spatial"))
)


@pytest.fixture(scope="module")
def probe(default_bake, study_env, run):
    """Run the probe on data, or on the leak; return what it found."""

    def found(what):
        env = {"PYTHONPATH": paths(default_bake.path)}
        command = [study_env, "-W", "error", PROBE, default_bake.package, what]
        return json.loads(run(command, cwd=default_bake.path, env=env).stdout)

    return found


def read_findings(path):
    with path.open(encoding="utf-8", newline="") as file:
        return {row["check"]: (row["verdict"], row["message"]) for row in csv.DictReader(file)}


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
    assert verdict == "warn"  # chance makes as many in 32 of 100 tables with so few values
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
def test_the_example_studies(task, dependence, template):
    """What was found in them is among their results, which verify makes again: test_study.py."""
    path = template / "templates" / "results" / f"{task}-{dependence}" / "leakage.csv"
    found = read_findings(path)
    assert len(found) == 16
    assert but_pass(found) == {}


SCALED = """    table = make_table(raw, study)
    from dataclasses import replace
    return replace(table, X=(table.X - table.X.mean()) / table.X.std())
"""
PEEKING = """

class Peeking(LogisticRegression):
    def fit(self, X, y, sample_weight=None):
        from pathlib import Path

        import pandas as pd

        pd.read_csv(Path(__file__).parents[2] / "data" / "raw" / "breast_cancer.csv")
        return super().fit(X, y)
"""
LOAD = "    return make_table(raw, study)\n"
FOLD = "train = task.fold.train"
# What a person might write, where, and which check names it. Folds that tear groups, places or time
# are planted by docs/tour.md, which test_tour.py follows; more leaks are in tests/engine.
PLANTS = {
    "a scaler before the split": (
        "src/my_study/data.py",
        (LOAD, SCALED),
        ("before the split", "fail", "change column 'mean_radius' of the other rows"),
    ),
    "training on the test rows": (
        "engine/reproml/compute/task.py",
        (FOLD, "train = np.union1d(task.fold.train, task.fold.test)"),
        ("fit of linear", "fail", "depend on the labels of rows that it is not trained on"),
    ),
}


def test_a_fit_that_reads_the_file_is_refused(bake, in_study):
    """A worker makes it, not the script itself."""
    study = bake()
    code = study.read("src/my_study/models.py")
    planted = code.replace("LogisticRegression(C=0.1", "Peeking(C=0.1") + PEEKING
    write(study.path / "src" / "my_study" / "models.py", planted)
    done = in_study(study.path, "leakage", rc=2)
    assert "Traceback" not in done.stderr
    message = (
        "reads data/raw/breast_cancer.csv, which holds the test rows; only data.py may read it"
    )
    assert f"error: candidate (repeat 0, fold 0) {message}" in done.stderr


@pytest.mark.parametrize("plant", PLANTS)
def test_a_leak_in_the_studys_code(plant, bake, in_study):
    name, (old, new, *end), (check, verdict, text) = PLANTS[plant]
    study = bake()
    code = study.read(name)
    assert code.count(old) == 1, f"{name} has no longer the line that the leak is planted in"
    planted = code.replace(old, new) + "".join(end)
    (study.path / name).write_text(planted, encoding="utf-8", newline="\n")
    done = in_study(study.path, "leakage", rc=1)
    assert "Traceback" not in done.stderr
    found = read_findings(study.path / "results" / "leakage.csv")
    assert found[check][0] == verdict
    assert text in found[check][1]
    assert f"{check}: {found[check][1]}" in done.stderr


def test_the_page_of_leaks_is_what_the_audit_says(study_env, run, template, tmp_path):
    """Planted leaks and clean tables: docs/leaks.md is made again."""
    copy = tmp_path / "template"
    for name in ("tools/leaks.py", "docs/leaks.md"):
        write(copy / name, (template / name).read_text(encoding="utf-8"))
    engine = template / "{{cookiecutter.project_slug}}" / "engine"
    env = {"PYTHONPATH": str(engine), "PYTHONDONTWRITEBYTECODE": "1"}
    run([study_env, "-W", "error", "tools/leaks.py", "page"], copy, env=env)
    made = (copy / "docs/leaks.md").read_text(encoding="utf-8")
    assert made == (template / "docs/leaks.md").read_text(encoding="utf-8")
