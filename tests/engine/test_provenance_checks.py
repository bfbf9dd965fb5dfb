"""What the manifest and the record of openings say is checked, field by field."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from reproml.cli import reproduce, verify
from reproml.config.checksums import sha256_of
from reproml.config.study import StudyError
from reproml.config.versions import LOCK, locked_versions
from reproml.prove.provenance_checks import as_locked, check_manifest
from reproml.run import manifest as manifests
from reproml.run.run import open_run
from reproml.split.test_ledger import entry_hash

# Said of a whole study; the lock of these tests is the template's, in another folder.
WHOLE = ["machine, finished and seconds", "has no requirements.txt", "json can't rule out openings"]


@pytest.fixture(autouse=True)
def no_repository_above(monkeypatch, tmp_path_factory):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path_factory.getbasetemp().parent))


def git(folder: Path, *arguments: str) -> str:
    name = ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    command = ["git", *name, *arguments]
    done = subprocess.run(command, cwd=folder, check=True, capture_output=True, encoding="utf-8")
    return done.stdout.strip()


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8", newline="\n")


def engine(verb, folder: Path, **options) -> None:
    """Run a verb on a folder's study, in this process."""
    with open_run(folder / "study.toml", workers=1) as run:
        verb.main(run, **options)


@pytest.fixture(scope="module")
def made(shared_folder: Path, make) -> Path:
    """Return a study that was opened twice, reproduced and committed."""
    folder = shared_folder
    edit(folder / "study.toml", "folds = 3\nrepeats = 2", "folds = 2\nrepeats = 1")
    (folder / ".gitignore").write_text(".cache/\n", encoding="utf-8")
    git(folder, "init")
    for again in (False, True):
        if again:
            edit(folder / "study.toml", "n_estimators = 5", "n_estimators = 6")
        git(folder, "add", ".")
        git(folder, "commit", "--no-verify", "-m", "Choose a model")
        make("evaluation", folder, again=again)
    git(folder, "add", ".")
    git(folder, "commit", "--no-verify", "-m", "Open")
    engine(reproduce, folder)
    git(folder, "add", ".")
    git(folder, "commit", "--no-verify", "-m", "Results")
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    """Return a copy of it, to lie in."""
    return Path(shutil.copytree(made, tmp_path / "study"))


def found_in(folder: Path) -> tuple[list[str], list[str]]:
    """Return what verify says of manifest and record, as lines and as notes."""
    with open_run(folder / "study.toml", folder / "results") as run:
        manifest = manifests.read_manifest(run.results)
        wrong, notes = manifests.checked(manifest, run)
    assert {one.kind for one in wrong} <= {"provenance"}
    lines = (": ".join(filter(None, [d.file, d.row, d.column])) for d in wrong)
    said = zip(lines, wrong, strict=True)
    return [f"{line}: says {one.committed}, found {one.made}" for line, one in said], notes


def change(folder: Path, name: str, value: object, key: str = "") -> None:
    """Write another value into the manifest; None takes the field away."""
    path = folder / "results" / "manifest.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    place, last = (content[name], key) if key else (content, name)
    place.pop(last, None) if value is GONE else place.update({last: value})
    path.write_text(json.dumps(content), encoding="utf-8")


GONE = object()


def test_a_whole_study_holds_and_what_can_not_be_checked_is_said(folder: Path):
    wrong, notes = found_in(folder)
    assert wrong == []
    assert [note for note, said in zip(notes, WHOLE, strict=True) if said not in note] == [], notes
    assert notes[-1].endswith("(2 commits of it)")


LIES = [
    ("seeds", "study", 999, "seeds: study: says 999, found 0"),
    ("seeds", "split/test", GONE, "seeds: split/test: says nothing, found 206019932"),
    ("seeds", "more", 1, "seeds: more: says 1, found nothing"),
    ("versions", "numpy", "1.0", rf"versions: numpy: says 1.0, found {'2'}"),
    ("versions", "numpy", "not installed", "versions: numpy: says not installed, found 2"),
    ("versions", "numpy", GONE, "versions: numpy: says nothing, found 2"),
    ("versions", "torch", "2.9", "versions: torch: says 2.9, found nothing"),
    ("inputs", "study.toml", "0" * 64, "inputs: study.toml: says 0+, found [0-9a-f]{64}"),
    ("inputs", "tiny.csv", "0" * 64, "inputs: tiny.csv: says 0+, found [0-9a-f]{64}"),
    ("inputs", "requirements.txt", "0" * 64, "inputs: requirements.txt: says 0+, found"),
    ("inputs", "source", "0" * 64, "inputs: source: says 0+, found [0-9a-f]{64}"),
    ("inputs", "tiny.csv", GONE, "inputs: tiny.csv: says nothing, found [0-9a-f]{64}"),
    ("results", "baselines.csv", "0" * 64, "results: baselines.csv: says 0+, found [0-9a-f]{64}"),
    ("results", "baselines.csv", GONE, "results: baselines.csv: says nothing, found"),
    ("results", "best.csv", "0" * 64, "results: best.csv: says 0+, found nothing"),
    ("openings", "openings.json", "0" * 64, "openings: openings.json: says 0+, found"),
    ("openings", "openings.json", GONE, "openings: openings.json: says nothing, found"),
    ("engine", "version", "9.9", "engine: version: says 9.9, found 2"),
    ("engine", "state", "changed here: a.py", "engine: state: says changed here: a.py, found as"),
    ("machine", "python", "3.4.0", "machine: python: says 3.4.0, found >=3.11"),
    ("machine", "python", GONE, "machine: python: says nothing, found"),
    ("machine", "cpu", GONE, "machine: cpu: says nothing, found something in every manifest"),
    ("finished", "", "yesterday", "finished: says yesterday, found no time"),
    ("commit", "", "main", "commit: says main, found no commit with a state"),
    ("commit", "", None, "commit: says None, found no commit with a state"),
    ("dirty", "", None, "dirty: says None, found no commit with a state"),
    ("dirty", "", "no", "dirty: says no, found another kind of value"),
    ("no_commit", "", "no git", "no_commit: says no git, found no commit with a state"),
    ("author", "", "me", "author: says me, found no such field in manifests"),
]
FIELDS = ["commit", "dirty", "no_commit", "finished", "seconds", "inputs", "results", "openings"]
FIELDS += ["engine", "versions", "machine", "seeds"]


@pytest.mark.parametrize(("name", "key", "value", "said"), LIES)
def test_a_lie_of_the_manifest_is_found(folder: Path, name, key, value, said: str):
    project = '[project]\nrequires-python = ">=3.11,<3.15"\n\n'
    (folder / "pyproject.toml").write_text(
        project + (folder / "pyproject.toml").read_text(encoding="utf-8"), encoding="utf-8"
    )
    change(folder, name, value, key)
    wrong, _ = found_in(folder)
    assert any(re.match(f"manifest.json: {said}", line) for line in wrong), wrong


@pytest.mark.parametrize("name", FIELDS)
@pytest.mark.parametrize("value", [GONE, 7])
def test_a_field_that_is_missing_or_of_another_kind_is_found(folder: Path, name: str, value):
    change(folder, name, value)
    says = "nothing" if value is GONE else "7"
    assert f"manifest.json: {name}: says {says}, found another kind of value" in found_in(folder)[0]


def test_a_lock_that_is_not_what_is_installed_names_library_and_versions(
    folder: Path, tmp_path: Path, monkeypatch
):
    lock = tmp_path / "requirements.txt"
    numpy = locked_versions(LOCK)["numpy"]
    text = LOCK.read_text(encoding="utf-8").replace(f"numpy=={numpy}", "numpy==2.3.0")
    lock.write_text(text, encoding="utf-8")
    monkeypatch.setattr(manifests, "LOCK", lock)
    wrong, _ = found_in(folder)
    assert f"requirements.txt: numpy: says 2.3.0, found {numpy}" in wrong
    assert f"manifest.json: versions: numpy: says {numpy}, found 2.3.0" in wrong
    assert [line for line in wrong if "inputs: requirements.txt" in line]


def test_what_a_lock_asks_for_elsewhere_only_need_not_be_installed(tmp_path: Path):
    lock = tmp_path / "requirements.txt"
    lock.write_text("a==1 \\\n    --hash=x\nb==2 ; sys_platform == 'win32' \\\n", encoding="utf-8")
    for here in ({"a": "1", "b": "2"}, {"a": "1", "b": "not installed"}):
        assert as_locked(here, lock) == here
    for here in ({"a": "not installed", "b": "3"}, {}, {"a": "1.0", "b": "2.0", "c": "1"}):
        assert as_locked(here, lock) == {"a": "1", "b": "2"}


def test_a_time_to_come_is_said(folder: Path):
    change(folder, "finished", "2999-01-31T12:00:00+00:00")
    wrong, notes = found_in(folder)
    assert wrong == []
    assert "finished is a time that this clock has not reached" in notes


# The commit


def test_files_of_another_commit_than_the_one_that_is_named_are_found(folder: Path):
    first = git(folder, "rev-list", "--max-parents=0", "HEAD")
    change(folder, "commit", first)
    wrong, _ = found_in(folder)
    (line,) = wrong  # the first model had fewer trees
    assert line.startswith(f"manifest.json: commit {first[:12]}: study.toml: says ")


def test_code_of_another_commit_is_found_and_a_comment_is_none(folder: Path):
    (folder / "scripts").mkdir()
    (folder / "scripts" / "own.py").write_text("x = 1\n", encoding="utf-8")
    commits = []
    for text in ("x = 2\n", "x = 1  # why\n"):
        (folder / "scripts" / "own.py").write_text(text, encoding="utf-8")
        git(folder, "add", ".")
        git(folder, "commit", "--no-verify", "-m", "A script")
        commits.append(git(folder, "rev-parse", "HEAD"))
    with open_run(folder / "study.toml") as run:
        source = manifests.digests(run)["inputs"]["source"]
    change(folder, "inputs", source, "source")
    for commit, found in zip(commits, (1, 0), strict=True):
        change(folder, "commit", commit)
        assert len(found_in(folder)[0]) == found


def test_a_commit_that_is_not_known_here_is_listed(folder: Path):
    change(folder, "commit", "0" * 40)
    wrong, notes = found_in(folder)
    assert wrong == []
    lacks = "commit 000000000000 can't be checked here: this copy does not have that commit"
    assert any(note.startswith(lacks) and "; git says: fatal" in note for note in notes)
    shutil.rmtree(folder / ".git")
    none = "commit 000000000000 can't be checked here: there is no git repository"
    assert none in found_in(folder)[1]


def test_what_was_not_committed_is_said(folder: Path):
    change(folder, "dirty", True)
    wrong, notes = found_in(folder)
    assert wrong == []
    assert any("from files that were not committed" in note for note in notes)


def test_why_there_is_no_commit_is_said(folder: Path):
    for name, value in (("commit", None), ("dirty", None), ("no_commit", "git is not installed")):
        change(folder, name, value)
    wrong, notes = found_in(folder)
    assert wrong == []
    assert "manifest.json names no commit: git is not installed" in notes


def test_a_folder_that_git_refuses_is_said_with_the_way_out(folder: Path, monkeypatch):
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    wrong, notes = found_in(folder)
    assert wrong == []
    told = [note for note in notes if "git config --global --add safe.directory" in note]
    assert len(told) == 2  # of the commit, and of the record


def test_data_that_git_does_not_hold_are_listed(folder: Path):
    git(folder, "rm", "--quiet", "--cached", "tiny.csv")
    git(folder, "commit", "--no-verify", "-m", "Large data")
    change(folder, "commit", git(folder, "rev-parse", "HEAD"))
    wrong, notes = found_in(folder)
    assert wrong == []
    assert any(re.fullmatch(r"commit \w+ has no tiny\.csv", note) for note in notes)


# The record of openings


def hide_the_first(folder: Path, *, linked: bool) -> None:
    """Take the first opening away, and make the second look like the only one."""
    record = folder / "results" / "openings.json"
    _, second = json.loads(record.read_text(encoding="utf-8"))
    second |= {"count": 1} | ({} if linked else {"previous": None})
    record.write_text(json.dumps([second], indent=1) + "\n", encoding="utf-8")


def test_an_opening_that_was_hidden_is_found(folder: Path):
    """The case of the issue: nothing but the chain has to be looked at."""
    shutil.rmtree(folder / ".git")
    hide_the_first(folder, linked=True)
    lines = found_in(folder)[0]
    places = [line.partition(": says")[0] for line in lines]
    assert "openings.json: opening 1, previous" in places
    assert "manifest.json: openings: openings.json" in places


def test_a_hidden_opening_of_which_the_manifest_was_told_is_found_by_git(folder: Path):
    record = folder / "results" / "openings.json"
    first, second = json.loads(record.read_text(encoding="utf-8"))
    hide_the_first(folder, linked=False)
    change(folder, "openings", sha256_of(record), "openings.json")
    git(folder, "commit", "--no-verify", "-am", "Openings")
    lines = found_in(folder)[0]
    assert len(lines) == 2  # the first, and the second as it was
    for line, one in zip(sorted(lines), sorted([first, second], key=entry_hash), strict=True):
        assert re.match(r"openings\.json: opening of 20.*: says nothing, found it in \w{12}", line)
        assert one["time"]
    shutil.rmtree(folder / ".git")  # nobody can tell any more, and that is said
    lines, notes = found_in(folder)
    assert lines == []
    assert (
        "openings.json can't rule out openings that were never recorded (there is no git repository"
        in notes[-1]
    )


def test_a_record_that_was_deleted_is_found(folder: Path):
    (folder / "results" / "openings.json").unlink()
    change(folder, "openings", {})
    assert len([line for line in found_in(folder)[0] if "says nothing, found it in" in line]) == 2


def test_a_hidden_opening_comes_back_by_the_command_that_is_named(folder: Path):
    record = folder / "results" / "openings.json"
    whole = record.read_bytes()
    hide_the_first(folder, linked=False)
    git(folder, "commit", "--no-verify", "-am", "Openings")
    (command,) = {line.partition("bring it back: git ")[2] for line in lost_openings(folder)}
    git(folder, *command.split())
    assert record.read_bytes() == whole
    assert found_in(folder)[0] == []


def move(folder: Path, into: str) -> Path:
    """Move all of a study into another folder of its repository; nothing is committed yet."""
    new = folder / into
    new.mkdir(parents=True)
    for path in sorted(folder.iterdir()):
        if path.name not in (".git", ".cache", Path(into).parts[0]):
            path.rename(new / path.name)
    return new


def lost_openings(folder: Path) -> list[str]:
    return [line for line in found_in(folder)[0] if "says nothing, found it in" in line]


def test_an_opening_that_was_dropped_where_the_study_was_moved_is_found(folder: Path):
    """Again and again, and with another study at the old place since."""
    git(folder, "commit", "--no-verify", "--allow-empty", "-m", "Before")
    first = move(folder, "one")
    (first / "results" / "openings.json").unlink()
    git(folder, "add", "--all")
    git(folder, "commit", "--no-verify", "-m", "Move")
    assert len(lost_openings(first)) == 2
    (folder / "two").mkdir()
    git(folder, "mv", "one", "two/study")
    git(folder, "commit", "--no-verify", "-m", "Move on")
    study = folder / "two" / "study"
    lines = lost_openings(study)
    assert len(lines) == 2
    other = {"count": 1, "time": "t", "commit": None, "parts": {}, "model": "m"}
    other["data"] = json.loads(git(folder, "show", "HEAD~2:results/openings.json"))[0]["data"]
    (folder / "results").mkdir()
    (folder / "results" / "openings.json").write_text(json.dumps([other]), encoding="utf-8")
    git(folder, "add", "--all")
    git(folder, "commit", "--no-verify", "-m", "Another study")
    assert lost_openings(study) == lines
    for line in lines:
        shown, name = line.partition("bring it back: git ")[2].split(" > ")
        record = git(folder, *shown.split()) + "\n"
        (study / name).write_text(record, encoding="utf-8", newline="\n")
    assert lost_openings(study) == []


def test_the_record_of_a_study_beside_this_one_is_its_own(folder: Path):
    """Two of the same data, moved in one commit; one of them never opened its test rows."""
    shutil.rmtree(folder / ".git")
    closed = move(folder, "closed")
    opened = Path(shutil.copytree(closed, folder / "opened"))
    edit(closed / "study.toml", "n_estimators = 6", "n_estimators = 9")
    record = closed / "results" / "openings.json"
    whole = record.read_bytes()
    record.unlink()
    git(folder, "init")
    for places in ((closed, opened), (folder / "all" / "closed", folder / "all" / "opened")):
        git(folder, "add", "--all")
        git(folder, "commit", "--no-verify", "-m", "Two studies")
        assert [lost_openings(place) for place in places] == [[], []]
        if places[0] == closed:
            move(folder, "all")
    note = "no opening of the test set is on record, which can't rule out openings that were never"
    assert found_in(places[0])[1][-1] == f"{note} recorded (no commit here has openings.json)"
    (places[0] / "results" / record.name).write_bytes(whole)  # not of a place beside this one
    (places[1] / "results" / record.name).unlink()
    assert len(lost_openings(places[1])) == 2


def test_an_opening_of_a_branch_that_was_merged_without_it_is_found(folder: Path):
    record = folder / "results" / "openings.json"
    whole = record.read_text(encoding="utf-8")
    git(folder, "checkout", "-q", "-b", "other")
    more = json.loads(whole)[-1]
    more |= {"count": 3, "previous": entry_hash(more), "model": "another"}
    record.write_text(json.dumps([*json.loads(whole), more]), encoding="utf-8")
    git(folder, "commit", "--no-verify", "-am", "Look")
    git(folder, "checkout", "-q", "-")
    git(folder, "merge", "--no-verify", "-s", "ours", "-m", "Merge", "other")
    (line,) = found_in(folder)[0]
    assert line.startswith("openings.json: opening of 20")


def test_a_record_that_git_holds_as_no_json_is_passed_over(folder: Path):
    record = folder / "results" / "openings.json"
    whole = record.read_text(encoding="utf-8")
    for text in ("<<<<<<< HEAD\n[]\n", whole):
        record.write_text(text, encoding="utf-8")
        git(folder, "commit", "--no-verify", "-am", "Merge")
    assert found_in(folder)[0] == []


def test_other_last_bits_of_predictions_are_a_note(folder: Path):
    path = folder / "results" / "predictions.csv"
    path.write_text(path.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    change(folder, "results", sha256_of(path), "predictions.csv")
    wrong, notes = found_in(folder)
    assert wrong == []
    assert "predictions.csv are other bytes than an opening gave" in " ".join(notes)


# What repairs it


def test_reproduce_keeps_a_manifest_that_holds_and_replaces_one_that_lies(folder: Path):
    """A manifest that was kept with its lie would fail for ever."""
    path = folder / "results" / "manifest.json"
    before = path.read_bytes()
    engine(reproduce, folder)
    assert path.read_bytes() == before
    for lie in (lambda: change(folder, "seeds", 999, "study"), lambda: path.write_text("[")):
        lie()
        engine(reproduce, folder)
        assert found_in(folder)[0] == []


def test_a_manifest_that_is_no_object_is_a_message(folder: Path):
    for text in ("{", "[]"):
        (folder / "results" / "manifest.json").write_text(text, encoding="utf-8")
        with pytest.raises(StudyError, match=r"manifest\.json: is no JSON object; run"):
            found_in(folder)


def test_many_that_differ_are_not_all_listed(tmp_path: Path):
    seeds = {"seeds": {f"model/{number}": number for number in range(99)}}
    wrong, _ = check_manifest({}, seeds, LOCK, "")
    assert len([one for one in wrong if one.row == "seeds"]) == 5


def test_verify_fails_and_says_what_to_do(folder: Path, capsys):
    """All the way: what the issue tried, and every number comes out again."""
    change(folder, "seeds", 999, "study")
    change(folder, "versions", "1.0", "numpy")
    with pytest.raises(SystemExit) as ended:
        engine(verify, folder)
    assert ended.value.code == 1
    said = capsys.readouterr().out
    assert "provenance: manifest.json: seeds, study: says 999, found 0" in said
    assert "provenance: manifest.json: versions, numpy: says 1.0, found" in said
    assert "NOT REPRODUCED" in said
    assert re.search(r"^ +0 different$", said, flags=re.MULTILINE)
    engine(verify, folder, numbers=True)  # as with other libraries than the lock's
    assert "REPRODUCED: every committed number" in capsys.readouterr().out
    assert not (folder / ".cache" / "verified.json").exists()
    hide_the_first(folder, linked=True)
    with pytest.raises(StudyError, match=r"opening 1, previous: .* restore it from git"):
        engine(verify, folder)
