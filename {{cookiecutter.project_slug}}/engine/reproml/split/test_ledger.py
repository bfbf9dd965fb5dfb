"""The lock on the test rows: who opened it, with which model, and how often.

A test set answers honestly once. Each look that changes the model turns it a little more into
training data, so every opening is recorded, and another one with a changed model is refused until
it is asked for by name; then it is counted, and the report says so. The same model may be scored
again at any time: that tells nothing new, and it is how results are reproduced.

*The model* is what decides predictions and how they are judged: the sections of study.toml in
``SECTIONS``, and the code that turns rows into predictions. Comments, docstrings and the layout of
the code are not part of it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..config.source import digest, meaning_of
from ..config.study import Study, StudyError

SECTIONS = ("task", "seed", "data", "split", "metrics", "models")
# The author's files, and those of the engine that a fit runs through, with what they import. The
# module that reads study.toml does not count: what it reads is counted.
AUTHORS = ("data", "models", "seeding")
ENGINES = ("compute/models", "compute/task")
UNCOUNTED = ("config/study", "config/code", "config/example", "config/metrics")
ENGINE = Path(__file__).resolve().parents[1]


def parts_of(study: Study, folder: str | Path, engine: str | Path = ENGINE) -> dict[str, str]:
    """Describe everything that makes a model what it is.

    Parameters
    ----------
    study : Study
        The configuration.
    folder : str or Path
        The author's package.
    engine : str or Path
        The engine's package; this one.

    Returns
    -------
    dict of str to str
        Part of study.toml or module -> SHA-256; the same on every machine and Python.

    Examples
    --------
    >>> from ..config.study import parse_study
    >>> columns = {"dose": {"role": "feature"}, "effect": {"role": "target"}}
    >>> study = parse_study({
    ...     "study": {"task": "regression", "seed": 0},
    ...     "data": {"file": "trial.csv", "sha256": "0" * 64, "columns": columns},
    ...     "split": {"dependence": "independent"},
    ...     "metrics": {"primary": "mae"},
    ...     "models": {"candidate": "candidate", "baselines": ["dummy"]},
    ... })
    >>> parts = parts_of(study, "no_such_folder")
    >>> [name for name in parts if not name.endswith(".py")]
    ['task', 'seed', '[data]', '[split]', '[metrics]', '[models]']
    >>> "engine/compute/task.py" in parts, "engine/write/tables.py" in parts
    (True, False)
    """
    # as the author wrote it: a default that is added later is no change of theirs
    written = study.model_dump(mode="json", exclude_unset=True)
    parts = {
        f"[{name}]" if isinstance(written[name], dict) else name: digest(written[name])
        for name in SECTIONS
    }
    found = meaning_of(Path(folder), AUTHORS, UNCOUNTED)
    used = meaning_of(Path(engine), ENGINES, UNCOUNTED)
    found |= {f"engine/{name}": one for name, one in used.items()}
    return parts | {f"{name}.py": one for name, one in found.items()}


def admit(
    openings: list[dict[str, Any]],
    parts: dict[str, str],
    *,
    data: str,
    time: str,
    commit: str | None,
    again: bool = False,
) -> list[dict[str, Any]]:
    """Decide whether the test rows may be opened; return the record as it is then.

    Parameters
    ----------
    openings : list of dict
        The record so far.
    parts : dict of str to str
        The model, as `parts_of` describes it.
    data : str
        SHA-256 of the data file. Other data have other test rows: their openings do not count here,
        though they stay on record.
    time : str
        Now.
    commit : str or None
        Where the study stands, if it is in git.
    again : bool
        True where the author asked for another opening.

    Returns
    -------
    list of dict
        The same record if this model had the test rows open before; else with one entry more.

    Raises
    ------
    StudyError
        If other models had them open, and ``again`` is False: what changed and what to do.

    Examples
    --------
    >>> now = {"data": "d", "time": "2026-01-31T12:00:00+00:00", "commit": None}
    >>> once = admit([], {"[models]": "a", "models.py": "b"}, **now)
    >>> len(once), admit(once, {"[models]": "a", "models.py": "b"}, **now) == once
    (1, True)
    >>> try:
    ...     admit(once, {"[models]": "a", "models.py": "c"}, **now)
    ... except StudyError as error:
    ...     print(error)
    the locked test rows were opened before, at 2026-01-31T12:00:00+00:00, with another model. \
Since then these changed: models.py.
      A test set that is asked until it agrees says nothing. Choose between models on the folds \
(scripts/baselines.py), or go back to the model that was opened.
      To open it all the same, add --again: it is recorded, and the report counts it.
    >>> len(admit(once, {"[models]": "a", "models.py": "c"}, again=True, **now))
    2
    """
    before = [opening for opening in openings if opening["data"] == data]
    if any(opening["parts"] == parts for opening in before):
        return openings
    if before and not again:
        last = before[-1]
        names = [*parts, *(name for name in last["parts"] if name not in parts)]
        changed = [name for name in names if parts.get(name) != last["parts"].get(name)]
        commit_then = f" (commit {last['commit'][:12]})" if last["commit"] else ""
        raise StudyError(
            f"the locked test rows were opened before, at {last['time']}{commit_then}, with "
            f"another model. Since then these changed: {', '.join(changed)}.\n"
            "  A test set that is asked until it agrees says nothing. Choose between models on the "
            "folds (scripts/baselines.py), or go back to the model that was opened.\n"
            "  To open it all the same, add --again: it is recorded, and the report counts it."
        )
    model = digest(parts)
    return [
        *openings,
        {
            "count": len(before) + 1,
            "time": time,
            "commit": commit,
            "data": data,
            "model": model,
            "parts": parts,
        },
    ]


def count_note(openings: list[dict[str, Any]], data: str) -> str:
    """Say how often the test rows were opened.

    Parameters
    ----------
    openings : list of dict
        The record.
    data : str
        SHA-256 of the data file.

    Returns
    -------
    str
        One or more sentences.

    Examples
    --------
    >>> count_note([], "d"), count_note([{"data": "d"}], "d")
    ('The test set was never opened.', 'The test set was opened once.')
    >>> print(count_note([{"data": "e"}, {"data": "d"}, {"data": "d"}], "d"))
    The test set was opened 2 times, each time with another model: these scores flatter by as much \
as the earlier answers were used. Test rows of other data files were opened 1 more time.
    """
    here = sum(opening["data"] == data for opening in openings)
    elsewhere = len(openings) - here
    text = "The test set was never opened." if here == 0 else "The test set was opened once."
    if here > 1:
        text = (
            f"The test set was opened {here} times, each time with another model: these scores "
            "flatter by as much as the earlier answers were used."
        )
    if elsewhere:
        times = "time" if elsewhere == 1 else "times"
        text += f" Test rows of other data files were opened {elsewhere} more {times}."
    return text
