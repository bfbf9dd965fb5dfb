"""Audit the data, the splits and the models for test rows that are known too early."""

import sys
from argparse import Namespace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from .common import open_study, options, predict, prepare, run, say, write_csv

if TYPE_CHECKING:
    import pandas as pd

    from ..config.columns import Table
    from ..config.study import Study
    from ..split.splits import Fold


def main(arguments: Namespace) -> None:
    """Write leakage.csv, print what it says; exit with 1 when a check fails."""
    import pandas as pd

    from ..leakage.findings import audit_splits, cuts_of
    from ..leakage.perturbation import watch_files
    from ..leakage.row_checks import audit_rows

    with watch_files() as opened:  # from the import on: models.py could read the data there
        study = open_study(arguments)
    root = arguments.study.resolve().parent
    setting = prepare(study, arguments)
    table, folds, test = setting.table, setting.folds, setting.locked
    cuts = cuts_of(setting.development, test, folds)
    findings = audit_splits(table, study.split, cuts)
    findings += audit_rows(table, cuts, setting.development, study.leakage.accepted)

    row = table.X.index
    once = [(row[fold.train], row[fold.test]) for fold in folds if fold.repeat == 0]
    findings += changed_files(study, root, row[test], once)
    findings += fits(arguments, study, table, folds[0], opened)

    frame = pd.DataFrame(findings)
    write_csv(frame, arguments.results / "leakage.csv")
    width = frame["check"].str.len().max()
    say()
    for one in findings:
        say(f"{one.verdict:<6}{one.check:<{width}}  {one.message}")
        if one.advice:
            say(f"{'':<6}{'':<{width}}  -> {one.advice}")
    counts = frame["verdict"].value_counts()
    say(f"\n{len(frame)} checks: {counts.get('fail', 0)} fail, {counts.get('warn', 0)} warn")
    say(f"Written to {arguments.results}: leakage.csv; docs/leakage.md says what each check sees")
    failed = [f"  {one.check}: {one.message}" for one in findings if one.verdict == "fail"]
    if failed:
        lines = ["error: no score of this study can be believed while a check fails", *failed]
        sys.exit("\n".join(lines))


def changed_files(
    study: "Study", root: Path, test: "pd.Index", once: "list[tuple[pd.Index, pd.Index]]"
) -> list:
    """Walk the study's path from the raw file to a table again, with a changed file."""
    from ..config.columns import read_raw
    from ..leakage.perturbation import preparation, shuffled_labels

    raw = read_raw(root / study.data.file, study.data)
    make = partial(load_changed, study)
    kept = {name for role in ("group", "time", "place") for name in study.data.named(role)}
    others = [name for name in raw.columns if name not in kept]
    return [
        preparation(raw, make, test, others, study.seed),
        shuffled_labels(raw, make, study.data.target, once, study.seed),
    ]


def load_changed(study: "Study", raw: "pd.DataFrame") -> "Table":
    """Load a changed raw file as the study loads its own."""
    from ..config.checksums import sha256_of

    with TemporaryDirectory() as folder:
        path = Path(folder) / study.data.file
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".parquet":
            raw.to_parquet(path, index=False)
        else:
            gap = next(iter(study.data.missing_texts), "")
            raw.to_csv(path, index=False, na_rep=gap, lineterminator="\n", encoding="utf-8")
        data = study.data.model_copy(update={"sha256": sha256_of(path)})
        return study.code.load_table(study.model_copy(update={"data": data}), folder)


def fits(
    arguments: Namespace, study: "Study", table: "Table", fold: "Fold", opened: set[str]
) -> list:
    """Audit how each model is fitted, on one fold."""
    from ..compute.models import build_model
    from ..compute.task import make_tasks
    from ..leakage.perturbation import audit_fit

    models = {name: build_model(name, study) for name in study.models.names}
    data_file = arguments.study.resolve().parent / study.data.file
    do = partial(audit_fit, study=study, opened=opened, data_file=data_file)
    tasks = make_tasks(models, [fold], study.seed)
    label = getattr(arguments, "label", "leakage")
    return predict(tasks, study, table, arguments, label, do, cached=False)


def start() -> None:
    """Read the command line and run."""
    run(main, options(__doc__))
