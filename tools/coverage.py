"""Measure how often a study's intervals hold the true score, over many simulated worlds.

    python tools/coverage.py             # simulate, write docs/coverage.csv and docs/coverage.md
    python tools/coverage.py --check 4   # simulate the first 4 worlds again and compare

Run it with the Python of a study's locked environment, as tools/example_data.py. In each world of
tools/stations.py the study's own code locks test rows, cuts folds, fits the candidate and states
its intervals, as scripts/baselines.py and scripts/evaluation.py do. Then the fitted models predict
fresh rows of the kind that the claim is about, so many that their mean error is the true one.
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from stations import COLUMNS, World
from threadpoolctl import threadpool_limits

ROOT = Path(__file__).resolve().parents[1]
STUDY = ROOT / "{{cookiecutter.project_slug}}"
CODE = STUDY / "src" / "{{cookiecutter.__package}}"
PAGE, TABLE = ROOT / "docs" / "coverage.md", ROOT / "docs" / "coverage.csv"
KINDS = ("independent", "grouped", "temporal", "spatial")
WORLDS = 200
INDEPENDENT_ROWS = 600  # about as many as the real data of a study with independent rows
TRUTH_ROWS = 8000  # of as many sites, or of many futures: their mean error is known to about 1 %
FUTURES = 40  # drawn for every temporal model
KNOWN = ("site", "month", "east_km", "north_km", "ozone", "exceedance")  # never features
DIGITS = 5


def study_code():
    """Make both parts of the study importable where they lie, the author's as `study_code`."""
    if "study_code" not in sys.modules:
        sys.dont_write_bytecode = True  # studies are rendered from that folder, and get all in it
        sys.path.insert(0, str(STUDY / "engine"))
        spec = importlib.util.spec_from_file_location(
            "study_code", CODE / "__init__.py", submodule_search_locations=[str(CODE)]
        )
        sys.modules["study_code"] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules["study_code"])


def make_table(columns):
    """Return rows of a world as the study's code takes them."""
    from reproml.config.columns import Table

    frame = pd.DataFrame(columns)
    features = [name for name in COLUMNS if name not in KNOWN]
    place = frame[["east_km", "north_km"]]
    return Table(frame[features], frame["ozone"], frame["site"], frame["month"], place, {})


def some(columns, n, seed):
    """Return n rows at random."""
    rng = np.random.default_rng(seed)
    rows = rng.choice(len(columns["ozone"]), size=min(n, len(columns["ozone"])), replace=False)
    return {name: values[rows] for name, values in columns.items()}


def one_row_each(world, n, draw, where="network"):
    """Return one row of each of n new sites, in a month at random: they have nothing in common."""
    columns = world.sample(world.new_sites(n, where=where, draw=draw), world.months, draw=draw)
    month = np.random.default_rng([world.seed, draw]).integers(len(world.months), size=n)
    rows = np.arange(n) * len(world.months) + month
    return {name: values[rows] for name, values in columns.items()}


def simulate(kind, world):
    """Return the rows of a study in one world."""
    return one_row_each(world, INDEPENDENT_ROWS, 1) if kind == "independent" else world.table()


def new_rows(kind, world, train_months, test_months):
    """Return rows of the kind that the claim of a model is about.

    The future of a model is what may follow the months that it learnt from, as far ahead as it is
    tested: the months that were observed are one of many futures.
    """
    if kind == "independent":
        return one_row_each(world, TRUTH_ROWS // 4, 2)
    if kind != "temporal":
        where = "elsewhere" if kind == "spatial" else "network"
        return one_row_each(world, TRUTH_ROWS, 2, where)
    last, months = int(train_months.max()), np.unique(test_months).astype(int)
    futures = [world.future(last, draw).sample(world.sites, months) for draw in range(FUTURES)]
    columns = {name: np.concatenate([f[name] for f in futures]) for name in futures[0]}
    return some(columns, TRUTH_ROWS, world.seed)


def measured(kind, seed):
    """Measure with one thread: the workers are busy enough, and sums keep their order."""
    with threadpool_limits(limits=1):
        return measure(kind, seed)


def measure(kind, seed):
    """Return what a study in one world states, and what is true."""
    study_code()
    from reproml.config.study import Split
    from reproml.split.splits import fold_table, lock_test_set, make_folds, units_of
    from reproml.statistics.comparison import mean_interval
    from reproml.statistics.intervals import bootstrap_interval
    from reproml.write.claim import random_split
    from study_code.evaluation import METRICS, mae
    from study_code.models import candidate

    settings = (ROOT / "templates" / "study" / "split" / f"{kind}.toml").read_text("utf-8")
    split = Split(**tomllib.loads(settings)["split"])
    world = World(seed)
    rows = make_table(simulate(kind, world))
    development, test = lock_test_set(rows, split, stratify=False, seed=seed)
    how = {"stratify": False, "seed": seed}
    folds = make_folds(rows, development, split, **how)
    once = random_split(split).model_copy(update={"repeats": 1})
    dealt = make_folds(rows, development, once, **how)

    def fit(train):
        return candidate("regression").fit(rows.X.iloc[train], rows.y.iloc[train])

    def error(model, where, positions=slice(None)):
        return mae(where.y.iloc[positions], model.predict(where.X.iloc[positions]))

    truths = {}

    def true_error(model, train, test):
        months = (rows.time.to_numpy()[train], rows.time.to_numpy()[test])
        key = months[0].max() if kind == "temporal" else None  # others have one claim
        if key not in truths:
            truths[key] = make_table(new_rows(kind, world, *months))
        return error(model, truths[key])

    models = [fit(fold.train) for fold in folds]
    errors = [error(model, rows, fold.test) for model, fold in zip(models, folds, strict=True)]
    final = fit(development)
    y_test, said, units = rows.y.to_numpy(), final.predict(rows.X.iloc[test]), units_of(rows, split)
    value, tested_low, tested_high = bootstrap_interval(
        "mae", METRICS["mae"], y_test[test], said, units[test], [], seed
    )
    n_train, n_test = fold_table(folds)[["n_train", "n_test"]].mean()
    mean, low, high = mean_interval(errors, n_train, n_test)
    _, plain_low, plain_high = mean_interval(errors, np.inf, n_test)  # as if folds shared no rows
    found = {
        "folds": mean,
        "low": low,
        "high": high,
        "plain_low": plain_low,
        "plain_high": plain_high,
        # what folds estimate: the error of models that learnt from as many rows as these did
        "truth": np.mean(
            [
                true_error(model, fold.train, fold.test)
                for model, fold in zip(models[: split.folds], folds, strict=False)
            ]
        ),
        "tested": value,
        "tested_low": tested_low,
        "tested_high": tested_high,
        "tested_truth": true_error(final, development, test),
        "random": np.mean([error(fit(fold.train), rows, fold.test) for fold in dealt]),
    }
    return {"kind": kind, "world": seed, **{k: round(float(v), DIGITS) for k, v in found.items()}}


def measure_all(worlds, workers, kinds=KINDS):
    """Return a row for every kind and world."""
    jobs = [(kind, seed) for kind in kinds for seed in range(worlds)]
    return pd.DataFrame(Parallel(n_jobs=workers)(delayed(measured)(*job) for job in jobs))


def summary(table):
    """Return a row per kind: coverage, bias of the right split and of a random one."""
    rows = {}
    for kind, one in table.groupby("kind", sort=False):
        held = one["truth"].between(one["low"], one["high"])
        tested = one["tested_truth"].between(one["tested_low"], one["tested_high"])
        rows[kind] = {
            "worlds": len(one),
            "folds_hold": held.mean(),
            "plain_holds": one["truth"].between(one["plain_low"], one["plain_high"]).mean(),
            "test_holds": tested.mean(),
            "folds_bias": one["folds"].mean() / one["truth"].mean() - 1,
            "test_bias": one["tested"].mean() / one["tested_truth"].mean() - 1,
            "random_bias": one["random"].mean() / one["tested_truth"].mean() - 1,
            "folds_width": ((one["high"] - one["low"]) / one["folds"]).mean(),
            "test_width": ((one["tested_high"] - one["tested_low"]) / one["tested"]).mean(),
        }
    return pd.DataFrame.from_dict(rows, orient="index")


def page(table, text):
    """Return the page's text with the tables that the numbers make between its markers."""
    found = summary(table)
    share, change, width = "{:.1%}".format, "{:+.1%}".format, "{:.0%}".format
    tables = {
        "coverage": {
            "Worlds": found["worlds"],
            "Folds": found["folds_hold"].map(share),
            "Folds, uncorrected": found["plain_holds"].map(share),
            "Locked test rows": found["test_holds"].map(share),
        },
        "bias": {
            "Folds": found["folds_bias"].map(change),
            "Locked test rows": found["test_bias"].map(change),
            "A random split": found["random_bias"].map(change),
        },
        "width": {
            "Folds": found["folds_width"].map(width),
            "Locked test rows": found["test_width"].map(width),
        },
    }
    for name, columns in tables.items():
        begin, end = f"<!-- begin {name} -->\n", f"<!-- end {name} -->"
        made = markdown(pd.DataFrame({"Rows": found.index, **columns})).replace("%", " %")
        text = text.partition(begin)[0] + begin + made + end + text.partition(end)[2]
    return text


def markdown(frame):
    """Return a table of texts in Markdown."""
    rows = [list(frame.columns), ["---"] * frame.shape[1], *frame.astype(str).to_numpy().tolist()]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def differences(committed, worlds, workers, kinds):
    """Simulate the first worlds again; return what differs from the committed numbers."""
    again = measure_all(worlds, workers, kinds).set_index(["kind", "world"])
    before = committed.set_index(["kind", "world"])
    found = []
    for key, row in again.iterrows():
        for name, value in row.items():
            old = before[name].get(key, np.nan) if name in before else np.nan
            if not np.isclose(value, old, rtol=1e-4, atol=1e-4):
                found.append(f"{key[0]}, world {key[1]}, {name}: {old} committed, {value} now")
    return found


def main():
    """Simulate and write, or check."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--worlds", type=int, default=WORLDS, help="how many of each kind")
    parser.add_argument("--workers", type=int, default=2, help="processes")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS, help="only these")
    parser.add_argument("--check", type=int, metavar="N", help="compare the first N worlds only")
    given = parser.parse_args()
    text = PAGE.read_text(encoding="utf-8")
    if given.check is None:
        table = measure_all(given.worlds, given.workers, given.kinds)
        if set(given.kinds) != set(KINDS):  # the others stay as they are
            others = pd.read_csv(TABLE)
            table = pd.concat([table, others[~others["kind"].isin(given.kinds)]])
        table = table.sort_values("kind", key=lambda kind: kind.map(KINDS.index), kind="stable")
        table.to_csv(TABLE, index=False, encoding="utf-8", lineterminator="\n")
        PAGE.write_text(page(table, text), encoding="utf-8", newline="\n")
        print(summary(table).round(3).to_string())
        return 0
    committed = pd.read_csv(TABLE)
    found = differences(committed, given.check, given.workers, given.kinds)
    if page(committed, text) != text:
        found.append(f"{PAGE.name} has not the tables that {TABLE.name} makes")
    for line in found:
        print(line, file=sys.stderr)
    if found:
        print("Run python tools/coverage.py and read the new page.", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
