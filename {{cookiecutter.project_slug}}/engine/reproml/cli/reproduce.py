"""Make everything under results, in order; what is unchanged comes from the cache."""

from __future__ import annotations

import contextlib
import io
import json
import shutil
import sys
import tempfile
import time
from argparse import Namespace
from collections.abc import Callable
from datetime import UTC, datetime
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

from .common import ROOT, options, run, say, scratch, source_folder, write_text

# Each is a script with main(arguments), run in this order; the last two read what others wrote.
STAGES = (
    "leakage",
    "baselines",
    "ablation",
    "claim",
    "interpretation",
    "sharing",
    "figures",
    "report",
)
ENGINE = {"sharing": "share"}  # stages whose module has another name
KEPT = ("openings.json",)  # a record that grows; every run starts from the committed one
CLOSED = "evaluation  left out: the test rows are locked for this model; see scripts/evaluation.py"
MANIFEST = "manifest.json"
# Where numbers are shown, and what the checklist looks at beside the results
TEXTS = ("*.md", "docs/*.md", "checklist.toml", "CITATION.cff", "LICENSE", "data/README.md")
TEXTS += ("pyproject.toml",)


def main(arguments: Namespace) -> None:
    """Run every stage aside, then put the new files in place and write the manifest."""
    root, results = arguments.study.resolve().parent, arguments.results
    stamp = root / ".cache" / "last.json"
    if not arguments.fresh and stamp.is_file():
        last = json.loads(stamp.read_text(encoding="utf-8"))
        if last == state(arguments):
            say(f"Nothing changed since the last run: {len(last['results'])} results are as made.")
            return

    from .report import renew_texts

    aside = root / ".cache" / "aside"
    aside.mkdir(parents=True, exist_ok=True)
    sweep(aside)
    with tempfile.TemporaryDirectory(dir=aside) as folder:  # on the same disk: a rename is whole
        made = Path(folder)
        seconds = make_all(arguments, made)
        write_manifest(arguments, made, seconds)
        changed = publish(made, results)

    changed += renew_texts(root, results)
    write_text(json.dumps(state(arguments), indent=1) + "\n", stamp)
    total = sum(seconds.values())
    files = result_files(results)
    say("\n".join(f"{name:12} {s:7.1f} s" for name, s in (seconds | {"in all": total}).items()))
    say(
        f"{len(files)} files under {results}; {len(changed)} changed"
        + "".join(f"\n  {c}" for c in changed)
    )
    if "evaluation" not in seconds:
        say(CLOSED)
    say("Next: python scripts/verify.py makes all of it again and compares every number.")


def make_all(arguments: Namespace, into: Path) -> dict[str, float]:
    """Run every stage into a folder; return how many seconds each took."""
    for name in KEPT:
        if (arguments.results / name).is_file():
            shutil.copy(arguments.results / name, into / name)
    seconds = {}
    stages = stages_of(arguments)
    fits = scratch(arguments) / "fits"  # what a fresh run has fitted, for its own later stages
    for number, name in enumerate(stages, start=1):
        start = time.perf_counter()
        label = f"{number}/{len(stages)} {name}"
        settings = vars(arguments) | {"results": into, "label": label, "fits": fits}
        make = stage(name)
        with contextlib.redirect_stdout(io.StringIO()):  # the tables are in the files
            make(Namespace(**settings))
        seconds[name] = round(time.perf_counter() - start, 1)
    return seconds


def stage(name: str) -> Callable[[Namespace], None]:
    """Return the function that runs a stage: a script of the author's, or a part of the engine."""
    path = ROOT / "scripts" / f"{name}.py"
    if not path.is_file():
        module = import_module(f"reproml.cli.{ENGINE.get(name, name)}")
        return module.write_tables if name == "report" else module.main
    spec = spec_from_file_location(f"scripts_{name}", path)
    module = module_from_spec(spec)
    sys.modules[spec.name] = module  # workers are sent functions of it
    spec.loader.exec_module(module)
    return module.main


def stages_of(arguments: Namespace) -> list[str]:
    """Return the stages; the test rows are scored again only where they were opened before.

    Nothing but scripts/evaluation.py opens them: for a model that has not had them, this makes
    everything else and leaves their scores out.
    """
    from ..config.study import read_study
    from ..split.test_ledger import parts_of

    record = arguments.results / KEPT[0]
    if not record.is_file():
        return list(STAGES)
    parts = parts_of(read_study(arguments.study), source_folder(arguments))
    opened = json.loads(record.read_text(encoding="utf-8"))
    if not any(opening["parts"] == parts for opening in opened):
        return list(STAGES)
    return [*STAGES[:-2], "evaluation", *STAGES[-2:]]


def sweep(aside: Path) -> None:
    """Remove what runs that were killed more than a day ago have left."""
    for path in sorted(aside.iterdir()):
        if time.time() - path.stat().st_mtime > 24 * 3600:
            shutil.rmtree(path, ignore_errors=True)


def publish(made: Path, results: Path) -> list[str]:
    """Put new files in place, each by a rename, the manifest last; remove those no longer made."""
    names = [path.relative_to(made) for path in result_files(made)] + [Path(MANIFEST)]
    changed = []
    for name in names:
        new, old = made / name, results / name
        if not old.is_file() or old.read_bytes() != new.read_bytes():
            old.parent.mkdir(parents=True, exist_ok=True)
            new.replace(old)
            changed.append(f"results/{name.as_posix()}")
    for path in result_files(results):
        if path.relative_to(results) not in names:
            path.unlink()
            changed.append(f"results/{path.relative_to(results).as_posix()} (no longer made)")
    return changed


def result_files(results: Path) -> list[Path]:
    """Return every result file but the manifest, sorted; files being written start with a dot."""
    return sorted(
        path
        for path in results.rglob("*")
        if path.is_file() and path.name != MANIFEST and not path.name.startswith(".")
    )


def digests(arguments: Namespace, results: Path) -> dict[str, dict[str, str]]:
    """Return the SHA-256 of everything that numbers are made from, and of every result."""
    from ..config.checksums import sha256_of
    from ..config.study import read_study
    from ..prove.provenance import source_digest

    root, study = arguments.study.resolve().parent, read_study(arguments.study)
    inputs = {"study.toml": arguments.study, study.data.file: root / study.data.file}
    inputs["requirements.txt"] = ROOT / "requirements.txt"
    found = {
        name: sha256_of(path) if path.is_file() else "missing" for name, path in inputs.items()
    }
    hashes = {
        path.relative_to(results).as_posix(): sha256_of(path)
        for path in result_files(results)
        if path.name not in KEPT
    }
    return {"inputs": found | {"source": source_digest(ROOT)}, "results": hashes}


def state(arguments: Namespace) -> dict[str, object]:
    """Describe everything whose change calls for another run, without heavy imports."""
    from ..config.checksums import digest_of
    from ..prove.provenance import installed_versions, locked_versions

    root = arguments.study.resolve().parent
    scripts = list((ROOT / "scripts").glob("*.py"))
    texts = [path for pattern in TEXTS for path in root.glob(pattern)]
    return {
        **digests(arguments, arguments.results),
        "scripts": digest_of(scripts, ROOT),
        "texts": digest_of(texts, root),
        "versions": installed_versions(list(locked_versions(ROOT / "requirements.txt"))),
    }


def write_manifest(arguments: Namespace, made: Path, seconds: dict[str, float]) -> None:
    """Say where the results come from; the manifest of the run that made these bytes is kept."""
    from ..config.study import read_study
    from ..prove.provenance import (
        all_seeds,
        commit_of,
        installed_versions,
        locked_versions,
        machine,
    )

    path = arguments.results / MANIFEST
    found = digests(arguments, made)
    versions = installed_versions(list(locked_versions(ROOT / "requirements.txt")))
    if path.is_file():
        old = json.loads(path.read_text(encoding="utf-8"))
        if all(old.get(key) == value for key, value in (found | {"versions": versions}).items()):
            shutil.copy(path, made / MANIFEST)
            return
    manifest = {
        **commit_of(arguments.study.resolve().parent),
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds": seconds,
        **found,
        "versions": versions,
        "machine": machine(),
        "seeds": all_seeds(read_study(arguments.study)),
    }
    write_text(json.dumps(manifest, indent=1, ensure_ascii=False) + "\n", made / MANIFEST)


def start() -> None:
    """Read the command line and run."""
    run(main, options(__doc__))
