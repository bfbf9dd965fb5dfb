"""Make everything under results, in order; what is unchanged comes from the cache."""

import json
import time
from pathlib import Path

from ..config.files import write_text, write_whole
from ..run.manifest import MANIFEST, large_files, result_files, state, strays, write_manifest
from ..run.run import Run
from ..run.terminal import say
from ..run.texts import renew_texts
from .stages import make_all

WRITING = 60  # seconds; no file of the results takes longer to be written
CLOSED = "evaluation  left out: the test rows are locked for this model; see scripts/evaluation.py"


def main(run: Run) -> None:
    """Run every stage aside, then put the new files in place and write the manifest."""
    stamp = run.root / ".cache" / "last.json"
    if not run.fresh and stamp.is_file():
        last = json.loads(stamp.read_text(encoding="utf-8"))
        if last == state(run) and not strays(run.results):
            say(f"Nothing changed since the last run: {len(last['results'])} results are as made.")
            return

    made = run.scratch()
    seconds = make_all(run, made)
    write_manifest(run, made, seconds)
    changed = publish(made, run.results)
    changed += renew_texts(run.root, run.results)
    write_text(json.dumps(state(run), indent=1) + "\n", stamp)
    everything = seconds | {"in all": sum(seconds.values())}
    say("\n".join(f"{name:14} {one:5.1f} s" for name, one in everything.items()))
    say(f"{len(result_files(run.results))} files under {run.results}; {len(changed)} changed")
    for one in changed:
        say(f"  {one}")
    if "evaluation" not in seconds and "evaluation" in run.study.code.scripts:
        say(CLOSED)
    say("Next: python scripts/verify.py makes all of it again and compares every number.")


def publish(made: Path, results: Path) -> list[str]:
    """Put new files in place, each by a rename, the manifest last; remove those no longer made."""
    changed = clear(results)
    names = [path.relative_to(made) for path in large_files(made) + result_files(made)]
    names.append(Path(MANIFEST))
    for name in names:
        new, old = made / name, results / name
        if not old.is_file() or old.read_bytes() != new.read_bytes():
            old.parent.mkdir(parents=True, exist_ok=True)
            try:
                new.replace(old)
            except OSError:  # of another disk, such as a volume of a container
                write_whole(new.read_bytes(), old)
            changed.append(f"results/{name.as_posix()}")
    for path in large_files(results) + result_files(results):
        if path.relative_to(results) not in names:
            path.unlink()
            changed.append(f"results/{path.relative_to(results).as_posix()} (no longer made)")
    return changed + clear(results)  # folders that are empty now


def clear(results: Path) -> list[str]:
    """Remove what is no result and what a killed run left; another run may be writing just now."""
    removed = []
    for path, kind in reversed(strays(results).items()):  # a folder after what is in it
        if kind != "half-written" or time.time() - path.stat().st_mtime > WRITING:
            path.rmdir() if kind == "empty" else path.unlink(missing_ok=True)
            removed.append(f"results/{path.relative_to(results).as_posix()} ({kind}: removed)")
    return removed
