"""Makes a part of the fits for the cache, in any batch system; or says how many there are."""

from ..compute.fits import run_fits
from ..compute.task import Task, make_tasks
from ..explain.ablation import make_variants
from ..run.run import Run
from ..run.terminal import say


def main(run: Run, shard: tuple[int, int] | None = None) -> None:
    """Make the fits of a shard, or count all and say who would make them; print it."""
    cache, by_key = run.cache(), {}
    for number, task in enumerate(all_tasks(run)):
        key = cache.key(task) if cache else None
        by_key.setdefault(key or number, task)  # the full candidate is there twice
    tasks = list(by_key.values())
    if shard:
        part, parts = shard
        run.label = f"shard {part} of {parts}"
        tasks = tasks[part - 1 :: parts]
        with run.running(tasks) as how:
            run_fits(tasks, run.table, run.study, **how)
            hits, misses = (how["cache"].hits, how["cache"].misses) if cache else (0, len(tasks))
        say(f"{run.label}: {misses} fits made, {hits} were there")
        return
    known = sum(cache.load(task) is not None for task in tasks) if cache else 0
    say(f"{len(tasks)} fits, of which the cache has {known}")
    say(f"{run.pool.workers} at once would make the others; docs/compute.md says who else")


def all_tasks(run: Run) -> list[Task]:
    """Return the fits of baselines and ablation, with the seeds that these draw."""
    study, folds = run.study, run.folds
    variants = make_variants(study) if study.ablations else {}
    return [
        *make_tasks(run.models(), folds, study.seed),
        *make_tasks(variants, folds, study.seed, purpose=study.models.candidate),
    ]
