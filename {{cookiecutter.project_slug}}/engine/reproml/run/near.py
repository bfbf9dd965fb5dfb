"""Takes remade tables that are near enough for the committed ones, and makes again what shows them.

A number that is calculated from others has no tolerance of its own: it is calculated again from the
committed ones. So no tolerance lets a table, a figure or a word be another than its numbers say.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..prove.compare import Comparison, Difference, compare_tables
from ..prove.tolerances import (
    is_number,
    may_differ,
    statistical_rules,
    too_wide,
    widths,
)
from .figures import read_result

if TYPE_CHECKING:
    from .run import Run

COMPARISONS = {"baselines_comparison.csv": "baselines.csv", "ablation_comparison.csv": "ablation.csv"}
GRADES = ("bit-identical", "within tolerance", "statistically the same", "not reproduced")


@dataclass
class Near:
    """What became of the tables that are not the same bytes."""

    compared: dict[str, Comparison]  # by file; of those taken as near, without their differences
    words: list[Difference] = field(default_factory=list)  # decisions that changed
    notes: list[str] = field(default_factory=list)  # about the tolerances
    statistical: str = ""  # why the results are statistically the same, if they are only that

    def used(self) -> dict[str, Any]:
        """Return which number used most of its tolerance, by metric."""
        found: dict[str, Any] = {}
        for one in self.compared.values():
            for metric, used in one.used.items():
                found[metric] = max(used, found.get(metric, used))
        return {metric or "other numbers": used._asdict() for metric, used in sorted(found.items())}

    def grade(self, differences: list[Difference], within: int) -> str:
        """Return which of the grades the results have."""
        if differences:
            return GRADES[3]
        return GRADES[2] if self.statistical else GRADES[1] if within else GRADES[0]

    def lines(self) -> list[str]:
        """Say how much of the tolerances was used, and what else there is to say of them."""
        return [
            f"Tolerance of {metric}: {one['share']:.1%} of {one['tolerance']:.2g} used, most by "
            f"{one['file']}: {one['row']}, {one['column']}."
            for metric, one in self.used().items()
        ] + self.notes


def take_near(run: Run, made: Path, make_again: Callable[[], Any]) -> Near:
    """Compare the tables; put committed ones in place of those near enough; ``make_again``."""
    limits, found = run.study.tolerances, Near({})
    allowed = partial(_allowed, run)
    for path in sorted(made.glob("*.csv")):
        if (run.results / path.name).is_file():
            sides = (one.read_text(encoding="utf-8") for one in (run.results / path.name, path))
            found.compared[path.name] = compare_tables(
                path.name, *sides, limits.metrics, limits.default, allowed
            )
    near = [
        name
        for name, one in found.compared.items()
        if one.counts["within tolerance"] and not one.differences
    ]
    if limits.metrics and (scores := run.results / "baselines.csv").is_file():
        found.notes += too_wide(scores.read_text(encoding="utf-8"), run.study, run.sizes)
    if limits.statistical:
        near += _statistical(run, made, near, found)
    for name in near:
        shutil.copy(run.results / name, made / name)
    for name, source in COMPARISONS.items():
        if source in near and name not in near and name in found.compared:
            _compare_again(run, made, name, source)
            found.words += [d for d in found.compared.pop(name).differences if not is_number(d)]
    if near:
        make_again()
    return found


def _allowed(run: Run, text: str) -> list[float]:
    return widths(text, run.study.tolerances.share, run.sizes)


def _compare_again(run: Run, made: Path, name: str, source: str) -> None:
    """Compare the committed scores, in place of those made again."""
    scores = read_result(made, source, source.removesuffix(".csv"))
    compare = run.compare if source == "baselines.csv" else run.compare_variants
    run.into(made).write(name, compare(scores))


def _statistical(run: Run, made: Path, near: list[str], found: Near) -> list[str]:
    """Return tables that differ and are statistically the same, and say why; or why they are not."""
    left = {
        name: one.differences
        for name, one in found.compared.items()
        if one.differences and COMPARISONS.get(name) not in near
    }
    if not left:
        return []
    rules = statistical_rules(run.results, made, run.study, run.sizes)
    if not all(holds for holds, _ in rules):
        broken = "; ".join(text for holds, text in rules if not holds)
        found.notes.append(f"The results are not statistically the same either: {broken}.")
        return []
    if not all(may_differ(one) for several in left.values() for one in several):
        found.notes.append("Not statistically the same: more than numbers of the fits changed.")
        return []
    count = sum(map(len, left.values()))
    found.statistical = (
        f"{'; '.join(text for _, text in rules)}; every decision is the same. {count} numbers "
        f"differ by more than their tolerance, in {', '.join(left)}; beyond these rules nothing "
        "is known of them"
    )
    for name in left:
        found.compared[name] = replace(found.compared[name], differences=[])
    return [*left]
