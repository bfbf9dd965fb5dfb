"""SHA-256 of what code says: comments, docstrings and layout do not count."""

from __future__ import annotations

import ast
import hashlib
import json
from pathlib import Path
from typing import Any


def digest(content: Any) -> str:
    """Return the SHA-256 of anything that JSON can hold, whatever the order of its keys."""
    text = json.dumps(content, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def meaning(node: Any) -> Any:
    """Return a syntax tree as lists, without docstrings; ``ast.dump`` differs between Pythons.

    Examples
    --------
    >>> one, other = "def f():\\n  'Why.'\\n  return 1", "def f(): return 1  # how"
    >>> meaning(ast.parse(one)) == meaning(ast.parse(other))
    True
    """
    if isinstance(node, ast.AST):
        fields = [(name, value) for name, value in ast.iter_fields(node) if value not in (None, [])]
        return [type(node).__name__, *((name, meaning(value)) for name, value in fields)]
    if isinstance(node, list):
        return [meaning(one) for one in node if not _is_text(one)]
    return repr(node)


def _is_text(node: Any) -> bool:
    is_constant = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return is_constant and isinstance(node.value.value, str)


def module_digests(folder: Path, names: tuple[str, ...]) -> dict[str, str]:
    """Return the digests of modules of a package, and of all of it that they import.

    Names are paths below the package's folder without ending, such as ``compute/task``. A module
    that is not there is left out.
    """
    found: dict[str, str] = {}
    wanted = list(names)
    while wanted:
        name = wanted.pop()
        path = folder / f"{name}.py"
        if not path.is_file() and (folder / name / "__init__.py").is_file():
            name = f"{name}/__init__"
            path = folder / f"{name}.py"
        if name in found or not path.is_file():
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        found[name] = digest(meaning(tree))
        wanted += imported_modules(tree, name, folder.name)
    return dict(sorted(found.items()))


def imported_modules(tree: ast.Module, name: str, package: str) -> list[str]:
    """Return what a module may import of its own package, by relative or by full name."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            above = name.split("/")[: -node.level] if node.level else []
            parts = [*above, *(node.module.split(".") if node.module else [])]
            dotted = [parts, *([*parts, alias.name] for alias in node.names)]
            own = dotted if node.level else [p[1:] for p in dotted if p[0] == package]
            found += ["/".join(parts) for parts in own]
        elif isinstance(node, ast.Import):
            parts = [alias.name.split(".") for alias in node.names]
            found += ["/".join(p[1:]) for p in parts if p[0] == package]
    return [one for one in found if one]
