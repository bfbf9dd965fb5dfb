"""Make a part of the fits for the cache, in any batch system; or say how many there are."""

from __future__ import annotations

from argparse import ArgumentTypeError, Namespace
from typing import TYPE_CHECKING

from .common import open_cache, open_study, options, prepare, run, running, say

if TYPE_CHECKING:
    from ..compute.task import Task
    from .common import Setting


def main(arguments: Namespace) -> None:
    """Make the fits of a shard, or count all and say who would make them; print it."""
    from ..compute.fits import run_fits

    study = open_study(arguments)
    setting = prepare(study, arguments)
    tasks = all_tasks(setting)
    by_key = {}
    cache = open_cache(study, setting.table, arguments)
    for number, task in enumerate(tasks):
        by_key.setdefault(cache.key(task) or number, task)  # the full candidate is there twice
    tasks = list(by_key.values())
    label = "fits"
    if arguments.shard:
        part, parts = arguments.shard
        label = f"shard {part} of {parts}"
        tasks = tasks[part - 1 :: parts]
    with running(tasks, study, setting.table, arguments, label) as how:
        if arguments.shard:
            run_fits(tasks, setting.table, study, **how)
            known, made = how["cache"].hits, how["cache"].misses
            say(f"{label}: {made} fits made, {known} were there")
            return
        known = sum(how["cache"].load(task) is not None for task in tasks)
        say(f"{len(tasks)} fits, of which the cache has {known}")
        say(f"{how['pool'].workers} at once would make the others; docs/compute.md says who else")


def all_tasks(setting: Setting) -> list[Task]:
    """Return the fits of baselines and ablation, with the seeds that these draw."""
    from ..compute.models import build_model
    from ..compute.task import make_tasks
    from ..explain.ablation import make_variants

    study, folds = setting.study, setting.folds
    models = {name: build_model(name, study) for name in study.models.names}
    variants = make_variants(study) if study.ablations else {}
    return [
        *make_tasks(models, folds, study.seed),
        *make_tasks(variants, folds, study.seed, purpose=study.models.candidate),
    ]


def shard(text: str) -> tuple[int, int]:
    """Read ``i/n``, the i-th of n parts, from 1."""
    part, _, parts = text.partition("/")
    if not (part.isdecimal() and parts.isdecimal() and 1 <= int(part) <= int(parts)):
        raise ArgumentTypeError(f"{text!r}: write i/n, the i-th of n parts, such as 3/10")
    return int(part), int(parts)


def start() -> None:
    """Read the command line and run."""
    parser = options(__doc__)
    parser.add_argument("--shard", type=shard, metavar="i/n", help="make the i-th of n parts")
    run(main, parser)
