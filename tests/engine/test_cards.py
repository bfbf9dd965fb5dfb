"""Cards say what the results say, their YAML head is valid, and open questions are counted."""

from pathlib import Path

import numpy as np
import pandas as pd
import yaml
from example_study.data import load_table
from reproml.cli.check import open_questions
from reproml.compute.models import build_model
from reproml.config.study import Column, Data, parse_study, read_study
from reproml.split.claims import claim_of
from reproml.write.cards import (
    columns_text,
    data_text,
    head_text,
    limits_text,
    model_text,
    steps_of,
)
from reproml.write.texts import fill_markers, marked
from sklearn.base import BaseEstimator
from sklearn.ensemble import BaggingClassifier, VotingClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

TEMPLATE = Path(__file__).resolve().parents[2]
QUESTION = "**Question for the author:** Who uses it?"
STUDY = Path(__file__).resolve().parents[2] / "{{cookiecutter.project_slug}}"


def test_questions_are_counted_by_file_until_they_are_answered(tmp_path: Path):
    assert open_questions(tmp_path) == []
    card, data = tmp_path / "docs" / "model_card.md", tmp_path / "data" / "README.md"
    for path in (card, data):
        path.parent.mkdir()
    card.write_text(f"# Card\n\n{QUESTION}\n\n- {QUESTION}\nWe do.\n", encoding="utf-8")
    data.write_text(f"> {QUESTION}\n", encoding="utf-8")
    assert open_questions(tmp_path) == [
        "warning: data/README.md: 1 open question for the author",
        "warning: docs/model_card.md: 2 open questions for the author",
    ]
    text = card.read_text(encoding="utf-8").replace(QUESTION, "Nurses use it.", 1)
    card.write_text(text, encoding="utf-8")
    assert "docs/model_card.md: 1 open question " in open_questions(tmp_path)[1]


def test_a_text_that_only_speaks_of_questions_asks_none(tmp_path: Path):
    (tmp_path / "README.md").write_text(f"A line begins with `{QUESTION}`.\n", encoding="utf-8")
    assert open_questions(tmp_path) == []


def test_the_cards_of_this_study_use_the_counted_form():
    """A question in another form would be open and not counted."""
    pages = sorted((TEMPLATE / "{{cookiecutter.project_slug}}" / "docs").glob("*_card.md"))
    assert len(pages) == 2
    for path in pages:
        text = path.read_text(encoding="utf-8")
        loose = [line for line in text.splitlines() if "uestion for the author" in line]
        assert loose
        assert all(line.startswith("**Question for the author:** ") for line in loose)


def intervals(study) -> pd.DataFrame:
    rows = [(m, n, 0.75, 0.5, 1.0) for m in study.metrics.names for n in study.models.names]
    return pd.DataFrame(rows, columns=["metric", "model", "mean", "low", "high"])


def test_the_head_is_yaml_that_model_hubs_read(study):
    head = yaml.safe_load(head_text(study, intervals(study)))
    assert head["pipeline_tag"] == "tabular-classification"
    assert head["metrics"] == ["roc_auc", "brier", "mcc"]
    (entry,) = head["model-index"]
    (result,) = entry["results"]
    assert result["task"] == {"type": "tabular-classification"}
    assert result["dataset"] == {"name": "tiny.csv", "type": "tiny.csv"}
    assert [one["type"] for one in result["metrics"]] == head["metrics"]
    assert {one["value"] for one in result["metrics"]} == {0.75}


def test_the_head_is_renewed_between_comments_of_yaml():
    path = "results/tables/card_head.yaml"
    text = f"---\nlicense: mit\n# begin {path}\nmetrics: [old]\n# end {path}\n---\n\n# Card\n"
    assert marked(text) == [path]
    filled = fill_markers(text, lambda name: "metrics: [mae]\n", "card.md")
    assert filled == text.replace("old", "mae")
    assert yaml.safe_load(filled.split("---\n")[1]) == {"license": "mit", "metrics": ["mae"]}


def test_limits_name_what_the_audit_found(study):
    findings = {
        "check": ["same rows", "single feature", "duplicates"],
        "verdict": ["pass", "warn", "accepted"],
        "message": ["none", "'dose' alone has an AUC of 1.00", "two flowers"],
    }
    text = limits_text(study, pd.DataFrame(findings))
    assert "3 checks: 1 passed, 1 accepted, 1 warned, 0 failed" in text
    assert "The audit warned, single feature: 'dose' alone has an AUC of 1.00." in text
    assert "The author accepted, duplicates: two flowers." in text
    assert claim_of(study.split).about_in_full in text


def test_the_model_is_described_as_it_is(study):
    shared = pd.DataFrame(
        {"quantity": ["rows", "features", "classes", "seed", "predicted"]}
        | {"example": [None] * 4 + [1.0], "value": ["48", "3", "2", "77", "yes"]}
    )
    text = model_text(study, build_model("candidate", study), shared)
    assert "| From | 3 features |" in text
    assert "| Learnt from | 48 development rows" in text
    assert "answer: no or yes; probabilities are of yes" in text
    assert "- `columns, numbers, splines`: `SplineTransformer(" in text
    assert "- `model`: `LogisticRegression(C=0.1, max_iter=1000)`\n" in text
    again = model_text(study, build_model("candidate", study), shared)
    assert again == text  # no place in memory


class Net(BaseEstimator):
    """A class of an author, whose defaults stand nowhere but in its code."""

    def __init__(self, width: int = 48, rate: float = 5e-3):
        self.width, self.rate = width, rate


def test_defaults_of_an_own_class_are_shown_and_those_of_scikit_learn_are_not():
    inside = BaggingClassifier(Net(rate=0.1), n_estimators=3)
    steps = dict(steps_of(Pipeline([("scale", StandardScaler()), ("net", Net())])))
    assert steps == {"scale": "StandardScaler()", "net": "Net(rate=0.005, width=48)"}
    assert "Net(rate=0.1, width=48)" in str(steps_of(VotingClassifier([("net", inside)])))


def test_a_search_is_described_with_what_it_searches(study):
    steps = dict(steps_of(build_model("tuned", study)))
    assert steps["search"] == "GridSearchCV {'model__C': [0.01, 0.1, 1.0, 10.0]}"
    assert steps["search, of, columns, numbers, scale"] == "StandardScaler()"
    assert not any("0x" in text for text in steps.values())


def test_the_data_are_counted_and_locked_rows_told_nothing_of(folder: Path):
    study = read_study(folder / "study.toml")
    table = load_table(study, folder)
    text = data_text(study, table, (np.arange(48), np.arange(48, 60)), "Truth.")
    assert "| Taken as missing | nothing (cells" in text
    assert "in the gap" not in text.lower()
    for line in ("| Rows | 60 |", "| Left out | none |", "| Locked test rows | 12 |"):
        assert line in text
    assert "| Features | 3, 1 of them categories |" in text
    mine = table.X.iloc[:48]
    assert columns_text(mine, study.data) != columns_text(table.X, study.data)
    assert "| kind | category |  | a, b | 0 | a 50.0 %, b 50.0 % |" in columns_text(
        mine, study.data
    )
    assert "| dose | number |  | 0 to 10 | 0 | " in columns_text(mine, study.data)


def test_gaps_and_left_out_rows_are_said(content, folder: Path):
    content["data"]["missing"] = "drop"
    study = parse_study(content)
    table = load_table(study, folder)
    table.dropped["no value in 'dose'"] = 3
    text = data_text(study, table, (np.arange(48), np.arange(48, 60)), "Truth.")
    assert "| Rows | 63 |" in text
    assert "| Left out | 3 (no value in 'dose') |" in text
    assert "rows with a gap are left out" in text


def test_each_count_of_gaps_says_what_it_counts(content, folder: Path):
    content["data"]["missing"] = "impute"
    study = parse_study(content)
    table = load_table(study, folder)
    table.X.iloc[40:59, 0] = np.nan  # 8 of 19 in development rows
    table.missing.update(dose=pd.Series([""] * 19), answer=pd.Series(["NA"] * 3))
    text = data_text(study, table, (np.arange(48), np.arange(50, 60)), "Truth.")
    assert "| Taken as missing | dose: 19 empty; answer: 3 'NA' (cells of the file, in" in text
    assert "| Gaps | 19 in the features of the rows that are not left out, 8 of them in dev" in text
    # rows between the two, which belong to neither, are not called test rows
    assert "| Locked test rows | 10 |\n| In the gap between them | 2 |" in text
    features = columns_text(table.X.iloc[:48], study.data)
    assert "| dose | number |  | 0 to 10 | 8 | " in features
    assert "Gaps and values of the development rows." in features


def test_free_text_is_counted_and_common_values_are_shown():
    names = [f"Ada {number}" for number in range(160)]
    X = pd.DataFrame({"person": names, "town": ["Bonn"] * 100 + ["Ulm"] * 10 + names[:50]})
    X["code"] = names
    columns = {name: Column(role="feature", type="category") for name in ("person", "town")}
    columns["code"] = Column(role="feature", type="category", values=names)
    text = columns_text(X, Data(file="a.csv", sha256="0" * 64, columns=columns))
    assert "| person | category |  | any text | 0 | different values: 160 |" in text
    assert "| any text | 0 | Bonn 62.5 %, Ulm 6.2 %, other values: 50 |" in text
    assert "| code | category |  | 160 values, in study.toml | 0 | Ada 0 0.6 %, " in text
    assert text.count("Ada") == 10  # of those that study.toml names
