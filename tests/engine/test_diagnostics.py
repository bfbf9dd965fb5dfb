"""Confusion, calibration and residuals add up to the predictions that they are made of."""

import numpy as np
import pandas as pd
import pytest
from conftest import fit_study
from reproml.compute.task import Predictions
from reproml.config.columns import Table
from reproml.config.study import Split
from reproml.split.splits import Fold
from reproml.statistics.diagnostics import (
    calibration_table,
    confusion_table,
    error_tables,
    prediction_table,
    prevalence_note,
    residual_quantiles,
    residual_table,
)
from scipy.stats import binomtest
from sklearn.calibration import calibration_curve
from sklearn.metrics import recall_score

RNG = np.random.default_rng(0)
N = 200


def classified(classes: list[str]) -> pd.DataFrame:
    raw = RNG.random((N, len(classes)))
    probability = raw / raw.sum(axis=1, keepdims=True)
    frame = pd.DataFrame({"row": np.arange(1, N + 1), "model": "m"})
    frame["truth"] = RNG.choice(classes, N)
    frame["prediction"] = np.array(classes)[probability.argmax(axis=1)]
    return frame.assign(**{f"probability_{c}": probability[:, i] for i, c in enumerate(classes)})


def test_predictions_stand_beside_the_truth_of_their_row():
    y = pd.Series(["a", "b", "a", "b"], index=[11, 12, 13, 15])
    table = Table(y.to_frame(), y, None, None, None, dropped={})
    fold = Fold(0, 0, np.array([0]), np.array([1, 3]))
    p = np.array([[0.3, 0.7], [0.6, 0.4]])
    said = [Predictions(name, fold, np.array(["b", "a"]), p) for name in ("x", "y")]
    found = prediction_table(said, table, ["a", "b"])
    assert found["row"].tolist() == [12, 15, 12, 15]
    assert found["model"].tolist() == ["x", "x", "y", "y"]
    assert found["truth"].tolist() == ["b", "b", "b", "b"]
    assert found["probability_b"].tolist() == [0.7, 0.4, 0.7, 0.4]


@pytest.mark.parametrize("classes", [["no", "yes"], ["a", "b", "c"]])
def test_the_diagonal_of_a_confusion_is_recall(classes: list[str]):
    predicted = classified(classes)
    found = confusion_table(predicted, classes)
    counts = predicted.value_counts(["truth", "prediction"]).to_dict()
    assert {(one.truth, one.prediction): one.count for one in found.itertuples()} == counts
    recalls = found[found["truth"] == found["prediction"]]["share"]
    expected = recall_score(predicted["truth"], predicted["prediction"], average=None)
    assert recalls.tolist() == pytest.approx(expected)


def test_calibration_is_scikit_learns_with_wilsons_interval():
    predicted = classified(["no", "yes"])
    found = calibration_table(predicted, ["no", "yes"])
    observed, mean = calibration_curve(
        predicted["truth"] == "yes", predicted["probability_yes"], n_bins=10, strategy="quantile"
    )
    assert found["observed"].tolist() == pytest.approx(observed)
    assert found["predicted"].tolist() == pytest.approx(mean)
    assert found["n"].tolist() == [20] * 10
    assert set(found["class"]) == {"yes"}
    first = found.iloc[0]
    ends = binomtest(round(first["observed"] * 20), 20).proportion_ci(method="wilson")
    assert (first["low"], first["high"]) == pytest.approx((ends.low, ends.high))


def test_calibration_of_every_class_where_there_are_more():
    found = calibration_table(classified(["a", "b", "c"]), ["a", "b", "c"])
    assert found.groupby("class")["n"].sum().tolist() == [N] * 3


def test_one_probability_for_all_is_one_bin():
    predicted = classified(["no", "yes"]).assign(probability_yes=0.4)
    found = calibration_table(predicted, ["no", "yes"])
    assert found["n"].tolist() == [N]
    assert found.loc[0, "observed"] == (predicted["truth"] == "yes").mean()


def test_residuals_find_the_group_that_is_predicted_too_high():
    truth = RNG.normal(10, 2, N)
    site = pd.Series(np.where(np.arange(N) % 4 == 0, "odd", "even"), index=range(1, N + 1))
    frame = pd.DataFrame({"row": site.index, "model": "m", "truth": truth})
    frame["prediction"] = truth + np.where(site == "odd", 3.0, 0.0)
    found = residual_table(frame, {"group": site})
    by_group = found[found["by"] == "group"].set_index("level")
    assert by_group.loc["odd", ["n", "bias", "mae"]].tolist() == pytest.approx([50, 3, 3])
    assert by_group.loc["even", ["n", "bias", "mae"]].tolist() == pytest.approx([150, 0, 0])
    by_prediction = found[found["by"] == "prediction"]
    assert by_prediction["n"].tolist() == [20] * 10
    assert by_prediction["prediction"].is_monotonic_increasing
    assert (by_prediction["n"] * by_prediction["bias"]).sum() == pytest.approx(150.0)


def test_a_group_is_told_by_its_first_row():
    person = pd.Series(["Ada", "Bob", "Ada", "Bob"], index=[4, 2, 3, 9])
    y = pd.Series([1.0, 2.0, 3.0, 4.0], index=person.index)
    table = Table(y.to_frame(), y, person, None, None, dropped={})
    frame = pd.DataFrame({"row": y.index, "model": "m", "truth": y.to_numpy()})
    frame["prediction"] = [2.0, 2.0, 4.0, 4.0]
    found = error_tables(frame, table, fit_study(split=Split(dependence="grouped")))
    by_group = found["residuals.csv"].query("by == 'group'").set_index("level")
    assert by_group["bias"].to_dict() == {"group of row 2": 0.0, "group of row 3": 1.0}


def test_levels_are_looked_up_by_row_number():
    frame = pd.DataFrame({"row": [7, 3], "model": "m", "truth": [1.0, 2.0], "prediction": [1.0, 5]})
    month = pd.Series([1, 2], index=[3, 7])
    found = residual_table(frame, {"time": month}).query("by == 'time'").set_index("level")
    assert found["mae"].to_dict() == {1: 3.0, 2: 0.0}


def test_quantiles_of_errors_in_bins_of_the_prediction():
    prediction = np.arange(40.0)
    error = np.where(prediction < 20, 0.0, np.tile([-1.0, 1.0], 20))
    frame = pd.DataFrame({"model": "m", "truth": prediction - error, "prediction": prediction})
    found = residual_quantiles(frame.sample(frac=1, random_state=0))
    assert found[["bin", "n", "prediction"]].to_numpy().tolist() == [[1, 20, 9.5], [2, 20, 29.5]]
    quantiles = found[["q05", "q25", "q50", "q75", "q95"]].to_numpy().tolist()
    assert quantiles == [[0, 0, 0, 0, 0], [-1, -1, 0, 1, 1]]


def test_prevalence_is_said():
    truth = pd.Series(["no"] * 9 + ["yes"])
    assert prevalence_note(truth, ["no", "yes"], "test").endswith("no 90.0 %, yes 10.0 %.")
