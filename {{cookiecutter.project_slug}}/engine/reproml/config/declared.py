"""Files that a study reads beside its data file: declared in study.toml, with a checksum each."""

from __future__ import annotations

import os
from glob import glob
from pathlib import Path

from .checksums import POINTER, differences, is_pointer, sha256_once
from .study import Data, StudyError

SUMS = "data/SHA256SUMS"
SHOWN = 10  # names in a message or a table; of more, their number


def declared_files(data: Data, root: Path) -> dict[str, str]:
    """Return the SHA-256 of every file that ``[data] files`` names, sorted by name.

    Without the data file itself, whose checksum is in study.toml.
    """
    found, inside = {}, Path(os.path.realpath(root))
    for pattern in data.files:
        # the glob of pathlib takes hidden files too
        names = glob(pattern, root_dir=inside, recursive=True)  # noqa: PTH207
        paths = [inside / name for name in names]
        paths = [path for path in paths if path.is_file()]
        if not paths:
            raise StudyError(
                f"data.files: {pattern!r} matches no file (for all of a folder write "
                '"folder/*"); restore what it named, or take it out of study.toml'
            )
        for path in paths:
            name = Path(os.path.relpath(path, inside)).as_posix()
            outside = not Path(os.path.realpath(path)).is_relative_to(inside)
            if outside or name.startswith(("results/", "../")) or set(name) & {"\n", "\\"}:
                raise StudyError(
                    f"data.files: {name!r} is a result, or outside of the study's folder (a link "
                    "may lead there), or its name holds a line feed or backslash; copy the file to "
                    "data/ and name it there"
                )
            if is_pointer(path):
                raise StudyError(f"data.files: {name!r} {POINTER}")
            found[name] = path
    found.pop(Path(data.file).as_posix(), None)
    return {name: sha256_once(found[name]) for name in sorted(found)}


def changed_inputs(data: Data, root: Path) -> dict[str, str]:
    """Return what became of each declared file that is not as `SUMS` says."""
    if not data.files:
        return {}
    here = declared_files(data, root)
    return differences(root / SUMS, here) if (root / SUMS).is_file() else {SUMS: "missing"}


def check_files(data: Data, root: Path) -> dict[str, str]:
    """Return the SHA-256 of every declared file, if each is as `SUMS` says.

    Examples
    --------
    >>> import tempfile
    >>> data = Data.model_construct(file="data/rows.csv", files=["data/*.txt"])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     sites = Path(folder, "data", "sites.txt")
    ...     sites.parent.mkdir()
    ...     _ = sites.write_text("1", "utf-8")
    ...     try:
    ...         check_files(data, Path(folder))
    ...     except StudyError as error:
    ...         print(str(error).partition(";")[0])
    not as in data/SHA256SUMS: data/SHA256SUMS (missing)
    """
    if wrong := changed_inputs(data, root):
        names = [f"{name} ({what})" for name, what in wrong.items()]
        more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
        raise StudyError(
            f"not as in {SUMS}: {', '.join(names[:SHOWN])}{more}; restore what was there, or, if "
            "the change is meant, run python -m reproml checksums: all fits are then made again"
        )
    return declared_files(data, root)
