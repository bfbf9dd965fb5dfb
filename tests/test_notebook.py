"""The study's notebook runs, looks at development rows alone, and shows the committed numbers."""

import json

import pytest
from studies import paths

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


def test_it_looks_at_development_rows_and_gives_the_committed_scores(bake, study_env, run):
    study = bake()
    path = study.path / "notebooks" / "explore.ipynb"
    before = study.read("notebooks/explore.ipynb")
    content = json.loads(before)
    assert not any(cell.get("outputs") for cell in content["cells"])
    env = {"PYTHONPATH": paths(study.path)}

    extra = {"cell_type": "code", "id": "look", "metadata": {}, "outputs": [], "source": LOOK}
    content["cells"].append(extra | {"execution_count": None})
    path.write_text(json.dumps(content), encoding="utf-8")
    done = run([study_env, "-m", "reproml", "notebook"], study.path, env=env)
    assert done.stdout == "explore.ipynb: every cell ran\n"

    wrong = LOOK.replace("not any(locked & set(", "any(locked & set(")
    content["cells"][-1]["source"] = wrong
    path.write_text(json.dumps(content), encoding="utf-8")
    done = run([study_env, "-m", "reproml", "notebook"], study.path, env=env, rc=1)
    assert done.stdout == f"explore.ipynb: cell {len(content['cells'])}: AssertionError: \n"
