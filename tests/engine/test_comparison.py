import numpy as np
import pandas as pd
import pytest
from reproml.config.study import StudyError
from reproml.statistics import comparison
from sklearn.datasets import make_moons
from sklearn.model_selection import GridSearchCV, RepeatedStratifiedKFold
from sklearn.svm import SVC

SIZES = {"n_train": 90, "n_test": 10}
# Training rows without end: nothing is shared and the correction vanishes.
UNCORRECTED = {"n_train": np.inf, "n_test": 10}


@pytest.fixture(scope="module")
def moons():
    """Scores of four kernels, as in scikit-learn's example.

    "Statistical comparison of models using grid search" has printed the numbers that are compared
    with below.
    """
    X, y = make_moons(noise=0.352, random_state=1, n_samples=100)
    kernels = [{"kernel": ["linear", "rbf"]}, {"kernel": ["poly"], "degree": [2, 3]}]
    folds = RepeatedStratifiedKFold(n_splits=10, n_repeats=10, random_state=0)
    search = GridSearchCV(SVC(random_state=0), kernels, scoring="roc_auc", cv=folds).fit(X, y)
    names = [f"{p['kernel']}{p.get('degree', '')}" for p in search.cv_results_["params"]]
    scores = [search.cv_results_[f"split{fold}_test_score"] for fold in range(100)]
    return dict(zip(names, np.transpose(scores), strict=True))  # name: (100,)


def long_table(**scores):
    rows = [
        (model, position // 2, position % 2, "mae", value)
        for model, values in scores.items()
        for position, value in enumerate(values)
    ]
    return pd.DataFrame(rows, columns=["model", "repeat", "fold", "metric", "value"])


def noisy_table(*models):
    rng = np.random.default_rng(0)
    return long_table(**{model: rng.normal(1, 0.1, size=90) for model in models})


def compare(scores, baselines, **changes):
    options = {"higher_is_better": False, "n_train": 80, "n_test": 20, "seed": 0} | changes
    return comparison.compare_to_baselines(scores, "new", baselines, "mae", **options)


def test_published_t_test(moons):
    differences = moons["rbf"] - moons["linear"]
    found = comparison.paired_comparison(differences, **SIZES)
    # the example tests one side: half of the two-sided p
    assert (round(found.t, 3), round(found.p / 2, 3), found.pairs) == (0.750, 0.227, 100)
    assert round(found.difference, 6) == 0.01
    assert (round(found.low, 6), round(found.high, 6)) == (-0.016445, 0.036445)


def test_without_the_correction_the_same_scores_look_significant(moons):
    differences = moons["rbf"] - moons["linear"]
    found = comparison.paired_comparison(differences, **UNCORRECTED)
    assert (round(found.t, 3), round(found.p / 2, 3)) == (2.611, 0.005)


@pytest.mark.parametrize(
    ("better", "worse", "t", "p"),
    [
        ("rbf", "linear", 0.750, 1.000),
        ("rbf", "poly3", 1.657, 0.302),
        ("rbf", "poly2", 4.565, 0.000),
        ("linear", "poly3", 1.111, 0.807),
        ("linear", "poly2", 4.276, 0.000),
        ("poly3", "poly2", 3.851, 0.001),
    ],
)
def test_published_pairwise_table(moons, better, worse, t, p):
    differences = moons[better] - moons[worse]
    found = comparison.paired_comparison(differences, **SIZES)
    assert round(found.t, 3) == t
    assert round(min(6 * found.p / 2, 1), 3) == p  # the table is adjusted after Bonferroni


def test_no_difference_at_all_is_no_evidence():
    found = comparison.paired_comparison(np.zeros(10), **SIZES)
    assert found == (0.0, 0.0, 0.0, 0.0, 1.0, 10)
    assert comparison.share_of_wins(np.zeros(10), seed=0) == (0.5, 0.5, 0.5)


@pytest.mark.parametrize("sign", [1, -1])
def test_the_same_difference_on_every_fold_gives_the_limit(sign):
    differences = np.full(8, sign * 0.25)  # 0.25 is exact in binary, so there is no spread
    found = comparison.paired_comparison(differences, **SIZES)
    assert found == (sign * 0.25, sign * 0.25, sign * 0.25, sign * np.inf, 0, 8)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([0.1], r"two folds or more; got shape \(1,\)"),
        ([[0.1, 0.2], [0.1, 0.2]], r"two folds or more; got shape \(2, 2\)"),
        ([0.1, float("nan")], "finite"),
        ([0.1, float("inf")], "finite"),
    ],
)
def test_scores_that_cannot_be_compared(values, message):
    for ask in (
        lambda: comparison.mean_interval(values, **SIZES),
        lambda: comparison.paired_comparison(values, **SIZES),
        lambda: comparison.share_of_wins(values, seed=0),
    ):
        with pytest.raises(StudyError, match=message):
            ask()


def test_sizes_have_to_be_positive():
    with pytest.raises(ValueError, match="n_train and n_test are numbers of rows; got 90 and 0"):
        comparison.mean_interval([0.1, 0.2], n_train=90, n_test=0)


def test_share_of_wins_counts_a_tie_half():
    share, low, high = comparison.share_of_wins([1, 1, 0, -1], seed=0)
    assert share == 0.625
    assert 0 <= low < share < high <= 1


def test_share_of_wins_depends_on_its_seed_alone():
    differences = np.random.default_rng(0).normal(0.5, 1, size=200)
    first = comparison.share_of_wins(differences, seed=0)
    assert first == comparison.share_of_wins(differences, seed=0)
    others = {comparison.share_of_wins(differences, seed) for seed in range(1, 9)}
    assert others != {first}  # there is randomness that the seed holds
    assert all(abs(np.subtract(first, other)).max() <= 0.01 for other in others)


def test_nothing_but_wins_is_not_certainty():
    share, low, high = comparison.share_of_wins(np.ones(101), seed=0)
    assert (share, round(low, 3), high) == (1.0, 0.963, 1.0)  # Wilson's interval for 101 of 101
    share, low, high = comparison.share_of_wins(-np.ones(101), seed=0)
    assert (share, low, round(high, 3)) == (0.0, 0.0, 0.037)


def test_holm():
    # Adjusted by hand: 4 x 0.005, 3 x 0.01, 2 x 0.03, and 0.04 not below the one before it.
    adjusted = comparison.holm([0.01, 0.04, 0.03, 0.005])
    assert adjusted == pytest.approx([0.03, 0.06, 0.06, 0.02])
    # statsmodels 0.15.0: multipletests(p, method="holm")
    adjusted = comparison.holm([0.0004, 0.021, 0.3, 0.0131, 0.021, 0.0072, 0.9, 0.049])
    expected = [0.0032, 0.105, 0.6, 0.0786, 0.105, 0.0504, 0.9, 0.147]
    assert adjusted == pytest.approx(expected)
    assert comparison.holm([0.03]) == pytest.approx([0.03])
    assert comparison.holm([0.6, 0.9]).tolist() == [1.0, 1.0]
    assert comparison.holm([]).size == 0
    for wrong in ([0.5, 1.1], [-0.1], [float("nan")]):
        with pytest.raises(ValueError, match="from 0 to 1"):
            comparison.holm(wrong)


def test_positive_is_better_in_both_directions():
    scores = long_table(new=[1.0, 1.2, 1.1, 0.9], old=[1.5, 1.6, 1.7, 1.3])
    as_error = compare(scores, ["old"]).iloc[0]
    as_skill = compare(scores, ["old"], higher_is_better=True).iloc[0]
    assert as_error["difference"] == pytest.approx(0.475)
    assert as_skill["difference"] == pytest.approx(-0.475)
    assert as_error["p"] == pytest.approx(as_skill["p"])
    assert (as_error["p_a_over_b"], as_skill["p_a_over_b"]) == (1, 0)
    assert as_error["low"] < as_error["difference"] < as_error["high"]
    assert as_error["pairs"] == 4


def test_another_baseline_moves_no_number_but_holm():
    scores = noisy_table("new", "old", "older")
    alone = compare(scores[scores["model"] != "older"], ["old"]).drop(columns="p_holm")
    among = compare(scores, ["older", "old"])
    assert among["baseline"].tolist() == ["older", "old"]
    pd.testing.assert_frame_equal(
        alone, among.iloc[1:].drop(columns="p_holm").reset_index(drop=True), check_exact=True
    )
    assert among["p_holm"].tolist() == comparison.holm(among["p"]).tolist()
    assert (among["p_holm"] > among["p"]).any()


def test_each_baseline_has_a_bootstrap_of_its_own(monkeypatch):
    monkeypatch.setattr(comparison, "share_of_wins", lambda ahead, seed: (seed, 0, 0))
    scores = noisy_table("new", "old", "older")
    alone = compare(scores, ["old"])["p_a_over_b"].tolist()
    among = compare(scores, ["older", "old"])["p_a_over_b"].tolist()
    assert alone == among[1:] != among[:1]
    assert compare(scores, ["old"], seed=1)["p_a_over_b"].tolist() != alone


@pytest.mark.parametrize(
    "mix", [lambda t: t.iloc[::-1], lambda t: t.sample(frac=1, random_state=0)]
)
def test_the_order_of_rows_does_not_matter(mix):
    scores = noisy_table("new", "old")
    mixed = mix(scores)
    ordered, from_mixed = (
        comparison.paired_differences(table, "new", "old", "mae", higher_is_better=False)
        for table in (scores, mixed)
    )
    assert ordered.tolist() == from_mixed.tolist()
    pd.testing.assert_frame_equal(compare(scores, ["old"]), compare(mixed, ["old"]))


def test_rounding_is_a_tie():
    old = [0.9, 0.8, 0.7, 0.6]
    new = [value + 1e-16 * sign for value, sign in zip(old, (2, 2, 2, -2), strict=True)]
    assert new != old
    row = compare(long_table(new=new, old=old), ["old"], higher_is_better=True).iloc[0]
    assert (row["difference"], row["p"], row["p_a_over_b"]) == (0, 1, 0.5)


def test_models_have_to_share_their_folds():
    scores = long_table(new=[1.0, 1.2, 1.1, 0.9], old=[1.1, 1.1, 1.3])
    with pytest.raises(StudyError, match=r"new and old .* same folds.*\(1, 1\)"):
        compare(scores, ["old"])
    moved = scores.replace({"fold": {1: 7}}).where(scores["model"] == "old", scores)
    with pytest.raises(StudyError, match=r"\(0, 1\), \(0, 7\), \(1, 1\)"):
        compare(moved, ["old"])


def test_scores_have_to_be_there_once_and_finite():
    scores = long_table(new=[1.0, 1.2], old=[1.1, 1.1])
    with pytest.raises(StudyError, match="no scores of other by mae; the results have new, old by"):
        compare(scores, ["other"])
    with pytest.raises(StudyError, match="new has more than one mae"):
        compare(pd.concat([scores, scores]), ["old"])
    scores.loc[1, "value"] = np.nan
    with pytest.raises(StudyError, match=r"new has no finite mae for \(repeat, fold\) \(0, 1\)"):
        compare(scores, ["old"])
