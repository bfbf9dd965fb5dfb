"""What source code says, as checksums: comments, docstrings and layout count for nothing."""

from __future__ import annotations

import ast
import contextlib
import hashlib
import json
from collections.abc import Iterable
from functools import cache
from importlib.util import resolve_name
from pathlib import Path
from typing import Any

BINDINGS = (ast.FunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign)


def meaning_of(folder: Path, names: Iterable[str], uncounted: Iterable[str] = ()) -> dict[str, str]:
    """Return SHA-256 by module, of modules of a package and of all of it that they import.

    Names are paths below the folder, such as ``config/seeds``; those that are not there, and those
    that do not count, are left out. The same on every machine and Python.

    Examples
    --------
    >>> engine = Path(__file__).parents[1]
    >>> sorted(meaning_of(engine, ["config/seeds"], uncounted=["config/study"]))
    ['config/seeds']
    """
    found: dict[str, str] = {}
    wanted = list(names)
    while wanted:
        name = wanted.pop()
        path = folder / f"{name}.py"
        if not path.is_file() and (folder / name / "__init__.py").is_file():
            name, path = f"{name}/__init__", folder / name / "__init__.py"
        if name in found or name in uncounted or not path.is_file():
            continue
        content = path.read_bytes()
        found[name] = meaning_of_file(content, is_python=True)
        wanted += _imported(content, name, folder.name)
    return dict(sorted(found.items()))


def effects_of(folder: Path) -> str:
    """Return the SHA-256 of what modules do when they are imported, beyond giving names to things.

    Such as ``sklearn.set_config(...)``: it counts for all that runs in the same process.
    """
    done = {}
    for path in sorted(folder.rglob("*.py")):
        body = ast.parse(path.read_text(encoding="utf-8")).body
        done[path.relative_to(folder).as_posix()] = [
            _meaning(node) for node in body if not _only_binds(node) and not _is_text(node)
        ]
    return digest({name: nodes for name, nodes in done.items() if nodes})


@cache  # by content: a file that was edited is read anew
def meaning_of_file(content: bytes, is_python: bool) -> str:
    """Return the SHA-256 of what a file of code says; of its bytes where it is no Python."""
    with contextlib.suppress(SyntaxError, ValueError):
        if is_python:
            return digest(_meaning(ast.parse(content)))
    return hashlib.sha256(content).hexdigest()


def digest(content: Any) -> str:
    """Return the SHA-256 of anything that JSON can say."""
    text = json.dumps(content, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


@cache
def _imported(content: bytes, name: str, package: str) -> list[str]:
    """Return what a module imports of its own package: ``from ..config.columns import Table``."""
    here = ".".join([package, *name.split("/")[:-1]])
    found = []
    for node in ast.walk(ast.parse(content)):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            module = resolve_name("." * node.level + (node.module or ""), here)
            # what is imported from a folder is a module, or else a name in its __init__
            found += [module, *(f"{module}.{alias.name}" for alias in node.names)]
    parts = [one.split(".") for one in found]
    return ["/".join(below) for first, *below in parts if first == package]


def _only_binds(node: ast.stmt) -> bool:
    targets = getattr(node, "targets", [getattr(node, "target", None)])
    names = all(target is None or isinstance(target, ast.Name) for target in targets)
    return isinstance(node, BINDINGS) and names


def _meaning(node: Any) -> Any:
    """Return a syntax tree as lists, without docstrings; ``ast.dump`` differs between Pythons."""
    if isinstance(node, ast.JoinedStr):  # the first Pythons 3.12 end some with an empty text
        empty = [one for one in node.values if getattr(one, "value", None) == ""]
        node.values = [one for one in node.values if one not in empty]
    if isinstance(node, ast.AST):
        fields = [(name, value) for name, value in ast.iter_fields(node) if value not in (None, [])]
        return [type(node).__name__, *((name, _meaning(value)) for name, value in fields)]
    if isinstance(node, list):
        return [_meaning(one) for one in node if not _is_text(one)]
    return repr(node)


def _is_text(node: Any) -> bool:
    is_constant = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return is_constant and isinstance(node.value.value, str)
