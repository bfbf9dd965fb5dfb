"""What a random split would have reported, next to the split that fits the claim."""

from __future__ import annotations

import pandas as pd

from ..config.metrics import Metric, with_unit, written
from ..config.study import Split, Study
from ..split.claims import claim_of
from .tables import score_intervals


def random_split(split: Split) -> Split:
    """Return the split that takes rows for independent, otherwise like the study's."""
    return split.model_copy(update={"dependence": "independent", "gap": 0, "block": 0.0})


def claim_table(
    scores: pd.DataFrame,
    random: pd.DataFrame,
    metrics: dict[str, Metric],
    sizes: dict[str, float],
    random_sizes: dict[str, float],
) -> pd.DataFrame:
    """Put the scores of both splits side by side, with what the random one adds to a model's skill.

    ``flattery`` is positive where the random split makes the model look better, whatever the
    metric's direction. ``metrics`` holds the primary one alone; sizes are ``n_train``, ``n_test``.
    """
    ours = score_intervals(scores, metrics, **sizes).rename(columns={"mean": "value"})
    other = score_intervals(random, metrics, **random_sizes).rename(
        columns={"mean": "random", "low": "random_low", "high": "random_high"}
    )
    table = ours[["model", "metric", "value", "low", "high"]].merge(other, on=["model", "metric"])
    gain = table["random"] - table["value"]
    table["flattery"] = gain if next(iter(metrics.values())).higher_is_better else -gain
    return table


def claim_note(table: pd.DataFrame, study: Study) -> str:
    """Say how much better a random split would have made the candidate look."""
    claim = claim_of(study.split)
    if claim.random:
        return (
            f"The claim is about {claim.about}, so the random split is the one that is "
            "reported: there is nothing to compare."
        )
    one = table.set_index("model").loc[study.models.candidate]
    reported, random, gain = (numbers[0] for numbers in _numbers(one, study.primary))
    verdict = f"too good by {gain}" if one["flattery"] > 0 else "no better"
    return (
        f"A random split would have reported {study.primary.label} {random} for "
        f"{study.models.candidate}, {verdict}: the split that fits the claim reports "
        f"{reported}."
    )


def claim_texts(table: pd.DataFrame, metric: Metric) -> pd.DataFrame:
    """Return the comparison as text, a row per model."""
    rows = {}
    for _, one in table.iterrows():
        reported, random, gain = _numbers(one, metric)
        rows[one["model"]] = {
            with_unit("reported", metric.unit): "{} [{}, {}]".format(*reported),
            with_unit("random", metric.unit): "{} [{}, {}]".format(*random),
            "random looks better by": gain[0] if gain[0].startswith("-") else f"+{gain[0]}",
        }
    return pd.DataFrame.from_dict(rows, orient="index")


def _numbers(one: pd.Series, metric: Metric) -> list[list[str]]:
    """Write both scores, and what the random split adds: with the digits of what is reported."""
    gain = [one["flattery"] + part * (one["high"] - one["low"]) for part in (0, -0.5, 0.5)]
    ends = [one[["value", "low", "high"]], one[["random", "random_low", "random_high"]], gain]
    return [written(numbers, metric.digits()) for numbers in ends]
