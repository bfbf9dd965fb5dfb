"""What the benchmarks measure, run by the Python of a study's environment; prints JSON.

It is one process from start to end, so that run.py can time it and watch its memory from outside.
"""

import argparse
import json
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from reproml.compute.shared_table import map_table
from reproml.compute.task import make_tasks
from reproml.compute.workers import open_pool
from reproml.config.columns import Table
from reproml.config.study import Column, Compute, Data, Metrics, Study
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


CASES = {f.__name__: f for f in (loop, long_loop, long_stage, many, memory)}


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
    parser.add_argument("--mark", help="file that is written when fits begin")
    arguments = parser.parse_args()
    print(json.dumps(CASES[arguments.case](arguments)))


if __name__ == "__main__":
    main()
