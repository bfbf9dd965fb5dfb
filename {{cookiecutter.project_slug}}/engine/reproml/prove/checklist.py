"""Checklists that fill themselves in as far as a machine can, and ask the author for the rest.

The states of an item: *failed*, what is looked at does not hold; *open*, its question has no answer
in checklist.toml; *answered*, it has; *checked*, it was looked at just now and holds; *built in*,
it is so in every study of this kind, and nothing is looked at.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from functools import partial
from pathlib import Path
from typing import NamedTuple

from ..config.study import StudyError
from ..write.tables import plain
from . import evidence
from .evidence import Check, Facts

ITEMS = Path(__file__).with_name("checklist_items.toml")
STATES = ("checked", "built in", "answered", "open", "failed")
Answers = dict[str, dict[str, str]]  # by checklist and number


class Item(NamedTuple):
    """One item of a checklist; ITEMS says what its parts are."""

    number: str
    topic: str
    built: str = ""
    check: Check | None = None
    question: str = ""


def _item(check: str = "", audits: tuple[str, ...] = (), **texts: str) -> Item:
    """Return an item of the file with its check: a function of evidence.py, by name."""
    look = partial(evidence.leakage, begin=tuple(audits)) if audits else None
    return Item(check=getattr(evidence, check) if check else look, **texts)


CHECKLISTS = {
    name: (content["title"], tuple(_item(**item) for item in content["items"]))
    for name, content in tomllib.loads(ITEMS.read_text(encoding="utf-8")).items()
}


class Line(NamedTuple):
    """One item as it stands now."""

    item: Item
    state: str
    seen: str  # what the check saw, if there is one
    answer: str


def read_answers(path: Path) -> Answers:
    """Read checklist.toml and check all of it; where there is no file, nothing is answered."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise StudyError(f"{path.name}: not valid TOML in UTF-8: {error}") from error
    mistakes = []
    for name, answers in content.items():
        if name not in CHECKLISTS or not isinstance(answers, dict):
            there = ", ".join(CHECKLISTS)
            mistakes.append(f"{name}: there is no such checklist; there are {there}")
            continue
        asked = {one.number: bool(one.question) for one in CHECKLISTS[name][1]}
        for number, answer in answers.items():
            where = f"{name}.{number}"
            if number not in asked:
                mistakes.append(f"{where}: there is no such item; see docs/checklist.md")
            elif not asked[number]:
                mistakes.append(f"{where}: this item asks nothing; take the answer out")
            elif not isinstance(answer, str) or not answer.strip():
                mistakes.append(
                    f"{where} is {answer!r}: an answer is a text in quotes, and not empty"
                )
    if mistakes:
        count = "1 mistake" if len(mistakes) == 1 else f"{len(mistakes)} mistakes"
        raise StudyError("\n  ".join([f"{path.name} has {count}:", *mistakes]))
    return content


def fill(answers: Answers, facts: Facts) -> dict[str, list[Line]]:
    """Look at everything that can be looked at, and say how each item stands."""
    return {
        name: [_line(item, answers.get(name, {}).get(item.number, ""), facts) for item in items]
        for name, (_, items) in CHECKLISTS.items()
    }


def _line(item: Item, answer: str, facts: Facts) -> Line:
    seen = item.check(facts) if item.check else None
    if seen is not None and seen.holds is False:
        state = "failed"  # whatever the author says
    elif item.question:
        state = "answered" if answer else "open"
    else:
        state = "checked" if seen is not None and seen.holds else "built in"
    return Line(item, state, seen.text if seen else "", answer)


def in_words(lines: dict[str, list[Line]]) -> str:
    """Say how many items there are in each state."""
    found = Counter(line.state for some in lines.values() for line in some)
    parts = ", ".join(f"{found[state]} {state}" for state in STATES)
    return f"{found.total()} item{'' if found.total() == 1 else 's'}: {parts}"


def to_page(lines: dict[str, list[Line]]) -> str:
    """Write the checklists as Markdown, a table each.

    >>> line = Line(Item("2c", "the machine", "It is described."), "built in", "", "")
    >>> print(to_page({"reforms": [line]}), end="")
    1 item: 0 checked, 1 built in, 0 answered, 0 open, 0 failed.
    <BLANKLINE>
    ## REFORMS
    <BLANKLINE>
    | Item | State | What is known |
    |---|---|---|
    | 2c the machine | built in | It is described. |
    """
    blocks = [f"{in_words(lines)}.\n"]
    for name, some in lines.items():
        rows = ["| Item | State | What is known |", "|---|---|---|"]
        rows += [
            f"| {one.item.number} {one.item.topic} | {one.state} | {_known(one)} |" for one in some
        ]
        blocks.append(f"## {CHECKLISTS[name][0]}\n\n" + "\n".join(rows) + "\n")
    return "\n".join(blocks)


def _known(line: Line) -> str:
    label = "Seen" if line.state != "failed" else "Does not hold"
    parts = [
        line.item.built,
        f"*{label}:* {plain(line.seen)}." if line.seen else "",
        f"*Question:* {line.item.question}" if line.item.question else "",
        f"*Answer:* {' '.join(line.answer.split())}" if line.answer else "",
    ]
    return " ".join(part for part in parts if part).replace("|", r"\|")
