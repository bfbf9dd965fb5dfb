"""reproduce makes everything, verify makes it again and sees every change by hand."""

import json
import re
import shutil
from pathlib import Path

import pytest

README = (
    "# Tiny\n<!-- begin results/tables/baselines.md -->\n<!-- end results/tables/baselines.md -->\n"
)


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".cache" not in path.parts
    }


@pytest.fixture(scope="module")
def run(call):
    """Return a caller of scripts on a folder's study."""
    return lambda script, folder, *rest: call(script, "--study", str(folder / "study.toml"), *rest)


@pytest.fixture(scope="module")
def reproduced(shared_folder: Path, run) -> Path:
    """Return the folder of a small study that was reproduced."""
    path = shared_folder / "study.toml"
    small = path.read_text(encoding="utf-8").replace("repeats = 2", "repeats = 1")
    path.write_text(small.replace('"forest"]', '"domain"]').replace("parameters", "# "), "utf-8")
    (shared_folder / "README.md").write_text(README, encoding="utf-8")
    done = run("reproduce", shared_folder)
    assert done.returncode == 0, done.stderr
    return shared_folder


@pytest.fixture
def made(reproduced: Path, tmp_path: Path) -> Path:
    """Return a copy of it, to change, with its cache."""
    return Path(shutil.copytree(reproduced, tmp_path / "made"))


def test_verify_passes_and_sees_what_was_edited_by_hand(made: Path, run):
    before = files(made)
    assert "| candidate |" in before["README.md"].decode()
    manifest = json.loads(before["results/manifest.json"])
    assert set(manifest["results"]) == {
        name.removeprefix("results/")
        for name in before
        if name.startswith("results/") and not name.endswith("manifest.json")
    }

    done = run("verify", made, "--json")
    found = json.loads(done.stdout)
    assert done.returncode == 0, done.stdout
    assert found["counts"]["bit-identical"] > 100
    assert found["differences"] == []
    assert files(made) == before  # verify writes nothing here

    scores = made / "results" / "baselines.csv"
    text = scores.read_text(encoding="utf-8")
    row = re.search(r"linear,0,1,roc_auc,0\.(\d)", text)
    scores.write_text(text.replace(row[0], f"{row[0][:-1]}{(int(row[1]) + 1) % 10}"), "utf-8")
    readme = made / "README.md"
    readme.write_text(
        readme.read_text(encoding="utf-8").replace("| linear | 0", "| linear | 1"), "utf-8"
    )
    done = run("verify", made)
    assert done.returncode == 1
    assert "NOT REPRODUCED" in done.stdout
    assert "different: baselines.csv: linear, 0, 1, roc_auc, value: committed" in done.stdout
    assert "edited: baselines.csv" in done.stdout
    assert "different: README.md: line" in done.stdout


def test_an_unchanged_study_is_not_made_again_and_a_lost_result_is(made: Path, run):
    before = files(made)
    assert "Nothing changed" in run("reproduce", made).stdout
    (made / "results" / "macros.tex").unlink()
    (made / "results" / "stray.csv").write_text("a\n1\n", encoding="utf-8")
    done = run("reproduce", made, "--workers", "2")
    assert done.stderr == ""  # workers for whom there is nothing left to do are no cause to warn
    assert "macros.tex" in done.stdout
    assert "stray.csv (no longer made)" in done.stdout
    assert files(made) == before


def test_verify_without_results_says_what_to_do(folder: Path, run):
    done = run("verify", folder)
    assert done.returncode == 2
    assert "run scripts/reproduce.py first" in done.stderr
