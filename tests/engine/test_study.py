"""study.toml is refused as a whole, with every mistake named."""

from pathlib import Path
from typing import Any

import pytest
from reproml.config.study import StudyError, parse_study, read_study


def test_seed_zero_is_a_seed(content: dict[str, Any]):
    content["study"]["seed"] = 0
    assert parse_study(content).seed == 0


def test_no_seed_is_an_error(content: dict[str, Any]):
    del content["study"]["seed"]
    with pytest.raises(StudyError, match=r"study\.seed: it is missing"):
        parse_study(content)


def change(content: dict[str, Any], path: str, value: Any) -> None:
    *sections, key = path.split("/")
    for section in sections:
        content = content.setdefault(section, {})
    content[key] = value


MISTAKES = [
    ("study/seed", "0", "study.seed is '0'"),
    ("study/seed", True, "study.seed is True"),
    ("study/seed", -1, "study.seed is -1"),
    ("study/sead", 1, "study.sead: there is no such key"),
    ("study/task", "clustering", "study.task is 'clustering'"),
    ("split/folds", 1, "split.folds is 1"),
    ("split/fold", 5, "split.fold: there is no such key"),
    ("split/dependence", "grouped", "give a column the role group"),
    ("split/dependence", "temporal", "give a column the role time"),
    ("split/dependence", "spatial", "give a column the role place"),
    ("split/gap", 2, 'split.gap is 2; it is for dependence = "temporal"'),
    ("split/block", 2.0, "split.block is 2.0"),
    ("data/sha256", "abc", "data.sha256 is 'abc'"),
    ("data/positive", "maybe", "data.positive is 'maybe'"),
    ("data/columns/dose/role", "ignore", None),
    ("data/columns/answer/role", "feature", "0 columns have the role target"),
    ("data/columns/dose/role", "target", "2 columns have the role target"),
    ("data/columns/dose/role", "place", "1 columns have the role place"),
    ("data/columns/dose/type", "date", "min and max are for numbers"),
    ("data/columns/age/type", "date", "a date cannot be a feature"),
    ("data/columns/dose/values", ["1"], "values are for type"),
    ("data/columns/x*", {"role": "group"}, None),  # there may be such a column: test_dead_ends.py
    ("metrics/others", ["roc_auc"], "'roc_auc' is named twice"),
    ("models/baselines", ["candidate"], "'candidate' is named twice"),
    ("models/baselines", [], "models.baselines is []"),
    ("models/parameters/tree", {"a": 1}, "models.parameters.tree: no such model"),
    ("ablations/no_splines/set", {}, "ablations.no_splines.set is {}"),
    ("leakage/rows", 0, "leakage.rows is 0"),
    ("leakage/rows", 2.5, "leakage.rows is 2.5"),
    ("leakage/rows", 100_000, None),
    ("compute/workers", 0, "workers is 0"),
    ("compute/backend", "ray", "compute.backend is 'ray'"),
    ("compute/scheduler", "10.0.0.1", "compute.scheduler is '10.0.0.1'"),
    ("compute/slurm", {"queue": "short"}, "fits --shard i/n"),
    ("compute/backend", "threading", "fits --shard i/n"),
    ("tolerances/default", 0.01, "tolerances.default is 0.01"),
    ("tolerances/metrics", {"roc_auc": -0.1}, "tolerances.metrics.roc_auc is -0.1"),
    ("tolerances/metrics", {"roc_auc": 0.1}, None),  # verify uses what intervals allow of it
    ("tolerances/share", 0.11, "tolerances.share is 0.11"),
    ("tolerances/metrics", {"mae": 1e-7}, "tolerances.metrics.mae: no such metric"),
]


@pytest.mark.parametrize(("path", "value", "message"), MISTAKES)
def test_each_mistake_is_named(content: dict[str, Any], path: str, value: Any, message: str | None):
    change(content, path, value)
    if message is None:  # a change that is allowed
        parse_study(content)
        return
    with pytest.raises(StudyError) as caught:
        parse_study(content)
    assert message in str(caught.value)


def test_all_mistakes_come_at_once(content: dict[str, Any]):
    content["split"]["folds"] = 1
    content["study"]["task"] = "clustering"
    with pytest.raises(StudyError, match="2 mistakes"):
        parse_study(content)


def test_temporal_folds_cannot_repeat(content: dict[str, Any]):
    content["data"]["columns"]["age"]["role"] = "time"
    content["split"] |= {"dependence": "temporal", "repeats": 3}
    with pytest.raises(StudyError, match=r"split\.repeats is 3"):
        parse_study(content)
    content["split"]["repeats"] = 1
    assert parse_study(content).split.repeats == 1


def test_regression_needs_a_number(content: dict[str, Any]):
    content["study"]["task"] = "regression"
    with pytest.raises(StudyError, match='needs type = "number"'):
        parse_study(content)


@pytest.mark.parametrize(
    ("text", "message"),
    [(b"[study\n", "not valid TOML"), (b"seed = '\xff'", "UTF-8"), (b"study = 3", "section")],
)
def test_files_that_are_no_study(tmp_path: Path, text: bytes, message: str):
    path = tmp_path / "study.toml"
    path.write_bytes(text)
    with pytest.raises(StudyError, match=message):
        read_study(path)
