"""Workers as SLURM jobs: sends the jobs, and knows whether more of them are to come."""

from __future__ import annotations

import contextlib
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..config.study import Slurm, StudyError

ANSWER = 30  # seconds that SLURM has to answer
LINES = 10  # of a job's log in an error message


@dataclass
class Jobs:
    """Jobs that were sent, and the scheduler of this process that their workers ask for work.

    Attributes
    ----------
    cluster : SLURMCluster
        Its ``job_script()`` is what is sent.
    logs : Path
        Folder where jobs write what they say.
    squeue : list of str
        Command that lists the jobs which are queued or run.
    sent, refused : list of str
        Numbers of jobs, and what sbatch said instead of one.

    Examples
    --------
    >>> jobs = Jobs(None, Path("logs"), ["squeue"], refused=["invalid partition: fast"])
    >>> jobs.are_there(), jobs.last_words()
    (False, 'sbatch refused: invalid partition: fast')
    """

    cluster: Any
    logs: Path
    squeue: list[str]
    sent: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def are_there(self) -> bool | None:
        """Ask SLURM whether a job is queued or runs.

        Returns
        -------
        bool or None
            None where that is not known: SLURM does not answer, or sbatch has not yet.
        """
        if not self.sent:
            return False if self.refused else None
        how = {"capture_output": True, "encoding": "utf-8", "check": True, "timeout": ANSWER}
        try:
            said = subprocess.run(self.squeue, **how)
        except (OSError, subprocess.SubprocessError):
            return None
        return not set(said.stdout.split()).isdisjoint(self.sent)

    def last_words(self) -> str:
        """Return what sbatch or the last job that wrote anything has said.

        Returns
        -------
        str
            Lines for a message, or nothing.
        """
        if self.refused and not self.sent:
            return f"sbatch refused: {self.refused[0]}"
        logs = [log for log in self.logs.glob("*.err") if log.stat().st_size]
        if not logs:
            return ""
        last = max(logs, key=lambda log: log.stat().st_mtime)
        lines = last.read_text(encoding="utf-8", errors="replace").splitlines()[-LINES:]
        return "\n  ".join(["The last lines of its log:", *lines])


@contextlib.contextmanager
def slurm_jobs(slurm: Slurm, workers: int, folder: Path, *, send: bool = True) -> Iterator[Jobs]:
    """Start a scheduler in this process, and jobs that bring its workers.

    Parameters
    ----------
    slurm : Slurm
        What to ask SLURM for.
    workers : int
        How many, in as many jobs as that takes.
    folder : Path
        For the logs of the jobs.
    send : bool
        False sends no job, to look at the script that one would be.

    Yields
    ------
    Jobs
        They end with the context.

    Raises
    ------
    StudyError
        If the number of workers is not said, or there is no ``sbatch`` here.
    """
    from dask_jobqueue import SLURMCluster
    from dask_jobqueue.slurm import SLURMJob
    from distributed import Status

    if workers < 0:
        raise StudyError(
            f"workers is {workers}; with [compute.slurm] say how many: every core of what?"
        )
    if send and shutil.which("sbatch") is None:
        raise StudyError(
            "[compute.slurm] sends jobs with sbatch, and there is none on this machine. "
            "Run this on a login node, or use another back end"
        )
    sent: list[str] = []
    refused: list[str] = []

    class Job(SLURMJob):
        """A job whose refusal is kept: Dask would only log it, and wait for the job's worker."""

        async def start(self) -> None:
            try:
                await super().start()
                sent.append(self.job_id)
            except (OSError, RuntimeError, ValueError) as error:
                said = str(error)
                refused.append(said.partition("stderr:")[2].strip() or said)
                self.status = Status.running  # all jobs of a cluster have to be

    elsewhere = [d for d in slurm.directives if d.startswith(("-M", "--clusters"))]
    squeue = ["squeue", "--me", "--noheader", "--format=%A", *shlex.split(" ".join(elsewhere))]
    logs = folder / "slurm"
    with SLURMCluster(
        job_cls=Job,
        queue=slurm.queue,
        account=slurm.account,
        cores=slurm.cores,
        processes=slurm.cores,  # a worker of one thread per core
        memory=slurm.memory,
        walltime=slurm.walltime,
        interface=slurm.interface,
        job_extra_directives=slurm.directives,
        job_script_prologue=slurm.setup,
        python=sys.executable,
        log_directory=str(logs),
        scheduler_options={"dashboard_address": ":0"},  # any port that is free
    ) as cluster:
        if send:
            cluster.scale(workers)
        yield Jobs(cluster, logs, squeue, sent, refused)
