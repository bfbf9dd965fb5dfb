"""Checks what manifest and record of openings say against this folder, its lock and its git.

Each check returns what does not hold, as differences of the kind "provenance", and sentences about
what can't be checked here.
"""

from __future__ import annotations

import contextlib
import io
import re
import tarfile
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from packaging.specifiers import SpecifierSet

from ..config.study import StudyError
from ..config.versions import installed_versions, locked_versions
from ..split.test_ledger import RECORD, chain_breaks, entry_hash, parse_openings
from .compare import Difference
from .provenance import ask_git, source_digest

MANIFEST = "manifest.json"
TEXTS = {"commit": str | None, "dirty": bool | None, "no_commit": str | None, "finished": str}
OBJECTS = ("seconds", "inputs", "results", "openings", "shown", "engine", "versions", "machine")
OBJECTS += ("seeds",)
FIELDS = TEXTS | dict.fromkeys(OBJECTS, dict)
MACHINE = ("python", "platform", "cpu", "cpu_features", "thread_pools")
TIME = r"\d{4}-[01]\d-[0-3]\dT[0-2]\d:\d\d:\d\d\+00:00"
COMMIT = r"[0-9a-f]{40}([0-9a-f]{24})?"
SHOWN = 5  # entries of a field; where more differ, one reason made them differ
TRUST = "machine, finished and seconds of manifest.json are as written; nothing here can check them"
Checked = tuple[list[Difference], list[str]]


def well_formed(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return a manifest with an empty object for each that is missing or something else."""
    said = {name: manifest.get(name) for name in OBJECTS}
    return {**manifest, **{n: one if isinstance(one, dict) else {} for n, one in said.items()}}


def differ(
    place: str, says: Mapping[str, Any], found: Mapping[str, Any], file: str = MANIFEST
) -> list[Difference]:
    """Return a difference for each name that two sides say something else about."""
    names = sorted(name for name in {*says, *found} if says.get(name) != found.get(name))
    sides = [(n, str(says.get(n, "nothing")), str(found.get(n, "nothing"))) for n in names[:SHOWN]]
    return [Difference("provenance", file, place, *side) for side in sides]


def check_manifest(
    manifest: Mapping[str, Any], facts: Mapping[str, dict], lock: Path, pythons: str
) -> Checked:
    """Check a manifest against what it would say now (facts), the lock, and the Pythons allowed."""
    then = well_formed(manifest)
    kinds = {name: isinstance(manifest.get(name, 0), kind) for name, kind in FIELDS.items()}
    found = {n: "another kind of value" for n, right in kinds.items() if not right}
    found |= {name: "no such field in manifests" for name in manifest if name not in FIELDS}
    if not re.fullmatch(TIME, str(manifest.get("finished"))):
        found.setdefault("finished", "no time such as 2026-01-31T12:00:00+00:00")
    wrong = differ("", {name: manifest.get(name, "nothing") for name in found}, found)
    machine = then["machine"]
    odd = {name: "something in every manifest" for name in MACHINE if not machine.get(name)}
    if not SpecifierSet(pythons).contains(str(machine.get("python"))):
        odd["python"] = f"{pythons} in pyproject.toml"
    wrong += differ("machine", {name: machine.get(name, "nothing") for name in odd}, odd)
    for name, now in {**facts, "versions": as_locked(then["versions"], lock)}.items():
        wrong += differ(name, then[name], now)
    here = installed_versions(list(locked_versions(lock)))
    wrong += differ("", as_locked(here, lock), here, file=lock.name)
    late = str(manifest.get("finished")) > datetime.now(UTC).isoformat()
    return wrong, [TRUST, *["finished is a time that this clock has not reached"] * late]


def as_locked(versions: Mapping[str, str], lock: Path) -> dict[str, str]:
    """Return versions as they are where the lock allows them, otherwise those that it names.

    What it asks for on some systems only (``; sys_platform == ...``) may not be installed.
    """
    pins = re.findall(r"^([\w.-]+)==([^\s;\\]+)[ \t]*(;?)", lock.read_text("utf-8"), re.MULTILINE)
    allowed = {(name, version) for name, version, _ in pins}
    allowed |= {(name, "not installed") for name, _, marker in pins if marker}
    return dict(locked_versions(lock)) | {n: v for n, v in versions.items() if (n, v) in allowed}


def check_commit(manifest: Mapping[str, Any], root: Path, engine: Mapping[str, bytes]) -> Checked:
    """Check that the commit that a manifest names holds what it says the results were made from.

    ``engine`` is source that is not in the study's own folder.
    """
    commit, dirty, why = (manifest.get(name) for name in ("commit", "dirty", "no_commit"))
    if commit is None and dirty is None and why:
        return [], [f"manifest.json names no commit: {why}"]
    if dirty is None or why is not None or not re.fullmatch(COMMIT, str(commit)):
        says = {"commit": commit, "dirty": dirty, "no_commit": why}
        return differ("", says, dict.fromkeys(says, "no commit with a state, and no reason")), []
    if dirty:
        return [], [f"the results come from files that were not committed, after {commit[:12]}"]
    packed, words = ask_git(root, "archive", "--format=tar", commit, "--", ".", ":(exclude)results")
    if packed is None:
        where = "manifest.json: a shallow, squashed or archived copy lacks commits"
        return [], [f"commit {commit[:12]} can't be checked here ({where}): {words}"]
    with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
        files = {one.name: tar.extractfile(one).read() for one in tar if one.isfile()}
    says = well_formed(manifest)["inputs"]
    found = {name: sha256(files[name]).hexdigest() for name in says if name in files}
    found["source"] = source_digest({**engine, **files})
    notes = [f"commit {commit[:12]} has no {name}" for name in says if name not in found]
    return differ(f"commit {commit[:12]}", {name: says.get(name) for name in found}, found), notes


def check_openings(openings: list[dict[str, Any]], root: Path, predictions: str | None) -> Checked:
    """Check the record: its chain, and that it has every opening that git's history has.

    ``predictions`` is the SHA-256 of predictions.csv, if there is one.
    """
    breaks, notes = chain_breaks(openings), []
    path, known = f"results/{RECORD}", {entry_hash(one) for one in openings}
    listed, words = ask_git(root, "log", "--full-history", "--format=%H", "--", path)
    commits = (listed or b"").decode().split()
    for commit in commits:
        content, _ = ask_git(root, "show", f"{commit}:./{path}")  # None where it was deleted
        with contextlib.suppress(StudyError):  # what was no record then
            for one in parse_openings(content or b"[]", path):
                if (entry := entry_hash(one)) not in known:
                    known.add(entry)
                    breaks.append((f"opening of {one['time']}", "nothing", f"it in {commit[:12]}"))
    if predictions and openings and not {None, predictions} & {o.get("results") for o in openings}:
        notes = ["predictions.csv are other bytes than an opening gave; their numbers are compared"]
    where = f"{len(commits)} commits of it" if commits else words or "git has no commit of it"
    wrong = [Difference("provenance", RECORD, place, "", *sides) for place, *sides in breaks]
    return wrong, [*notes, f"{RECORD} can't rule out openings that were never recorded ({where})"]
