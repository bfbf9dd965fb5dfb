"""What tools, tests and benchmarks know of a generated study."""

import os
from pathlib import Path


def paths(study):
    """Return what PYTHONPATH has to hold to run a study that is not installed."""
    return os.pathsep.join(str(Path(study) / name) for name in ("src", "engine"))


def command(study, name):
    """Return what follows `python` to run a script of the author's or a verb of the engine."""
    script = Path(study) / "scripts" / f"{name}.py"
    return [script] if script.is_file() else ["-m", "reproml", name]
