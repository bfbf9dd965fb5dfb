"""Which versions of libraries the lock names, and which are installed here."""

from __future__ import annotations

import ast
import re
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, packages_distributions, version
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


def imported_libraries(folder: Path, lock: Path) -> list[str]:
    r"""Return the libraries of a lock that the modules below a folder import, wherever they do.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     lock, model = Path(folder) / "requirements.txt", Path(folder) / "model.py"
    ...     _ = lock.write_text("scikit-learn==1.9.1\nscipy==1.17.1\n", "utf-8")
    ...     _ = model.write_text("def fit():\n    from sklearn import svm\n", "utf-8")
    ...     imported_libraries(Path(folder), lock)
    ['scikit-learn']
    """
    nodes = [
        node
        for path in sorted(folder.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    ]
    names = {alias.name for one in nodes if isinstance(one, ast.Import) for alias in one.names}
    names |= {one.module for one in nodes if isinstance(one, ast.ImportFrom) and not one.level}
    known = packages_distributions()
    found = {lib for name in names for lib in known.get(name.partition(".")[0], [])}
    named = {canonical(lib) for lib in found}
    return [name for name in locked_versions(lock) if canonical(name) in named]


def canonical(name: str) -> str:
    """Return a library's name as locks write it: ``Scikit_Learn`` is ``scikit-learn``."""
    return re.sub(r"[-_.]+", "-", name).lower()


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
