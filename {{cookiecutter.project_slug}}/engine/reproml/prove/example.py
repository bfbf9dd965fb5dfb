"""What a study still says of the example that it was made with, once its data are others'.

data/example.toml, which comes with a study, has the checksum of the example's file and words that
are about it alone: its name, its authors, its title. It also has the answers that a study is made
with where nobody gave any.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from ..config.study import StudyError

EXAMPLE = "data/example.toml"
TEXTS = ("*.md", "*.toml", "*.yml", "*.cff", "LICENSE", "data/*.md", "docs/**/*.md", "paper/*.tex")
TEXTS += ("paper/*.bib", "notebooks/*.ipynb", "src/**/*.py", "scripts/**/*.py", "tests/**/*.py")


def leftovers(root: Path, sha256: str) -> list[str]:
    """Return a line for each line of a text that is about the example, and not accepted."""
    path = root / EXAMPLE
    if not path.is_file():
        return []
    example = _read(path)
    if sha256 == example["sha256"]:
        return []  # these are the example's data
    words = re.compile("|".join(map(re.escape, example["words"])), re.IGNORECASE)
    texts = sorted({one for pattern in TEXTS for one in root.glob(pattern)})
    return [
        f"{name}:{number}: {found[0]}"
        for name, text in ((one.relative_to(root).as_posix(), one) for one in texts)
        if name not in example["accepted"]
        for number, line in enumerate(
            text.read_text(encoding="utf-8", errors="replace").splitlines(), start=1
        )
        if (found := words.search(line))
    ]


def _read(path: Path) -> dict[str, Any]:
    try:
        example = {"accepted": {}} | tomllib.loads(path.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise StudyError(f"{EXAMPLE}: not valid TOML in UTF-8: {error}") from error
    accepted, words = example["accepted"], example.get("words")
    if not words or not isinstance(words, list) or not all(map(_said, words)):
        raise StudyError(f"{EXAMPLE}: words has to be a list of texts")
    if not _said(example.get("sha256")):
        raise StudyError(f"{EXAMPLE}: sha256 has to be the checksum of the example's file")
    if not isinstance(accepted, dict) or not all(map(_said, accepted.values())):
        raise StudyError(f'{EXAMPLE}: accepted has lines such as "docs/tour.md" = "reason"')
    unknown = [name for name in accepted if not (path.parent.parent / name).is_file()]
    if unknown:
        raise StudyError(f"{EXAMPLE}: accepted names {unknown[0]}, and there is no such file")
    return example


def _said(text: Any) -> bool:
    return isinstance(text, str) and bool(text.strip())
