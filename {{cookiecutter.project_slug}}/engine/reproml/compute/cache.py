"""Remembers fits: nothing is computed twice, and nothing stale is ever taken for an answer.

A fit is found again by everything that its numbers depend on: data, rows, model and parameters,
seed, this package's source and the versions of the libraries. Change any of it and the key is
another one. Each entry carries a checksum; a damaged one is computed again.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import pickle
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd

from .task import Predictions, Task


class Cache:
    """A folder of fits.

    Parameters
    ----------
    folder : str or Path
        Where entries are kept; made when the first one is saved. Deleting it is always safe.
    context : dict
        What all fits of this study depend on, as JSON: data, source, library versions.

    Attributes
    ----------
    hits, misses : int
        How many fits were found, and how many were not.
    damaged : list of str
        Entries that were there but broken.

    Examples
    --------
    >>> from ..config.example import linear
    >>> from ..split.splits import Fold
    >>> fold = Fold(0, 0, train=np.array([0, 1]), test=np.array([2]))
    >>> task = Task("linear", linear("regression"), fold, seed=0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     cache = Cache(folder, {"data": "abc"})
    ...     before = cache.load(task)
    ...     cache.save(task, Predictions("linear", fold, np.array([1.5]), None))
    ...     after = cache.load(task)
    ...     other = Cache(folder, {"data": "changed"}).load(task)
    >>> before, after.predicted.tolist(), other
    (None, [1.5], None)
    """

    def __init__(self, folder: str | Path, context: dict[str, Any]):
        self.folder = Path(folder)
        self.context = context
        self.hits = 0
        self.misses = 0
        self.damaged: list[str] = []
        self._hashes: dict[int, tuple[Any, str]] = {}  # with the object: its id is its own so long

    def load(self, task: Task, do: Callable[..., Any] | None = None) -> Any:
        """Return a fit's predictions, or None if it has to be computed.

        Parameters
        ----------
        task : Task
            The fit.
        do : callable or None
            What was done instead of predicting.

        Returns
        -------
        Predictions, DataFrame, list of DataFrame or None
            The same bits as were saved; tables where something else was done.
        """
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
            return json.loads(found["tables"].item(), object_hook=pd.DataFrame)
        return Predictions(task.name, task.fold, found["predicted"], found.get("probability"))

    def save(self, task: Task, result: Any, do: Callable[..., Any] | None = None) -> None:
        """Keep what a fit gave; the entry is there whole or not at all.

        Parameters
        ----------
        task : Task
            The fit.
        result : Predictions, DataFrame or tuple of DataFrame
            What it gave.
        do : callable or None
            What was done instead of predicting.
        """
        path = self._path(task, do)
        if path is None:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, aside = tempfile.mkstemp(dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(_pack(_tables(result) if do else _predictions(result)))
        Path(aside).replace(path)

    def _path(self, task: Task, do: Callable[..., Any] | None) -> Path | None:
        try:
            model = self._hash(task.model)
            done = {"do": self._hash(do)} if do else {}
        except (pickle.PicklingError, AttributeError, TypeError):
            return None  # a model that has no stable description (a lambda in it) is always fitted
        fit = {
            "context": self.context,
            "model": model,
            "seed": task.seed,
            "train": self._hash(task.fold.train),
            "test": self._hash(task.fold.test),
            **done,
        }
        key = hashlib.sha256(json.dumps(fit, sort_keys=True).encode("utf-8")).hexdigest()
        return self.folder / key[:2] / key

    def _hash(self, content: Any) -> str:
        """Hash an object once: thousands of tasks share a few models and folds."""
        if id(content) not in self._hashes:
            self._hashes[id(content)] = content, joblib.hash(content)
        return self._hashes[id(content)][1]


def _predictions(result: Predictions) -> dict[str, np.ndarray]:
    arrays = {"predicted": np.asarray(result.predicted)}
    if arrays["predicted"].dtype == object:  # class names; NumPy text needs no pickle
        arrays["predicted"] = arrays["predicted"].astype(str)
    if result.probability is not None:
        arrays["probability"] = result.probability
    return arrays


def _tables(result: pd.DataFrame | tuple[pd.DataFrame, ...]) -> dict[str, np.ndarray]:
    """Write tables as JSON: its numbers are the shortest texts that read back to the same bits."""
    return {"tables": np.array(json.dumps(result, default=lambda frame: frame.to_dict("list")))}


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
