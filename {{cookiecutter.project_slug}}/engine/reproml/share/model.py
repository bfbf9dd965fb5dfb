"""A model that others can use: a file that runs nothing when it is opened, a record, and checks.

``candidate.skops`` holds the fitted pipeline, ``candidate.json`` its record. To open them, the
order is fixed: the record, then size and SHA-256 of the file, then the libraries' versions, then
every type in the file (`trusted_types`); only then is anything restored. Nothing is ever unpickled.
Rows are checked against the schema that came with the model.
"""

from __future__ import annotations

import copy
import hashlib
import platform
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from sklearn.pipeline import Pipeline
from skops.io import dumps, loads

from ..config.columns import check_rows, read_raw
from ..config.study import Column, Data, Study, StudyError
from ..config.versions import LOCK, imported_libraries, installed_versions
from ..split.inner_folds import cuts
from .modelfile import normalised, refused
from .record import Example, Record, Seed, answers, check_examples, check_versions, read_record
from .trusted_types import OURS, audit, distributions_of

MODEL_FILE = "candidate.skops"
RECORD_FILE = "candidate.json"
LARGEST_RECORD = 64 * 2**20  # bytes; far more than the widest table needs


@dataclass(frozen=True)
class SharedModel:
    """A restored model and its record."""

    pipeline: Pipeline
    record: Record


def found_model(model: Any) -> Any:
    """Replace a search by what it found: others need the model, not the race that it won.

    A search also keeps the positions of its rows and how long each fit took.

    >>> from small_study import linear
    >>> from sklearn.model_selection import GridSearchCV
    >>> X = pd.DataFrame({"dose": [float(i) for i in range(12)]})
    >>> search = GridSearchCV(linear("regression"), {"model__alpha": [1.0, 9.0]}, cv=2)
    >>> model = Pipeline([("search", search)]).fit(X, X["dose"])
    >>> shared = found_model(model)
    >>> shared["search"]["model"], (shared.predict(X) == model.predict(X)).all().item()
    (Ridge(), True)
    """
    found = getattr(model, "best_estimator_", model)
    if isinstance(found, Pipeline):
        steps = [(name, getattr(step, "best_estimator_", step)) for name, step in found.steps]
        if any(new is not old for (_, new), (_, old) in zip(steps, found.steps, strict=True)):
            found = Pipeline(steps)
    # what is left cuts training rows too, such as a calibration, or keeps tables of the training
    left, steps = cuts(found), [step for _, step in getattr(found, "steps", [("", found)])]
    if not left and not any(hasattr(step, "kept_") for step in steps):
        return found
    found = copy.deepcopy(found).set_params(**dict.fromkeys(left))
    for _, step in getattr(found, "steps", [("", found)]):
        getattr(step, "__dict__", {}).pop("kept_", None)  # a step may be the text "passthrough"
    return found


def pack_model(model: Any, trusted: Iterable[str]) -> bytes:
    """Write a fitted model as a skops file; the same model is the same bytes."""
    try:
        content = normalised(dumps(model))
    except Exception as error:  # skops raises whatever the foreign type raised
        raise StudyError(
            f"the model cannot be saved as skops file ({type(error).__name__}: {error}); look for "
            "the step that it does not know, such as a function of your own, and make it a class"
        ) from error
    audit(content, trusted)
    return content


def unpack_model(content: bytes, trusted: Iterable[str]) -> Any:
    """Restore a model that holds trusted types only; check the file's SHA-256 before."""
    audit(content, trusted)
    try:
        return loads(content, trusted=[*OURS, *trusted])
    except Exception as error:
        raise refused(f"it cannot be restored ({type(error).__name__}: {error})") from error


def make_record(
    study: Study,
    X: pd.DataFrame,
    content: bytes,
    examples: list[Example],
    *,
    seed: Seed,
    commit: dict[str, Any],
) -> Record:
    """Describe a model file and the rows ``X`` it was fitted on: all that a user of both needs."""
    types = audit(content, study.sharing.trusted_types)
    libraries = {*imported_libraries(study.code.folder, LOCK)}  # a fit may need more than the file
    libraries |= {*distributions_of(types, study.code.package)}
    return Record(
        **described(study, X),
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        types=types,
        versions=installed_versions([*libraries]),
        python=platform.python_version(),
        seed=seed,
        **commit,
        examples=examples,
    )


def described(study: Study, X: pd.DataFrame) -> dict[str, Any]:
    """Return what a record says of study and rows, whatever the model file."""
    data = study.data
    return {
        "model": study.models.candidate,
        "task": study.task,
        "target": data.target,
        "classes": data.classes,
        "features": {name: data.column_for(name) for name in X.columns},
        "others": [name for name, column in data.columns.items() if column.role != "feature"],
        # a row that is asked about cannot be dropped: its gap is an error
        "missing": "impute" if data.missing == "impute" else "error",
        "missing_texts": data.missing_texts,
        "rows": len(X),
        "data_sha256": data.sha256,
    }


def load_model(
    folder: str | Path,
    name: str,
    *,
    trusted: Iterable[str] = (),
    record_sha256: str | None = None,
) -> SharedModel:
    """Open a shared model; nothing of it runs before every check is passed.

    Parameters
    ----------
    folder : str or Path
        Holds ``candidate.skops`` and ``candidate.json``.
    name : str
        Which model it has to be: ``models.candidate`` of study.toml.
    trusted : iterable of str
        Types that it may hold beside those that skops trusts: ``sharing.trusted_types`` of
        study.toml. Take them from there or from your own code, never from the record.
    record_sha256 : str or None
        SHA-256 of ``candidate.json`` as the author published it. Without it, a change of one of
        the two files is seen, an exchange of both is not.

    Returns
    -------
    SharedModel
        Ready to predict.

    Raises
    ------
    StudyError
        If a file is missing, is not the one it should be, is of other versions of the libraries,
        or holds anything that is not trusted.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = Path(folder, RECORD_FILE).write_bytes(b"{}")
    ...     try:
    ...         load_model(folder, "candidate", record_sha256="0" * 64)
    ...     except StudyError as error:
    ...         print(str(error).partition(",")[0])
    candidate.json: its SHA-256 is 44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a
    """
    folder = Path(folder)
    content = _read(folder / RECORD_FILE, LARGEST_RECORD)
    found = hashlib.sha256(content).hexdigest()
    if record_sha256 is not None and found != record_sha256.strip().lower():
        raise StudyError(
            f"{RECORD_FILE}: its SHA-256 is {found},\n  you asked for {record_sha256}; get it "
            "again from where the author published it"
        )
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise StudyError(f"{RECORD_FILE}: is no UTF-8 text ({error}); get it again") from error
    record = read_record(text, RECORD_FILE)
    if record.model != name:
        raise StudyError(
            f"{RECORD_FILE}: is of the model {record.model!r}, asked for is {name!r}; make the "
            f"model again, or go back to commit {record.commit or 'that made it'}"
        )
    content = _read(folder / MODEL_FILE, record.size)
    found = hashlib.sha256(content).hexdigest()
    if found != record.sha256:
        raise StudyError(
            f"{MODEL_FILE}: its SHA-256 is {found},\n  {RECORD_FILE} says {record.sha256}.\n"
            "  Nothing of it was opened. Get it again from where the author published it."
        )
    check_versions(record, MODEL_FILE)
    model = unpack_model(content, trusted)
    check_examples(record, model, MODEL_FILE)
    return SharedModel(model, record)


def _read(path: Path, most: int) -> bytes:
    """Read a file that is not larger than it may be; a larger one is not read at all."""
    if not path.is_file():
        raise StudyError(f"{path}: there is no such file; `python -m reproml share` makes it")
    with path.open("rb") as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise StudyError(
            f"{path.name}: is larger than {most} bytes, which is all it may have; get it again "
            "from where the author published it"
        )
    return content


def predict_file(shared: SharedModel, path: str | Path) -> pd.DataFrame:
    """Check the rows of a file against the model's schema, then ask the model about them.

    Parameters
    ----------
    shared : SharedModel
        As `load_model` returns it.
    path : str or Path
        CSV or Parquet file; columns that are no features may be missing.

    Returns
    -------
    DataFrame of shape (n_rows, 1 + n_classes)
        Columns predicted, and probability_CLASS for each class; indexed by row number from 1.

    Raises
    ------
    StudyError
        If the file is missing or has no rows, or with every offending row and column.

    Examples
    --------
    >>> import tempfile
    >>> from sklearn.dummy import DummyRegressor
    >>> record = Record.model_construct(
    ...     features={"dose": Column(role="feature", max=9.0)}, others=["effect"], classes=[],
    ...     data_sha256="0" * 64, missing="error", missing_texts=[],
    ... )
    >>> X = pd.DataFrame({"dose": [1.0, 2.0, 9.0]})
    >>> shared = SharedModel(DummyRegressor(strategy="median").fit(X, [1.0, 2.0, 30.0]), record)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     X[:2].to_csv(Path(folder, "new.csv"), index=False)
    ...     predict_file(shared, Path(folder, "new.csv"))
         predicted
    row
    1          2.0
    2          2.0
    """
    path = Path(path)
    if not path.is_file():
        raise StudyError(f"{path}: there is no such file")
    data = schema_of_rows(shared.record, path.name)
    raw = read_raw(path, data)
    features = shared.record.features
    raw = raw[[name for name in raw.columns if name in features or data.column_for(name) is None]]
    rows = check_rows(
        raw,
        data.model_copy(update={"columns": features}),
        f"Mend the file: the model takes the columns and values that {RECORD_FILE} declares.",
    )
    if rows.empty:
        raise StudyError(f"{path.name}: has no rows")
    return answers(shared.pipeline, rows[list(features)], shared.record.classes)


def schema_of_rows(record: Record, file: str) -> Data:
    """Return what a file of rows for the model may hold: its features; the rest is ignored."""
    ignored = {name: Column(role="ignore") for name in record.others}
    return Data(
        file=file,
        sha256=record.data_sha256,
        missing=record.missing,
        missing_texts=record.missing_texts,
        columns=record.features | ignored,
    )
