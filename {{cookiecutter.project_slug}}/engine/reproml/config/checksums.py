"""SHA-256 of files: the same bytes, or other ones."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

SUMS = "SHA256SUMS"
POINTER = "is a Git LFS pointer, not the file itself; run git lfs pull"


def sha256_of(path: str | Path) -> str:
    """Return the SHA-256 of a file's bytes, as 64 hexadecimal digits."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_pointer(path: str | Path) -> bool:
    """Tell whether a file only says where Git LFS keeps the real one."""
    with Path(path).open("rb") as file:
        return file.read(40) == b"version https://git-lfs.github.com/spec/"


def sha256_once(path: str | Path) -> str:
    """Return the SHA-256 of a file, computed once while its size and times stay as they are."""
    there = Path(path).stat()
    return _sha256(str(path), there.st_size, there.st_mtime_ns, there.st_ctime_ns)


@cache
def _sha256(path: str, *_: int) -> str:
    return sha256_of(path)


def digest_of(paths: list[Path], root: Path) -> str:
    """Return one SHA-256 for many files: of their names below a folder, and of their bytes.

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
        whole.update(f"{name}\0{sha256_of(path)}\n".encode())
    return whole.hexdigest()


def sums_of(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of every file below a folder by name, sorted, without `SUMS` itself.

    What Python keeps in ``__pycache__`` does not count.
    """
    paths = [path for path in folder.rglob("*") if path.is_file() or path.is_symlink()]
    names = {path.relative_to(folder).as_posix(): path for path in paths}
    return {
        name: sha256_of(path) if path.is_file() else "no file"
        for name, path in sorted(names.items())
        if name != SUMS and "__pycache__" not in path.parts
    }


def write_sums(sums: dict[str, str]) -> str:
    """Write checksums as ``sha256sum --check`` reads them."""
    return "".join(f"{digest}  {name}\n" for name, digest in sums.items())


def changed_files(folder: Path) -> dict[str, str] | None:
    """Return what became of each file that is not as `SUMS` in its folder says; None without it."""
    if not (folder / SUMS).is_file():
        return None
    return differences(folder / SUMS, sums_of(folder))


def differences(sums: Path, here: dict[str, str]) -> dict[str, str]:
    """Return what became of each file whose SHA-256 is not as a file of checksums says."""
    lines = sums.read_text(encoding="utf-8", errors="replace").splitlines()
    listed = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
    return {
        name: "missing" if name not in here else "extra" if name not in listed else "changed"
        for name in sorted({**listed, **here})
        if here.get(name) != listed.get(name)
    }
