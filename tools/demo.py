"""Generate a study with default answers, run it, and say what took how long.

`make demo` runs this. The study lands in demo/my-study and stays there to be looked at; a demo/
folder that this script did not make is left alone.
"""

import argparse
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DEMO = ROOT / "demo"
MARK = DEMO / ".made-by-make-demo"
STUDY = DEMO / "my-study"
STUDY_PYTHON = STUDY / ".venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def timed(command, cwd):
    """Run a command, let it print, and return the seconds it took; stop when it fails."""
    start = time.perf_counter()
    code = subprocess.run([str(part) for part in command], cwd=cwd).returncode
    if code != 0:
        sys.exit(f"make demo stopped: exit {code} of {subprocess.list2cmdline(map(str, command))}")
    return time.perf_counter() - start


def fresh_folder():
    """Make demo/ anew, but only if it is one of ours."""
    if DEMO.exists() and not MARK.is_file():
        sys.exit(f"{DEMO} was not made by this command and is left alone; move it away first.")
    if DEMO.exists():
        shutil.rmtree(DEMO)
    DEMO.mkdir()
    MARK.write_text("`make demo` removes and makes this folder.\n", encoding="utf-8")


def generate(installer):
    """Generate the study with its environment; return the seconds of each stage."""
    command = [sys.executable, "-m", "cookiecutter", ROOT, "--no-input", "--default-config"]
    command += ["--output-dir", DEMO]
    if installer == "auto":
        return {"cookiecutter, environment included": timed(command, ROOT)}
    return {
        "cookiecutter": timed([*command, "setup_environment=no"], ROOT),
        "environment": timed(
            [sys.executable, "scripts/environment.py", "--installer", installer], STUDY
        ),
    }


def installed_with():
    """Return which installer made the study's environment; uv leaves its name in pyvenv.cfg."""
    lines = (STUDY / ".venv" / "pyvenv.cfg").read_text(encoding="utf-8").splitlines()
    return "uv" if any(line.startswith("uv =") for line in lines) else "pip"


def main():
    """Generate, run, and print the times and where to look."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--installer",
        choices=["auto", "uv", "pip"],
        default="auto",
        help="what installs the study's environment; auto (the default) is uv where there is one",
    )
    installer = parser.parse_args().installer
    fresh_folder()
    seconds = generate(installer)
    if not STUDY_PYTHON.exists():
        sys.exit("make demo stopped: the study has no environment; the lines above say why.")
    seconds["baselines"] = timed([STUDY_PYTHON, "scripts/baselines.py"], STUDY)
    first_table = sum(seconds.values())
    seconds["ablation"] = timed([STUDY_PYTHON, "scripts/ablation.py"], STUDY)
    seconds["verify"] = timed([STUDY_PYTHON, "scripts/verify.py"], STUDY)
    print()
    for stage, value in seconds.items():
        print(f"{stage:<36}{value:6.1f} s")
    installer = installed_with()
    print(f"from cookiecutter to first baseline table: {first_table:.0f} s (with {installer})")
    print(
        "\nThe study is in demo/my-study. Look at:\n"
        "  README.md       what it is and how to put your own data in\n"
        "  study.toml      every choice it makes\n"
        "  results/        every number, as it came with the study and was made again here\n"
        "and make a study of your own: .venv/bin/cookiecutter . --output-dir .."
    )


if __name__ == "__main__":
    main()
