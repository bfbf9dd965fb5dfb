"""What tools, tests and benchmarks know of a generated study."""

import os
from pathlib import Path


def paths(study):
    """Return what PYTHONPATH has to hold to run a study that is not installed."""
    return os.pathsep.join(str(Path(study) / name) for name in ("src", "engine"))
