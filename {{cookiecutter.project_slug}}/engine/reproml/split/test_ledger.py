"""The record of openings of the locked test rows: when, with which model, and how often.

A test set answers honestly once. Each look that changes the model turns it a little more into
training data, so every opening is recorded, and another one with a changed model is refused until
it is asked for by name; then it is counted, and the report says so. The same model may be scored
again at any time: that tells nothing new, and it is how results are reproduced.

*The model* is what its author decided: the sections of study.toml in ``SECTIONS`` and the files in
``AUTHORS``, without comments, docstrings and layout. The engine's version is on record apart: an
update is no other model.

*The chain.* Each entry has the hash of the entry before it (``previous``) and of the predictions
that it gave (``results``), so that none can be removed or edited without the rest showing it.
Records of engine 2.0.0 and of the first edition have neither; the chain begins after them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from .. import __version__
from ..config.source import digest, meaning_of
from ..config.study import Study, StudyError

RECORD = "openings.json"
SECTIONS = ("task", "seed", "data", "split", "metrics", "models")
AUTHORS = ("data", "models", "seeding")  # and what they import of the author's package
FIELDS = {"count": int, "time": str, "commit": str | None, "data": str, "model": str, "parts": dict}
UNCHAINED = (None, "2.0.0")  # engines before the chain; None is the first edition
UNLINKED = "It was opened under an engine that did not link its record: others can't be ruled out."
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
    return [*openings, opening | {"previous": entry_hash(openings[-1]) if openings else None}]


def read_openings(path: Path) -> list[dict[str, Any]]:
    """Read a record; without the file there was no opening."""
    return parse_openings(path.read_bytes(), path) if path.is_file() else []


def parse_openings(content: bytes, name: str | Path) -> list[dict[str, Any]]:
    """Read the bytes of a record; refuse what is none."""
    try:
        found = json.loads(content)
    except ValueError as error:
        raise StudyError(f"{name}: is no JSON ({error}); restore it from git") from error
    for one in found if isinstance(found, list) else [found]:
        for key, kind in FIELDS.items():
            if not isinstance(one, dict) or not isinstance(one.get(key, 0.5), kind):
                raise StudyError(f"{name}: an opening lacks its {key}; restore it from git")
    return found


def merge_openings(paths: Iterable[Path]) -> list[dict[str, Any]]:
    """Return the openings of all records, each once; refuse what is not as it was written."""
    found = {entry_hash(one): one for path in paths for one in read_openings(path)}
    for place, says, so in chain_breaks(openings := list(found.values())):
        raise StudyError(
            f"{RECORD}: {place}: it says {says}, found {so}; the record was changed after it was "
            "written: restore it from git"
        )
    return openings


def entry_hash(opening: dict[str, Any]) -> str:
    """Return the SHA-256 of an entry as it was written, before `admit` added the engine's keys."""
    if then := opening.get("first_edition"):
        kept = {n: one for n, one in opening.items() if n not in ("engine", "first_edition")}
        opening = kept | {"parts": then}
    return digest(opening)


def chain_breaks(openings: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    """Return each place where a record is not as it was written: place, what it says, what is so.

    Two branches that were merged may both go on from the same entry.

    Examples
    --------
    >>> now = {"data": "d", "time": "2026-01-31T12:00:00+00:00", "commit": None}
    >>> first = admit([], {"models.py": "a"}, **now)[0] | {"results": "1"}
    >>> second = admit([first], {"models.py": "b"}, **now, again=True)[1] | {"results": "2"}
    >>> chain_breaks([first, second])
    []
    >>> [place for place, _, _ in chain_breaks([second | {"count": 1}])]
    ['opening 1, previous']
    """
    breaks: list[tuple[str, str, str]] = []
    earlier: dict[str | None, list[str]] = {None: []}  # data of an opening and of those it follows
    last, chained = None, False
    for number, one in enumerate(openings):
        old = one.get("engine") in UNCHAINED or "first_edition" in one
        chained = chained or not old or "previous" in one or "results" in one
        link, wrong = one.get("previous") if chained else last, {}
        if link not in earlier or (chained and "previous" not in one):
            wrong["previous"] = "no such opening before it"
        if chained and not isinstance(one.get("results"), str):
            wrong["results"] = "the hash of predictions in all others"
        before, other = earlier.get(link, []), [other["data"] for other in openings[:number]]
        least, most = (data.count(one["data"]) + 1 for data in (before, other))
        if not least <= one["count"] <= most:
            wrong["count"] = str(least)
        for name, found in wrong.items():
            says = str(one.get(name, "nothing"))
            breaks.append((f"opening {number + 1}, {name}", says, found))
        last = entry_hash(one)
        earlier[last] = [*before, one["data"]]
    return breaks


def count_note(openings: list[dict[str, Any]], data: str) -> str:
    """Say how often the test rows of a data file (its SHA-256) were opened.

    Examples
    --------
    >>> one = {"data": "d", "engine": "2.0.0", "previous": None}
    >>> count_note([], "d"), count_note([one], "d")
    ('The test set was never opened.', 'The test set was opened once, by the record.')
    >>> print(count_note([one | {"data": "e"}, one, one], "d"))
    The test set was opened 2 times, each time with another model: these scores look better than \
they are, by as much as the earlier answers were used. Test rows of other data files were opened \
1 more time.
    """
    here = [opening for opening in openings if opening["data"] == data]
    elsewhere = len(openings) - len(here)
    text = f"The test set was {'opened once, by the record' if here else 'never opened'}."
    if len(here) > 1:
        text = (
            f"The test set was opened {len(here)} times, each time with another model: these "
            "scores look better than they are, by as much as the earlier answers were used."
        )
    if elsewhere:
        times = "time" if elsewhere == 1 else "times"
        text += f" Test rows of other data files were opened {elsewhere} more {times}."
    if any("previous" not in opening for opening in here):
        text += f" {UNLINKED}"
    older = any("engine" not in opening or "first_edition" in opening for opening in here)
    return f"{text} {FIRST_EDITION}" if older else text
