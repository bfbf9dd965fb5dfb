"""Refuses to run with the code of another folder than the one that is worked on."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from .terminal import ROOT

ENGINE = Path(__file__).resolve().parents[1]


def check_place(study: Path | None = None) -> None:
    """Raise unless this engine lies in the study that is meant.

    Meant is the study of the script that runs and of the study.toml that was named; where neither
    lies in a study, that of the working folder. A folder without an engine may be run by any.
    """
    if ENGINE.parent != ROOT / "engine":
        raise other_code(Path.cwd(), f"the engine that is installed in {ENGINE}")
    script = getattr(sys.modules["__main__"], "__file__", None)
    if script and {ENGINE, Path(sys.prefix).resolve()} & set(Path(script).resolve().parents):
        script = None  # python -m reproml, pytest or a notebook's kernel
    owners = [owner_of(Path(place)) for place in (script, study) if place]
    for owner in filter(None, owners if any(owners) else [owner_of(Path.cwd())]):
        if not owner.samefile(ROOT):
            raise other_code(owner, f"the engine of {ROOT}")


def owner_of(place: Path) -> Path | None:
    """Return the nearest folder above that has an engine, or None."""
    place, engine = place.resolve(), Path("engine", "reproml", "__init__.py")
    return next((one for one in (place, *place.parents) if (one / engine).is_file()), None)


def check_package(name: str, root: Path) -> None:
    """Raise unless what was imported of the author's code lies in src of the study."""
    src = next((one / "src" for one in (root, ROOT) if (one / "src" / name).exists()), None)
    for part in sorted(src.iterdir()) if src else []:
        file = getattr(sys.modules.get(part.stem), "__file__", None)
        if file and src.resolve() not in Path(file).resolve().parents:
            raise other_code(src.parent, f"the package {part.stem} of {Path(file).parent}")


def other_code(study: Path, found: str) -> Exception:
    """Return the error that says whose code was found, and how to run with the right one."""
    from ..config.study import StudyError  # whose library a Python without the lock lacks

    python = Path(".venv", "Scripts" if os.name == "nt" else "bin", "python")
    path = os.environ.get("PYTHONPATH")
    unset = f", and unset PYTHONPATH, which is {path}" if path else ""
    return StudyError(
        f"the study in {study} would run with {found}, as this Python ({sys.executable}) finds it; "
        "a study runs with the code of its own folder alone: in that folder run "
        f"python scripts/environment.py, then use its {python}{unset}"
    )
