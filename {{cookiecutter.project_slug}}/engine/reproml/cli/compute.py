"""Show who would do the work: back end, workers and, for SLURM, the job that brings them."""

from argparse import Namespace

from .common import chosen, open_backend, open_study, options, run, say, scratch


def main(arguments: Namespace) -> None:
    """Print it; nothing is fitted, and no job is sent."""

    study = open_study(arguments)
    compute = chosen(study, arguments)
    if compute.backend == "dask" and compute.slurm:
        from ..compute.slurm import slurm_jobs

        aside, workers = scratch(arguments), compute.workers
        with slurm_jobs(compute.slurm, workers, aside, send=False) as made:
            jobs = -(-workers // compute.slurm.cores)
            say(f"dask: {workers} workers by {jobs} SLURM jobs, each of which is this:\n")
            say(made.cluster.job_script())
        return
    backend = open_backend(study, arguments)
    where = f"at {compute.scheduler}" if compute.scheduler else "on this machine"
    say(f"{compute.backend}: {backend.workers} fits at once {where}")


def start() -> None:
    """Read the command line and run."""
    run(main, options(__doc__))
