"""What a study hands to others: a model that opens safely, and cards filled from its results."""

import csv
import pickle
import re
import shutil
from pathlib import Path

import pytest
import yaml
from studies import paths

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("sharing")]

LICENCES = {"MIT": "mit", "BSD-3-Clause": "bsd-3-clause", "Apache-2.0": "apache-2.0"}


@pytest.fixture(scope="module")
def shared(bake, study_env, run):
    """Give a copy of a study whose model was saved by the script's own command."""
    made = {}

    def make(task: str):
        if task not in made:
            made[task] = bake(task=task)
            script(run, study_env, made[task], PYTHONHASHSEED="1")
        return made[task]

    return make


def script(run, python, study, *arguments: str, rc: int = 0, verb: str = "share", **env: str):
    environment = {"PYTHONPATH": paths(study.path), "PYTHONIOENCODING": "utf-8"} | env
    command = [python, "-m", "reproml", verb, "--study", study.path / "study.toml", *arguments]
    return run(command, study.path.parent, env=environment, rc=rc)


def predict(run, python, study, *arguments: str, rc: int = 0):
    return script(run, python, study, *arguments, rc=rc, verb="predict")


def data_of(study) -> Path:
    (path,) = (study.path / "data" / "raw").iterdir()
    return path


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_a_saved_model_predicts_in_a_process_of_its_own(shared, study_env, run, task, tmp_path):
    study = shared(task)
    into = tmp_path / "said.csv"
    predict(run, study_env, study, str(data_of(study)), "--into", str(into))
    with into.open(encoding="utf-8", newline="") as file:
        said = list(csv.DictReader(file))
    with data_of(study).open(encoding="utf-8", newline="") as file:
        raw = list(csv.DictReader(file))
    assert len(said) == len(raw)
    if task == "classification":
        right = sum(a["predicted"] == b["diagnosis"] for a, b in zip(said, raw, strict=True))
        assert right / len(raw) > 0.95
    else:
        errors = [
            abs(float(a["predicted"]) - float(b["progression"]))
            for a, b in zip(said, raw, strict=True)
        ]
        assert sum(errors) / len(errors) < 50


def test_sharing_twice_gives_the_same_bytes(shared, study_env, run):
    study = shared("classification")
    before = {path.name: path.read_bytes() for path in (study.path / "model").iterdir()}
    assert set(before) == {"candidate.skops", "candidate.json"}
    script(run, study_env, study, "--workers", "2", PYTHONHASHSEED="2", OMP_NUM_THREADS="2")
    assert {p.name: p.read_bytes() for p in (study.path / "model").iterdir()} == before


class Canary:
    """Pickled, it makes a file when it is opened."""

    def __init__(self, path: Path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def test_a_pickle_under_the_models_name_runs_nothing(shared, study_env, run, tmp_path):
    study, folder, canary = shared("classification"), tmp_path / "model", tmp_path / "canary"
    shutil.copytree(study.path / "model", folder)
    forged = pickle.dumps(Canary(canary))
    (folder / "candidate.skops").write_bytes(forged)
    arguments = ["--model", str(folder), str(data_of(study))]
    done = predict(run, study_env, study, *arguments, "--into", str(tmp_path / "said.csv"), rc=2)
    assert "Nothing of it was opened" in done.stderr
    assert "Traceback" not in done.stderr
    assert not canary.exists()
    assert not (tmp_path / "said.csv").exists()
    pickle.loads(forged)  # the twin: opened as what it is, it would have
    assert canary.exists()


def test_rows_that_break_the_schema_are_named(shared, study_env, run, tmp_path):
    study, rows = shared("classification"), tmp_path / "rows.csv"
    lines = data_of(study).read_text(encoding="utf-8").splitlines()
    column = lines[0].split(",").index("worst_area")
    cells = lines[3].split(",")
    lines[3] = ",".join([*cells[:column], "-1.5", *cells[column + 1 :]])
    rows.write_text("\n".join(lines), encoding="utf-8")
    done = predict(run, study_env, study, str(rows), rc=2)
    assert "rows.csv has 1 problem:" in done.stderr
    assert "row 3, column 'worst_area': -1.5 is below the minimum of 0.0" in done.stderr


@pytest.mark.parametrize("licence", LICENCES)
def test_the_model_cards_head_is_valid_in_every_study(bake, licence: str):
    study = bake(license=licence, task="regression", dependence="spatial")
    head = yaml.safe_load(re.match(r"---\n(.*?)---\n", study.read("docs/model_card.md"), re.S)[1])
    assert head["license"] == LICENCES[licence]
    assert head["library_name"] == "sklearn"


def test_the_cards_ask_what_only_the_author_knows_and_say_the_rest(default_bake):
    for name, questions, markers in (("model_card", 5, 7), ("data_card", 5, 2)):
        text = default_bake.read(f"docs/{name}.md")
        assert len(re.findall(r"^\*\*Question for the author:\*\* ", text, re.M)) == questions
        begun = re.findall(r"^(?:<!--|#) begin (\S+)", text, re.M)
        assert len(begun) == markers
        assert begun == re.findall(r"^(?:<!--|#) end (\S+)", text, re.M)
    assert "[start:about]" in default_bake.read("data/README.md")
    assert '--8<-- "data/README.md:about"' in default_bake.read("docs/data_card.md")
