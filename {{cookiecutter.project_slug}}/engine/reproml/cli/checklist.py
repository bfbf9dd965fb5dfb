"""Fill in docs/checklist.md: check what a machine can check, list what only you can answer."""

from __future__ import annotations

import sys
from argparse import Namespace
from typing import TYPE_CHECKING

from .common import open_study, options, run, say, write_text

if TYPE_CHECKING:
    from ..config.columns import Table
    from ..config.study import Study
    from ..prove.checklist import Line

TABLE = "checklist.md"


def main(arguments: Namespace) -> None:
    """Write tables/checklist.md and renew the page; or only say how it stands."""
    from ..prove.checklist import in_words, to_page
    from ..write.texts import fill_markers
    from .verify import last_verified

    study = open_study(arguments)
    root = arguments.study.resolve().parent
    lines = filled(study, study.code.load_table(study, root), arguments)
    page = root / "docs" / TABLE
    new = {arguments.results / "tables" / TABLE: to_page(lines)}
    if page.is_file():
        old = page.read_text(encoding="utf-8")
        new[page] = fill_markers(old, lambda name: to_page(lines), f"docs/{TABLE}")
    stale = [
        path
        for path, text in new.items()
        if not path.is_file() or path.read_text(encoding="utf-8") != text
    ]
    if arguments.count:
        say(f"{in_words(lines)}; see docs/{TABLE}")
        if stale:
            sys.exit(f"error: docs/{TABLE} is not what it would be now; run python -m reproml checklist")
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
    verified = last_verified(arguments)
    found = ", ".join(f"{number} {kind}" for kind, number in (verified or {}).items() if number)
    say(f"Verified on this machine as it stands: {found or 'no; run scripts/verify.py'}")


def filled(study: Study, table: Table, arguments: Namespace) -> dict[str, list[Line]]:
    """Return every item as it stands now."""
    from ..prove.checklist import fill, read_answers
    from ..prove.evidence import Facts

    root = arguments.study.resolve().parent
    answers = read_answers(root / "checklist.toml")
    return fill(answers, Facts(root, arguments.results, study, table))


def start() -> None:
    """Read the command line and run."""
    parser = options(__doc__)
    parser.add_argument(
        "--count",
        action="store_true",
        help="write nothing; say how it stands and whether it is new",
    )
    run(main, parser)
