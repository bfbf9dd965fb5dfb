"""A tolerance is as wide as intervals make harmless, and no width hides a changed model.

Rows of RULES are measured on networks: what another processor changes has to be accepted as
statistically the same, what another training changes has to be seen.
"""

import math
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from example_study import models
from reproml.compute import task as fits
from reproml.config.study import StudyError, parse_study
from reproml.prove.compare import compare_files, compare_tables
from reproml.prove.tolerances import half_widths, statistical_rules, too_wide
from reproml.run.near import Near, take_near
from reproml.run.run import open_run
from sklearn.preprocessing import FunctionTransformer

SIZES = {"n_train": 4.0, "n_test": 1.0}
SCORES = """\
model,repeat,fold,metric,value
mine,0,0,mae,2.0
mine,0,1,mae,2.1
mine,0,2,mae,2.2
other,0,0,mae,3.0
other,0,1,mae,3.0
other,0,2,mae,3.0
"""
HALF = 4.302653 * math.sqrt(1 / 3 + 1 / 4) * 0.1  # t of 2 degrees of freedom, corrected error


def widths(head: list[str], rows: list[list[str]]) -> list[float]:
    table = half_widths(pd.DataFrame(rows, columns=head), SIZES)
    return (0.1 * table["half"] / table["size"]).to_list()


def compared(made: str, committed: str = SCORES, **metrics: float):
    return compare_tables("a.csv", committed, made, metrics, 1e-9, widths)


def test_half_a_width_is_that_of_the_interval_that_is_reported():
    head, *rows = (line.split(",") for line in SCORES.splitlines())
    found = half_widths(pd.DataFrame(rows, columns=head), SIZES)
    assert found["half"].round(6).tolist() == [round(HALF, 6)] * 3 + [0.0] * 3
    text = pd.DataFrame({"model": ["a"], "metric": ["mae"], "value": ["2"], "low": ["1"]})
    assert half_widths(text.assign(high="4"), SIZES)["half"].tolist() == [1.5]
    assert half_widths(text, SIZES)["half"].tolist() == [0.0]


@pytest.mark.parametrize(("of_half", "differs"), [(0.09, False), (0.12, True)])
def test_a_score_may_be_off_by_a_tenth_of_its_half_width(of_half: float, differs: bool):
    made = SCORES.replace("2.1", repr(2.1 + of_half * HALF))
    found = compared(made, mae=1.0)
    assert bool(found.differences) is differs
    (one,) = found.differences or found.near
    assert (one.metric, one.row) == ("mae", "mine, 0, 1, mae")
    assert one.share == pytest.approx(of_half * 10, rel=0.05)  # of the narrower of two intervals
    assert compared(made, mae=1e-6).differences  # what study.toml declares is a limit too
    assert compared(made).differences


def test_a_score_without_spread_has_the_default_alone():
    assert compared(SCORES.replace("3.0", "3.000001", 1), mae=1.0).differences


def test_a_committed_outlier_does_not_widen_its_own_tolerance():
    """With two folds a tenth of the half-width is more than what makes it so wide."""
    head, one, two, *_ = SCORES.splitlines()
    made = "\n".join([head, one, two])

    def wide(head: list[str], rows: list[list[str]]) -> list[float]:
        table = half_widths(pd.DataFrame(rows, columns=head), {"n_train": 1.0, "n_test": 1.0})
        return (0.1 * table["half"] / table["size"]).to_list()

    edited = made.replace("2.1", "2.9")
    for sides in ((edited, made), (made, edited)):
        found = compare_tables("a.csv", *sides, {"mae": 1.0}, 1e-9, wide)
        assert [one.row for one in found.differences] == ["mine, 0, 1, mae"]


def test_what_is_no_score_keeps_the_default():
    text = "feature,repeat,fold,value\na,0,0,1.0\na,0,1,2.0\n"
    assert compared(text.replace("2.0", "2.00001"), text).differences
    assert compared(text.replace("2.0", "3"), text).differences
    assert compare_files("a.csv", b"\xff1", b"\xff2", {}, 1e-9, widths).differences


def test_a_tolerance_wider_than_any_interval_allows_is_said(study):
    wide = {"mae": 0.5, "r2": 1e-12}
    limits = study.tolerances.model_copy(update={"metrics": wide})
    head, *rows = (line.split(",") for line in SCORES.splitlines())
    scores = pd.DataFrame(rows, columns=head)
    (said,) = too_wide(scores, study.model_copy(update={"tolerances": limits}), SIZES)
    assert said.startswith("tolerances.metrics.mae is 0.5; no model's interval allows more than")
    assert f"{0.1 * HALF:.2g}" in said


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("share", 0.2),
        ("statistical", {"mean_change": 0.01}),
        ("statistical", {"changed_classes": -1}),
        ("statistical", {"classes": 3}),
    ],
)
def test_wider_rules_are_refused(content, key: str, value):
    content["tolerances"] = {key: value}
    with pytest.raises(StudyError, match=f"tolerances.{key}"):
        parse_study(content)


RULES = (
    {  # mean of |dp|, changed classes of 2,874, change of mean log loss in half-widths, accepted
        "AVX2": (6.3e-4, 0, 0.01, True),
        "SSE": (9.7e-4, 0, 0.02, True),
        "2 threads": (4.2e-4, 1, 0.00, True),
        "learning rate + 0.2 %": (3.2e-3, 1, 0.01, False),
        "early stopping off": (3.0e-3, 1, 0.03, False),
        "one epoch fewer": (3.5e-3, 4, 0.17, False),
        "learning rate - 10 %": (5.7e-3, 2, 0.24, False),
        "dropout 0.25": (7.1e-3, 6, 0.15, False),
        "dropout off": (1.3e-2, 11, 0.19, False),
        "another seed": (2e-2, 19, 0.03, False),
        "1 % of labels": (2.4e-2, 15, 1.7, False),
        "a component off": (2.2e-2, 31, 0.6, False),
        "only the classes": (1e-3, 4, 0.0, False),
        "only the mean": (1e-3, 0, 0.11, False),
        "only the probabilities": (2.1e-3, 0, 0.0, False),
    }
)


@pytest.mark.parametrize("name", RULES)
def test_published_figures(study, tmp_path: Path, name: str):
    moved, changed, of_half, accepted = RULES[name]
    folders = []
    for side, on in (("old", 0), ("new", 1)):
        folder = tmp_path / side
        folder.mkdir()
        p = np.full(2874, 0.25) + on * moved
        said = np.where(np.arange(2874) < on * changed, "yes", "no")
        rows = {"row": range(2874), "model": "net", "fold": 0, "truth": "no", "prediction": said}
        rows |= {"probability_no": 1 - p, "probability_yes": p}
        pd.DataFrame(rows).to_csv(folder / "baselines_predictions.csv", index=False)
        spread = np.tile([-1.0, 1.0], 5)
        half = half_widths(scores_of(spread), SIZES)["half"].iloc[0]
        loss = scores_of(0.0435 + 0.0125 * (spread / half + on * of_half))
        for stem in ("baselines", "ablation"):
            loss.to_csv(folder / f"{stem}.csv", index=False)
        folders.append(folder)
    wide = parse_study_with(study, {"changed_classes": 3})
    rules = statistical_rules(*folders, wide, SIZES)
    assert all(holds for holds, _ in rules) is accepted, rules


def scores_of(values: np.ndarray) -> pd.DataFrame:
    rows = {"model": "net", "repeat": 0, "fold": range(len(values)), "metric": "log_loss"}
    return pd.DataFrame(rows | {"value": values})


def parse_study_with(study, statistical: dict[str, float]):
    limits = type(study.tolerances)(statistical=statistical)
    return study.model_copy(update={"tolerances": limits})


def test_no_predictions_no_verdict(study, tmp_path: Path):
    for stem in ("baselines", "ablation"):
        scores_of(np.arange(4.0)).to_csv(tmp_path / f"{stem}.csv", index=False)
    rules = statistical_rules(tmp_path, tmp_path, parse_study_with(study, {}), SIZES)
    assert [text for holds, text in rules if not holds] == [
        "baselines_predictions.csv is not on both sides"
    ]


# --- with the widest tolerances, on fits of the example's models

WIDEST = """
[tolerances]
default = 1e-5
metrics = { roc_auc = 1.0, brier = 1.0, mcc = 1.0 }
statistical = { changed_classes = 1000 }
"""


def component_off(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(models, "StandardScaler", FunctionTransformer)


def labels(patch: pytest.MonkeyPatch) -> None:
    fit = fits.fit_task

    def with_one_label_flipped(task, table, study):
        y = table.y.copy()
        first = task.fold.train[0]
        y.iloc[first] = next(name for name in study.data.classes if name != y.iloc[first])
        return fit(task, replace(table, y=y), study)

    patch.setattr(fits, "fit_task", with_one_label_flipped)


def seed(patch: pytest.MonkeyPatch) -> None:
    fix = fits.fix_random_state
    patch.setattr(fits, "fix_random_state", lambda model, seed: fix(model, seed + 1))


def penalty(patch: pytest.MonkeyPatch) -> None:
    kind = models.LogisticRegression
    patch.setattr(models, "LogisticRegression", lambda C=1.0, **how: kind(C=C * 1.1, **how))


def moved(by: float):
    def change(patch: pytest.MonkeyPatch) -> None:
        predict = fits.predict_with

        def noisy(model, X, classes):
            said, p = predict(model, X, classes)
            if "Logistic" in repr(model):
                off = by * np.cos(np.arange(len(p))) * p.min(axis=1)
                p = p + np.stack([off, -off], axis=1)
            return said, p

        patch.setattr(fits, "predict_with", noisy)

    change.__name__ = f"moved by {by}"
    return change


@pytest.fixture(scope="module")
def base(shared_folder: Path, make) -> Path:
    """A tiny study with the widest tolerances, its scores and predictions made."""
    path = shared_folder / "study.toml"
    path.write_text(path.read_text("utf-8") + WIDEST, encoding="utf-8")
    for name in ("baselines", "ablation"):
        make(name, shared_folder)
    return shared_folder


def verdict(base: Path, make, change) -> tuple[Near, bool, list]:
    """Make the results again after a change; return what is near, whether texts are made again."""
    kept, made = base / change.__name__, base / "made"
    if not kept.exists():
        with pytest.MonkeyPatch.context() as patch:
            change(patch)
            for script in ("baselines", "ablation"):
                make(script, base, kept.name)
    shutil.rmtree(made, ignore_errors=True)
    shutil.copytree(kept, made)
    again = []
    with open_run(base / "study.toml", workers=1) as run:
        near = take_near(run, made, lambda: again.append(True))
    left = near.words + [d for one in near.compared.values() for d in one.differences]
    return near, bool(again), left


@pytest.mark.parametrize("change", [component_off, labels, seed, penalty])
def test_with_the_widest_tolerances_a_changed_model_is_seen(base: Path, make, change):
    near, _, left = verdict(base, make, change)
    assert not near.statistical
    assert any(one.file == "baselines_predictions.csv" for one in left)
    assert "Nor are they statistically the same" in near.notes[-1]


def test_what_another_processor_moves_is_accepted_and_shown_again(base: Path, make):
    near, again, left = verdict(base, make, moved(0.0))
    assert (near.used(), again, left, near.statistical) == ({}, False, [], "")

    near, again, left = verdict(base, make, moved(1e-6))
    assert (again, left, near.statistical) == (True, [], "")
    assert set(near.used()) == {"", "brier"}
    assert 0 < near.used()["brier"].share < 0.1
    assert "Of the tolerance of brier, " in "\n".join(near.lines())
    assert "tolerances.metrics.mcc is 1; " in "\n".join(near.notes)

    near, again, left = verdict(base, make, moved(1e-3))
    assert (again, left) == (True, [])
    assert "0 of 48 have another class" in near.statistical
    assert "baselines_predictions.csv were not judged" in near.statistical


def test_a_decision_that_changes_is_no_matter_of_tolerance(base: Path, make):
    """The numbers are near, the word is not."""
    committed = base / "results" / "baselines_comparison.csv"
    text = committed.read_text("utf-8")
    word = text.splitlines()[1].rpartition(",")[2]
    other = "worse" if word == "better" else "better"
    committed.write_text(text.replace(f",{word}\n", f",{other}\n", 1), encoding="utf-8")
    try:
        near, _, left = verdict(base, make, moved(1e-6))
    finally:
        committed.write_text(text, encoding="utf-8")
    assert [(d.file, d.column, d.committed, d.made) for d in left] == [
        ("baselines_comparison.csv", "decision", other, word)
    ]
    assert near.words == left


def test_what_is_calculated_is_calculated_from_the_committed_scores(base: Path, make):
    """Otherwise a p-value, which has no interval, would need a tolerance of its own."""
    _, again, left = verdict(base, make, moved(1e-3))
    name = "baselines_comparison.csv"
    kept, made, committed = (base / f / name for f in ("moved by 0.001", "made", "results"))
    assert (again, left) == (True, [])
    assert made.read_bytes() == committed.read_bytes()
    assert kept.is_file()
