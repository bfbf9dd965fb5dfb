"""Explains the candidate: scripts/interpretation.py, as a verb."""

from ..run.run import Run
from .stages import load_script


def main(run: Run) -> None:
    """Run the author's script."""
    load_script("interpretation", run)(run)
