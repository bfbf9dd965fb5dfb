"""Remembers fits: nothing is computed twice, and nothing stale is ever taken for an answer.

A fit is found again by what its numbers depend on: rows, declared files, model and parameters,
seed, the source of what the model is made of and of the engine's modules that a fit runs through,
Python and the locked libraries. Change any of it and the key is another one; comments, docstrings
and what only shows results are no part of it. Scores are computed from cached predictions, so
metrics are not either. Each entry carries a checksum; a damaged one is computed again.
"""

from __future__ import annotations

import hashlib
import io
import json
import pickle
import sys
from collections.abc import Callable
from pathlib import Path
from types import FunctionType
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import sklearn
from joblib.hashing import NumpyHasher

from ..config.code import StudyCode
from ..config.files import write_whole
from ..config.source import digest, effects_of, meaning_of
from ..config.study import Place
from ..config.versions import LOCK, installed_versions, locked_versions

if TYPE_CHECKING:
    from ..config.columns import Table
    from ..config.study import Study
    from .task import Predictions, Task

ENGINE = Path(__file__).resolve().parents[1]
EVERY_FIT = ("compute/task", "compute/models")  # with what they import


class UnknownSourceError(Exception):
    """Something is made of code that no file holds."""


def open_cache(folder: str | Path, study: Study, table: Table) -> Cache:
    """Open the fits of a study on these rows; deleting the folder is always safe."""
    code = study.code
    every = {
        "entries": 2,  # their form; one of another form is not found
        "table": _table_digest(table),
        "files": study.place.files,
        "study": study.model_dump(mode="json", include={"task", "split"}),
        "target": [study.data.target, *study.data.classes],
        "engine": meaning_of(ENGINE, EVERY_FIT),
        "effects": effects_of(code.folder),
        "sklearn": {name: str(value) for name, value in sklearn.get_config().items()},
        "python": sys.version,
        "versions": installed_versions(list(locked_versions(LOCK))),
    }
    return Cache(folder, every, code)


class Cache:
    """A folder of fits that depend on ``every`` and on what each is made of.

    Counts ``hits`` and ``misses``, and lists the names of ``damaged`` entries.
    """

    def __init__(self, folder: str | Path, every: dict[str, Any], code: StudyCode):
        self.folder = Path(folder)
        self.hits = 0
        self.misses = 0
        self.damaged: list[str] = []
        self._every = digest(every)
        self._code = code
        self._described: dict[int, tuple[Any, Any]] = {}  # with the object: its id is its own so
        self._sources: dict[frozenset[str], dict[str, str]] = {}

    def load(self, task: Task, do: Callable[..., Any] | None = None) -> Any:
        """Return what was saved, bits and types: predictions or the tables of `do`; or None."""
        path = self._path(task, do)
        found = None
        if path is not None and path.is_file():
            found = _unpack(path.read_bytes())
            if found is None:
                self.damaged.append(path.name)
        if found is None:
            self.misses += 1
            return None
        self.hits += 1
        if do:
            return _frames(found["tables"].item())
        names = found.get("names")
        said = found["predicted"] if names is None else names.astype(object)
        kept = _frames(found["kept"].item()) if "kept" in found else {}
        return said, found.get("probability"), kept

    def save(self, task: Task, result: Any, do: Callable[..., Any] | None = None) -> None:
        """Keep what a fit gave, if it reads back the same; an entry is whole or not there."""
        path = self._path(task, do)
        arrays = path and (_tables(result) if do else _predictions(result))
        if arrays:
            write_whole(_pack(arrays), path)

    def key(self, task: Task, do: Callable[..., Any] | None = None) -> str | None:
        """Return the name of a fit, or None where it has none and is always made."""
        try:
            made_of = [self._described_once(one) for one in (task.model, self._code.fix_seeds, do)]
            modules = frozenset().union(*(modules for _, modules in made_of))
            if modules not in self._sources:
                self._sources[modules] = _sources(modules, self._code)
        except (pickle.PicklingError, AttributeError, TypeError, UnknownSourceError):
            return None  # no stable description: a lambda, or a class that a notebook defines
        fit = {
            "every": self._every,
            "made of": [described for described, _ in made_of],
            "source": self._sources[modules],
            "seed": task.seed,
            "rows": [self._described_once(rows)[0] for rows in (task.fold.train, task.fold.test)],
        }
        return digest(fit)

    def _path(self, task: Task, do: Callable[..., Any] | None) -> Path | None:
        key = self.key(task, do)
        return None if key is None else self.folder / key[:2] / key

    def _described_once(self, content: Any) -> tuple[str, frozenset[str]]:
        """Describe an object once: thousands of tasks share a few models and folds."""
        if id(content) not in self._described:
            hasher = _Description()
            self._described[id(content)] = content, (hasher.hash(content), frozenset(hasher.held))
        return self._described[id(content)][1]


class _Description(NumpyHasher):
    """Hashes an object, and notes the modules of the classes and functions that it holds."""

    def __init__(self) -> None:
        super().__init__(hash_name="sha256")
        self.held: set[str] = set()

    def persistent_id(self, content: Any) -> str | None:
        """Note a class or function; of the author's code, describe what can count."""
        if isinstance(content, type | FunctionType):
            self.held.add(content.__module__)
        elif isinstance(content, StudyCode):  # models come with tasks, rows are hashed
            self.held.update(metric.function.__module__ for metric in content.metrics.values())
            return "the author's code"
        elif isinstance(content, Place):  # folders may be renamed, files are in every key
            return "the study's place"
        return None

    def save_pers(self, pid: str) -> None:
        """Write what stands for an object; pickle's own way here ends in an error inside joblib."""
        self.write(pid.encode("ascii"))


def _sources(modules: frozenset[str], code: StudyCode) -> dict[str, str]:
    """Return what own modules say, with what they import; libraries are in the lock."""
    found = {}
    for name in modules:
        package, _, below = name.partition(".")
        if package in sys.stdlib_module_names:
            continue
        file = getattr(sys.modules[name], "__file__", None)
        if name.startswith(f"{code.package}."):
            folder, below = code.folder, name.removeprefix(f"{code.package}.")
        elif package == ENGINE.name:
            folder = ENGINE
        elif file is None:
            raise UnknownSourceError(name)
        elif {"site-packages", "dist-packages"} & set(Path(file).parts):
            continue
        else:
            folder, below = Path(file).parent, Path(file).stem
        own = meaning_of(folder, [below.replace(".", "/") or "__init__"])
        found |= {f"{folder.name}/{module}": one for module, one in own.items()}
    return dict(sorted(found.items()))


def _table_digest(table: Table) -> str:
    """Describe rows by their values, wherever in memory they lie."""
    if "_digest" not in table.__dict__:  # a large one takes seconds, and every stage asks
        whole = hashlib.sha256()
        for name in ("X", "y", "groups", "time", "place"):
            part = getattr(table, name)
            columns = {} if part is None else dict(part.items() if part.ndim == 2 else [("", part)])
            for column, values in columns.items():
                whole.update(f"{name} {column} {values.dtype} {len(values)}\n".encode())
                plain = values.dtype == "float64"  # whose bytes say all, and need no hash
                hashed = values if plain else pd.util.hash_pandas_object(values, index=False)
                whole.update(hashed.to_numpy().tobytes())
        rows = pd.util.hash_pandas_object(table.y.index.to_series(), index=False)
        whole.update(rows.to_numpy().tobytes())
        table.__dict__["_digest"] = whole.hexdigest()
    return table.__dict__["_digest"]


def _predictions(result: Predictions) -> dict[str, np.ndarray] | None:
    arrays = {"predicted": np.asarray(result.predicted)}
    if arrays["predicted"].dtype == object:  # class names; NumPy text needs no pickle
        if not all(isinstance(one, str) for one in arrays["predicted"].flat):
            return None
        arrays = {"names": arrays["predicted"].astype(str)}
    if result.probability is not None:
        arrays["probability"] = result.probability
    if result.kept:
        kept = _tables(result.kept)
        return kept and arrays | {"kept": kept["tables"]}
    return arrays


def _tables(result: Any) -> dict[str, np.ndarray] | None:
    """Write a table, several, or some by name as JSON, whose numbers read back to the same bits."""
    try:
        text = json.dumps(result, default=_parts)
        same = zip(_each(result), _each(_frames(text)), strict=True)
        kept = all(one.equals(other) for one, other in same)  # in every type, too
    except (AttributeError, TypeError, ValueError):
        kept = False
    return {"tables": np.array(text)} if kept else None


def _each(result: Any) -> list[pd.DataFrame]:
    if isinstance(result, dict):
        return list(result.values())
    return list(result) if isinstance(result, tuple) else [result]


def _parts(frame: pd.DataFrame) -> dict[str, Any]:
    index = frame.index
    columns = [[name, str(one.dtype), one.tolist()] for name, one in frame.items()]
    return {"columns": columns, "index": [index.name, str(index.dtype), index.tolist()]}


def _frames(text: str) -> Any:
    found = json.loads(text, object_hook=_frame)
    return tuple(found) if isinstance(found, list) else found


def _frame(parts: dict[str, Any]) -> Any:
    if not isinstance(parts.get("index"), list):  # tables by name
        return parts
    name, kind, rows = parts["index"]
    index = pd.Index(rows, dtype=kind, name=name)
    columns = {
        name: pd.Series(values, dtype=kind, index=index) for name, kind, values in parts["columns"]
    }
    return pd.DataFrame(columns, index=index)


def _pack(arrays: dict[str, np.ndarray]) -> bytes:
    content = io.BytesIO()
    np.savez(content, **arrays)
    return hashlib.sha256(content.getvalue()).digest() + content.getvalue()


def _unpack(entry: bytes) -> dict[str, np.ndarray] | None:
    digest, content = entry[:32], entry[32:]
    if hashlib.sha256(content).digest() != digest:
        return None
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        return {name: arrays[name] for name in arrays.files}
