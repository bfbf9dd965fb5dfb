"""A shared model predicts what it did when it was saved, and takes only rows that fit."""

import json
import shutil
import subprocess
import sys
import tomllib
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import TRUSTED as SHIPPED
from conftest import fit_study
from example_study import STUDY as CODE
from example_study.models import MODELS
from reproml.cli.stages import ENGINE
from reproml.compute.task import Task, fit_task
from reproml.config.columns import Table
from reproml.config.study import Column, Data, Split, StudyError, parse_study, read_study
from reproml.run.run import open_run
from reproml.share.model import (
    found_model,
    make_record,
    pack_model,
    predict_file,
    unpack_model,
)
from reproml.share.model import load_model as load
from reproml.share.record import (
    Example,
    Record,
    Seed,
    answers,
    check_examples,
    make_examples,
    read_record,
    write_record,
)
from reproml.split.inner_folds import searches
from reproml.split.splits import Fold
from sklearn.calibration import CalibratedClassifierCV
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

TRUSTED = [*SHIPPED, "sklearn.tree._tree.Tree"]  # of the forest
CLASSES = {"binary": ["no", "yes"], "three": ["high", "low", "mid"], "regression": []}
FRESH = """\
import json
import sys
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

sys.path.insert(0, sys.argv[1])
import test_sharing as tests

for path in sorted(Path(sys.argv[2]).glob("*.skops")):
    name, task = path.stem.split("-")
    model = tests.unpack_model(path.read_bytes(), tests.TRUSTED)
    said = tests.answers(model, tests.rows(task).X, tests.CLASSES[task])
    path.with_suffix(".fresh").write_text(said.to_csv(), encoding="utf-8")
"""


def rows(task: str) -> Table:
    """Return rows with numbers, gaps and categories."""
    n = 60
    X = pd.DataFrame({"dose": [(i * 7) % 11 * 0.9 for i in range(n)]})
    X["gap"] = [float(i % 13) if i % 5 else np.nan for i in range(n)]
    X["kind"] = pd.Series(["abc"[i % 3] for i in range(n)], dtype=object)
    if task == "regression":
        y = X["dose"] * 2 + X["gap"].fillna(1.0)
    else:
        names = CLASSES[task]
        y = pd.Series([names[int(i * 7 % 5 + i % 2) % len(names)] for i in range(n)], dtype=object)
    return Table(X, y, None, None, None, dropped={})


def fitted(name: str, task: str):
    table = rows(task)
    kind = "regression" if task == "regression" else "classification"
    model = MODELS[name](kind)
    if name == "forest":
        model.set_params(model__n_estimators=7)
    everything = Fold(0, 0, np.arange(len(table.y)), np.array([], dtype=int))
    split = Split(dependence="independent", folds=2)
    return fit_task(Task(name, model, everything, 1), table, fit_study(CLASSES[task], split)), table


@pytest.mark.parametrize("task", CLASSES)
@pytest.mark.parametrize("name", MODELS)
def test_every_model_comes_back_as_it_was_and_the_same_twice(name: str, task: str):
    model, table = fitted(name, task)
    content = pack_model(found_model(model), TRUSTED)
    restored = unpack_model(content, TRUSTED)
    pd.testing.assert_frame_equal(
        answers(restored, table.X, CLASSES[task]),
        answers(model, table.X, CLASSES[task]),
        check_exact=True,
    )
    assert pack_model(found_model(fitted(name, task)[0]), TRUSTED) == content


@pytest.mark.parametrize("inside", ["alone", "a step", "a search"])
def test_how_training_rows_were_cut_stays_at_home(inside: str):
    model = CalibratedClassifierCV(LinearSVC())
    if inside != "alone":
        model = Pipeline([("scale", StandardScaler()), ("model", model)])
    if inside == "a search":
        model = Pipeline(
            [("search", GridSearchCV(model, {"model__estimator__C": [0.1, 1.0]}, cv=2))]
        )
    table, split = rows("binary"), Split(dependence="independent", folds=2)
    table = replace(table, X=table.X.select_dtypes("number").fillna(0.0))
    everything = Fold(0, 0, np.arange(len(table.y)), np.array([], dtype=int))
    fit = fit_task(Task("x", model, everything, 1), table, fit_study(CLASSES["binary"], split))
    shared = found_model(fit)
    assert [shared.get_params()[name] for name in searches(shared)] == [None]
    assert fit.get_params()[searches(fit)[0]] is not None  # the fitted one stays as it is
    kinds = ("_CalibratedClassifier", "_SigmoidCalibration")
    trusted = [*TRUSTED, *(f"sklearn.calibration.{kind}" for kind in kinds)]
    restored = unpack_model(pack_model(shared, trusted), trusted)
    assert np.array_equal(restored.predict_proba(table.X), fit.predict_proba(table.X))


def test_a_fresh_process_predicts_the_same_bits(tmp_path: Path):
    for task in ("binary", "regression"):
        for name in ("candidate", "forest", "tuned"):
            model, table = fitted(name, task)
            path = tmp_path / f"{name}-{task}.skops"
            path.write_bytes(pack_model(found_model(model), TRUSTED))
            said = answers(model, table.X, CLASSES[task]).to_csv()
            path.with_suffix(".csv").write_text(said, encoding="utf-8")
    command = [sys.executable, "-c", FRESH, str(Path(__file__).parent), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    paths = sorted(tmp_path.glob("*.csv"))
    assert len(paths) == 6
    for path in paths:
        assert path.with_suffix(".fresh").read_bytes() == path.read_bytes()


def test_another_seed_gives_another_file():
    """The twin: equal bytes above are no accident."""
    table = rows("binary")
    everything = Fold(0, 0, np.arange(len(table.y)), np.array([], dtype=int))
    model = MODELS["forest"]("classification").set_params(model__n_estimators=3)
    one, two = (
        fit_task(Task("forest", model, everything, s), table, fit_study(["no", "yes"]))
        for s in (1, 2)
    )
    assert pack_model(one, TRUSTED) != pack_model(two, TRUSTED)


def test_a_model_with_a_type_that_nobody_trusts_is_not_saved_until_study_toml_does(content):
    model, _ = fitted("forest", "binary")
    with pytest.raises(StudyError, match=r"neither skops nor study\.toml trusts") as caught:
        pack_model(model, SHIPPED)
    head, _, lines = str(caught.value).partition("let study.toml say:\n")
    assert "  sklearn.tree._tree.Tree\n" in head
    study = parse_study(content | tomllib.loads(lines))  # pasted as it is printed
    assert study.sharing.trusted_types == TRUSTED
    pack_model(model, study.sharing.trusted_types)


@pytest.mark.parametrize("name", ["Tree", "os system", "a..b", ""])
def test_what_is_no_full_name_of_a_type_is_refused_in_study_toml(content, name: str):
    content["sharing"] = {"trusted_types": [name]}
    with pytest.raises(StudyError, match=r"sharing\.trusted_types\.0 is"):
        parse_study(content)


def load_model(folder: Path, name: str, **given):
    return load(folder, name, trusted=SHIPPED, **given)


# The same, with the script on a tiny study.


@pytest.fixture
def shared(folder: Path, make) -> Path:
    """Return a folder with a tiny study whose model was saved."""
    make("share", folder)
    return folder


def test_the_script_saves_what_the_test_rows_would_score(shared: Path, call):
    study = read_study(shared / "study.toml")
    model = load_model(shared / "model", "candidate")
    assert model.record.rows == 48  # four fifths of 60: the locked rows stay unseen
    assert model.record.seed.purpose == "evaluation/candidate"
    assert model.record.data_sha256 == study.data.sha256
    assert list(model.record.features) == ["dose", "age", "kind"]
    assert model.record.others == ["answer"]
    assert set(model.record.types) >= {"reproml.compute.models.ColumnSubset", *SHIPPED}
    compared = pd.read_csv(shared / "results" / "sharing.csv")
    said = compared[compared["quantity"] == "probability_yes"]["value"].astype(float)
    assert said.tolist() == [e.said["probability_yes"] for e in model.record.examples]

    before = [path.read_bytes() for path in sorted((shared / "model").iterdir())]
    assert len(before) == 2
    how = {"PYTHONHASHSEED": "2", "OMP_NUM_THREADS": "2"}  # and another process
    done = call("share", "--study", str(shared / "study.toml"), "--workers", "2", **how)
    assert done.returncode == 0, done.stderr
    assert [path.read_bytes() for path in sorted((shared / "model").iterdir())] == before


def test_as_a_stage_it_writes_results_alone(shared: Path):
    shutil.rmtree(shared / "model")
    with open_run(shared / "study.toml", shared / "aside", workers=1) as run:
        ENGINE["sharing"](run)
    before = (shared / "results" / "sharing.csv").read_bytes()
    assert (shared / "aside" / "sharing.csv").read_bytes() == before
    assert not (shared / "model").exists()


def test_it_is_the_model_of_the_locked_rows(shared: Path, make):
    make("evaluation", shared)
    tested = pd.read_csv(shared / "results" / "predictions.csv").query("model == 'candidate'")
    said = predict_file(load_model(shared / "model", "candidate"), shared / "tiny.csv")
    assert said["probability_yes"].loc[tested["row"]].tolist() == tested["probability_yes"].tolist()


def test_the_order_of_columns_does_not_matter_and_others_are_left_out(shared: Path):
    model = load_model(shared / "model", "candidate")
    said = predict_file(model, shared / "tiny.csv")
    assert list(said.columns) == ["predicted", "probability_no", "probability_yes"]
    assert said.index.tolist() == list(range(1, 61))
    raw = pd.read_csv(shared / "tiny.csv")
    raw[["kind", "age", "dose"]].to_csv(shared / "turned.csv", index=False)
    again = predict_file(model, shared / "turned.csv")
    pd.testing.assert_frame_equal(again, said, check_exact=True)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.assign(dose=[1.0, 2.0, 99.0]), "row 3, column 'dose': 99.0 is above"),
        (lambda t: t.assign(age=[20.5, 21, 22]), "row 1, column 'age': 20.5 is no whole number"),
        (lambda t: t.assign(kind=["a", "z", "b"]), "row 2, column 'kind': 'z' is none of"),
        (lambda t: t.assign(dose=[1.0, None, 1.0]), "row 2, column 'dose': there is no value"),
        (lambda t: t.assign(dose=["1", "x", "1"]), "row 2, column 'dose': 'x' is no finite"),
        (lambda t: t.drop(columns="age"), "column 'age': declared, but not in the file"),
        (lambda t: t.assign(sex="m"), "column 'sex': not declared"),
        (lambda t: t[:0], "rows.csv: has no rows"),
    ],
)
def test_rows_that_break_the_schema_are_refused(shared: Path, change, message: str):
    fine = pd.read_csv(shared / "tiny.csv")[["dose", "age", "kind"]][:3]
    change(fine).to_csv(shared / "rows.csv", index=False)
    with pytest.raises(StudyError) as caught:
        predict_file(load_model(shared / "model", "candidate"), shared / "rows.csv")
    assert message in str(caught.value)
    assert str(caught.value).startswith("rows.csv")


def test_the_command_line_predicts_or_says_why_not(shared: Path, call):
    study, into = ["--study", str(shared / "study.toml")], shared / "said.csv"
    arguments = [*study, str(shared / "tiny.csv"), "--into", str(into)]
    done = call("predict", *arguments)
    assert done.returncode == 0, done.stderr
    assert pd.read_csv(into)["row"].tolist() == list(range(1, 61))
    before = into.read_bytes()

    text = (shared / "tiny.csv").read_text(encoding="utf-8")
    (shared / "tiny.csv").write_text(text.replace(",a\n", ",c\n", 1), encoding="utf-8")
    done = call("predict", *arguments)
    assert done.returncode == 2
    assert done.stderr.startswith("error: tiny.csv has 1 problem:\n  row 1, column 'kind': 'c' is")
    assert "Traceback" not in done.stderr
    assert into.read_bytes() == before


def test_a_pattern_of_columns_becomes_the_columns_that_were_there(content, tmp_path: Path):
    columns = content["data"]["columns"]
    content["data"]["columns"] = {"answer": columns["answer"], "lab_*": {"role": "feature"}}
    study = parse_study(content).with_code(CODE)
    X = pd.DataFrame({"lab_a": [0.0, 1.0, 2.0, 3.0], "lab_b": [1.0, 0.0, 1.0, 0.0]})
    model = MODELS["candidate"]("classification").fit(X, ["no", "yes", "no", "yes"])
    packed, examples = pack_model(model, TRUSTED), make_examples(model, X, study.data)
    seed = Seed(study=0, purpose="test", value=1)
    commit = {"commit": None, "dirty": None}
    record = make_record(study, X, packed, examples, seed=seed, commit=commit)
    (tmp_path / "candidate.skops").write_bytes(packed)
    (tmp_path / "candidate.json").write_text(write_record(record), encoding="utf-8")
    X[["lab_a"]].to_csv(tmp_path / "rows.csv", index=False)
    with pytest.raises(StudyError, match=r"column 'lab_b': declared, but not in the file"):
        predict_file(load_model(tmp_path, "candidate"), tmp_path / "rows.csv")


def test_a_made_up_row_names_nobody():
    X = pd.DataFrame({"dose": range(30), "person": [f"Ada {n}" for n in range(30)]})
    X["site"] = ["north"] * 20 + ["south"] * 10
    columns = {"y": Column(role="target")} | {
        name: Column(role="feature", type="category") for name in ("person", "site")
    }
    columns["dose"] = Column(role="feature")
    data = Data(file="rows.csv", sha256="0" * 64, columns=columns)
    model = MODELS["candidate"]("regression").fit(X, np.arange(30.0))
    examples = make_examples(model, X, data)
    assert [one.row["person"] for one in examples] == ["another name"] * 3
    assert [one.row["site"] for one in examples] == ["north"] * 3


def edit_record(path: Path, **changes: object) -> None:
    """Change a record as somebody would who knows how its digest is made."""
    record = read_record(path.read_text(encoding="utf-8"), path.name)
    changed = record.model_dump(exclude_unset=True) | changes
    path.write_text(write_record(Record.model_validate(changed)), encoding="utf-8")


def test_another_library_version_is_refused_with_what_to_install(shared: Path):
    record = shared / "model" / "candidate.json"
    versions = json.loads(record.read_text(encoding="utf-8"))["versions"]
    assert set(versions) == {"numpy", "pandas", "scikit-learn", "scipy", "skops"}
    edit_record(record, versions=versions | {"scikit-learn": "1.0.2"})
    with pytest.raises(StudyError, match=r"pip install scikit-learn==1\.0\.2\n") as caught:
        load_model(shared / "model", "candidate")
    assert f"here scikit-learn is {versions['scikit-learn']}" in str(caught.value)
    edit_record(record, versions=versions)
    load_model(shared / "model", "candidate")


def test_the_record_names_what_the_authors_code_imports(study, tmp_path: Path, monkeypatch):
    """A library of which no object is in the file, such as one that a method imports."""
    package = tmp_path / "src" / "other_study"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("", encoding="utf-8")
    text = "import json\n\ndef fit():\n    from joblib import hash\n    import matplotlib.pyplot\n"
    (package / "models.py").write_text(text, encoding="utf-8")
    monkeypatch.syspath_prepend(str(package.parent))
    model, table = fitted("linear", "binary")
    other = study.with_code(replace(study.code, package="other_study"))
    how = {"seed": Seed(study=0, purpose="a", value=1), "commit": {"commit": None, "dirty": None}}
    content = pack_model(model, SHIPPED)
    X = table.X[[]]
    versions = make_record(other, X, content, [], **how).versions
    shipped = {"numpy", "pandas", "scikit-learn", "scipy", "skops"}
    assert set(versions) == shipped | {"joblib", "matplotlib"}
    assert versions["joblib"] == version("joblib")


def test_a_model_that_says_something_else_than_it_did_is_refused(shared: Path):
    record = shared / "model" / "candidate.json"
    examples = json.loads(record.read_text(encoding="utf-8"))["examples"]
    examples[1]["said"]["probability_yes"] += 1e-6
    edit_record(record, examples=examples)
    with pytest.raises(StudyError, match=r"says probability_yes = .* of example 2"):
        load_model(shared / "model", "candidate")


@pytest.mark.parametrize("unit", [1.0, 1e-10])
def test_what_a_model_says_in_a_small_unit_is_compared_too(unit: float):
    X, y = pd.DataFrame({"dose": [1.0, 2.0, 3.0]}), np.array([1.0, 2.0, 4.0]) * unit
    model, column = Pipeline([("model", LinearRegression())]).fit(X, y), Column(role="feature")
    said = answers(model, X, [])["predicted"]
    pairs = zip(X["dose"], said, strict=True)
    examples = [Example(row={"dose": x}, said={"predicted": float(value)}) for x, value in pairs]
    record = Record.model_construct(
        features={"dose": column}, classes=[], examples=examples, commit=""
    )
    check_examples(record, model, "linear")
    model[-1].coef_ = model[-1].coef_ * (1 + 1e-6)
    with pytest.raises(StudyError, match="says predicted = "):
        check_examples(record, model, "linear")


def test_the_record_of_another_model_is_refused(shared: Path):
    with pytest.raises(StudyError, match=r"is of the model 'candidate', asked for is 'forest'"):
        load_model(shared / "model", "forest")


def test_the_published_digest_is_what_the_script_says(shared: Path, make, capsys):
    make("share", shared)
    said = capsys.readouterr().out.split()[-1]
    load_model(shared / "model", "candidate", record_sha256=said)
    edit_record(shared / "model" / "candidate.json", python="0")
    load_model(shared / "model", "candidate")
    with pytest.raises(StudyError, match=f"you asked for {said}"):
        load_model(shared / "model", "candidate", record_sha256=said)
    with pytest.raises(StudyError, match="get it again from where the author published it"):
        given = {"rows": shared / "tiny.csv", "into": shared / "said.csv", "sha256": said}
        make("predict", shared, **given)
