"""Find an interpreter of each offered Python for the tests, or get one from Debian's packages.

A Python that is on PATH or where pyenv keeps them is taken as it is. One that this machine's system
is too old for stands in a folder of the Debian that has it, made once by mmdebstrap below .cache,
and is entered by chroot; what tests read and write is mounted there under the same names.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SUITES = {"3.14": "forky"}  # the Debian whose packages have it
PACKAGES = "python{0},python{0}-venv,ca-certificates,coreutils,dash,git,libstdc++6"
# Packages are laid out and not configured: a Python needs no more, and it takes half the time.
LINKS = (
    'for name in bin sbin lib lib64; do mkdir -p "$1/usr/$name"; ln -s "usr/$name" "$1/$name"; done'
)
OPTIONS = [
    *("--variant=extract", "--dpkgopt=path-exclude=/usr/share/doc/*", f"--setup-hook={LINKS}"),
    '--aptopt=Acquire::Check-Valid-Until "false"',  # a mirror may lag; signatures are checked
]
# What the machine is asked for by name: its devices, settings of its network, and where files are.
SHARED = ("/dev", "/proc", "/etc/ssl", "/etc/hosts", "/etc/resolv.conf", "/etc/pip.conf", "/etc/uv")
ENTER = """
root=$1; here=$(pwd); shift
while [ "$1" != -- ]; do
    mkdir -p "$(dirname "$root$1")"
    if [ -d "$1" ]; then mkdir -p "$root$1"; else : >> "$root$1"; fi
    mount --rbind "$1" "$root$1" || exit 99
    shift
done
shift
exec chroot "$root" /bin/sh -c 'cd "$0" && exec "$@"' "$here" "$@"
"""


def find_python(version):
    """Return an interpreter of a version that really runs, on PATH or where pyenv keeps them."""
    found = [shutil.which(f"python{version}")]
    found += sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python"))
    for python in filter(None, found):
        done = subprocess.run([python, "--version"], capture_output=True, encoding="utf-8")
        if done.returncode == 0 and done.stdout.startswith(f"Python {version}."):
            return Path(python)
    return None


def install(programs):
    """Install programs by apt where root may do so; return why they are not here, or nothing."""
    if all(shutil.which(name) for name in programs):
        return ""
    if not shutil.which("apt-get") or os.geteuid() != 0:
        return f"{' and '.join(programs)} are not here, and only root on Debian can install them"
    apt = ["apt-get", "--quiet", "--option", "DPkg::Lock::Timeout=300"]
    env = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for command in ("update",), ("install", "--yes", "--no-install-recommends", *programs):
        done = subprocess.run([*apt, *command], env=env, capture_output=True, encoding="utf-8")
    if done.returncode:
        return f"{' and '.join(programs)} could not be installed: {done.stderr.strip()[-200:]}"
    return ""


def debian_python(version):
    """Return the words that start a Python of Debian's packages, or why there is none."""
    suite = SUITES.get(version)
    if suite is None:
        return None, f"there is no Python {version} here, and no Debian is known to have it"
    wrong = install(["mmdebstrap"])
    if wrong:
        return None, f"there is no Python {version} here: {wrong}"
    packages = PACKAGES.format(version)
    made_of = hashlib.sha256(f"{suite} {packages} {OPTIONS}".encode()).hexdigest()[:16]
    root = ROOT / ".cache" / f"python-{version}-{made_of}"
    if not (root / "complete").is_file():  # written last: without it the folder is half-made
        shutil.rmtree(root, ignore_errors=True)
        root.parent.mkdir(exist_ok=True)
        command = ["mmdebstrap", *OPTIONS, f"--include={packages}", suite, root]
        done = subprocess.run(command, capture_output=True, encoding="utf-8")
        if done.returncode:
            return None, f"mmdebstrap could not make a {suite}: {done.stderr.strip()[-200:]}"
        (root / "complete").write_text("", encoding="utf-8")
    places = [*SHARED, str(Path.home()), tempfile.gettempdir(), str(ROOT)]
    places.append(str(Path(sys.prefix).resolve()))  # where uv is
    there = [name for name in dict.fromkeys(places) if Path(name).exists()]
    enter = ["unshare", "--mount", "sh", "-c", ENTER, "sh", str(root), *there, "--"]
    done = subprocess.run([*enter, f"python{version}", "--version"], capture_output=True)
    if done.returncode:
        return None, f"no root can be entered here: {done.stderr.decode(errors='replace')[-200:]}"
    return [*enter, f"/usr/bin/python{version}"], ""
