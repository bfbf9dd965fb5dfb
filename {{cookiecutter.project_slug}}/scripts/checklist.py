"""Fill in docs/checklist.md: check what a machine can check, list what only you can answer."""

from __future__ import annotations

import sys
from argparse import Namespace
from typing import TYPE_CHECKING

from common import options, run, say, write_text

if TYPE_CHECKING:
    from {{ cookiecutter.__package }}.checklist import Line
    from {{ cookiecutter.__package }}.data import Table
    from {{ cookiecutter.__package }}.study import Study

TABLE = "checklist.md"


def main(arguments: Namespace) -> None:
    """Write tables/checklist.md and renew the page; or only say how it stands."""
    from report import renew_texts, renewed
    from verify import last_verified

    from {{ cookiecutter.__package }}.checklist import in_words, to_page
    from {{ cookiecutter.__package }}.data import load_table
    from {{ cookiecutter.__package }}.study import read_study

    study = read_study(arguments.study)
    root = arguments.study.resolve().parent
    lines = filled(study, load_table(study, root), arguments)
    path = arguments.results / "tables" / TABLE
    if arguments.count:
        say(f"{in_words(lines)}; see docs/checklist.md")
        table = path.read_text(encoding="utf-8") if path.is_file() else ""
        page = root / "docs" / "checklist.md"
        if table != to_page(lines) or page.read_text(encoding="utf-8") != renewed(
            root, arguments.results
        ).get(page):
            sys.exit(
                "error: docs/checklist.md is not what it would be now; run scripts/checklist.py"
            )
        return
    write_text(to_page(lines), path)
    for name in renew_texts(root, arguments.results):
        say(f"renewed {name}")
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
    from {{ cookiecutter.__package }}.checklist import fill, read_answers
    from {{ cookiecutter.__package }}.evidence import Facts

    root = arguments.study.resolve().parent
    answers = read_answers(root / "checklist.toml")
    return fill(answers, Facts(root, arguments.results, study, table))


if __name__ == "__main__":
    parser = options(__doc__)
    parser.add_argument(
        "--count",
        action="store_true",
        help="write nothing; say how it stands and whether it is new",
    )
    run(main, parser)
