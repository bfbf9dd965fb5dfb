"""Renew the lock from pyproject.toml: python -m reproml lock.

requirements.txt holds what the study runs on, requirements-dev.txt that and the tools, and each
extra has a file of its own (requirements-dask.txt): what the study runs on and what the extra adds.
All give one exact version with its hashes for every system and offered Python. uv does it; it is in
.venv with the other tools.
"""

import re
import subprocess
import sys
import tomllib

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from ..run.terminal import ROOT
from .environment import find_uv, offered

RUNTIME, DEVELOPMENT = "requirements.txt", "requirements-dev.txt"
HOOKS = ".pre-commit-config.yaml"
PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", re.MULTILINE)
HOOK_PIN = re.compile(r"- ([A-Za-z0-9._-]+)==(\S+)")
COMPILE = ["pip", "compile", "--quiet", "--universal", "--generate-hashes"]
COMPILE += ["--fork-strategy", "fewest"]  # one version that all offered Pythons have
# Where one person installs from stays theirs: no address goes into the lock.
COMPILE += ["--no-emit-index-url", "--no-emit-find-links"]


def read_pins(text):
    """Return {package: version} of a lock; a package that stands twice gives both versions."""
    pins = {}
    for name, version in PIN.findall(text):
        name = canonicalize_name(name)
        pins[name] = f"{pins[name]} and {version}" if name in pins else version
    return pins


def check_lock(name, text, requirements):
    """Return what is wrong with one lock: entries it lacks, forks, missing hashes, addresses."""
    pins = read_pins(text)
    wrong = [
        f"{name}: {package} is locked twice: {pins[package]}"
        for package in pins
        if " " in pins[package]
    ]
    for requirement in map(Requirement, requirements):
        version = pins.get(canonicalize_name(requirement.name))
        if version is None:
            wrong.append(f"{name}: {requirement.name} of pyproject.toml is not locked")
        elif " " not in version and not requirement.specifier.contains(version):
            wrong.append(f"{name}: {requirement.name}=={version} is not {requirement.specifier}")
    for entry in re.split(r"\n(?=\S)", text):
        if PIN.match(entry) and "--hash=sha256:" not in entry:
            wrong.append(f"{name}: no hash for {entry.split()[0]}")
        if not entry.startswith("#") and not PIN.match(entry):
            wrong.append(f"{name}: not an exact version: {entry.splitlines()[0]}")
    if "://" in text:
        wrong.append(f"{name}: holds the address of a package index")
    return wrong


def read_project(root):
    """Return the content of pyproject.toml."""
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))


def extra_locks(root):
    """Return {extra: lock} of the extras of pyproject.toml."""
    extras = read_project(root)["project"].get("optional-dependencies", {})
    return {extra: f"requirements-{extra}.txt" for extra in sorted(extras)}


def problems(root):
    """Return every disagreement between pyproject.toml, the locks and the pre-commit hooks."""
    project, extras = read_project(root), extra_locks(root)
    runtime = project["project"]["dependencies"]
    wanted = {RUNTIME: runtime, DEVELOPMENT: runtime + project["dependency-groups"]["dev"]}
    for extra, name in extras.items():
        wanted[name] = runtime + project["project"]["optional-dependencies"][extra]
    wrong, pins = [], {}
    for name, requirements in wanted.items():
        if not (root / name).is_file():
            wrong.append(f"{name}: there is no such file; run python -m reproml lock")
            continue
        text = (root / name).read_text(encoding="utf-8")
        wrong += check_lock(name, text, requirements)
        pins[name] = read_pins(text)
    locked = pins.get(DEVELOPMENT, {})
    for name, found in pins.items():  # all of them can be installed together
        for package, version in found.items():
            if locked.get(package, version if name in extras.values() else None) != version:
                wrong.append(
                    f"{package} is {version} in {name}, {locked.get(package)} in {DEVELOPMENT}"
                )
    hooks = HOOK_PIN.findall((root / HOOKS).read_text(encoding="utf-8"))
    if not hooks:
        wrong.append(f"{HOOKS}: pins nothing")
    for package, version in hooks:
        if locked.get(canonicalize_name(package)) != version:
            wrong.append(f"{HOOKS}: {package}=={version}, locked is {locked.get(package)}")
    return wrong


def repin_hooks(text, locked):
    """Return the pre-commit configuration with the versions of the lock."""
    return HOOK_PIN.sub(lambda pin: f"- {pin[1]}=={locked[canonicalize_name(pin[1])]}", text)


def renew(root, uv, upgrade):
    """Write all locks and the pins of the pre-commit hooks."""
    options = ["--custom-compile-command", "python -m reproml lock"]
    options += ["--python-version", offered(root)[-1]]  # the oldest decides
    options += ["--upgrade"] if upgrade else []
    kinds = [["-o", RUNTIME], ["--group", "dev", "-c", RUNTIME, "-o", DEVELOPMENT]]
    for extra, name in extra_locks(root).items():
        kinds.append(["--extra", extra, "-c", DEVELOPMENT, "-o", name])
    for kind in kinds:
        subprocess.run([*uv, *COMPILE, *options, "pyproject.toml", *kind], cwd=root, check=True)
    locked = read_pins((root / DEVELOPMENT).read_text(encoding="utf-8"))
    text = (root / HOOKS).read_text(encoding="utf-8")
    (root / HOOKS).write_text(repin_hooks(text, locked), encoding="utf-8", newline="\n")


def main(upgrade, check):
    """Renew the lock, or check it."""
    if not check:
        uv = find_uv()
        if not uv:
            print(
                "uv makes the lock, and it is not here.\n"
                "Run python scripts/environment.py, then this with the Python of .venv.",
                file=sys.stderr,
            )
            return 1
        try:
            renew(ROOT, uv, upgrade)
        except subprocess.CalledProcessError as error:
            print(f"uv could not make the lock (exit {error.returncode}).", file=sys.stderr)
            return 1
    wrong = problems(ROOT)
    print("\n".join(wrong) if wrong else "pyproject.toml, lock and pre-commit hooks agree.")
    return 1 if wrong else 0
