"""Which versions of libraries the lock names, and which are installed here."""

from __future__ import annotations

import re
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

LOCK = Path(__file__).resolve().parents[3] / "requirements.txt"  # of the study


def locked_versions(lock: Path) -> dict[str, str]:
    r"""Return the versions that a lock names, sorted by library; markers are left out.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     lock = Path(folder) / "requirements.txt"
    ...     _ = lock.write_text("numpy==2.4.6 --hash=sha256:00\nscipy==1.17.1\n", "utf-8")
    ...     locked_versions(lock)
    {'numpy': '2.4.6', 'scipy': '1.17.1'}
    """
    text = lock.read_text(encoding="utf-8")
    return dict(sorted(re.findall(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", text, flags=re.MULTILINE)))


def installed_versions(names: list[str]) -> dict[str, str]:
    """Return the versions that are installed here, by library.

    Examples
    --------
    >>> installed_versions(["no-such-library"])
    {'no-such-library': 'not installed'}
    """
    return {name: _installed(name) for name in sorted(names)}


@lru_cache  # stages that run in one process all ask
def _installed(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"
