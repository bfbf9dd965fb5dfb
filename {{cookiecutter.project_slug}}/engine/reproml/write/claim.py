"""What a random split would have said: the score beside the one that fits the claim."""

from __future__ import annotations

import pandas as pd

from ..config.metrics import Metric
from ..config.study import Split, Study
from .tables import score_intervals


def random_split(split: Split) -> Split:
    """Return the split that takes rows for independent, otherwise like the study's.

    Parameters
    ----------
    split : Split
        The ``[split]`` section.

    Returns
    -------
    Split
        As many folds and repeats, of rows dealt at random.

    Examples
    --------
    >>> random_split(Split(dependence="temporal", folds=3, gap=2))
    Split(dependence='independent', test_size=0.2, folds=3, repeats=1, gap=0, block=0.0)
    """
    return split.model_copy(update={"dependence": "independent", "gap": 0, "block": 0.0})


def claim_table(
    scores: pd.DataFrame,
    random: pd.DataFrame,
    metrics: dict[str, Metric],
    sizes: dict[str, float],
    random_sizes: dict[str, float],
) -> pd.DataFrame:
    """Put the scores of both splits side by side.

    Parameters
    ----------
    scores, random : DataFrame
        Long results (model, repeat, fold, metric, value) of the study's split and of a random one.
    metrics : dict of str to Metric
        The one that is reported, by its name.
    sizes, random_sizes : dict
        ``n_train`` and ``n_test`` of either.

    Returns
    -------
    DataFrame of shape (n_models, 9)
        Columns model, metric, value, low, high; random, random_low, random_high; and flattery: how
        much better the random split makes the model look, positive whatever the metric's direction.

    Examples
    --------
    >>> scores = pd.DataFrame({
    ...     "model": "linear", "repeat": 0, "fold": [0, 1], "metric": "mae", "value": [2.0, 3.0],
    ... })
    >>> from ..config.example import CODE
    >>> sizes, mae = {"n_train": 20, "n_test": 20}, {"mae": CODE.metrics["mae"]}
    >>> claim_table(scores, scores.assign(value=[1.5, 1.7]), mae, sizes, sizes).round(1)
        model metric  value  low  high  random  random_low  random_high  flattery
    0  linear    mae    2.5  0.0  13.5     1.6         0.0          3.8       0.9
    """
    ours = score_intervals(scores, metrics, **sizes)
    other = score_intervals(random, metrics, **random_sizes)
    table = ours.rename(columns={"mean": "value"})[["model", "metric", "value", "low", "high"]]
    other = other.set_index("model").loc[table["model"]].reset_index()
    table["random"], table["random_low"] = other["mean"], other["low"]
    table["random_high"] = other["high"]
    gain = table["random"] - table["value"]
    table["flattery"] = gain if next(iter(metrics.values())).higher_is_better else -gain
    return table


def claim_note(table: pd.DataFrame, study: Study) -> str:
    """Say how much a random split would have flattered the candidate.

    Parameters
    ----------
    table : DataFrame
        As `claim_table` makes it.
    study : Study
        The configuration.

    Returns
    -------
    str
        A sentence or two.

    Examples
    --------
    >>> table = pd.DataFrame({
    ...     "model": ["candidate"], "metric": ["mae"], "value": [7.4], "random": [5.6],
    ...     "flattery": [1.8],
    ... })
    >>> from ..config.example import CODE
    >>> from ..config.study import Metrics, Models
    >>> study = Study.model_construct(
    ...     split=Split(dependence="grouped"), metrics=Metrics(primary="mae"),
    ...     models=Models(candidate="candidate", baselines=["dummy"]),
    ... ).with_code(CODE)
    >>> print(claim_note(table, study))
    A random split would have reported MAE 5.600 for candidate, where the split that fits the \
claim reports 7.400: it flatters by 1.800.
    """
    if study.split.dependence == "independent":
        return (
            "The claim is about more rows of the same kind, so the random split is the one that is "
            "reported: there is nothing to compare."
        )
    one = table.set_index("model").loc[study.models.candidate]
    verdict = f"it flatters by {one['flattery']:.3f}"
    if one["flattery"] <= 0:
        verdict = "it does not flatter here"
    return (
        f"A random split would have reported {study.primary.label} {one['random']:.3f} "
        f"for {study.models.candidate}, where the split that fits the claim reports {one['value']:.3f}: "
        f"{verdict}."
    )


def claim_texts(table: pd.DataFrame) -> pd.DataFrame:
    """Return the comparison as text, a row per model.

    Parameters
    ----------
    table : DataFrame
        As `claim_table` makes it.

    Returns
    -------
    DataFrame of shape (n_models, 3)
        Texts, indexed by model.

    Examples
    --------
    >>> table = pd.DataFrame({
    ...     "model": ["candidate"], "metric": ["mae"], "value": [7.4], "low": [6.2], "high": [8.7],
    ...     "random": [5.6], "random_low": [5.3], "random_high": [5.9], "flattery": [1.8],
    ... })
    >>> print(claim_texts(table).T)
                         candidate
    reported  7.400 [6.200, 8.700]
    random    5.600 [5.300, 5.900]
    flattery                +1.800
    """
    rows = {
        one.model: {
            "reported": f"{one.value:.3f} [{one.low:.3f}, {one.high:.3f}]",
            "random": f"{one.random:.3f} [{one.random_low:.3f}, {one.random_high:.3f}]",
            "flattery": f"{one.flattery:+z.3f}",
        }
        for one in table.itertuples(index=False)
    }
    return pd.DataFrame.from_dict(rows, orient="index")
