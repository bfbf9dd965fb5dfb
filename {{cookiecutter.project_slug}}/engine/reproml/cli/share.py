"""Share the candidate: fit it as it was tested, save it with its record, or ask a saved one."""

from __future__ import annotations

import hashlib
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from .common import open_study, options, prepare, run, say, write_csv, write_text

if TYPE_CHECKING:
    import pandas as pd
    from sklearn.pipeline import Pipeline

    from ..config.study import Study
    from ..share.record import Example, Seed


def main(arguments: Namespace) -> None:
    """Write sharing.csv and the model; or predict the rows of a file.

    As a stage of scripts/reproduce.py it writes sharing.csv alone: the model is no result that
    another machine makes to the last bit.
    """
    if hasattr(arguments, "model") and arguments.model is None:
        arguments.model = arguments.study.resolve().parent / "model"
    if getattr(arguments, "predict", None):
        predict_rows(arguments)
    else:
        share(arguments)


def share(arguments: Namespace) -> None:
    """Fit the candidate on the development rows; the locked test rows stay unseen."""
    import numpy as np

    from ..compute.models import build_model
    from ..compute.task import Task, fit_task
    from ..config.seeds import seed_for
    from ..share.record import Seed, make_examples
    from ..split.splits import Fold

    study = open_study(arguments)
    name, classes = study.models.candidate, study.data.classes
    setting = prepare(study, arguments)
    # the seed and the rows of scripts/evaluation.py: what is shared is what the test rows score
    purpose = f"evaluation/{name}"
    seed = Seed(study=study.seed, purpose=purpose, value=seed_for(study.seed, purpose))
    nothing = np.array([], dtype=int)
    task = Task(
        name, build_model(name, study), Fold(0, 0, setting.development, nothing), seed.value
    )
    fitted = fit_task(task, setting.table, study)
    X = setting.table.X.iloc[setting.development]
    examples = make_examples(fitted, X, classes)
    counts = {"rows": len(X), "features": X.shape[1], "classes": len(classes), "seed": seed.value}
    write_csv(reference(counts, examples), arguments.results / "sharing.csv")
    say(f"\n{name}: fitted on {len(X)} rows of {X.shape[1]} features")
    say(f"Written to {arguments.results}: sharing.csv")
    if getattr(arguments, "model", None):
        save(fitted, X, study, seed, examples, arguments)


def save(
    fitted: Pipeline,
    X: pd.DataFrame,
    study: Study,
    seed: Seed,
    examples: list[Example],
    arguments: Namespace,
) -> None:
    """Write the model and its record, if the model comes back from its file as it was."""
    from ..config.files import write_whole
    from ..config.study import StudyError
    from ..prove.provenance import commit_of
    from ..share.model import MODEL_FILE, RECORD_FILE, found_model, pack_model, unpack_model
    from ..share.record import answers, make_record, write_record

    name, classes, folder = study.models.candidate, study.data.classes, arguments.model
    content = pack_model(found_model(fitted), name)
    if not answers(unpack_model(content, name), X, classes).equals(answers(fitted, X, classes)):
        raise StudyError(f"{MODEL_FILE}: predicts something else than {name}; nothing was written")
    commit = commit_of(arguments.study.resolve().parent)
    record = make_record(study, X, content, examples, seed=seed, commit=commit)
    text = write_record(record)
    write_whole(content, folder / MODEL_FILE)
    write_text(text, folder / RECORD_FILE)
    say(f"Written to {folder}: {MODEL_FILE} ({len(content)} bytes), {RECORD_FILE}")
    say(f"SHA-256 of {RECORD_FILE}, to publish: {hashlib.sha256(text.encode('utf-8')).hexdigest()}")


def reference(counts: dict[str, int], examples: list[Example]) -> pd.DataFrame:
    """Return what can be compared on another machine: the file's last bits differ there."""
    import pandas as pd

    rows = [(quantity, "", value) for quantity, value in counts.items()]
    for number, example in enumerate(examples, start=1):
        rows += [(key, number, value) for key, value in example.said.items()]
    return pd.DataFrame(rows, columns=["quantity", "example", "value"], dtype=object)


def predict_rows(arguments: Namespace) -> None:
    """Ask the saved model about the rows of a file."""
    from ..share.model import load_model, predict_file

    name = open_study(arguments).models.candidate
    shared = load_model(arguments.model, name, record_sha256=arguments.sha256)
    said = predict_file(shared, arguments.predict)
    write_csv(said.reset_index(), arguments.into)
    say(f"{len(said)} rows of {arguments.predict} predicted: written to {arguments.into}")


def start() -> None:
    """Read the command line and run."""
    parser = options(__doc__)
    parser.add_argument(
        "--model", type=Path, help="folder of the model (default: model, beside the configuration)"
    )
    parser.add_argument("--predict", type=Path, help="CSV or Parquet file with rows to predict")
    parser.add_argument(
        "--into", type=Path, default=Path("predictions.csv"), help="where predictions are written"
    )
    parser.add_argument("--sha256", help="SHA-256 that candidate.json has to have")
    run(main, parser)
