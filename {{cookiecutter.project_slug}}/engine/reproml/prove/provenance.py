"""Where numbers come from: commit, lock, data, source, seeds, libraries and machine."""

from __future__ import annotations

import platform
import re
import subprocess
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_info

from .. import __version__
from ..config.checksums import changed_files, digest_of
from ..config.seeds import seed_for
from ..config.study import Study
from ..config.versions import canonical, installed_versions
from ..explain.summary import PARTS

SOURCES = ("src", "engine")
SUFFIXES = (".py", ".toml", ".mplstyle")  # longer texts are TOML; the style of figures


def source_digest(root: Path) -> str:
    """Return the SHA-256 of all source that results come from: a changed line changes it."""
    paths = [path for folder in SOURCES for path in (root / folder).rglob("*")]
    return digest_of([path for path in paths if path.suffix in SUFFIXES], root)


def engine_state(root: Path) -> dict[str, str]:
    """Return the engine's version, and whether its files are as released or which are not."""
    found = changed_files(root / "engine")
    if found is None:
        state = "not known: there is no engine/SHA256SUMS"
    elif found:
        state = f"changed here: {', '.join(f'{name} ({what})' for name, what in found.items())}"
    else:
        state = "as released"
    return {"version": __version__, "state": state}


def engine_line(state: dict[str, str]) -> str:
    """Say in a line which engine this is, as `engine_state` found it."""
    return f"engine {state['version']}: {state['state']}"


def machine() -> dict[str, Any]:
    """Describe this machine as far as numbers may depend on it."""
    simd = np.show_config(mode="dicts")["SIMD Extensions"]
    pools = [
        f"{pool['internal_api']} {pool.get('version') or ''} "
        f"{pool.get('architecture') or ''} threads={pool['num_threads']}"
        for pool in threadpool_info()
    ]
    return {
        "python": platform.python_version(),
        # no release of the kernel: it changes often, and no number depends on it
        "platform": " ".join([platform.system(), platform.machine(), *platform.libc_ver()]).strip(),
        "cpu": _cpu_name(),
        "cpu_features": sorted([*simd.get("baseline", []), *simd.get("found", [])]),
        "thread_pools": sorted({" ".join(pool.split()) for pool in pools}),
        **_gpus(),
    }


def _gpus() -> dict[str, Any]:
    """Name graphics cards with their driver, and installed CUDA libraries; {} without one."""
    ask = ["nvidia-smi", "--query-gpu=name,driver_version", "--format=csv,noheader"]
    try:
        said = subprocess.run(ask, capture_output=True, encoding="utf-8", timeout=20, check=True)
    except (OSError, subprocess.SubprocessError):
        return {}
    cards = sorted(line.strip() for line in said.stdout.splitlines() if line.strip())
    names = {canonical(one.name) for one in distributions() if one.name}
    cuda = [name for name in names if name.startswith(("nvidia-cu", "nvidia-nccl"))]
    return {"gpu": cards, **installed_versions(cuda)} if cards else {}


def _cpu_name() -> str:
    info = Path("/proc/cpuinfo")
    if info.is_file():
        found = re.search(r"^model name\s*:\s*(.+)$", info.read_text("utf-8"), flags=re.MULTILINE)
        if found:
            return found.group(1)
    return platform.processor() or platform.machine()


def commit_of(root: Path) -> dict[str, Any]:
    """Return the commit that a folder stands at, and whether its files differ from it."""

    def git(*arguments: str) -> str | None:
        try:
            done = subprocess.run(
                ["git", *arguments], cwd=root, capture_output=True, encoding="utf-8", check=False
            )
        except OSError:
            return None
        return done.stdout.strip() if done.returncode == 0 else None

    commit = git("rev-parse", "HEAD")
    if commit is None:
        return {"commit": None, "dirty": None}
    changed = git("status", "--porcelain", "--", ".", ":(exclude)results", ":(exclude)model")
    return {"commit": commit, "dirty": bool(changed)}


def all_seeds(study: Study) -> dict[str, int]:
    """Return every seed that splits and fits draw from, by purpose.

    >>> from ..config.study import Models, Split
    >>> models = Models(candidate="candidate", baselines=["dummy"])
    >>> split = Split(dependence="independent", folds=2)
    >>> seeds = all_seeds(Study.model_construct(seed=0, split=split, models=models))
    >>> len(seeds), seeds["study"], seeds["model/dummy/0/1"]
    (17, 0, 3861478969)
    """
    split = study.split
    fits = [f"{repeat}/{fold}" for repeat in range(split.repeats) for fold in range(split.folds)]
    purposes = [
        "split/test",
        *(f"split/folds/{repeat}" for repeat in range(split.repeats)),
        *(f"model/{name}/{fit}" for name in study.models.names for fit in fits),
        *(f"interpretation/{part}/{fit}" for part in PARTS for fit in fits),
        *(f"interpretation/noise/{fit}" for fit in fits),
        "interpretation/rows",
        *(f"evaluation/{name}" for name in [*study.models.names, "bootstrap"]),
    ]
    return {"study": study.seed} | {name: seed_for(study.seed, name) for name in purposes}
