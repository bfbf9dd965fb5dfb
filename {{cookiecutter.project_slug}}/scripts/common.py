"""What all scripts share: options, messages without traceback, progress, whole files."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:  # heavy libraries are imported when a script works, not for --help
    import numpy as np
    import pandas as pd
    from sklearn.pipeline import Pipeline
    from tqdm import tqdm

    from {{ cookiecutter.__package }}.cache import Cache
    from {{ cookiecutter.__package }}.compute import Predictions, Task
    from {{ cookiecutter.__package }}.data import Table
    from {{ cookiecutter.__package }}.splits import Fold
    from {{ cookiecutter.__package }}.study import Study

ROOT = Path(__file__).resolve().parents[1]  # scripts work from any folder


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
        main(arguments)
    except KeyboardInterrupt:
        sys.exit(_say("interrupted; every file under results is whole", 130))
    except Exception as error:
        from {{ cookiecutter.__package }}.study import StudyError

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


def prepare(study: Study, arguments: argparse.Namespace) -> Setting:
    """Load the data, lock the test rows away and cut the shared folds."""
    from {{ cookiecutter.__package }}.data import load_table
    from {{ cookiecutter.__package }}.splits import (
        fold_sizes,
        lock_test_set,
        make_folds,
    )

    table = load_table(study, arguments.study.resolve().parent)
    stratify = study.task == "classification"
    development, _ = lock_test_set(table, study.split, stratify=stratify, seed=study.seed)
    folds = make_folds(table, development, study.split, stratify=stratify, seed=study.seed)
    return Setting(study, table, folds, *fold_sizes(folds), development)


def predict(
    tasks: list[Task], study: Study, table: Table, arguments: argparse.Namespace, label: str
) -> list[Predictions]:
    """Fit all tasks, or take them from the cache; show progress."""
    from {{ cookiecutter.__package }}.compute import run_tasks

    cache = None if arguments.fresh else open_cache(study, arguments)
    with progress(len(tasks), label) as bar:
        predictions = run_tasks(
            tasks,
            table,
            study.data.classes,
            split=study.split,
            workers=arguments.workers or study.compute.workers,
            cache=cache,
            on_done=bar.update,
        )
    for name in cache.damaged if cache else []:
        _say(f"cache entry {name} was damaged: computed again", 0)
    return predictions


def score(
    models: dict[str, Pipeline],
    setting: Setting,
    arguments: argparse.Namespace,
    label: str,
    purpose: str | None = None,
) -> pd.DataFrame:
    """Fit every model on every fold and return the scores in long form."""
    from {{ cookiecutter.__package }}.compute import make_tasks

    tasks = make_tasks(models, setting.folds, setting.study.seed, purpose=purpose)
    predictions = predict(tasks, setting.study, setting.table, arguments, label)
    return scores_of(predictions, setting)


def scores_of(predictions: list[Predictions], setting: Setting) -> pd.DataFrame:
    """Return the scores of predictions in long form."""
    from {{ cookiecutter.__package }}.evaluation import score_predictions

    study = setting.study
    return score_predictions(predictions, setting.table, study.metrics.names, study.data.classes)


def open_cache(study: Study, arguments: argparse.Namespace) -> Cache:
    """Return the cache of fits, keyed by all that every fit of this study depends on."""
    from {{ cookiecutter.__package }}.cache import Cache
    from {{ cookiecutter.__package }}.provenance import (
        installed_versions,
        locked_versions,
        source_digest,
    )

    context = {
        "study": study.model_dump(mode="json", include={"task", "data", "split"}),
        "source": source_digest(),
        "python": sys.version,
        "versions": installed_versions(list(locked_versions(ROOT / "requirements.txt"))),
    }
    return Cache(arguments.study.resolve().parent / ".cache" / "fits", context)


def write_table(
    frame: pd.DataFrame, corner: str, path: Path, *, before: str = "", note: str = ""
) -> None:
    """Write a table of texts twice: as Markdown for pages, as LaTeX for the paper (.md, .tex).

    The paper has a text of its own before a table; the note below goes with it.
    """
    from {{ cookiecutter.__package }}.paper import tex, to_tabular
    from {{ cookiecutter.__package }}.report import to_markdown

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
    from {{ cookiecutter.__package }}.files import write_whole

    write_whole(content, path)


def write_csv(frame: pd.DataFrame, path: Path) -> None:
    """Write a table; floats as the shortest text that reads back to the same bits."""
    write_text(frame.to_csv(index=False, lineterminator="\n"), path)
