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
        lacks = "this copy does not have that commit (shallow, rebased, squashed or archived?); "
        why = lacks * ("fatal: not a " in words) + words
        return [], [f"commit {commit[:12]} can't be checked here: {why}"]
    with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
        files = {one.name: tar.extractfile(one).read() for one in tar if one.isfile()}
    says = well_formed(manifest)["inputs"]
    found = {name: sha256(files[name]).hexdigest() for name in says if name in files}
    found["source"] = source_digest({**engine, **files})
    notes = [f"commit {commit[:12]} has no {name}" for name in says if name not in found]
    return differ(f"commit {commit[:12]}", {name: says.get(name) for name in found}, found), notes


def check_openings(
    openings: list[dict[str, Any]], root: Path, data: str, predictions: str | None
) -> Checked:
    """Check the record: its chain, and that it has every opening that git's history has.

    ``data`` is the SHA-256 of the data file, ``predictions`` that of predictions.csv, if there is
    one.
    """
    past, where = past_openings(root, data)
    known, notes = {entry_hash(one) for one in openings}, []
    breaks = chain_breaks(openings) + sorted(past[one] for one in past.keys() - known)
    if predictions and openings and not {None, predictions} & {o.get("results") for o in openings}:
        notes = ["predictions.csv are other bytes than an opening gave; their numbers are compared"]
    wrong = [Difference("provenance", RECORD, place, "", *sides) for place, *sides in breaks]
    says = RECORD if openings else "no opening of the test set is on record, which"
    return wrong, [*notes, f"{says} can't rule out openings that were never recorded ({where})"]


def past_openings(root: Path, data: str) -> tuple[dict[str, tuple[str, str, str]], str]:
    """Return for each opening in git's history, by its hash, what to say without it; and a source.

    Of a folder that the study was moved from, openings of the same data count.
    """
    found, oldest, commits = {}, {}, set()
    folders, words = past_folders(root)
    for folder, until in folders:
        path = f"{folder}results/{RECORD}"
        how = ("--full-history", "--topo-order", "--format=%H", *until)
        listed, why = ask_git(root, "log", *how, "--", f":(top,literal){path}")
        words = words or why
        for commit in (listed or b"").decode().split():
            commits.add(commit)
            content, _ = ask_git(root, "show", f"{commit}:{path}")  # None where it was deleted
            way = f"show {commit[:12]}:{path} >" if until else f"checkout {commit[:12]} --"
            place = f"it in {commit[:12]}; bring it back: git {way} results/{RECORD}"
            for one in _openings(content, path):
                if not until or one["data"] == data:
                    entry = entry_hash(one)
                    found.setdefault(entry, (f"opening of {one['time']}", "nothing", place))
                    # the first words for it: later ones, if they were edited, need not come back
                    oldest[one["data"], one["model"]] = entry
    where = f"{len(commits)} commits of it" if commits else words or f"no commit here has {RECORD}"
    return {entry: found[entry] for entry in oldest.values()}, where


def _openings(content: bytes | None, path: str) -> list[dict[str, Any]]:
    with contextlib.suppress(StudyError):  # what was no record then
        return parse_openings(content or b"[]", path)
    return []


def past_folders(root: Path) -> tuple[list[tuple[str, list[str]]], str]:
    """Return the study's folder in the repository, and those that it was moved from until a commit.

    A study is moved where git sees study.toml renamed. Without git, return why there is none.
    """
    here, words = ask_git(root, "rev-parse", "--show-prefix")
    if here is None:
        return [], words
    found: dict[str, list[str]] = {here.decode("utf-8", "surrogateescape").rstrip("\n"): []}
    how = ("-m", "-M", "--topo-order", "--format=%H", "--name-status", "--diff-filter=R", "-z")
    moves, _ = ask_git(root, "log", *how, "--", ":(top,glob)**/study.toml")
    parts = iter((moves or b"").decode("utf-8", "surrogateescape").split("\0"))
    commit = ""
    for part in map(str.strip, parts):
        if re.fullmatch(r"R\d+", part):
            old, new = (next(parts).removesuffix("study.toml") for _ in range(2))
            if new in found:
                found.setdefault(old, [commit])
        else:
            commit = part
    return list(found.items()), ""
