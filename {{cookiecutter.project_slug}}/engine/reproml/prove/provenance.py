"""Where numbers come from: commit, lock, data, source, seeds, libraries and machine."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from collections.abc import Mapping
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_info

from .. import __version__
from ..config.checksums import changed_files
from ..config.seeds import seed_for
from ..config.source import digest, meaning_of_file
from ..config.study import Study
from ..config.versions import canonical, installed_versions
from ..explain.summary import PARTS

SOURCES = ("src/", "engine/", "scripts/")
SUFFIXES = (".py", ".toml", ".mplstyle")  # longer texts are TOML; the style of figures


def source_files(*roots: Path) -> dict[str, bytes]:
    """Return the files that results come from; a later folder's replace an earlier one's."""
    paths = [(p, root) for root in roots for name in SOURCES for p in (root / name).rglob("*")]
    source = [(path, root) for path, root in paths if path.suffix in SUFFIXES and path.is_file()]
    return {path.relative_to(root).as_posix(): path.read_bytes() for path, root in source}


def source_digest(files: Mapping[str, bytes]) -> str:
    """Return the SHA-256 of what source says: a changed line changes it.

    Comments, docstrings and layout of Python do not, nor does the name of the author's package.
    """
    source = [name for name in files if name.startswith(SOURCES) and name.endswith(SUFFIXES)]
    said = [
        (re.sub("^src/[^/]+", "src", name), meaning_of_file(files[name], name.endswith(".py")))
        for name in source
    ]
    return digest(sorted(said))


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
    """Return the commit that a folder stands at, whether its files differ from it, or why none."""
    commit, words = ask_git(root, "log", "-1", "--format=%H")
    if commit:
        others = (".", ":(exclude)results", ":(exclude)model")
        changed, words = ask_git(root, "status", "--porcelain", "--", *others)
        if changed is not None:
            return {"commit": commit.decode().strip(), "dirty": changed != b"", "no_commit": None}
    return {"commit": None, "dirty": None, "no_commit": words}


def ask_git(root: Path, *arguments: str) -> tuple[bytes | None, str]:
    """Return what git prints; or None and why, in git's words, which name a way out."""
    told = os.environ | {"LC_ALL": "C"}
    try:
        done = subprocess.run(["git", *arguments], cwd=root, env=told, capture_output=True)
    except OSError:
        return None, "git is not installed"
    words = " ".join(done.stderr.decode("utf-8", "replace").split())
    if done.returncode and "not a git repository" in words:
        return None, "there is no git repository"
    return (None, f"git says: {words}") if done.returncode else (done.stdout, "")


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
