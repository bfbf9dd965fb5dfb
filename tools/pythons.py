"""The Pythons that the template offers: named in cookiecutter.json, written from there everywhere.

    python tools/pythons.py               # write them into all files that name them
    python tools/pythons.py --check       # say which files name others, and what the calendar asks
    python tools/pythons.py --libraries   # say which Pythons the newest libraries allow
    python tools/pythons.py --try PYTHON  # verify a study on PYTHON with the newest libraries

`python_version` of cookiecutter.json is the one place to change; its first one is the default. The
calendar is Python's own (PEP 602: a new one each October, with five years of security support) and
this project's rule: a Python is offered from a year after its release until its support ends.
"""

import argparse
import datetime
import json
import os
import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

from studies import paths

ROOT = Path(__file__).resolve().parent.parent
STUDY = ROOT / "{{cookiecutter.project_slug}}"
QUESTIONS = json.loads((ROOT / "cookiecutter.json").read_text(encoding="utf-8"))
DEFAULT = QUESTIONS["python_version"][0]
OFFERED = sorted(QUESTIONS["python_version"], key=lambda one: int(one.partition(".")[2]))
PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^ ;\\\n]+)", re.MULTILINE)
PLATFORMS = ("linux", "macos", "windows")
STUDY_GITHUB = ".github/workflows/{% if cookiecutter.ci == 'github' %}ci.yml{% endif %}"
STUDY_GITLAB = "{% if cookiecutter.ci == 'gitlab' %}.gitlab-ci.yml{% endif %}"


def minor(python):
    """Return the second number of a version: 13 of "3.13"."""
    return int(python.partition(".")[2])


def after(offered):
    """Return the Python that comes after the newest of these."""
    return f"3.{minor(offered[-1]) + 1}"


def in_words(pythons):
    """Return versions as a sentence has them: "3.11, 3.12 or 3.13"."""
    return f"{', '.join(pythons[:-1])} or {pythons[-1]}"


def texts(offered, default, questions):
    """Return what stands for these Pythons, by what finds it in a file."""
    quoted = ", ".join(f'"{one}"' for one in offered)
    classifiers = "".join(f'    "Programming Language :: Python :: {one}",\n' for one in offered)
    asked = ", ".join(f'"{one}"' for one in questions)
    return {
        r'requires-python = "[^"]*"': f'requires-python = ">={offered[0]},<{after(offered)}"',
        r'(    "Programming Language :: Python :: 3\.\d+",\n)+': classifiers,
        r'(?<=python: )\["3[^]]*\]': f"[{quoted}]",
        r'(?<=PYTHON: )\["3[^]]*\]': f"[{quoted}]",
        r'(?<=python-version: )"3\.\d+"(?! #)': f'"{default}"',
        r'(?<=python-version: )"3\.\d+"(?= # the next one)': f'"{after(offered)}"',
        r'(?<="python_version": )\["3[^]]*\]': f"[{asked}]",
        r"(?<=Python )3\.\d+(, 3\.\d+)* or 3\.\d+": in_words(offered),
    }


def places(root):
    """Return every file that names the offered Pythons."""
    study = root / STUDY.name
    return [
        *(root / name for name in ("README.md", "pyproject.toml", "docs/index.md")),
        *(root / name for name in ("docs/questions.md", "hooks/pre_gen_project.py")),
        *sorted((root / ".github" / "workflows").glob("*.yml")),
        *(study / name for name in ("README.md", "pyproject.toml", STUDY_GITHUB, STUDY_GITLAB)),
    ]


def renewed(root, offered=OFFERED, default=DEFAULT, questions=QUESTIONS["python_version"]):
    """Return {file: its text with the offered Pythons}; refuse a file that names none."""
    found = {}
    for path in places(root):
        text, count = path.read_text(encoding="utf-8"), 0
        for pattern, new in texts(offered, default, questions).items():
            text, times = re.subn(pattern, new, text)
            count += times
        if not count:
            raise SystemExit(f"{path.relative_to(root)}: names no Python; take it out of places()")
        found[path] = text
    return found


def stale(root, **how):
    """Return the files that name other Pythons than cookiecutter.json."""
    return [
        path.relative_to(root).as_posix()
        for path, text in renewed(root, **how).items()
        if path.read_text(encoding="utf-8") != text
    ]


def asked_by_calendar(offered, today):
    """Return what the calendar asks of these Pythons on a day, a sentence each.

    Python 3.N comes out in October of 2011 + N and gets security fixes for five years.
    """
    asked = []
    for python in offered:
        ends = datetime.date(2016 + minor(python), 10, 31)
        if today > ends:
            asked.append(
                f"Python {python} has had no security support since {ends:%B %Y}: take it out of "
                "python_version in cookiecutter.json, then run tools/pythons.py and make lock"
            )
    newest = today.year - 2011 - (today.month <= 10)  # the last one that is out
    for number in range(minor(offered[0]), newest):  # and those before it are a year old
        python = f"3.{number}"
        if python not in offered and today <= datetime.date(2016 + number, 10, 31):
            asked.append(
                f"Python {python} was released over a year ago and is not offered: add it to "
                "python_version in cookiecutter.json and its image to templates/images, then run "
                "tools/pythons.py and make lock"
            )
    return asked


def compiled(wanted, python, platform, uv):
    """Ask uv for wheels of some requirements; return what it prints, and its error or nothing."""
    command = [*uv, "pip", "compile", "--quiet", "--no-deps", "--only-binary", ":all:"]
    command += ["--no-header", "--no-annotate", "--python", sys.executable]  # looks for no other
    command += ["--python-version", python, "--python-platform", platform, "-"]
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            command, cwd=folder, input="\n".join(wanted), capture_output=True, encoding="utf-8"
        )
    return done.stdout, done.stderr if done.returncode else ""


def missing(pins, python, uv):
    """Return the libraries that have no wheel of these versions for a Python on some platform."""
    without = []
    for platform in PLATFORMS:
        while True:  # uv names one at a time
            left = [f"{name}=={version}" for name, version in pins.items() if name not in without]
            error = compiled(left, python, platform, uv)[1]
            if not error:
                break
            named = re.findall(r"\b([A-Za-z0-9._-]+)==", error)
            new = [name for name in named if name in pins and name not in without]
            if not new:
                raise SystemExit(f"uv could not look libraries up:\n{error}")
            without += new[:1]
    return sorted(without)


def libraries(locked, uv, offered=OFFERED):
    """Return {Python: what its users could have}, for those offered and the one after them.

    The newest libraries are those that the Python after the offered ones gets.
    """
    following = after(offered)
    wanted = [f"{name}>={version}" for name, version in locked.items()]
    found, error = compiled(wanted, following, PLATFORMS[0], uv)
    newest = dict(PIN.findall(found)) if not error else locked
    lines = {}
    for python in [*offered, following]:
        new, old = missing(newest, python, uv), missing(locked, python, uv)
        lines[python] = "; ".join(
            f"{'no wheel of' if without else 'every library as'} {kind}"
            + "".join(f" {name} {pins[name]}" for name in without)
            for kind, without, pins in (("locked", old, locked), ("newest", new, newest))
        )
    return lines


def try_python(python, uv):
    """Verify a new study on an interpreter with the newest libraries; return the exit code."""
    with tempfile.TemporaryDirectory() as folder:
        made = [sys.executable, "-m", "cookiecutter", ROOT, "--no-input", "--default-config"]
        made += ["--output-dir", folder, "setup_environment=no"]
        subprocess.run(made, check=True)
        study = Path(folder) / "my-study"
        project = tomllib.loads((study / "pyproject.toml").read_text(encoding="utf-8"))
        environment = study / ".venv"
        subprocess.run([*uv, "venv", "--python", python, environment], check=True)
        install = [*uv, "pip", "install", "--python", environment, "--only-binary", ":all:"]
        done = subprocess.run([*install, *project["project"]["dependencies"]])
        if done.returncode:
            return done.returncode
        bin_folder = "Scripts" if os.name == "nt" else "bin"
        # other libraries than the lock's are meant here
        command = [environment / bin_folder / "python", "scripts/verify.py", "--numbers"]
        env = os.environ | {"PYTHONPATH": paths(study)}
        return subprocess.run(command, cwd=study, env=env).returncode


def main():
    """Read the options; write, check, or look the libraries up."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="change nothing; fail if files differ")
    parser.add_argument(
        "--libraries", action="store_true", help="say which Pythons the newest libraries allow"
    )
    parser.add_argument("--try", dest="python", help="verify a study on this interpreter")
    options = parser.parse_args()
    if options.python:
        sys.exit(try_python(options.python, [sys.executable, "-m", "uv"]))
    if options.libraries:
        lock = (STUDY / "requirements-dev.txt").read_text(encoding="utf-8")
        lines = libraries(dict(PIN.findall(lock)), [sys.executable, "-m", "uv"])
        print("\n".join(f"Python {python}: {line}" for python, line in lines.items()))
        python, line = list(lines.items())[-1]
        if "no wheel of locked" not in line:
            sys.exit(f"Python {python} can be offered: every locked library has a wheel for it.")
        return
    if options.check:
        wrong = [f"{name}: names other Pythons; run tools/pythons.py" for name in stale(ROOT)]
        wrong += asked_by_calendar(OFFERED, datetime.date.today())
        sys.exit("\n".join(wrong) or 0)
    for path, text in renewed(ROOT).items():
        path.write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
