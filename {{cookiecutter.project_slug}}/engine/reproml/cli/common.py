"""What all scripts share: options, messages without traceback, progress, whole files."""

from __future__ import annotations

import argparse
import contextlib
import importlib
import sys
import tempfile
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:  # heavy libraries are imported when a script works, not for --help
    import numpy as np
    import pandas as pd
    from sklearn.pipeline import Pipeline
    from tqdm import tqdm

    from ..compute.cache import Cache
    from ..compute.pool import Pool
    from ..compute.task import Predictions, Task
    from ..config.code import StudyCode
    from ..config.columns import Table
    from ..config.study import Compute, Study
    from ..split.splits import Fold

ROOT = Path(__file__).resolve().parents[3]  # commands work from any folder
BACKENDS = ("loky", "sequential", "dask")
LARGE = 32 * 2**20  # bytes; a table above it is moved into a file, so that it is in memory once
CLOSING = contextlib.ExitStack()  # what scripts opened on the way and close at the end
OPEN: dict[str, Pool] = {}  # stages that run in one process share workers
PREPARED: dict[str, Setting] = {}  # and rows and folds


def options(description: str) -> argparse.ArgumentParser:
    """Return a parser with the options that every script has."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument(
        "--study",
        type=Path,
        default=ROOT / "study.toml",
        help="configuration (default: study.toml)",
    )
    parser.add_argument(
        "--results", type=Path, help="folder to write (default: results, beside the configuration)"
    )
    parser.add_argument(
        "--workers", type=int, help="processes; -1 is every core (default: as in study.toml)"
    )
    parser.add_argument(
        "--backend", choices=BACKENDS, help="who does the work (default: as in study.toml)"
    )
    parser.add_argument(
        "--scheduler", metavar="ADDRESS", help="of a running Dask scheduler; means --backend dask"
    )
    parser.add_argument("--fresh", action="store_true", help="fit everything again, without cache")
    parser.add_argument("--debug", action="store_true", help="show where an error was raised")
    return parser


def run(main: Callable[[argparse.Namespace], None], parser: argparse.ArgumentParser) -> None:
    """Run a script's main function; an error becomes a message and an exit code.

    Exit codes: 0 fine, 1 a defect, 2 a mistake in the study or the command, 130 interrupted.
    """
    arguments = parser.parse_args()
    if arguments.workers == 0:
        parser.error("--workers is 0; use 1 or more, or -1 for every core")
    if arguments.results is None:
        arguments.results = arguments.study.resolve().parent / "results"
    try:
        with CLOSING:
            main(arguments)
    except KeyboardInterrupt:
        sys.exit(_say("interrupted; every file under results is whole", 130))
    except Exception as error:
        from ..config.study import StudyError

        if arguments.debug:
            raise
        if isinstance(error, StudyError):
            sys.exit(_say(f"error: {error}", 2))
        hint = "This looks like a defect; --debug shows where it was raised."
        sys.exit(_say(f"error: {type(error).__name__}: {error}\n{hint}", 1))


def say(text: str = "") -> None:
    """Print a text; what the terminal cannot show becomes a question mark, not an error."""
    encoding = sys.stdout.encoding or "utf-8"
    print(text.encode(encoding, "replace").decode(encoding))


def _say(text: str, code: int) -> int:
    encoding = sys.stderr.encoding or "utf-8"
    print(text.encode(encoding, "replace").decode(encoding), file=sys.stderr)
    return code


def progress(total: int, label: str) -> tqdm:
    """Return a progress bar on stderr; none is drawn where nobody watches."""
    from tqdm import tqdm

    return tqdm(total=total, desc=label, unit="fit", disable=None)


class Setting(NamedTuple):
    """What every experiment starts from: rows, and folds over those that are not locked."""

    study: Study
    table: Table
    folds: list[Fold]
    n_train: float  # mean rows of a fold's training part
    n_test: float
    development: np.ndarray  # positions of the rows that are not locked
    locked: np.ndarray


def open_study(arguments: argparse.Namespace) -> Study:
    """Return what study.toml says, with the author's code."""
    from ..config.study import read_study

    root = arguments.study.resolve().parent
    return read_study(arguments.study).with_code(load_code(root))


def load_code(root: Path) -> StudyCode:
    """Import the author's package, which pyproject.toml names, and return what it hands over."""
    from ..config.study import StudyError

    name = package_of(root)
    code = getattr(importlib.import_module(name), "STUDY", None)
    if code is None:
        raise StudyError(f"src/{name}/__init__.py: there is no STUDY; see engine/README.md")
    return code


def package_of(root: Path) -> str:
    """Return the name of the author's package, as pyproject.toml gives it."""
    from ..config.study import StudyError

    for folder in (root, ROOT):
        path = folder / "pyproject.toml"
        if path.is_file():
            content = tomllib.loads(path.read_text(encoding="utf-8"))
            name = content.get("tool", {}).get("reproml", {}).get("package")
            if isinstance(name, str):
                return name
    raise StudyError(
        "pyproject.toml: it does not name the author's package; write a section [tool.reproml] "
        'with package = "NAME", the folder below src'
    )


def source_folder(arguments: argparse.Namespace) -> Path:
    """Return where the author's files are, without importing them."""
    return ROOT / "src" / package_of(arguments.study.resolve().parent)


def prepare(study: Study, arguments: argparse.Namespace) -> Setting:
    """Load the data, lock the test rows away and cut the shared folds."""
    from ..split.splits import fold_sizes, lock_test_set, make_folds

    key = f"{arguments.study.resolve()} {study.model_dump_json()}"
    if key not in PREPARED:
        table = load(study, arguments)
        how = {"stratify": study.task == "classification", "seed": study.seed}
        rows = lock_test_set(table, study.split, **how)  # development and locked
        folds = make_folds(table, rows[0], study.split, **how)
        PREPARED[key] = Setting(study, table, folds, *fold_sizes(folds), *rows)
    return PREPARED[key]


def load(study: Study, arguments: argparse.Namespace) -> Table:
    """Load the data; a large table is mapped from a file that all workers share."""
    from ..compute.shared_table import map_table

    table = study.code.load_table(study, arguments.study.resolve().parent)
    if table.X.memory_usage(deep=False).sum() < LARGE:
        return table
    return map_table(table, scratch(arguments) / "table")


def scratch(arguments: argparse.Namespace) -> Path:
    """Return a folder for files of this run, beside the study: workers elsewhere may see it too."""
    aside = arguments.study.resolve().parent / ".cache" / "aside"  # reproduce sweeps it
    aside.mkdir(parents=True, exist_ok=True)
    made = tempfile.TemporaryDirectory(dir=aside, ignore_cleanup_errors=True)
    return Path(CLOSING.enter_context(made))


def chosen(study: Study, arguments: argparse.Namespace) -> Compute:
    """Return how the work is spread: as in study.toml, unless the command says otherwise."""
    from ..config.study import parse_compute

    given = {name: getattr(arguments, name, None) for name in ("backend", "workers", "scheduler")}
    if given["scheduler"]:
        given["backend"] = given["backend"] or "dask"
    asked = {name: value for name, value in given.items() if value is not None}
    return parse_compute(study.compute, asked)


def open_backend(study: Study, arguments: argparse.Namespace) -> Pool:
    """Return who does the work; workers stay for the stages that follow."""
    from ..compute.pool import open_pool

    compute = chosen(study, arguments)
    key = compute.model_dump_json()
    if key not in OPEN:
        OPEN[key] = CLOSING.enter_context(open_pool(compute, scratch(arguments)))
    return OPEN[key]


def predict(
    tasks: list[Task],
    study: Study,
    table: Table,
    arguments: argparse.Namespace,
    label: str,
    do: Callable[..., Any] | None = None,
    cached: bool = True,
) -> list[Any]:
    """Fit all tasks (or do something else with them), or take them from the cache."""
    from ..compute.fits import run_fits

    with running(tasks, study, table, arguments, label, cached) as how:
        return run_fits(tasks, table, study, do=do, **how)


def score(
    models: dict[str, Pipeline],
    setting: Setting,
    arguments: argparse.Namespace,
    label: str,
    purpose: str | None = None,
) -> pd.DataFrame:
    """Fit every model on every fold and return the scores in long form."""
    return score_and_keep(models, setting, arguments, label, purpose, held_out=False)[0]


def score_and_keep(
    models: dict[str, Pipeline],
    setting: Setting,
    arguments: argparse.Namespace,
    label: str,
    purpose: str | None = None,
    held_out: bool = True,
) -> tuple[pd.DataFrame, list[Predictions]]:
    """Return the scores, and the predictions of the first repeat."""
    from ..compute.task import make_tasks
    from ..statistics.scores import score_tasks

    study, table = setting.study, setting.table
    tasks = make_tasks(models, setting.folds, study.seed, purpose=purpose)
    with running(tasks, study, table, arguments, label) as how:
        return score_tasks(tasks, table, study, held_out=held_out, **how)


@contextlib.contextmanager
def running(
    tasks: list[Task],
    study: Study,
    table: Table,
    arguments: argparse.Namespace,
    label: str,
    cached: bool = True,
) -> Iterator[dict[str, Any]]:
    """Open what tasks are run with: workers, cache and progress bar."""
    cache = open_cache(study, table, arguments) if cached else None
    pool = open_backend(study, arguments)
    with progress(len(tasks), label) as bar:
        yield {"pool": pool, "cache": cache, "on_done": bar.update}
    for name in cache.damaged if cache else []:
        _say(f"cache entry {name} was damaged: computed again", 0)


def open_cache(study: Study, table: Table, arguments: argparse.Namespace) -> Cache | None:
    """Return the cache of fits, keyed by all that every fit of this study depends on.

    A run that is to fit everything again has none, or an empty one of its own (``fits``): the full
    candidate of the ablation is the candidate of the baselines, and is fitted once.
    """
    folder = arguments.study.resolve().parent / ".cache" / "fits"
    if arguments.fresh:
        folder = getattr(arguments, "fits", None)
        if folder is None:
            return None
    from ..compute.cache import open_cache

    return open_cache(folder, study, table)


def write_table(
    frame: pd.DataFrame, corner: str, path: Path, *, before: str = "", note: str = ""
) -> None:
    """Write a table of texts twice: as Markdown for pages, as LaTeX for the paper (.md, .tex).

    The paper has a text of its own before a table; the note below goes with it.
    """
    from ..write.latex import tex, to_tabular
    from ..write.tables import to_markdown

    parts = [before, to_markdown(frame, corner), note]
    text = "\n\n".join(part.strip() for part in parts if part)
    write_text(f"{text}\n", path.with_suffix(".md"))
    below = "\\tablenote{" + tex(note.strip()) + "}\n" if note else ""
    write_text(to_tabular(frame, corner) + below, path.with_suffix(".tex"))


def write_text(text: str, path: Path) -> None:
    """Write a text whole or not at all; line ends stay as they are."""
    write_bytes(text.encode("utf-8"), path)


def write_bytes(content: bytes, path: Path) -> None:
    """Write a file whole or not at all: aside first, then renamed over the old one."""
    from ..config.files import write_whole

    write_whole(content, path)


def write_csv(frame: pd.DataFrame, path: Path) -> None:
    """Write a table; floats as the shortest text that reads back to the same bits."""
    write_text(frame.to_csv(index=False, lineterminator="\n"), path)
