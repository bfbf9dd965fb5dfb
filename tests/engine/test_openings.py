"""The lock on the test rows: any change of the model is seen, and nothing else is a change."""

import json
import shutil
from argparse import Namespace
from pathlib import Path

import pandas as pd
import pytest
from reproml.config.checksums import sha256_of
from reproml.config.study import StudyError, parse_study, read_study
from reproml.split import test_ledger as module
from reproml.split.test_ledger import admit, count_note, parts_of

NOW = {"data": "d", "time": "2026-01-31T12:00:00+00:00", "commit": "0123456789abcdef"}
SOURCE = Path(module.__file__).parent


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """Return a copy of the package's source, for a test to change."""
    return Path(shutil.copytree(SOURCE, tmp_path / "package"))


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8", newline="\n")


@pytest.mark.parametrize(
    ("section", "change", "part"),
    [
        ("study", {"seed": 1}, "seed"),
        ("data", {"missing": "drop"}, "[data]"),
        ("split", {"test_size": 0.3}, "[split]"),
        ("metrics", {"primary": "mcc", "others": []}, "[metrics]"),
        ("models", {"parameters": {"candidate": {"model__C": 9.0}}}, "[models]"),
    ],
)
def test_a_changed_section_is_a_changed_model(content, section: str, change: dict, part: str):
    before = parts_of(parse_study(content), SOURCE)
    content[section] |= change
    after = parts_of(parse_study(content), SOURCE)
    assert [name for name in after if after[name] != before[name]] == [part]


def test_what_decides_no_prediction_is_no_change(content):
    before = parts_of(parse_study(content), SOURCE)
    content["compute"] = {"workers": 3}
    content["ablations"]["no_splines"]["reason"] = "?"
    assert parts_of(parse_study(content), SOURCE) == before


@pytest.mark.parametrize(
    ("file", "old", "new", "changed"),
    [
        ("models.py", "n_estimators=100", "n_estimators=101", ["models.py"]),
        ("splits.py", "shuffle=True", "shuffle=False", ["splits.py"]),
        ("models.py", "    # the tiny penalty", "\n\n    # the small penalty", []),
        ("models.py", '"""Ignore the features', '"""Look at no feature', []),
        ("report.py", "digits: int = 3", "digits: int = 4", []),
    ],
)
def test_code_that_predicts_counts_and_its_layout_does_not(study, package, file, old, new, changed):
    before = parts_of(study, package)
    edit(package / file, old, new)
    after = parts_of(study, package)
    assert [name for name in after if after[name] != before[name]] == changed


def test_a_module_that_the_models_import_counts(study, package: Path):
    edit(package / "models.py", "from .study import", "from . import physics\nfrom .study import")
    (package / "physics.py").write_text("G = 9.81\n", encoding="utf-8")
    before = parts_of(study, package)
    assert "physics.py" in before
    (package / "physics.py").write_text("G = 9.82\n", encoding="utf-8")
    assert parts_of(study, package)["physics.py"] != before["physics.py"]


def test_the_same_model_adds_nothing_and_another_is_refused_until_asked_for():
    once = admit([], {"models.py": "1"}, **NOW)
    assert admit(once, {"models.py": "1"}, **NOW) == once
    with pytest.raises(StudyError, match=r"commit 0123456789ab.*changed: models.py\.") as caught:
        admit(once, {"models.py": "2"}, **NOW)
    assert "add --again" in str(caught.value)
    twice = admit(once, {"models.py": "2"}, again=True, **NOW)
    assert [opening["count"] for opening in twice] == [1, 2]
    assert twice[0] == once[0]
    # both models have been seen by now; a third has not
    assert admit(twice, {"models.py": "1"}, **NOW) == twice
    with pytest.raises(StudyError):
        admit(twice, {"models.py": "3"}, **NOW)


def test_a_module_that_is_gone_is_named():
    once = admit([], {"models.py": "1", "physics.py": "1"}, **NOW)
    with pytest.raises(StudyError, match=r"changed: physics\.py\."):
        admit(once, {"models.py": "1"}, **NOW)


def test_other_data_have_other_test_rows():
    once = admit([], {"models.py": "1"}, **NOW)
    other = admit(once, {"models.py": "2"}, **NOW | {"data": "e"})
    assert [opening["count"] for opening in other] == [1, 1]
    assert count_note(other, "e").endswith("Test rows of other data files were opened 1 more time.")


def test_openings_are_counted_in_words():
    record = admit([], {"m": "1"}, **NOW)
    assert count_note(record, "d") == "The test set was opened once."
    record = admit(record, {"m": "2"}, again=True, **NOW)
    record = admit(record, {"m": "3"}, again=True, **NOW)
    assert count_note(record, "d").startswith("The test set was opened 3 times")


# The same, with the script that opens the test rows.


@pytest.fixture
def evaluate(folder: Path, monkeypatch: pytest.MonkeyPatch):
    """Return a caller of scripts/evaluation.py; it returns the files of the folder it wrote to."""
    monkeypatch.syspath_prepend(str(Path(__file__).resolve().parents[1] / "scripts"))
    from evaluation import main

    def run(into: str = "results", *, again: bool = False) -> dict[str, bytes]:
        results = folder / into
        given = {"study": folder / "study.toml", "results": results, "again": again}
        main(Namespace(**given, workers=1, fresh=True, debug=False))
        return {path.name: path.read_bytes() for path in sorted(results.iterdir())}

    return run


def test_the_test_rows_are_scored_with_intervals_and_the_opening_is_on_record(folder, evaluate):
    made = evaluate()
    scores = pd.read_csv(folder / "results" / "evaluation.csv")
    head = ["model", "metric", "value", "low", "high", "n_test", "n_units"]
    assert list(scores.columns) == head
    assert len(scores) == 4 * 3
    assert (scores["low"] <= scores["value"]).all()
    assert (scores["value"] <= scores["high"]).all()
    assert set(scores["n_test"]) == {12}  # a fifth of 60
    predicted = pd.read_csv(folder / "results" / "predictions.csv")
    assert len(predicted) == 4 * 12
    assert set(made) >= {"confusion.csv", "calibration.csv"}
    (opening,) = json.loads(made["openings.json"])
    assert opening["count"] == 1
    assert opening["commit"] is None
    assert opening["parts"] == parts_of(read_study(folder / "study.toml"))


def test_the_same_model_gives_the_same_bytes_and_no_new_opening(folder, evaluate):
    first = evaluate()
    assert evaluate() == first
    assert evaluate("elsewhere") == first


def test_another_model_is_refused_and_leaves_everything_as_it_was(folder, evaluate):
    first = evaluate()
    edit(folder / "study.toml", "model__n_estimators = 5", "model__n_estimators = 6")
    for into in ("results", "elsewhere"):  # another folder is no way around
        with pytest.raises(StudyError, match=r"these changed: \[models\]"):
            evaluate(into)
    assert not (folder / "elsewhere").exists()
    assert {p.name: p.read_bytes() for p in (folder / "results").iterdir()} == first
    second = evaluate(again=True)
    assert [one["count"] for one in json.loads(second["openings.json"])] == [1, 2]
    assert second["predictions.csv"] != first["predictions.csv"]


def test_a_look_from_another_folder_is_on_record_too(folder, evaluate):
    elsewhere = evaluate("elsewhere")
    assert (folder / "results" / "openings.json").read_bytes() == elsewhere["openings.json"]


def test_a_damaged_record_does_not_open_the_lock(folder, evaluate):
    evaluate()
    (folder / "results" / "openings.json").write_text("[", encoding="utf-8")
    with pytest.raises(StudyError, match="restore it from git"):
        evaluate()


def test_the_command_refuses_in_plain_words(folder, evaluate, call):
    evaluate()
    edit(folder / "study.toml", "seed = 0", "seed = 1")
    options = ["--study", str(folder / "study.toml"), "--results", str(folder / "results")]
    done = call("evaluation", *options)
    assert done.returncode == 2
    assert done.stderr.startswith("error: the locked test rows were opened before")
    assert "Traceback" not in done.stderr
    done = call("evaluation", *options, "--again")
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().startswith("The test set was opened 2 times")


def test_locked_rows_move_no_number_of_the_development(folder, evaluate, monkeypatch):
    """Garble what the locked rows look like: only the evaluation may notice."""
    import ablation
    import baselines

    def everything() -> dict[str, bytes]:
        given = {"study": folder / "study.toml", "results": folder / "results", "again": True}
        for main in (baselines.main, ablation.main):
            main(Namespace(**given, workers=1, fresh=True, debug=False))
        return evaluate(again=True)

    before = everything()
    locked = set(pd.read_csv(folder / "results" / "predictions.csv")["row"])
    lines = (folder / "tiny.csv").read_text(encoding="utf-8").splitlines()
    for row in locked:
        answer, _, age, kind = lines[row].split(",")
        lines[row] = f"{answer},{9.9 if answer == 'no' else 0.1},{age},{kind}"
    (folder / "tiny.csv").write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
    old = read_study(folder / "study.toml").data.sha256
    edit(folder / "study.toml", old, sha256_of(folder / "tiny.csv"))
    after = everything()
    moved = [name for name in before if after[name] != before[name]]
    assert moved == [
        "calibration.csv",
        "confusion.csv",
        "evaluation.csv",
        "openings.json",
        "predictions.csv",
    ]
