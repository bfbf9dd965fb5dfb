"""Open the locked test rows, once: score the finished models on rows that nothing has seen."""

from __future__ import annotations

import json
from argparse import Namespace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reproml.cli.common import load, open_study, options, predict, run, say, write_csv, write_text
from reproml.cli.diagnostics import write_diagnostics

if TYPE_CHECKING:

    from reproml.config.study import Study

RECORD = "openings.json"


def main(arguments: Namespace) -> None:
    """Write evaluation.csv, predictions.csv and what is made of them; record the opening."""
    from reproml.compute.models import build_model
    from reproml.compute.task import Task
    from reproml.config.metrics import check_metrics
    from reproml.config.seeds import seed_for
    from reproml.split.claims import claim_of, units_of
    from reproml.split.splits import Fold, lock_test_set
    from reproml.split.test_ledger import count_note
    from reproml.statistics.diagnostics import prediction_table, prevalence_note
    from reproml.statistics.intervals import locked_scores
    from reproml.statistics.variance import doubt, in_words, locked_sources
    from reproml.write.tables import direction_note, score_table

    study = open_study(arguments)
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
    drawn = f"{scores['n_units'].iloc[0]} {claim_of(study.split).units}"
    say(f"\nScores of the locked test rows [95 % interval, bootstrap of {drawn}]\n")
    say(score_table(scores.rename(columns={"value": "mean"}), metrics).to_string())
    say(direction_note(metrics))
    say(f"{in_words(locked_sources(study))} {doubt(study)}".rstrip())
    say(f"\nWritten to {arguments.results}: evaluation.csv, predictions.csv, {', '.join(made)}")


def records(arguments: Namespace) -> list[Path]:
    """Return where openings are on record: with the study too, whatever folder results go to."""
    home = arguments.study.resolve().parent / "results"
    return [folder / RECORD for folder in sorted({home, arguments.results.resolve()})]


def admitted(study: Study, arguments: Namespace) -> list[dict[str, Any]]:
    """Return the record with this opening in it, or refuse."""
    from reproml.config.study import StudyError
    from reproml.prove.provenance import commit_of
    from reproml.split.test_ledger import admit, parts_of

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
        parts_of(study, study.code.folder),
        data=study.data.sha256,
        time=datetime.now(UTC).isoformat(timespec="seconds"),
        commit=commit_of(arguments.study.resolve().parent)["commit"],
        again=getattr(arguments, "again", False),
    )


if __name__ == "__main__":
    parser = options(__doc__)
    parser.add_argument(
        "--again", action="store_true", help="open the test rows for another model; it is counted"
    )
    run(main, parser)
