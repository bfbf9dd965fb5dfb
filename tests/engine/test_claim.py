"""The comparison with a random split: same rows, same models, other folds."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from example_study import STUDY as CODE
from reproml.config.checksums import sha256_of
from reproml.config.study import Column, Data, Metrics, Models, Split, Study, StudyError
from reproml.split.splits import make_folds
from reproml.write.claim import claim_note, claim_table, random_split

GROUPED = Split(dependence="grouped", folds=3, repeats=2)
SIZES = {"n_train": 40, "n_test": 20}


def long_table(metric: str = "mae", **scores: list[float]) -> pd.DataFrame:
    rows = [
        (model, 0, fold, metric, value)
        for model, values in scores.items()
        for fold, value in enumerate(values)
    ]
    return pd.DataFrame(rows, columns=["model", "repeat", "fold", "metric", "value"])


def one_metric(name: str) -> dict:
    return {name: CODE.metrics[name]}


def study_of(split: Split) -> Study:
    models = Models(candidate="new", baselines=["dummy"])
    metrics = Metrics(primary="mae")
    data = Data(file="a.csv", sha256="0" * 64, columns={"effect": Column(role="target")})
    parts = {"split": split, "models": models, "metrics": metrics, "data": data}
    return Study.model_construct(**parts).with_code(CODE)


def test_a_random_split_of_the_same_rows_tears_groups(network):
    table = network()
    rows = np.arange(48)
    ours = make_folds(table, rows, GROUPED, stratify=True, seed=0)
    dealt = make_folds(table, rows, random_split(GROUPED), stratify=True, seed=0)
    assert len(ours) == len(dealt) == 6
    for folds, torn in ((ours, False), (dealt, True)):
        for fold in folds:
            assert sorted(np.concatenate([fold.train, fold.test])) == rows.tolist()
            sites = table.groups.to_numpy()
            assert bool(set(sites[fold.train]) & set(sites[fold.test])) is torn


@pytest.mark.parametrize("dependence", ["temporal", "spatial", "grouped"])
def test_what_belongs_to_the_other_split_is_left_out(dependence: str):
    split = random_split(Split(dependence=dependence, gap=2, block=5.0, folds=4))
    assert (split.dependence, split.gap, split.block, split.folds) == ("independent", 0, 0.0, 4)


def test_flattery_is_positive_in_both_directions():
    ours, random = long_table(a=[3.0, 3.2], b=[5.0, 5.2]), long_table(b=[4.0, 4.2], a=[3.5, 3.7])
    as_error = claim_table(ours, random, one_metric("mae"), SIZES, SIZES)
    assert as_error["model"].tolist() == ["a", "b"]
    assert as_error["flattery"].tolist() == pytest.approx([-0.5, 1.0])
    ours, random = (s.assign(metric="mcc", value=s["value"] / 10) for s in (ours, random))
    as_skill = claim_table(ours, random, one_metric("mcc"), SIZES, SIZES)
    assert as_skill["flattery"].tolist() == pytest.approx([0.05, -0.1])


def test_the_note_says_by_how_much_and_when_there_is_nothing_to_compare():
    ours, random = long_table(new=[3.0, 3.2]), long_table(new=[2.0, 2.2])
    table = claim_table(ours, random, one_metric("mae"), SIZES, SIZES)
    assert claim_note(table, study_of(GROUPED)).endswith(
        "2.1 for new, too good by 1.0: the split that fits the claim reports 3.1."
    )
    honest = table.assign(flattery=-0.1)
    assert claim_note(honest, study_of(GROUPED)).endswith(
        "for new, no better: the split that fits the claim reports 3.1."
    )
    independent = claim_note(table, study_of(random_split(GROUPED)))
    assert independent.endswith("there is nothing to compare.")


# With the script


@pytest.fixture
def claim(folder: Path, make):
    """Return a caller of scripts/baselines.py and the verb claim; it returns what they wrote."""

    def run(*, first: bool = True) -> dict[str, bytes]:
        if first:
            make("baselines", folder)
        make("claim", folder)
        return {path.name: path.read_bytes() for path in sorted(folder.glob("results/*.csv"))}

    return run


def group_rows(folder: Path) -> None:
    """Make the study one of groups: each has an age, and the answer depends on the group alone."""
    lines = ["answer,dose,age,kind,site"]
    for row in range(60):
        site = row % 12
        answer = "yes" if site * 7 % 12 > 5 else "no"
        lines.append(f"{answer},{row % 10},{20 + site},a,s{site}")
    (folder / "tiny.csv").write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
    path = folder / "study.toml"
    text = path.read_text(encoding="utf-8")
    text = text.replace('"independent"', '"grouped"')
    text = text.replace("[split]", 'site = { role = "group", type = "category" }\n\n[split]')
    checksum = text.split('sha256 = "')[1][:64]
    text = text.replace(checksum, sha256_of(folder / "tiny.csv"))
    path.write_text(text, encoding="utf-8", newline="\n")


def test_a_random_split_flatters_what_recognises_a_group(folder: Path, claim):
    group_rows(folder)
    made = claim()
    table = pd.read_csv(folder / "results" / "claim.csv").set_index("model")
    assert table.loc["forest", "flattery"] > 0.3
    assert table.loc["candidate", "flattery"] > 0.3
    assert table.loc["dummy", "flattery"] == 0
    assert claim(first=False) == made  # the same bytes


def test_rows_that_are_independent_have_nothing_to_compare(folder: Path, claim):
    claim()
    table = pd.read_csv(folder / "results" / "claim.csv")
    assert (table["value"] == table["random"]).all()
    assert (table["flattery"] == 0).all()


def test_the_baselines_have_to_be_there_and_to_be_these(folder: Path, claim):
    with pytest.raises(StudyError, match=r"run scripts/baselines\.py first"):
        claim(first=False)
    claim()
    path = folder / "study.toml"
    text = path.read_text(encoding="utf-8").replace('"linear", ', "")
    path.write_text(text, encoding="utf-8", newline="\n")
    with pytest.raises(StudyError, match="has other models than study"):
        claim(first=False)
