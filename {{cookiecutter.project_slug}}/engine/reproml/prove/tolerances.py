"""How far scores may be off: no further than their intervals make harmless.

And whether results that differ by more are statistically the same: for training that another
processor changes beyond the last bits.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd

from ..config.study import Study
from ..statistics.corrected import mean_interval

NUMBERS = ("repeat", "fold", "value", "spread", "half")  # a table's other columns are names
SCORES = ("baselines.csv", "ablation.csv")
PREDICTIONS = ("baselines_predictions.csv", "predictions.csv")
COUNTED = ("confusion.csv", "calibration.csv")  # a changed class or rank makes other rows
COUNTED = (*PREDICTIONS, *COUNTED, *(f"baselines_{name}" for name in COUNTED))
PER_CHANGE = 1000  # predictions for each class that may change


def half_widths(table: pd.DataFrame, sizes: dict[str, float], unit: float = 1.0) -> pd.DataFrame:
    """Return a table of scores with the half-width of each row's 95 % interval; 0 without one.

    >>> scores = {"model": "ridge", "fold": ["0", "1"], "metric": "mae", "value": ["2.0", "2.5"]}
    >>> half_widths(pd.DataFrame(scores), {"n_train": 2, "n_test": 1})["half"].round(3).tolist()
    [4.492, 4.492]
    """

    def half_width(values: pd.Series) -> float:
        if len(values) < 2 or not np.isfinite(values).all():
            return 0.0
        mean, low, _ = mean_interval(values, **sizes)
        return mean - low

    table = table.assign(half=0.0)
    numbers = table.columns.intersection(["value", "low", "high"])
    table[numbers] = table[numbers].apply(pd.to_numeric, errors="coerce")
    if {"metric", "value", "fold"} <= set(table):
        names = [name for name in table if name not in NUMBERS]
        table["half"] = table.groupby(names)["value"].transform(half_width)
    elif {"metric", "value", "low", "high"} <= set(table):
        table["half"] = ((table["high"] - table["low"]) / 2).fillna(0.0)
    table["size"] = table[numbers].abs().max(axis=1).clip(lower=unit)  # tolerances are relative
    return table


def too_wide(scores: pd.DataFrame, study: Study, sizes: dict[str, float]) -> list[str]:
    """Say which declared tolerances are wider than the intervals of scores allow."""
    limits, half = study.tolerances, half_widths(scores, sizes).groupby("metric")["half"].max()
    widest = (limits.share * half).clip(lower=limits.default)
    return [
        f"tolerances.metrics.{metric} is {declared:g}; no model's interval allows more than "
        f"{widest[metric]:.2g}, {limits.share:g} of its half-width: verify used what each allows."
        for metric, declared in sorted(limits.metrics.items())
        if declared > widest.get(metric, math.inf)
    ]


def statistical_rules(
    old: Path, new: Path, study: Study, sizes: dict[str, float]
) -> list[tuple[bool, str]]:
    """Compare fold predictions and mean scores; return whether each rule holds, and in words."""
    found = []
    for name in PREDICTIONS:
        if name == PREDICTIONS[0] or (old / name).is_file():
            found += _prediction_rules(name, old / name, new / name, study)
    limits = study.tolerances
    for name in SCORES:
        if not all((folder / name).is_file() for folder in (old, new)):
            continue
        tables = (half_widths(pd.read_csv(folder / name), sizes) for folder in (old, new))
        groups = (table.groupby(["model", "metric"])[["value", "half"]] for table in tables)
        a, b = (group.mean() for group in groups)
        allowed = (limits.share * np.minimum(a["half"], b["half"])).clip(lower=limits.default)
        moved = ((a["value"] - b["value"]).abs() / allowed).fillna(math.inf)
        text = f"the mean in {name} that moved most ({', '.join(moved.idxmax())}) used "
        text += f"{moved.max():.2g} of what is allowed, {limits.share:g} of its half-width"
        found.append((bool(moved.max() <= 1), text))
    return found


def _prediction_rules(name: str, old: Path, new: Path, study: Study) -> list[tuple[bool, str]]:
    if not (old.is_file() and new.is_file()):
        return [(False, f"{name} is not on both sides")]
    limits, a, b = study.tolerances.statistical, pd.read_csv(old), pd.read_csv(new)
    said = [column for column in a if column.startswith("probability_")] or ["prediction"]
    names = a.columns.difference(["prediction", *said])
    if list(a) != list(b) or not a[names].equals(b[names]):
        return [(False, f"{name} has other rows, folds or truths")]
    spread, unit = (1.0, "") if study.data.classes else (a["truth"].std(), " standard deviations")
    n_rows = len(a) // a["model"].nunique()
    change = ((a[said] - b[said]).abs().max(axis=1) / spread).groupby(a["model"]).mean()
    text = f"predictions in {name} moved by {change.max():.2g}{unit} in the mean ({change.idxmax()}"
    rules = [(change.max() <= limits.mean_change, f"{text}; at most {limits.mean_change:g})")]
    if study.data.classes:
        changed = (a["prediction"] != b["prediction"]).groupby(a["model"]).sum()
        most = min(limits.changed_classes, math.ceil(n_rows / PER_CHANGE))
        text = f"{changed.max()} of {n_rows} have another class ({changed.idxmax()}"
        rules.append((changed.max() <= most, f"{text}; at most {most})"))
    return rules
