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
    r"^\\newcommand\{(\\\w+)(?<!High)(?<!Low)(?<!Wins)\}\{(?:\\ensuremath\{-\})?(\d+\.\d+)"
    r"(?:\\ensuremath\{\\times10\^\{(-?\d+)\}\})?",
    flags=re.MULTILINE,
)
LABELS = re.compile(r"^\\newcommand\{\\(?:Primary|Other)Metrics?\}\{(.*)\}$", flags=re.MULTILINE)


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

    It is a difference in the paper, and where README tells results, unless a macro says the same;
    none is a setting of study.toml, where no metric is named beside it.
    """
    paths = (results / "macros.tex", root / "study.toml")
    made, study = (_read(path) if path.is_file() else "" for path in paths)
    macros = [
        (name, f"{one}e{power}" if power else one) for name, one, power in MACRO.findall(made)
    ]
    labels = re.split(", | and ", ", ".join(LABELS.findall(made)))
    settings = {float(value) for value in re.findall(r"(?<![\w.])0\.\d*[1-9]", study)}
    differences, warnings, accepted = [], [], 0
    for path in _texts(root, ("*.md", "CITATION.cff", "docs/**/*.md", "paper/**/*")):
        name, suffix = path.relative_to(root).as_posix(), path.suffix.lower()
        paper = name.startswith("paper/")
        if paper and (suffix not in (".tex", ".md", ".txt") or name.startswith("paper/build/")):
            continue
        where = {"latex": suffix == ".tex", "results": paper or name == "README.md"}
        for one in typed_numbers(_read(path), **where, metrics=labels):
            if not one.metric and {one.value, one.value / 100} & settings:
                continue
            macro = next((m for m, v in macros if _of(m, one.metric) and one.says(v)), "")
            if one.accepted:
                accepted += 1
            elif (one.strict or paper) and not macro:
                row = f"line {one.line}"
                differences.append(Difference("typed by hand", name, row, "", one.number, ""))
            else:
                says = f"{macro} says the same now" if macro else "no macro of the results says it"
                warnings.append(f"{name}: line {one.line}: {one.number} was typed by hand; {says}")
    return differences, warnings + _notebooks(root), accepted


def _of(macro: str, metric: str) -> bool:
    """Tell whether a macro is of the metric that a text names."""
    name = re.sub(r"(y|ies|s)$", "", metric.lower()).replace("1", "one").replace("2", "two")
    words = re.findall("[a-z]+", name.removeprefix("primarymetric"))
    return "Difference" in macro or all(word in macro.lower() for word in words)


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
