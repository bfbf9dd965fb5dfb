"""Long training that goes on where it was killed, to the same bits.

Two things make that possible. All that a step draws comes from a seed of that step, so a training
that goes on needs nothing but its model and the number of the step. And a checkpoint is written
whole or not at all. It is a skops file behind its SHA-256: opening one runs nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from threadpoolctl import threadpool_limits

from ..config.files import write_whole
from ..config.seeds import seed_for
from ..config.study import StudyError
from ..config.versions import LOCK, installed_versions, locked_versions
from ..config.watch import allow
from .model import pack_model, unpack_model


def train_in_steps(
    model: BaseEstimator,
    step: Callable[[Any, np.random.Generator], object],
    n_steps: int,
    path: str | Path,
    *,
    seed: int,
    context: dict[str, Any],
    trusted: Iterable[str] = (),
    every: int = 10,
) -> BaseEstimator:
    """Train a model step by step; if there is a checkpoint, go on from there.

    Parameters
    ----------
    model : estimator
        Untrained, every ``random_state`` set (`fix_random_state`). Changed in place unless
        a checkpoint takes its place.
    step : callable
        Takes the model and a generator, and trains one step (``partial_fit`` on a batch, or some
        more trees with ``warm_start``). Whatever is random comes from the generator.
    n_steps : int
        How many steps make the training.
    path : str or Path
        The checkpoint; delete it after the training.
    seed : int
        Of this training; each step gets its own from it.
    context : dict
        What the result depends on beside the model's parameters, as JSON: the data's SHA-256,
        batch size. A checkpoint of another context, or of other library versions, is refused.
    trusted : iterable of str
        Types that a checkpoint may hold beside those that skops trusts:
        ``sharing.trusted_types`` of study.toml.
    every : int
        Steps between two checkpoints.

    Returns
    -------
    estimator
        The same bits whether or how often the training was interrupted.

    Raises
    ------
    StudyError
        If the checkpoint is damaged or belongs to another training.

    Examples
    --------
    >>> import tempfile
    >>> from sklearn.linear_model import SGDRegressor
    >>> X, y = np.arange(8.0).reshape(8, 1) / 8, np.arange(8.0)
    >>> def step(model, draw):
    ...     batch = draw.choice(8, size=4, replace=False)
    ...     model.partial_fit(X[batch], y[batch])
    >>> how = {"seed": 0, "context": {"batch": 4}, "every": 5}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     new = lambda: SGDRegressor(random_state=0)
    ...     whole = train_in_steps(new(), step, 40, Path(folder) / "a.ckpt", **how)
    ...     _ = train_in_steps(new(), step, 15, Path(folder) / "b.ckpt", **how)  # stopped early
    ...     resumed = train_in_steps(new(), step, 40, Path(folder) / "b.ckpt", **how)
    >>> (whole.coef_ == resumed.coef_).all().item(), whole.coef_.round(1).tolist()
    (True, [1.0])
    """
    path = Path(path)
    key = _key(model, seed, context)
    done = 0
    if path.is_file():
        allow(path)  # its key says of which training it is
        model, done = read_checkpoint(path.read_bytes(), key, trusted, path.name)
        if done > n_steps:
            raise StudyError(f"{path.name}: is of step {done}, asked for are {n_steps}; delete it")
    with threadpool_limits(limits=1):
        for number in range(done, n_steps):
            step(model, np.random.default_rng(seed_for(seed, f"step/{number}")))
            if (number + 1) % every == 0 or number + 1 == n_steps:
                write_whole(make_checkpoint(model, number + 1, key, trusted), path)
    return model


def make_checkpoint(model: BaseEstimator, done: int, key: str, trusted: Iterable[str]) -> bytes:
    """Return SHA-256 of the rest, key and number of steps as a line of JSON, then a skops file."""
    head = json.dumps({"key": key, "done": done}).encode("ascii")
    content = head + b"\n" + pack_model(model, trusted)
    return hashlib.sha256(content).digest() + content


def read_checkpoint(content: bytes, key: str, trusted: Iterable[str], file: str) -> tuple[Any, int]:
    """Return the model in a checkpoint and how many steps it has had."""
    digest, content = content[:32], content[32:]
    if hashlib.sha256(content).digest() != digest:
        raise StudyError(f"{file}: is damaged; delete it to begin anew")
    head, _, packed = content.partition(b"\n")
    found = json.loads(head)
    if found["key"] != key:
        raise StudyError(
            f"{file}: belongs to another training (other parameters, seed or context); delete it "
            "to begin anew, or name another file"
        )
    return unpack_model(packed, trusted), found["done"]


def _key(model: BaseEstimator, seed: int, context: dict[str, Any]) -> str:
    parts = {"model": repr(type(model)), "parameters": repr(sorted(model.get_params().items()))}
    brought = packages_distributions().get(type(model).__module__.partition(".")[0], [])
    parts |= {"seed": seed, "context": context}
    parts |= {"versions": installed_versions([*locked_versions(LOCK), *brought])}
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode("utf-8")).hexdigest()
