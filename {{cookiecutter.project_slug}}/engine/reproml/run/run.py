"""The run: a study with its rows and folds, what fits its models, and where results go.

It is opened once, by the command line, and handed to the script's ``main``. Scripts call its
methods in the order of their story: score, compare, write, tell.
"""

from __future__ import annotations

import contextlib
import copy
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline
from tqdm import tqdm

from ..compute.cache import Cache, open_cache
from ..compute.fits import run_fits
from ..compute.models import build_model
from ..compute.pool import Pool
from ..compute.shared_table import map_table
from ..compute.task import Predictions, Task, make_tasks
from ..compute.workers import open_pool
from ..config.columns import Table, missing_words
from ..config.declared import check_files
from ..config.files import write_csv, write_text
from ..config.large import write_table
from ..config.metrics import check_metrics
from ..config.study import Split, Study, StudyError, parse_compute, read_study
from ..config.watch import OnlyDeclared
from ..explain.ablation import FULL, check_columns, fold_columns, make_variants, steps_before
from ..split.splits import Fold, fold_table, lock_test_set, make_folds, row_table
from ..statistics.comparison import compare_to_baselines
from ..statistics.decisions import decide
from ..statistics.diagnostics import error_tables, fold_predictions, prediction_table
from ..statistics.scores import score_fits
from ..write.latex import tex, to_tabular
from ..write.tables import to_page
from . import explanation, figures, printed, test_rows
from .agreement import check_table
from .aside import own_folder
from .code import load_code
from .terminal import say

# how names of results begin that are the engine's or the scripts'
TAKEN = {"ablation", "baselines", "claim", "folds", "interpretation", "leakage", "partial"}
TAKEN |= {"predictions", "scores", "sharing", "test"}
LARGE = 32 * 2**20  # bytes; a table above it is moved into a file, so that it is in memory once


@contextlib.contextmanager
def open_run(study: Path, results: Path | None = None, **how: Any) -> Iterator[Run]:
    """Open a run, and close workers and temporary files at the end."""
    with contextlib.ExitStack() as closing:
        yield Run(study, results, closing, **how)


class Run:
    """A study at work; see `open_run`.

    Attributes
    ----------
    path, root, results : Path
        study.toml, its folder, and the folder that results are written to.
    label : str
        What the progress bar calls this script or stage.
    written : list of str
        Files that `write` has written.
    kept : dict of str to DataFrame
        Tables that fits kept, by name: model, repeat, fold, then their own columns.
    """

    def __init__(
        self,
        study: Path,
        results: Path | None,
        closing: contextlib.ExitStack,
        *,
        fresh: bool = False,
        label: str = "",
        backend: str | None = None,
        workers: int | None = None,
        scheduler: str | None = None,
    ):
        self.path, self.closing, self.label = Path(study), closing, label
        self.root = self.path.resolve().parent
        self.results = results or self.root / "results"
        self.fresh = fresh
        self.cache_folder = None if fresh else self.root / ".cache" / "fits"
        backend = backend or ("dask" if scheduler else None)
        asked = {"backend": backend, "workers": workers, "scheduler": scheduler}
        self.compute = {name: value for name, value in asked.items() if value is not None}
        self.written: list[str] = []
        self.kept: dict[str, pd.DataFrame] = {}

    def into(self, folder: Path, *, fresh: bool = False) -> Self:
        """Return a run of the same study that writes elsewhere, perhaps without what is cached.

        A fresh one still makes no fit twice: the full candidate of the ablation is the candidate
        of the baselines.
        """
        other = copy.copy(self)
        other.results, other.written, other.kept = folder, [], {}
        if fresh or self.fresh:
            other.fresh, other.cache_folder = True, self.scratch() / "fits"
        return other

    def split_as(self, split: Split) -> Self:
        """Return a run of the same rows on other folds."""
        other = copy.copy(self)
        other.study = self.study.model_copy(update={"split": split})
        other.table, other._rows = self.table, self._rows
        other.__dict__.pop("folds", None)
        return other

    @cached_property
    def study(self) -> Study:
        """What study.toml says, with the author's code; files and metrics are checked."""
        study = read_study(self.path)
        study = study.at(self.root, check_files(study.data, self.root))
        study = study.with_code(load_code(study))
        check_metrics(study)
        return study

    @cached_property
    def table(self) -> Table:
        """All rows; a large table is mapped from a file that all workers share."""
        with OnlyDeclared(self.study, "load_table in data.py", loads=True):
            table = self.study.code.load_table(self.study, self.root)
        check_table(table, self.study)
        for doubt in table.doubts:
            say(f"warning: {doubt}", sys.stderr)
        if table.missing:
            words = missing_words(table.missing)
            say(f"taken as missing (missing_texts in study.toml): {words}", sys.stderr)
        texts = table.X.select_dtypes(exclude="number").memory_usage(deep=False).sum()
        if texts + 8 * table.X.size < LARGE:
            return table
        return map_table(table, self.scratch() / "table")

    @cached_property
    def _rows(self) -> tuple[np.ndarray, np.ndarray]:
        return lock_test_set(self.table, self.study.split, **self._drawn)

    @property
    def _drawn(self) -> dict[str, Any]:
        return {"stratify": self.study.task == "classification", "seed": self.study.seed}

    @property
    def development(self) -> np.ndarray:
        """Positions of the rows that are not locked."""
        return self._rows[0]

    @property
    def locked(self) -> np.ndarray:
        """Positions of the locked test rows."""
        return self._rows[1]

    @cached_property
    def folds(self) -> list[Fold]:
        """The shared folds over the rows that are not locked."""
        return make_folds(self.table, self.development, self.study.split, **self._drawn)

    @property
    def sizes(self) -> dict[str, float]:
        """Mean rows of a fold's parts: n_train and n_test, which intervals need."""
        return fold_table(self.folds)[["n_train", "n_test"]].mean().to_dict()

    @cached_property
    def unit(self) -> float:
        """What tolerances take for one: a target's standard deviation, if that is below 1."""
        y = self.table.y.iloc[self.development]
        return 1.0 if self.study.data.classes else min(1.0, float(y.std()) or 1.0)

    @cached_property
    def pool(self) -> Pool:
        """Who does the work, as in study.toml unless the command says otherwise; workers stay."""
        compute = parse_compute(self.study.compute, self.compute)
        return self.closing.enter_context(open_pool(compute, self.scratch()))

    def scratch(self) -> Path:
        """Return a folder for files of this run, on the disk of results; workers may see it too."""
        return Path(tempfile.mkdtemp(dir=self._aside))

    @cached_property
    def _aside(self) -> Path:
        return self.closing.enter_context(own_folder(self.root / ".cache" / "aside"))

    def cache(self) -> Cache | None:
        """Open the cache of fits; None for a run that is to fit everything again."""
        return self.cache_folder and open_cache(self.cache_folder, self.study, self.table)

    @contextlib.contextmanager
    def running(self, tasks: list[Task], cached: bool = True) -> Iterator[dict[str, Any]]:
        """Open what tasks are run with: workers, cache and progress bar."""
        cache = self.cache() if cached else None
        # no bar is drawn where nobody watches
        with tqdm(total=len(tasks), desc=self.label, unit="fit", disable=None) as bar:
            yield {"pool": self.pool, "cache": cache, "on_done": bar.update}
        for name in cache.damaged if cache else []:
            say(f"cache entry {name} was damaged: computed again", sys.stderr)

    def predict(
        self, tasks: list[Task], do: Callable[..., Any] | None = None, *, cached: bool = True
    ) -> list[Any]:
        """Fit all tasks (or do something else with them), or take them from the cache."""
        with self.running(tasks, cached) as how:
            return run_fits(tasks, self.table, self.study, do=do, **how)

    # --- models and scores

    def models(self, names: list[str] | None = None) -> dict[str, Pipeline]:
        """Return unfitted models by name: all of study.toml, the candidate last."""
        return {name: build_model(name, self.study) for name in names or self.study.models.names}

    def variants(self) -> dict[str, Pipeline]:
        """Return the full candidate and a variant for each ablation; refuse undeclared columns."""
        variants = make_variants(self.study)
        before = {name: steps_before(model) for name, model in variants.items()}
        first = {of: name for name, of in reversed(before.items())}
        once = {name: variants[name] for name in first.values()}
        tasks = make_tasks(once, self.folds[:1], self.study.seed)
        found = self.predict(tasks, fold_columns)
        reaching = {task.name: list(one["column"]) for task, one in zip(tasks, found, strict=True)}
        check_columns({name: reaching[first[of]] for name, of in before.items()}, self.study)
        return variants

    def score(self, models: dict[str, Pipeline], *, seeds_of: str | None = None) -> pd.DataFrame:
        """Fit every model on every fold; return a long table: model, repeat, fold, metric, value.

        Variants of one model draw its seeds (seeds_of), so that each differs in its switch alone.
        """
        tasks = make_tasks(models, self.folds, self.study.seed, purpose=seeds_of)
        with self.running(tasks) as how:
            return score_fits(tasks, self.table, self.study, **how).scores

    def score_and_predict(
        self, models: dict[str, Pipeline]
    ) -> tuple[pd.DataFrame, list[Predictions]]:
        """Return the scores, and what was predicted for the rows of the first repeat's folds.

        What the fits kept, such as curves of training, is in ``kept`` then.
        """
        tasks = make_tasks(models, self.folds, self.study.seed)
        with self.running(tasks) as how:
            scores, made, self.kept = score_fits(
                tasks, self.table, self.study, held_out=True, **how
            )
        return scores, made

    def compare(
        self, scores: pd.DataFrame, candidate: str | None = None, others: list[str] | None = None
    ) -> pd.DataFrame:
        """Compare the candidate with each baseline by the primary metric, and decide."""
        study = self.study
        compared = compare_to_baselines(
            scores,
            candidate=candidate or study.models.candidate,
            baselines=study.models.baselines if others is None else others,
            metric=study.metrics.primary,
            higher_is_better=study.primary.higher_is_better,
            seed=study.seed,
            **self.sizes,
        )
        return decide(compared)

    def compare_variants(self, scores: pd.DataFrame) -> pd.DataFrame:
        """Compare the full candidate with each variant, and decide."""
        return self.compare(scores, FULL, list(self.study.ablations))

    # --- files

    def write(self, name: str, frame: pd.DataFrame) -> None:
        """Write a table as a CSV file of the results."""
        write_csv(frame, self.results / name)
        self.written.append(name)

    def write_kept(self) -> None:
        """Write the tables that fits kept, such as curves.csv of networks; most keep none."""
        for name, table in sorted(self.kept.items()):
            if name.split("_")[0] in TAKEN:
                raise StudyError(
                    f"a model keeps a table {name!r}, which is the name of another result; give it "
                    "another name in kept_"
                )
            self.write_rows(f"{name}.csv", table)

    def write_rows(self, name: str, frame: pd.DataFrame) -> None:
        """Write a table that grows with the data: one too large for git as Parquet, outside git."""
        self.written.append(write_table(frame, self.results / name).name)

    def write_table(
        self, stem: str, frame: pd.DataFrame, corner: str, *, before: str = "", note: str = ""
    ) -> None:
        """Write a table of texts below tables, as Markdown for pages and LaTeX for the paper.

        The text before it is for pages: the paper has one of its own. The note follows it in both.
        """
        path = self.results / "tables" / stem
        write_text(to_page(frame, corner, before, note), path.with_suffix(".md"))
        below = "\\tablenote{" + tex(note.strip()) + "}\n" if note else ""
        write_text(to_tabular(frame, corner) + below, path.with_suffix(".tex"))
        self.written += [f"tables/{stem}.md", f"tables/{stem}.tex"]

    def write_folds(self, name: str) -> None:
        """Write how many rows each fold has, and into folds.csv which rows it tests."""
        self.write(name, fold_table(self.folds))
        self.write_rows("folds.csv", row_table(self.table.y.index, self.folds, self.locked))

    def write_predictions(self, name: str, predictions: list[Predictions]) -> None:
        """Write what every model predicted, row by row."""
        self.write_rows(name, self.in_rows(predictions))

    def write_errors(self, predictions: list[Predictions], prefix: str = "") -> None:
        """Write where the models err: confusion and calibration, or residuals."""
        rows = self.in_rows(predictions)
        tables = error_tables(rows, self.table, self.study)
        if prefix:  # of folds: means hide a changed seed, these do not
            tables["predictions.csv"] = fold_predictions(rows, predictions)
        for name in sorted(tables):
            self.write(f"{prefix}{name}", tables[name])

    def in_rows(self, predictions: list[Predictions]) -> pd.DataFrame:
        """Return what every model predicted, a line for each row."""
        return prediction_table(predictions, self.table, self.study.data.classes)

    # --- explanations and the locked test rows

    feature_groups = explanation.feature_groups
    importance = explanation.importance
    dependence = explanation.dependence
    open_test_rows = test_rows.open_test_rows
    predict_test_rows = test_rows.predict_test_rows
    score_test_rows = test_rows.score_test_rows

    # --- what is printed and drawn

    say = staticmethod(say)
    tell_headline = printed.tell_headline
    tell_scores = printed.tell_scores
    tell_comparison = printed.tell_comparison
    tell_variants = printed.tell_variants
    tell_test_scores = printed.tell_test_scores
    tell_importance = printed.tell_importance
    tell_written = printed.tell_written
    draw_figures = figures.draw_figures
