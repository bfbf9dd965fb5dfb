"""Build or show the template's own site: `make docs`.

The pages show a study of the default answers at work, so one is made first, under .cache/docs, with
its locked environment; that has what builds the site, too.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WORK = ROOT / ".cache" / "docs"


def make_study(folder):
    """Generate a study of the default answers, without git; return its folder."""
    made = folder / "my-study"
    command = [sys.executable, "-m", "cookiecutter", ROOT, "--no-input", "--default-config"]
    command += ["--output-dir", folder, "setup_environment=no"]
    done = subprocess.run([str(part) for part in command], capture_output=True)
    if done.returncode != 0:  # otherwise its closing words would be read as those of the site
        sys.exit(done.stderr.decode("utf-8", "replace"))
    shutil.rmtree(made / ".git", ignore_errors=True)
    return made


def study_python(study):
    """Make the study's locked environment beside it, unless it is there; return its Python."""
    lock = (study / "requirements-dev.txt").read_bytes()
    home = WORK / "environment"
    python = home / ".venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not (python.exists() and (home / "requirements-dev.txt").read_bytes() == lock):
        shutil.rmtree(home, ignore_errors=True)
        shutil.copytree(study, home)
        subprocess.run([sys.executable, "scripts/environment.py"], cwd=home, check=True)
    return python


def main():
    """Make the study, then let mkdocs of its environment build or serve the site."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "do", choices=["serve", "build"], help="show it at a local address, or build"
    )
    parser.add_argument(
        "--python", help="Python of the study's locked environment, if there is one"
    )
    parser.add_argument("--site", type=Path, default=ROOT / "site", help="where to build")
    given = parser.parse_args()
    WORK.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=WORK) as folder:  # another build can go on beside this
        study = make_study(Path(folder))
        command = [given.python or study_python(study), "-m", "mkdocs", given.do]
        command += ["--config-file", ROOT / "mkdocs.yml", "--strict"]
        command += ["--site-dir", given.site.resolve()] if given.do == "build" else []
        env = os.environ | {"REPRO_ML_STUDY": str(study), "NO_MKDOCS_2_WARNING": "1"}
        code = subprocess.run([str(part) for part in command], cwd=ROOT, env=env).returncode
    sys.exit(code)


if __name__ == "__main__":
    main()
