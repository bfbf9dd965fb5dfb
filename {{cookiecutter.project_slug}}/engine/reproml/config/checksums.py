"""SHA-256 of files: the same bytes, or other ones."""

from __future__ import annotations

import hashlib
from pathlib import Path


def sha256_of(path: str | Path) -> str:
    """Return the SHA-256 of a file's bytes.

    Parameters
    ----------
    path : str or Path
        The file.

    Returns
    -------
    str
        64 hexadecimal digits.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "a.csv"
    ...     _ = path.write_bytes(b"a,b")
    ...     sha256_of(path)[:12]
    '1eb7c54d5283'
    """
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digest_of(paths: list[Path], root: Path) -> str:
    """Return one SHA-256 for many files: of their names below a folder, and of their bytes.

    Parameters
    ----------
    paths : list of Path
        The files, in any order.
    root : Path
        The folder that their names are relative to.

    Returns
    -------
    str
        64 hexadecimal digits.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     a, b = Path(folder, "a.py"), Path(folder, "b.py")
    ...     _ = a.write_bytes(b"1"), b.write_bytes(b"2")
    ...     one, two = digest_of([a, b], Path(folder)), digest_of([b, a], Path(folder))
    ...     _ = a.write_bytes(b"3")
    ...     three = digest_of([a, b], Path(folder))
    >>> one == two, one == three
    (True, False)
    """
    whole = hashlib.sha256()
    for path in sorted(paths):
        name = path.relative_to(root).as_posix()
        whole.update(f"{name}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return whole.hexdigest()
