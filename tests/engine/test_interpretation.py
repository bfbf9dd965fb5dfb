"""Importances are scikit-learn's, of the very models that are reported; noise has none."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from example_study.evaluation import METRICS
from example_study.models import candidate, domain, forest, linear, tuned
from reproml.compute.task import Task, fit_task
from reproml.config.checksums import sha256_of
from reproml.config.columns import Table
from reproml.config.study import Column, Study, StudyError
from reproml.explain import importance, summary
from reproml.explain.dependence import grid_of, row_curves
from reproml.explain.feature_groups import (
    correlated_groups,
    items_of,
    rank_correlations,
    units_of,
)
from reproml.explain.importance import (
    fold_explanation,
    fold_importances,
    fold_leaders,
    noise_twin,
    permutation_importances,
    with_noise,
)
from reproml.explain.summary import drawn_rows, importance_table, leading_features
from reproml.explain.weights import model_weights, prepared
from reproml.split.splits import Fold
from reproml.write.importance_tables import (
    WEIGHTS,
    importance_macros,
    importance_note,
    importance_texts,
    weight_note,
    weight_table,
)
from sklearn.inspection import partial_dependence, permutation_importance
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline

N = 90
RNG = np.random.default_rng(0)
X = pd.DataFrame({"dose": RNG.normal(size=N), "age": RNG.integers(20, 60, N) * 1.0})
X["weight"] = X["age"] + RNG.normal(size=N)
X["kind"] = RNG.choice(["a", "b"], N)
NUMBER = 3 * X["dose"] + X["age"] / 20 + (X["kind"] == "a") + 0.3 * RNG.normal(size=N)
ANSWER = pd.Series(np.where(NUMBER.median() < NUMBER, "yes", "no"))
FOLD = Fold(0, 0, train=np.arange(60), test=np.arange(60, N))
TRAIN, TEST = X.iloc[FOLD.train], X.iloc[FOLD.test]
ALONE = {f"feature: {name}": [name] for name in X.columns}


def table_of(y: pd.Series) -> Table:
    return Table(X, y, None, None, None, dropped={})


@pytest.mark.parametrize("metric", ["roc_auc", "brier", "mcc", "mae", "r2"])
@pytest.mark.parametrize("build", [candidate, forest])
def test_importances_are_scikit_learns_to_the_last_digit(metric: str, build):
    classes = ["no", "yes"] if METRICS[metric].takes != "numbers" else []
    y = ANSWER if classes else NUMBER
    model = build("classification" if classes else "regression")
    model.set_params(**{k: 0 for k in model.get_params() if k.endswith("random_state")})
    model.fit(TRAIN, y.iloc[FOLD.train])
    how = METRICS[metric]

    def score(model, rows, y_true):
        if how.takes == "probabilities":
            value = how.function(y_true, model.predict_proba(rows), classes)
        else:
            value = how.function(y_true, model.predict(rows))
        return value if how.higher_is_better else -value

    theirs = permutation_importance(
        model, TEST, y.iloc[FOLD.test].to_numpy(), scoring=score, n_repeats=3, random_state=7
    )
    how_ours = {"metric": how, "classes": classes, "seed": 7, "shuffles": 3}
    ours = permutation_importances(model, TEST, y.iloc[FOLD.test], ALONE, **how_ours)
    assert ours == pytest.approx(theirs.importances, rel=1e-12, abs=1e-14)
    if metric == "roc_auc":  # ranks do not feel that many rows were predicted at once
        assert (ours == theirs.importances).all()
    other = permutation_importances(model, TEST, y.iloc[FOLD.test], ALONE, **how_ours | {"seed": 8})
    assert (other != ours).any()


def test_a_group_is_shuffled_together():
    model = linear("regression").fit(TRAIN, NUMBER.iloc[FOLD.train])
    units = {"age": ["age"], "both": ["age", "weight"], "all": list(X.columns)}
    how = {"metric": METRICS["mae"], "classes": [], "seed": 1, "shuffles": 5}
    falls = permutation_importances(model, TEST, NUMBER.iloc[FOLD.test], units, **how)
    # shuffling all columns alike is shuffling the truth
    said = model.predict(TEST)
    order = np.arange(len(TEST))
    np.random.RandomState(np.random.RandomState(1).randint(2**31)).shuffle(order)
    truth = NUMBER.iloc[FOLD.test].to_numpy()
    expected = np.abs(said[order] - truth).mean() - np.abs(said - truth).mean()
    assert falls[2, 0] == pytest.approx(expected, rel=1e-12)
    assert falls.shape == (3, 5)
    assert (falls[0] != falls[1]).all()


def test_noise_has_no_importance_on_new_rows_and_a_leak_would(study: Study):
    """Over many folds; the twin: noise that knows the answer is far from 0."""
    rng, table = np.random.default_rng(1), table_of(ANSWER)
    units = {"feature: dose": ["dose"]}
    found = []
    for number in range(8):
        order = rng.permutation(N)
        fold = Fold(0, number, np.sort(order[:60]), np.sort(order[60:]))
        task = Task("candidate", linear("classification"), fold, seed=number)
        model = fit_task(task, table, study)
        found.append(fold_importances(model, task, table, study, units))
    everything = pd.concat(found)
    empty = pd.DataFrame({"group": [], "feature": []})
    summary = importance_table(everything, empty, n_train=60, n_test=30).set_index("name")
    assert summary.loc["noise", "low"] <= 0 <= summary.loc["noise", "high"]
    assert summary.loc["dose", "low"] > summary.loc["noise", "high"]
    assert list(summary.index) == ["dose", "noise"]
    leak = X.assign(noise=(ANSWER == "yes") * 1.0)
    model = linear("classification").fit(leak.iloc[:60], ANSWER[:60])
    how = {"metric": METRICS["roc_auc"], "classes": ["no", "yes"], "seed": 0, "shuffles": 5}
    falls = permutation_importances(model, leak[60:], ANSWER[60:], {"noise": ["noise"]}, **how)
    assert falls.min() > 0.02


def test_noise_is_another_in_each_fold_and_reaches_models_that_keep_named_columns():
    assert (with_noise(X, 1)["noise"] != with_noise(X, 2)["noise"]).all()
    keeping = domain("regression").set_params(subset__keep=["dose"])
    twin = noise_twin(keeping).fit(with_noise(X, 1), NUMBER)
    assert list(twin["subset"].columns_) == ["dose", "noise"]
    assert keeping["subset"].keep == ["dose"]
    with pytest.raises(StudyError, match="rename it"):
        with_noise(X.assign(noise=0.0), 1)


def test_groups_are_what_is_correlated_each_with_each():
    base = np.arange(40.0)
    other = np.random.default_rng(0).permutation(base)
    many = pd.DataFrame({"a": base, "b": -(base**3), "c": other, "d": np.exp(-other / 9)})
    many["level"] = np.where(base > 19, "high", "low")
    many["one"] = 1.0
    groups = correlated_groups(many)
    found = groups.groupby("group")["feature"].apply(list).tolist()
    assert found == [["a", "b", "level"], ["c", "d"]]
    assert groups["correlation"].min() >= 0.7
    size = rank_correlations(many)
    assert size.loc["a", "b"] == pytest.approx(1.0)
    assert size.loc["a", "one"] == 0
    assert (size.to_numpy() == size.to_numpy().T).all()
    assert units_of(many.columns, groups, list(many))["group: 2"] == ["c", "d"]
    assert correlated_groups(many[["a", "c"]]).empty
    assert correlated_groups(many[["a"]]).empty


def test_curves_are_scikit_learns_partial_dependence(study: Study):
    model = candidate("classification").fit(TRAIN, ANSWER.iloc[FOLD.train])
    for name in ("dose", "kind"):
        grid = grid_of(X[name])
        assert len(grid) == {"dose": 15, "kind": 2}[name]
        theirs = partial_dependence(
            model,
            TEST,
            [name],
            kind="both",
            custom_values={name: grid},
            categorical_features=["kind"],
            response_method="predict_proba",
        )
        ((feature, of, ours),) = row_curves(model, TEST, {name: grid}, study)
        assert (feature, of) == (name, "yes")
        assert ours == pytest.approx(theirs["individual"][0], rel=1e-12)
        assert ours.mean(axis=0) == pytest.approx(theirs["average"][0], rel=1e-12)


def test_weights_are_the_coefficients_per_standard_deviation():
    y = ANSWER.iloc[FOLD.train]
    numbers = TRAIN[["dose", "age"]]
    model = linear("classification").fit(numbers, y)
    found = model_weights(model, numbers, "yes")
    assert found["value"].tolist() == pytest.approx(model["model"].coef_[0], rel=1e-9)
    assert set(found["kind"]) == {"coefficient"}
    other_way = model_weights(model, numbers, "no")
    assert other_way["value"].tolist() == pytest.approx(-model["model"].coef_[0], rel=1e-9)


def test_curves_are_drawn_at_common_values_alone():
    text = pd.Series([f"Ada {number}" for number in range(40)])
    assert grid_of(text).tolist() == []
    town = pd.Series(["Ulm"] * 10 + ["Bonn"] * 30 + text[:9].tolist())
    assert grid_of(town).tolist() == ["Bonn", "Ulm"]
    named = Column(role="feature", type="category", values=["Ada 3", "Ulm"])
    assert grid_of(town, named).tolist() == ["Ada 3", "Bonn", "Ulm"]
    many = pd.Series([f"town {n:02d}" for n in range(30) for _ in range(10 + n)])
    assert grid_of(many).tolist() == [f"town {n:02d}" for n in range(15, 30)]


def test_of_three_classes_a_column_has_the_mean_size_of_its_coefficients():
    y = pd.cut(NUMBER.iloc[FOLD.train], 3, labels=["low", "mid", "high"]).astype(str)
    model = linear("classification").fit(TRAIN, y)
    found = model_weights(model, TRAIN).set_index("feature")
    assert found["kind"].to_dict() == dict.fromkeys(["dose", "age", "weight"], "classes") | {
        "kind": "curve"
    }
    sizes = np.abs(model["model"].coef_).mean(axis=0)
    assert found["value"][:3].tolist() == pytest.approx(sizes[:3], rel=1e-9)
    weights = pd.concat([found.reset_index().assign(model="linear")] * 3)
    cells = weight_table(weights, 3, n_train=40, n_test=20)["linear"]
    value = f"{found.loc['dose', 'value']:.3f}"
    assert cells["dose"] == f"{value} [{value}, {value}] (classes)"
    assert "(classes)" in WEIGHTS


def test_what_has_no_sign_is_written_without_one():
    rows = [("b", "coefficient", -2.0), ("b", "curve", 2.0), *[("a", "coefficient", 1.0)] * 2]
    weights = pd.DataFrame(rows, columns=["feature", "kind", "value"])
    cells = weight_table(weights.assign(model="m"), 3, n_train=40, n_test=20)["m"]
    assert cells["a"] == "+1.000 [1.000, 1.000]"
    assert cells["b"] == "2.000 [2.000, 2.000] (curve)"  # one level in one fold, two in another


def test_weights_of_curves_trees_searches_and_of_models_that_say_nothing():
    y = NUMBER.iloc[FOLD.train]
    curves = model_weights(candidate("regression").fit(TRAIN, y), TRAIN)
    assert curves.set_index("feature")["kind"].to_dict() == dict.fromkeys(X.columns, "curve")
    assert curves.set_index("feature")["columns"].to_dict() == {
        "dose": 5,
        "age": 5,
        "weight": 5,
        "kind": 2,
    }
    assert curves["value"].idxmax() == 0
    trees = forest("regression").set_params(model__random_state=0).fit(TRAIN, y)
    said = model_weights(trees, TRAIN)
    assert said["value"].sum() == pytest.approx(1.0)
    assert set(said["kind"]) == {"trees"}
    search = tuned("regression").set_params(search__cv=3).fit(TRAIN, y)
    assert len(model_weights(search, TRAIN)) == 4
    silent = Pipeline([*forest("regression").steps[:-1], ("model", Silent())]).fit(TRAIN, y)
    assert model_weights(silent, TRAIN).empty


def test_steps_that_mix_features_have_no_weights():
    from sklearn.decomposition import PCA

    mixed = Pipeline([("mix", PCA(2)), ("model", LogisticRegression())])
    numbers = TRAIN[["dose", "age"]]
    assert model_weights(mixed.fit(numbers, ANSWER.iloc[FOLD.train]), numbers, "yes").empty


class Silent(LogisticRegression):
    """A model without coefficients."""

    def fit(self, X, y):
        self.mean_ = float(np.mean(y))
        return self

    def predict(self, X):
        return np.full(len(X), self.mean_)


def test_the_note_names_what_is_beyond_noise_and_says_when_noise_shows_nothing(study: Study):
    table = pd.DataFrame({"kind": ["feature", "feature", "noise"], "name": ["a", "b", "noise"]})
    table = table.assign(value=[1.0, 0.2, 0.0], low=[0.5, 0.05, -0.1], high=[1.5, 0.4, 0.1])
    none = pd.DataFrame({"group": [], "feature": []})
    note = importance_note(table.assign(training=0.1), none, study)
    assert "above theirs and above 0: a." in note
    assert "shows nothing" not in note
    assert "shows nothing" in importance_note(table.assign(training=0.0), none, study)
    assert leading_features(table, most=1) == ["a"]


def test_features_whose_macros_would_have_one_name_get_none():
    ends = {"value": 0.1, "low": 0.0, "high": 0.2}
    names = ["pm2.5", "pm25", "wind", "noise"]
    rows = [{"kind": "feature", "name": name, **ends} for name in names]
    rows[-1]["kind"] = "noise"
    made = importance_macros(pd.DataFrame(rows), METRICS["roc_auc"])
    of = {name for name in made if name.startswith("ImportanceOf")}
    assert of == {"ImportanceOfWind", "ImportanceOfWindLow", "ImportanceOfWindHigh"}
    assert made["LeadingFeature"] == "pm2.5"
    assert made["ImportanceNoiseHigh"] == "0.2000"


# Many rows, many features


def test_importances_and_weights_come_from_one_fit(study: Study, monkeypatch: pytest.MonkeyPatch):
    fits = []

    def counted(task, table, study):
        fits.append(list(table.X))
        return fit_task(task, table, study)

    monkeypatch.setattr(importance, "fit_task", counted)
    task = Task("candidate", linear("classification"), FOLD, seed=0)
    found, weights = fold_explanation(task, table_of(ANSWER), study, ALONE, "candidate")
    assert fits == [list(X), [*X, "noise"]]  # the model, and the copy that is given noise
    assert weights["feature"].tolist() == list(X)
    assert set(found["name"]) == {*X, "noise"}


def test_of_many_rows_some_are_drawn_and_each_class_is_among_them(study: Study):
    y = pd.Series(np.where(np.arange(9000) == 4711, "yes", "no"))
    table = Table(pd.DataFrame(np.zeros((9000, 100))), y, None, None, None, dropped={})
    rows = np.arange(100, 9000)
    assert drawn_rows(rows[:2000], table, study, "a").tolist() == rows[:2000].tolist()
    drawn = drawn_rows(rows, table, study, "a")
    assert 2000 <= len(drawn) == len(set(drawn)) <= 2002
    assert 4711 in drawn
    assert set(drawn) < set(rows)
    assert drawn_rows(rows, table, study, "b").tolist() != drawn.tolist()


@pytest.mark.parametrize(
    ("most", "words"), [(60, ""), (20, "20 of 30 held-out and 20 of 60 train")]
)
def test_more_rows_than_may_be_asked_about_are_drawn_and_it_is_said(
    study: Study, monkeypatch: pytest.MonkeyPatch, most: int, words: str
):
    task = Task("candidate", linear("classification"), FOLD, seed=0)
    model, table = fit_task(task, table_of(ANSWER), study), table_of(ANSWER)
    before = fold_importances(model, task, table, study, ALONE)
    monkeypatch.setattr(summary, "ROWS", most)
    monkeypatch.setattr(summary, "FEWEST_ROWS", 1)
    after = fold_importances(model, task, table, study, ALONE)
    assert before.equals(after) == (not words)
    none = pd.DataFrame({"group": [], "feature": []})
    sizes = {"n_train": 60, "n_test": 30}
    found = importance_table(pd.concat([after] * 2), none, **sizes)
    note = importance_note(found, none, study, **sizes)
    assert ("In each fold" in note) == bool(words)
    assert words in note


MANY = pd.DataFrame(RNG.normal(size=(N, 300))).add_prefix("g")
MANY["g150"] = NUMBER + 0.1 * RNG.normal(size=N)  # it has a twin, so that each looks dispensable
MANY["g40"] = MANY["g150"] + 0.1 * RNG.normal(size=N)
MANY["g299"] = RNG.choice(["x", "y"], N)


@pytest.mark.parametrize("build", [linear, forest])
def test_the_leading_features_of_many_are_found(study: Study, build):
    table = Table(MANY, ANSWER, None, None, None, dropped={})
    task = Task("candidate", build("classification"), FOLD, seed=0)
    items = items_of(MANY.columns, correlated_groups(MANY))
    worth = fold_leaders(task, table, study, items)["worth"]
    assert sorted(items[worth.idxmax()]) == ["g150", "g40"]
    assert sum(len(one) for one in items) == 300


@pytest.mark.parametrize(
    ("build", "form"), [(linear, "array"), (linear, "frame"), (forest, "array")]
)
def test_in_a_wide_table_the_steps_run_once_and_the_importances_are_the_same(build, form: str):
    model = build("classification").fit(MANY[:60], ANSWER[:60])
    if form == "frame":
        model = model.set_output(transform="pandas").fit(MANY[:60], ANSWER[:60])
    units = {"one": ["g150"], "kind": ["g299"], "both": ["g150", "g40"], "none": ["g7"]}
    last, Z, columns = prepared(model, MANY[60:], units)
    assert last is model[-1]
    assert prepared(model, MANY[60:], {"one": ["g150"]})[0] is model  # for one, it saves nothing
    assert [len(one) for one in columns.values()] == [1, 2, 2, 1]
    how = {"metric": METRICS["roc_auc"], "classes": ["no", "yes"], "seed": 1, "shuffles": 3}
    whole = permutation_importances(model, MANY[60:], ANSWER[60:], units, **how)
    assert permutation_importances(last, Z, ANSWER[60:], columns, **how) == pytest.approx(whole)


@pytest.mark.parametrize("build", [linear, forest])
def test_in_a_wide_table_the_curves_are_those_of_the_whole_model(study: Study, build):
    model = build("classification").fit(MANY[:60], ANSWER[:60])
    grids = {"g150": np.array([-1.0, 1.0]), "g299": np.array(["x", "y"], dtype=object)}
    for name, _, curve in row_curves(model, MANY[60:], grids, study):
        for step, value in enumerate(grids[name]):
            whole = model.predict_proba(MANY[60:].assign(**{name: value}))[:, 1]
            assert curve[:, step] == pytest.approx(whole, rel=1e-12)


def test_steps_that_mix_features_run_each_time():
    from sklearn.decomposition import PCA

    numbers = MANY.drop(columns="g299")
    mixed = Pipeline([("mix", PCA(5)), ("model", LogisticRegression())]).fit(numbers, ANSWER)
    units = {"one": ["g1"], "two": ["g2"]}
    model, rows, columns = prepared(mixed, numbers, units)
    assert model is mixed
    assert rows is numbers
    assert columns is units


def test_features_of_a_pair_are_found_among_thousands_that_have_none():
    wide = pd.DataFrame(np.random.default_rng(2).normal(size=(200, 1000))).add_prefix("g")
    wide["g17"] = -(wide["g801"] ** 3)
    wide["g5"] = wide["g6"] = wide["g7"]
    found = correlated_groups(wide)
    assert found["feature"].tolist() == ["g5", "g6", "g7", "g17", "g801"]
    assert found["group"].tolist() == [1, 1, 1, 2, 2]


@pytest.mark.parametrize("gaps", [False, True])
def test_correlations_are_those_of_pandas(gaps: bool):
    mixed = MANY[["g1", "g2", "g40", "g150", "g299"]].assign(
        level=np.where(MANY["g1"] > 0, "hi", "lo"), tied=MANY["g2"].round(), one=1.0, empty=None
    )
    mixed["empty"] = mixed["empty"].astype(object)
    if gaps:
        mixed.loc[RNG.random(N) < 0.1, "g40"] = np.nan
        mixed["none"] = np.nan
    numbers = mixed.select_dtypes("number")
    texts = {name: pd.get_dummies(mixed[name], dtype=float) for name in ("g299", "level")}
    for name, both in texts.items():
        numbers[name] = both.iloc[:, 0]  # of two levels both say the same
    theirs = numbers.corr(method="spearman").abs().fillna(0.0)
    theirs = theirs.where(~np.eye(len(theirs), dtype=bool), 1.0)
    ours = rank_correlations(mixed).loc[theirs.index, theirs.columns]
    if gaps:  # ranks are those of all values of a column, not anew for each pair
        assert np.abs(ours - theirs).max().max() < 0.02
    else:
        assert (ours.to_numpy() == theirs.to_numpy()).all()
    assert (rank_correlations(mixed)["empty"].drop("empty") == 0).all()


def test_what_is_not_shuffled_alone_is_shuffled_together_and_said(study: Study):
    groups = correlated_groups(MANY)
    units = units_of(MANY.columns, groups, ["g40", "g150", "g7"])
    assert list(units)[:4] == ["feature: g40", "feature: g150", "feature: g7", "rest: 297"]
    assert sorted(units["group: 1"]) == ["g150", "g40"]
    names = [one.split(": ") for one in [*units, "noise: noise"]]
    rows = [(p, k, n, f, 0.1) for p in ("held-out", "training") for k, n in names for f in (0, 1)]
    found = pd.DataFrame(rows, columns=["rows", "kind", "name", "fold", "value"])
    sizes = {"n_train": 60, "n_test": 30}
    table = importance_table(found, groups, **sizes)
    assert table["kind"].tolist() == ["feature"] * 3 + ["rest", "noise", "group"]
    note = importance_note(table, groups, study, **sizes)
    assert "Of 300 features, 3 were shuffled alone" in note
    assert "The other 297 were shuffled together." in note
    assert weight_note(table).endswith(
        "The 297 features that were not shuffled alone are not listed."
    )
    assert "the other 297 together" in importance_texts(table, groups, study.primary).index
    few = table[table["kind"] != "rest"]
    assert "shuffled alone:" not in importance_note(few, groups, study, **sizes)
    assert weight_note(few) == WEIGHTS


# With the script


def test_of_300_features_the_leading_one_stands_first_and_no_table_has_them_all(folder: Path, call):
    study = folder / "study.toml"
    raw = MANY.drop(columns="g299").assign(answer=ANSWER)
    raw.to_csv(folder / "tiny.csv", index=False)
    text = study.read_text(encoding="utf-8")
    lines = [one for one in text.splitlines() if not one.startswith(("dose", "age", "kind"))]
    text = "\n".join(lines).replace(
        "answer =", '"g*" = { role = "feature", type = "number" }\nanswer ='
    )
    text = text.replace("repeats = 2", "repeats = 1")
    text = re.sub(r'sha256 = "\w+"', f'sha256 = "{sha256_of(folder / "tiny.csv")}"', text)
    text = text.replace('candidate = "candidate"', 'candidate = "linear"')
    text = text.replace('"dummy", "linear", "forest"', '"dummy", "forest"')
    text = re.sub(r"\[ablations.*?(?=\[sharing)", "", text, flags=re.DOTALL)
    study.write_text(text, encoding="utf-8", newline="\n")
    done = call("interpretation", "--study", str(study), "--results", str(folder / "out"))
    assert done.returncode == 0, done.stderr
    assert "looking for the leading ones of 299 features" in done.stderr
    assert "Of 299 features, 30 were shuffled alone" in done.stdout
    found = {path.stem: pd.read_csv(path) for path in (folder / "out").glob("*.csv")}
    kinds = found["interpretation"].groupby("kind")["name"].unique()
    assert len(kinds["feature"]) == 30
    assert list(kinds["rest"]) == ["269"]
    first = re.search(r"^(g\d+) ", done.stdout, flags=re.MULTILINE)
    assert first[1] in ("g150", "g40")
    assert set(found["interpretation_weights"]["feature"]) == set(kinds["feature"])


def test_two_runs_give_the_same_bytes_and_another_seed_others(folder: Path, call):
    def made(results: str, *options: str, hash_seed: int = 0) -> dict[str, bytes]:
        home = folder / results
        arguments = ["--study", str(folder / "study.toml"), "--results", str(home), *options]
        done = call("interpretation", *arguments, PYTHONHASHSEED=str(hash_seed))
        assert done.returncode == 0, done.stderr
        assert "random numbers" in done.stdout
        return {path.name: path.read_bytes() for path in sorted(home.iterdir())}

    first = made("one", "--workers", "1", "--fresh")
    assert made("two", "--workers", "2", "--fresh", hash_seed=1) == first
    assert made("cached", "--workers", "1", hash_seed=2) == first
    assert sorted(first) == [
        "interpretation.csv",
        "interpretation_groups.csv",
        "interpretation_weights.csv",
        "partial_dependence.csv",
        "partial_dependence_rows.csv",
    ]
    found = pd.read_csv(folder / "one" / "interpretation.csv")
    counts = found.groupby(["rows", "kind", "name"]).size()
    assert set(counts["held-out"]) == {6}
    assert set(counts["training"]) == {3}  # folds of the first repeat
    names = {("noise", "noise"), *(("feature", name) for name in ("age", "dose", "kind"))}
    assert set(counts["held-out"].index) == names
    weights = pd.read_csv(folder / "one" / "interpretation_weights.csv")
    assert set(weights["model"]) == {"candidate", "linear"}

    study = folder / "study.toml"
    text = study.read_text(encoding="utf-8").replace("seed = 0", "seed = 1")
    study.write_text(text, encoding="utf-8", newline="\n")
    other = made("other")
    assert other["interpretation.csv"] != first["interpretation.csv"]
