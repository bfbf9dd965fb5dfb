"""The stages of a study: its scripts, and what the engine makes before, between and after them."""

import contextlib
import io
import shutil
import sys
import time
from collections.abc import Callable
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

from ..config.study import StudyError
from ..config.watch import OnlyDeclared
from ..run.manifest import KEPT
from ..run.run import Run
from ..run.terminal import ROOT
from ..run.test_rows import may_be_scored
from . import claim, leakage, report, share

ENGINE = {
    "leakage": leakage.main,
    "claim": claim.main,
    "sharing": share.write_reference,  # the model is no result that comes out to the last bit
    "report": report.write_tables,
}


def make_all(
    run: Run, into: Path, *, fresh: bool = False, only: tuple[str, ...] = ()
) -> dict[str, float]:
    """Run every stage (or only some) into a folder; return how many seconds each took."""
    for name in KEPT:
        if (run.results / name).is_file():
            shutil.copy(run.results / name, into / name)
    made = run.into(into, fresh=fresh)
    seconds = {}
    stages = [name for name in stages_of(made) if not only or name in only]
    for number, name in enumerate(stages, start=1):
        start = time.perf_counter()
        made.label = f"{number}/{len(stages)} {name}"
        make = ENGINE.get(name) or load_script(name, run)
        with contextlib.redirect_stdout(io.StringIO()):  # the tables are in the files
            make(made)
        seconds[name] = round(time.perf_counter() - start, 1)
    return seconds


def stages_of(run: Run) -> list[str]:
    """Return the stages in order; figures and report read what others wrote.

    Nothing but scripts/evaluation.py opens the test rows: they are scored again only for a model
    that has had them; for another, this makes everything else and leaves their scores out.
    """
    opened = may_be_scored(run)
    scripts = [name for name in run.study.code.scripts if name != "evaluation" or opened]
    last = scripts.index("figures") if "figures" in scripts else len(scripts)
    return ["leakage", *scripts[:last], "claim", "sharing", *scripts[last:], "report"]


def load_script(name: str, run: Run) -> Callable[[Run], None]:
    """Return the ``main`` of a script of the study."""
    places = [folder / "scripts" / f"{name}.py" for folder in (run.root, ROOT)]
    path = next((path for path in places if path.is_file()), None)
    if path is None:
        raise StudyError(
            f"scripts/{name}.py: STUDY names this script, and there is no such file; write it, or "
            "take the name out of scripts in src/*/__init__.py"
        )
    spec = spec_from_file_location(f"scripts_{name}", path)
    module = module_from_spec(spec)
    sys.modules[spec.name] = module
    try:
        with OnlyDeclared(run.study, f"the import of scripts/{name}.py"):
            spec.loader.exec_module(module)
    finally:  # what no import finds is sent to workers whole, and is not taken from the cache
        del sys.modules[spec.name]
    if not hasattr(module, "main"):
        raise StudyError(f"scripts/{name}.py: there is no function main(run); write it")
    return module.main
