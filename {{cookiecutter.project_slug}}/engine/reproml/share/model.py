"""A model that others can use: a file that runs nothing when it is opened, a record, and checks.

``candidate.skops`` holds the fitted pipeline, ``candidate.json`` its record. To open them, the
order is fixed: the record, then size and SHA-256 of the file, then the libraries' versions, then
every type in the file against a closed list; only then is anything restored. Nothing is ever
unpickled. Rows are checked against the schema that came with the model.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from sklearn.pipeline import Pipeline
from skops.io import dumps, get_untrusted_types, loads

from ..config.columns import check_rows, read_raw
from ..config.study import Column, Data, StudyError
from .modelfile import normalised, refused
from .record import Record, answers, check_examples, check_versions, read_record
from .trusted_types import LIBRARIES, PACKAGE, audit

MODEL_FILE = "candidate.skops"
RECORD_FILE = "candidate.json"
LARGEST_RECORD = 64 * 2**20  # bytes; far more than the widest table needs


@dataclass(frozen=True)
class SharedModel:
    """A restored model and its record."""

    pipeline: Pipeline
    record: Record


def found_model(model: Pipeline) -> Pipeline:
    """Replace a search by what it found: others need the model, not the race that it won.

    A search also keeps the positions of its rows and how long each fit took.

    Parameters
    ----------
    model : Pipeline
        Fitted; it stays as it is.

    Returns
    -------
    Pipeline
        One that predicts the same.

    Examples
    --------
    >>> from ..config.example import candidate
    >>> from sklearn.model_selection import GridSearchCV
    >>> X = pd.DataFrame({"dose": [float(i) for i in range(12)]})
    >>> search = GridSearchCV(candidate("regression"), {"model__alpha": [1.0, 9.0]}, cv=2)
    >>> model = Pipeline([("search", search)]).fit(X, X["dose"])
    >>> shared = found_model(model)
    >>> shared["search"]["model"], (shared.predict(X) == model.predict(X)).all().item()
    (Ridge(), True)
    """
    steps = [(name, getattr(step, "best_estimator_", step)) for name, step in model.steps]
    if all(new is old for (_, new), (_, old) in zip(steps, model.steps, strict=True)):
        return model
    return Pipeline(steps)


def pack_model(model: Pipeline, name: str) -> bytes:
    """Write a fitted model as a skops file; the same model is the same bytes.

    Parameters
    ----------
    model : Pipeline
        Fitted.
    name : str
        Which list of ``ALLOWED`` it has to keep to.

    Returns
    -------
    bytes
        The file.

    Raises
    ------
    StudyError
        If skops cannot save it, or it holds a type that is not on the list, or of a library whose
        version is not recorded: it could not be opened again.

    Examples
    --------
    >>> from ..config.example import dummy
    >>> X = pd.DataFrame({"dose": [1.0, 2.0, 9.0]})
    >>> content = pack_model(dummy("regression").fit(X, [1.0, 2.0, 30.0]), "dummy")
    >>> unpack_model(content, "dummy").predict(X[:1]).tolist()
    [2.0]
    """
    try:
        content = normalised(dumps(model))
    except Exception as error:  # skops raises whatever the foreign type raised
        raise StudyError(
            f"the model cannot be saved as skops file ({type(error).__name__}: {error}); look for "
            "the step that it does not know, such as a function of your own, and make it a class"
        ) from error
    types = audit(content, name)
    known = {*LIBRARIES, PACKAGE, "builtins"}
    roots = {entry.partition(" ")[2].partition(".")[0] for entry in types}
    if strangers := sorted(roots - known):
        raise StudyError(
            f"the model depends on {strangers}, whose version would not be recorded; add each to "
            "LIBRARIES in allowed.py"
        )
    return content


def unpack_model(content: bytes, name: str) -> Pipeline:
    """Restore a model from a skops file whose SHA-256 was checked.

    Parameters
    ----------
    content : bytes
        The file.
    name : str
        Key of ``ALLOWED``: from study.toml or your own code, never from the file.

    Returns
    -------
    Pipeline
        Predicts exactly what the saved one did.

    Raises
    ------
    StudyError
        If anything in the file is not on the list, before anything is restored.

    Examples
    --------
    >>> from ..config.example import dummy
    >>> model = dummy("regression").fit(pd.DataFrame({"dose": [1.0, 2.0, 9.0]}), [1.0, 2.0, 30.0])
    >>> content = pack_model(model, "dummy")
    >>> unpack_model(content, "dummy")["model"].constant_.item()
    2.0
    >>> try:
    ...     unpack_model(content, "linear")
    ... except StudyError as error:
    ...     print(str(error).splitlines()[1].strip())
    ObjectNode sklearn.dummy.DummyRegressor
    """
    audit(content, name)
    try:
        # the audit above is stricter; this hands skops what it does not trust by itself
        return loads(content, trusted=get_untrusted_types(data=content))
    except Exception as error:
        raise refused(f"it cannot be restored ({type(error).__name__}: {error})") from error


def load_model(folder: str | Path, name: str, *, record_sha256: str | None = None) -> SharedModel:
    """Open a shared model.

    Parameters
    ----------
    folder : str or Path
        Holds ``candidate.skops`` and ``candidate.json``.
    name : str
        Which model it has to be, a key of ``ALLOWED``: ``models.candidate`` of study.toml.
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
        or holds anything that is not allowed. Nothing in it has been run then.

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
    model = unpack_model(content, name)
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
        The model.
    path : str or Path
        A CSV or Parquet file like the one that the model learnt from. Columns that the study
        declares as something else than a feature may be there, and are left out.

    Returns
    -------
    DataFrame of shape (n_rows, 1 + n_classes)
        Columns predicted and probability_CLASS, indexed by the row's number in the file, from 1.

    Raises
    ------
    StudyError
        If a row breaks the schema: one message with the file and every offending row and column.

    Examples
    --------
    >>> import tempfile
    >>> from ..config.example import dummy
    >>> record = Record.model_construct(
    ...     features={"dose": Column(role="feature", max=9.0)}, others=["effect"], classes=[],
    ...     data_sha256="0" * 64, missing="error", missing_texts=[],
    ... )
    >>> X = pd.DataFrame({"dose": [1.0, 2.0, 9.0]})
    >>> shared = SharedModel(dummy("regression").fit(X, [1.0, 2.0, 30.0]), record)
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
    """Return what a file for the model may hold, as data.py checks it.

    Parameters
    ----------
    record : Record
        Of the model.
    file : str
        What messages call the file.

    Returns
    -------
    Data
        Every feature by its own name, and what else the study declares as ignored.

    Examples
    --------
    >>> record = Record.model_construct(
    ...     features={"dose": Column(role="feature", max=9.0)}, others=["effect"],
    ...     data_sha256="0" * 64, missing="error", missing_texts=[],
    ... )
    >>> data = schema_of_rows(record, "new.csv")
    >>> data.column_for("dose").max, data.column_for("effect").role
    (9.0, 'ignore')
    """
    ignored = {name: Column(role="ignore") for name in record.others}
    return Data(
        file=file,
        sha256=record.data_sha256,
        missing=record.missing,
        missing_texts=record.missing_texts,
        columns=record.features | ignored,
    )
