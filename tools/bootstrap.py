"""Make the template's own .venv from requirements-dev.txt, with nothing but Python.

It is made again only when the lock changes: .venv keeps the hash of the lock it was made from. The
file avoids new syntax, so that an old Python gets the message below and not a syntax error.
"""

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
LOCK = ROOT / "requirements-dev.txt"
STAMP = VENV / "lock.sha256"
VERSION = "{}.{}".format(*sys.version_info)
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def environment_script():
    """Import what makes a study's environment; it knows Pythons and how to get one."""
    path = ROOT / "{{cookiecutter.project_slug}}" / "engine" / "reproml" / "cli" / "environment.py"
    spec = importlib.util.spec_from_file_location("environment", str(path))
    module = importlib.util.module_from_spec(spec)
    sys.dont_write_bytecode = True  # studies are rendered from that folder, and get all in it
    spec.loader.exec_module(module)
    return module


def is_current(digest):
    """Say whether .venv was made from this lock and its Python still starts."""
    if not STAMP.is_file() or STAMP.read_text(encoding="utf-8") != digest:
        return False
    try:
        return subprocess.run([str(PYTHON), "-c", ""], capture_output=True).returncode == 0
    except OSError:
        return False


def make(digest):
    """Make .venv anew; the stamp is written last, so a half-made one is never taken for whole."""
    if VENV.exists():
        shutil.rmtree(str(VENV))
    print(f"Making .venv from requirements-dev.txt with Python {VERSION}.", flush=True)
    pip = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    for command in (
        [sys.executable, "-m", "venv", str(VENV)],
        [*pip, "--require-hashes", "--only-binary", ":all:", "-r", str(LOCK)],
    ):
        code = subprocess.run(command).returncode
        if code != 0:
            sys.exit(
                f"This command failed ({code}); run it by hand to see why:\n"
                f"  {subprocess.list2cmdline(command)}\n"
                "On Debian and Ubuntu, making .venv needs the package python3-venv."
            )
    STAMP.write_text(digest, encoding="utf-8")


def main():
    """Refuse a Python that the lock is not made for, then make .venv if that is needed."""
    script = environment_script()
    pythons = script.offered(ROOT)
    if VERSION not in pythons:
        sys.exit(
            f"This is Python {VERSION}; one of {', '.join(pythons)} is needed. To get one:\n"
            f"  {script.how_to_get(pythons)}\n"
            f"Where it has another name, say so: make demo PYTHON=python{pythons[0]}"
        )
    digest = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    if not is_current(digest):
        make(digest)


if __name__ == "__main__":
    main()
