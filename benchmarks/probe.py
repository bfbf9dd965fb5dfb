"""What the benchmarks measure, run by the Python of a study's environment; prints JSON.

It is one process from start to end, so that run.py can time it and watch its memory from outside.
"""

import argparse
import contextlib
import io
import json
import os
import sys
import tempfile
import time
import warnings
from functools import wraps
from pathlib import Path

import numpy as np
import pandas as pd
from reproml.cli.stages import ENGINE, load_script, stages_of
from reproml.compute import task as fits
from reproml.compute.shared_table import map_table
from reproml.compute.task import make_tasks
from reproml.compute.workers import open_pool
from reproml.config.checksums import sha256_of
from reproml.config.columns import Table
from reproml.config.study import Column, Compute, Data, Metrics, Study
from reproml.run.manifest import write_manifest
from reproml.run.run import open_run
from reproml.split.splits import Fold
from reproml.statistics.scores import score_tasks


def loop(arguments):
    """Score every model of baselines and ablation by cross_validate, one after the other."""
    from sklearn.model_selection import cross_validate

    with open_run(arguments.study / "study.toml") as run:
        study, table, folds = run.study, run.table, run.folds
        models = [*run.models().values(), *run.variants().values()]
    y = table.y == study.data.positive  # what scikit-learn's scorers take for positive
    theirs = {"mcc": "matthews_corrcoef", "brier": "neg_brier_score"}  # the others have our names
    for model in models:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            cross_validate(
                model,
                table.X,
                y,
                cv=[(fold.train, fold.test) for fold in folds],
                scoring=[theirs.get(name, name) for name in study.metrics.names],
                n_jobs=arguments.workers,
                error_score="raise",
            )
    return {"fits": len(models) * len(folds)}


def made_table(n_rows, n_columns):
    """Return a regression table of random numbers."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n_rows, n_columns))
    y = X[:, :4].sum(axis=1) + rng.standard_normal(n_rows)
    names = [f"x{i}" for i in range(n_columns)]
    X = pd.DataFrame(X, columns=names)
    return Table(X, pd.Series(y), None, None, None, dropped={})


def made_folds(n_rows, folds, repeats):
    """Return random folds, cut as the study cuts its own."""
    rng = np.random.default_rng(1)
    made = []
    for repeat in range(repeats):
        parts = np.array_split(rng.permutation(n_rows), folds)
        for number, test in enumerate(parts):
            train = np.sort(np.concatenate(parts[:number] + parts[number + 1 :]))
            made.append(Fold(repeat, number, train, np.sort(test)))
    return made


def forests(arguments):
    """Return models of different length: what a minute's study is made of."""
    from sklearn.ensemble import RandomForestRegressor
    from sklearn.linear_model import Ridge
    from sklearn.pipeline import Pipeline

    trees = {f"forest {n}": RandomForestRegressor(n_estimators=n) for n in (10, 25, 50)}
    return {name: Pipeline([("model", model)]) for name, model in trees.items()} | {
        "ridge": Pipeline([("model", Ridge())])
    }


def long_loop(arguments):
    """Run the minute's study by cross_validate in one process."""
    from sklearn.model_selection import cross_validate

    table, folds = made_table(2000, 20), made_folds(2000, 5, arguments.repeats)
    cut = [(fold.train, fold.test) for fold in folds]
    scorers = ["neg_mean_absolute_error", "neg_root_mean_squared_error", "r2"]
    for model in forests(arguments).values():
        cross_validate(model, table.X, table.y, cv=cut, scoring=scorers, n_jobs=arguments.workers)
    return {}


def long_stage(arguments):
    """Run the minute's study as a study does, on any back end."""
    table, folds = made_table(2000, 20), made_folds(2000, 5, arguments.repeats)
    return stage(arguments, forests(arguments), table, folds)


def code_of(arguments):
    """Return the author's models and metrics of a study."""
    with open_run(arguments.study / "study.toml") as run:
        return run.study.code


def many(arguments):
    """Run many fits of almost no length; what is left is what a task costs."""
    dummy = code_of(arguments).models["dummy"]
    models = {f"dummy {i}": dummy("regression") for i in range(10)}
    table = made_table(500, 10)
    folds = made_folds(500, 5, arguments.tasks // 50)
    return stage(arguments, models, table, folds)


def regression(arguments):
    """Return as much of a study as scoring a regression by mae asks for."""
    data = Data(file="made.csv", sha256="0" * 64, columns={"y": Column(role="target")})
    study = Study.model_construct(
        task="regression", seed=0, data=data, split=None, metrics=Metrics(primary="mae")
    )
    return study.with_code(code_of(arguments))


def stage(arguments, models, table, folds):
    """Score models on folds by a back end; return what the run says of itself."""
    tasks = make_tasks(models, folds, 0)
    study = regression(arguments)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        start = time.perf_counter()
        with open_pool(asked(arguments), Path(folder)) as pool:
            began = time.perf_counter()
            scores, _ = score_tasks(tasks, table, study, pool=pool)
            seconds = time.perf_counter() - began
    digest = pd.util.hash_pandas_object(scores).sum()
    return {
        "tasks": len(tasks),
        "seconds": seconds,
        "with workers": time.perf_counter() - start,
        "digest": f"{digest:x}",
    }


def asked(arguments):
    """Return the section [compute] that the command line asks for."""
    return Compute(backend=arguments.backend, workers=arguments.workers)


def memory(arguments):
    """Fit on a large table that workers map, and say when the fits begin and end."""
    from sklearn.linear_model import Ridge
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import StandardScaler

    n_rows = 125 * arguments.megabytes  # of 1,000 numbers of 8 bytes
    folds = made_folds(n_rows, 5, 1 + arguments.tasks // 5)[: arguments.tasks]
    # Ridge on few columns takes little time; the copies of the rows are what counts here
    model = Pipeline([("scale", StandardScaler()), ("model", Ridge(solver="lsqr", max_iter=5))])
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        table = map_table(made_table(n_rows, 1000), Path(folder) / "table")
        tasks = make_tasks({"ridge": model}, folds, 0)
        study = regression(arguments)
        with open_pool(asked(arguments), Path(folder)) as pool:
            (Path(arguments.mark)).write_text("fits begin", encoding="utf-8")
            score_tasks(tasks, table, study, pool=pool)
    return {"tasks": len(tasks)}


GROWN = """\
[study]
task = "classification"
seed = 0

[data]
file = "data/raw/made.csv"
sha256 = "{sha256}"
positive = "yes"
missing = "error"

[data.columns]
y = {{ role = "target", type = "category", values = ["no", "yes"] }}
"x*" = {{ role = "feature" }}

[split]
dependence = "independent"
test_size = 0.2
folds = 2
repeats = 1

[metrics]
primary = "roc_auc"

[models]
candidate = "candidate"
baselines = ["dummy", "linear", "forest"]

[models.parameters]
forest = {{ model__n_estimators = 50 }}
candidate = {{ model__n_estimators = 50 }}

[ablations.shallow]
set = {{ model__max_depth = 6 }}
reason = "Are deep trees needed?"

[compute]
backend = "sequential"
workers = 1
"""


def write_grown(study, n_rows, n_columns):
    """Turn a copy of the default study into one of random numbers; the candidate is a forest."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n_rows, n_columns))
    y = X[:, :4].sum(axis=1) + rng.standard_normal(n_rows) > 0
    made = pd.DataFrame(X, columns=[f"x{number}" for number in range(n_columns)])
    path = study / "data" / "raw" / "made.csv"
    made.assign(y=np.where(y, "yes", "no")).to_csv(path, index=False, float_format="%.5f")
    text = GROWN.format(sha256=sha256_of(path))
    (study / "study.toml").write_text(text, encoding="utf-8", newline="\n")
    (models,) = study.glob("src/*/models.py")
    with models.open("a", encoding="utf-8", newline="\n") as file:
        file.write('MODELS["candidate"] = forest\n')


LATE = "leakage interpretation figures report"  # of stages that may not end in time; all else first


class Clock:
    """Measures stages: seconds, processor seconds, peak memory, and processor seconds in fits."""

    def __init__(self):
        self.fits, self.inside = {}, False
        for name in ("run_task", "fit_task"):
            plain = getattr(fits, name)
            for module in [one for at, one in sys.modules.items() if at.startswith("reproml.")]:
                if getattr(module, name, None) is plain:
                    setattr(module, name, self.timed(plain))

    def timed(self, plain):
        """Return a function that makes a fit and notes its processor time by the model's name."""

        @wraps(plain)
        def fit(task, *arguments, **more):
            outer, self.inside, start = self.inside, True, processor()
            try:
                return plain(task, *arguments, **more)
            finally:
                self.inside = outer
                if not outer:  # the fit of a task that is predicted with counts once
                    self.fits[task.name] = self.fits.get(task.name, 0.0) + processor() - start

        return fit

    @contextlib.contextmanager
    def stage(self, name):
        """Measure what is done inside, and say it at once: a later stage may not end in time."""
        self.fits.clear()
        peak_from_now()
        start, cpu = time.perf_counter(), processor()
        yield
        said = {"seconds": time.perf_counter() - start, "cpu": processor() - cpu, "peak": peak()}
        print(json.dumps({"stage": name, **said, "fits": self.fits}), flush=True)


def processor():
    """Return the processor seconds of this process and of its children so far."""
    times = os.times()
    return time.process_time() + times.children_user + times.children_system


def peak_from_now():
    """Forget the peak of memory so far, where Linux can do that."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", encoding="utf-8")


def peak():
    """Return the peak of this process's memory in MB since then; 0 where there is no Linux."""
    status = Path("/proc/self/status")
    lines = status.read_text(encoding="utf-8").splitlines() if status.is_file() else []
    return next((int(x.split()[1]) / 1024 for x in lines if x.startswith("VmHWM")), 0.0)


def growth(arguments):
    """Run every stage of `reproduce` in this process, on a study of so many rows and columns.

    The study is a copy of the default one, which is changed.
    """
    write_grown(arguments.study, arguments.rows, arguments.columns)
    with open_run(arguments.study / "study.toml") as run:
        made = run.into(run.scratch(), fresh=True)
        clock = Clock()
        with clock.stage("reading"):
            made.table, made.folds  # noqa: B018  # asked for, it is read and cut
        for name in sorted(stages_of(made), key=LATE.find):
            with clock.stage(name), contextlib.redirect_stdout(io.StringIO()):
                make = ENGINE.get(name) or load_script(name, made)
                make(made)
        with clock.stage("manifest"):
            write_manifest(run, made.results, {})
    return {"stages": "all"}


CASES = {f.__name__: f for f in (loop, long_loop, long_stage, many, memory, growth)}


def main():
    """Run one case and print what it found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("case", choices=CASES)
    parser.add_argument("--study", type=Path, required=True)
    parser.add_argument("--backend", default="loky")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=6)
    parser.add_argument("--tasks", type=int, default=100)
    parser.add_argument("--megabytes", type=int, default=10)
    parser.add_argument("--rows", type=int, default=1000)
    parser.add_argument("--columns", type=int, default=20)
    parser.add_argument("--mark", help="file that is written when fits begin")
    arguments = parser.parse_args()
    print(json.dumps(CASES[arguments.case](arguments)))


if __name__ == "__main__":
    main()
