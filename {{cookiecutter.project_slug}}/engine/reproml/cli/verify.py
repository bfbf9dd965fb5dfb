"""Make every result again, elsewhere and without cache, and compare it with what is committed."""

import json
import sys
import tempfile
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..config.large import large_tables, parquet_of, rows_as_recorded
from ..prove.compare import Comparison, Difference, compare_files, compare_texts
from ..prove.places import lost_places, shown_results, typed_by_hand
from ..prove.provenance import engine_line, engine_state, machine
from ..prove.provenance_checks import well_formed
from ..run.manifest import (
    KEPT,
    checked,
    leading_out,
    read_manifest,
    remember,
    result_files,
    result_hashes,
    strays,
)
from ..run.near import Near, take_near
from ..run.run import Run
from ..run.terminal import ROOT, say
from ..run.texts import renewed
from ..share.committed import check_committed
from .stages import make_all

KINDS = ("bit-identical", "within tolerance", "different", "missing", "extra", "edited")
KINDS += ("provenance",)
STRAY = {
    "linked": "a link, and no file of its own",
    "half-written": "a run that was stopped left it, or a run is writing it now",
    "empty": "a folder without a file, which git does not keep",
    "no file": "neither a file nor a folder, so nothing that git keeps",
}
EDITED = "its SHA-256 is neither that of the manifest nor of what was made"
OTHER = "not the table whose checksum git keeps; run scripts/reproduce.py"
LINK = "a link; move the folder that it leads to here"
ADVICE = {
    "typed by hand": "Use a macro of results/macros.tex or a marked place in the place of a typed "
    "number, or accept the line in words (docs/reproducibility.md).",
    "model": "To make the shared model again: python -m reproml share.",
}


@dataclass(frozen=True)
class Findings:
    """What comparing found: numbers of each kind, every difference, and what is to be said."""

    counts: dict[str, int]
    differences: list[Difference]
    n_failing: int
    notes: list[str]
    warnings: list[str]
    near: Near


def main(run: Run, json: bool = False, numbers: bool = False) -> None:
    """Print the counts and every difference; the exit code is 1 if there is one that counts."""
    findings = look(run, numbers)
    if json:
        tell_as_json(findings)
    else:
        tell(findings)
    green = not findings.differences and not findings.near.statistical
    remember(run, findings.counts if green else None)
    if findings.n_failing:
        sys.exit(1)


def look(run: Run, numbers: bool) -> Findings:
    """Make everything again and compare; with ``numbers``, provenance fails nothing."""
    manifest = read_manifest(run.results)
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder)
        make_all(run, made, fresh=True)
        again = result_hashes(made)
        others = edited(manifest, run, again)
        near = take_near(run, made, lambda: make_all(run, made, only=("figures", "report")))
        found, differences = compare_all(run, made, near.compared)
        more, warnings, accepted = other_places(run, made)
    others += near.words + more
    others += lost_places(well_formed(manifest)["shown"], shown_results(run.root))
    named = {one.file for one in [*others, *differences]}
    wrong, notes = checked(manifest, run)
    for one in wrong:
        if one.row == "results" and one.made == again.get(one.column):
            warnings.append(f"{one.column} was made later than manifest.json says, by another run")
        elif one.row != "results" or one.column not in named:
            others.append(one)
    found.update([one.kind for one in others] + ["accepted in words"] * accepted)
    differences = others + differences
    counts = {kind: found[kind] for kind in dict.fromkeys([*KINDS, *found])}
    failing = [one for one in differences if not numbers or one.kind != "provenance"]
    if differences or counts["within tolerance"]:
        notes += machine_notes(manifest)
    return Findings(counts, differences, len(failing), notes, warnings, near)


def edited(manifest: dict[str, Any], run: Run, again: dict[str, str]) -> list[Difference]:
    """Find results that are neither the bytes of the manifest nor those made now.

    A script that was run alone may write other last bits than the machine of the manifest did; that
    is no edit, and the tolerance judges it.
    """
    now = result_hashes(run.results)
    return [
        Difference("edited", name, "", "", f"{EDITED}: {now[name][:12]}, not {sha256!s:.12}", "")
        for name, sha256 in well_formed(manifest)["results"].items()
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
            sides = ("no run makes it", "") if kind == "extra" else ("", "is not there")
            differences.append(Difference(kind, name, "", "", *sides))
            continue
        sides = (old[name].read_bytes(), new[name].read_bytes())
        found = compared.get(name) or compare_files(name, *sides, {}, limits.default, unit=run.unit)
        counts.update(found.counts)
        differences += found.differences
    for path, text in renewed(run.root, made).items():
        name = path.relative_to(run.root).as_posix()
        old_text = path.read_text(encoding="utf-8")
        found = compare_texts(name, old_text, text, limits.default, run.unit)
        counts.update({kind: found.counts[kind] for kind in KINDS if found.differences})
        differences += found.differences
    return counts, differences


def other_places(run: Run, made: Path) -> tuple[list[Difference], list[str], int]:
    """Look where else numbers are shown: differences, warnings, typed numbers that are accepted."""
    found = [
        Difference(kind, path.relative_to(run.results).as_posix(), "", "", STRAY[kind], "")
        for path, kind in strays(run.results).items()
    ]
    found += [
        Difference(
            "edited", parquet_of(path).relative_to(run.results).as_posix(), "", "", OTHER, ""
        )
        for path in large_tables(run.results)
        if parquet_of(path).exists() and rows_as_recorded(path) is None
    ]
    if run.results.is_symlink():
        found.append(Difference("linked", run.results.name, "", "", LINK, ""))
    X = run.table.X.iloc[run.development]
    of_model, warnings = check_committed(run.root, run.study, X, made / "sharing.csv", run.unit)
    typed, told, accepted = typed_by_hand(run.root, made)
    warnings += [
        f"{name} leads out of the study; a copy lacks it: put what it leads to in its place"
        for name in leading_out(run)
    ]
    away = [path for path in map(parquet_of, large_tables(run.results)) if not path.exists()]
    warnings += [
        f"results/{path.relative_to(run.results).as_posix()} is not here: its checksum alone was "
        "compared"
        for path in away
    ]
    return found + of_model + typed, warnings + told, accepted


def machine_notes(manifest: dict[str, Any]) -> list[str]:
    """Say what differs between the machine that made the results and this one."""
    then, now = well_formed(manifest)["machine"], machine()
    return [
        f"{key}: {_short(then[key])} then, {_short(now.get(key, 'none'))} now"
        for key in then
        if then[key] != now.get(key)
    ]


def _short(value: object) -> str:
    text = " ".join(value) if isinstance(value, list) else str(value)
    return text if len(text) <= 70 else f"{text[:67]}..."


def tell_as_json(findings: Findings) -> None:
    """Print all of it as JSON, in ASCII: everything else is escaped."""
    near = findings.near
    content = {
        "counts": findings.counts,
        "differences": [asdict(one) for one in findings.differences],
        "notes": findings.notes,
        "warnings": findings.warnings,
        "used": {name: asdict(one) | {"share": one.share} for name, one in near.used().items()},
        "tolerances": near.notes,
        "statistical": near.statistical,
        "engine": engine_line(engine_state(ROOT)),
    }
    print(json.dumps(content, indent=1))


def tell(findings: Findings) -> None:
    """Print the counts, every difference, what may explain them, and the verdict."""
    for kind, count in findings.counts.items():
        say(f"{count:6} {kind}")
    for one in findings.differences:
        say(in_words(one))
    if findings.notes:
        say("About the run that made the results:")
        say("\n".join(f"  {note}" for note in findings.notes))
    for line in [*findings.near.lines(), *(f"warning: {one}" for one in findings.warnings)]:
        say(line)
    say(f"{engine_line(engine_state(ROOT))}.")
    if findings.n_failing:
        say(
            f"NOT REPRODUCED: {findings.n_failing} differences. If you changed something on "
            "purpose, run scripts/reproduce.py and commit the results; never edit them by hand."
        )
        kinds = {text for d in findings.differences for text in (d.kind, d.file.partition("/")[0])}
        for kind in sorted(kinds & set(ADVICE)):
            say(ADVICE[kind])
    elif findings.near.statistical:
        say(f"STATISTICALLY THE SAME, not reproduced: {findings.near.statistical}.")
    else:
        number = f" {len(findings.warnings)} warnings above." if findings.warnings else ""
        say(f"REPRODUCED: every committed number came out again.{number}")


def in_words(one: Difference) -> str:
    """Say where two sides differ, and how."""
    place = ", ".join(part for part in (one.row, one.column) if part)
    values = f"committed {one.committed or 'nothing'}, made again {one.made or 'nothing'}"
    if one.kind == "provenance":
        values = f"says {one.committed}, found {one.made}"
    elif one.kind == "typed by hand":
        values = f"{one.committed}, which no macro of the results says"
    elif not (one.row or (one.committed and one.made)):  # of a whole file
        values = one.committed or one.made
    limit = f" (tolerance {one.tolerance:g})" if one.kind == "different" and one.tolerance else ""
    return f"{one.kind}: {one.file}{': ' + place if place else ''}: {values}{limit}"
