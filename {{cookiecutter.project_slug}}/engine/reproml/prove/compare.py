"""Compares results that were made again with those that are committed, number by number."""

from __future__ import annotations

import csv
import io
import math
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from itertools import zip_longest
from typing import Any

Widths = Callable[[list[str], list[list[str]]], list[float]]  # head and rows: a width for each row
DRAWN = 0.0101  # points; figures round to 0.01, and nobody sees less
NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?(?!\w)")
OTHERWISE = "line ends, quotes, blank lines or an order of lines that no run writes"


@dataclass(frozen=True)
class Difference:
    """One place where committed and new results disagree."""

    kind: str
    file: str
    row: str
    column: str
    committed: str
    made: str
    tolerance: float | None = None
    metric: str = ""
    unit: float = 1.0

    @property
    def is_number(self) -> bool:
        """Whether a measured number differs, and nothing that is counted or said in words."""
        sides = (self.committed, self.made)
        return self.kind == "different" and all(_is_number(s) and not _is_whole(s) for s in sides)

    @property
    def share(self) -> float:
        """How much of its tolerance the deviation uses."""
        a, b = float(self.committed), float(self.made)
        return abs(a - b) / max(self.tolerance * max(self.unit, abs(a)), 5e-324) if a != b else 0.0


@dataclass(frozen=True)
class Comparison:
    """What comparing files found: how many numbers of each kind, and every difference."""

    counts: Counter[str]
    differences: list[Difference]
    near: list[Difference] = field(default_factory=list)  # numbers of tables within tolerance


def close(committed: str, made: str, tolerance: float, unit: float = 1.0) -> bool:
    """Tell whether two written numbers agree within a tolerance.

    It is relative to the number, or to the unit that it is measured in where that is larger.

    >>> close("0.5", "0.5000000000000001", 1e-9), close("0.5", "0.51", 1e-9), close("7", "8", 10.0)
    (True, False, False)
    """
    a, b = float(committed), float(made)
    counts = _is_whole(committed) and _is_whole(made)
    if counts or not (math.isfinite(a) and math.isfinite(b)):
        return committed == made
    return abs(a - b) <= tolerance * max(unit, abs(a))


def _is_whole(text: str) -> bool:
    return re.fullmatch(r"-?\d+", text) is not None


def compare_tables(
    file: str,
    committed: str,
    made: str,
    tolerances: dict[str, float],
    default: float,
    widths: Widths | None = None,
    unit: float = 1.0,
) -> Comparison:
    """Compare two CSV files cell by cell.

    ``widths`` gives for each row the tolerance that its interval allows; the narrower of both sides
    counts. Without an interval no tolerance is wider than the default.
    """
    head_old, old = _rows(committed)
    head_new, new = _rows(made)
    if head_old != head_new:
        heads = (",".join(head_old), ",".join(head_new))
        return Comparison(Counter(different=1), [Difference("different", file, "head", "", *heads)])
    if committed == made:  # a large table costs a look at each number, and no more
        count = sum(_is_number(cell) for row in new for cell in row)
        return Comparison(Counter({"bit-identical": count}), [])
    n_keys = _key_columns([*old, *new])
    counts: Counter[str] = Counter()
    differences, near = [], []
    old_rows, new_rows = _keyed(old, n_keys), _keyed(new, n_keys)
    allowed: list[dict[tuple, float]] = [{}]
    if widths:
        sides = ((old_rows, old), (new_rows, new))
        allowed = [dict(zip(keys, widths(head_old, rows), strict=True)) for keys, rows in sides]
    for key in dict.fromkeys([*old_rows, *new_rows]):
        name = ", ".join(key[:-1]) + (f" (no. {key[-1] + 1})" if key[-1] else "")
        row, again = old_rows.get(key), new_rows.get(key)
        if row is None or again is None:
            kind = "missing" if row is None else "extra"
            sides = (",".join(side or []) for side in (row, again))
            counts[kind] += 1
            differences.append(Difference(kind, file, name, "", *sides))
            continue
        metric = dict(zip(head_old, row, strict=False)).get("metric", "")
        widest = max(default, min(one.get(key, 0.0) for one in allowed))
        tolerance = min(tolerances.get(metric, default), widest)
        for column, a, b in zip_longest(head_old, row, again, fillvalue=""):
            kind = _kind(a, b, tolerance, partial(close, unit=unit))
            if kind:
                counts[kind] += 1
            if kind in ("different", "within tolerance"):
                found = near if kind == "within tolerance" else differences
                found.append(Difference(kind, file, name, column, a, b, tolerance, metric, unit))
    return Comparison(counts, differences, near)


def _kind(a: str, b: str, tolerance: float, same: Callable[[str, str, float], bool] = close) -> str:
    """Return what became of a cell; text that stayed the same is not counted."""
    if a == b:
        return "bit-identical" if _is_number(a) else ""
    agree = _is_number(a) and _is_number(b) and same(a, b, tolerance)
    return "within tolerance" if agree else "different"


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _rows(text: str) -> tuple[list[str], list[list[str]]]:
    csv.field_size_limit(2**31 - 1)  # a quote that is not closed makes one cell of all that follows
    rows = [row for row in csv.reader(io.StringIO(text, newline="")) if row]
    return (rows[0], rows[1:]) if rows else ([], [])


def _key_columns(rows: list[list[str]]) -> int:
    """Count the leading columns that hold names and whole numbers only."""
    for position, column in enumerate(zip_longest(*rows, fillvalue="")):
        if any(_is_number(cell) and not _is_whole(cell) for cell in column):
            return max(1, position)
    return 1


def _keyed(rows: list[list[str]], n_keys: int) -> dict[tuple, list[str]]:
    seen: Counter[tuple] = Counter()
    keyed = {}
    for row in rows:
        key = tuple(row[:n_keys])
        keyed[(*key, seen[key])] = row
        seen[key] += 1
    return keyed


def compare_texts(
    file: str, committed: str, made: str, default: float, unit: float = 1.0
) -> Comparison:
    """Compare two text files line by line: the same words, and numbers within the tolerance."""
    drawn = file.endswith(".svg")
    compare = _drawing_kinds if drawn else partial(_line_kinds, same=partial(close, unit=unit))
    counts: Counter[str] = Counter()
    differences = []
    lines = zip_longest(committed.splitlines(), made.splitlines())
    for number, (a, b) in enumerate(lines, start=1):
        if a is None or b is None:
            kind = "missing" if a is None else "extra"
            counts[kind] += 1
        else:
            kinds = compare(a, b, default)
            counts.update(kinds)
            kind = "different" if kinds["different"] else ""
        if kind:
            sides = (a or "", b or "")
            differences.append(Difference(kind, file, f"line {number}", "", *sides, default))
    return Comparison(counts, differences)


def compare_files(
    file: str, committed: bytes, made: bytes, *limits: Any, unit: float = 1.0
) -> Comparison:
    """Compare two files as what they are: a table, a text, or bytes; limits as `compare_tables`."""
    try:
        old, new = committed.decode("utf-8"), made.decode("utf-8")
    except UnicodeDecodeError:
        if committed == made:
            return Comparison(Counter({"bit-identical": 1}), [])
        sizes = (f"{len(committed)} bytes", f"{len(made)} bytes")
        return Comparison(Counter(different=1), [Difference("different", file, "", "", *sizes)])
    if file.endswith(".csv"):
        found = compare_tables(file, old, new, *limits, unit=unit)
    else:
        found = compare_texts(file, old, new, limits[1], unit)
    if old != new and all(one.is_number for one in found.differences):
        plain = [sorted(NUMBER.sub("#", one).splitlines(keepends=True)) for one in (old, new)]
        moved = found.differences or found.counts["within tolerance"]
        if not moved or plain[0] != plain[1]:  # numbers that moved may put lines in another order
            found.counts["different"] += 1
            found.differences.append(Difference("different", file, "", "", OTHERWISE, ""))
    return found


def _drawing_kinds(a: str, b: str, tolerance: float) -> Counter[str]:
    """Compare a line of a drawing: labels as in any text, places as far as anybody sees them."""
    old, new = (re.split(r"(>[^<]*<)", line) for line in (a, b))  # a label stands between tags
    if len(old) != len(new):
        return Counter(different=1)
    counts: Counter[str] = Counter()
    for number, (x, y) in enumerate(zip(old, new, strict=True)):
        counts += _line_kinds(x, y, tolerance, same=close if number % 2 else _same_place)
    return counts


def _same_place(committed: str, made: str, tolerance: float) -> bool:
    return abs(float(committed) - float(made)) <= DRAWN


def _line_kinds(
    a: str, b: str, tolerance: float, same: Callable[[str, str, float], bool] = close
) -> Counter[str]:
    old, new = NUMBER.findall(a), NUMBER.findall(b)
    if NUMBER.sub("#", a) != NUMBER.sub("#", b) or len(old) != len(new):
        return Counter(different=1)
    return Counter(_kind(x, y, tolerance, same) for x, y in zip(old, new, strict=True))
