"""Same seed, same numbers; each test of a seed has a twin without it, which sees others."""

import os
import subprocess
import sys

import numpy as np
import pytest
from reproml.config import seeds
from reproml.config.study import StudyError
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import QuantileTransformer

PURPOSES = ["split/test", "split/folds/0", "model/forest/0/0"]


def pipeline(model) -> Pipeline:
    spread = QuantileTransformer(n_quantiles=20, subsample=20)
    return Pipeline([("spread", spread), ("model", model)])


def predictions(model) -> bytes:
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(60, 4)), rng.integers(0, 2, size=60)
    return model.fit(X, y).predict_proba(X).tobytes()


def test_seeds_are_the_same_everywhere():
    # Written down, so that a change of the formula, which moves every number of a study, is seen.
    found = [seeds.seed_for(0, purpose) for purpose in PURPOSES]
    assert found == [206019932, 2590658759, 2073462108]
    command = f"from {seeds.__name__} import seed_for; print(seed_for(0, {PURPOSES[0]!r}))"
    for hash_seed in ("1", "2"):
        environment = os.environ | {"PYTHONHASHSEED": hash_seed}
        run = [sys.executable, "-c", command]
        output = subprocess.run(run, env=environment, check=True, capture_output=True, text=True)
        assert int(output.stdout) == found[0]


def test_another_purpose_moves_no_seed():
    alone = {purpose: seeds.seed_for(0, purpose) for purpose in PURPOSES}
    among = {p: seeds.seed_for(0, p) for p in ["new", *reversed(PURPOSES), "newer"]}
    assert alone == {purpose: among[purpose] for purpose in PURPOSES}


def test_every_seed_and_purpose_has_a_seed_of_its_own():
    found = {seeds.seed_for(seed, f"fold/{n}") for seed in range(10) for n in range(100)}
    assert len(found) == 1000
    assert all(0 <= seed < 2**32 for seed in found)


@pytest.mark.parametrize("seed", [None, True, -1, 1.0, "0", 2**32, float("nan")])
def test_what_is_no_seed_is_an_error(seed):
    for use in (
        lambda: seeds.seed_for(seed, "split"),
        lambda: seeds.checked_seed(seed),
        lambda: seeds.fix_random_state(RandomForestClassifier(), seed),
    ):
        with pytest.raises(StudyError, match=r"a seed is a whole number from 0 to .* study\.toml"):
            use()


def test_zero_and_numpy_integers_are_seeds():
    assert seeds.seed_for(0, "split") != seeds.seed_for(1, "split")
    assert seeds.seed_for(np.int64(1), "split") == seeds.seed_for(1, "split")


@pytest.mark.parametrize("purpose", ["", None, 3])
def test_a_purpose_has_a_name(purpose):
    with pytest.raises(StudyError, match="name of its purpose"):
        seeds.seed_for(0, purpose)


def test_a_model_repeats_with_the_seed():
    forest = RandomForestClassifier(n_estimators=5)

    def seeded(seed: int) -> bytes:
        return predictions(seeds.fix_random_state(pipeline(forest), seed))

    assert seeded(0) == seeded(0)
    assert seeded(0) != seeded(1)


def test_a_model_without_the_seed_does_not_repeat():
    model = pipeline(RandomForestClassifier(n_estimators=5))
    assert predictions(model) != predictions(model)


def test_every_random_step_gets_a_seed_of_its_own():
    model = seeds.fix_random_state(pipeline(LogisticRegression(random_state=7)), seed=0)
    spread, final = model.named_steps.values()
    assert spread.random_state == seeds.seed_for(0, "spread__random_state")
    assert final.random_state == seeds.seed_for(0, "model__random_state")
    # Another step moves no other step's seed.
    alone = seeds.fix_random_state(Pipeline([("model", LogisticRegression())]), seed=0)
    assert alone["model"].random_state == final.random_state


def test_the_splitter_of_a_search_is_seeded_and_the_given_one_untouched():
    folds = KFold(2, shuffle=True)
    search = GridSearchCV(RandomForestClassifier(), {"max_depth": [1, 2]}, cv=folds)
    seeds.fix_random_state(search, seed=0)
    assert search.cv.random_state == seeds.seed_for(0, "cv")
    assert search.estimator.random_state == seeds.seed_for(0, "estimator__random_state")
    assert folds.random_state is None
