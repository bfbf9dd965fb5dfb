"""Build the paper from the committed results: paper/build/main.pdf."""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import subprocess
from argparse import Namespace
from datetime import datetime
from pathlib import Path
from typing import Any


from . import figures
from .common import options, run, say

MANIFEST = "manifest.json"
# Both build a PDF; the first that is there does.
BUILDERS = {
    "latexmk": ["-norc", "-pdf", "-interaction=nonstopmode", "-halt-on-error", "-file-line-error"],
    "tectonic": ["-X", "compile", "--keep-logs"],
}
FOLDER = {"latexmk": "-outdir=build", "tectonic": "--outdir=build"}
INSTALL = """\
No LaTeX was found: neither latexmk (with pdflatex) nor tectonic is on PATH. Install one of them:
  Debian, Ubuntu  sudo apt-get install latexmk lmodern texlive-latex-recommended
  Fedora          sudo dnf install latexmk texlive-collection-latexrecommended texlive-lm
  macOS           brew install tectonic, or MacTeX (tug.org/mactex)
  Windows         choco install tectonic, or MiKTeX (miktex.org) and Strawberry Perl
  anywhere        conda install -c conda-forge tectonic"""


def main(arguments: Namespace) -> None:
    """Draw the figures as PDF, build the article, and say where it is or what is wrong with it."""
    from ..config.study import StudyError
    from ..write.latex import log_message, typed_numbers

    builder = find_builder()
    paper = arguments.study.resolve().parent / "paper"
    manifest = read_manifest(arguments)
    for note in stale(manifest, arguments):
        say(f"note: {note}; run scripts/reproduce.py if the paper is to say what they say now")
    for line, text in typed_numbers((paper / "main.tex").read_text(encoding="utf-8")):
        say(f"note: paper/main.tex:{line} has a number that was typed: {text}")
    shutil.rmtree(paper / "figures", ignore_errors=True)  # whatever is there was drawn
    with contextlib.redirect_stdout(io.StringIO()):
        figures.main(Namespace(**vars(arguments), format="pdf", into=paper / "figures"))

    build = paper / "build"
    shutil.rmtree(build, ignore_errors=True)  # what an old run left changes no byte of a new one
    build.mkdir()
    command = [builder, *BUILDERS[Path(builder).stem], FOLDER[Path(builder).stem], "main.tex"]
    done = subprocess.run(
        command,
        cwd=paper,
        env=environment(manifest),
        capture_output=True,
        encoding="utf-8",
        errors="replace",
    )
    log = build / "main.log"
    told = log.read_text(encoding="utf-8", errors="replace") if log.is_file() else ""
    wrong = log_message(told) or (log_message(done.stderr) if done.returncode else "")
    if done.returncode and not wrong:
        wrong = "\n".join((done.stdout + done.stderr).strip().splitlines()[-5:])
    if wrong:
        raise StudyError(f"the paper cannot be built\n{wrong}\nMore is in {log}")
    say(f"Written: {build / 'main.pdf'}")


def find_builder() -> str:
    """Return what builds PDFs here, or say what to install."""
    from ..config.study import StudyError

    latexmk, tectonic = shutil.which("latexmk"), shutil.which("tectonic")
    if latexmk and shutil.which("pdflatex"):
        return latexmk
    if tectonic:
        return tectonic
    raise StudyError(INSTALL)


def read_manifest(arguments: Namespace) -> dict[str, Any]:
    """Return what the results come from."""
    from ..config.study import StudyError

    path = arguments.results / MANIFEST
    if not path.is_file():
        raise StudyError(f"{path}: there is no such file; run scripts/reproduce.py first")
    return json.loads(path.read_text(encoding="utf-8"))


def stale(manifest: dict[str, Any], arguments: Namespace) -> list[str]:
    """Say which inputs and results are not those of the manifest: the paper reads results alone."""
    from .reproduce import digests

    now = digests(arguments, arguments.results)
    then = {key: manifest[key] for key in ("inputs", "results")}
    changed = [
        name
        for key in then
        for name in sorted({*then[key], *now[key]})
        if then[key].get(name) != now[key].get(name)
    ]
    return [f"changed since the results were made: {', '.join(changed)}"] if changed else []


def environment(manifest: dict[str, Any]) -> dict[str, str]:
    """Return the environment for LaTeX: the day of the results is the day of the paper."""
    finished = datetime.fromisoformat(manifest["finished"])
    fixed = {
        "SOURCE_DATE_EPOCH": str(int(finished.timestamp())),
        "FORCE_SOURCE_DATE": "1",
        "max_print_line": "1000",  # lines of the log stay whole
    }
    return fixed | dict(os.environ)


def start() -> None:
    """Read the command line and run."""
    run(main, options(__doc__))
