"""Places that show numbers beside the result files: marked places, typed numbers, notebooks."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

from ..write.texts import TEXTS
from ..write.typed_numbers import typed_numbers
from .compare import Difference

SHOWN = re.compile(  # by a marker, a snippet of mkdocs or a figure
    r"^(?:<!--|#) begin (results/\S+)|^ *--8<-- \"(results/[^\"]+)"
    r"|!\[[^]]*\]\((?:\.\./)*(results/[^)\s]+)",
    flags=re.MULTILINE,
)
MACRO = re.compile(  # a number of its own: an end of an interval says nothing without the other
    r"^\\newcommand\{(\\\w+)(?<!High)(?<!Low)(?<!Wins)\}\{(?:\\ensuremath\{-\})?(\d+\.\d+)",
    flags=re.MULTILINE,
)


def shown_results(root: Path) -> dict[str, list[str]]:
    """Return which results README and each page of docs bring in, in order."""
    texts = {path: SHOWN.findall(_read(path)) for path in _texts(root, TEXTS)}
    return {
        path.relative_to(root).as_posix(): ["".join(names) for names in shown]
        for path, shown in texts.items()
        if shown
    }


def lost_places(then: dict[str, list[str]], now: dict[str, list[str]]) -> list[Difference]:
    """Find results that a text showed when they were made, and shows no more.

    >>> then, now = {"README.md": ["results/a.md", "results/b.md"]}, {"README.md": ["results/b.md"]}
    >>> [(one.kind, one.file, one.made) for one in lost_places(then, now)]
    [('missing', 'README.md', 'a place that brings in results/a.md')]
    """
    return [
        Difference("missing", name, "", "", "", f"a place that brings in {one}")
        for name, shown in then.items()
        if isinstance(shown, list)  # not what somebody wrote there
        for one in (Counter(shown) - Counter(now.get(name, []))).elements()
    ]


def typed_by_hand(root: Path, results: Path) -> tuple[list[Difference], list[str], int]:
    """Find typed scores: differences, warnings, and how many are accepted in words.

    It is a difference in the paper, and where README tells results, unless a macro says the same.
    """
    path = results / "macros.tex"
    macros = MACRO.findall(_read(path)) if path.is_file() else []
    differences, warnings, accepted = [], [], 0
    for path in _texts(root, ("*.md", "docs/**/*.md", "paper/**/*.tex")):
        name, latex = path.relative_to(root).as_posix(), path.suffix == ".tex"
        for one in typed_numbers(_read(path), latex=latex, results=name == "README.md"):
            macro = next((macro for macro, value in macros if _says(one.number, value)), "")
            if one.accepted:
                accepted += 1
            elif one.strict and not macro:
                row = f"line {one.line}"
                differences.append(Difference("typed by hand", name, row, "", one.number, ""))
            else:
                says = f"{macro} says the same now" if macro else "no macro of the results says it"
                warnings.append(f"{name}: line {one.line}: {one.number} was typed by hand; {says}")
    return differences, warnings + _notebooks(root), accepted


def _says(typed: str, value: str) -> bool:
    """Tell whether a typed number is a value of the results, as it stands or in percent."""
    digits = len(re.sub(r"^\d*[.,]?|e.*", "", typed))
    plain, percent = (f"{float(value) * times:.{digits}f}" for times in (1, 100))
    typed = typed.replace(",", ".")
    typed = f"0{typed}" if typed.startswith(".") else typed
    return typed == percent if digits == 1 else digits > 1 and typed in (plain, percent)


def _notebooks(root: Path) -> list[str]:
    return [
        f"{path.relative_to(root).as_posix()}: shows what its cells gave once, which nothing "
        "compares; clear the outputs (nbstripout)"
        for path in _texts(root, ("notebooks/**/*.ipynb",))
        if any(cell.get("outputs") for cell in json.loads(_read(path)).get("cells", []))
    ]


def _texts(root: Path, patterns: tuple[str, ...]) -> list[Path]:
    return sorted({path for pattern in patterns for path in root.glob(pattern) if path.is_file()})


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")
