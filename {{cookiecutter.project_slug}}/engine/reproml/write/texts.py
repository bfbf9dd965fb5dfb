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
    for path in marked(text):
        begin, end = f"<!-- begin {path} -->\n", f"<!-- end {path} -->\n"
        if path.endswith(".yaml"):
            begin, end = f"# begin {path}\n", f"# end {path}\n"
        head, _, rest = text.partition(begin)
        if end not in rest:
            raise StudyError(f"{name}: the marker {begin.strip()} is not closed; add {end.strip()}")
        tail = rest.partition(end)[2]
        text = head + begin + content(path) + end + tail
    return text
