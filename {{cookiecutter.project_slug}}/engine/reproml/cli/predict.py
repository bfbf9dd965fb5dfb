"""Asks the saved model about the rows of a file."""

from pathlib import Path

from ..config.files import write_csv
from ..run.run import Run
from ..run.terminal import say
from ..share.model import load_model, predict_file


def main(
    run: Run, rows: Path | None, into: Path, model: Path | None = None, sha256: str | None = None
) -> None:
    """Write what the model predicts, if its record and the rows are what they have to be."""
    shared = load_model(
        model or run.root / "model",
        run.study.models.candidate,
        trusted=run.study.sharing.trusted_types,
        record_sha256=sha256,
    )
    rows = rows or run.root / run.study.data.file
    said = predict_file(shared, rows)
    write_csv(said.reset_index(), into)
    say(f"{len(said)} rows of {rows} predicted: written to {into}")
