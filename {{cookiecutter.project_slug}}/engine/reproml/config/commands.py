"""How the stages of a study are started, for messages and captions."""

from __future__ import annotations

SCRIPTS = ("baselines", "ablation", "interpretation", "evaluation", "figures")
VERBS = {"sharing": "share"}  # stages whose verb has another name


def command_of(stage: str) -> str:
    """Return what a reader runs to make a stage's results.

    Parameters
    ----------
    stage : str
        Stem of the results, such as ``"baselines"``.

    Returns
    -------
    str
        A script of the author's, or a verb of the engine.

    Examples
    --------
    >>> command_of("baselines"), command_of("leakage")
    ('scripts/baselines.py', 'python -m reproml leakage')
    """
    return f"scripts/{stage}.py" if stage in SCRIPTS else f"python -m reproml {VERBS.get(stage, stage)}"
