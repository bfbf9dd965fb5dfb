"""Audit the data, the splits and the models for test rows that are known too early."""

import shutil
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from ..compute.task import make_tasks
from ..config.checksums import sha256_of
from ..config.columns import Table, read_raw
from ..config.study import Data, Study
from ..config.watch import OnlyDeclared
from ..leakage.findings import Finding, audit_splits, cuts_of
from ..leakage.perturbation import audit_fit, moved, preparation, shuffled_labels
from ..leakage.row_checks import audit_rows, missing_texts
from ..run.run import Run
from ..run.terminal import say


def main(run: Run) -> None:
    """Write leakage.csv, print what it says; exit with 1 when a check fails."""
    study, table = run.study, run.table
    cuts = cuts_of(run.development, run.locked, run.folds)
    findings = audit_splits(table, study.split, cuts)
    limits = (study.leakage.accepted, study.leakage.rows, study.seed)
    findings += audit_rows(table, cuts, run.development, *limits)
    findings.append(missing_texts(table.missing, study.data))
    findings += changed_files(run)
    findings += audit_fits(run)
    # a name that is a feature's, too, stands for the feature
    reasons = {n: why for n, why in study.leakage.accepted.items() if n not in table.X}
    findings = [accepted(one, reasons) for one in findings]

    frame = pd.DataFrame(findings)
    run.write("leakage.csv", frame)
    width = frame["check"].str.len().max()
    say()
    for one in findings:
        say(f"{one.verdict:<10}{one.check:<{width}}  {one.message}")
        if one.advice:
            say(f"{'':<10}{'':<{width}}  -> {one.advice}")
    counts = frame["verdict"].value_counts().reindex(["fail", "warn", "accepted"], fill_value=0)
    say(f"\n{len(frame)} checks: {', '.join(f'{n} {verdict}' for verdict, n in counts.items())}")
    say(f"Written to {run.results}: leakage.csv; docs/leakage.md says what each check sees")
    failed = [f"  {one.check}: {one.message}" for one in findings if one.verdict == "fail"]
    if failed:
        lines = ["error: no score of this study can be believed while a check fails", *failed]
        sys.exit("\n".join(lines))


def accepted(found: Finding, reasons: dict[str, str]) -> Finding:
    """Accept a finding for which study.toml gives a reason, and say both."""
    if found.verdict in ("pass", "accepted") or found.check not in reasons:
        return found
    message = f"{reasons[found.check]} (the check says {found.verdict}: {found.message})"
    return Finding(found.check, "accepted", message)


def changed_files(run: Run) -> list[Any]:
    """Walk the study's path from the raw file to a table again, with a changed file."""
    study, row = run.study, run.table.X.index
    once = [(row[fold.train], row[fold.test]) for fold in run.folds if fold.repeat == 0]
    raw = read_raw(run.root / study.data.file, study.data)
    raw.attrs.clear()  # what stands in its gaps is known
    make = loader(study, run.scratch(), raw, run.table)
    kept = {name for role in ("group", "time", "place") for name in study.data.named(role)}
    others = [name for name in raw.columns if name not in kept]
    return [
        preparation(raw, make, row[run.locked], others, study.seed),
        shuffled_labels(raw, make, study.data.target, once, study.seed),
    ]


def loader(
    study: Study, folder: Path, raw: pd.DataFrame, table: Table
) -> Callable[[pd.DataFrame], Table]:
    """Return how to load changed rows as the study loads its own, in a folder of declared files.

    `read_raw` gives them, and in place of the data file there is an empty one. Where data.py opens
    that (it is refused then), fails, or makes another table of the unchanged rows than it did from
    the file, it reads the file in a way of its own: then the changed rows are written.
    """
    for name in study.place.files:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        try:
            (folder / name).symlink_to(study.place.root / name)
        except OSError:  # Windows, unless the user may make links
            shutil.copy(study.place.root / name, folder / name)
    path = folder / study.data.file
    path.parent.mkdir(parents=True, exist_ok=True)

    def load(data: Data, *, loads: bool) -> Table:
        changed = study.model_copy(update={"data": data}).at(folder, study.place.files)
        with OnlyDeclared(changed, "load_table in data.py", loads=loads):
            return study.code.load_table(changed, folder)

    def held(rows: pd.DataFrame) -> Table | None:
        path.write_bytes(b"")
        try:
            return load(study.data.holding(path, rows), loads=False)
        except Exception:  # whatever it is, the file shows it again
            return None

    def make(rows: pd.DataFrame) -> Table:
        if as_held and (made := held(rows)):
            return made
        write_rows(rows, path, study.data)
        return load(study.data.model_copy(update={"sha256": sha256_of(path)}), loads=True)

    unchanged = held(raw)
    as_held = unchanged is not None and not moved(table, unchanged, raw.index[:0])
    return make


def write_rows(rows: pd.DataFrame, path: Path, data: Data) -> None:
    """Write changed rows as a file of the data file's kind."""
    if path.suffix == ".parquet":
        rows.to_parquet(path, index=False)
    else:
        gap = next(iter(data.missing_texts), "")
        rows.to_csv(path, index=False, na_rep=gap, lineterminator="\n", encoding="utf-8")


def audit_fits(run: Run) -> list[Any]:
    """Audit how each model is fitted, on one fold."""
    tasks = make_tasks(run.models(), run.folds[:1], run.study.seed)
    return run.predict(tasks, partial(audit_fit, study=run.study), cached=False)
