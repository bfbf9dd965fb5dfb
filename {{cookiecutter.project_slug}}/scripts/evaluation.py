"""Open the locked test rows, once: score the finished models on rows that nothing has seen."""

from __future__ import annotations

import json
from argparse import Namespace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from common import load, options, predict, run, say, write_csv, write_text

if TYPE_CHECKING:
    import pandas as pd

    from {{ cookiecutter.__package }}.data import Table
    from {{ cookiecutter.__package }}.study import Study

RECORD = "openings.json"


def main(arguments: Namespace) -> None:
    """Write evaluation.csv, predictions.csv and what is made of them; record the opening."""
    from {{ cookiecutter.__package }}.compute import Task
    from {{ cookiecutter.__package }}.diagnostics import (
        prediction_table,
        prevalence_note,
    )
    from {{ cookiecutter.__package }}.evaluation import check_metrics
    from {{ cookiecutter.__package }}.intervals import locked_scores
    from {{ cookiecutter.__package }}.models import build_model
    from {{ cookiecutter.__package }}.openings import count_note
    from {{ cookiecutter.__package }}.report import direction_note, score_table
    from {{ cookiecutter.__package }}.seeding import seed_for
    from {{ cookiecutter.__package }}.splits import UNITS, Fold, lock_test_set, units_of
    from {{ cookiecutter.__package }}.study import read_study
    from {{ cookiecutter.__package }}.variance import doubt, in_words, locked_sources

    study = read_study(arguments.study)
    metrics, classes = check_metrics(study), study.data.classes
    models = {name: build_model(name, study) for name in study.models.names}
    table = load(study, arguments)
    development, test = lock_test_set(
        table, study.split, stratify=study.task == "classification", seed=study.seed
    )
    openings = admitted(study, arguments)  # refuses before anything is fitted

    tasks = [
        Task(name, model, Fold(0, 0, development, test), seed_for(study.seed, f"evaluation/{name}"))
        for name, model in models.items()
    ]
    predictions = predict(tasks, study, table, arguments, "evaluation")
    for path in records(arguments):  # written before any score is
        text = json.dumps(openings, indent=1, ensure_ascii=False) + "\n"
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            write_text(text, path)
    scores = locked_scores(
        predictions, table, units_of(table, study.split), metrics, classes, study.seed
    )
    predicted = prediction_table(predictions, table, classes)
    write_csv(scores, arguments.results / "evaluation.csv")
    write_csv(predicted, arguments.results / "predictions.csv")
    made = write_diagnostics(predicted, table, study, arguments.results)

    say(f"\n{count_note(openings, study.data.sha256)}")
    say(prevalence_note(table.y.iloc[test], classes, "test"))
    drawn = f"{scores['n_units'].iloc[0]} {UNITS[study.split.dependence]}"
    say(f"\nScores of the locked test rows [95 % interval, bootstrap of {drawn}]\n")
    say(score_table(scores.rename(columns={"value": "mean"})).to_string())
    say(direction_note(metrics))
    say(f"{in_words(locked_sources(study))} {doubt(study)}".rstrip())
    say(f"\nWritten to {arguments.results}: evaluation.csv, predictions.csv, {', '.join(made)}")


def records(arguments: Namespace) -> list[Path]:
    """Return where openings are on record: with the study too, whatever folder results go to."""
    home = arguments.study.resolve().parent / "results"
    return [folder / RECORD for folder in sorted({home, arguments.results.resolve()})]


def admitted(study: Study, arguments: Namespace) -> list[dict[str, Any]]:
    """Return the record with this opening in it, or refuse."""
    from {{ cookiecutter.__package }}.openings import admit, parts_of
    from {{ cookiecutter.__package }}.provenance import commit_of
    from {{ cookiecutter.__package }}.study import StudyError

    openings: list[dict[str, Any]] = []
    for path in records(arguments):
        if path.is_file():
            try:
                found = json.loads(path.read_text(encoding="utf-8"))
            except ValueError as error:
                raise StudyError(f"{path}: is no JSON ({error}); restore it from git") from error
            openings += [opening for opening in found if opening not in openings]
    return admit(
        openings,
        parts_of(study),
        data=study.data.sha256,
        time=datetime.now(UTC).isoformat(timespec="seconds"),
        commit=commit_of(arguments.study.resolve().parent)["commit"],
        again=getattr(arguments, "again", False),
    )


def write_diagnostics(
    predicted: pd.DataFrame, table: Table, study: Study, results: Path, prefix: str = ""
) -> list[str]:
    """Write where the models err; return the names of the files, which begin with the prefix."""
    import pandas as pd

    from {{ cookiecutter.__package }}.diagnostics import (
        calibration_table,
        confusion_table,
        residual_quantiles,
        residual_table,
    )
    from {{ cookiecutter.__package }}.splits import block_ids

    if study.task == "classification":
        made = {
            "confusion.csv": confusion_table(predicted, study.data.classes),
            "calibration.csv": calibration_table(predicted, study.data.classes),
        }
    else:
        units = {"group": table.groups, "time": table.time}
        if study.split.block > 0:
            blocks = block_ids(table.place, study.split.block)
            units["block"] = pd.Series(blocks, index=table.y.index)
        there = {name: of_row for name, of_row in units.items() if of_row is not None}
        made = {
            "residuals.csv": residual_table(predicted, there),
            "residual_quantiles.csv": residual_quantiles(predicted),
        }
    for name, frame in made.items():
        write_csv(frame, results / f"{prefix}{name}")
    return sorted(f"{prefix}{name}" for name in made)


if __name__ == "__main__":
    parser = options(__doc__)
    parser.add_argument(
        "--again", action="store_true", help="open the test rows for another model; it is counted"
    )
    run(main, parser)
