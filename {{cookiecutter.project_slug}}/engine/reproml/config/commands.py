"""How the stages of a study are started, for messages and captions."""

from __future__ import annotations

SCRIPTS = ("baselines", "ablation", "interpretation", "evaluation", "figures")
VERBS = {"sharing": "share"}  # stages whose verb has another name


def command_of(stage: str) -> str:
    """Return what a reader runs to make a stage's results.

    Examples
    --------
    >>> command_of("baselines"), command_of("leakage")
    ('scripts/baselines.py', 'python -m reproml leakage')
    """
    if stage in SCRIPTS:
        return f"scripts/{stage}.py"
    return f"python -m reproml {VERBS.get(stage, stage)}"
