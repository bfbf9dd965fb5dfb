"""Build the paper from the committed results: paper/build/main.pdf."""

import os
import shutil
import subprocess
from datetime import datetime
from pathlib import Path
from typing import Any

from ..config.study import StudyError
from ..run.manifest import changed_since, read_manifest
from ..run.run import Run
from ..run.terminal import say
from ..write.latex import log_message
from ..write.typed_numbers import typed_numbers

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


def main(run: Run) -> None:
    """Draw the figures as PDF, build the article, and say where it is or what is wrong with it."""
    builder = find_builder()
    paper, manifest = run.root / "paper", read_manifest(run.results)
    changed = changed_since(manifest, run)  # the paper reads results alone
    if changed:
        say(
            f"note: changed since the results were made: {', '.join(changed)}; run "
            "scripts/reproduce.py if the paper is to say what they say now"
        )
    text = (paper / "main.tex").read_text(encoding="utf-8")
    for one in typed_numbers(text, latex=True):
        if not one.accepted:
            line = text.splitlines()[one.line - 1].strip()
            say(f"note: paper/main.tex:{one.line} has a number that was typed: {line}")
    shutil.rmtree(paper / "figures", ignore_errors=True)  # whatever is there was drawn
    run.draw_figures("pdf", paper / "figures")

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
    latexmk, tectonic = shutil.which("latexmk"), shutil.which("tectonic")
    if latexmk and shutil.which("pdflatex"):
        return latexmk
    if tectonic:
        return tectonic
    raise StudyError(INSTALL)


def environment(manifest: dict[str, Any]) -> dict[str, str]:
    """Return the environment for LaTeX: the day of the results is the day of the paper."""
    finished = datetime.fromisoformat(manifest["finished"])
    fixed = {
        "SOURCE_DATE_EPOCH": str(int(finished.timestamp())),
        "FORCE_SOURCE_DATE": "1",
        "max_print_line": "1000",  # lines of the log stay whole
    }
    return fixed | dict(os.environ)
