"""Share the candidate: fit it as it was tested, save it with its record."""

import hashlib
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline

from ..compute.models import build_model
from ..compute.task import Task, fit_task
from ..config.files import write_text, write_whole
from ..config.study import StudyError
from ..config.watch import OnlyDeclared
from ..prove.provenance import commit_of
from ..run.run import Run
from ..run.terminal import say
from ..share.model import (
    MODEL_FILE,
    RECORD_FILE,
    found_model,
    make_record,
    pack_model,
    unpack_model,
)
from ..share.record import Example, Seed, answers, make_examples, said_table, seed_of, write_record
from ..split.splits import Fold


def main(run: Run, model: Path | None = None) -> None:
    """Write sharing.csv, and the model with its record."""
    fitted, seed, examples = write_reference(run)
    save(run, fitted, seed, examples, model or run.root / "model")


def write_reference(run: Run) -> tuple[Pipeline, Seed, list[Example]]:
    """Fit the candidate on the development rows and write sharing.csv.

    It is what can be compared on another machine: the last bits of the model's file differ there.
    """
    study = run.study
    name, classes = study.models.candidate, study.data.classes
    seed = seed_of(study)
    nothing = np.array([], dtype=int)
    task = Task(name, build_model(name, study), Fold(0, 0, run.development, nothing), seed.value)
    X = run.table.X.iloc[run.development]
    with OnlyDeclared(study, f"{name}, to be shared,"):
        fitted = fit_task(task, run.table, study)
        examples = make_examples(fitted, X, study.data)
    rows = [("rows", "", len(X)), ("features", "", X.shape[1])]
    rows += [("classes", "", len(classes)), ("seed", "", seed.value)]
    said = said_table(examples)
    frame = pd.concat([pd.DataFrame(rows, columns=said.columns, dtype=object), said])
    run.write("sharing.csv", frame)
    say(f"\n{name}: fitted on {len(X)} rows of {X.shape[1]} features")
    say(f"Written to {run.results}: sharing.csv")
    return fitted, seed, examples


def save(run: Run, fitted: Pipeline, seed: Seed, examples: list[Example], folder: Path) -> None:
    """Write the model and its record, if the model comes back from its file as it was."""
    study, X = run.study, run.table.X.iloc[run.development]
    name, classes = study.models.candidate, study.data.classes
    trusted = study.sharing.trusted_types
    content = pack_model(found_model(fitted), trusted)
    if not answers(unpack_model(content, trusted), X, classes).equals(answers(fitted, X, classes)):
        raise StudyError(f"{MODEL_FILE}: predicts something else than {name}; nothing was written")
    commit = commit_of(run.root)
    del commit["no_commit"]
    text = write_record(make_record(study, X, content, examples, seed=seed, commit=commit))
    write_whole(content, folder / MODEL_FILE)
    write_text(text, folder / RECORD_FILE)
    say(f"Written to {folder}: {MODEL_FILE} ({len(content)} bytes), {RECORD_FILE}")
    say(f"SHA-256 of {RECORD_FILE}, to publish: {hashlib.sha256(text.encode('utf-8')).hexdigest()}")
