"""Nothing is ticked that nobody checked; answers are read strictly."""

from collections.abc import Callable
from pathlib import Path

import pytest
from example_study.data import load_table
from reproml.config.study import StudyError, read_study
from reproml.prove.checklist import CHECKLISTS, Answers, fill, in_words, read_answers, to_page
from reproml.prove.evidence import Facts

ROOT = Path(__file__).resolve().parents[2] / "{{cookiecutter.project_slug}}"


@pytest.fixture
def facts(folder: Path) -> Facts:
    """Return a study without results: no check but that of the data can hold."""
    study = read_study(folder / "study.toml")
    return Facts(folder, folder / "results", study, load_table(study, folder))


@pytest.fixture
def answers(tmp_path: Path) -> Callable[[str], Answers]:
    def read(text: str) -> Answers:
        path = tmp_path / "checklist.toml"
        path.write_text(text, encoding="utf-8")
        return read_answers(path)

    return read


def test_all_items_are_there():
    numbers = {name: [one.number for one in items] for name, (_, items) in CHECKLISTS.items()}
    assert numbers["completeness"] == [str(n) for n in range(1, 6)]
    assert numbers["neurips"] == [str(n) for n in range(1, 17)]
    modules = enumerate(("abc", "abcde", "abcdefg", "abc", "abcdef", "abc", "abc", "ab"), start=1)
    assert numbers["reforms"] == [f"{n}{letter}" for n, module in modules for letter in module]
    assert len(numbers["reforms"]) == 32
    for _, items in CHECKLISTS.values():
        assert [one.number for one in items if not (one.built or one.check or one.question)] == []


def test_without_evidence_there_is_no_tick(facts: Facts):
    lines = fill({}, facts)
    ticks = [one.item.topic for some in lines.values() for one in some if one.state == "checked"]
    assert ticks == ["how one was selected"]  # never opened: that is so
    failed = {one.item.number for one in lines["reforms"] if one.state == "failed"}
    assert {"4c", "5c", "6a", "7b"} <= failed
    assert ", 0 answered, " in in_words(lines)


def test_a_tick_is_earned_by_a_check_and_by_nothing_else(facts: Facts):
    for name, some in fill({}, facts).items():
        for one in some:
            if one.item.question:
                assert one.state in ("open", "failed"), (name, one.item.number)
            elif one.item.check is None:
                assert one.state == "built in"


def test_an_answer_closes_a_question_but_hides_no_failure(facts: Facts, answers):
    given = answers('[neurips]\n1 = "Yes |\\nin section 2."\n[reforms]\n6b = "No."\n')
    lines = fill(given, facts)
    states = {name: {one.item.number: one.state for one in some} for name, some in lines.items()}
    assert states["neurips"]["1"] == "answered"
    assert states["neurips"]["2"] == "open"
    assert states["reforms"]["6b"] == "failed"  # leakage.csv is not there
    page = to_page(lines)
    assert r"| 1 claims | answered |" in page
    assert r"*Answer:* Yes \| in section 2. |" in page
    assert "*Does not hold:* leakage.csv is not there" in page


WRONG = {
    '[reform]\n1a = "x"\n': "reform: there is no such checklist; there are completeness, neurips",
    '[reforms]\n9z = "x"\n': "reforms.9z: there is no such item",
    '[reforms]\n2c = "x"\n': "reforms.2c: this item asks nothing",
    '[neurips]\n1 = " "\n': "neurips.1 is ' ': an answer is a text in quotes, and not empty",
    "[neurips]\n1 = true\n": "neurips.1 is True: an answer is a text",
    "neurips = 1\n": "neurips: there is no such checklist",
    "[neurips\n": "not valid TOML",
}


@pytest.mark.parametrize("text", WRONG)
def test_a_wrong_answer_is_an_error(answers, text: str):
    with pytest.raises(StudyError) as error:
        answers(text)
    assert WRONG[text] in str(error.value)


def test_all_mistakes_come_at_once(answers):
    with pytest.raises(StudyError, match="has 2 mistakes") as error:
        answers('[reforms]\n2c = "x"\n9z = "y"\n')
    assert "2c" in str(error.value)
    assert "9z" in str(error.value)


def test_the_answers_of_this_study_are_read():
    assert set(read_answers(ROOT / "checklist.toml")) == set(CHECKLISTS)
    assert read_answers(ROOT / "no_such.toml") == {}


def test_the_page_is_renewed_and_a_stale_one_is_seen(folder: Path, call):
    page = folder / "docs" / "checklist.md"
    page.parent.mkdir()
    marker = "results/tables/checklist.md"
    page.write_text(f"<!-- begin {marker} -->\n<!-- end {marker} -->\n", encoding="utf-8")
    study = ["--study", str(folder / "study.toml")]
    done = call("checklist", *study)
    assert done.returncode == 0, done.stderr
    assert "open    neurips 1, claims" in done.stdout
    assert "failed  reforms 6a" in done.stdout
    assert "no; run scripts/verify.py" in done.stdout
    assert "| 1 claims | open |" in page.read_text(encoding="utf-8")
    done = call("checklist", *study, "--count")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("53 items: 1 checked")
    (folder / "checklist.toml").write_text('[neurips]\n1 = "Yes."\n', encoding="utf-8")
    done = call("checklist", *study, "--count")
    assert done.returncode == 1
    assert "is not what it would be now; run python -m reproml checklist" in done.stderr
