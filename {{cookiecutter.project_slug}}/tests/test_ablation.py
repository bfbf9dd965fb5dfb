"""A switch changes what it names and nothing else."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from {{ cookiecutter.__package }}.ablation import FULL, apply_switch, make_variants
from {{ cookiecutter.__package }}.data import load_table
from {{ cookiecutter.__package }}.models import candidate
from {{ cookiecutter.__package }}.study import StudyError, parse_study, read_study

ROOT = Path(__file__).resolve().parents[1]
OFF = {"columns__numbers__scale": "passthrough"}


def test_the_studys_own_ablations_exist():
    study = read_study(ROOT / "study.toml")
    assert list(make_variants(study)) == [FULL, *study.ablations]


def test_a_switch_leaves_the_candidate_as_it_was():
    model = candidate("classification")
    before = repr(model.get_params())
    variant = apply_switch(model, OFF, "here")
    assert repr(model.get_params()) == before
    assert variant.get_params()["columns__numbers__scale"] == "passthrough"


def test_switching_the_scaler_off_keeps_every_column(folder: Path):
    """Commenting it out of a column transformer would drop its columns: that is the twin."""
    table = load_table(read_study(folder / "study.toml"), folder)
    model = candidate("classification")
    full, variant = (
        m.fit(table.X, table.y)[:-1].transform(table.X)
        for m in (model, apply_switch(model, OFF, "here"))
    )
    dropped = apply_switch(model, {"columns__numbers": "drop"}, "here").fit(table.X, table.y)
    assert full.shape == variant.shape
    assert not np.array_equal(full, variant)
    assert dropped[:-1].transform(table.X).shape[1] < full.shape[1]


def test_an_unknown_switch_lists_those_there_are():
    with pytest.raises(StudyError) as caught:
        apply_switch(candidate("regression"), {"columns__numbers__pca": None}, "ablations.no_pca")
    assert "ablations.no_pca: there is no 'columns__numbers__pca'" in str(caught.value)
    assert "'columns__numbers__scale'" in str(caught.value)


def test_a_switch_that_changes_nothing_is_refused():
    with pytest.raises(StudyError, match="changes nothing"):
        apply_switch(candidate("regression"), {"model__alpha": 10.0}, "ablations.same")


@pytest.mark.parametrize(
    ("ablations", "message"),
    [({}, "there is none"), ({"full": {"set": OFF, "reason": "?"}}, "the name is taken")],
)
def test_names_of_ablations(content: dict[str, Any], ablations: dict, message: str):
    content["ablations"] = ablations
    with pytest.raises(StudyError, match=message):
        make_variants(parse_study(content))
