"""A study says the same whatever the units of its features and its target are."""

import hashlib
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from conftest import TRUSTED
from example_study.evaluation import METRICS
from example_study.models import MODELS
from reproml.compute.models import RanksForTrees
from reproml.compute.task import Predictions
from reproml.config.metrics import Metric, written
from reproml.prove.places import typed_by_hand
from reproml.share.model import pack_model, unpack_model
from reproml.split.splits import Fold
from reproml.statistics.diagnostics import fold_predictions
from reproml.statistics.intervals import bootstrap_interval
from reproml.write.importance_tables import weight_table
from reproml.write.latex import tex
from reproml.write.tables import comparison_table, score_table
from sklearn.metrics import r2_score
from sklearn.model_selection import GridSearchCV

RNG = np.random.default_rng(0)
X = pd.DataFrame(RNG.normal(size=(200, 2)), columns=["dose", "age"])
Y = 2 * X["dose"] + X["age"] ** 2
TRAIN, TEST = slice(0, 150), slice(150, 200)


def forest(X: pd.DataFrame, y: pd.Series, task: str = "regression"):
    """Return a forest of the study, fitted on the training rows."""
    model = MODELS["forest"](task).set_params(model__n_estimators=20, model__random_state=0)
    return model.fit(X[TRAIN], y[TRAIN])


def r2(X: pd.DataFrame, y: pd.Series) -> float:
    return r2_score(y[TEST], forest(X, y).predict(X[TEST]))


# The forest -----------------------------------------------------------------------------------


@pytest.mark.parametrize("unit", [2.0**-30, 2.0**-500, 2.0**30])
def test_a_forest_says_the_same_in_every_unit_of_the_target(unit: float):
    plain = forest(X, Y * 2.0**-30).predict(X[TEST])
    assert (forest(X, Y * unit).predict(X[TEST]) / unit == plain * 2.0**30).all() or unit > 1
    assert r2(X, Y * unit) == pytest.approx(r2(X, Y), abs=0.01)


@pytest.mark.parametrize(
    "changed",
    [
        {"dose": 1.7e9 + 10 * X["dose"]},  # seconds since 1970
        {"dose": X["dose"] * 1e39},  # more than 32 bits hold
        {"dose": X["dose"] * 1e300, "age": X["age"] * 1e-300},
        {"dose": X["dose"] * 1e-9},  # gaps that trees do not split
    ],
)
def test_a_forest_says_the_same_in_every_unit_of_a_feature(changed: dict):
    other = X.assign(**changed)
    assert r2(other, Y) == pytest.approx(r2(X, Y), abs=0.01)
    labels = Y.gt(Y.median()).map({True: "yes", False: "no"})
    right = [
        np.mean(forest(rows, labels, "classification").predict(rows[TEST]) == labels[TEST])
        for rows in (X, other)
    ]
    assert min(right) > 0.9


def test_a_target_far_from_zero_keeps_its_digits():
    assert r2(X, Y + 1e9) == pytest.approx(r2(X, Y), abs=0.01)


def test_a_feature_that_trees_can_hold_keeps_its_bits_and_a_far_row_is_no_crash():
    steps = RanksForTrees().fit(X.to_numpy())
    assert steps.transform(X).tobytes() == X.to_numpy().tobytes()
    model = forest(X, Y)
    assert np.isfinite(model.predict(X[TEST].assign(dose=1e300))).all()


def test_a_forest_of_any_unit_is_shared_and_tuned(tmp_path: Path):
    rows, y = X.assign(dose=1.7e9 + 10 * X["dose"]), Y * 1e-9
    model = forest(rows, y)
    trusted = [*TRUSTED, "sklearn.tree._tree.Tree"]
    again = unpack_model(pack_model(model, trusted), trusted)
    assert again.predict(rows[TEST]).tobytes() == model.predict(rows[TEST]).tobytes()
    grid = {"model__max_depth": [1, 8]}
    search = GridSearchCV(model, grid, cv=3, error_score="raise").fit(rows[TRAIN], y[TRAIN])
    assert search.best_params_ == {"model__max_depth": 8}
    assert search.best_score_ > 0.8


# How numbers are written ----------------------------------------------------------------------

MAE = METRICS["mae"]


@pytest.mark.parametrize(
    ("numbers", "texts"),
    [
        ((4.2e-5, 3.1e-5, 5.3e-5), ["42.0e-6", "31.0e-6", "53.0e-6"]),
        ((0.000423, 0.000398, 0.000448), ["0.000423", "0.000398", "0.000448"]),
        ((42.339, 38.375, 46.304), ["42.3", "38.4", "46.3"]),
        ((1234.0, 1100.0, 1368.0), ["1234.0", "1100.0", "1368.0"]),
        ((1.234e39, 1.1e39, 1.368e39), ["1.23e+39", "1.10e+39", "1.37e+39"]),
        ((-1e-9, -3e-9, 1e-9), ["-1.0e-9", "-3.0e-9", "1.0e-9"]),
        ((0.0, 0.0, np.inf), ["0.000", "0.000", "inf"]),
        ((0.5, 0.5, 0.5), ["0.500", "0.500", "0.500"]),
        ((0.5, 0.5 - 1e-17, 0.5 + 2e-16), ["0.500000"] * 3),
        ((5e-324, 0.0, 1e-323), ["4.9e-324", "0.0e-324", "9.9e-324"]),
    ],
)
def test_a_score_with_a_unit_has_the_digits_that_its_interval_asks_for(numbers, texts: list[str]):
    assert written(numbers, MAE.digits()) == texts


def test_a_score_without_a_unit_keeps_its_decimals():
    assert [METRICS[name].digits() for name in ("r2", "roc_auc", "mcc", "brier")] == [3] * 4
    assert [METRICS[name].digits() for name in ("mae", "rmse")] == [None] * 2
    negative = Metric(lambda a, b: -1.0, "numbers", True, "Minus MAE", (-np.inf, 0.0))
    assert negative.digits(4) is None


def test_a_table_names_the_unit_and_no_model_has_zeros():
    columns = ["metric", "model", "mean", "low", "high"]
    rows = [("mae", "dummy", 8e-5, 7e-5, 9e-5), ("mae", "linear", 4.2e-5, 3.1e-5, 5.3e-5)]
    metrics = {"mae": replace(MAE, unit="mol")}
    table = score_table(pd.DataFrame(rows, columns=columns), metrics)
    assert table["MAE (mol)"].tolist() == [
        "80.0e-6 [70.0e-6, 90.0e-6]",
        "42.0e-6 [31.0e-6, 53.0e-6]",
    ]


def test_differences_and_weights_have_digits_too():
    row = {"baseline": ["dummy"], "difference": [2e-5], "low": [1e-5], "high": [3e-5]}
    row |= {"p_a_over_b": 1.0, "p_a_over_b_low": 0.9, "p_a_over_b_high": 1.0}
    table = comparison_table(pd.DataFrame(row | {"p": 0.01, "p_holm": 0.01}), MAE)
    assert table.iloc[0, 0] == "20.0e-6 [10.0e-6, 30.0e-6]"
    weights = {"model": "linear", "feature": "dose", "kind": "coefficient"}
    weights = pd.DataFrame(weights | {"value": [-1.0e-5, -1.2e-5]})
    of_numbers, of_classes = (
        weight_table(weights, digits, n_train=20, n_test=10).iloc[0, 0] for digits in (None, 3)
    )
    assert of_numbers == "-11.0e-6 [-29.0e-6, 7.0e-6]"
    assert of_classes.startswith("+0.000")


def test_a_power_of_ten_is_set_as_print_has_it_and_a_checksum_is_not():
    assert tex("-1.2e-9 and 3.0e+12") == (
        r"\ensuremath{-}1.2\ensuremath{\times10^{-9}} and 3.0\ensuremath{\times10^{12}}"
    )
    assert tex("12e45678 a1e-5") == "12e45678 a1e-5"


@pytest.mark.parametrize(
    ("typed", "known"),
    [
        ("an MAE of 1.23e-9", True),
        ("an MAE of 1.23E-9", True),
        ("an MAE of 1.23 × 10⁻⁹", True),  # noqa: RUF001
        ("an MAE of 1.2e-9", True),
        ("an MAE of 0.00000000123", True),
        ("an MAE of 1.24e-9", False),
        ("an MAE of 1.23e-8", False),
        ("an RMSE of 42.3", True),
        ("an RMSE of 42.4", False),
        ("an RMSE of 9.8", False),
    ],
)
def test_a_typed_score_is_known_in_every_unit(tmp_path: Path, typed: str, known: bool):
    macros = {"BaselinesLinearMae": "1.23e-9", "BaselinesLinearRmse": "42.3"}
    text = "".join(rf"\newcommand{{\{name}}}{{{tex(one)}}}" + "\n" for name, one in macros.items())
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "macros.tex").write_text(text, encoding="utf-8")
    (tmp_path / "paper").mkdir()
    (tmp_path / "paper" / "notes.md").write_text(f"It has {typed}.\n", encoding="utf-8")
    differences, warnings, _ = typed_by_hand(tmp_path, tmp_path / "results")
    assert (len(differences), len(warnings)) == ((0, 1) if known else (1, 0))


def test_typed_latex_with_a_power_of_ten_is_one_number(tmp_path: Path):
    (tmp_path / "paper").mkdir()
    text = r"\newcommand{\BaselinesLinearMae}{" + tex("1.23e-9") + "}\n"
    (tmp_path / "macros.tex").write_text(text, encoding="utf-8")
    path = tmp_path / "paper" / "main.tex"
    path.write_text(r"The MAE is $1.23\times10^{-9}$." + "\n", encoding="utf-8")
    assert typed_by_hand(tmp_path, tmp_path)[0] == []
    path.write_text(r"The MAE is $1.23 \times 10^{-8}$." + "\n", encoding="utf-8")
    assert [one.committed for one in typed_by_hand(tmp_path, tmp_path)[0]] == ["1.23e-8"]


# What is rounded ------------------------------------------------------------------------------


def test_predictions_of_a_small_unit_keep_ten_digits():
    fold = Fold(0, 0, np.array([0]), np.arange(200))
    said = Predictions("linear", fold, Y.to_numpy() * 1e-9, None)
    table = pd.DataFrame({"row": np.arange(200), "model": "linear", "truth": Y * 1e-9})
    kept = fold_predictions(table.assign(prediction=said.predicted), [said])
    assert np.allclose(kept["prediction"], said.predicted, rtol=0, atol=1e-18)
    assert (kept["prediction"] != 0).all()


def test_a_bootstrap_interval_scales_with_the_unit():
    said, rows = Y.to_numpy() + RNG.normal(size=200), np.arange(200)
    plain, small = (
        bootstrap_interval("mae", MAE, Y.to_numpy() * unit, said * unit, rows, [], seed=0)
        for unit in (1.0, 1e-13)
    )
    assert np.array(small) * 1e13 == pytest.approx(plain, rel=1e-6)
    assert small[1] < small[0] < small[2]


# A study --------------------------------------------------------------------------------------

TOML = """\
[study]
task = "regression"
seed = 0

[data]
file = "tiny.csv"
sha256 = "CHECKSUM"

[data.columns]
rate = { role = "target", unit = "mol" }
second = { role = "feature" }
age = { role = "feature" }

[split]
dependence = "independent"
folds = 3
repeats = 2

[metrics]
primary = "mae"
others = ["r2"]

[models]
candidate = "forest"
baselines = ["dummy", "linear"]
parameters = { forest = { model__n_estimators = 10 } }

[ablations.no_age]
set = { subset__drop = ["age"] }
removes_columns = true
reason = "Is the age needed?"

[sharing]
trusted_types = TRUSTED

[compute]
workers = 1
"""


@pytest.fixture(scope="module")
def shown(shared_folder: Path, make) -> Path:
    """Return the folder of a study whose target is some 1e-9, with all results but the opening."""
    rows = pd.DataFrame({"rate": Y, "second": 1.7e9 + 10 * X["dose"], "age": X["age"]})
    text = rows.assign(rate=1e-9 * rows["rate"]).to_csv(index=False, lineterminator="\n")
    (shared_folder / "tiny.csv").write_text(text, encoding="utf-8", newline="\n")
    trusted = str([*TRUSTED, "sklearn.tree._tree.Tree"])
    toml = TOML.replace("CHECKSUM", hashlib.sha256(text.encode("utf-8")).hexdigest())
    path = shared_folder / "study.toml"
    path.write_text(toml.replace("TRUSTED", trusted), encoding="utf-8", newline="\n")
    stages = ("leakage", "baselines", "ablation", "claim", "interpretation", "share", "figures")
    for name in (*stages, "report"):
        make(name, shared_folder)
    return shared_folder / "results"


def test_a_study_in_a_small_unit_has_its_forest(shown: Path):
    scores = pd.read_csv(shown / "baselines.csv").query("metric == 'r2'")
    means = scores.groupby("model")["value"].mean()
    assert means["forest"] > means["linear"] + 0.1 > 0.6
    decided = pd.read_csv(shown / "baselines_comparison.csv")
    assert decided["decision"].tolist() == ["better", "better"]


def test_every_place_shows_digits_and_the_unit(shown: Path):
    number = r"\d\.\d+e-9"
    row = rf"\| forest \| {number}<br><small>\[{number}, {number}\]</small> \|"
    for name in ("baselines", "primary"):
        table = (shown / "tables" / f"{name}.md").read_text(encoding="utf-8")
        assert re.search(row, table), table
        assert "| MAE (mol" in table
    for name in ("baselines_comparison", "ablation_comparison", "interpretation"):
        text = (shown / "tables" / f"{name}.md").read_text(encoding="utf-8")
        assert "e-" in text
        assert "0.0000" not in text
    paper = r"\d\.\d+\\ensuremath\{\\times10\^\{-9\}\}"
    for name, pattern in (
        ("macros.tex", rf"\\newcommand\{{\\BaselinesForestMae\}}\{{{paper}\}}"),
        (
            "macros.tex",
            rf"\\newcommand\{{\\CandidateScore\}}\{{{paper} \[{paper}, {paper}\] mol\}}",
        ),
        ("tables/baselines.tex", rf"forest & {paper}"),
        ("figures/baselines.svg", r"MAE \(mol, lower is better\), mean over folds"),
        ("figures/baselines.svg", rf"forest {number} \[{number}, {number}\]"),
        ("figures/differences.svg", r"candidate minus baseline in MAE \(mol\)"),
        ("figures/importance.svg", r"how much MAE \(mol\) gets worse"),
    ):
        text = (shown / name).read_text(encoding="utf-8")
        assert re.search(pattern, text), (name, pattern)


def test_the_card_has_numbers_that_yaml_reads(shown: Path):
    head = yaml.safe_load((shown / "tables" / "card_head.yaml").read_text(encoding="utf-8"))
    error, skill = head["model-index"][0]["results"][0]["metrics"]
    scores = pd.read_csv(shown / "baselines.csv").query("model == 'forest' and metric == 'mae'")
    assert error["value"] == pytest.approx(scores["value"].mean(), rel=0.05)
    assert error["name"].startswith("MAE (mol), mean over folds, 95 % [")
    assert skill["value"] > 0.7
