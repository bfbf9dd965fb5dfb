"""Numbers in README and documentation: copied from results, between markers, never typed.

A marked place in a Markdown file looks like this, and its middle belongs to the machine::

    <!-- begin results/tables/baselines.md -->
    ... the file's content ...
    <!-- end results/tables/baselines.md -->

In the YAML head of a card a marker is a comment of YAML: ``# begin results/tables/head.yaml``.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from ..config.study import StudyError

TEXTS = ("README.md", "docs/**/*.md")  # where markers may stand
BEGIN = re.compile(r"^(?:<!--|#) begin (results/\S+)(?: -->)?\n", flags=re.MULTILINE)


def marked(text: str) -> list[str]:
    r"""Return the files that a text's markers name."""
    return BEGIN.findall(text)


def fill_markers(text: str, content: Callable[[str], str], name: str) -> str:
    r"""Put results between a text's markers.

    >>> text = "Ours:\n<!-- begin results/a.md -->\nold\n<!-- end results/a.md -->\n"
    >>> print(fill_markers(text, lambda path: "MAE 0.5\n", "README.md"))
    Ours:
    <!-- begin results/a.md -->
    MAE 0.5
    <!-- end results/a.md -->
    <BLANKLINE>
    """
    filled = ""
    while found := BEGIN.search(text):
        path, begin = found[1], found[0]
        end = f"# end {path}\n" if path.endswith(".yaml") else f"<!-- end {path} -->\n"
        _, mark, tail = text[found.end() :].partition(end)
        if not mark:
            raise StudyError(f"{name}: the marker {begin.strip()} is not closed; add {end.strip()}")
        filled += text[: found.end()] + content(path) + end
        text = tail
    return filled + text
