"""Importances with their intervals, in tables and in words."""

from __future__ import annotations

import tomllib
from collections import Counter
from pathlib import Path

import pandas as pd

from ..config.metrics import Metric, decimals, interval_text, written
from ..config.study import Study
from ..explain.feature_groups import TIED
from ..explain.summary import (
    NOISE,
    drawn_words,
    feature_count,
    group_names,
    shuffles_per_fold,
)
from ..statistics.corrected import mean_interval
from .numbers import interval_macros, macro_name

NOTES = tomllib.loads(Path(__file__).with_name("notes.toml").read_text(encoding="utf-8"))
WEIGHTS = NOTES["weights"]


def importance_texts(table: pd.DataFrame, groups: pd.DataFrame, metric: Metric) -> pd.DataFrame:
    """Return importances as text, a row per feature, for the noise, and per group."""
    members, rows = group_names(groups), {}
    for one in table.itertuples(index=False):
        label = one.name
        if one.kind == "group":
            label = f"group {one.name} together: {members[one.group]}"
        elif one.kind != "feature":
            label = "*random numbers*" if one.kind == "noise" else f"the other {one.name} together"
        training = (one.training, one.training_low, one.training_high)
        rows[label] = {
            "held-out rows": interval_text(one.value, one.low, one.high, metric.digits(4)),
            "training rows": interval_text(*training, metric.digits(4)),
            "group": str(one.group) if one.group and one.kind == "feature" else "",
        }
    return pd.DataFrame.from_dict(rows, orient="index")


def importance_note(table: pd.DataFrame, groups: pd.DataFrame, study: Study, **sizes: float) -> str:
    """Say what the importances show, and what they do not."""
    noise = table.set_index("kind").loc["noise"]
    features = table[table["kind"] == "feature"]
    above = features.loc[features["low"] > max(0.0, noise["high"]), "name"].tolist()
    parts = ["importance", *["left_out"] * ("rest" in set(table["kind"])), "noise"]
    if noise["value"] == noise["training"] == 0:
        parts.append("unused_noise")
    if len(groups):
        parts.append("groups")
    return " ".join(NOTES[part] for part in [*parts, "limits"]).format(
        metric=study.primary.named,
        folds=study.split.folds * study.split.repeats,
        shuffles=shuffles_per_fold(study.split, feature_count(table)),
        above=", ".join(above) or "none",
        noise=NOISE,
        tied=TIED,
        drawn=drawn_words(table, **sizes),
        **left_out_words(table),
    )


def left_out_words(table: pd.DataFrame) -> dict[str, str]:
    """Return how many features there are, how many were shuffled alone, and how many not."""
    count, alone = feature_count(table), (table["kind"] == "feature").sum()
    return {"features": f"{count:,}", "alone": f"{alone:,}", "rest": f"{count - alone:,}"}


def weight_note(table: pd.DataFrame) -> str:
    """Say what coefficients and tree importances are, and of how many features they are listed."""
    more = [NOTES["weights_left_out"]] * ("rest" in set(table["kind"]))
    return " ".join([WEIGHTS, *more]).format(**left_out_words(table))


def weight_table(weights: pd.DataFrame, digits: int | None, **sizes: float) -> pd.DataFrame:
    """Return coefficients and tree importances with 95 % intervals over folds, as text."""
    columns: dict[str, dict[str, str]] = {}
    order: dict[str, float] = {}
    for (model, feature), part in weights.groupby(["model", "feature"], sort=False):
        kind = next((one for one in part["kind"] if one != "coefficient"), None)
        values = part["value"].abs() if kind else part["value"]
        mean, low, high = mean_interval(values, **sizes)
        text = interval_text(mean, low, high, 3 if kind == "trees" else digits)
        sign, mark = ("", f" ({kind})") if kind else ("" if text[0] == "-" else "+", "")
        columns.setdefault(model, {})[feature] = f"{sign}{text}{mark}"
        order.setdefault(feature, abs(round(mean, decimals(12, abs(mean)))))
    table = pd.DataFrame(columns).fillna("")
    return table.loc[sorted(table.index, key=lambda name: -order[name])]


def importance_macros(table: pd.DataFrame, metric: Metric) -> dict[str, str]:
    """Name the importances on held-out rows for the paper, each with its interval's ends.

    Features that would get one name between them, such as ``pm2.5`` and ``pm25``, get none.
    """
    features, noise = table[table["kind"] == "feature"], table[table["kind"] == "noise"]
    named = [("ImportanceLeading", features.iloc[0]), ("ImportanceNoise", noise.iloc[0])]
    named += [(macro_name("importance", "of", one["name"]), one) for _, one in features.iterrows()]
    times = Counter(name for name, _ in named)
    found = {"LeadingFeature": str(features.iloc[0]["name"])}
    for name, one in named:
        if times[name] == 1:
            found |= interval_macros(name, written(one[["value", "low", "high"]], metric.digits(4)))
    return found
