"""Marked places are renewed, all else stays, and an open marker is an error."""

import re
from xml.etree import ElementTree

import markdown
import pandas as pd
import pytest
from reproml.config.study import StudyError
from reproml.write.tables import to_page
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


NASTY = [
    "<script>alert(1)</script>", "<b onmouseover=x>", "[x](javascript:x)", "![x](javascript:x)",
    "[x][y]", "a*b*c", "_a_ __b__", "`code`", "a`b", "`<i>` <i>", "&lt;", "&#60;", "a & b < c > d",
    r"\* \_ \textbf{x}", "a|b", "<!-- -->", "</td>", "p <0.001", "a_b_c", "***", "<https://x.y>",
]  # fmt: skip


@pytest.mark.parametrize("name", NASTY)
def test_a_name_comes_out_of_markdown_as_it_went_in(name: str):
    """In a table's corner, head, index and cell, and in the sentences around the table."""
    frame = pd.DataFrame({name: [name]}, index=[name])
    page = to_page(frame, name, before=f"Of {name}.", note=f"Of {name}.")
    html = markdown.markdown(page, extensions=["tables"])
    cells = ElementTree.fromstring(f"<page>{html}</page>")
    assert {one.tag for one in cells.iter()} <= {
        *("page", "p", "table", "thead", "tbody", "tr", "th", "td", "code")
    }
    shown = ["".join(one.itertext()) for one in cells.iter() if one.tag in ("th", "td", "p")]
    expected = [f"Of {name}.", name, name, name, name, f"Of {name}."]
    assert [re.sub("`", "", one) for one in shown] == [re.sub("`", "", one) for one in expected]
