"""Explains the candidate: scripts/interpretation.py, as a verb."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .stages import load_script

if TYPE_CHECKING:
    from ..run.run import Run


def main(run: Run) -> None:
    """Run the author's script."""
    load_script("interpretation", run.root)(run)
