"""What still speaks of the example is found, once the data are others'."""

from __future__ import annotations

from pathlib import Path

import pytest
from reproml.config.study import StudyError
from reproml.prove.example import leftovers

EXAMPLE = """\
sha256 = "aa"
words = ["iris.csv", "Fisher"]
[accepted]
"""
TEXTS = {
    "CITATION.cff": "title: Irises\nauthors: [{family-names: FISHER}]\n",
    "docs/tour.md": "Read data/raw/iris.csv\n",
    "docs/deep/page.md": "Nothing.\n",
    "src/mine/models.py": "# Fisher's plane\n",
    "engine/reproml/x.py": "# Fisher\n",
    "data/raw/notes.md": "Fisher\n",
}


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """Return a folder whose texts speak of the example."""
    for name, text in TEXTS.items() | {("data/example.toml", EXAMPLE)}:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_lines_about_the_example_are_found_in_every_text_of_the_author(mine: Path):
    assert leftovers(mine, "bb") == [
        "CITATION.cff:2: FISHER",
        "docs/tour.md:1: iris.csv",
        "src/mine/models.py:1: Fisher",
    ]


def test_the_examples_own_data_may_be_spoken_of(mine: Path):
    assert leftovers(mine, "aa") == []
    (mine / "data/example.toml").unlink()
    assert leftovers(mine, "bb") == []


def test_a_file_is_accepted_by_name_with_a_reason(mine: Path):
    path = mine / "data/example.toml"
    path.write_text(f'{EXAMPLE}"docs/tour.md" = "For practice."\n', encoding="utf-8")
    assert [line.partition(":")[0] for line in leftovers(mine, "bb")] == [
        "CITATION.cff",
        "src/mine/models.py",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("words = [", "not valid TOML"),
        ('words = []\nsha256 = "aa"', "words has to be a list of texts"),
        ('words = ["a", 1]\nsha256 = "aa"', "words has to be a list of texts"),
        ('words = ["a"]', "sha256 has to be the checksum"),
        (f'{EXAMPLE}"docs/tour.md" = ""', "accepted has lines such as"),
        (f'{EXAMPLE}"docs/none.md" = "Why"', "accepted names docs/none.md"),
    ],
)
def test_a_mistake_in_the_file_is_named(mine: Path, text: str, message: str):
    (mine / "data/example.toml").write_text(text, encoding="utf-8")
    with pytest.raises(StudyError, match=message):
        leftovers(mine, "bb")
