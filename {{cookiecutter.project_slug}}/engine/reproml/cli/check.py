"""Check the study: format, lint, lock, tests with doctests, notebooks, documentation.

All of them run even when the first fails, so that one run shows everything there is to mend. At the
end it says how many questions are open that only the author can answer; they fail nothing.
"""

import importlib.util
import os
import re
import subprocess
import sys
import time

from ..run.terminal import ROOT

CHECKS = {
    "format": "black --check .",
    "lint": "ruff check .",
    "lock": "reproml lock --check",
    "tests": "pytest",  # with the examples in the docstrings
    "checklist": "reproml checklist --count",  # open questions are counted, not refused
    "notebooks": "reproml notebook",
    "documentation": "mkdocs build --strict",  # --quiet would hide broken links
}

# Where questions for the author may stand, and how they are marked in Markdown and in LaTeX.
TEXTS = ("README.md", "data/README.md", "docs/*.md", "paper/main.tex")
QUESTION = re.compile(
    r"^(?:(?:[->] )*\*\*Question for the author:\*\*|\\authorquestion\{)", flags=re.MULTILINE
)


def open_questions(root):
    """Return a warning for each text with questions that only the author can answer.

    No machine can say whether an answer is right, so answering all of them earns no tick.
    """
    texts = [path for pattern in TEXTS for path in sorted(root.glob(pattern))]
    counts = {path: len(QUESTION.findall(path.read_text(encoding="utf-8"))) for path in texts}
    return [
        f"warning: {path.relative_to(root).as_posix()}: {count} open "
        f"{'question' if count == 1 else 'questions'} for the author"
        for path, count in counts.items()
        if count
    ]


def of_the_example(root):
    """Return a warning for each line that is still about the data that the study came with."""
    from ..config.study import StudyError, read_study
    from ..prove.example import EXAMPLE, leftovers

    try:
        found = leftovers(root, read_study(root / "study.toml").data.sha256)
    except StudyError as error:
        return [f"warning: {error}"]
    lines = [f"warning: {line}: this is about the example, or no answer of yours" for line in found]
    return lines + ([f"Rewrite these lines, or accept their files in {EXAMPLE}."] if found else [])


def main():
    """Run every check, print what each says and a table of the outcomes."""
    if not all(map(importlib.util.find_spec, ("black", "mkdocs", "nbclient", "pytest", "ruff"))):
        print(
            "This Python has not all the tools of requirements-dev.txt.\n"
            "Run python scripts/environment.py, then this with the Python of .venv.",
            file=sys.stderr,
        )
        return 1
    # Material for MkDocs otherwise announces its successor in every build.
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    rows = []
    for name, module in CHECKS.items():
        print(f"--- {name}: python -m {module}", flush=True)
        start = time.perf_counter()
        command = [sys.executable, "-m", *module.split()]
        code = subprocess.run(command, cwd=ROOT, env=environment).returncode
        rows.append((name, "ok" if code == 0 else "FAILED", time.perf_counter() - start))
    print()
    for name, outcome, seconds in rows:
        print(f"{name:<15}{outcome:<8}{seconds:6.1f} s")
    for line in open_questions(ROOT):
        print(line)
    from ..prove.provenance import engine_line, engine_state  # with libraries

    for line in of_the_example(ROOT):
        print(line)
    print(engine_line(engine_state(ROOT)))
    return 1 if any(outcome != "ok" for _, outcome, _ in rows) else 0
