"""Make every result again, elsewhere and without cache, and compare it with what is committed."""

import json
import sys
import tempfile
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..config.versions import installed_versions
from ..prove.compare import Comparison, Difference, compare_files, compare_texts
from ..prove.provenance import engine_line, engine_state, machine
from ..run.manifest import KEPT, digests, read_manifest, remember, result_files
from ..run.near import Near, take_near
from ..run.run import Run
from ..run.terminal import ROOT, say
from ..run.texts import renewed
from .stages import make_all

KINDS = ("bit-identical", "within tolerance", "different", "missing", "extra", "edited")


def main(run: Run, json: bool = False) -> None:
    """Print the counts and every difference; the exit code is 1 if there is one."""
    manifest = read_manifest(run.results)
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder)
        make_all(run, made, fresh=True)
        by_hand = edited(manifest, run, made)
        near = take_near(run, made, lambda: make_all(run, made, only=("figures", "report")))
        found, differences = compare_all(run, made, near.compared)
        differences = by_hand + near.words + differences
    found["edited"] = sum(one.kind == "edited" for one in differences)
    counts = {kind: found[kind] for kind in KINDS}
    notes = provenance_notes(manifest, run)
    if json:
        tell_as_json(counts, differences, notes, near)
    else:
        tell(counts, differences, notes, near)
    remember(run, None if differences or near.statistical else counts)
    if differences:
        sys.exit(1)


def edited(manifest: dict[str, Any], run: Run, made: Path) -> list[Difference]:
    """Find results that are neither the bytes of the manifest nor those made now.

    A script that was run alone may write other last bits than the machine of the manifest did; that
    is no edit, and the tolerance judges it.
    """
    now, again = digests(run)["results"], digests(run, made)["results"]
    return [
        Difference("edited", name, "", "", f"SHA-256 {now[name][:12]}", f"manifest {sha256[:12]}")
        for name, sha256 in manifest["results"].items()
        if name in now and now[name] not in (sha256, again.get(name))
    ]


def compare_all(
    run: Run, made: Path, compared: dict[str, Comparison]
) -> tuple[Counter[str], list[Difference]]:
    """Compare every result file, and the marked places of README and docs."""
    counts: Counter[str] = Counter()
    differences: list[Difference] = []
    old, new = (
        {path.relative_to(folder).as_posix(): path for path in result_files(folder)}
        for folder in (run.results, made)
    )
    limits = run.study.tolerances
    for name in sorted({*old, *new} - set(KEPT)):
        if name not in old or name not in new:
            kind = "missing" if name in new else "extra"
            counts[kind] += 1
            differences.append(Difference(kind, name, "", "", "", ""))
            continue
        sides = (old[name].read_bytes(), new[name].read_bytes())
        found = compared.get(name) or compare_files(name, *sides, {}, limits.default)
        counts.update(found.counts)
        differences += found.differences
    for path, text in renewed(run.root, made).items():
        name = path.relative_to(run.root).as_posix()
        found = compare_texts(name, path.read_text(encoding="utf-8"), text, limits.default)
        counts.update({kind: found.counts[kind] for kind in KINDS if found.differences})
        differences += found.differences
    return counts, differences


def provenance_notes(manifest: dict[str, Any], run: Run) -> list[str]:
    """Say what differs between the run that made the results and this one."""
    then = {**manifest["inputs"], **manifest["versions"], **manifest["machine"]}
    if "engine" in manifest:
        then["engine"] = engine_line(manifest["engine"])
    now = {
        "engine": engine_line(engine_state(ROOT)),
        **digests(run)["inputs"],
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


def tell_as_json(
    counts: dict[str, int], differences: list[Difference], notes: list[str], near: Near
) -> None:
    """Print all of it as JSON, in ASCII: everything else is escaped."""
    found = [asdict(one) for one in differences]
    content = {"counts": counts, "differences": found, "notes": notes}
    used = {metric: asdict(one) | {"share": one.share} for metric, one in near.used().items()}
    content |= {"used": used, "tolerances": near.notes, "statistical": near.statistical}
    print(json.dumps(content | {"engine": engine_line(engine_state(ROOT))}, indent=1))


def tell(
    counts: dict[str, int], differences: list[Difference], notes: list[str], near: Near
) -> None:
    """Print the counts, every difference, and what may explain them."""
    for kind, count in counts.items():
        say(f"{count:6} {kind}")
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
    say("\n".join([*near.lines(), f"{engine_line(engine_state(ROOT))}."]))
    if differences:
        say(
            f"NOT REPRODUCED: {len(differences)} differences. If you changed something on purpose, "
            "run scripts/reproduce.py and commit the results; never edit them by hand."
        )
    elif near.statistical:
        say(f"STATISTICALLY THE SAME, not reproduced: {near.statistical}.")
    else:
        say("REPRODUCED: every committed number came out again.")
