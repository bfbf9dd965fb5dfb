"""What a study hands to others: a model that opens safely, and cards filled from its results."""

import csv
import re
from pathlib import Path

import pytest
import yaml

pytestmark = pytest.mark.slow

LICENCES = {"MIT": "mit", "BSD-3-Clause": "bsd-3-clause", "Apache-2.0": "apache-2.0"}


def data_of(study) -> Path:
    (path,) = (study.path / "data" / "raw").iterdir()
    return path


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_a_saved_model_predicts_in_a_process_of_its_own(bake, in_study, task, tmp_path):
    study = bake(task=task)
    in_study(study.path, "share")
    into = tmp_path / "said.csv"
    in_study(study.path, "predict", data_of(study), "--into", into)
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
