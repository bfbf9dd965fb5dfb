"""The scripts as a user runs them: in a process of their own, on a tiny study."""

import shutil
from pathlib import Path

import pandas as pd
import pytest
from reproml.cli.verbs import VERBS

SCRIPTS = ["baselines", "ablation"]


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.fixture(scope="module")
def run(call):
    """Return a runner of scripts on a folder's study."""

    def run(folder: Path, script: str, into: str, *arguments: str, **environment: str):
        where = ["--study", str(folder / "study.toml"), "--results", str(folder / into)]
        done = call(script, *where, *arguments, **environment)
        assert done.returncode == 0, done.stderr
        return done

    return run


@pytest.fixture(scope="module")
def said(shared_folder: Path, run) -> dict[str, str]:
    """Return what each script printed when it wrote its results into a folder of its name."""
    how = {"PYTHONHASHSEED": "1"}
    return {s: run(shared_folder, s, s, "--workers", "1", **how).stdout for s in SCRIPTS}


@pytest.mark.parametrize("script", SCRIPTS)
def test_two_runs_give_the_same_bytes(shared_folder: Path, folder: Path, script: str, said, run):
    # in another folder, which has another cache
    run(folder, script, "two", "--workers", "2", PYTHONHASHSEED="2", OMP_NUM_THREADS="2")
    one = files(shared_folder / script)
    assert {f"{script}.csv", f"{script}_comparison.csv"} <= set(one)
    assert one == files(folder / "two")


@pytest.mark.parametrize("script", SCRIPTS)
def test_another_seed_gives_other_bytes(shared_folder: Path, folder: Path, script: str, said, run):
    """The twin: equal bytes above are no accident."""
    path = folder / "study.toml"
    text = path.read_text(encoding="utf-8").replace("seed = 0", "seed = 1")
    path.write_text(text, encoding="utf-8", newline="\n")
    run(folder, script, "two")
    assert files(folder / "two")[f"{script}.csv"] != files(shared_folder / script)[f"{script}.csv"]


def test_every_model_is_scored_on_every_fold(shared_folder: Path, said):
    scores = pd.read_csv(shared_folder / "baselines" / "baselines.csv")
    assert list(scores.columns) == ["model", "repeat", "fold", "metric", "value"]
    counts = scores.groupby(["model", "metric"]).size()
    assert len(counts) == 4 * 3
    assert set(counts) == {6}
    dummy = scores[(scores["model"] == "dummy") & (scores["metric"] == "roc_auc")]
    assert set(dummy["value"]) == {0.5}


def test_decisions_stand_in_the_comparisons_and_the_linear_model_comes_first(
    shared_folder: Path, said
):
    told = said["baselines"].strip()
    assert told.startswith("The linear model is not distinguishable from candidate")
    assert "candidate is not distinguishable from linear: ROC AUC ahead by " in told
    for name in SCRIPTS:
        compared = pd.read_csv(shared_folder / name / f"{name}_comparison.csv")
        assert compared.columns[-1] == "decision"
        assert set(compared["decision"]) <= {"better", "worse", "not distinguishable"}


def test_the_full_candidate_is_the_one_of_the_baselines(shared_folder: Path, said):
    scores = pd.read_csv(shared_folder / "baselines" / "baselines.csv")
    full = pd.read_csv(shared_folder / "ablation" / "ablation.csv").query("model == 'full'")
    assert scores.query("model == 'candidate'")["value"].tolist() == full["value"].tolist()


HEAVY = {"numpy", "pandas", "scipy", "sklearn", "matplotlib", "pyarrow", "pydantic", "distributed"}
STUDY = Path(__file__).parents[2] / "{{cookiecutter.project_slug}}"
ALL = sorted(path.stem for path in (STUDY / "scripts").glob("*.py"))
ALL += [name for name in VERBS if name not in ALL]


@pytest.mark.parametrize("script", ALL)
def test_help_needs_no_study_and_waits_for_no_heavy_library(script: str, tmp_path: Path, call):
    """What takes time at the start is importing; a time limit here would measure the machine."""
    done = call(script, "--help", cwd=tmp_path, PYTHONPROFILEIMPORTTIME="1")
    lines = done.stderr.splitlines()
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in lines}
    assert done.returncode == 0
    of_study = VERBS[script].of_study if script in VERBS else script != "environment"
    assert ("--workers" in done.stdout) is of_study
    assert "argparse" in imported
    assert not imported & HEAVY


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_mistake_is_a_message_and_nothing_is_written(folder: Path, script: str, call):
    path = folder / "study.toml"
    path.write_text(
        path.read_text(encoding="utf-8").replace("folds = 3", "folds = 1"),
        encoding="utf-8",
        newline="\n",
    )
    arguments = ["--study", str(path), "--results", str(folder / "results")]
    done = call(script, *arguments)
    assert done.returncode == 2
    assert done.stderr.startswith("error: study.toml has 1 mistake")
    assert "Traceback" not in done.stderr
    assert not (folder / "results").exists()
    assert "Traceback" in call(script, *arguments, "--debug").stderr


def test_bad_data_leaves_old_results_as_they_were(folder: Path, shared_folder: Path, said, call):
    results = folder / "results"
    shutil.copytree(shared_folder / "baselines", results)
    data = folder / "tiny.csv"
    data.write_bytes(data.read_bytes().replace(b"20,", b"21,", 1))
    done = call("baselines", "--study", str(folder / "study.toml"), "--results", str(results))
    assert done.returncode == 2
    assert "SHA-256" in done.stderr
    assert files(results) == files(shared_folder / "baselines")


def test_no_workers_is_refused(call):
    done = call("baselines", "--workers", "0")
    assert done.returncode == 2
    assert "use 1 or more" in done.stderr


def test_verify_without_results_says_what_to_do(folder: Path, call):
    done = call("verify", "--study", str(folder / "study.toml"))
    assert done.returncode == 2
    assert "run scripts/reproduce.py first" in done.stderr
