"""The one place where a run meets what fits its models: workers, cache, progress bar."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pandas as pd
from sklearn.pipeline import Pipeline
from tqdm import tqdm

from ..compute.cache import Cache
from ..compute.cache import open_cache as open_folder
from ..compute.fits import run_fits
from ..compute.task import Predictions, Task, make_tasks
from ..config.study import Compute, parse_compute
from ..statistics.scores import score_tasks
from .terminal import say

if TYPE_CHECKING:
    from .run import Run


def predict(
    run: Run, tasks: list[Task], do: Callable[..., Any] | None = None, *, cached: bool = True
) -> list[Any]:
    """Fit all tasks (or do something else with them), or take them from the cache."""
    with running(run, tasks, cached) as how:
        return run_fits(tasks, run.table, run.study, do=do, **how)


def score(run: Run, models: dict[str, Pipeline], *, seeds_of: str | None = None) -> pd.DataFrame:
    """Fit every model on every fold; return a long table: model, repeat, fold, metric, value.

    Variants of one model draw its seeds (seeds_of), so that each differs in its switch alone.
    """
    tasks = make_tasks(models, run.folds, run.study.seed, purpose=seeds_of)
    with running(run, tasks) as how:
        return score_tasks(tasks, run.table, run.study, held_out=False, **how)[0]


def score_and_predict(
    run: Run, models: dict[str, Pipeline]
) -> tuple[pd.DataFrame, list[Predictions]]:
    """Return the scores, and what was predicted for the rows of the first repeat's folds."""
    tasks = make_tasks(models, run.folds, run.study.seed)
    with running(run, tasks) as how:
        return score_tasks(tasks, run.table, run.study, held_out=True, **how)


@contextlib.contextmanager
def running(run: Run, tasks: list[Task], cached: bool = True) -> Iterator[dict[str, Any]]:
    """Open what tasks are run with."""
    cache = open_cache(run) if cached else None
    # no bar is drawn where nobody watches
    with tqdm(total=len(tasks), desc=run.label, unit="fit", disable=None) as bar:
        yield {"pool": run.pool, "cache": cache, "on_done": bar.update}
    for name in cache.damaged if cache else []:
        say(f"cache entry {name} was damaged: computed again", sys.stderr)


def chosen(run: Run) -> Compute:
    """Return how the work is spread: as in study.toml, unless the command says otherwise."""
    given = dict(run.compute)
    if given["scheduler"]:
        given["backend"] = given["backend"] or "dask"
    asked = {name: value for name, value in given.items() if value is not None}
    return parse_compute(run.study.compute, asked)


def open_cache(run: Run) -> Cache | None:
    """Return the cache of fits, or None for a run that is to fit everything again."""
    if run.cache_folder is None:
        return None
    return open_folder(run.cache_folder, run.study, run.table)
