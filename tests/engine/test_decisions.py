"""A difference is claimed only where the corrected test and P(A>B) both claim it."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from example_study.evaluation import METRICS
from reproml.statistics.comparison import compare_to_baselines
from reproml.statistics.decisions import RULES, decide, explain, headline

MAE = replace(METRICS["mae"], unit="mm")
CLEAR = {
    "baseline": "linear",
    "difference": 0.2,
    "low": 0.1,
    "high": 0.3,
    "p_holm": 0.01,
    "p_a_over_b": 0.9,
    "p_a_over_b_low": 0.8,
    "p_a_over_b_high": 1.0,
    "pairs": 30,
}


def decided(**changes) -> pd.DataFrame:
    return decide(pd.DataFrame([CLEAR | changes]))


def mirrored(one: dict) -> dict:
    """The same comparison seen from the baseline."""
    turned = {"difference": -one["difference"], "low": -one["high"], "high": -one["low"]}
    shares = {
        "p_a_over_b": 1 - one["p_a_over_b"],
        "p_a_over_b_low": 1 - one["p_a_over_b_high"],
        "p_a_over_b_high": 1 - one["p_a_over_b_low"],
    }
    return one | turned | shares


@pytest.mark.parametrize(
    "changes",
    [
        {"p_holm": 0.05},  # one of many comparisons
        {"low": -0.01},
        {"low": 0.0},
        {"p_a_over_b_low": 0.5},  # may be a coin
        {"p_a_over_b_low": 0.55, "p_a_over_b_high": 0.75},  # there, but it would rarely matter
    ],
)
def test_each_condition_is_needed(changes: dict):
    assert decided().loc[0, "decision"] == "better"
    assert decided(**changes).loc[0, "decision"] == "not distinguishable"
    # the mirror image of every case
    assert decided(**mirrored(CLEAR)).loc[0, "decision"] == "worse"
    assert decided(**mirrored(CLEAR | changes)).loc[0, "decision"] == "not distinguishable"


def scores(**values) -> pd.DataFrame:
    rows = [
        (model, 0, fold, "mae", value)
        for model, folds in values.items()
        for fold, value in enumerate(folds)
    ]
    return pd.DataFrame(rows, columns=["model", "repeat", "fold", "metric", "value"])


def compared(table: pd.DataFrame, baselines: list[str]) -> pd.DataFrame:
    options = {"higher_is_better": False, "n_train": 80, "n_test": 20, "seed": 0}
    return decide(compare_to_baselines(table, "new", baselines, "mae", **options))


def test_from_scores_to_words():
    rng = np.random.default_rng(0)
    base = rng.normal(5, 0.1, 30)
    noise = rng.normal(0, 0.1, (3, 30))
    table = scores(
        new=base, dummy=base + 1 + noise[0], linear=base + noise[1], best=base - 1 + noise[2]
    )
    found = compared(table, ["dummy", "linear", "best"])
    assert found["decision"].tolist() == ["better", "not distinguishable", "worse"]
    better, alike, worse = explain(found, "new", MAE)
    assert better.startswith("new is better than dummy: MAE ahead by 1.03 [0.92, 1.13] mm")
    assert alike.startswith("new is not distinguishable from linear: MAE ahead by ")
    assert worse.startswith("new is worse than best: MAE ahead by -1.00")
    assert all("p (Holm)" in text and "P(A>B)" in text for text in (better, alike, worse))
    assert "nothing can be claimed" not in better


def test_three_pairs_claim_nothing_and_say_so():
    found = compared(scores(new=[1.0, 1.1, 1.2], old=[9.0, 9.1, 9.3]), ["old"])
    assert found.loc[0, "p_holm"] < 0.001
    assert found.loc[0, "decision"] == "not distinguishable"
    assert "With 3 pairs of scores nothing can be claimed" in explain(found, "new", MAE)[0]
    found = compared(scores(new=[1.0, 1.1, 1.2, 1.0], old=[9.0, 9.1, 9.3, 9.0]), ["old"])
    assert found.loc[0, "decision"] == "better"  # four wins are the fewest that can


def test_the_linear_model_comes_first():
    table = pd.DataFrame({"baseline": ["dummy", "linear", "forest"], "difference": [0.3, 0.2, 0.1]})

    def first(*decisions: str) -> str:
        return headline(table.assign(decision=list(decisions)), "candidate")

    alike = first("better", "not distinguishable", "better")
    assert alike.startswith("The linear model is not distinguishable from candidate.")
    assert first("better", "worse", "better").startswith("The linear model is better than cand")
    assert first("better", "better", "better") == (
        "candidate is better than dummy, linear and forest."
    )
    assert first("better", "better", "worse") == (
        "candidate is better than dummy and linear, not shown to be better than the others."
    )
    unknown = headline(table.iloc[:1].assign(decision="better"), "candidate")
    assert unknown.startswith("No baseline is called linear")


def test_a_win_over_what_has_learnt_nothing_is_none():
    """A forest that cannot split scores below the dummy, and the candidate above both."""
    rng = np.random.default_rng(0)
    base = rng.normal(5, 0.1, 30)
    table = scores(new=base, dummy=base + 1, linear=base + 0.5, forest=base + 1.2)
    found = compared(table, ["dummy", "linear", "forest"])
    assert found["decision"].tolist() == ["better", "better", "ahead but no win"]
    assert explain(found, "new", MAE)[2].startswith(
        "new is ahead of forest (no win: no better than dummy): MAE ahead by 1.2"
    )
    assert headline(found, "new") == (
        "new is better than dummy and linear. "
        "No win counts over forest: no better than dummy, which learns nothing."
    )


def test_a_linear_model_that_has_learnt_nothing_is_no_advice():
    rng = np.random.default_rng(0)
    base = rng.normal(5, 0.1, 30)
    noise = rng.normal(0, 2, 30)
    found = compared(
        scores(new=base, dummy=base + 1, linear=base + 2 + noise - noise.mean()),
        ["dummy", "linear"],
    )
    assert headline(found, "new") == (
        "The linear model is not distinguishable from new. No win counts over linear: no better "
        "than dummy, which learns nothing."
    )
    alike = compared(scores(new=base, dummy=base, linear=base), ["dummy", "linear"])
    assert alike["decision"].tolist() == ["not distinguishable"] * 2
    assert headline(alike, "new").startswith("The linear model is not distinguishable from new.")
    assert "Publish" not in headline(alike, "new")
    weak = pd.DataFrame({"baseline": ["dummy", "linear"], "difference": [0.1, 0.2]})
    weak["decision"] = ["not distinguishable", "ahead but no win"]
    assert headline(weak, "new").startswith("new is better than no model that has learnt anything.")


def test_without_a_dummy_nothing_is_measured_by_it():
    base = np.random.default_rng(0).normal(5, 0.1, 30)
    found = compared(scores(new=base, linear=base + 1, forest=base + 2), ["linear", "forest"])
    assert found["decision"].tolist() == ["better", "better"]
    assert headline(found, "new") == "new is better than linear and forest."


def test_the_rules_state_their_numbers():
    assert all(number in RULES for number in ("95 %", "0.05", "0.5", "0.75", "Holm", "P(A>B)"))
