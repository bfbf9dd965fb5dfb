"""The record of a shared model: what the file is, what made it, and which rows it takes.

It is plain JSON, read by people and checked before the model file is touched. Its own digest shows
a change by hand; only a copy of its SHA-256 from elsewhere (the repository, the paper) shows that
somebody exchanged record and file together.
"""

from __future__ import annotations

import hashlib
import json
from typing import Annotated, Any

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sklearn.pipeline import Pipeline

from ..compute.task import predict_with
from ..config.columns import common_values
from ..config.seeds import seed_for
from ..config.study import Column, Data, Study, StudyError
from ..config.versions import installed_versions

QUANTILES = (0.1, 0.5, 0.9)
UNKNOWN = "another name"  # of a category without a value that may be shown
Digest = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Seed(_Part):
    """Where the model's randomness came from."""

    study: int
    purpose: str
    value: int


class Example(_Part):
    """A made-up row and what the model said of it; a restored model has to say the same."""

    row: dict[str, float | str | None]
    said: dict[str, float | str]


class Record(_Part):
    """What stands in ``candidate.json``."""

    model: str
    size: Annotated[int, Field(ge=1)]  # bytes
    sha256: Digest
    types: list[str] = []  # in the file, for people to read; what is trusted says the reader
    versions: dict[str, str]
    python: str
    task: str
    target: str
    classes: list[str]
    features: dict[str, Column]
    others: list[str]
    missing: str
    missing_texts: list[str]
    rows: int
    data_sha256: Digest
    seed: Seed
    commit: str | None
    dirty: bool | None
    examples: list[Example]


def seed_of(study: Study) -> Seed:
    """Return the seed of scripts/evaluation.py: what is shared is what the test rows score."""
    purpose = f"evaluation/{study.models.candidate}"
    return Seed(study=study.seed, purpose=purpose, value=seed_for(study.seed, purpose))


def make_examples(model: Pipeline, X: pd.DataFrame, data: Data) -> list[Example]:
    """Make up rows, none of which is a row of the data, and ask the model about them."""
    numbers = X.select_dtypes("number").quantile(QUANTILES, interpolation="nearest").to_dict("list")
    rows = pd.DataFrame(
        {
            name: (
                numbers[name]
                if name in numbers
                else [[*common_values(X[name], data.column_for(name)).index, UNKNOWN][0]]
                * len(QUANTILES)
            )
            for name in X
        }
    )
    said = answers(model, rows, data.classes)
    present = rows.astype(object).where(rows.notna(), None)
    return [
        Example(row=dict(zip(present, row, strict=True)), said=answer)
        for row, answer in zip(present.to_numpy().tolist(), said.to_dict("records"), strict=True)
    ]


def said_table(examples: list[Example]) -> pd.DataFrame:
    """Return the predictions for made-up rows as they stand in sharing.csv."""
    said = [
        (key, number, value)
        for number, example in enumerate(examples, start=1)
        for key, value in example.said.items()
    ]
    return pd.DataFrame(said, columns=["quantity", "example", "value"], dtype=object)


def answers(model: Pipeline, X: pd.DataFrame, classes: list[str]) -> pd.DataFrame:
    """Ask a model about rows; return its answers as a table.

    >>> from small_study import dummy
    >>> X = pd.DataFrame({"dose": [1.0, 2.0, 3.0, 4.0]})
    >>> model = dummy("classification").fit(X, ["no", "no", "no", "yes"])
    >>> answers(model, X[:1], ["no", "yes"])
      predicted  probability_no  probability_yes
    0        no            0.75             0.25
    """
    predicted, probability = predict_with(model, X, classes)
    predicted = predicted.astype(object if classes else "float64")
    found = pd.DataFrame({"predicted": predicted}, index=X.index)
    for number, name in enumerate(classes):
        found[f"probability_{name}"] = probability[:, number]
    return found


def write_record(record: Record) -> str:
    """Write a record as JSON, with the digest of its content as last key."""
    content = record.model_dump(mode="json", exclude_unset=True)
    return json.dumps(content | {"digest": _digest(content)}, indent=1, ensure_ascii=False) + "\n"


def read_record(text: str, name: str) -> Record:
    """Read a record and check all of it."""
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise StudyError(f"{name}: is no JSON ({error}); get it again") from error
    digest = content.pop("digest", None) if isinstance(content, dict) else None
    if digest is None or digest != _digest(content):
        raise StudyError(
            f"{name}: was changed after it was written; get it again from where the model came from"
        )
    try:
        return Record.model_validate(content)
    except ValidationError as error:
        places = sorted({".".join(map(str, item["loc"])) for item in error.errors()})
        raise StudyError(
            f"{name}: is no record of a model of this package; look at {', '.join(places)}"
        ) from error


def _digest(content: dict[str, Any]) -> str:
    text = json.dumps(content, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def check_versions(record: Record, name: str) -> None:
    """Refuse other versions of the libraries: no format restores a model under another one."""
    here = installed_versions(list(record.versions))
    other = [lib for lib, version in record.versions.items() if here[lib] != version]
    if other:
        needed = " ".join(f"{lib}=={record.versions[lib]}" for lib in other)
        differ = ", ".join(f"{lib} is {here[lib]}" for lib in other)
        raise StudyError(
            f"{name}: the model was saved with {needed}; here {differ}.\n"
            "  A model may be restored wrongly under other versions. Install the ones it needs:\n"
            f"    python -m pip install {needed}\n"
            f"  or the whole lock of commit {record.commit or '(none recorded)'}: "
            "python scripts/environment.py"
        )


def check_examples(record: Record, model: Pipeline, name: str) -> None:
    """Ask a restored model about the record's examples; it has to say the same."""
    rows = pd.DataFrame([example.row for example in record.examples], columns=[*record.features])
    for feature, column in record.features.items():
        is_text = column.type == "category"
        rows[feature] = rows[feature].astype(object if is_text else "float64")
    said = answers(model, rows, record.classes)
    numbers = [n for one in record.examples for n in one.said.values() if isinstance(n, float)]
    least = 1e-9 * min(1.0, max(map(abs, numbers), default=1.0))  # targets may be that small
    for number, example in enumerate(record.examples, start=1):
        for key, then in example.said.items():
            now = said[key].tolist()[number - 1]
            is_number = isinstance(then, float)
            if not (np.isclose(now, then, rtol=1e-9, atol=least) if is_number else now == then):
                raise StudyError(
                    f"{name}: the restored model says {key} = {now!r} of example {number}, the "
                    f"saved one said {then!r}; the code has changed since: go back to commit "
                    f"{record.commit or 'that made it'}, or make the model again"
                )
