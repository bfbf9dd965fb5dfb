"""What the author's package hands to the engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .commands import SCRIPTS

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

    from .columns import Table
    from .metrics import Metric
    from .study import Study


@dataclass(frozen=True)
class StudyCode:
    """The author's part of a study: what this paper does that others don't.

    Attributes
    ----------
    package : str
        Name that the author's files are imported by.
    load_table : callable
        Takes the configuration and the study's folder, returns the checked rows.
    models : mapping of str to callable
        By name: takes the task, returns an unfitted pipeline.
    metrics : mapping of str to Metric
        By name.
    fix_seeds : callable
        Takes a seed and fixes every global generator; called before each fit.
    ablations : mapping of str to callable
        By name: takes the unfitted candidate, returns a variant of it.
    scripts : tuple of str
        Names of the scripts that make results, in order: each has a ``main(run)``. Name a script of
        your own here, before ``figures``, and it is reproduced and verified like the others.

    Examples
    --------
    >>> code = StudyCode(__package__, load_table=None, models={}, metrics={}, fix_seeds=print)
    >>> code.folder.name, dict(code.ablations)
    ('config', {})
    """

    package: str
    load_table: Callable[[Study, Path], Table]
    models: Mapping[str, Callable[[str], Pipeline]]
    metrics: Mapping[str, Metric]
    fix_seeds: Callable[[int], Any]
    ablations: Mapping[str, Callable[[Pipeline], Pipeline]] = field(default_factory=dict)
    scripts: tuple[str, ...] = SCRIPTS

    @property
    def folder(self) -> Path:
        """Where the author's files are: a changed line in them makes other numbers."""
        return Path(import_module(self.package).__file__).parent
