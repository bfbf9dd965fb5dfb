"""The archive is made of a commit alone; what it holds beside the study is complete."""

import subprocess
import zipfile
from pathlib import Path

import yaml
from reproml.prove.archive import codecheck_yml, offline_page, write_zip

HOSTILE = "Jo \"J\" O'Neil's \\new # {a}: \N{DNA DOUBLE HELIX}"


def test_codecheck_has_all_that_is_asked_of_an_author():
    citation = {
        "title": HOSTILE,
        "doi": "10.5281/zenodo.1",
        "authors": [{"name": "Ada", "orcid": "https://orcid.org/0000-0002-1825-0097"}],
    }
    outputs = ["results/a.csv", "results/manifest.json", "results/openings.json"]
    text = codecheck_yml(citation, outputs)
    assert "\n---\n" in text
    found = yaml.safe_load(text)
    assert found["version"] == "https://codecheck.org.uk/spec/config/2.0/"
    assert [one["file"] for one in found["manifest"]] == ["results/a.csv"]
    assert all(one["comment"] for one in found["manifest"])
    assert found["paper"] == {
        "title": HOSTILE,
        "authors": [{"name": "Ada", "ORCID": "0000-0002-1825-0097"}],
        "reference": "https://doi.org/10.5281/zenodo.1",
    }


def test_an_unknown_orcid_is_left_out_and_not_made_up():
    found = yaml.safe_load(codecheck_yml({"title": "T", "authors": [{"name": "Ada"}]}, []))
    assert found["paper"]["authors"] == [{"name": "Ada"}]
    assert found["paper"]["reference"] == "in preparation"


def test_a_zip_keeps_modes_and_takes_files(tmp_path: Path):
    wheel = tmp_path / "a.whl"
    wheel.write_bytes(b"12")
    into = tmp_path / "a.zip"
    write_zip({"run.sh": b"x", "wheels/a.whl": wheel}, {"run.sh"}, into)
    with zipfile.ZipFile(into) as archive:
        modes = {one.filename: one.external_attr >> 16 & 0o777 for one in archive.infolist()}
        assert archive.read("wheels/a.whl") == b"12"
    assert modes == {"run.sh": 0o755, "wheels/a.whl": 0o644}


def test_the_page_names_the_python_it_is_for():
    page = offline_page("3.12", "Linux x86_64", 30)
    assert "python3.12 scripts/environment.py --wheels wheels" in page
    assert "--no-index --find-links wheels --require-hashes" in page


def test_a_folder_without_a_commit_is_refused(folder: Path, call):
    done = call("archive", "--study", str(folder / "study.toml"), GIT_CEILING_DIRECTORIES="/")
    assert done.returncode == 2
    assert "is no git repository with a commit" in done.stderr
    assert not (folder / "dist").exists()


def test_what_is_not_committed_is_refused(folder: Path, call):
    identity = ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    for command in (
        ["init"],
        ["add", "study.toml", "pyproject.toml"],
        ["commit", "--no-verify", "-m", "first"],
    ):
        subprocess.run(["git", *identity, *command], cwd=folder, check=True, capture_output=True)
    done = call("archive", "--study", str(folder / "study.toml"))
    assert done.returncode == 2
    assert "not as committed; commit or remove these first:\n  ?? tiny.csv" in done.stderr
