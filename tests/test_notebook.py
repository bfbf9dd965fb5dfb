"""The study's notebook runs, looks at development rows alone, and shows the committed numbers."""

import json

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.network]
# What a reader of the notebook could have seen, and what was committed.
LOOK = """
locked = set(table.y.index) - set(table.y.index[development])
assert len(locked) > 100 and not any(locked & set(one.index) for one in (X, y))
assert len(X) == len(y) == len(development)
assert not any(set(table.y.index[fold.test]) & locked for fold in folds)
merged = scores.merge(committed, on=["model", "repeat", "fold", "metric"])
assert len(merged) == len(scores) > 3
assert (merged["value_x"] - merged["value_y"]).abs().max() <= 1e-9  # another processor may round
"""


def test_it_looks_at_development_rows_and_gives_the_committed_scores(bake, in_study):
    study = bake()
    path = study.path / "notebooks" / "explore.ipynb"
    content = json.loads(study.read("notebooks/explore.ipynb"))
    assert not any(cell.get("outputs") for cell in content["cells"])
    extra = {"cell_type": "code", "id": "look", "metadata": {}, "outputs": [], "source": LOOK}
    content["cells"].append(extra | {"execution_count": None})
    path.write_text(json.dumps(content), encoding="utf-8")
    assert in_study(study.path, "notebook").stdout == "explore.ipynb: every cell ran\n"
