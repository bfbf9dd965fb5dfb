"""Over many simulated worlds with known truth, a study's own numbers mean what they say.

docs/coverage.csv holds what tools/coverage.py measured in every world. The first worlds are
simulated again here, so the committed numbers are those of today's code; what they show is asserted
of all.
"""

import csv
import shutil
from pathlib import Path

import pytest

TEMPLATE = Path(__file__).resolve().parent.parent
ENV = {"PYTHONPATH": None, "PYTHONDONTWRITEBYTECODE": "1"}


@pytest.fixture(scope="session")
def worlds():
    """Rows of docs/coverage.csv by kind, numbers as numbers."""
    with (TEMPLATE / "docs" / "coverage.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    kinds = {}
    for row in rows:
        kind = row.pop("kind")
        kinds.setdefault(kind, []).append({name: float(value) for name, value in row.items()})
    return kinds


def share(rows, low, value, high):
    return sum(row[low] <= row[value] <= row[high] for row in rows) / len(rows)


def bias(rows, estimate, truth):
    return sum(row[estimate] for row in rows) / sum(row[truth] for row in rows) - 1


@pytest.mark.slow
@pytest.mark.network  # the environment of the study
@pytest.mark.xdist_group("worlds")
def test_the_committed_numbers_are_those_of_the_code(study_env, run):
    run([study_env, "tools/coverage.py", "--check", "2"], cwd=TEMPLATE, env=ENV)


@pytest.mark.slow
@pytest.mark.network  # the environment of the study
@pytest.mark.xdist_group("worlds")
@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        # a study whose bootstrap draws rows where it should draw groups
        (
            "split/claims.py",
            "lambda table, split: table.groups.to_numpy()",
            "lambda table, split: np.arange(len(table.y))",
            "grouped",
        ),
        # the variance of folds that share no rows
        (
            "statistics/corrected.py",
            "size + n_test / n_train",
            "size + 0 * n_test / n_train",
            "independent, world 0, low",
        ),
    ],
)
def test_code_that_states_other_intervals_is_seen(
    tmp_path, study_env, run, file, old, new, message
):
    study = Path("{{cookiecutter.project_slug}}")
    code = study / "engine" / "reproml"
    for folder in (Path("tools"), Path("docs"), Path("templates/study"), study / "src", code):
        shutil.copytree(TEMPLATE / folder, tmp_path / folder)
    path = tmp_path / code / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    check = ["tools/coverage.py", "--check", "1", "--kinds", message.partition(",")[0]]
    assert message in run([study_env, *check], cwd=tmp_path, env=ENV, rc=1).stderr


def test_every_kind_was_simulated_often(worlds):
    assert sorted(worlds) == ["grouped", "independent", "spatial", "temporal"]
    assert all([row["world"] for row in rows] == list(range(200)) for rows in worlds.values())


@pytest.mark.parametrize("kind", ["independent", "grouped"])
def test_intervals_hold_the_truth_where_rows_or_groups_are_a_fair_draw(worlds, kind):
    rows = worlds[kind]
    assert share(rows, "low", "truth", "high") >= 0.9
    assert share(rows, "tested_low", "tested_truth", "tested_high") >= 0.9


@pytest.mark.parametrize(
    ("kind", "by"),  # later blocks of months share fewer training rows than dealt folds do
    [("independent", 0.3), ("grouped", 0.3), ("temporal", 0.02), ("spatial", 0.3)],
)
def test_without_the_correction_they_hold_less(worlds, kind, by):
    rows = worlds[kind]
    plain = share(rows, "plain_low", "truth", "plain_high")
    assert plain < share(rows, "low", "truth", "high") - by


@pytest.mark.parametrize("kind", ["independent", "grouped", "temporal", "spatial"])
def test_the_right_split_tells_the_truth_on_average(worlds, kind):
    assert abs(bias(worlds[kind], "folds", "truth")) < 0.03


@pytest.mark.parametrize(
    ("kind", "at_least", "at_most"),
    [
        ("independent", -0.03, 0.03),
        ("grouped", -0.35, -0.15),
        ("temporal", -0.35, -0.10),
        ("spatial", -0.45, -0.20),
    ],
)
def test_a_random_split_flatters_by_a_stated_amount(worlds, kind, at_least, at_most):
    assert at_least < bias(worlds[kind], "random", "tested_truth") < at_most
