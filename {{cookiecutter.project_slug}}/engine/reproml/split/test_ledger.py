"""The record of openings of the locked test rows: when, with which model, and how often.

A test set answers honestly once. Each look that changes the model turns it a little more into
training data, so every opening is recorded, and another one with a changed model is refused until
it is asked for by name; then it is counted, and the report says so. The same model may be scored
again at any time: that tells nothing new, and it is how results are reproduced.

*The model* is what its author decided: the sections of study.toml in ``SECTIONS`` and the files in
``AUTHORS``, without comments, docstrings and layout. The engine's version is on record apart: an
update is no other model.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .. import __version__
from ..config.source import digest, meaning_of
from ..config.study import Study, StudyError

RECORD = "openings.json"
SECTIONS = ("task", "seed", "data", "split", "metrics", "models")
AUTHORS = ("data", "models", "seeding")  # and what they import of the author's package
FIRST_EDITION = (
    "For an opening recorded by the first edition, only study.toml could be compared, not the code."
)


def parts_of(study: Study, folder: str | Path) -> dict[str, str]:
    """Return the SHA-256 of each section of study.toml and each of the author's files."""
    # as the author wrote it: a default that is added later is no change of theirs
    written = study.model_dump(mode="json", exclude_unset=True)
    sections = {
        f"[{name}]" if isinstance(written[name], dict) else name: digest(written[name])
        for name in SECTIONS
    }
    sections |= {"declared files": digest(study.place.files)} if study.place.files else {}
    found = meaning_of(Path(folder), AUTHORS)
    return sections | {f"{name}.py": one for name, one in found.items()}


def was_opened(openings: list[dict[str, Any]], parts: dict[str, str]) -> bool:
    """Tell whether a model had the test rows before.

    The first edition kept author's and engine's code in one package, so its record names other
    files: there the sections of study.toml decide, and `admit` adds the author's files as they are.
    """
    return any(not _changed(opening, parts) for opening in openings)


def _changed(opening: dict[str, Any], parts: dict[str, str]) -> list[str]:
    """Name the parts in which a model is another than the opened one, as far as is on record."""
    then = opening["parts"]
    names = [n for n in {**parts, **then} if "engine" in opening or not n.endswith(".py")]
    return [name for name in names if parts.get(name) != then.get(name)]


def admit(
    openings: list[dict[str, Any]],
    parts: dict[str, str],
    *,
    data: str,
    time: str,
    commit: str | None,
    again: bool = False,
) -> list[dict[str, Any]]:
    """Return the record with this opening in it, or refuse another model than was opened before.

    ``data`` is the SHA-256 of the data file (other data have other test rows, so their openings do
    not count here), ``time`` is now, and ``again`` says that the author asked for another opening.

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
    """
    before = [opening for opening in openings if opening["data"] == data]
    if known := [opening for opening in before if not _changed(opening, parts)]:
        if any("engine" in opening for opening in known):
            return openings
        code = {"engine": __version__, "parts": parts, "first_edition": known[0]["parts"]}
        return [one | code if one is known[0] else one for one in openings]
    if before and not again:
        last = before[-1]
        commit_then = f" (commit {last['commit'][:12]})" if last["commit"] else ""
        raise StudyError(
            f"the locked test rows were opened before, at {last['time']}{commit_then}, with "
            f"another model. Since then these changed: {', '.join(_changed(last, parts))}.\n"
            "  A test set that is asked until it agrees says nothing. Choose between models on the "
            "folds (scripts/baselines.py), or go back to the model that was opened.\n"
            "  To open it all the same, add --again: it is recorded, and the report counts it."
        )
    opening = {"count": len(before) + 1, "time": time, "commit": commit, "data": data}
    opening |= {"engine": __version__, "model": digest(parts), "parts": parts}
    return [*openings, opening]


def count_note(openings: list[dict[str, Any]], data: str) -> str:
    """Say how often the test rows of a data file (its SHA-256) were opened.

    Examples
    --------
    >>> count_note([], "d"), count_note([{"data": "d", "engine": "2.0.0"}], "d")
    ('The test set was never opened.', 'The test set was opened once.')
    >>> print(count_note([{"data": one, "engine": "2.0.0"} for one in "edd"], "d"))
    The test set was opened 2 times, each time with another model: these scores look better than \
they are, by as much as the earlier answers were used. Test rows of other data files were opened \
1 more time.
    """
    here = [opening for opening in openings if opening["data"] == data]
    elsewhere = len(openings) - len(here)
    text = "The test set was opened once." if here else "The test set was never opened."
    if len(here) > 1:
        text = (
            f"The test set was opened {len(here)} times, each time with another model: these "
            "scores look better than they are, by as much as the earlier answers were used."
        )
    if elsewhere:
        times = "time" if elsewhere == 1 else "times"
        text += f" Test rows of other data files were opened {elsewhere} more {times}."
    older = any("engine" not in opening or "first_edition" in opening for opening in here)
    return f"{text} {FIRST_EDITION}" if older else text
