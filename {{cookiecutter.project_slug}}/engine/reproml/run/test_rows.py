"""Opens the locked test rows, and keeps the record of it."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
from sklearn.pipeline import Pipeline

from ..compute.task import Predictions, Task
from ..config.files import csv_text, write_text
from ..config.seeds import seed_for
from ..prove.provenance import commit_of
from ..split.claims import units_of
from ..split.splits import Fold
from ..split.test_ledger import RECORD, admit, merge_openings, parts_of, read_openings, was_opened
from ..statistics.intervals import locked_scores

if TYPE_CHECKING:
    from .run import Run


def open_test_rows(run: Run, again: bool) -> list[dict[str, Any]]:
    """Return the record with this opening in it, or refuse; nothing is written yet."""
    return admit(
        merge_openings(_records(run)),
        parts_of(run.study, run.study.code.folder),
        data=run.study.data.sha256,
        time=datetime.now(UTC).isoformat(timespec="seconds"),
        commit=commit_of(run.root)["commit"],
        again=again,
    )


def predict_test_rows(
    run: Run, models: dict[str, Pipeline], openings: list[dict[str, Any]]
) -> list[Predictions]:
    """Fit on all development rows, predict the test rows; the opening is on record then."""
    fold = Fold(0, 0, run.development, run.locked)
    tasks = [
        Task(name, model, fold, seed_for(run.study.seed, f"evaluation/{name}"))
        for name, model in models.items()
    ]
    predictions = run.predict(tasks)
    if "results" not in openings[-1] and "previous" in openings[-1]:  # this opening
        made = csv_text(run.in_rows(predictions)).encode("utf-8")
        openings[-1] = openings[-1] | {"results": hashlib.sha256(made).hexdigest()}
    text = json.dumps(openings, indent=1, ensure_ascii=False) + "\n"
    for path in _records(run):  # written before any score is
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            write_text(text, path)
    return predictions


def score_test_rows(run: Run, predictions: list[Predictions]) -> pd.DataFrame:
    """Return every metric of every model with a bootstrap interval."""
    study, table = run.study, run.table
    units = units_of(table, study.split)
    return locked_scores(predictions, table, units, study.reported, study.data.classes, study.seed)


def may_be_scored(run: Run) -> bool:
    """Whether this model had the test rows before: then its scores are made again."""
    openings = read_openings(run.results / RECORD)
    return was_opened(openings, parts_of(run.study, run.study.code.folder))


def _records(run: Run) -> list[Path]:
    """Return where openings are on record: with the study too, whatever folder results go to."""
    return [folder / RECORD for folder in sorted({run.root / "results", run.results.resolve()})]
