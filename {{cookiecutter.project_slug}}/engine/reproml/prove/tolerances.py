"""How far scores may be off: no further than the interval that they are reported with makes harmless.

And whether results that differ by more are statistically the same: for training that another
processor changes beyond the last bits.
"""

from __future__ import annotations

import csv
import io
import math
from pathlib import Path

import numpy as np
import pandas as pd

from ..config.study import Study
from ..statistics.corrected import mean_interval
from .compare import Difference

NUMBERS = ("repeat", "fold", "value", "spread")  # of a table of scores; its other columns are names
SCORES = ("baselines.csv", "ablation.csv")
PREDICTIONS = ("baselines_predictions.csv", "predictions.csv")
CLASSES = (*PREDICTIONS, "baselines_confusion.csv", "confusion.csv")  # rows change with a class
PER_CHANGE = 1000  # predictions for each class that may change


def half_widths(text: str, sizes: dict[str, float]) -> pd.DataFrame:
    """Return a table of scores with the half-width of each row's 95 % interval; 0 without one.

    >>> text = "model,repeat,fold,metric,value\\nridge,0,0,mae,2.0\\nridge,0,1,mae,2.5\\n"
    >>> found = half_widths(text, {"n_train": 2, "n_test": 1})
    >>> found[["metric", "value", "half"]].values.tolist()
    [['mae', 2.0, 4.492], ['mae', 2.5, 4.492]]
    """
    rows = list(csv.reader(io.StringIO(text)))
    cells = [dict(zip(rows[0], row, strict=False)) for row in rows[1:]]
    table = pd.DataFrame(cells, columns=rows[0] if rows else []).fillna("")
    table["half"] = 0.0
    if not {"metric", "value"} <= set(table):
        return table
    numbers = [name for name in ("value", "low", "high") if name in table]
    table[numbers] = table[numbers].apply(pd.to_numeric, errors="coerce")
    if "fold" in table:
        names = [name for name in table if name not in (*NUMBERS, "half")]
        table["half"] = table.groupby(names)["value"].transform(_half_width, sizes)
    elif {"low", "high"} <= set(table):
        table["half"] = (table["high"] - table["low"]).fillna(0.0) / 2
    return table


def _half_width(values: pd.Series, sizes: dict[str, float]) -> float:
    if len(values) < 2 or not np.isfinite(values).all():
        return 0.0
    mean, low, _ = mean_interval(values, **sizes)
    return mean - low


def widths(text: str, share: float, sizes: dict[str, float]) -> list[float]:
    """Return the tolerance that each row's interval allows, relative to the larger of 1 and it."""
    table = half_widths(text, sizes)
    if "value" not in table or not table["half"].any():
        return [0.0] * len(table)
    largest = table[[n for n in ("value", "low", "high") if n in table]].abs().max(axis=1)
    return (share * table["half"] / largest.clip(lower=1.0)).fillna(0.0).to_list()


def too_wide(text: str, study: Study, sizes: dict[str, float]) -> list[str]:
    """Say which declared tolerances are wider than the scores' intervals allow."""
    limits, table = study.tolerances, half_widths(text, sizes)
    found = []
    for metric, declared in sorted(limits.metrics.items()):
        half = table.loc[table["metric"] == metric, "half"].max()
        if declared > max(limits.default, limits.share * half):
            found.append(
                f"tolerances.metrics.{metric} is {declared:g}, but no model's interval allows more "
                f"than {max(limits.default, limits.share * half):.2g} ({limits.share:g} of its "
                "half-width): each model's own limit was used."
            )
    return found


def is_number(one: Difference) -> bool:
    """Tell whether a number differs, and nothing that is counted or said in words."""
    try:
        float(one.committed), float(one.made)
    except ValueError:
        return False
    whole = one.committed.lstrip("-").isdigit() and one.made.lstrip("-").isdigit()
    return one.kind == "different" and not whole


def may_differ(one: Difference) -> bool:
    """Tell whether results that are statistically the same may have this difference."""
    return is_number(one) or one.file in CLASSES


def statistical_rules(
    old: Path, new: Path, study: Study, sizes: dict[str, float]
) -> list[tuple[bool, str]]:
    """Compare fold predictions and mean scores; return whether each rule holds, and in words."""
    found = [_predictions(old / name, new / name, study) for name in PREDICTIONS]
    found += [_means(old / name, new / name, study.tolerances.share, sizes) for name in SCORES]
    return [one for rules in found for one in rules]


def _predictions(old: Path, new: Path, study: Study) -> list[tuple[bool, str]]:
    if not old.is_file() and not new.is_file() and old.name != PREDICTIONS[0]:
        return []
    if not (old.is_file() and new.is_file()):
        return [(False, f"there is no {old.name} on both sides")]
    limits, a, b = study.tolerances.statistical, pd.read_csv(old), pd.read_csv(new)
    said = [name for name in a if name.startswith("probability_")] or ["prediction"]
    names = [name for name in a if name not in ("prediction", *said)]
    if list(a) != list(b) or not a[names].equals(b[names]):
        return [(False, f"{old.name} has other rows, folds or truths")]
    spread = 1.0 if study.data.classes else max(a["truth"].std(), np.finfo(float).tiny)
    moved = (a[said] - b[said]).abs().max(axis=1).mean() / spread
    unit = "" if study.data.classes else " standard deviations"
    text = f"predictions in {old.name} moved by {moved:.2g}{unit} in the mean"
    rules = [(moved <= limits.mean_change, f"{text} (at most {limits.mean_change:g})")]
    if study.data.classes:
        changed = int((a["prediction"] != b["prediction"]).sum())
        most = min(limits.changed_classes, math.ceil(len(a) / PER_CHANGE))
        text = f"{changed} of {len(a)} predictions in {old.name} have another class"
        rules.append((changed <= most, f"{text} (at most {most})"))
    return rules


def _means(old: Path, new: Path, share: float, sizes: dict[str, float]) -> list[tuple[bool, str]]:
    if not (old.is_file() and new.is_file()):
        return []
    a, b = (
        half_widths(path.read_text(encoding="utf-8"), sizes)
        .groupby(["model", "metric"])[["value", "half"]]
        .mean()
        for path in (old, new)
    )
    half = np.minimum(a["half"], b["half"]).clip(lower=np.finfo(float).eps)
    moved = ((a["value"] - b["value"]).abs() / half).fillna(np.inf)
    text = f"the mean score in {old.name} that moved most ({' '.join(moved.idxmax())}) did so by "
    text += f"{moved.max():.2g} of its interval's half-width (at most {share:g})"
    return [(bool(moved.max() <= share), text)]
