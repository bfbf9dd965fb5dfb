"""The one place where a run meets what fits its models: workers, cache, progress bar."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

import pandas as pd
from tqdm import tqdm

from ..compute.backends import Backend, Sequential, Threads
from ..compute.cache import Cache
from ..compute.cluster import open_cluster
from ..compute.dispatch import Progress, run_tasks
from ..compute.processes import Processes
from ..compute.task import Predictions, Task
from ..config.study import Compute, parse_compute
from ..prove.provenance import installed_versions, locked_versions, source_digest
from ..statistics.scores import score_tasks
from .start import ROOT, say

if TYPE_CHECKING:
    from .run import Run


def predict(
    run: Run, tasks: list[Task], do: Callable[..., Any] | None = None, *, cached: bool = True
) -> list[Any]:
    """Fit all tasks (or do something else with them), or take them from the cache."""
    with running(run, tasks, cached) as how:
        return run_tasks(tasks, run.table, run.study.data.classes, do=do, **how)


def score(run: Run, tasks: list[Task], *, held_out: bool) -> tuple[pd.DataFrame, list[Predictions]]:
    """Return the scores in long form and, where held_out, the predictions of the first repeat."""
    with running(run, tasks) as how:
        metrics, classes = run.study.reported, run.study.data.classes
        return score_tasks(tasks, run.table, metrics, classes, held_out=held_out, **how)


@contextlib.contextmanager
def running(run: Run, tasks: list[Task], cached: bool = True) -> Iterator[dict[str, Any]]:
    """Open what tasks are run with."""
    cache = open_cache(run) if cached and not any(map(_local, tasks)) else None
    # no bar is drawn where nobody watches
    with tqdm(total=len(tasks), desc=run.label, unit="fit", disable=None) as bar:
        yield {
            "split": run.study.split,
            "fix_seeds": run.study.code.fix_seeds,
            "backend": run.pool,
            "cache": cache,
            "on_done": partial(advance, bar),
        }
    for name in cache.damaged if cache else []:
        say(f"cache entry {name} was damaged: computed again", sys.stderr)


def _local(task: Task) -> bool:
    """Whether a script defines a part of this model: its code is not in the cache's keys."""
    parts = [task.model, *task.model.get_params().values()]
    return any(getattr(part, "__module__", None) == "__main__" for part in parts)


def advance(bar: tqdm, now: Progress) -> None:
    """Show that a task is done, and how long the others will take.

    The slow ones go first, so the bar's own guess from tasks per second would be far too long.
    """
    if now.left is not None:
        minutes, seconds = divmod(round(now.left), 60)
        bar.set_postfix_str(f"about {minutes} min {seconds:02} s left", refresh=False)
    bar.update()


def chosen(run: Run) -> Compute:
    """Return how the work is spread: as in study.toml, unless the command says otherwise."""
    given = dict(run.compute)
    if given["scheduler"]:
        given |= {"backend": given["backend"] or "dask", "slurm": None}
    asked = {name: value for name, value in given.items() if value is not None or name == "slurm"}
    return parse_compute(run.study.compute, asked)


def open_pool(run: Run) -> Backend:
    """Return who does the work."""
    compute = chosen(run)
    if compute.backend == "dask":
        opened = open_cluster(compute, compute.workers, run.scratch())
        return run.closing.enter_context(opened)
    if compute.backend == "loky":
        return Processes(compute.workers, run.scratch())
    return Threads(compute.workers) if compute.backend == "threading" else Sequential()


def open_cache(run: Run) -> Cache | None:
    """Return the cache of fits, keyed by all that every fit of this study depends on."""
    if run.cache_folder is None:
        return None
    context = {
        "study": run.study.model_dump(mode="json", include={"task", "data", "split"}),
        "source": source_digest(ROOT),
        "python": sys.version,
        "versions": installed_versions(list(locked_versions(ROOT / "requirements.txt"))),
    }
    return Cache(run.cache_folder, context)
