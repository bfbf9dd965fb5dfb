"""Renew every lock: the study's, its pre-commit pins, and the template's own two.

`make lock` runs this with --upgrade; without it only what pyproject.toml asks for changes. The work
is done in a temporary copy, so a failure leaves every file as it was.
"""

import argparse
import importlib
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

from pythons import OFFERED, libraries

ROOT = Path(__file__).resolve().parent.parent
STUDY = ROOT / "{{cookiecutter.project_slug}}"
LOCK = "requirements-dev.txt"
JUDGES = "tests/judges.txt"  # what only reads; bound to nothing else
# Answers that uv would refuse as they stand in the study's pyproject.toml.
ANSWERS = {"{{ cookiecutter.project_slug }}": "study", "{{ cookiecutter.license }}": "MIT"}


def study_script(name):
    """Import a verb of the study's engine; the template locks with the study's own code."""
    sys.dont_write_bytecode = True  # studies are rendered from that folder, and get all in it
    sys.path.insert(0, str(STUDY / "engine"))
    try:
        return importlib.import_module(f"reproml.cli.{name}")
    finally:
        sys.path.pop(0)


def check(root, study):
    """Return every disagreement, in the template's own lock and in the study's."""
    script = study_script("lock")
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = project["project"]["dependencies"] + project["dependency-groups"]["dev"]
    text = (root / LOCK).read_text(encoding="utf-8")
    wrong = script.check_lock(LOCK, text, wanted)
    judges = (root / JUDGES).read_text(encoding="utf-8")
    wrong += script.check_lock(JUDGES, judges, project["dependency-groups"]["judges"])
    ours = script.read_pins(text)
    theirs = script.read_pins((study / LOCK).read_text(encoding="utf-8"))
    for package in sorted(ours.keys() & theirs.keys()):
        if ours[package] != theirs[package]:
            wrong.append(f"{package} is {ours[package]} here and {theirs[package]} in the study")
    return wrong + script.problems(study)


def renew(root, study, uv, upgrade):
    """Write all locks and pins under these two folders; the template's own follow the study's."""
    script = study_script("lock")
    script.renew(study, uv, upgrade)
    command = [*uv, *script.COMPILE, "--custom-compile-command", "make lock"]
    command += ["--python-version", OFFERED[0]]
    command += ["--upgrade"] if upgrade else []
    bounds = ["pyproject.toml", "--group", "dev", "-c", f"{study.name}/{LOCK}"]
    for lock, requirements in ((LOCK, bounds), (JUDGES, ["--group", "judges"])):
        subprocess.run([*command, *requirements, "-o", lock], cwd=root, check=True)


def main():
    """Read the option, renew a copy, check it, and take it over."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--upgrade", action="store_true", help="take the newest of everything")
    upgrade = parser.parse_args().upgrade
    script = study_script("lock")
    files = ["pyproject.toml", script.RUNTIME, script.DEVELOPMENT, script.HOOKS]
    extras = list(script.extra_locks(STUDY).values())
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        study = copy / "study"
        study.mkdir()
        (copy / JUDGES).parent.mkdir()
        for name in ("pyproject.toml", LOCK, JUDGES):
            shutil.copy(ROOT / name, copy / name)
        for name in [*files, *extras]:
            if (STUDY / name).is_file():  # the lock of a new extra is made now
                shutil.copy(STUDY / name, study / name)
        project = (study / "pyproject.toml").read_text(encoding="utf-8")
        for answer, value in ANSWERS.items():
            project = project.replace(answer, value)
        (study / "pyproject.toml").write_text(project, encoding="utf-8", newline="\n")
        try:
            renew(copy, study, [sys.executable, "-m", "uv"], upgrade)
        except subprocess.CalledProcessError as error:
            sys.exit(f"uv could not make a lock (exit {error.returncode}); nothing was changed.")
        wrong = check(copy, study)
        if wrong:
            sys.exit("\n".join([*wrong, "Nothing was changed."]))
        for name in (LOCK, JUDGES):
            shutil.copy(copy / name, ROOT / name)
        for name in [*files[1:], *extras]:
            shutil.copy(study / name, STUDY / name)
    print("All locks are renewed and agree. Which Pythons they and the newest libraries allow:")
    locked = script.read_pins((STUDY / LOCK).read_text(encoding="utf-8"))
    for python, line in libraries(locked, [sys.executable, "-m", "uv"]).items():
        print(f"  Python {python}: {line}")


if __name__ == "__main__":
    main()
