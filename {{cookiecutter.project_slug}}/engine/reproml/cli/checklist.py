"""Fill in docs/checklist.md: check what a machine can check, list what only you can answer."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from ..config.files import write_text
from ..prove.checklist import Line, fill, in_words, read_answers, to_page
from ..prove.evidence import Facts
from ..run.manifest import last_verified
from ..run.terminal import say
from ..write.texts import fill_markers

if TYPE_CHECKING:
    from ..run.run import Run

TABLE = "checklist.md"


def main(run: Run, count: bool = False) -> None:
    """Write tables/checklist.md and renew the page; or only say how it stands."""
    lines = filled(run)
    page, text = run.root / "docs" / TABLE, to_page(lines)
    new = {run.results / "tables" / TABLE: text}
    if page.is_file():
        old = page.read_text(encoding="utf-8")
        new[page] = fill_markers(old, lambda name: text, f"docs/{TABLE}")
    stale = [
        path
        for path, text in new.items()
        if not path.is_file() or path.read_text(encoding="utf-8") != text
    ]
    if count:
        say(f"{in_words(lines)}; see docs/{TABLE}")
        if stale:
            advice = "run python -m reproml checklist"
            sys.exit(f"error: docs/{TABLE} is not what it would be now; {advice}")
        return
    for path in stale:
        write_text(new[path], path)
        say(f"renewed {path.name} in {path.parent}")
    for name, some in lines.items():
        for one in some:
            if one.state == "failed":
                say(f"failed  {name} {one.item.number}, {one.item.topic}: {one.seen}")
            if one.state == "open":
                say(f"open    {name} {one.item.number}, {one.item.topic}: {one.item.question}")
    say(f"\n{in_words(lines)}. Answers go into checklist.toml.")
    verified = last_verified(run)
    found = ", ".join(f"{number} {kind}" for kind, number in (verified or {}).items() if number)
    say(f"Verified on this machine as it stands: {found or 'no; run scripts/verify.py'}")


def filled(run: Run) -> dict[str, list[Line]]:
    """Return every item as it stands now."""
    answers = read_answers(run.root / "checklist.toml")
    return fill(answers, Facts(run.root, run.results, run.study, run.table))
