"""Files beside the data file: declared, with checksums, and part of what numbers come from."""

import shutil
import subprocess
from functools import partial
from pathlib import Path

import pytest
from conftest import tasks_of
from reproml.compute.cache import open_cache
from reproml.config.checksums import sha256_of, sha256_once, write_sums
from reproml.config.declared import SUMS, check_files, declared_files
from reproml.config.study import StudyError, parse_study, read_study
from reproml.explain.importance import fold_explanation
from reproml.prove.crate import make_crate
from reproml.run.manifest import changed_since, digests
from reproml.run.run import open_run
from reproml.split.test_ledger import parts_of
from reproml.write.cards import data_text

DECLARED = 'file = "tiny.csv"\nfiles = ["data/images/*.png", "data/weights.bin"]\n'


@pytest.fixture
def declared(folder: Path) -> Path:
    """Return a study that declares four files, whose checksums are written."""
    (folder / "data" / "images").mkdir(parents=True)
    for number in (10, 9, 1):
        (folder / "data" / "images" / f"{number}.png").write_bytes(bytes([number]))
    (folder / "data" / "images" / ".hidden.png").write_bytes(b"")
    (folder / "data" / "weights.bin").write_bytes(b"w")
    path = folder / "study.toml"
    text = path.read_text(encoding="utf-8").replace('file = "tiny.csv"\n', DECLARED)
    path.write_text(text, encoding="utf-8", newline="\n")
    renew(folder)
    return folder


def renew(folder: Path) -> None:
    sums = declared_files(read_study(folder / "study.toml").data, folder)
    (folder / SUMS).write_text(write_sums(sums), encoding="utf-8", newline="\n")


def test_names_are_sorted_from_the_studys_folder(declared: Path):
    found = check_files(read_study(declared / "study.toml").data, declared)
    names = [f"data/images/{number}.png" for number in (1, 10, 9)]
    assert list(found) == [*names, "data/weights.bin"]
    assert found["data/weights.bin"] == sha256_of(declared / "data" / "weights.bin")
    text = (declared / SUMS).read_text(encoding="utf-8")
    assert text.splitlines()[0] == f"{found[names[0]]}  data/images/1.png"


@pytest.mark.skipif(not shutil.which("sha256sum"), reason="no sha256sum here")
def test_sha256sum_reads_the_list(declared: Path):
    command = ["sha256sum", "--check", "--strict", SUMS]
    assert subprocess.run(command, cwd=declared, capture_output=True).returncode == 0
    (declared / "data" / "weights.bin").write_bytes(b"x")
    assert subprocess.run(command, cwd=declared, capture_output=True).returncode == 1


def flipped(folder: Path) -> None:
    path = folder / "data" / "images" / "9.png"
    path.write_bytes(bytes([path.read_bytes()[0] ^ 1]))


def edited(folder: Path) -> None:
    path = folder / SUMS
    text = path.read_text(encoding="utf-8")
    path.write_text(("0" if text[0] != "0" else "1") + text[1:], encoding="utf-8")


CHANGES = {
    "a byte": (flipped, "data/images/9.png (changed)"),
    "a file less": (lambda f: (f / "data/images/9.png").unlink(), "data/images/9.png (missing)"),
    "a file more": (lambda f: (f / "data/images/2.png").touch(), "data/images/2.png (extra)"),
    "two exchanged": (
        lambda f: [
            (f / "data/images/1.png").write_bytes(b"\x09"),
            (f / "data/images/9.png").write_bytes(b"\x01"),
        ],
        "data/images/1.png (changed), data/images/9.png (changed)",
    ),
    "another name": (
        lambda f: (f / "data/images/9.png").rename(f / "data/images/8.png"),
        "data/images/8.png (extra), data/images/9.png (missing)",
    ),
    "no list": (lambda f: (f / SUMS).unlink(), f"{SUMS} (missing)"),
    "an empty list": (lambda f: (f / SUMS).write_text(""), "data/images/1.png (extra), data/"),
    "an edited list": (edited, "data/images/1.png (changed)"),
    "a list of something else": (lambda f: (f / SUMS).write_bytes(b"\xff\n"), "(missing)"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_whatever_is_not_as_listed_is_refused_with_its_name(declared: Path, change):
    make, named = CHANGES[change]
    make(declared)
    data = read_study(declared / "study.toml").data
    with pytest.raises(StudyError) as caught:
        check_files(data, declared)
    assert named in str(caught.value)
    assert "restore" in str(caught.value)
    assert "python -m reproml checksums: all fits are then made again" in str(caught.value)
    renew(declared)
    assert check_files(data, declared)


def test_many_changes_are_counted(declared: Path):
    for number in range(20, 40):
        (declared / "data" / "images" / f"{number}.png").touch()
    with pytest.raises(StudyError, match="and 10 more; restore"):
        check_files(read_study(declared / "study.toml").data, declared)


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("data/none/*.png", "matches no file"),
        ("data/images", r'for all of a folder write "folder/\*"'),
        ("data/../../outside.bin", "outside of the study's folder"),
        ("data/link.bin", "a link may lead there"),
        ("results/scores.csv", "is a result"),
    ],
)
def test_a_pattern_that_finds_nothing_or_too_much_is_refused(declared: Path, pattern, message):
    outside = declared.parent / "outside.bin"
    outside.write_bytes(b"o")
    (declared / "data" / "link.bin").symlink_to(outside)
    (declared / "results").mkdir()
    (declared / "results" / "scores.csv").touch()
    data = read_study(declared / "study.toml").data.model_copy(update={"files": [pattern]})
    with pytest.raises(StudyError, match=message):
        declared_files(data, declared)


@pytest.mark.parametrize("pattern", ["/etc/passwd", "../a", ".git/a", "C:/a", "data\\a", ""])
def test_a_pattern_of_another_place_is_a_mistake_of_study_toml(content, pattern):
    content["data"]["files"] = [pattern]
    with pytest.raises(StudyError, match=r"data\.files\.0 is"):
        parse_study(content)


def test_folders_below_and_the_data_file_itself(declared: Path):
    data = read_study(declared / "study.toml").data
    found = declared_files(data.model_copy(update={"files": ["data/**/*.png"]}), declared)
    assert [name.rpartition("/")[2] for name in found] == ["1.png", "10.png", "9.png"]
    assert declared_files(data.model_copy(update={"files": ["*.csv"]}), declared) == {}


def test_a_checksum_is_computed_again_when_the_file_is_another(tmp_path: Path):
    path = tmp_path / "a.bin"
    path.write_bytes(b"1")
    first = sha256_once(path)
    path.write_bytes(b"22")
    assert sha256_once(path) == sha256_of(path) != first


def test_fits_manifest_record_and_card_know_the_files(declared: Path):
    def seen() -> tuple[str, dict, dict, str]:
        with open_run(declared / "study.toml") as run:
            study = run.study
            cache = open_cache(declared / "fits", study, run.table)
            key = cache.key(tasks_of(study, declared, "dummy")[0][0])
            card = data_text(study, run.table, (run.development, run.locked), "")
            return key, digests(run), parts_of(study, study.code.folder), card

    key, manifest, parts, card = seen()
    assert manifest["inputs"][SUMS] == sha256_of(declared / SUMS)
    assert "| Other files | 4, 4 bytes; checksums in `data/SHA256SUMS` |" in card
    assert (
        f"| `data/weights.bin` | 1 bytes, SHA-256 `{sha256_once(declared / 'data/weights.bin')}"
        in card
    )

    (declared / "data" / "weights.bin").write_bytes(b"xx")
    with open_run(declared / "study.toml") as run:
        assert changed_since(manifest, run) == ["data/weights.bin"]
        with pytest.raises(StudyError, match=r"data/weights.bin \(changed\)"):
            assert run.study
    renew(declared)
    with open_run(declared / "study.toml") as run:
        assert changed_since(manifest, run) == [SUMS]
    key_now, _, parts_now, _ = seen()
    assert key_now != key
    assert {name for name in parts if parts[name] != parts_now[name]} == {"declared files"}


def test_where_a_study_lies_is_in_no_key(declared: Path):
    keys = []
    for place in (declared, declared.parent / "elsewhere"):
        if not place.exists():
            shutil.copytree(declared, place)
        with open_run(place / "study.toml") as run:
            tasks = tasks_of(run.study, place, "dummy")[0]
            cache = open_cache(place / "fits", run.study, run.table)
            keys.append(cache.key(tasks[0], partial(fold_explanation, study=run.study)))
    assert keys[0] is not None
    assert keys[0] == keys[1]


def test_the_crate_gives_declared_files_the_licence_of_the_data():
    files = {"scripts/reproduce.py": (1, "0" * 64), "data/weights.bin": (1, "0" * 64)}
    files["data/README.md"] = (1, "0" * 64)
    manifest = {"inputs": {"data/weights.bin": "0" * 64}, "results": {}, "seconds": {}}
    manifest |= {"machine": {"python": "3.13", "platform": "Linux"}}
    manifest |= {"finished": "2026-01-31T12:00:00+00:00"}
    citation = {"title": "T", "license": "MIT", "authors": [{"name": "A"}]}
    data = ("CC0", "https://example.org/zero")
    graph = make_crate(manifest, files, citation, data, published="2026", verified="")["@graph"]
    of = {one["@id"]: one for one in graph}
    assert of["data/weights.bin"]["license"] == {"@id": data[1]}
    assert "license" not in of["data/README.md"]
    assert {"@id": "data/weights.bin"} in of["#reproduce"]["object"]
