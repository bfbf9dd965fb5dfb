"""What tools, tests and benchmarks know of a generated study."""

import importlib.util
import os
import re
from pathlib import Path


def paths(study):
    """Return what PYTHONPATH has to hold to run a study that is not installed."""
    return os.pathsep.join(str(Path(study) / name) for name in ("src", "engine"))


def command(study, name):
    """Return what follows `python` to run a script of the author's or a verb of the engine."""
    script = Path(study) / "scripts" / f"{name}.py"
    return [script] if script.is_file() else ["-m", "reproml", name]


def write(path, text):
    """Write a text with the line ends that every file of a study has."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")


def load_file(path):
    """Return the module of a file that is on no path."""
    spec = importlib.util.spec_from_file_location(f"loaded_{Path(path).stem}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def replaced(text: str, pattern: str, by: str) -> str:
    """Replace what has to be there exactly once."""
    assert len(re.findall(pattern, text, flags=re.DOTALL | re.MULTILINE)) == 1, pattern
    return re.sub(pattern, lambda _: by, text, count=1, flags=re.DOTALL | re.MULTILINE)


def edit(path, *changes: tuple[str, str]) -> None:
    """Change a file as its author would."""
    text = path.read_text(encoding="utf-8")
    for pattern, by in changes:
        text = replaced(text, pattern, by)
    path.write_text(text, encoding="utf-8", newline="\n")
