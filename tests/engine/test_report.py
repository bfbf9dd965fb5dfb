"""Tables say what the numbers say, in the order and with the bounds that readers expect."""

import pandas as pd
from example_study import STUDY
from reproml.statistics.comparison import mean_interval
from reproml.write.latex import to_tabular
from reproml.write.tables import (
    comparison_table,
    direction_note,
    primary_table,
    score_intervals,
    score_table,
    to_markdown,
    to_page,
)

VALUES = [0.97, 1.0, 1.0, 0.99]
SCORES = pd.DataFrame(
    {
        "model": ["zebra"] * 8 + ["ant"] * 8,
        "repeat": 0,
        "fold": [0, 1, 2, 3] * 4,
        "metric": (["roc_auc"] * 4 + ["brier"] * 4) * 2,
        "value": [*VALUES, *(1 - v for v in VALUES)] * 2,
    }
)


def test_models_keep_their_order_and_intervals_end_where_the_metric_does():
    metrics = {name: STUDY.metrics[name] for name in ("roc_auc", "brier")}
    intervals = score_intervals(SCORES, metrics, n_train=300, n_test=100)
    table = score_table(intervals, metrics)
    assert list(table.index) == ["zebra", "ant"]
    assert list(table.columns) == ["ROC AUC", "Brier score"]
    mean, low, high = mean_interval(VALUES, n_train=300, n_test=100)
    assert high > 1  # the t interval knows nothing of the bound
    assert table.loc["ant", "ROC AUC"] == f"{mean:.3f} [{low:.3f}, 1.000]"
    assert table.loc["ant", "Brier score"].startswith("0.010 [0.000, ")


def test_the_direction_of_every_metric_is_said():
    metrics = {name: STUDY.metrics[name] for name in ("mae", "r2")}
    assert direction_note(metrics) == "Higher is better: R2. Lower is better: MAE."


def test_a_tiny_p_is_not_written_as_zero():
    row = {"baseline": ["dummy"], "difference": [0.1], "low": [0.05], "high": [0.15]}
    shares = {"p_a_over_b": [1.0], "p_a_over_b_low": [0.9], "p_a_over_b_high": [1.0]}
    table = comparison_table(
        pd.DataFrame(row | {"p": [1e-9], "p_holm": [0.0014]} | shares), STUDY.metrics["roc_auc"]
    )
    assert table.loc["dummy"].tolist() == [
        "0.1000 [0.0500, 0.1500]",
        "<0.001",
        "0.001",
        "1.00 [0.90, 1.00]",
    ]


def test_the_decision_stands_last():
    row = {"baseline": ["dummy"], "difference": [0.1], "low": [0.05], "high": [0.15]}
    shares = {"p_a_over_b": [1.0], "p_a_over_b_low": [0.9], "p_a_over_b_high": [1.0]}
    decided = pd.DataFrame(row | {"p": [1e-9], "p_holm": [0.01]} | shares | {"decision": "better"})
    assert comparison_table(decided, STUDY.metrics["roc_auc"]).iloc[0].tolist()[-1] == "better"


def test_the_short_table_has_the_primary_metric_and_the_decision_against_each_baseline(study):
    rows = [(m, n, 0.75, 0.5, 1.0) for m in study.metrics.names for n in study.models.names]
    intervals = pd.DataFrame(rows, columns=["metric", "model", "mean", "low", "high"])
    names = ["dummy", "linear", "forest"]
    words = ["better", "not distinguishable", "worse"]
    table = primary_table(intervals, pd.DataFrame({"baseline": names, "decision": words}), study)
    assert list(table.index) == study.models.names
    assert table.columns[0] == "ROC AUC (higher is better)"
    assert set(table.iloc[:, 0]) == {"0.750 [0.500, 1.000]"}
    assert table.iloc[:, 1].tolist() == [*words, ""]


def test_intervals_are_small_in_markdown_and_in_a_line_in_latex():
    cells = ["0.5 [-0.1, 1.0]", "0.2 [0.1, 0.3] (curve)", "a [b, c] | d", "none"]
    frame = pd.DataFrame({"A": cells}, index=list("abcd"))
    assert to_markdown(frame, "Of").splitlines()[2:] == [
        "| a | 0.5<br><small>[-0.1, 1.0]</small> |",
        "| b | 0.2<br><small>[0.1, 0.3]</small> (curve) |",
        "| c | a [b, c] \\| d |",
        "| d | none |",
    ]
    assert "small" not in to_tabular(frame, "Of")


def test_a_long_note_is_folded_and_keeps_its_text():
    frame = pd.DataFrame({"A": ["1"]}, index=["a"])
    assert to_page(frame, "Of", "First.", "Short.").split("\n\n")[::2] == ["First.", "Short.\n"]
    long = "p < 0.05 & so on. " * 20
    folded = to_page(frame, "Of", note=long).partition('<details class="note">\n')[2]
    assert folded.startswith(
        "<summary>How to read this table</summary>\n<p>p &lt; 0.05 &amp; so on."
    )
    assert folded.endswith("</p>\n</details>\n")
