"""Sees to it that fits, imports and the loader read what study.toml declares, and nothing else.

Whatever else a number depended on, no checksum would tell that it changed. Python reports the files
that it opens (an audit hook); what is not declared is refused before it is opened, in workers too,
and again at the end, should somebody's ``except`` have hidden it. Libraries that open files by code
of their own escape: docs/reproducibility.md names those that are known to.
"""

from __future__ import annotations

import os
import re
import shutil
import site
import sys
import sysconfig
import threading
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import unquote, urlsplit

from .checksums import sha256_once
from .study import StudyError
from .versions import LOCK

if TYPE_CHECKING:
    from .study import Study

ENGINE = Path(__file__).resolve().parents[1]
LIBRARIES = [*site.getsitepackages(), site.getusersitepackages(), *sysconfig.get_paths().values()]
# of another environment, by PYTHONPATH or a .pth file; as Python started, before the author's code
LIBRARIES += [one for one in sys.path if Path(one).name in ("site-packages", "dist-packages")]
OPEN = Path("/dev/fd")  # the files and folders that this process holds open; not on Windows
SYSTEM = "/usr /bin /sbin /lib /lib32 /lib64 /etc /dev /proc /sys /nix/store"
MACOS = "/System /Library /var/db/timezone"
COMPILED = ("ctypes.dlopen", "import")
MOVES = ("os.rename", "os.link")
NAMED = ("subprocess.Popen", "os.posix_spawn")  # programs whose command is reported
PROGRAMS = (*NAMED, "os.system", "os.exec", "os.spawn", "os.startfile", "pty.spawn")
NETWORK = ("socket.connect", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo")
NETWORK += ("socket.gethostbyname", "socket.gethostbyaddr", "urllib.Request")
EVENTS = {"open", "sqlite3.connect", *COMPILED, *MOVES, *PROGRAMS, *NETWORK}
# Libraries ask these about processor and fonts: there is nothing that a model could learn from.
HARMLESS = re.compile(
    r'"?([^" ]*[/\\])?((lscpu|sysctl|uname|ldconfig|nvidia-smi|nproc|getconf|wmic)(\.exe)?\b'
    r"|fc-list\b|system_profiler -xml SPFontsDataType$"
    r"|cat /proc/cpuinfo$|powershell\.exe -NoProfile -Command \(Get-CimInstance -ClassName Win32_P)"
)
# What matplotlib and numba keep in the home folder or where they are told to: no data either.
KEPT = re.compile(r"matplotlibrc|fontlist-v[\d.]+\.json|.+\.([ot]tf|ttc|afm|nb[ic])")
DECLARE = (
    "what a study reads has to be a file in its folder, named in files under [data] of study.toml; "
    "python -m reproml checksums then writes its checksum"
)
CACHE = "leave memory=... out, or let each fit make its folder: tempfile.mkdtemp()"


class OnlyDeclared:
    """Refuse, inside a ``with`` block, to open what the study does not declare.

    It counts what this thread does, and threads that are started meanwhile. Allowed are declared
    files, the study's code, Python and its libraries, the system's own places, and what was written
    inside the block; the data file where ``loads`` says so. ``code`` is the folder of the author's
    package, for a study that has not imported it yet.

    Examples
    --------
    >>> import tempfile
    >>> from .study import Study
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     notes = Path(folder, "notes.csv")
    ...     _ = notes.write_text("1", "utf-8")
    ...     try:
    ...         with OnlyDeclared(Study.model_construct(), "forest", code=folder):
    ...             text = notes.read_text("utf-8")
    ...     except StudyError as error:
    ...         print(str(error).replace(os.path.realpath(folder), "FOLDER").partition(";")[0])
    forest reads FOLDER/notes.csv, which study.toml does not declare
    """

    def __init__(self, study: Study, who: str, *, loads: bool = False, code: Any = None):
        self.study, self.who, self.loads, self.code = study, who, loads, code
        self.refused: list[str] = []
        self.written: set[str] = set()
        self.others: set[int] = set()  # threads that have nothing to do with it

    def __enter__(self) -> Self:
        _hook_once()
        self.others = set(sys._current_frames()) - {threading.get_ident()}
        _WATCHES.append(self)
        return self

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        _WATCHES.remove(self)
        if self.refused and (error is None or isinstance(error, Exception)):
            raise StudyError(self.refused[0]) from error

    def judge(self, event: str, arguments: tuple[Any, ...]) -> str | None:
        """Return why something is refused, or None; what is written is noted."""
        first, second, *_ = (*arguments, None)
        if event == "open":
            return None if isinstance(first, int) else self._open(os.fsdecode(first), arguments[2])
        if event == "sqlite3.connect":
            name = os.fsdecode(first)
            path = unquote(urlsplit(name).path) if name.startswith("file:") else name
            return self._open(path, os.O_RDWR)
        if event in COMPILED:  # in the study's folder; elsewhere it is installed
            path = os.path.realpath(str(second if event == "import" else first))
            return self._read(path, path) if Path(path).is_file() and self._names(path) else None
        if event in MOVES:
            old, place = os.path.realpath(_path_in(arguments[2], first)), _path_in(
                arguments[3], second
            )
            new = str(Path(os.path.realpath(place.parent), place.name))  # a link there is replaced
            moved = [one for one in self.written if Path(one).is_relative_to(old)]
            self.written = {one for one in self.written if not Path(one).is_relative_to(new)}
            self.written |= {new + one[len(old) :] for one in moved}
            return None
        # a socket with a name, no address, belongs to this machine: it makes processes start
        if event in PROGRAMS or (event == "socket.connect" and isinstance(second, str | bytes)):
            words = [second] if isinstance(second, str) else [first, *(second or [])[1:]]
            line = " ".join(map(os.fsdecode, words)) if event in NAMED else event
            if event in NAMED and HARMLESS.match(line) and self._is_system(line, arguments[-1]):
                return None
            what = f"starts or asks another program ({line}), and nobody sees what that reads"
            return f"{self.who} {what}; {DECLARE}"
        return f"{self.who} asks the network ({event}), which may answer otherwise later; {DECLARE}"

    def _open(self, name: str, flags: int | None) -> str | None:
        flags, names = flags or 0, [name]
        if not Path(name).is_absolute() and OPEN.is_dir():  # dir_fd may be any open folder
            names += [str(one / name) for one in OPEN.iterdir() if one.is_dir()]
        paths = {os.path.realpath(one): one for one in reversed(names)}
        there = {path for path in paths if os.path.lexists(path) and not Path(path).is_dir()}
        if flags & (os.O_WRONLY | os.O_RDWR):
            emptied = flags & os.O_TRUNC and len(paths) == 1
            self.written |= set(paths) if emptied else set(paths) - there
        if flags & (os.O_WRONLY | os.O_TRUNC):  # which reads nothing of what is there
            return None
        read = (self._read(paths[path], path) for path in sorted(there - self.written))
        return next(filter(None, read), None)

    def _read(self, name: str, path: str) -> str | None:
        study, root, names = self.study, self.study.place.root, self._names(name, path)
        for declared in (one for one in names if one in study.place.files):
            self.written.add(path)  # now it is read here, for its checksum, and once is enough
            changed = sha256_once(path) != study.place.files[declared]
            return f"{declared}: it changed during the run; run this again" if changed else None
        if root and path == os.path.realpath(root / study.data.file):
            what = f"reads {study.data.file}, which holds the test rows"
            return None if self.loads else f"{self.who} {what}; only data.py may read it"
        kind = self._kind(path)
        if kind == "library" or KEPT.fullmatch(Path(path).name):
            return None
        if _is_code(path, kind) and (kind in ("code", "pycache") or _for_a_message()):
            return None
        what = f"reads {(names or [path])[0]}, which study.toml does not declare"
        return f"{self.who} {what}; {CACHE if 'joblib' in Path(path).parts else DECLARE}"

    def _kind(self, path: str) -> str:
        """Return what lies in the innermost known folder around a file."""
        places = _places(self.study.place.root, Path(self.code or self.study.code.folder))
        around = (path, *map(str, Path(path).parents))
        return next((places[one] for one in around if one in places), "")

    def _is_system(self, line: str, env: Any) -> bool:
        """Whether a program is the system's or a library's, or is not there at all."""
        name = line.split()[0].strip('"')
        path = shutil.which(name, path=os.pathsep.join(os.get_exec_path(env)))
        return self._kind(os.path.realpath(path)) == "library" if path else name == Path(name).name

    def _names(self, *paths: str) -> list[str]:
        """Return a file's names in the study's folder; a worker elsewhere has its own folder."""
        folders = {self.study.place.root, LOCK.parent} - {None}
        full = [Path(path).absolute() for path in paths]
        return [
            path.relative_to(folder).as_posix()
            for path in full
            for folder in folders
            if path.is_relative_to(folder)
        ]


def allow(path: str | Path) -> None:
    """Let whoever is watched read a file that the engine answers for, such as a checkpoint."""
    for watch in _WATCHES:
        watch.written.add(os.path.realpath(path))


def _for_a_message() -> bool:
    """Whether a warning or a traceback asks for a line of source, to show it."""
    frame = sys._getframe()
    while frame and frame.f_globals.get("__name__") != "linecache":
        frame = frame.f_back
    return frame is not None


def _path_in(folder: int, name: str | bytes) -> Path:
    """Return a path as it is meant in an open folder, which has a number; -1 is none."""
    return Path(OPEN / str(folder) if folder >= 0 else "", os.fsdecode(name))


def _is_code(path: str, kind: str) -> bool:
    """Whether it is source, or what Python made of source; that source has to be there."""
    file = Path(path)
    source = file.parent.parent / f"{file.name.partition('.')[0]}.py"
    known = kind == "pycache" or (file.parent.name == "__pycache__" and source.is_file())
    return file.suffix == ".py" or (file.suffix == ".pyc" and known)


@lru_cache(maxsize=8)
def _places(root: Path | None, code: Path) -> dict[str, str]:
    """Return what lies in which folder; the innermost counts, and in others nothing known."""
    found = [*LIBRARIES, sys.prefix, sys.base_prefix, ENGINE, LOCK, os.devnull]
    found += [*SYSTEM.split(), *MACOS.split(), os.environ.get("SYSTEMROOT")]
    scripts = [folder / "scripts" for folder in (root, LOCK.parent) if folder]
    home = os.environ.get("HOME") or os.environ.get("USERPROFILE")
    strange = [root, home, "/dev/shm"]  # which may lie inside of others
    kinds = {"library": found, "pycache": [sys.pycache_prefix], "": strange}
    kinds |= {"code": [code.parent, *scripts]}
    return {os.path.realpath(one): kind for kind, all_ in kinds.items() for one in all_ if one}


_WATCHES: list[OnlyDeclared] = []


@cache
def _hook_once() -> None:
    sys.addaudithook(_note)  # Python has no way to take such a hook out again


def _note(event: str, arguments: tuple[Any, ...]) -> None:
    if not _WATCHES or event not in EVENTS:
        return
    wrong = None
    for watch in [one for one in _WATCHES if threading.get_ident() not in one.others]:
        if text := watch.judge(event, arguments):
            watch.refused.append(text)
            wrong = wrong or text
    if wrong:
        raise StudyError(wrong)
