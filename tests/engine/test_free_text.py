"""A list of patients is published nowhere: not in results, nor in what is printed or refused."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import NUMBERS, TINY_TOML
from reproml.config.checksums import sha256_of
from reproml.config.study import StudyError
from reproml.run.run import open_run
from sklearn.preprocessing import OneHotEncoder

NAMES = [f"Zoe{number:03d}" for number in range(80)]  # two rows each
PERSON = re.compile("Zoe[0-9]{3}")


@pytest.fixture(params=["classification", "regression"])
def patients(request: pytest.FixtureRequest, folder: Path) -> Path:
    """Return a study of patients whose names are the group, and a note that is free text."""
    rng = np.random.default_rng(0)
    rows = pd.DataFrame({"answer": rng.choice(["no", "yes"], 160), "patient": NAMES * 2})
    rows["dose"], rows["age"] = rng.random(160).round(4) * 9, rng.integers(20, 60, 160)
    rows["kind"] = rng.choice(["a", "b"], 160)
    rows["note"] = [f"{name} came back" for name in rows["patient"]]
    rows["town"] = ["Bonn"] * 140 + [f"{name}ville" for name in NAMES[:20]]
    text = TINY_TOML.replace("repeats = 2", "repeats = 1").replace(', "forest"]', "]")
    text = text.replace("parameters = { forest = { model__n_estimators = 5 } }\n", "")
    if request.param == "regression":
        rows["answer"] = rows["dose"] + rng.normal(size=160)
        for old, new in NUMBERS:
            text = text.replace(old, new)
    texts = "".join(
        f'{name} = {{ role = "{role}", type = "category" }}\n'
        for name, role in {"patient": "group", "note": "feature", "town": "feature"}.items()
    )
    text = text.replace("\n[split]", f"{texts}\n[split]")
    rows.to_csv(folder / "tiny.csv", index=False, lineterminator="\n")
    text = re.sub("[0-9a-f]{64}", sha256_of(folder / "tiny.csv"), text)
    # rows of a person on both sides, so that the audit has to speak of groups
    (folder / "study.toml").write_text(text, encoding="utf-8", newline="\n")
    return folder


def test_no_name_is_in_results_model_record_or_terminal(patients: Path, make, capsys):
    verbs = ("leakage", "baselines", "ablation", "claim", "interpretation", "share", "cards")
    for verb in (*verbs, "figures"):
        make(verb, patients)
    printed = capsys.readouterr()
    made = {path: path.read_bytes() for path in (patients / "results").rglob("*.*")}
    made[patients / "model" / "candidate.json"] = (patients / "model/candidate.json").read_bytes()
    assert len(made) > 25
    named = [path.name for path, content in made.items() if PERSON.search(content.decode("utf-8"))]
    assert named == []
    assert not PERSON.search(printed.out + printed.err)
    features = (patients / "results/tables/card_features.md").read_text(encoding="utf-8")
    assert re.search(r"\| note \|.* different values: \d+ \|", features)
    assert re.search(r"\| town \|.* Bonn [0-9.]+ %, other values: \d+ \|", features)
    audit = pd.read_csv(patients / "results/leakage.csv").set_index("check")["message"]
    assert re.match(r"\d+ groups \(rows ", audit["same groups"])


def test_a_model_that_meets_new_names_tells_none(patients: Path):
    with open_run(patients / "study.toml", fresh=True, workers=1) as run:
        models = run.models(["linear"])
        one_hot = {
            name: OneHotEncoder(sparse_output=False)  # refuses what training did not have
            for name, step in models["linear"].get_params().items()
            if isinstance(step, OneHotEncoder)
        }
        models["linear"].set_params(**one_hot)
        with pytest.raises(StudyError) as caught:
            run.score(models)
    said = str(caught.value)
    assert re.match(r"linear can't predict the \d+ test rows of repeat 0, fold 0 \(", said)
    assert "unknown categories [...] in column" in said
    assert not PERSON.search(said)
