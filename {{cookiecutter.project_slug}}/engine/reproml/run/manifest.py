"""Says what results are made from, and whether they still are."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..config.checksums import digest_of, sha256_of
from ..config.declared import SUMS, changed_inputs
from ..config.files import half_written, write_text
from ..config.large import FOLDER, recorded
from ..config.study import StudyError, read_study
from ..config.versions import LOCK, installed_versions, locked_versions
from ..prove import provenance
from ..prove import provenance_checks as checks
from ..prove.places import shown_results
from ..prove.provenance import SOURCES, engine_state, source_digest, source_files
from ..prove.provenance_checks import MANIFEST, well_formed
from ..split.test_ledger import RECORD, read_openings
from .terminal import ROOT

if TYPE_CHECKING:
    from .run import Run

KEPT = (RECORD,)  # a record that grows; every run starts from the committed one
# Where numbers are shown, and what the checklist looks at beside the results
TEXTS = ("*.md", "docs/**/*.md", "checklist.toml", "CITATION.cff", "LICENSE", "data/README.md")
TEXTS += ("pyproject.toml",)


def read_manifest(results: Path) -> dict[str, Any]:
    """Return what the results come from."""
    path = results / MANIFEST
    if not path.is_file():
        raise StudyError(f"{path}: there is no such file; run scripts/reproduce.py first")
    with contextlib.suppress(ValueError):
        if isinstance(found := json.loads(path.read_text(encoding="utf-8")), dict):
            return found
    raise StudyError(f"{path}: is no JSON object; run scripts/reproduce.py, which writes it anew")


def result_files(results: Path) -> list[Path]:
    """Return every result file but the manifest, sorted; what is being written is none yet.

    Rows of large tables are not among them: git has their checksums.
    """
    large = results / FOLDER
    return sorted(
        path
        for path in results.rglob("*")
        if path.is_file()
        and path != results / MANIFEST
        and large not in path.parents
        and not half_written(path)
    )


def large_files(results: Path) -> list[Path]:
    """Return the rows of large tables."""
    return sorted(path for path in (results / FOLDER).glob("*.parquet") if path.is_file())


def strays(results: Path) -> dict[Path, str]:
    """Return what no run leaves below results, and what each is: links, files not written whole."""
    kinds = {path: _stray(path) for path in sorted(results.rglob("*"))}
    return {path: kind for path, kind in kinds.items() if kind}


def _stray(path: Path) -> str:
    if path.is_symlink():
        return "linked"
    if path.is_dir():
        return "" if any(not one.is_dir() for one in path.rglob("*")) else "empty"
    if path.is_file():
        return "half-written" if half_written(path) else ""
    return "no file" if path.exists() else ""  # another run may have removed it just now


def leading_out(run: Run) -> list[str]:
    """Return links of the study's folder to what lies elsewhere: no copy of the study has it."""
    data = run.root / run.study.data.file
    paths = [path for name in SOURCES for path in (run.root / name).rglob("*")]
    paths += [path for path in run.root.iterdir() if path.name[0] != "."]
    return sorted(
        path.relative_to(run.root).as_posix()
        for path in {data, *data.parents, *paths} - {run.results}
        if path.is_symlink() and not Path(os.path.realpath(path)).is_relative_to(run.root)
    )


def result_hashes(results: Path) -> dict[str, str]:
    """Return the SHA-256 of every result but the record."""
    return {
        path.relative_to(results).as_posix(): sha256_of(path)
        for path in result_files(results)
        if path.relative_to(results).as_posix() not in KEPT
    }


def digests(run: Run, results: Path | None = None) -> dict[str, Any]:
    """Return the SHA-256 of everything that numbers are made from, and of every result."""
    results, data = results or run.results, read_study(run.path).data
    inputs = {"study.toml": run.path, data.file: run.root / data.file}
    inputs |= {SUMS: run.root / SUMS} if data.files else {}
    inputs["requirements.txt"] = LOCK
    found = {
        name: sha256_of(path) if path.is_file() else "missing" for name, path in inputs.items()
    }
    found = changed_inputs(data, run.root) | found  # those in `SUMS` stand for themselves
    record = [results / RECORD] if (results / RECORD).is_file() else []
    return {
        "inputs": found | {"source": source_digest(source_files(ROOT, run.root))},
        "results": result_hashes(results),
        "openings": {path.name: sha256_of(path) for path in record},
    }


def changed_since(manifest: dict[str, Any], run: Run) -> list[str]:
    """Return which inputs and results are not those that the manifest speaks of."""
    now, then = digests(run), well_formed(manifest)
    return [
        name
        for part in now
        for name in sorted({*then[part], *now[part]})
        if then[part].get(name) != now[part].get(name)
    ]


def facts(run: Run, results: Path | None = None) -> dict[str, Any]:
    """Return what a manifest says that follows from the study's folder and its libraries."""
    return {
        **digests(run, results),
        "engine": engine_state(ROOT),
        "versions": installed_versions(list(locked_versions(LOCK))),
        "seeds": provenance.all_seeds(run.study),
    }


def checked(manifest: dict[str, Any], run: Run, results: Path | None = None) -> checks.Checked:
    """Check what a manifest says against the facts of now and its commit; check the record."""
    now = facts(run, results)
    project = run.root / "pyproject.toml"
    content = tomllib.loads(project.read_text(encoding="utf-8")) if project.is_file() else {}
    pythons = content.get("project", {}).get("requires-python", "")
    wrong, notes = checks.check_manifest(manifest, now, LOCK, pythons)
    engine = {} if run.root == ROOT else source_files(ROOT)
    data, predictions = run.study.data.sha256, now["results"].get("predictions.csv")
    predictions = predictions or recorded(run.results / "predictions.csv")
    for more, others in (
        checks.check_commit(manifest, run.root, engine),
        checks.check_openings(read_openings(run.results / RECORD), run.root, data, predictions),
    ):
        wrong, notes = wrong + more, notes + others
    return wrong, notes


def state(run: Run) -> dict[str, Any]:
    """Describe everything whose change calls for another run."""
    scripts = [p for folder in {run.root, ROOT} for p in (folder / "scripts").glob("*.py")]
    texts = [path for pattern in TEXTS for path in run.root.glob(pattern)]
    return {
        **digests(run),
        "engine": engine_state(ROOT),
        "manifest": [sha256_of(path) for path in run.results.glob(MANIFEST)],
        "large": digest_of(large_files(run.results), run.results),
        "scripts": [sha256_of(path) for path in sorted(scripts)],
        "texts": digest_of(texts, run.root),
        "versions": installed_versions(list(locked_versions(LOCK))),
    }


def write_manifest(run: Run, made: Path, seconds: dict[str, float]) -> None:
    """Say where the results come from; the manifest of the run that made these bytes is kept."""
    path = run.results / MANIFEST
    found = facts(run, made) | {"shown": shown_results(run.root)}
    with contextlib.suppress(StudyError):  # none that can be read
        old = read_manifest(run.results)
        same = all(old.get(key) == value for key, value in found.items())
        if same and not checked(old, run, made)[0]:
            shutil.copy(path, made / MANIFEST)
            return
    manifest = {
        **provenance.commit_of(run.root),
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds": seconds,
        **found,
        "machine": provenance.machine(),
    }
    write_text(json.dumps(manifest, indent=1, ensure_ascii=False) + "\n", made / MANIFEST)


def remember(run: Run, counts: dict[str, int] | None) -> None:
    """Keep what verify found of these files, on this machine only; None forgets it."""
    path = _verified(run)
    if counts is None:
        path.unlink(missing_ok=True)
        return
    content = {"state": state(run) | _beside(run), "counts": counts}
    write_text(json.dumps(content, indent=1) + "\n", path)


def last_verified(run: Run) -> dict[str, int] | None:
    """Return what verify found last, if it found these very files to come out again."""
    path = _verified(run)
    if not path.is_file():
        return None
    last = json.loads(path.read_text(encoding="utf-8"))
    return last["counts"] if last["state"] == state(run) | _beside(run) else None


def _beside(run: Run) -> dict[str, str]:
    """Describe what verify looks at, too, and no result is made from: paper and shared model."""
    paths = [*run.root.glob("paper/**/*.tex"), *run.root.glob("model/*")]
    return {"beside": digest_of([path for path in paths if path.is_file()], run.root)}


def _verified(run: Run) -> Path:
    return run.root / ".cache" / "verified.json"
