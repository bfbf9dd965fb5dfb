"""Bootstrap intervals: SciPy's where it can, whole units, and never certainty."""

import numpy as np
import pytest
from example_study.evaluation import METRICS
from reproml.statistics import intervals
from reproml.statistics.comparison import perfect_interval
from reproml.statistics.intervals import bootstrap_interval, expanded_level
from scipy import stats

INF = float("inf")


def interval(name: str, y, predicted, probability, *rows, **how) -> tuple[float, float, float]:
    said = METRICS[name].taken(predicted, probability)
    return bootstrap_interval(name, METRICS[name], y, said, *rows, **how)


def scipys(errors: np.ndarray, seed: int):
    level = expanded_level(len(errors))
    return stats.bootstrap(
        (errors,), np.mean, confidence_level=level, rng=np.random.default_rng(seed)
    )


def test_independent_rows_have_scipys_interval():
    rng = np.random.default_rng(0)
    y, said = rng.normal(size=60), rng.normal(size=60)
    found = interval("mae", y, said, None, np.arange(60), [], seed=7)
    errors = scipys(np.abs(y - said), seed=7)
    assert found == pytest.approx((np.abs(y - said).mean(), *errors.confidence_interval), rel=1e-9)


def test_of_many_units_none_is_left_out_in_turn(monkeypatch: pytest.MonkeyPatch):
    """The time of BCa grows as the square of the units; plain percentiles do without."""
    errors, drawn = np.random.default_rng(0).exponential(size=300) ** 2, []
    weighted = intervals.weighted_scores

    def counted(name, metric, y, said, times, classes):
        drawn.append(len(times))
        return weighted(name, metric, y, said, times, classes)

    monkeypatch.setattr(intervals, "weighted_scores", counted)
    found = {}
    for many in (300, 299):
        drawn.clear()
        monkeypatch.setattr(intervals, "MANY", many)
        found[many] = interval("mae", np.zeros(300), errors, None, np.arange(300), [], seed=0)
        assert (sum(drawn) >= intervals.RESAMPLES + 300) == (many == 300)
    (_, low, high), (_, plain_low, plain_high) = found[300], found[299]
    assert plain_low < low < plain_high < high  # skewed errors move both ends up
    assert plain_high == pytest.approx(high, abs=0.15 * (high - low))


def test_whole_groups_are_drawn():
    """Rows of one group share their error: there are 12 independent errors, not 360."""
    rng = np.random.default_rng(0)
    group = np.repeat(np.arange(12), 30)
    y, said = np.zeros(360), np.abs(rng.normal(size=12))[group]
    _, low, high = interval("mae", y, said, None, group, [], seed=0)
    means = scipys(said[::30], seed=0)
    assert (low, high) == pytest.approx(tuple(means.confidence_interval), rel=1e-9)
    # the twin: rows drawn one by one look much more certain
    _, narrow_low, narrow_high = interval("mae", y, said, None, np.arange(360), [], 0)
    assert narrow_high - narrow_low < (high - low) / 3


@pytest.mark.parametrize("n_units", [8, 15])
def test_few_units_are_given_their_due(n_units: int, monkeypatch: pytest.MonkeyPatch):
    """Over 200 samples of a normal mean: the plain bootstrap claims more than it holds."""
    monkeypatch.setattr(intervals, "RESAMPLES", 999)
    rng = np.random.default_rng(0)
    held = {"ours": 0, "plain": 0}
    for seed in range(200):
        errors = 10 + rng.normal(size=n_units)
        rows = (np.zeros(n_units), errors, None, np.arange(n_units))
        _, low, high = interval("mae", *rows, [], seed)
        held["ours"] += low <= 10 <= high
        plain = stats.bootstrap((errors,), np.mean, n_resamples=999, rng=np.random.default_rng(0))
        held["plain"] += plain.confidence_interval.low <= 10 <= plain.confidence_interval.high
    assert held["ours"] / 200 >= 0.9
    assert held["plain"] < held["ours"]
    if n_units == 8:
        assert held["plain"] / 200 < 0.9


def test_groups_of_different_sizes_count_by_their_rows():
    group = np.repeat(["a", "b", "c", "d"], [5, 10, 20, 40])
    rng = np.random.default_rng(1)
    y, said = rng.normal(size=75), rng.normal(size=75)
    value, low, high = interval("rmse", y, said, None, group, [], seed=0)
    assert value == pytest.approx(np.sqrt(np.mean((y - said) ** 2)))
    assert low < value < high


def separable(n: int = 114, positive: int = 42):
    y = np.repeat(["no", "yes"], [n - positive, positive])
    p = np.where(y == "yes", 0.9, 0.1)
    return y, y.copy(), np.stack([1 - p, p], axis=1)


def test_the_known_interval_of_a_perfect_share():
    assert perfect_interval(1.0, 101, (0.0, 1.0)) == (1.0, pytest.approx(0.9634, abs=5e-5), 1.0)


@pytest.mark.parametrize("name", ["roc_auc", "average_precision", "balanced_accuracy", "f1_macro"])
def test_one_is_never_certain(name: str):
    y, said, probability = separable()
    found = interval(name, y, said, probability, np.arange(114), ["no", "yes"], 0)
    z_squared = 1.959964**2
    assert found == (1.0, pytest.approx(42 / (42 + z_squared), abs=1e-6), 1.0)  # the 42 positives


def test_one_is_less_certain_where_groups_hang_together():
    y, said, probability = separable()
    group = np.arange(114) % 6
    found = interval("roc_auc", y, said, probability, group, ["no", "yes"], 0)
    assert found == perfect_interval(1.0, 6, (0.0, 1.0))


def test_ends_of_other_ranges():
    y, said, probability = separable()
    args = (np.arange(114), ["no", "yes"], 0)
    assert interval("mcc", y, said, probability, *args)[1] < 0.84
    value, low, high = interval("brier", y, said, np.round(probability), *args)
    assert (value, low) == (0.0, 0.0)
    assert 0.1 < high < 0.2
    worst = np.where(y == "yes", "no", "yes")
    value, low, high = interval("balanced_accuracy", y, worst, probability, *args)
    assert (value, low) == (0.0, 0.0)
    assert 0.05 < high < 0.1
    numbers = np.arange(20.0)
    assert interval("r2", numbers, numbers, None, np.arange(20), [], 0) == (1, -INF, 1)
    assert interval("mae", numbers, numbers, None, np.arange(20), [], 0) == (0, 0, INF)


def test_an_uninformed_model_has_no_spread_and_that_is_right():
    y, _, _ = separable()
    flat = np.full((114, 2), 0.5)
    found = interval("roc_auc", y, y, flat, np.arange(114), ["no", "yes"], 0)
    assert found == (0.5, 0.5, 0.5)


def test_one_group_says_nothing_of_others():
    y, said, probability = separable()
    said[0] = "yes"
    found = interval("mcc", y, said, probability, np.zeros(114), ["no", "yes"], 0)
    assert found[1:] == METRICS["mcc"].bounds


def test_resamples_that_lack_a_class_are_left_out():
    """With three positives in two groups, many resamples have none."""
    rng = np.random.default_rng(0)
    y = np.array(["no"] * 9 + ["yes"] * 3)
    p = rng.random(12)
    group = np.array([0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 4])
    found = interval("roc_auc", y, y, np.stack([1 - p, p], 1), group, ["no", "yes"], 0)
    assert np.isfinite(found).all()
    assert 0 <= found[1] <= found[0] <= found[2] <= 1


def test_the_seed_decides_the_resamples():
    rng = np.random.default_rng(0)
    y, said = rng.normal(size=30), rng.normal(size=30)
    one, two, other = (
        interval("mae", y, said, None, np.arange(30), [], seed) for seed in (0, 0, 1)
    )
    assert one == two
    assert one != other
    assert one == pytest.approx(other, rel=0.05)


def test_memory_does_not_grow_with_the_resamples(monkeypatch: pytest.MonkeyPatch):
    rng = np.random.default_rng(0)
    y, said = rng.normal(size=30), rng.normal(size=30)
    whole = interval("mae", y, said, None, np.arange(30), [], 0)
    monkeypatch.setattr(intervals, "AT_ONCE", 30 * 500)  # 20 batches, the same resamples
    assert interval("mae", y, said, None, np.arange(30), [], 0) == whole
