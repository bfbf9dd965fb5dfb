"""Every check of the checklist holds for a whole study, and sees the one thing that is broken."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pandas as pd
import pytest
from example_study.data import load_table
from reproml.config.study import Split, read_study
from reproml.prove import evidence
from reproml.prove.evidence import Facts

FILES = {
    "LICENSE": "MIT\n",
    "pyproject.toml": '[project]\nlicense = "MIT"\ndependencies = ["NumPy>=2"]\n',
    "requirements.txt": "numpy==2.4.6 \\\n    --hash=sha256:00\ntqdm==4.70.1 --hash=sha256:11\n",
    "CITATION.cff": "title: T\nauthors:\n- name: A\nlicense: MIT\nversion: 1\nreferences: []\n",
    "data/README.md": "**Licence.** [CC0 1.0](https://example.org/zero)\n",
    "README.md": "python scripts/reproduce.py\n\n<!-- begin results/a.md -->\n"
    "<!-- end results/a.md -->\n",
}
CHECKS = {
    "lock": evidence.lock,
    "data_file": evidence.data_file,
    "limits": evidence.limits,
    "licences": evidence.licences,
    "citation": evidence.citation,
    "readme": evidence.readme,
    "leakage": partial(evidence.leakage, begin=("same rows", "fit of")),
    "model_scores": evidence.model_scores,
    "comparison": evidence.comparison,
    "opened_once": evidence.opened_once,
}


@pytest.fixture
def facts(folder: Path) -> Facts:
    """Return a small study in which every check holds."""
    limited = (folder / "study.toml").read_text(encoding="utf-8")
    limited = limited.replace('type = "integer" }', 'type = "integer", min = 0 }')
    write(folder, "study.toml", limited)
    for name, text in FILES.items():
        write(folder, name, text)
    study, results = read_study(folder / "study.toml"), folder / "results"
    results.mkdir()
    folds = [(repeat, fold) for repeat in range(2) for fold in range(3)]
    pd.DataFrame(
        [
            (model, *at, metric, 0.5)
            for model in study.models.names
            for at in folds
            for metric in study.metrics.names
        ],
        columns=["model", "repeat", "fold", "metric", "value"],
    ).to_csv(results / "baselines.csv", index=False)
    pd.DataFrame({"baseline": study.models.baselines}).assign(
        difference=0.1, low=0.0, high=0.2, p_holm=0.05
    ).to_csv(results / "baselines_comparison.csv", index=False)
    pd.DataFrame({"check": ["same rows", "fit of linear"], "verdict": "pass"}).to_csv(
        results / "leakage.csv", index=False
    )
    write(folder, "results/openings.json", json.dumps([{"data": study.data.sha256}]))
    return Facts(folder, results, study, load_table(study, folder))


def write(folder: Path, name: str, text: str) -> None:
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8", newline="\n")


def change(name: str, old: str, new: str) -> Callable[[Facts], None]:
    def apply(facts: Facts) -> None:
        text = (facts.root / name).read_text(encoding="utf-8")
        assert old in text
        write(facts.root, name, text.replace(old, new, 1))

    return apply


BROKEN = [
    ("lock", change("requirements.txt", "--hash=sha256:11", ""), "no hash for tqdm"),
    ("lock", change("requirements.txt", "numpy==2.4.6", "scipy==1.0"), "does not lock NumPy"),
    ("lock", lambda facts: (facts.root / "requirements.txt").unlink(), "is not there"),
    ("data_file", change("tiny.csv", "20,", "21,"), "tiny.csv is not the file"),
    ("licences", change("CITATION.cff", "license: MIT", "license: GPL-3.0"), "not name the same"),
    ("licences", change("data/README.md", "CC0", "**"), "CC0"),
    ("licences", change("data/README.md", "Licence.", "Licence: unclear."), "is unclear"),
    ("licences", lambda facts: (facts.root / "LICENSE").unlink(), "LICENSE is not there"),
    ("citation", change("CITATION.cff", "authors:", "writers:"), "lacks authors"),
    ("readme", change("README.md", "reproduce.py", "run.sh"), "no table"),
    ("readme", change("README.md", "<!-- begin", "<!-- start"), "no table"),
    ("leakage", change("results/leakage.csv", "rows,pass", "rows,warn"), "same rows: warn"),
    ("leakage", change("results/leakage.csv", "fit of linear", "other"), "has no check fit of"),
    (
        "model_scores",
        change("results/baselines.csv", "linear,0,1,", "linear,9,1,"),
        "not every model",
    ),
    ("model_scores", change("results/baselines.csv", "0.5", ""), "not every model"),
    ("comparison", change("results/baselines_comparison.csv", "0.2", ""), "has no interval"),
    ("comparison", change("results/baselines_comparison.csv", "linear", "other"), "no interval"),
    ("opened_once", change("results/openings.json", "}]", "}, {}]"), "opened 2 times"),
]


@pytest.mark.parametrize("name", CHECKS)
def test_it_holds_for_a_whole_study(facts: Facts, name: str):
    seen = CHECKS[name](facts)
    assert seen.holds is True, seen.text


@pytest.mark.parametrize(("name", "apply", "message"), BROKEN)
def test_what_is_broken_is_seen(facts: Facts, name: str, apply, message: str):
    if name == "opened_once":
        twice = [{"data": facts.study.data.sha256}] * 2
        write(facts.root, "results/openings.json", json.dumps(twice))
    elif message == "CC0":
        write(facts.root, "data/README.md", "**Licence.** CC0\n")
        message = "no paragraph says"
    else:
        apply(facts)
    seen = CHECKS[name](facts)
    assert seen.holds is False
    assert message in seen.text


def test_an_accepted_check_is_told_with_its_reason(facts: Facts):
    found = {"check": ["same rows", "fit of linear"], "verdict": ["accepted", "pass"]}
    path = facts.results / "leakage.csv"
    pd.DataFrame(found).assign(message="oversampled").to_csv(path, index=False)
    seen = CHECKS["leakage"](facts)
    assert seen.holds is True
    text = "leakage.csv: 1 of 2 checks pass (same rows, fit of); accepted, same rows: oversampled"
    assert seen.text == text


@pytest.mark.parametrize("name", ["leakage", "baselines", "baselines_comparison", "limits"])
def test_what_is_not_there_proves_nothing(facts: Facts, folder: Path, name: str):
    if name == "limits":  # the study without any
        content = (folder / "study.toml").read_text(encoding="utf-8").replace(", min = 0 }", " }")
        write(folder, "study.toml", content)
        seen = evidence.limits(facts._replace(study=read_study(folder / "study.toml")))
        assert seen == (False, "study.toml sets no limits to age")
        return
    (facts.results / f"{name}.csv").unlink()
    check = {"baselines": "model_scores", "baselines_comparison": "comparison"}
    seen = CHECKS[check.get(name, name)](facts)
    assert seen.holds is False
    assert f"{name}.csv is not there" in seen.text


@pytest.mark.parametrize("name", ["settings", "rows", "outcome", "left_out", "models"])
def test_a_fact_proves_nothing(facts: Facts, name: str):
    seen = getattr(evidence, name)(facts)
    assert seen.holds is None
    assert seen.text


@pytest.mark.parametrize(
    ("split", "locked"),
    [
        ({"dependence": "independent"}, "20% of the rows locked"),
        ({"dependence": "grouped"}, "20% of the groups locked"),
        ({"dependence": "temporal"}, "20% of the time steps locked"),
    ],
)
def test_what_is_locked_has_its_name(facts: Facts, split: dict, locked: str):
    study = facts.study.model_copy(update={"split": Split(**split)})
    assert evidence.settings(facts._replace(study=study)).text.endswith(locked)
