"""What a random split would have reported, next to the split that fits the claim."""

from __future__ import annotations

import pandas as pd

from ..config.metrics import Metric
from ..config.study import Split, Study
from ..split.claims import claim_of
from .numbers import interval_text
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
    verdict = f"too good by {one['flattery']:.3f}" if one["flattery"] > 0 else "no better"
    return (
        f"A random split would have reported {study.primary.label} {one['random']:.3f} for "
        f"{study.models.candidate}, {verdict}: the split that fits the claim reports "
        f"{one['value']:.3f}."
    )


def claim_texts(table: pd.DataFrame) -> pd.DataFrame:
    """Return the comparison as text, a row per model."""
    rows = {
        one.model: {
            "reported": interval_text(one.value, one.low, one.high),
            "random": interval_text(one.random, one.random_low, one.random_high),
            "random looks better by": f"{one.flattery:+z.3f}",
        }
        for one in table.itertuples(index=False)
    }
    return pd.DataFrame.from_dict(rows, orient="index")
