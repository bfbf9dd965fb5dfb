"""Takes remade tables that are near enough for the committed ones, and makes again what shows them.

A number that is calculated from others has no tolerance of its own: it is calculated again from the
committed ones. So no tolerance lets a table, a figure or a word be another than its numbers say.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from ..config.files import write_csv
from ..config.large import large_tables, line_of, parquet_of, rows_as_recorded
from ..prove.compare import Comparison, Difference, compare_files
from ..prove.tolerances import COUNTED, half_widths, statistical_rules, too_wide

if TYPE_CHECKING:
    from .run import Run


@dataclass
class Near:
    """What became of tables that are not the same bytes."""

    compared: dict[str, Comparison]  # by file; of those taken for near, without their differences
    words: list[Difference] = field(default_factory=list)  # decisions that changed
    notes: list[str] = field(default_factory=list)  # on the tolerances
    statistical: str = ""  # why the results are statistically the same, if they are only that

    def used(self) -> dict[str, Difference]:
        """Return by metric the number that used most of its tolerance; "" is all other numbers."""
        near = [one for table in self.compared.values() for one in table.near]
        return {one.metric: one for one in sorted(near, key=lambda one: one.share)}

    def lines(self) -> list[str]:
        """Say how much of the tolerances was used, and what else there is to say of them."""
        return [
            f"Of the tolerance of {metric or 'other numbers'}, {one.tolerance:.2g}, at most "
            f"{one.share:.2g} was used: {one.file}: {one.row}, {one.column}."
            for metric, one in sorted(self.used().items())
        ] + self.notes


def take_near(run: Run, made: Path, make_again: Callable[[], Any]) -> Near:
    """Compare all tables; put the committed ones in place of those near enough; ``make_again``."""
    limits, names = run.study.tolerances, sorted(path.name for path in made.glob("*.csv"))

    def widths(head: list[str], rows: list[list[str]]) -> list[float]:
        cells = [dict(zip(head, row, strict=False)) for row in rows]
        table = pd.DataFrame(cells, columns=head, dtype=str).fillna("")
        table = half_widths(table, run.sizes, run.unit)
        return (limits.share * table["half"] / table["size"]).fillna(0.0).to_list()

    found = Near({})
    for name in filter(lambda name: (run.results / name).is_file(), names):
        how = (limits.metrics, limits.default, widths)
        found.compared[name] = compare_files(*_sides(name, run.results, made), *how, unit=run.unit)
    near = [name for name, one in found.compared.items() if one.near and not one.differences]
    if limits.metrics and "baselines.csv" in found.compared:
        scores = pd.read_csv(made / "baselines.csv")
        found.notes += too_wide(scores, run.study, run.sizes)
    _compare_again(run, made, near, found)
    if limits.statistical and not found.words:
        more = _only_statistically(run, made, found)
        _compare_again(run, made, more, found)
        near += more
    for name in filter(found.compared.__contains__, near):
        shutil.copy(run.results / name, made / name)
    for path in large_tables(made):
        if line_of(path).name in near:
            shutil.copy(parquet_of(run.results / path.name), parquet_of(path))
    if near:
        make_again()
    return found


def _sides(name: str, *folders: Path) -> tuple[str, bytes, bytes]:
    """Return what is compared; of large tables with other checksums the rows, if both are here."""
    old, new = ((folder / name).read_bytes() for folder in folders)
    large = {line_of(path).name: path.name for path in large_tables(folders[0])}
    if old != new and name in large:
        rows = [rows_as_recorded(folder / large[name]) for folder in folders]
        if None not in rows:
            return large[name], rows[0].encode("utf-8"), rows[1].encode("utf-8")
    return name, old, new


def _compare_again(run: Run, made: Path, near: list[str], found: Near) -> None:
    """Compare the models by the committed scores that are near; keep which words had changed."""
    for stem, compare in (("baselines", run.compare), ("ablation", run.compare_variants)):
        table = found.compared.get(f"{stem}_comparison.csv")
        if f"{stem}.csv" in near and table:
            found.words += [one for one in table.differences if not one.is_number]
            del found.compared[f"{stem}_comparison.csv"]
            scores = pd.read_csv(run.results / f"{stem}.csv")
            write_csv(compare(scores), made / f"{stem}_comparison.csv")


def _only_statistically(run: Run, made: Path, found: Near) -> list[str]:
    """Return tables that differ and are statistically the same; say why they are, or are not."""
    left = {name: one.differences for name, one in found.compared.items() if one.differences}
    if not left:
        return []
    every = [one for differences in left.values() for one in differences]
    numeric = all(d.is_number or (d.file in COUNTED and d.kind != "different") for d in every)
    rules = statistical_rules(run.results, made, run.study, run.sizes) if numeric else []
    said = "no decision changed" if numeric else "more than measured numbers changed"
    rules.append((numeric, said))
    if not all(holds for holds, _ in rules):
        broken = "; ".join(text for holds, text in rules if not holds)
        found.notes.append(f"Nor are they statistically the same: {broken}.")
        return []
    found.statistical = f"{'; '.join(text for _, text in rules)}. Beyond these rules, {len(every)} "
    found.statistical += f"numbers that differ in {', '.join(left)} were not judged"
    for differences in left.values():
        differences.clear()
    return [*left]
