"""Marked places are renewed, all else stays, and an open marker is an error."""

import pytest
from reproml.config.study import StudyError
from reproml.write.texts import fill_markers, marked

TEXT = """\
# Results, mine: 0.5
<!-- begin results/tables/a.md -->
old
<!-- end results/tables/a.md -->
My own words.
<!-- begin results/tables/b.md -->
<!-- end results/tables/b.md -->
"""


def test_only_the_marked_places_change():
    assert marked(TEXT) == ["results/tables/a.md", "results/tables/b.md"]
    filled = fill_markers(TEXT, lambda path: f"new {path[-4]}\n", "README.md")
    assert "old" not in filled
    assert filled.replace("new a", "old").replace("new b\n", "") == TEXT
    assert fill_markers(filled, lambda path: f"new {path[-4]}\n", "README.md") == filled


def test_a_text_without_markers_is_left_alone():
    assert fill_markers("0.5\n", lambda path: "never", "README.md") == "0.5\n"


def test_an_open_marker_is_an_error():
    broken = TEXT.replace("<!-- end results/tables/a.md -->\n", "")
    with pytest.raises(StudyError, match=r"README\.md: the marker .* is not closed"):
        fill_markers(broken, lambda path: "", "README.md")


def test_a_marked_place_that_is_there_twice_is_filled_twice():
    place = "<!-- begin results/a.md -->\nold\n<!-- end results/a.md -->\n"
    filled = fill_markers(f"{place}\n{place}", lambda path: "new\n", "README.md")
    assert filled == f"{place}\n{place}".replace("old", "new")
