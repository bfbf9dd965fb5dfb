"""A metric of weighted rows is the metric of the rows repeated."""

import numpy as np
import pytest
from example_study.evaluation import METRICS
from reproml.config.metrics import Metric
from reproml.statistics.intervals import bootstrap_interval
from reproml.statistics.weighted import is_copied, weighted_scores

RNG = np.random.default_rng(0)


def rows(takes: str, classes: list[str], n: int = 40):
    """Return truth and what a metric takes, with ties, better than chance."""
    if not classes:
        y_true = RNG.normal(1000, 3, n)
        return y_true, y_true + RNG.normal(0, 1, n)
    y_true = np.array(classes)[np.arange(n) % len(classes)]
    raw = RNG.integers(1, 6, (n, len(classes))) + 3 * (y_true[:, None] == np.array(classes))
    probability = raw / raw.sum(axis=1, keepdims=True)
    predicted = np.array(classes)[probability.argmax(axis=1)]
    return y_true, probability if takes == "probabilities" else predicted


def reference(name: str, y_true, said, times, classes) -> list[float]:
    found = []
    for each in times.astype(int):
        drawn = np.repeat(np.arange(len(y_true)), each)
        extra = (classes,) if METRICS[name].takes == "probabilities" else ()
        found.append(METRICS[name].function(y_true[drawn], said[drawn], *extra))
    return found


@pytest.mark.parametrize("classes", [["no", "yes"], ["a", "b", "c"]])
@pytest.mark.parametrize("name", [name for name, m in METRICS.items() if m.takes != "numbers"])
def test_metrics_of_classes(name: str, classes: list[str]):
    data = rows(METRICS[name].takes, classes)
    times = RNG.multinomial(40, np.full(40, 1 / 40), size=20).astype(float)
    found = weighted_scores(name, METRICS[name], *data, times, classes)
    assert found == pytest.approx(reference(name, *data, times, classes), abs=1e-12)


@pytest.mark.parametrize("name", [name for name, m in METRICS.items() if m.takes == "numbers"])
def test_metrics_of_numbers(name: str):
    data = rows("numbers", [])
    times = RNG.multinomial(40, np.full(40, 1 / 40), size=20).astype(float)
    found = weighted_scores(name, METRICS[name], *data, times, [])
    assert found == pytest.approx(reference(name, *data, times, []), rel=1e-10)


@pytest.mark.parametrize("name", [name for name, m in METRICS.items() if m.takes != "numbers"])
def test_without_a_class_there_is_no_score(name: str):
    y_true, said = rows(METRICS[name].takes, ["no", "yes"])
    times = np.stack([y_true == "no", np.ones(40)]).astype(float)
    found = weighted_scores(name, METRICS[name], y_true, said, times, ["no", "yes"])
    assert np.isnan(found).tolist() == [True, False]


def test_nobody_called_gives_no_mcc():
    y_true, _ = rows("classes", ["no", "yes"])
    always, once = np.full(40, "no"), np.ones((1, 40))
    found = weighted_scores("mcc", METRICS["mcc"], y_true, always, once, ["no", "yes"])
    assert found.tolist() == [0.0]


@pytest.mark.parametrize("takes", ["classes", "probabilities", "numbers"])
def test_a_metric_of_your_own_is_scored_too(monkeypatch: pytest.MonkeyPatch, takes: str):
    def wrong(y_true, said, classes=None) -> float:
        if takes == "probabilities":
            said = np.array(classes)[said.argmax(axis=1)]
        return float(np.mean(np.asarray(y_true) != said))

    monkeypatch.setitem(METRICS, "wrong", Metric(wrong, takes, False, "Wrong", (0.0, 1.0)))
    classes = [] if takes == "numbers" else ["no", "yes"]
    data = rows(takes, classes)
    times = RNG.multinomial(40, np.full(40, 1 / 40), size=5).astype(float)
    if classes:
        times[0] = data[0] == "no"
    found = weighted_scores("wrong", METRICS["wrong"], *data, times, classes)
    expected = reference("wrong", *data, times, classes)
    assert found[1:].tolist() == expected[1:]
    assert np.isnan(found[0]) == bool(classes)


@pytest.mark.parametrize("name", METRICS)
def test_every_copy_is_its_metric(name: str):
    classes = [] if METRICS[name].takes == "numbers" else ["no", "yes"]
    assert is_copied(name, METRICS[name], *rows(METRICS[name].takes, classes), classes)


@pytest.mark.parametrize(
    ("name", "metric"),
    [
        ("mae", lambda y, said: float(np.median(np.abs(y - said)))),
        ("mcc", lambda y, said: float(np.mean(y == said))),
        ("brier", lambda y, p, classes: float(np.mean((p - (y[:, None] == classes)) ** 2)) * 3),
    ],
)
def test_a_metric_of_your_own_with_a_known_name_is_scored_as_you_wrote_it(name: str, metric):
    """The twin of a copy by name: another function under the same name decides."""
    takes = METRICS[name].takes
    own = Metric(metric, takes, METRICS[name].higher_is_better, "Mine", METRICS[name].bounds)
    classes = [] if takes == "numbers" else ["no", "yes"]
    data = rows(takes, classes)
    assert not is_copied(name, own, *data, classes)
    how = (own, *data, np.arange(40), classes)
    assert bootstrap_interval(name, *how, seed=0) == bootstrap_interval("another", *how, seed=0)
