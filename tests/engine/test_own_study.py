"""A study that is not the example: own scripts and results, and parts of study.toml left out."""

import json
import os
import re
import shutil
import sys
from pathlib import Path

import example_study
import pandas as pd
import pytest
from reproml.cli.stages import load_script
from reproml.config.study import StudyError
from reproml.run.run import open_run

OWN_SCRIPT = '''\
"""Count the rows, and score the candidate alone."""

import numpy as np
from reproml.run.start import start
from sklearn.base import BaseEstimator


class Halved(BaseEstimator):
    """A part that a script defines reaches the workers too."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return np.full(len(X), self.classes_[0])

    def predict_proba(self, X):
        return np.full((len(X), 2), 0.5)


def main(run):
    """Write own.csv and a table of it."""
    candidate = run.study.models.candidate
    scores = run.score(run.models([candidate]) | {"halved": Halved()})
    means = scores.groupby(["model", "metric"], sort=False)["value"].mean().reset_index()
    run.write("own.csv", means)
    texts = means.set_index("model").map(str)
    run.write_table("own", texts, "Model", note="Two models.")
    run.tell_written()


if __name__ == "__main__":
    start(main, __doc__)
'''
OWN_PACKAGE = """\
from dataclasses import replace

from example_study import STUDY as SHIPPED

first, last = SHIPPED.scripts[:-1], SHIPPED.scripts[-1:]
STUDY = replace(SHIPPED, scripts=(*first, "own", *last))
"""
MARKERS = "".join(
    f"<!-- begin results/{name} -->\n<!-- end results/{name} -->\n"
    for name in ("own.csv", "tables/own.md")
)
STUB = """\
import os
import traceback
from pathlib import Path

from sklearn.dummy import DummyClassifier
from sklearn.pipeline import Pipeline


class Stub(DummyClassifier):
    def fit(self, X, y):
        names = [frame.filename for frame in traceback.extract_stack()]
        Path(os.environ["STACK"]).write_text("\\n".join(names), encoding="utf-8")
        return super().fit(X, y)
"""


def own_package(folder: Path, content: str, **files: str) -> dict[str, str]:
    """Write a package own_study with this STUDY; return the environment that finds it."""
    package = folder / "src" / "own_study"
    package.mkdir(parents=True)
    shutil.copytree(Path(example_study.__file__).parent, folder / "src" / "example_study")
    (package / "__init__.py").write_text(content, encoding="utf-8")
    for name, text in files.items():
        (package / f"{name}.py").write_text(text, encoding="utf-8")
    project = '[tool.reproml]\npackage = "own_study"\n'
    (folder / "pyproject.toml").write_text(project, encoding="utf-8")
    return {"PYTHONPATH": os.pathsep.join([str(folder / "src"), os.environ["PYTHONPATH"]])}


def change(path: Path, *pairs: tuple[str, str]) -> None:
    text = path.read_text(encoding="utf-8")
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8", newline="\n")


TEMPLATE = Path(__file__).resolve().parents[2]
MOST = 7
SMALL = ("folds = 3\nrepeats = 2", "folds = 2\nrepeats = 1")


@pytest.fixture
def run(folder: Path, call):
    """Return a caller of a command on the folder's study, which has two folds."""
    change(folder / "study.toml", SMALL)

    def run(script: str, *arguments: str, **environment: str):
        return call(script, "--study", str(folder / "study.toml"), *arguments, **environment)

    return run


def test_a_script_and_a_result_of_ones_own_are_like_the_rest(folder: Path, run):
    found = own_package(folder, OWN_PACKAGE)
    (folder / "scripts").mkdir()
    (folder / "scripts" / "own.py").write_text(OWN_SCRIPT, encoding="utf-8")
    (folder / "docs").mkdir()
    page = folder / "docs" / "own.md"
    page.write_text(MARKERS, encoding="utf-8")

    done = run("reproduce", "--workers", "2", **found)
    assert done.returncode == 0, done.stderr
    assert re.search(r"^own +\d", done.stdout, flags=re.MULTILINE)
    made = pd.read_csv(folder / "results" / "own.csv")
    assert made["model"].unique().tolist() == ["candidate", "halved"]
    manifest = json.loads((folder / "results" / "manifest.json").read_text(encoding="utf-8"))
    assert {"own.csv", "tables/own.md", "tables/own.tex"} <= set(manifest["results"])
    assert page.read_text(encoding="utf-8").count("| halved | roc_auc | 0.5 |") == 2

    assert "Nothing changed" in run("reproduce", **found).stdout
    done = run("verify", **found)
    assert done.returncode == 0, done.stdout + done.stderr
    change(folder / "results" / "own.csv", ("halved,roc_auc,0.5", "halved,roc_auc,0.6"))
    done = run("verify", **found)
    assert done.returncode == 1
    assert "different: own.csv: halved, roc_auc, value: committed 0.6" in done.stdout
    assert "edited: own.csv" in done.stdout

    change(folder / "scripts" / "own.py", ("Two models.", "Both."))
    done = run("reproduce", **found)  # the script is edited, so it is run again
    assert "results/tables/own.md" in done.stdout, done.stderr


def test_a_script_that_is_listed_has_to_be_there(folder: Path, run):
    found = own_package(folder, OWN_PACKAGE)
    done = run("reproduce", **found)
    assert done.returncode == 2
    assert "scripts/own.py: STUDY names this script, and there is no such file" in done.stderr
    assert not (folder / "results").exists()


def test_a_script_without_a_main_is_refused(folder: Path):
    (folder / "scripts").mkdir()
    (folder / "scripts" / "own.py").write_text("x = 1\n", encoding="utf-8")
    refused = pytest.raises(StudyError, match=r"scripts/own.py: there is no function main\(run\)")
    with open_run(folder / "study.toml") as run, refused:
        load_script("own", run)


def test_a_study_without_ablations_and_with_one_baseline_runs_through(folder: Path, run):
    path = folder / "study.toml"
    change(path, ('["dummy", "linear", "forest"]', '["dummy"]'), ("parameters = {", "# {"))
    head, _, rest = path.read_text(encoding="utf-8").partition("[ablations.no_splines]")
    path.write_text(head + rest[rest.index("\n[") :], encoding="utf-8", newline="\n")
    pages = ("tables/ablation.md", "tables/ablation_comparison.md", "figures/ablation.md")
    markers = [f"<!-- begin results/{one} -->\n<!-- end results/{one} -->\n" for one in pages]
    (folder / "README.md").write_text("".join(markers), encoding="utf-8")

    for script in ("baselines", "ablation", "interpretation", "evaluation"):
        done = run(script)
        assert done.returncode == 0, done.stderr
        if script == "ablation":
            assert "This study has no ablation" in done.stdout
    done = run("reproduce")
    assert done.returncode == 0, done.stderr
    assert pd.read_csv(folder / "results" / "ablation_comparison.csv").empty
    figure = (folder / "results" / "figures" / "ablation.svg").read_text(encoding="utf-8")
    assert "there is nothing to compare" in figure
    text = (folder / "README.md").read_text(encoding="utf-8")
    assert text.count("This study has no ablation.") == 1
    for verb in ("verify", "cards", "checklist", "report", "share"):
        done = run(verb)
        assert done.returncode == 0, done.stdout + done.stderr


def test_few_files_lie_between_a_script_and_a_fit(folder: Path, run, tmp_path: Path):
    """Somebody who steps from scripts/baselines.py into a fit passes few files."""
    study = (
        "from dataclasses import replace\n\nfrom example_study import STUDY as SHIPPED\n"
        "from sklearn.pipeline import Pipeline\n\nfrom .stub import Stub\n\n"
        'models = SHIPPED.models | {"dummy": lambda task: Pipeline([("model", Stub())])}\n'
        "STUDY = replace(SHIPPED, models=models)\n"
    )
    found = own_package(folder, study, stub=STUB)
    stack = tmp_path / "stack.txt"
    done = run("baselines", "--workers", "1", STACK=str(stack), **found)
    assert done.returncode == 0, done.stderr
    engine = Path(sys.modules["reproml"].__file__).parents[1]
    ours = [engine, engine.parent / "scripts"]
    files = [
        Path(name).relative_to(engine.parent if engine in Path(name).parents else ours[1].parent)
        for name in dict.fromkeys(stack.read_text(encoding="utf-8").splitlines())
        if any(parent in Path(name).parents for parent in ours[:2])
    ]
    assert files[0] == Path("scripts/baselines.py")
    assert len(files) <= MOST, files
    page = (TEMPLATE / "docs" / "how-it-works.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\d\. `(\S+)` ", page, flags=re.MULTILINE)
    assert listed == [path.as_posix() for path in files]


def test_a_model_that_reads_the_data_when_it_is_built_is_refused(folder: Path, run):
    """Not on import, and not in its fit: between the two."""
    study = (
        "from dataclasses import replace\nfrom pathlib import Path\n\n"
        "from example_study import STUDY as SHIPPED\n\n\n"
        "def reading(task):\n"
        f"    Path({str(folder / 'tiny.csv')!r}).read_bytes()\n"
        '    return SHIPPED.models["linear"](task)\n\n\n'
        'STUDY = replace(SHIPPED, models=SHIPPED.models | {"linear": reading})\n'
    )
    done = run("leakage", "--workers", "1", **own_package(folder, study))
    assert done.returncode == 2
    assert "error: linear in models.py reads tiny.csv, which holds the test rows" in done.stderr
