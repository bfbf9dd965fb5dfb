"""Make every result again, elsewhere and without cache, and compare it with what is committed."""

from __future__ import annotations

import json
import sys
import tempfile
from argparse import Namespace
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .common import ROOT, options, run, say, write_text
from .report import renewed
from .reproduce import KEPT, MANIFEST, digests, make_all, result_files, state

if TYPE_CHECKING:
    from ..config.study import Study
    from ..prove.compare import Difference

KINDS = ("bit-identical", "within tolerance", "different", "missing", "extra", "edited")


def main(arguments: Namespace) -> None:
    """Print the counts and every difference; the exit code is 1 if there is one."""
    from ..config.study import StudyError, read_study
    from ..prove.provenance import engine_line, engine_state

    path = arguments.results / MANIFEST
    if not path.is_file():
        raise StudyError(f"{path}: there is no such file; run scripts/reproduce.py first")
    manifest = json.loads(path.read_text(encoding="utf-8"))
    study = read_study(arguments.study)
    counts: Counter[str] = Counter()
    differences: list[Difference] = []
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder)
        make_all(Namespace(**(vars(arguments) | {"fresh": True})), made)
        differences += edited(manifest, arguments, made)
        compare_all(study, arguments, made, counts, differences)
    counts["edited"] = sum(one.kind == "edited" for one in differences)
    notes = provenance_notes(manifest, arguments)
    engine = engine_line(engine_state(ROOT))
    if arguments.json:
        found = {kind: counts[kind] for kind in KINDS}
        content = {"counts": found, "differences": [asdict(d) for d in differences], "notes": notes}
        content["engine"] = engine
        print(json.dumps(content, indent=1))  # ASCII: everything else is escaped
    else:
        tell(counts, differences, notes)
        say(f"{engine}.")
    remember(arguments, None if differences else counts)
    if differences:
        sys.exit(1)


def remember(arguments: Namespace, counts: Counter[str] | None) -> None:
    """Keep what this run found of these files, or forget what an earlier one did."""
    if counts is None:
        stamp(arguments).unlink(missing_ok=True)
        return
    found = {kind: counts[kind] for kind in KINDS}
    content = {"state": state(arguments), "counts": found}
    write_text(json.dumps(content, indent=1) + "\n", stamp(arguments))


def last_verified(arguments: Namespace) -> dict[str, int] | None:
    """Return what the last run found, if it found these very files to come out again."""
    path = stamp(arguments)
    if not path.is_file():
        return None
    last = json.loads(path.read_text(encoding="utf-8"))
    return last["counts"] if last["state"] == state(arguments) else None


def stamp(arguments: Namespace) -> Path:
    """Return where the last verification is kept: on this machine only, git ignores it."""
    return arguments.study.resolve().parent / ".cache" / "verified.json"


def edited(manifest: dict[str, Any], arguments: Namespace, made: Path) -> list[Difference]:
    """Find results that are neither the bytes of the manifest nor those made now.

    A script that was run alone may write other last bits than the machine of the manifest did; that
    is no edit, and the tolerance judges it.
    """
    from ..prove.compare import Difference

    now = digests(arguments, arguments.results)["results"]
    again = digests(arguments, made)["results"]
    return [
        Difference("edited", name, "", "", f"SHA-256 {now[name][:12]}", f"manifest {sha256[:12]}")
        for name, sha256 in manifest["results"].items()
        if name in now and now[name] not in (sha256, again.get(name))
    ]


def compare_all(
    study: Study,
    arguments: Namespace,
    made: Path,
    counts: Counter[str],
    differences: list[Difference],
) -> None:
    """Compare every result file, and the marked places of README and docs."""
    from ..prove.compare import Difference, compare_files, compare_texts

    root, results = arguments.study.resolve().parent, arguments.results
    old = {path.relative_to(results).as_posix(): path for path in result_files(results)}
    new = {path.relative_to(made).as_posix(): path for path in result_files(made)}
    tolerances, default = study.tolerances.metrics, study.tolerances.default
    for name in sorted({*old, *new} - set(KEPT)):
        if name not in old or name not in new:
            kind = "missing" if name in new else "extra"
            counts[kind] += 1
            differences.append(Difference(kind, name, "", "", "", ""))
            continue
        sides = (old[name].read_bytes(), new[name].read_bytes())
        found = compare_files(name, *sides, tolerances, default)
        counts.update(found.counts)
        differences += found.differences
    for path, text in renewed(root, made).items():
        name = path.relative_to(root).as_posix()
        found = compare_texts(name, path.read_text(encoding="utf-8"), text, default)
        counts.update({kind: found.counts[kind] for kind in KINDS if found.differences})
        differences += found.differences


def provenance_notes(manifest: dict[str, Any], arguments: Namespace) -> list[str]:
    """Say what differs between the run that made the results and this one."""
    from ..prove.provenance import engine_line, engine_state, installed_versions, machine

    then = {**manifest["inputs"], **manifest["versions"], **manifest["machine"]}
    if "engine" in manifest:
        then["engine"] = engine_line(manifest["engine"])
    now = {
        "engine": engine_line(engine_state(ROOT)),
        **digests(arguments, arguments.results)["inputs"],
        **installed_versions(list(manifest["versions"])),
        **machine(),
    }
    return [
        f"{key}: {_short(then[key])} then, {_short(now.get(key, 'none'))} now"
        for key in then
        if then[key] != now.get(key)
    ]


def _short(value: object) -> str:
    text = " ".join(value) if isinstance(value, list) else str(value)
    return text if len(text) <= 70 else f"{text[:67]}..."


def tell(counts: Counter[str], differences: list[Difference], notes: list[str]) -> None:
    """Print the counts, every difference, and what may explain them."""
    for kind in KINDS:
        say(f"{counts[kind]:6} {kind}")
    for one in differences:
        place = ", ".join(part for part in (one.row, one.column) if part)
        values = f"committed {one.committed or 'nothing'}, made again {one.made or 'nothing'}"
        limit = (
            f" (tolerance {one.tolerance:g})" if one.kind == "different" and one.tolerance else ""
        )
        say(f"{one.kind}: {one.file}{': ' + place if place else ''}: {values}{limit}")
    if notes and (differences or counts["within tolerance"]):
        say("Between the run that made the results and this one, these differ:")
        say("\n".join(f"  {note}" for note in notes))
    if differences:
        say(
            f"NOT REPRODUCED: {len(differences)} differences. If you changed something on purpose, "
            "run scripts/reproduce.py and commit the results; never edit them by hand."
        )
    else:
        say("REPRODUCED: every committed number came out again.")


def start() -> None:
    """Read the command line and run."""
    parser = options(__doc__)
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")
    run(main, parser)
