"""Says what results are made from, and whether they still are."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..config.checksums import digest_of, sha256_of
from ..config.declared import SUMS, changed_inputs
from ..config.files import write_text
from ..config.study import StudyError, read_study
from ..config.versions import installed_versions, locked_versions
from ..prove.provenance import all_seeds, commit_of, engine_state, machine, source_digest
from ..split.test_ledger import RECORD
from .terminal import ROOT

if TYPE_CHECKING:
    from .run import Run

MANIFEST = "manifest.json"
KEPT = (RECORD,)  # a record that grows; every run starts from the committed one
# Where numbers are shown, and what the checklist looks at beside the results
TEXTS = ("*.md", "docs/*.md", "checklist.toml", "CITATION.cff", "LICENSE", "data/README.md")
TEXTS += ("pyproject.toml",)


def read_manifest(results: Path) -> dict[str, Any]:
    """Return what the results come from."""
    path = results / MANIFEST
    if not path.is_file():
        raise StudyError(f"{path}: there is no such file; run scripts/reproduce.py first")
    return json.loads(path.read_text(encoding="utf-8"))


def result_files(results: Path) -> list[Path]:
    """Return every result file but the manifest, sorted; files being written start with a dot."""
    return sorted(
        path
        for path in results.rglob("*")
        if path.is_file() and path.name != MANIFEST and not path.name.startswith(".")
    )


def digests(run: Run, results: Path | None = None) -> dict[str, dict[str, str]]:
    """Return the SHA-256 of everything that numbers are made from, and of every result."""
    results, data = results or run.results, read_study(run.path).data
    inputs = {"study.toml": run.path, data.file: run.root / data.file}
    inputs |= {SUMS: run.root / SUMS} if data.files else {}
    inputs["requirements.txt"] = ROOT / "requirements.txt"
    found = {
        name: sha256_of(path) if path.is_file() else "missing" for name, path in inputs.items()
    }
    found = changed_inputs(data, run.root) | found  # those in `SUMS` stand for themselves
    hashes = {
        path.relative_to(results).as_posix(): sha256_of(path)
        for path in result_files(results)
        if path.name not in KEPT
    }
    return {"inputs": found | {"source": source_digest(ROOT)}, "results": hashes}


def changed_since(manifest: dict[str, Any], run: Run) -> list[str]:
    """Return which inputs and results are not those that the manifest speaks of."""
    now = digests(run)
    return [
        name
        for part in ("inputs", "results")
        for name in sorted({*manifest[part], *now[part]})
        if manifest[part].get(name) != now[part].get(name)
    ]


def state(run: Run) -> dict[str, Any]:
    """Describe everything whose change calls for another run."""
    scripts = [p for folder in {run.root, ROOT} for p in (folder / "scripts").glob("*.py")]
    texts = [path for pattern in TEXTS for path in run.root.glob(pattern)]
    return {
        **digests(run),
        "scripts": [sha256_of(path) for path in sorted(scripts)],
        "texts": digest_of(texts, run.root),
        "versions": installed_versions(list(locked_versions(ROOT / "requirements.txt"))),
    }


def write_manifest(run: Run, made: Path, seconds: dict[str, float]) -> None:
    """Say where the results come from; the manifest of the run that made these bytes is kept."""
    path = run.results / MANIFEST
    found = digests(run, made) | {"engine": engine_state(ROOT)}
    found["versions"] = installed_versions(list(locked_versions(ROOT / "requirements.txt")))
    if path.is_file():
        old = json.loads(path.read_text(encoding="utf-8"))
        if all(old.get(key) == value for key, value in found.items()):
            shutil.copy(path, made / MANIFEST)
            return
    manifest = {
        **commit_of(run.root),
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds": seconds,
        **found,
        "machine": machine(),
        "seeds": all_seeds(run.study),
    }
    write_text(json.dumps(manifest, indent=1, ensure_ascii=False) + "\n", made / MANIFEST)


def remember(run: Run, counts: dict[str, int] | None) -> None:
    """Keep what verify found of these files, on this machine only; None forgets it."""
    path = _verified(run)
    if counts is None:
        path.unlink(missing_ok=True)
        return
    content = {"state": state(run), "counts": counts}
    write_text(json.dumps(content, indent=1) + "\n", path)


def last_verified(run: Run) -> dict[str, int] | None:
    """Return what verify found last, if it found these very files to come out again."""
    path = _verified(run)
    if not path.is_file():
        return None
    last = json.loads(path.read_text(encoding="utf-8"))
    return last["counts"] if last["state"] == state(run) else None


def _verified(run: Run) -> Path:
    return run.root / ".cache" / "verified.json"
