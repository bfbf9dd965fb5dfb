"""What a machine can check of a checklist: each function looks now, and says what it saw.

Nothing here reads results/manifest.json or anything else that differs between machines, so that a
checklist made again elsewhere says the same.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from ..config.checksums import sha256_of
from ..config.columns import Table
from ..config.study import Study, StudyError
from ..config.versions import locked_versions
from ..split.claims import claim_of
from ..split.test_ledger import count_note
from ..write.texts import marked
from .crate import DATA_PAGE, data_licence


class Facts(NamedTuple):
    """What the checks look at."""

    root: Path  # the study's folder
    results: Path
    study: Study
    table: Table


class Evidence(NamedTuple):
    """What one check saw."""

    holds: bool | None  # None: a fact that proves nothing, so it earns no tick
    text: str


Check = Callable[[Facts], Evidence]


def lock(facts: Facts) -> Evidence:
    """Check that the lock has a hash for every library, and all that the code imports."""
    there = [facts.root / name for name in ("requirements.txt", "pyproject.toml")]
    if missing := [path.name for path in there if not path.is_file()]:
        return Evidence(False, f"{missing[0]} is not there")
    text = there[0].read_text(encoding="utf-8")
    project = tomllib.loads(there[1].read_text(encoding="utf-8"))["project"]
    versions = locked_versions(there[0])
    blocks = re.findall(r"^([A-Za-z0-9._-]+)==(.*(?:\n[ \t]+.*)*)", text, flags=re.MULTILINE)
    bare = [name for name, block in blocks if "--hash=sha256:" not in block]
    if bare:
        return Evidence(False, f"requirements.txt: no hash for {', '.join(bare)}")
    wanted = [re.match(r"[A-Za-z0-9._-]+", one)[0] for one in project.get("dependencies", [])]
    known = {_plain(name) for name in versions}
    lost = [name for name in wanted if _plain(name) not in known]
    if lost or not versions:
        return Evidence(False, f"requirements.txt does not lock {', '.join(lost) or 'anything'}")
    return Evidence(True, f"requirements.txt locks {len(versions)} libraries, all with hashes")


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def data_file(facts: Facts) -> Evidence:
    """Check that the data are the file that study.toml names."""
    data = facts.study.data
    path = facts.root / data.file
    if not path.is_file():
        return Evidence(False, f"{data.file} is not there")
    same = sha256_of(path) == data.sha256
    word = "is" if same else "is not"
    return Evidence(same, f"{data.file} {word} the file of SHA-256 {data.sha256[:12]}")


def limits(facts: Facts) -> Evidence:
    """Check that study.toml says of every feature what may stand in it, so that the rest shows."""
    data = facts.study.data
    columns = {name: data.column_for(name) for name in facts.table.X}
    free = [
        name
        for name, column in columns.items()
        if column.values is None and column.min is None and column.max is None
    ]
    if free:
        return Evidence(False, f"study.toml sets no limits to {', '.join(free[:5])}")
    return Evidence(True, f"all {len(columns)} features have limits or a list of values")


def licences(facts: Facts) -> Evidence:
    """Check that the licences of code and of data are stated, apart and without contradiction."""
    files = ("LICENSE", "CITATION.cff", "pyproject.toml", DATA_PAGE)
    for name in files:
        if not (facts.root / name).is_file():
            return Evidence(False, f"{name} is not there")
    cff, toml, page = ((facts.root / name).read_text(encoding="utf-8") for name in files[1:])
    cited = re.search(r"^license: *[\"']?([^\s\"'#]+)", cff, flags=re.MULTILINE)
    if cited is None or cited[1] != tomllib.loads(toml)["project"].get("license"):
        return Evidence(False, "CITATION.cff and pyproject.toml do not name the same licence")
    try:
        name, address = data_licence(page)
    except StudyError as error:
        return Evidence(False, str(error).partition(";")[0])
    if address == DATA_PAGE:
        return Evidence(False, f"the licence of the data is {name}")
    return Evidence(
        True, f"CITATION.cff and pyproject.toml name one licence for the code; the data have {name}"
    )


def citation(facts: Facts) -> Evidence:
    """Check that CITATION.cff says what to cite, and who is to be thanked for the data."""
    path = facts.root / "CITATION.cff"
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    keys = ("title", "authors", "license", "version", "references")
    missing = [key for key in keys if not re.search(rf"^{key}:", text, flags=re.MULTILINE)]
    if missing:
        return Evidence(False, f"CITATION.cff lacks {', '.join(missing)}")
    return Evidence(True, "CITATION.cff has title, authors, licence, version and references")


def readme(facts: Facts) -> Evidence:
    """Check that README.md shows tables that a machine renews, and the command that makes them."""
    path = facts.root / "README.md"
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    tables = marked(text)
    if not tables or "scripts/reproduce.py" not in text:
        return Evidence(False, "README.md shows no table of results with the command that made it")
    return Evidence(True, f"README.md shows {len(tables)} tables of results and their command")


def leakage(facts: Facts, begin: tuple[str, ...]) -> Evidence:
    """Check that the audits of leakage.csv whose names begin so passed or were accepted."""
    path = facts.results / "leakage.csv"
    if not path.is_file():
        return Evidence(False, "leakage.csv is not there; run python -m reproml leakage")
    found = pd.read_csv(path)
    lost = [name for name in begin if not found["check"].str.startswith(name).any()]
    if lost:
        return Evidence(False, f"leakage.csv has no check {', '.join(lost)}")
    mine = found[found["check"].str.startswith(begin)]
    for one in mine[~mine["verdict"].isin(["pass", "accepted"])].itertuples():
        return Evidence(False, f"leakage.csv, {one.check}: {one.verdict}")
    count = f"{len(mine)} checks pass" if len(mine) > 1 else "the check passes"
    accepted = mine[mine["verdict"] == "accepted"]
    if len(accepted):
        count = f"{len(mine) - len(accepted)} of {len(mine)} checks pass"
    said = "".join(f"; accepted, {one.check}: {one.message}" for one in accepted.itertuples())
    return Evidence(True, f"leakage.csv: {count} ({', '.join(begin)}){said}")


def model_scores(facts: Facts) -> Evidence:
    """Check that every model was scored in every metric on the same folds."""
    path = facts.results / "baselines.csv"
    if not path.is_file():
        return Evidence(False, "baselines.csv is not there; run scripts/baselines.py")
    scores, study = pd.read_csv(path), facts.study
    folds = scores.groupby(["model", "metric"], sort=False)
    sets = {name: frozenset(zip(f["repeat"], f["fold"], strict=True)) for name, f in folds}
    wanted = {(m, metric) for m in study.models.names for metric in study.metrics.names}
    if set(sets) != wanted or len(set(sets.values())) != 1 or scores["value"].isna().any():
        return Evidence(False, "baselines.csv: not every model has every score on the same folds")
    n_folds, n_models = len(next(iter(sets.values()))), len(study.models.names)
    return Evidence(
        True,
        f"baselines.csv: {n_models} models in {len(study.metrics.names)} metrics "
        f"on the same {n_folds} folds",
    )


def comparison(facts: Facts) -> Evidence:
    """Check that each baseline is compared with an interval and a corrected p."""
    path = facts.results / "baselines_comparison.csv"
    if not path.is_file():
        return Evidence(False, "baselines_comparison.csv is not there; run scripts/baselines.py")
    found = pd.read_csv(path)
    numbers = found[["difference", "low", "high", "p_holm"]].to_numpy()
    inside = (found["low"] <= found["difference"]) & (found["difference"] <= found["high"])
    lost = sorted(set(facts.study.models.baselines) - set(found["baseline"]))
    if lost or not np.isfinite(numbers).all() or not inside.all():
        return Evidence(False, "baselines_comparison.csv: a difference has no interval or no p")
    return Evidence(
        True, f"baselines_comparison.csv: {len(found)} differences, each with interval and Holm's p"
    )


def opened_once(facts: Facts) -> Evidence:
    """Check that no more than one model had the locked test rows."""
    path = facts.results / "openings.json"
    openings = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else []
    data = facts.study.data.sha256
    count = sum(opening["data"] == data for opening in openings)
    return Evidence(count < 2, count_note(openings, data).partition(":")[0].rstrip("."))


def settings(facts: Facts) -> Evidence:
    """Say how rows were split."""
    split = facts.study.split
    return Evidence(
        None,
        f"study.toml: seed {facts.study.seed}, {split.dependence} split, folds: {split.folds}, "
        f"repeats: {split.repeats}, {split.test_size:.0%} of the {claim_of(split).units} locked",
    )


def rows(facts: Facts) -> Evidence:
    """Say how many rows and features there are."""
    n, p = facts.table.X.shape
    return Evidence(None, f"{n} rows, {p} features")


def outcome(facts: Facts) -> Evidence:
    """Say what is predicted, and how it is distributed."""
    y, target = facts.table.y, facts.study.data.target
    if facts.study.task == "classification":
        shares = [f"{name} {(y == name).mean():.1%}" for name in facts.study.data.classes]
        return Evidence(None, f"`{target}`: {', '.join(shares)}")
    spread = f"mean {y.mean():.3g}, standard deviation {y.std():.3g}"
    return Evidence(None, f"`{target}`: {spread}, from {y.min():.3g} to {y.max():.3g}")


def left_out(facts: Facts) -> Evidence:
    """Say which rows were left out, and how gaps are treated."""
    dropped = [f"{number} rows ({reason})" for reason, number in facts.table.dropped.items()]
    gaps = int(facts.table.X.isna().to_numpy().sum())
    return Evidence(
        None,
        f"left out: {', '.join(dropped) or 'no row'}; gaps in features: {gaps}, "
        f'with missing = "{facts.study.data.missing}"',
    )


def models(facts: Facts) -> Evidence:
    """Name the models and metrics."""
    study = facts.study
    names = f"{study.models.candidate} against {', '.join(study.models.baselines)}"
    return Evidence(None, f"{names}; by {study.metrics.primary}")
