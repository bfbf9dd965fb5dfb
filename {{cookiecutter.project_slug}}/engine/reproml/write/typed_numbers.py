"""Numbers that look like scores and were typed: no command makes them, and nothing compares them.

What looks like a score is a number with two decimals or more, a percentage with decimals, a number
before ± or one that follows the name of a metric ("an accuracy of 99 %"). Where results are told
(the paper, and the parts of README that have tables of results) any number with decimals does. Not
looked at are whole numbers, versions, limits of p, code, addresses and what stands between markers.

An author accepts a line in words, in that line or in one of its own above it::

    <!-- typed by hand: published by Smith (2020) -->
    % typed by hand: published by Smith (2020)
"""

from __future__ import annotations

import re
from typing import NamedTuple

# Not looked at in Markdown: the head of a card, marked places, blocks of code, comments.
BLOCKS = re.compile(
    r"\A---\n.*?^---$|^(?:<!--|#) begin (results/\S+).*?^(?:<!--|#) end \1(?!\S)"
    r"|^( *)(```+|~~~+).*?^\2\3[^\n]*$|<!--.*?-->",
    flags=re.MULTILINE | re.DOTALL,
)
# Versions, DOIs, limits of p.
NAMES = (
    r"(?i:\b(?:python|version)s?[ ~])(?:\d+(?:\.\d+)+(?:, | or | and )?)+|\b10\.\d{4,}/\S+"
    r"|\bp\$? *\$?(?:[<≤]|\\leq?) *[\d.]+"
)
# Nor there: code with a letter in it, addresses.
MARKDOWN = re.compile(r"`[^`\n]*[A-Za-z][^`\n]*`|\]\([^)\n]*\)|\w+://\S+|" + NAMES)
# Nor in LaTeX: comments, labels, files, options, lengths.
LATEX = re.compile(
    r"(?<!\\)%.*|\\(?:label|ref|eqref|cite\w*|input|include\w*|plot|script|stage|url|usepackage)"
    r"\*?(?:\[[^]\n]*\])?\{[^}\n]*\}|(?<=[a-z])\[[^]\n]*=[^]\n]*\]|\d[\d.]*(?:em|ex|in)\b"
    r"|\d[\d.]* ?(?:pt|mm|cm)\b|\d[\d.]*\\[a-z]*(?:height|width|sep|skip|size)\b|" + NAMES
)
DECIMALS = r"(?<![\w.,])(?<!\w-)(?:\d*\.\d{LEAST,}|0,\d{2,})(?:e-?\d+)?(?![\d.,]*\w)"
METRIC = (
    r"(?i:\b(?:accuracy|auc|auroc|precision|recall|sensitivity|specificity|f1|mcc|r2|rmse|mae))"
)
OTHERS = (
    r"\d+[.,]\d+(?=(?:\\,|[ ~]|\}\{)*\\?(?:%|percent))|\d[\d.,]*(?=\$? *(?:±|\\pm))"
    r"|\d+(?=(?:\\,|[ ~])*\\?% " + METRIC + r")"
    r"|" + METRIC + r"\b\W{0,3}\b(?:of|is|was|at|reaches)\b\W{1,3}\d[\d.]*"
)
LOOSE, STRICT = (re.compile(f"{DECIMALS}|{OTHERS}".replace("LEAST", n)) for n in "21")
ACCEPTED = re.compile(r"(?:<!--|%)\s*typed by hand:[ \t]*(\w[^\n]*?)[ \t]*(?:-->|$)", re.MULTILINE)


class Typed(NamedTuple):
    """A number that was typed."""

    line: int
    number: str
    strict: bool  # where results are told
    accepted: bool  # its author says in words where it comes from


def typed_numbers(text: str, *, latex: bool, results: bool = False) -> list[Typed]:
    r"""Find numbers that look like scores in a page, or in LaTeX, all of which tells results.

    ``results`` says that the page does so too, where it has marked places.

    >>> text = "The AUC is 0.987.\n\n## Run it\n\nIn `C=0.15` and Python 3.12, p < 0.05: 95 %.\n"
    >>> typed_numbers(text, latex=False)
    [Typed(line=1, number='0.987', strict=False, accepted=False)]
    >>> typed_numbers("% typed by hand: Smith (2020)\nIt was 98.7\\,\\%.\n", latex=True)
    [Typed(line=2, number='98.7', strict=True, accepted=True)]
    """
    lines = text.splitlines()
    plain = LATEX.sub("", text) if latex else MARKDOWN.sub("", BLOCKS.sub(_as_many_lines, text))
    told = set(range(len(lines))) if latex else _telling(lines) if results else set()
    found = []
    for number, line in enumerate(plain.splitlines()):
        above = lines[number - 1].strip() if number else ""
        alone = ACCEPTED.match(above) and (latex or above.endswith("-->"))
        accepted = bool(alone or ACCEPTED.search(lines[number]))
        for one in (STRICT if number in told else LOOSE).findall(line):
            value = re.search(r"\d*[.,]?\d+(?:e-?\d+)?[.,]*$", one)[0].rstrip(".,")
            found.append(Typed(number + 1, value, number in told, accepted))
    return found


def _as_many_lines(block: re.Match[str]) -> str:
    return "\n" * block[0].count("\n")


def _telling(lines: list[str]) -> set[int]:
    """Return the lines of those parts of a page, between headings, that have marked places."""
    part, parts = [], []
    for number, line in enumerate(lines):
        if re.match(r"#+ (?!begin |end )", line):
            part = []
        part.append(number)
        if "begin results/" in line and part not in parts:
            parts.append(part)
    return {number for part in parts for number in part}
