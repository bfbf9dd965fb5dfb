"""Runs a command and measures it from outside: wall time, processor time, memory of its tree.

Memory is PSS: a page that n processes share counts 1/n in each, so the sum over a tree counts it
once. Linux tells it in /proc; elsewhere the memory is left out.
"""

import os
import subprocess
import tempfile
import time
from pathlib import Path

EVERY = 0.1  # seconds between two looks at the memory


class FailedError(Exception):
    """A command failed; the message is what it said."""


def descendants(pid):
    """Return a process and all below it that still run."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = stat.read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        parents[int(stat.parent.name)] = int(text.rpartition(")")[2].split()[1])
    found = [pid]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return found


def memory_of(pid):
    """Return {"anon": MB, "file": MB} of a process, or None where it is gone."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    kilobytes = {line.split(":")[0]: int(line.split()[1]) for line in lines[1:]}
    shared = kilobytes.get("Pss_File", 0) + kilobytes.get("Pss_Shmem", 0)
    return {"anon": kilobytes.get("Pss_Anon", 0) / 1024, "file": shared / 1024}


def watched(command, cwd, *, mark=None, env=None, memory=True, limit=None):
    """Run a command; return its output, seconds, processor seconds and peak memory in MB.

    With a mark, memory counts from when that file is there: the peak of the work, not of loading.
    What is not finished after ``limit`` seconds is ended, and what it said until then is returned.
    """
    before, start, ended = os.times(), time.perf_counter(), False
    peak = {"total": 0.0, "file": 0.0, "anon": 0.0, "largest": 0.0}
    with tempfile.TemporaryFile("w+", encoding="utf-8") as out:
        process = subprocess.Popen(
            [str(part) for part in command],
            cwd=cwd,
            env=os.environ | (env or {}),
            stdout=out,
            stderr=subprocess.STDOUT,
        )
        while process.poll() is None:
            if memory and (mark is None or mark.exists()):
                tree = [one for one in map(memory_of, descendants(process.pid)) if one]
                sums = {kind: sum(one[kind] for one in tree) for kind in ("anon", "file")}
                seen = sums | {"total": sum(sums.values())}
                seen["largest"] = max((one["anon"] for one in tree), default=0.0)
                peak = {kind: max(peak[kind], seen[kind]) for kind in peak}
            time.sleep(EVERY)
            if limit is not None and time.perf_counter() - start > limit:
                ended = True
                process.kill()
                process.wait()
        seconds = time.perf_counter() - start
        out.seek(0)
        text = out.read()
    if process.returncode != 0 and not ended:
        raise FailedError(f"{subprocess.list2cmdline(map(str, command))}\n{text[-2000:]}")
    after = os.times()
    cpu = after.children_user + after.children_system
    cpu -= before.children_user + before.children_system
    return {"text": text, "seconds": seconds, "cpu": cpu, "peak": peak, "ended": ended}
