"""Reads and checks study.toml, the only configuration of the study."""

from __future__ import annotations

import tomllib
from collections import Counter
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationError, model_validator

if TYPE_CHECKING:
    import pandas as pd

    from .code import StudyCode
    from .metrics import Metric

SHARDS = (
    "Any batch system can make a part of the fits with `python -m reproml fits --shard i/n`; "
    "docs/compute.md has examples"
)


class StudyError(Exception):
    """A mistake that the author can mend: in study.toml, in the data or in a command.

    The message says what came, what is allowed and what to do. Scripts print it without a
    traceback; ``--debug`` shows where it was raised.

    Examples
    --------
    >>> try:
    ...     raise StudyError("split.folds is 1; it is 2 or more")
    ... except StudyError as error:
    ...     print(error)
    split.folds is 1; it is 2 or more
    """


class _Section(BaseModel):
    # Strict: "0" is no number and true no seed. Forbid: a misspelt key is an error, not a default.
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Column(_Section):
    """One column of the raw file: what it is for and what may stand in it."""

    role: Literal["target", "feature", "group", "time", "place", "ignore"]
    type: Literal["number", "integer", "category", "date"] = "number"
    min: float | None = None
    max: float | None = None
    values: list[str] | None = None
    unit: str = ""

    @model_validator(mode="after")
    def _agree(self) -> Self:
        if self.values is not None and self.type != "category":
            raise ValueError(f'values are for type = "category"; this column is "{self.type}"')
        if (self.min is not None or self.max is not None) and self.type in ("category", "date"):
            raise ValueError(f'min and max are for numbers; this column is "{self.type}"')
        if self.role == "feature" and self.type == "date":
            raise ValueError(
                "a date cannot be a feature; derive numbers from it (month, age) "
                'or give it the role "time" or "ignore"'
            )
        if self.role == "place" and self.type not in ("number", "integer"):
            raise ValueError(f'a place is a number in units of length, not a "{self.type}"')
        return self


class Data(_Section):
    """Where the rows come from and what each column is."""

    file: str
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    # what is read beside it: names or patterns, from the study's folder
    files: list[Annotated[str, Field(pattern=r"^[^./\\:][^\\:]*$")]] = []
    positive: str | None = None
    missing: Literal["error", "drop", "impute"] = "error"
    missing_texts: list[str] = ["", "NA", "NaN", "nan"]
    columns: dict[str, Column]
    _held: dict[Path, pd.DataFrame] = PrivateAttr({})

    def holding(self, path: Path, rows: pd.DataFrame) -> Data:
        """Return this section with rows that `read_raw` gives in place of those of a file."""
        other = self.model_copy()
        other._held = {path: rows}
        return other

    def held(self, path: Path) -> pd.DataFrame | None:
        """Return the rows that are given in place of those of a file."""
        return self._held.get(path)

    def named(self, role: str) -> list[str]:
        """Return the declared column names (or patterns) that have a role."""
        return [name for name, column in self.columns.items() if column.role == role]

    def column_for(self, name: str) -> Column | None:
        """Return the declaration for a column of the file; an exact name wins over a pattern."""
        if name in self.columns:
            return self.columns[name]
        many = ((p, c) for p, c in self.columns.items() if c.role in ("feature", "ignore"))
        return next((c for p, c in many if fnmatchcase(name, p)), None)

    @property
    def target(self) -> str:
        """Name of the target column."""
        return self.named("target")[0]

    @property
    def classes(self) -> list[str]:
        """Classes of the target, the positive one last; empty for a number."""
        values = self.columns[self.target].values or []
        return sorted(values, key=lambda value: value == self.positive)


class Split(_Section):
    """How rows are set apart: by what the paper's claim is about."""

    dependence: Literal["independent", "grouped", "temporal", "spatial"]
    test_size: Annotated[float, Field(gt=0, lt=1)] = 0.2
    folds: Annotated[int, Field(ge=2)] = 5
    repeats: Annotated[int, Field(ge=1, le=1000)] = 1
    gap: Annotated[int, Field(ge=0)] = 0
    block: Annotated[float, Field(ge=0)] = 0.0


class Metrics(_Section):
    """The metric that decides, and those reported beside it."""

    primary: str
    others: list[str] = []

    @property
    def names(self) -> list[str]:
        """All metrics, the primary one first."""
        return [self.primary, *self.others]


class Models(_Section):
    """The candidate, the baselines it has to beat, and their parameters."""

    candidate: str
    baselines: Annotated[list[str], Field(min_length=1)]
    parameters: dict[str, dict[str, Any]] = {}

    @property
    def names(self) -> list[str]:
        """All models, the candidate last."""
        return [*self.baselines, self.candidate]


class Ablation(_Section):
    """One named switch on the candidate."""

    set: Annotated[dict[str, Any], Field(min_length=1)] | None = None  # or a function
    reason: str
    removes_columns: bool = False  # a variant that does so without saying it is refused


CHECKS = ("same rows", "same groups", "same places", "time order", "duplicates", "near duplicates")
CHECKS += ("single feature", "scaled before", "missing texts")
CHECKS += ("before the split", "shuffled labels")


class Leakage(_Section):
    """What the leakage audit finds and the author has looked into."""

    accepted: dict[str, Annotated[str, Field(min_length=1)]] = {}  # feature or check: reason
    rows: Annotated[int, Field(ge=1)] = 5000  # up to which all are asked about, where time grows


class Sharing(_Section):
    """What a model file may hold beside the types that skops trusts by itself."""

    trusted_types: list[Annotated[str, Field(pattern=r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)+$")]] = []


class Compute(_Section):
    """How the work is spread; the numbers do not depend on it."""

    backend: Literal["loky", "sequential", "dask"] = "loky"
    workers: int = -1
    # where Dask runs; without it, on this machine
    scheduler: Annotated[str, Field(pattern=r"^(tcp|tls|ws|wss)://.+:[0-9]+$")] | None = None

    @model_validator(mode="before")
    @classmethod
    def _given_up(cls, given: Any) -> Any:
        if isinstance(given, dict):
            if "slurm" in given:
                raise ValueError(f"slurm: a study sends no jobs of its own any more. {SHARDS}")
            if given.get("backend") == "threading":
                raise ValueError(
                    'backend is "threading", which is gone: use "loky", which is as fast and keeps '
                    f"generators apart. For more than this machine: {SHARDS}"
                )
        return given

    @model_validator(mode="after")
    def _agree(self) -> Self:
        if self.workers == 0:
            raise ValueError("workers is 0; use 1 or more, or -1 for every core")
        return self


class Statistical(_Section):
    """How far fold predictions may differ and still count as statistically the same.

    Measured on networks: another processor changes 0 or 1 of 2,874 classes, and probabilities by
    0.001 in the mean; another seed 19 to 23 classes, and 0.02.
    """

    changed_classes: Annotated[int, Field(ge=0)] = 0
    mean_change: Annotated[float, Field(ge=0, le=0.002)] = 0.002


class Tolerances(_Section):
    """How far a number that is made again may be off, relative to the number or, if larger, to 1.

    In place of 1 stands the standard deviation of a target that spreads less. The limit of
    ``default`` is a tenth of the last digit that tables print (0.0001). A score of a
    metric may be off by more, as far as ``share`` of the half-width of its interval allows.
    """

    default: Annotated[float, Field(ge=0, le=1e-5)] = 1e-9
    metrics: dict[str, Annotated[float, Field(ge=0)]] = {}
    share: Annotated[float, Field(ge=0, le=0.1)] = 0.1
    statistical: Statistical | None = None


class Place(NamedTuple):
    """Where a study is on this machine, and the SHA-256 of each file that it declares."""

    root: Path | None
    files: dict[str, str]


class Study(_Section):
    """Everything that study.toml says, checked; it cannot be changed.

    Attributes
    ----------
    task : {"classification", "regression"}
        What is predicted.
    seed : int
        What every random number of the study comes from.
    data, split, metrics, models, leakage, sharing, compute, tolerances
        The sections of study.toml, with its keys as attributes.
    ablations : dict of str to Ablation
        By name.

    Examples
    --------
    >>> split = Split(dependence="grouped", folds=5)
    >>> study = Study.model_construct(task="regression", seed=0, split=split)
    >>> study.split.folds, study.split.repeats, study.tolerances.default
    (5, 1, 1e-09)
    """

    task: Literal["classification", "regression"]
    seed: Annotated[int, Field(ge=0, lt=2**32)]  # what NumPy and scikit-learn take
    data: Data
    split: Split
    metrics: Metrics
    models: Models
    ablations: dict[str, Ablation] = {}
    leakage: Leakage = Leakage()
    sharing: Sharing = Sharing()
    compute: Compute = Compute()
    tolerances: Tolerances = Tolerances()
    _code: StudyCode | None = PrivateAttr(None)
    _place: Place = PrivateAttr(Place(None, {}))

    def with_code(self, code: StudyCode) -> Study:
        """Return this configuration with the author's rows, models, metrics and the rest."""
        joined = self.model_copy()
        joined._code = code
        return joined

    def at(self, root: Path, files: dict[str, str]) -> Study:
        """Return this configuration with its folder, and the checksums of its declared files."""
        placed = self.model_copy()
        placed._place = Place(root.resolve(), files)
        return placed

    @property
    def place(self) -> Place:
        """The study's folder, and the SHA-256 of each declared file by its name there."""
        return self._place

    @property
    def code(self) -> StudyCode:
        """What the author's package brings."""
        if self._code is None:
            raise LookupError("this configuration has no code; see Study.with_code")
        return self._code

    @property
    def primary(self) -> Metric:
        """The metric that decides."""
        return self.reported[self.metrics.primary]

    @property
    def reported(self) -> dict[str, Metric]:
        """All reported metrics by name, the primary one first, with the unit of their scores."""
        unit, known = self.data.columns[self.data.target].unit, self.code.metrics
        return {
            name: replace(known[name], unit=unit and known[name].unit.replace("{}", unit))
            for name in self.metrics.names
        }

    @model_validator(mode="after")
    def _agree(self) -> Self:
        mistakes = [
            *_column_mistakes(self.data),
            *_target_mistakes(self.data, self.task),
            *_split_mistakes(self.split, self.data),
            *_name_mistakes(self.metrics, self.models, self.tolerances),
            *_leakage_mistakes(self.leakage, self.data),
        ]
        if mistakes:
            raise ValueError("\n".join(mistakes))
        return self


def _column_mistakes(data: Data) -> list[str]:
    found = []
    count = {role: len(data.named(role)) for role in ("target", "group", "time", "place")}
    if count["target"] != 1:
        found.append(
            f"data.columns: {count['target']} columns have the role target; give it to one"
        )
    if not data.named("feature"):
        found.append("data.columns: no column has the role feature; give it to at least one")
    found += [
        f"data.columns: {count[role]} columns have the role {role}; give it to one at most"
        for role in ("group", "time")
        if count[role] > 1
    ]
    if count["place"] not in (0, 2):
        found.append(f"data.columns: {count['place']} columns have the role place; give it to two")
    return found


def _target_mistakes(data: Data, task: str) -> list[str]:
    if len(data.named("target")) != 1:
        return []
    where, column = f"data.columns.{data.target}", data.columns[data.target]
    if task == "regression":
        found = [f'{where}: regression needs type = "number"'] if column.type != "number" else []
        return found + (["data.positive: only for classification"] if data.positive else [])
    if column.type != "category" or len(set(column.values or [])) < 2:
        return [
            f'{where}: classification needs type = "category" and values = [two or more classes]'
        ]
    values = column.values or []
    if len(values) == 2 and data.positive not in values:
        return [f"data.positive is {data.positive!r}; with two classes name one of {values}"]
    if len(values) > 2 and data.positive is not None:
        return [f"data.positive is {data.positive!r}; leave it out with {len(values)} classes"]
    return []


def _split_mistakes(split: Split, data: Data) -> list[str]:
    found = []
    needs = {"grouped": "group", "temporal": "time", "spatial": "place"}.get(split.dependence)
    if needs and not data.named(needs):
        found.append(f'split.dependence is "{split.dependence}": give a column the role {needs}')
    if split.dependence == "temporal" and split.repeats != 1:
        found.append(
            f"split.repeats is {split.repeats}; time has one order, so temporal folds cannot be "
            "drawn again: set it to 1"
        )
    if split.dependence != "temporal" and split.gap:
        found.append(f'split.gap is {split.gap}; it is for dependence = "temporal": set it to 0')
    if (split.dependence == "spatial") != (split.block > 0):
        found.append(
            f'split.block is {split.block}; it is above 0 for dependence = "spatial", 0 otherwise'
        )
    return found


def _name_mistakes(metrics: Metrics, models: Models, tolerances: Tolerances) -> list[str]:
    found = []
    for where, names in (("metrics", metrics.names), ("models", models.names)):
        twice = sorted(name for name, n in Counter(names).items() if n > 1)
        found += [f"{where}: {name!r} is named twice" for name in twice]
    strangers = sorted(set(tolerances.metrics) - set(metrics.names))
    found += [
        f"tolerances.metrics.{name}: no such metric; there are {metrics.names}"
        for name in strangers
    ]
    strangers = sorted(set(models.parameters) - set(models.names))
    found += [
        f"models.parameters.{name}: no such model here; there are {models.names}"
        for name in strangers
    ]
    return found


def _leakage_mistakes(leakage: Leakage, data: Data) -> list[str]:
    columns = {name: data.column_for(name) for name in leakage.accepted}
    return [
        f"leakage.accepted.{name}: no such feature or check; name a column with the role feature, "
        f"or one of {[*CHECKS]}"
        for name, column in sorted(columns.items())
        if (column is None or column.role != "feature") and name not in CHECKS
    ]


def read_study(path: str | Path) -> Study:
    """Read study.toml and check all of it; `parse_study` says what is refused."""
    path = Path(path)
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise StudyError(f"{path}: there is no such file; name one with --study") from None
    except (OSError, UnicodeDecodeError) as error:
        raise StudyError(f"{path}: cannot be read as UTF-8 text ({error})") from error
    except tomllib.TOMLDecodeError as error:
        raise StudyError(f"{path}: not valid TOML: {error}") from error
    return parse_study(content, name=path.name)


def parse_study(content: dict[str, Any], *, name: str = "study.toml") -> Study:
    """Check a study file's sections, as ``tomllib`` reads them; name every mistake with its path.

    Examples
    --------
    >>> try:
    ...     parse_study({"study": {"task": "regression", "sead": 1}})
    ... except StudyError as error:
    ...     print(error)
    study.toml has 6 mistakes:
      study.seed: it is missing
      data: it is missing
      split: it is missing
      metrics: it is missing
      models: it is missing
      study.sead: there is no such key; look for a misspelling
    """
    head = content.get("study", {})
    if not isinstance(head, dict):
        raise StudyError(f"{name}: study is {head!r}; write a section [study]")
    rest = {key: value for key, value in content.items() if key != "study"}
    clash = sorted(set(head) & set(rest))
    if clash:
        raise StudyError(f"{name}: {clash} stand in [study] and at the top; keep one of each")
    try:
        return Study.model_validate(head | rest)
    except ValidationError as error:
        lines = [line for item in error.errors() for line in _in_words(item, head)]
    count = "1 mistake" if len(lines) == 1 else f"{len(lines)} mistakes"
    raise StudyError(f"{name} has {count}:\n" + "\n".join(f"  {line}" for line in lines))


def parse_compute(compute: Compute, given: dict[str, Any]) -> Compute:
    """Return the ``[compute]`` section with what a command says otherwise, by the same keys."""
    if given.get("scheduler") and given.get("backend") not in (None, "dask"):
        raise StudyError(f"--scheduler is for --backend dask, not for {given['backend']}")
    try:
        return Compute.model_validate(compute.model_dump() | given)
    except ValidationError as error:
        lines = [line for item in error.errors() for line in _in_words(item, {})]
    raise StudyError("; ".join(f"--{line}" for line in lines))


def _in_words(item: Any, head: dict[str, Any]) -> list[str]:
    place = [str(part) for part in item["loc"]]
    if place and (place[0] in head or place[0] in ("task", "seed")):
        place = ["study", *place]
    where = ".".join(place)
    if item["type"] == "missing":
        return [f"{where}: it is missing"]
    if item["type"] == "extra_forbidden":
        return [f"{where}: there is no such key; look for a misspelling"]
    text = item["msg"].removeprefix("Value error, ")
    if not place:  # the mistakes of the whole file already name their paths
        return text.split("\n")
    if item["type"] == "value_error":
        return [f"{where}: {text}"]
    return [f"{where} is {item['input']!r}: {text}"]
