"""The lock on the test rows: any change of the model is seen, and nothing else is a change."""

import json
import re
import shutil
from pathlib import Path

import example_study
import pandas as pd
import pytest
import reproml
from reproml.config.checksums import sha256_of
from reproml.config.study import StudyError, parse_study, read_study
from reproml.split.test_ledger import (
    FIRST_EDITION,
    UNLINKED,
    admit,
    chain_breaks,
    count_note,
    entry_hash,
    merge_openings,
    parts_of,
    was_opened,
)

NOW = {"data": "d", "time": "2026-01-31T12:00:00+00:00", "commit": "0123456789abcdef"}
SOURCE = Path(example_study.__file__).parent
OLD = {"[models]": "1", "seed": "0", "models.py": "1", "compute.py": "1", "splits.py": "1"}


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """Return a copy of the author's package, for a test to change."""
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
        (
            "data.py",
            "return make_table(raw, study)",
            "return make_table(raw[:9], study)",
            ["data.py"],
        ),
        ("seeding.py", "random.seed(seed)", "random.seed(seed + 1)", ["seeding.py"]),
        ("models.py", "    # the tiny penalty", "\n\n    # the small penalty", []),
        ("models.py", '"""Ignore the features', '"""Look at no feature', []),
        ("ablations.py", "ABLATIONS: dict", "SWITCHES: dict", []),
    ],
)
def test_code_that_predicts_counts_and_its_layout_does_not(study, package, file, old, new, changed):
    before = parts_of(study, package)
    edit(package / file, old, new)
    after = parts_of(study, package)
    assert [name for name in after if after[name] != before[name]] == changed


@pytest.mark.parametrize(
    "line", ["from . import physics", "from .physics import G", "from package.physics import G"]
)
def test_a_module_that_the_models_import_counts(study, package: Path, line: str):
    edit(package / "models.py", "from sklearn.base import", f"{line}\nfrom sklearn.base import")
    (package / "physics.py").write_text("G = 9.81\n", encoding="utf-8")
    before = parts_of(study, package)
    assert "physics.py" in before
    (package / "physics.py").write_text("G = 9.82\n", encoding="utf-8")
    assert parts_of(study, package)["physics.py"] != before["physics.py"]


def test_models_that_became_a_folder_still_count(study, package: Path):
    (package / "models").mkdir()
    (package / "models.py").rename(package / "models" / "__init__.py")
    assert "models/__init__.py" in parts_of(study, package)


def test_another_version_of_the_engine_is_no_other_model(study):
    parts = parts_of(study, SOURCE)
    assert {name for name in parts if name.endswith(".py")} == {
        "data.py",
        "models.py",
        "seeding.py",
    }
    (once,) = admit([], parts, **NOW)
    assert once["engine"] == reproml.__version__
    older = [once | {"engine": "1.9.0"}]
    assert admit(older, parts, **NOW) == older


def test_what_the_first_edition_opened_stays_open_until_study_toml_changes():
    record = [{"count": 1, "model": "m", "parts": OLD} | NOW]
    parts = {"[models]": "1", "seed": "0", "models.py": "2"}
    assert was_opened(record, parts)
    said = f"The test set was opened once, by the record. {UNLINKED} {FIRST_EDITION}"
    assert count_note(record, "d") == said
    for changed in ({"seed": "1"}, {"[models]": "2"}):
        assert not was_opened(record, parts | changed)
        with pytest.raises(StudyError, match=rf"changed: {re.escape(next(iter(changed)))}\."):
            admit(record, parts | changed, **NOW)


def test_from_the_first_run_on_the_code_of_an_older_opening_counts_too():
    record = [{"count": 1, "model": "m", "parts": OLD} | NOW]
    parts = {"[models]": "1", "seed": "0", "models.py": "2"}
    (kept,) = admit(record, parts, **NOW)
    assert (kept["count"], kept["parts"], kept["first_edition"]) == (1, parts, OLD)
    assert count_note([kept], "d").endswith(FIRST_EDITION)
    assert admit([kept], parts, **NOW) == [kept]
    with pytest.raises(StudyError, match=r"changed: models\.py\."):
        admit([kept], parts | {"models.py": "3"}, **NOW)


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
    assert count_note(record, "d") == "The test set was opened once, by the record."
    record = admit(record, {"m": "2"}, again=True, **NOW)
    record = admit(record, {"m": "3"}, again=True, **NOW)
    assert count_note(record, "d").startswith("The test set was opened 3 times")


# The same, with the script that opens the test rows.


@pytest.fixture
def evaluate(folder: Path, make):
    """Return a caller of scripts/evaluation.py; it returns the files of the folder it wrote to."""

    def run(into: str = "results", *, again: bool = False) -> dict[str, bytes]:
        make("evaluation", folder, into, again=again)
        return {path.name: path.read_bytes() for path in sorted((folder / into).iterdir())}

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
    assert opening["parts"] == parts_of(read_study(folder / "study.toml"), SOURCE)


def test_the_same_model_gives_the_same_bytes_and_no_new_opening(folder, evaluate):
    first = evaluate()
    assert evaluate() == first
    assert evaluate("elsewhere") == first


def test_what_the_first_edition_opened_is_scored_again_and_nothing_else_is(folder, evaluate):
    first = evaluate()
    (opening,) = json.loads(first["openings.json"])
    parts = {name: one for name, one in opening["parts"].items() if not name.endswith(".py")}
    old = {name: opening[name] for name in ("count", "time", "commit", "data", "model")}
    old |= {"parts": parts | {"models.py": "1", "compute.py": "2", "splits.py": "3"}}
    record = folder / "results" / "openings.json"
    record.write_text(json.dumps([old]), encoding="utf-8")
    again = evaluate()
    assert again["evaluation.csv"] == first["evaluation.csv"]
    (kept,) = json.loads(again["openings.json"])
    assert kept == old | {"engine": opening["engine"], "parts": opening["parts"]} | {
        "first_edition": old["parts"]
    }
    record.write_text(json.dumps([old]), encoding="utf-8")
    edit(folder / "study.toml", "model__n_estimators = 5", "model__n_estimators = 6")
    with pytest.raises(StudyError, match=r"these changed: \[models\]"):
        evaluate()


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


def test_locked_rows_move_no_number_of_the_development(folder, evaluate, make):
    """Garble what the locked rows look like: only the evaluation may notice."""

    def everything() -> dict[str, bytes]:
        for script in ("baselines", "ablation"):
            make(script, folder)
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


# The chain: what was removed, edited or reordered shows.

PARTS = [{"models.py": str(number)} for number in range(3)]


def opened(parts=PARTS, start=()) -> list[dict]:
    """Return the record of these models, as scripts/evaluation.py writes it."""
    record = list(start)
    for one in parts:
        record = admit(record, one, again=True, **NOW)
        record[-1] = record[-1] | {"results": one["models.py"] * 64}
    return record


def test_each_opening_has_the_hash_of_the_one_before_it():
    record = opened()
    assert [one["previous"] for one in record] == [None, *map(entry_hash, record[:2])]
    assert chain_breaks(record) == []


FORGED = {
    "the first removed": (lambda r: r[1:], "opening 1, previous"),
    "the first removed, the count set": (lambda r: [r[1] | {"count": 1}], "opening 1, previous"),
    "one in the middle removed": (lambda r: [r[0], r[2]], "opening 2, previous"),
    "two exchanged": (lambda r: [r[1], r[0], r[2]], "opening 1, previous"),
    "a time edited": (lambda r: [r[0] | {"time": "2025"}, *r[1:]], "opening 2, previous"),
    "a model edited": (lambda r: [r[0], r[1] | {"parts": {}}, r[2]], "opening 3, previous"),
    "results edited": (lambda r: [r[0] | {"results": "9"}, *r[1:]], "opening 2, previous"),
    "the last count edited": (lambda r: [*r[:2], r[2] | {"count": 2}], "opening 3, count"),
    "a link taken away": (lambda r: [without(r[0], "previous")], "opening 1, previous"),
    "no results": (lambda r: [*r[:2], without(r[2], "results")], "opening 3, results"),
    "one that is not linked after others": (
        lambda r: [*r, without(r[2], "previous", "results") | {"count": 4}],
        "opening 4, previous",
    ),
    "a newer engine without links": (
        lambda r: [without(r[0], "previous", "results") | {"engine": "2.1.0"}],
        "opening 1, previous",
    ),
}


def without(opening: dict, *names: str) -> dict:
    return {name: value for name, value in opening.items() if name not in names}


@pytest.mark.parametrize("name", FORGED)
def test_a_record_that_was_changed_is_seen_and_refused(tmp_path: Path, name: str):
    forge, place = FORGED[name]
    record = forge(opened())
    assert place in [found for found, _, _ in chain_breaks(record)]
    (tmp_path / "openings.json").write_text(json.dumps(record), encoding="utf-8")
    with pytest.raises(StudyError, match=r"openings\.json: opening \d, \w+: it says .* from git"):
        merge_openings([tmp_path / "openings.json"])


@pytest.mark.parametrize("key", ["count", "time", "commit", "data", "model", "parts"])
def test_an_opening_without_a_field_is_refused(tmp_path: Path, key: str):
    (tmp_path / "openings.json").write_text(json.dumps([without(opened()[0], key)]), "utf-8")
    with pytest.raises(StudyError, match=f"an opening lacks its {key}; restore it from git"):
        merge_openings([tmp_path / "openings.json"])


def test_a_record_of_an_older_engine_stays_and_the_chain_goes_on_from_it():
    old = [without(one, "previous", "results") | {"engine": "2.0.0"} for one in opened()[:2]]
    first = [{"count": 1, "model": "m", "parts": OLD} | NOW]
    for before in (old, first):
        record = opened(PARTS[2:], start=before)
        assert chain_breaks(before) == chain_breaks(record) == []
        assert record[-1]["previous"] == entry_hash(before[-1])
        assert chain_breaks(record[1:])
    # what `admit` adds to an opening of the first edition is no break
    parts = {"[models]": "1", "seed": "0", "models.py": "2"}
    record = admit(opened(PARTS[2:], start=first), parts, **NOW)
    assert record[0]["parts"] == parts
    assert chain_breaks(record) == []


def test_branches_that_were_merged_are_no_break():
    before = opened(PARTS[:1])
    here, there = (opened([one], start=before) for one in PARTS[1:])
    merged = [*here, there[1]]
    assert chain_breaks(merged) == []
    assert chain_breaks(opened([{"models.py": "4"}], start=merged)) == []


def test_the_record_has_the_hash_of_the_predictions(folder, evaluate):
    made = evaluate()
    (opening,) = json.loads(made["openings.json"])
    assert opening["results"] == sha256_of(folder / "results" / "predictions.csv")
    edit(folder / "results" / "openings.json", '"count": 1', '"count": 2')
    with pytest.raises(StudyError, match=r"opening 1, count: it says 2, found 1; .* from git"):
        evaluate()
    assert (folder / "results" / "predictions.csv").read_bytes() == made["predictions.csv"]
