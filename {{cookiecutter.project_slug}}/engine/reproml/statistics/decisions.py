"""Puts paired comparisons into words: better, worse, or not distinguishable.

Two questions are asked, and a difference is claimed only where both say yes. Is it there at all?
The corrected t-test, adjusted for the number of comparisons, answers that. Does it matter, that is,
would the candidate win again in most repetitions? P(A>B) answers that (Bouthillier et al. 2021).
Each alone is too easy: with enough folds the smallest difference becomes significant, and P(A>B)
takes folds for independent.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from ..config.metrics import Metric
from .corrected import LEVEL

ALPHA = 0.05  # a Holm p at or above it claims nothing
EVEN = 0.5  # P(A>B) of two equally good models: the near end of its interval must be beyond it
MATTERS = 0.75  # and the far end beyond this (Bouthillier et al. 2021)
FEWEST = 4  # pairs: with fewer, the interval reaches over EVEN even where all are won

LINEAR = "linear"  # the baseline that a candidate has to be worth more than
DUMMY = "dummy"  # the one that learns nothing
ROUNDING = 1e-9  # of the largest difference: smaller ones are none

BETTER, WORSE, ALIKE, NO_WIN = "better", "worse", "not distinguishable", "ahead but no win"
WORDS = {BETTER: "better than", WORSE: "worse than", ALIKE: f"{ALIKE} from", NO_WIN: "ahead of"}

RULES = (
    f"Better means both: the corrected {LEVEL * 100:.0f} % interval of the difference lies above 0 "
    f"with a Holm-adjusted p below {ALPHA:.2f}, and the interval of P(A>B) begins above {EVEN} and "
    f"ends above {MATTERS}. Worse is the mirror image. All else is not distinguishable, which does "
    f"not mean equal. {NO_WIN.capitalize()}: better, but than a baseline whose mean score is no "
    f"better than that of {DUMMY}, which learns nothing."
)


def decide(comparison: pd.DataFrame) -> pd.DataFrame:
    """Add to comparisons of a candidate with baselines a column decision, under ``RULES``."""
    certain = comparison["p_holm"] < ALPHA
    better = certain & (comparison["low"] > 0)
    better &= (comparison["p_a_over_b_low"] > EVEN) & (comparison["p_a_over_b_high"] > MATTERS)
    worse = certain & (comparison["high"] < 0)
    worse &= (comparison["p_a_over_b_high"] < EVEN) & (comparison["p_a_over_b_low"] < 1 - MATTERS)
    decision = pd.Series(ALIKE, index=comparison.index).mask(better, BETTER).mask(worse, WORSE)
    decision = decision.mask(better & comparison["baseline"].isin(no_better(comparison)), NO_WIN)
    return comparison.assign(decision=decision)


def no_better(comparison: pd.DataFrame) -> list[str]:
    """Name the baselines that are no better than the dummy: the candidate is as far ahead of them.

    >>> no_better(pd.DataFrame({"baseline": ["dummy", "forest"], "difference": [0.1, 0.3]}))
    ['forest']
    """
    ahead = comparison.set_index("baseline")["difference"]
    enough = ahead.get(DUMMY, float("inf")) - ROUNDING * ahead.abs().max()
    return [name for name in ahead.index[ahead >= enough] if name != DUMMY]


def explain(decided: pd.DataFrame, candidate: str, metric: Metric) -> list[str]:
    """Say each decision in a sentence, with the numbers that it rests on.

    >>> from small_study import CODE
    >>> comparison = pd.DataFrame({
    ...     "baseline": ["linear"], "difference": [0.01], "low": [-0.01], "high": [0.03],
    ...     "p_holm": [0.2], "p_a_over_b": [0.8], "p_a_over_b_low": [0.6],
    ...     "p_a_over_b_high": [0.9], "pairs": [30],
    ... })
    >>> print(*explain(decide(comparison), "candidate", CODE.metrics["roc_auc"]))
    candidate is not distinguishable from linear: ROC AUC ahead by 0.0100 [-0.0100, 0.0300], \
p (Holm) 0.200, P(A>B) 0.80 [0.60, 0.90].
    """
    return [_sentence(one, candidate, metric) for one in decided.itertuples(index=False)]


def headline(decided: pd.DataFrame, candidate: str) -> str:
    """Say what a reader has to know first: whether the candidate is better than a linear model."""
    decisions = dict(zip(decided["baseline"], decided["decision"], strict=True))
    beaten, weak = [name for name in decisions if decisions[name] == BETTER], no_better(decided)
    if LINEAR not in decisions:
        text = (
            f"No baseline is called {LINEAR}: if {candidate} is worth more than that is not known."
        )
    elif decisions[LINEAR] in (BETTER, NO_WIN):
        others = set(decisions.values()) - {BETTER, NO_WIN}
        text = f"{candidate} is better than {listed(beaten)}"
        text += ", not shown to be better than the others." if others else "."
        if not beaten:
            text = f"{candidate} is better than no model that has learnt anything."
    else:
        how = "better than" if decisions[LINEAR] == WORSE else f"{ALIKE} from"
        text = f"The linear model is {how} {candidate}."
        if LINEAR not in weak:
            text += f" Publish the linear model, or say what else speaks for {candidate}."
    if weak:
        text += f" No win counts over {listed(weak)}: no better than {DUMMY}, which learns nothing."
    return text


def _sentence(one: Any, candidate: str, metric: Metric) -> str:
    why = f" (no win: no better than {DUMMY})" if one.decision == NO_WIN else ""
    p = "<0.001" if one.p_holm < 0.001 else f"{one.p_holm:.3f}"
    text = (
        f"{candidate} is {WORDS[one.decision]} {one.baseline}{why}"
        f": {metric.label} ahead by {metric.text(one.difference, one.low, one.high, 4)}, "
        f"p (Holm) {p}, P(A>B) "
        f"{one.p_a_over_b:.2f} [{one.p_a_over_b_low:.2f}, {one.p_a_over_b_high:.2f}]"
    )
    if one.pairs < FEWEST:
        return f"{text}. With {one.pairs} pairs of scores nothing can be claimed."
    return f"{text}."


def listed(names: list[str]) -> str:
    """Return names as a sentence takes them: "dummy, linear and forest", or "none"."""
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]])) or "none"
