"""Make .venv, this study's environment, from the lock: python scripts/environment.py.

Every library comes at the locked version with the locked hash, and the study itself is installed
editable, so `import` finds src/. An environment that is already there is brought up to the lock.
This script needs Python and nothing else; it uses uv where there is one because that is faster.
"""

import argparse
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
# What requires-python of pyproject.toml says: the Pythons that the lock is made for.
RANGE = re.compile(r'^requires-python = ">=3\.(\d+),<3\.(\d+)"', re.MULTILINE)


class CommandError(Exception):
    """A command failed; the message says which and what to do."""


def offered(root):
    """Return the Pythons that a study's lock is made for, newest first: ("3.14", "3.13", ...).

    The file is searched, not parsed: this is where an old Python, without tomllib, learns that it
    is too old.
    """
    found = RANGE.search((root / "pyproject.toml").read_text(encoding="utf-8"))
    if not found:
        raise CommandError(
            "pyproject.toml: no Pythons can be read from it; write them as in\n"
            '  requires-python = ">=3.11,<3.15"'
        )
    return tuple(f"3.{number}" for number in range(int(found[2]) - 1, int(found[1]) - 1, -1))


def find_system():
    """Return what kind of system this is, as Python names it: ("posix", "linux")."""
    return os.name, sys.platform


def how_to_get(pythons):
    """Return the command that gets one of these Pythons on this system, or uv, which fetches it."""
    name, platform = find_system()
    if name == "nt":
        return f"py install {pythons[0]}"
    if platform == "darwin":
        return f"brew install python@{pythons[0]}"
    for python in pythons:  # which of them a Debian or Ubuntu has depends on its age
        if answer(["apt-cache", "show", f"python{python}-venv"]):
            return f"sudo apt install python{python}-venv"
    return "curl -LsSf https://astral.sh/uv/install.sh | sh"


def answer(command):
    """Return what a command prints, or None when it cannot be started or fails."""
    try:
        done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def find_uv(outside=None):
    """Return the command that starts uv, or None; one inside of the given folder is not taken."""
    for uv in (["uv"], [sys.executable, "-m", "uv"]):
        program = shutil.which(uv[0])
        inside = program and outside and outside in Path(program).parent.resolve().parents
        if program and not inside and answer([*uv, "--version"]):
            return uv
    return None


def probe(python, modules=()):
    """Return the version ("3.12") and path of a Python that has the modules, or two Nones.

    Starting it is the only sure way: a name on PATH can be a shim with no Python behind it.
    """
    code = f"import {', '.join(['sys', *modules])}; print('%d.%d' % sys.version_info[:2])"
    found = answer([*python, "-X", "utf8", "-c", f"{code}; print(sys.executable)"])
    return found.splitlines() if found else (None, None)


def find_python(wanted, uv):
    """Return the path of the best Python here: the wanted one, this one, any other offered."""
    modules = () if uv else ("venv", "ensurepip")
    pythons = offered(ROOT)
    others = [version for version in pythons if version != wanted]
    for version in (wanted, None, *others):
        commands = [[sys.executable]]
        if version:
            commands.append([f"python{version}"])
        if version and os.name == "nt":
            commands.append(["py", f"-{version}"])
        if version and uv:
            managed = answer([*uv, "python", "find", "--system", "--no-python-downloads", version])
            commands += [[managed]] if managed else []
        for command in commands:
            found, path = probe(command, modules)
            if found in pythons and version in (None, found):
                if found != wanted:
                    print(f"Python {wanted} (.python-version) is not here; using {found}.")
                return path
    if uv:
        print(f"No Python {', '.join(pythons)} is here; uv fetches {wanted}.")
        return wanted
    here = probe([sys.executable])[0] or "unknown"
    raise CommandError(
        f"No Python {', '.join(pythons)} that can make an environment was found; this is Python "
        f"{here}.\nGet one with the line below, then run this again:\n"
        f"  {how_to_get((wanted, *others))}"
    )


def run(command):
    """Run a command in the study's folder; say by hand what to run when it fails."""
    command = [str(part) for part in command]
    try:
        code = subprocess.run(command, cwd=ROOT).returncode
    except OSError as error:
        code = error
    if code != 0:
        raise CommandError(
            f"This command failed ({code}); run it by hand in {ROOT} to see why:\n"
            f"  {subprocess.list2cmdline(command) if os.name == 'nt' else shlex.join(command)}"
        )


def python_of(wheels):
    """Return the version that a folder's wheels are for ("3.12"): some hold compiled code."""
    names = sorted(path.name for path in Path(wheels).glob("*.whl"))
    if not names:
        raise CommandError(f"{wheels}: there are no wheels in this folder.")
    found = {match for name in names for match in re.findall(r"-cp3(\d+)-cp3\1-", name)}
    if len(found) != 1:
        raise CommandError(f"{wheels}: the wheels are for no one Python 3.x ({sorted(found)}).")
    return f"3.{found.pop()}"


def build(locks, uv, wheels=None):
    """Make .venv, or take the one that is there, and install the locks and the study into it."""
    wanted = python_of(wheels) if wheels else None
    if VENV.exists():
        found, _ = probe([str(PYTHON)])
        if found not in offered(ROOT):
            raise CommandError(
                f".venv is there but has no working Python {', '.join(offered(ROOT))}.\n"
                "Remove the folder .venv and run this again."
            )
        if wanted and found != wanted:
            raise CommandError(f".venv has Python {found}, the wheels are for {wanted}; remove it.")
        print(f"Updating .venv (Python {found}).", flush=True)
        if not uv:
            run([PYTHON, "-m", "ensurepip"])  # an environment made by uv has no pip
    else:
        usual = (ROOT / ".python-version").read_text(encoding="utf-8").strip()
        python = find_python(wanted or usual, uv)
        if wanted and probe([python])[0] != wanted:
            raise CommandError(f"The wheels are for Python {wanted}; install that one.")
        by_uv = ["venv", "--quiet", "--relocatable", "--python", python]  # its programs may move
        make = [*uv, *by_uv] if uv else [python, "-m", "venv"]
        print(f"Making .venv with {'uv' if uv else 'venv and pip'}.", flush=True)
        run([*make, VENV])
    print(f"Installing {', '.join(locks)} and this study.", flush=True)
    if uv:
        install = [*uv, "pip", "install", "--quiet", "--python", PYTHON]
        if sys.dont_write_bytecode:  # then each start would compile all libraries; pip does it here
            install.append("--compile-bytecode")
    else:
        install = [PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    if wheels:
        install += ["--no-index", "--find-links", Path(wheels).resolve()]
    # Wheels only: building a library from source would fetch build tools that no lock holds.
    files = [part for lock in locks for part in ("-r", lock)]
    run([*install, "--require-hashes", "--only-binary", ":all:", *files])
    run([*install, "--no-deps", "--no-build-isolation", "-e", "."])
    relocate()


def relocate():
    """Let .venv find src and engine by the way from there: a study that is moved runs its own code.

    The installers write absolute paths, and with these a copy would run the original's code.
    """
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    site = Path(answer([str(PYTHON), "-X", "utf8", "-c", code]))
    folders = [ROOT / "engine", ROOT / "src"]
    for path in site.glob("_*.pth"):
        named = [Path(line).name for line in path.read_text(encoding="utf-8").splitlines()]
        if sorted(named) == ["engine", "src"]:
            lines = [Path(os.path.relpath(one, site)).as_posix() + "\n" for one in folders]
            path.unlink()  # uv's may be one file with that of its cache
            path.write_bytes("".join(lines).encode("ascii"))
            return
    raise CommandError(f"{site}: the installer left no file that names src and engine.")


def read_options():
    """Return what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0], allow_abbrev=False)
    parser.add_argument(
        "--runtime",
        action="store_true",
        help="install only what the study runs on (requirements.txt), no tools to check it with",
    )
    parser.add_argument(
        "--wheels",
        type=Path,
        help="install from this folder of wheels, without a network (implies --runtime)",
    )
    parser.add_argument(
        "--extra",
        action="append",
        default=[],
        help="install an extra of pyproject.toml too, such as dask",
    )
    parser.add_argument(
        "--installer",
        choices=["auto", "uv", "pip"],
        default="auto",
        help="what installs: uv, pip, or (auto, the default) uv where there is one and else pip",
    )
    return parser.parse_args()


def locks_of(options):
    """Return the files that name what is installed; refuse an extra that has none."""
    locks = ["requirements.txt" if options.runtime or options.wheels else "requirements-dev.txt"]
    for extra in options.extra:
        locks.append(f"requirements-{extra}.txt")
        if not (ROOT / locks[-1]).is_file():
            there = ", ".join(sorted(path.name for path in ROOT.glob("requirements*.txt")))
            raise CommandError(f"There is no {locks[-1]} here; there is {there}.")
    return locks


def main():
    """Read the options, make the environment, and leave nothing half-made behind."""
    options = read_options()
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # a path may hold what a console cannot show
    was_there = VENV.exists()
    try:
        # The lock holds uv too, and Windows cannot replace a program while it runs.
        busy = VENV if os.name == "nt" else None
        uv = None if options.installer == "pip" else find_uv(outside=busy)
        if options.installer == "uv" and not uv:
            raise CommandError("uv was asked for, but it is neither on PATH nor in this Python.")
        build(locks_of(options), uv, options.wheels)
    except BaseException as error:  # interrupts too: a half-made .venv looks like a whole one
        if not was_there and VENV.exists():
            shutil.rmtree(VENV)
            print("The half-made .venv was removed.", file=sys.stderr)
        if not isinstance(error, CommandError):
            raise
        print(error, file=sys.stderr)
        return 1
    activate = r".venv\Scripts\activate" if os.name == "nt" else "source .venv/bin/activate"
    print(f"The environment is ready. To use it: {activate}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
