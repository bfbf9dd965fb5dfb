"""Make the reference results of every example again: `make references`.

A fresh study arrives with the results of its example, so that its author's machine can verify ours
on the first day. They are kept once, under templates/results/<task>-<dependence>/, and the study
includes them. Run this after a change of the lock, of the example data, or of code that makes
numbers, and read the diff: it is the change in every number that users will see.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from cookiecutter.main import cookiecutter
from studies import paths

ROOT = Path(__file__).resolve().parent.parent
PARTIALS = ROOT / "templates" / "results"
STUDY = ROOT / "{{cookiecutter.project_slug}}"
TASKS = ("classification", "regression")
DEPENDENCES = ("independent", "grouped", "temporal", "spatial")


def study_python(folder):
    """Make the study's locked environment; return its Python."""
    path = generate(folder, "classification", "independent")
    subprocess.run([sys.executable, "scripts/environment.py"], cwd=path, check=True)
    return path / ".venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def generate(folder, task, dependence):
    """Generate a study without git, so that its manifest names no commit of a throwaway."""
    answers = {"task": task, "dependence": dependence, "setup_environment": "no"}
    made = cookiecutter(
        str(ROOT),
        no_input=True,
        default_config=True,
        extra_context=answers,
        output_dir=str(Path(folder) / f"{task}-{dependence}"),
    )
    shutil.rmtree(Path(made) / ".git", ignore_errors=True)
    return Path(made)


def make_results(path, python):
    """Reproduce a generated study from nothing; return its results by name."""
    shutil.rmtree(path / "results", ignore_errors=True)
    env = os.environ | {
        "PYTHONPATH": paths(path),
        "GIT_CEILING_DIRECTORIES": str(path.parent),
    }
    subprocess.run([python, "scripts/reproduce.py", "--fresh"], cwd=path, env=env, check=True)
    files = (p for p in (path / "results").rglob("*") if p.is_file())
    return {p.relative_to(path / "results").as_posix(): p.read_bytes() for p in sorted(files)}


def condition(examples):
    """Return the Jinja condition that holds for just these examples; none where it is all."""
    everything = {f"{task}-{dependence}" for task in TASKS for dependence in DEPENDENCES}
    if examples == everything:
        return ""
    tasks = sorted({name.partition("-")[0] for name in examples})
    dependences = sorted({name.partition("-")[2] for name in examples})
    if examples != {f"{task}-{dependence}" for task in tasks for dependence in dependences}:
        sys.exit(f"no simple condition gives {sorted(examples)}")
    parts = []
    if len(tasks) < len(TASKS):
        parts.append(f"cookiecutter.task == '{tasks[0]}'")
    if dependences == sorted(set(DEPENDENCES) - {"independent"}):
        parts.append("cookiecutter.dependence != 'independent'")
    elif len(dependences) < len(DEPENDENCES):
        parts.append(f"cookiecutter.dependence in {tuple(dependences)}")
    return " and ".join(parts)


def write_includes(names):
    """Write the study's results folder: one line per file, which brings the partial in."""
    shutil.rmtree(STUDY / "results", ignore_errors=True)
    for name, examples in sorted(names.items()):
        rule = condition(examples)
        folder, _, file = name.rpartition("/")
        shown = "{% if " + rule + " %}" + file + "{% endif %}" if rule else file
        target = STUDY / "results" / folder / shown
        target.parent.mkdir(parents=True, exist_ok=True)
        example = "cookiecutter.task ~ '-' ~ cookiecutter.dependence"
        line = "{% include 'results/' ~ " + example + " ~ '/" + name + "' %}\n"
        target.write_text(line, encoding="utf-8", newline="\n")


def main():
    """Reproduce all eight examples and put their results in place."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--python", help="Python of the study's locked environment, if there is one"
    )
    given = parser.parse_args().python
    with tempfile.TemporaryDirectory() as folder:
        python = given or study_python(Path(folder) / "environment")
        found = {}
        for task in TASKS:
            for dependence in DEPENDENCES:
                print(f"{task}, {dependence}", flush=True)
                path = generate(folder, task, dependence)
                found[f"{task}-{dependence}"] = make_results(path, python)
    shutil.rmtree(PARTIALS, ignore_errors=True)
    names = {}
    for example, files in found.items():
        for name, content in files.items():
            target = PARTIALS / example / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
            names.setdefault(name, set()).add(example)
    write_includes(names)
    print(f"{len(names)} files, {len(found)} examples: read `git diff --stat templates/results`")


if __name__ == "__main__":
    main()
