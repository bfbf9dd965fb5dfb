"""Finds the author's package, which pyproject.toml names, and what it hands over."""

from __future__ import annotations

import importlib
import tomllib
from importlib.util import find_spec
from pathlib import Path

from ..config.code import StudyCode
from ..config.study import Study, StudyError
from ..config.watch import OnlyDeclared
from .place import check_package, check_place, other_code
from .terminal import ROOT


def load_code(study: Study) -> StudyCode:
    """Import the author's package and return what it hands over."""
    root = study.place.root
    check_place(root)  # a notebook comes here first
    name = package_of(root)
    try:
        place = getattr(find_spec(name), "origin", None) or root
        with OnlyDeclared(study, f"the import of {name}", code=Path(place).parent):
            code = getattr(importlib.import_module(name), "STUDY", None)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        raise other_code(root, f"no package src/{name}") from error
    check_package(name, root)
    if code is None:
        raise StudyError(f"src/{name}/__init__.py: there is no STUDY; see engine/README.md")
    return code


def package_of(root: Path) -> str:
    """Return the name of the author's package, as pyproject.toml gives it."""
    for folder in (root, ROOT):
        path = folder / "pyproject.toml"
        if path.is_file():
            content = tomllib.loads(path.read_text(encoding="utf-8"))
            name = content.get("tool", {}).get("reproml", {}).get("package")
            if isinstance(name, str):
                return name
    raise StudyError(
        "pyproject.toml: it does not name the author's package; write a section [tool.reproml] "
        'with package = "NAME", the folder below src'
    )
