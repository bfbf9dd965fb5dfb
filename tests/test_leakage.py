"""A study's audit is silent on clean data, its own too, and sees the leak that is published."""

import csv
import hashlib
import io
import json
from itertools import product
from pathlib import Path

import pytest
from studies import paths

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
def test_the_example_studies(task, dependence, template):
    """What was found in them is among their results, which verify makes again: test_study.py."""
    path = template / "templates" / "results" / f"{task}-{dependence}" / "leakage.csv"
    found = read_findings(path)
    assert len(found) == 15
    assert but_pass(found) == {}


def test_the_default_study(bake, study_env, run):
    found, done = audit(bake(), study_env, run, rc=0)
    assert len(found) == 15, done.stdout
    assert but_pass(found) == {}


SCALED = """    table = make_table(raw, study)
    from dataclasses import replace
    return replace(table, X=(table.X - table.X.mean()) / table.X.std())
"""
SELECTED = """    table = make_table(raw, study)
    from dataclasses import replace
    told = table.X.corrwith((table.y == "malignant") * 1.0).abs().sort_values()
    kept = {*told.index[-7:], "worst_area", "worst_smoothness", "mean_texture"}  # domain's own
    return replace(table, X=table.X[sorted(kept)])
"""
TUNED = """

def tuned() -> float:
    from pathlib import Path

    import pandas as pd

    rows = pd.read_csv(Path(__file__).parents[2] / "data" / "raw" / "breast_cancer.csv")
    X, y = rows.drop(columns="diagnosis"), rows["diagnosis"]
    X = (X - X.mean()) / X.std()
    tried = [LogisticRegression(C=c, max_iter=1000).fit(X, y) for c in (0.01, 0.1, 1.0)]
    return max(tried, key=lambda model: model.score(X, y)).C
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
KIND = "    kind = claim.stratified if stratify else claim.splitter\n"
IMPORT = "\n\nfrom sklearn.model_selection import KFold\n"
TORN = '    if key == "folds":\n        from sklearn.model_selection import KFold as kind\n'
FOLD = "train = task.fold.train"
# what a person might write, where, and which check names it
PLANTS = {
    "a scaler before the split": (
        {},
        {"src/my_study/data.py": (LOAD, SCALED)},
        ("before the split", "fail", "change column 'mean_radius' of the other rows"),
    ),
    "features selected before the split": (
        {},
        {"src/my_study/data.py": (LOAD, SELECTED)},
        ("before the split", "fail", "change which columns there are, such as ['"),
    ),
    "folds that forget the group": (
        {"dependence": "grouped"},
        {
            "engine/reproml/split/splits.py": (
                KIND,
                KIND + TORN,
            )
        },
        ("same groups", "fail", "on both sides of repeat 0, fold 0 and of 29 more"),
    ),
    "blocks that are torn apart": (
        {"dependence": "spatial"},
        {
            "engine/reproml/split/splits.py": (
                KIND,
                KIND + TORN,
            )
        },
        ("same places", "fail", "on both sides of repeat 0, fold 0 and of 29 more"),
    ),
    "the future in training": (
        {"dependence": "temporal"},
        {
            "engine/reproml/split/splits.py": (
                "TimeSeriesSplit(split.folds, gap=split.gap)",
                "KFold(split.folds)",
                IMPORT,
            )
        },
        ("time order", "fail", "used to train for repeat 0, fold 0, which tests from time 0.0 on"),
    ),
    "parameters tuned on the whole file": (
        {},
        {
            "src/my_study/models.py": (
                "LogisticRegression(C=0.1",
                "LogisticRegression(C=tuned()",
                TUNED,
            )
        },
        ("fit of candidate", "fail", "breast_cancer.csv is read while the model is built"),
    ),
    "the file read in a fit": (  # which a worker makes, not the script itself
        {},
        {"src/my_study/models.py": ("LogisticRegression(C=0.1", "Peeking(C=0.1", PEEKING)},
        ("fit of candidate", "fail", "breast_cancer.csv is read while the model is built"),
    ),
    "training on the test rows": (
        {},
        {
            "engine/reproml/compute/task.py": (
                FOLD,
                "train = np.union1d(task.fold.train, task.fold.test)",
            )
        },
        ("fit of linear", "fail", "depend on the labels of rows that it is not trained on"),
    ),
}


def audit(study, study_env, run, rc):
    env = {"PYTHONPATH": paths(study.path)}
    done = run([study_env, "-m", "reproml", "leakage"], cwd=study.path, env=env, rc=rc)
    assert "Traceback" not in done.stderr
    return read_findings(study.path / "results" / "leakage.csv"), done


@pytest.mark.parametrize("plant", PLANTS)
def test_a_leak_in_the_studys_code(plant, bake, study_env, run):
    answers, edits, (check, verdict, text) = PLANTS[plant]
    study = bake(**answers)
    for name, (old, new, *end) in edits.items():
        path = study.path / name
        code = path.read_text(encoding="utf-8")
        assert code.count(old) == 1, f"{name} has no longer the line that the leak is planted in"
        path.write_text(code.replace(old, new) + "".join(end), encoding="utf-8", newline="\n")
    found, done = audit(study, study_env, run, rc=1)
    assert found[check][0] == verdict
    assert text in found[check][1]
    assert f"{check}: {found[check][1]}" in done.stderr


def rewrite(study, change):
    """Change the rows of the raw file, and write its new checksum into study.toml."""
    path = study.path / "data" / "raw" / "breast_cancer.csv"
    before = path.read_bytes()
    head, *rows = csv.reader(io.StringIO(before.decode("utf-8")))
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(change(head, rows))
    path.write_bytes(text.getvalue().encode("utf-8"))
    old, new = (hashlib.sha256(content).hexdigest() for content in (before, path.read_bytes()))
    settings = study.path / "study.toml"
    settings.write_text(study.read("study.toml").replace(old, new), encoding="utf-8", newline="\n")


def test_leaks_in_the_studys_data(bake, study_env, run):
    """A row entered twice, and the target as a feature, which needs a written reason."""
    study = bake()

    def change(head, rows):
        target = head.index("diagnosis")
        copied = [[*row, 2.5 * (row[target] == "malignant")] for row in [*rows, rows[6]]]
        return [[*head, "worst_of_all"], *copied]

    rewrite(study, change)
    found, _ = audit(study, study_env, run, rc=1)
    assert found["duplicates"][0] == "fail"
    assert found["duplicates"][1].startswith("rows 7, 570: equal, on both sides of ")
    told = "worst_of_all alone predicts 'malignant' (AUC 1.000)"
    assert found["single feature"] == ("warn", told)

    settings = study.path / "study.toml"
    reason = '\n[leakage.accepted]\nworst_of_all = "counted before the diagnosis"\n'
    settings.write_text(study.read("study.toml") + reason, encoding="utf-8", newline="\n")
    found, _ = audit(study, study_env, run, rc=1)
    told = "worst_of_all is accepted: counted before the diagnosis"
    assert found["single feature"] == ("pass", told)
