"""Importances with their intervals, in tables and in words."""

from __future__ import annotations

from collections import Counter

import pandas as pd

from ..config.study import Study
from ..explain.feature_groups import TIED
from ..explain.importance import NOISE, PARTS, shuffles_per_fold
from ..statistics.comparison import mean_interval
from .tables import macro_name

LEADING = 6  # features whose partial dependence is drawn
WEIGHTS = (
    "What the models say of themselves, for those whose last step has coefficients or tree "
    "importances: mean over the folds of the first repeat, with 95 % intervals. A signed number is "
    "a coefficient per standard deviation of the feature: by how much the prediction (of classes: "
    "the log odds) moves. Where several columns are made of a feature, as by splines or "
    "categories, it is the standard deviation of what they add together (curve), which has no "
    "sign; its form is the partial dependence. Trees give the share of their gain on training rows "
    "(trees), which favours features with many values. Coefficients of correlated features share "
    "one effect among them, and may even have opposite signs."
)


def importance_table(
    importances: pd.DataFrame, groups: pd.DataFrame, *, n_train: float, n_test: float
) -> pd.DataFrame:
    """Return every importance with its 95 % interval over folds.

    Parameters
    ----------
    importances : DataFrame
        As `fold_importances` makes it, of all folds.
    groups : DataFrame
        As `correlated_groups` makes it.
    n_train, n_test : float
        Mean fold sizes; intervals are corrected for overlapping training sets.

    Returns
    -------
    DataFrame of shape (n_units, 9)
        Columns kind, name, group (0 is none), value, low, high (held-out rows), training,
        training_low, training_high. Features first, the most important on top, then the noise, then
        groups.

    Examples
    --------
    >>> importances = pd.DataFrame({
    ...     "rows": ["held-out"] * 2 + ["training"] * 2, "kind": "feature", "name": "dose",
    ...     "repeat": 0, "fold": [0, 1] * 2, "metric": "mae", "value": [1.0, 1.2, 1.5, 1.5],
    ... })
    >>> none = pd.DataFrame({"group": [], "feature": []})
    >>> table = importance_table(importances, none, n_train=100, n_test=100)
    >>> table[["name", "value", "low", "high", "training"]].round(2)
       name  value  low  high  training
    0  dose    1.1 -1.1   3.3       1.5
    """
    member = dict(zip(groups["feature"], groups["group"], strict=True))
    rows = []
    for (kind, name), both in importances.groupby(["kind", "name"], sort=False):
        by_part = dict(iter(both.groupby("rows")["value"]))
        ends = [mean_interval(by_part[part], n_train=n_train, n_test=n_test) for part in PARTS]
        group = int(name) if kind == "group" else int(member.get(name, 0))
        rows.append((kind, str(name), group, *ends[0], *ends[1]))
    columns = ["kind", "name", "group", "value", "low", "high"]
    columns += [f"training{end}" for end in ("", "_low", "_high")]
    table = pd.DataFrame(rows, columns=columns)
    order = table["kind"].map({"feature": 0, "noise": 1, "group": 2})
    # rounded, so that the last bits do not order features that are equally important
    keys = pd.DataFrame({"kind": order, "value": -table["value"].round(12)})
    return table.loc[keys.sort_values(["kind", "value"], kind="stable").index].reset_index(
        drop=True
    )


def leading_features(table: pd.DataFrame, most: int = LEADING) -> list[str]:
    """Return the features with the largest importance on held-out rows.

    Parameters
    ----------
    table : DataFrame
        As `importance_table` makes it.
    most : int
        How many at most.

    Returns
    -------
    list of str

    Examples
    --------
    >>> table = pd.DataFrame({"kind": ["feature", "feature", "noise"], "name": ["b", "a", "noise"]})
    >>> leading_features(table)
    ['b', 'a']
    """
    return table.loc[table["kind"] == "feature", "name"].head(most).tolist()


def group_names(groups: pd.DataFrame) -> dict[int, str]:
    """Return each group's features in one text.

    Parameters
    ----------
    groups : DataFrame
        As `correlated_groups` makes it.

    Returns
    -------
    dict of int to str

    Examples
    --------
    >>> group_names(pd.DataFrame({"group": [1, 1], "feature": ["a", "b"]}))
    {1: 'a, b'}
    """
    return {int(number): ", ".join(of) for number, of in groups.groupby("group")["feature"]}


def importance_texts(table: pd.DataFrame, groups: pd.DataFrame) -> pd.DataFrame:
    """Return importances as text, a row per feature, for the noise, and per group.

    Parameters
    ----------
    table : DataFrame
        As `importance_table` makes it.
    groups : DataFrame
        As `correlated_groups` makes it.

    Returns
    -------
    DataFrame of shape (n_units, 3)
        Texts, indexed by what was shuffled.

    Examples
    --------
    >>> table = pd.DataFrame({
    ...     "kind": ["feature", "group"], "name": ["a", "1"], "group": [1, 1], "value": [0.1, 0.3],
    ...     "low": 0.0, "high": 0.5, "training": 0.2, "training_low": 0.1, "training_high": 0.3,
    ... })
    >>> texts = importance_texts(table, pd.DataFrame({"group": [1, 1], "feature": ["a", "b"]}))
    >>> print(texts["held-out rows"].to_string())
    a                        0.1000 [0.0000, 0.5000]
    group 1 together: a, b   0.3000 [0.0000, 0.5000]
    """
    members, rows = group_names(groups), {}
    for one in table.itertuples(index=False):
        label = one.name
        if one.kind == "group":
            label = f"group {one.name} together: {members[one.group]}"
        elif one.kind == "noise":
            label = "*random numbers*"
        training = (one.training, one.training_low, one.training_high)
        rows[label] = {
            "held-out rows": _interval(one.value, one.low, one.high),
            "training rows": _interval(*training),
            "group": str(one.group) if one.group and one.kind == "feature" else "",
        }
    return pd.DataFrame.from_dict(rows, orient="index")


def _interval(mean: float, low: float, high: float) -> str:
    return f"{mean:z.4f} [{low:z.4f}, {high:z.4f}]"


def importance_note(table: pd.DataFrame, groups: pd.DataFrame, study: Study) -> str:
    """Say what the importances show, and what they do not.

    Parameters
    ----------
    table : DataFrame
        As `importance_table` makes it.
    groups : DataFrame
        As `correlated_groups` makes it.
    study : Study
        The configuration.

    Returns
    -------
    str
        Sentences for below the table.

    Examples
    --------
    >>> from ..config.study import Metrics, Split
    >>> table = pd.DataFrame({
    ...     "kind": ["feature", "feature", "noise"], "name": ["dose", "age", "noise"],
    ...     "value": [1.0, 0.1, 0.0], "low": [0.8, -0.1, -0.1], "high": [1.2, 0.3, 0.1],
    ...     "training": [1.5, 1.5, 1.5],
    ... })
    >>> split = Split(dependence="grouped")
    >>> study = Study.model_construct(metrics=Metrics(primary="mae"), split=split)
    >>> note = importance_note(table, pd.DataFrame(), study)
    >>> print(note.partition("model. ")[2].partition(". ")[0])
    Intervals wholly above theirs and above 0: dose
    """
    noise = table.set_index("kind").loc["noise"]
    features = table[table["kind"] == "feature"]
    above = features.loc[features["low"] > max(0.0, noise["high"]), "name"].tolist()
    names = ", ".join(above) if above else "none"
    texts = [
        f"By how much {study.primary.label} gets worse when a feature's values "
        f"are shuffled among the rows: mean over {study.split.folds * study.split.repeats} folds "
        f"({shuffles_per_fold(study.split)} shuffles in each) with 95 % intervals. Held-out rows "
        "say what the skill on new rows rests on; what is larger on training rows (folds of the "
        "first repeat) was learnt and does not carry over.",
        "Random numbers are the yardstick: a column of them, given to a twin of the model. "
        f"Intervals wholly above theirs and above 0: {names}.",
    ]
    if noise["value"] == noise["training"] == 0:
        texts.append(f"The {NOISE} never reached the model, so here it is no yardstick.")
    if len(groups):
        texts.append(
            f"Features of a group are correlated, each with each (rank correlation {TIED} or more "
            "in size). Shuffled alone, each looks less important than it is where another stands "
            "in for it, and more where the model uses their difference, for then rows are made "
            "that never occur. The group's row shuffles all of them together."
        )
    texts.append(
        "This is about the model: another model, as good, may lean on other features, and none of "
        "it says that changing a feature would change the target."
    )
    return " ".join(texts)


def weight_table(weights: pd.DataFrame, *, n_train: float, n_test: float) -> pd.DataFrame:
    """Return what models say of themselves, with 95 % intervals over folds, as text.

    Parameters
    ----------
    weights : DataFrame
        As `model_weights` makes it, with columns model, repeat and fold before.
    n_train, n_test : float
        Mean fold sizes.

    Returns
    -------
    DataFrame of shape (n_features, n_models)
        Texts; the largest of the first model on top. What is no coefficient is marked.

    Examples
    --------
    >>> weights = pd.DataFrame({
    ...     "model": "linear", "feature": ["a", "b"] * 2, "fold": [0, 0, 1, 1],
    ...     "kind": "coefficient", "value": [0.1, -2.0, 0.3, -2.2],
    ... })
    >>> print(weight_table(weights, n_train=100, n_test=100))
                       linear
    b  -2.100 [-4.301, 0.101]
    a  +0.200 [-2.001, 2.401]
    """
    columns: dict[str, dict[str, str]] = {}
    sizes: dict[str, float] = {}
    for (model, feature), part in weights.groupby(["model", "feature"], sort=False):
        kinds = "coefficient" if set(part["kind"]) == {"coefficient"} else part["kind"].iloc[-1]
        mean, low, high = mean_interval(part["value"], n_train=n_train, n_test=n_test)
        mark = "" if kinds == "coefficient" else f" ({kinds})"
        columns.setdefault(model, {})[feature] = f"{mean:+z.3f} [{low:z.3f}, {high:z.3f}]{mark}"
        sizes.setdefault(feature, abs(round(mean, 12)))
    table = pd.DataFrame(columns).fillna("")
    return table.loc[sorted(table.index, key=lambda name: -sizes[name])]


def importance_macros(table: pd.DataFrame) -> dict[str, str]:
    """Name the importances on held-out rows for the paper.

    Parameters
    ----------
    table : DataFrame
        As `importance_table` makes it.

    Returns
    -------
    dict of str to str
        Per feature the importance, and its interval's ends as ``...Low`` and ``...High``; the same
        of the noise and of the leading feature, whose name is ``LeadingFeature``. Features that
        would get one name between them, such as ``pm2.5`` and ``pm25``, get none.

    Examples
    --------
    >>> table = pd.DataFrame({
    ...     "kind": ["feature", "feature", "noise"], "name": ["dose", "age", "noise"],
    ...     "value": [0.31, 0.02, 0.0], "low": [0.25, -0.01, -0.01], "high": [0.37, 0.05, 0.01],
    ... })
    >>> macros = importance_macros(table)
    >>> macros["LeadingFeature"], macros["ImportanceLeading"], macros["ImportanceOfAgeLow"]
    ('dose', '0.3100', '-0.0100')
    """
    features, noise = table[table["kind"] == "feature"], table[table["kind"] == "noise"]
    named = [("ImportanceLeading", features.iloc[0]), ("ImportanceNoise", noise.iloc[0])]
    named += [(macro_name("importance", "of", one["name"]), one) for _, one in features.iterrows()]
    times = Counter(name for name, _ in named)
    found = {"LeadingFeature": str(features.iloc[0]["name"])}
    for name, one in named:
        if times[name] == 1:
            ends = {"": one["value"], "Low": one["low"], "High": one["high"]}
            found |= {f"{name}{end}": f"{number:z.4f}" for end, number in ends.items()}
    return found
