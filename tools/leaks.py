"""Leaks that were planted and tables that are clean: what the leakage audit says of each.

Run with the Python of a study, its engine on PYTHONPATH: `python tools/leaks.py` prints what was
found as JSON. `python tools/leaks.py page` writes it as a table into docs/leaks.md. The cases were
fixed before the checks were made better by them; a check that is changed must not change them.

Ten kinds of leak are planted in four strengths each. Nothing else is wrong with these tables, and
nothing at all with the clean ones, which are there to be passed.
"""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from reproml.config.columns import Table
from reproml.config.study import Split
from reproml.leakage.findings import audit_splits, cuts_of
from reproml.leakage.perturbation import preparation, shuffled_labels
from reproml.leakage.row_checks import audit_rows
from reproml.split.splits import lock_test_set, make_folds
from sklearn import datasets
from sklearn.feature_selection import SelectKBest
from sklearn.preprocessing import minmax_scale

PAGE = Path(__file__).resolve().parent.parent / "docs" / "leaks.md"
N = 300  # rows


class Case(NamedTuple):
    """A raw table with the target last, and what the author's code makes of it."""

    kind: str
    strength: str
    raw: pd.DataFrame
    make: Callable[[pd.DataFrame], Table]


def table(raw: pd.DataFrame, groups: str | None = None, time: str | None = None) -> Table:
    """Take the rows as they are."""
    held = {name: raw[name] for name in (groups, time) if name}
    features = raw.iloc[:, :-1].drop(columns=list(held))
    return Table(features, raw.iloc[:, -1], held.get(groups), held.get(time), None, dropped={})


def with_groups(raw: pd.DataFrame) -> Table:
    """Take the column person as groups, which the random split does not keep together."""
    return table(raw, groups="person")


def noise(seed: int, n: int = N, columns: int = 6, signal: float = 0.7) -> pd.DataFrame:
    """Return normal features, two of which tell something of a target of two classes."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, columns))
    y = X[:, :2].sum(axis=1) * signal + rng.normal(size=n) > 0
    names = [f"x{number}" for number in range(columns)]
    return pd.DataFrame(X, columns=names).assign(target=np.where(y, "yes", "no"))


def twins(share: float, scatter: float, seed: int) -> pd.DataFrame:
    """Measure a share of the rows again, with a scatter in units of the standard deviation."""
    rng, raw = np.random.default_rng(seed), noise(seed)
    again = raw.iloc[: round(share * len(raw))].copy()
    again.iloc[:, :-1] += rng.normal(scale=scatter, size=again.iloc[:, :-1].shape)
    return pd.concat([raw, again], ignore_index=True)


def persons(rows: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return a person and a label for each row: ``rows`` rows in a row are one person's."""
    rng = np.random.default_rng(seed)
    person = np.arange(N) // rows
    return person, rng.choice(["no", "yes"], person.max() + 1)[person]


def planted() -> Iterator[Case]:
    """Yield ten kinds of leak in four strengths each."""
    for share in (0.01, 0.1, 0.6, 1.0):
        yield Case("rows twice", f"{share:.0%} of the rows", twins(share, 0.0, 1), table)
    for share in (0.03, 0.3, 0.6, 1.0):
        text = f"{share:.0%} of the rows, scatter 0.0001"
        yield Case("nearly equal rows", text, twins(share, 1e-4, 2), table)
    for rows in (2, 3, 5, 10):
        raw = noise(3)
        raw.insert(0, "person", np.arange(N) // rows)
        yield Case("a person on both sides", f"{rows} rows each", raw, with_groups)
    for scatter in (0.0, 0.1, 0.25, 0.5):
        raw, rng = noise(4), np.random.default_rng(4)
        copy = (raw["target"] == "yes") + rng.normal(scale=scatter, size=N)
        raw.insert(0, "score", copy)
        yield Case("the target as a feature", f"scatter {scatter:g}", raw, table)
    for rows in (2, 4, 10, 20):
        person, label = persons(rows, 5)
        raw = noise(5).assign(target=label)
        number = np.random.default_rng(5).permutation(1000)[person].astype(float)
        raw.insert(0, "number", number)
        yield Case("a person's number as a feature", f"{rows} rows each", raw, table)
    for wrong in (0.0, 0.01, 0.05, 0.1):
        rng = np.random.default_rng(6)
        codes, raw = rng.integers(0, 120, size=1200), noise(6, n=1200)
        label = (codes % 2 == 1) ^ (rng.random(1200) < wrong)
        raw["target"] = np.where(label, "yes", "no")
        raw.insert(0, "code", [f"c{number}" for number in codes])
        yield Case("a code that stands for the label", f"{wrong:.0%} wrong, 120 codes", raw, table)
    for columns in (100, 300, 1000, 3000):
        raw = noise(7, n=200, columns=columns, signal=0.0)
        yield Case("columns chosen by all labels", f"20 of {columns}", raw, selected)
    for how, prepare in SCALERS.items():
        raw = noise(8)
        raw.iloc[:, :-1] = prepare(raw.iloc[:, :-1] * 3 + 7)
        yield Case("scaled in the file", how, raw, table)
    for levels in (5, 20, 60, 150):
        raw = noise(9, signal=0.0)
        raw.insert(0, "code", np.random.default_rng(9).integers(0, levels, size=N).astype(str))
        yield Case("codes replaced by the target's mean", f"{levels} codes", raw, encoded)
    for share in (0.1, 0.3, 0.6, 1.0):
        raw = noise(10)
        new = interpolated(raw, share)
        text = f"{share:.0%} more rows"
        yield Case("rows made between two neighbours", text, new, table)


def standardised(X: pd.DataFrame) -> pd.DataFrame:
    """Scale to mean 0 and standard deviation 1, over all rows."""
    return (X - X.mean()) / X.std()


SCALERS = {
    "mean 0, standard deviation 1": standardised,
    "the same, rounded to 3 digits": lambda X: standardised(X).round(3),
    "0 to 1": minmax_scale,
    "ranks": lambda X: X.rank(pct=True),
}


def selected(raw: pd.DataFrame) -> Table:
    """Keep the 20 columns that go best with the target, chosen with all rows."""
    whole = table(raw)
    best = SelectKBest(k=20).fit(whole.X, whole.y).get_support()
    return table(raw[[*whole.X.columns[best], "target"]])


def encoded(raw: pd.DataFrame) -> Table:
    """Replace each code by the share of its rows that say yes, over all rows."""
    shares = (raw["target"] == "yes").groupby(raw["code"]).mean()
    return table(raw.assign(code=raw["code"].map(shares)))


def interpolated(raw: pd.DataFrame, share: float) -> pd.DataFrame:
    """Add rows that lie between a row and its nearest neighbour of the same class."""
    rng, X, new = np.random.default_rng(11), raw.iloc[:, :-1].to_numpy(), []
    for row in rng.choice(len(raw), round(share * len(raw)), replace=False):
        distance = ((X - X[row]) ** 2).sum(axis=1)
        distance[(raw["target"] != raw["target"][row]) | (distance == 0)] = np.inf
        near = X[distance.argmin()]
        new.append([*(X[row] + rng.random() * (near - X[row])), raw["target"][row]])
    return pd.concat([raw, pd.DataFrame(new, columns=raw.columns)], ignore_index=True)


def clean() -> Iterator[Case]:
    """Yield 25 tables with nothing wrong."""
    for name in ("wine", "breast_cancer", "digits", "iris"):
        found = getattr(datasets, f"load_{name}")(as_frame=True)
        names = np.array([str(text) for text in found.target_names])
        yield Case("real", name, found.data.astype(float).assign(target=names[found.target]), table)
    found = datasets.load_diabetes(as_frame=True, scaled=False)
    yield Case("real", "diabetes", found.data.assign(target=found.target), table)
    for seed in range(20, 26):
        yield Case("few values each, independent", f"400 rows, no. {seed - 19}", few(seed), table)
    for seed in range(30, 33):
        raw = few(seed)
        fare = np.where(raw["class"] == "first", 40, 10) + raw["age"].round(-1) / 10
        raw["fare"] = fare
        yield Case("few values each, dependent", f"400 rows, no. {seed - 29}", raw, table)
    for n, columns in ((40, 3), (150, 1), (300, 2), (300, 50), (2000, 5)):
        yield Case("normal", f"{n} rows, {columns + 1} features", noise(n, n, columns + 1), table)
    rng = np.random.default_rng(40)
    raw = noise(40)
    raw.iloc[:, :-1] = np.exp(3 * raw.iloc[:, :-1])
    yield Case("others", "long tails", raw, table)
    counts = pd.DataFrame(rng.poisson(0.3, size=(N, 8)), columns=[f"n{i}" for i in range(8)])
    yield Case("others", "mostly zeros", counts.assign(target=noise(41)["target"]), table)
    line = pd.DataFrame({"a": rng.normal(size=N), "b": rng.normal(size=N)})
    raw = line.assign(target=2 * line["a"] + line["b"] + rng.normal(scale=0.2, size=N))
    yield Case("others", "numbers to predict, little noise", raw, table)
    raw = noise(42)
    raw.insert(0, "place", rng.choice([f"site {i}" for i in range(40)], N))
    yield Case("others", "a text with 40 values", raw, table)
    raw = noise(43)
    raw.iloc[:, :-1] = raw.iloc[:, :-1].round(1)
    yield Case("others", "one decimal", raw, table)
    raw = noise(44, n=600)
    raw["target"] = np.where(rng.random(600) < 0.05, "yes", "no")
    yield Case("others", "a rare class", raw, table)


def few(seed: int) -> pd.DataFrame:
    """Return passengers of whom little is known, none of it of the others."""
    rng = np.random.default_rng(seed)
    columns = {
        "sex": rng.choice(["f", "m"], 400),
        "class": rng.choice(["first", "second", "third"], 400, p=[0.25, 0.2, 0.55]),
        "port": rng.choice(["C", "Q", "S"], 400, p=[0.2, 0.1, 0.7]),
        "fare": rng.integers(5, 150, size=400).astype(float),
        "age": np.clip(rng.normal(30, 13, size=400).round(), 1, 80),
    }
    survived = rng.random(400) < np.where(columns["sex"] == "f", 0.7, 0.2)
    return pd.DataFrame(columns).assign(target=np.where(survived, "yes", "no"))


def judged(case: Case) -> dict[str, str]:
    """Return the verdict of each check that did not pass, with its first words."""
    made = case.make(case.raw)
    split = Split(dependence="independent", folds=5, repeats=2)
    how = {"stratify": made.y.dtype == object or made.y.dtype == "str", "seed": 0}
    development, test = lock_test_set(made, split, **how)
    folds = make_folds(made, development, split, **how)
    row, cuts = made.X.index, cuts_of(development, test, folds)
    once = [(row[fold.train], row[fold.test]) for fold in folds if fold.repeat == 0]
    kept = ["person"] if "person" in case.raw else []
    columns = [name for name in case.raw if name not in kept]
    found = audit_splits(made, split, cuts) + audit_rows(made, cuts, development, {})
    found.append(preparation(case.raw, case.make, row[test], columns, 0))
    found.append(shuffled_labels(case.raw, case.make, case.raw.columns[-1], once, 0))
    return {one.check: one.verdict for one in found if one.verdict != "pass"}


def main() -> list[dict[str, object]]:
    """Audit all cases."""
    return [
        {"kind": case.kind, "strength": case.strength, "leak": leak, "said": judged(case)}
        for leak, cases in ((True, planted()), (False, clean()))
        for case in cases
    ]


def word(said: dict[str, str], leak: bool) -> str:
    """Say in a word what became of a case."""
    if leak:
        return "found" if "fail" in said.values() else "warned" if said else "**missed**"
    return "**false alarm**" if "fail" in said.values() else "warned" if said else "passed"


def as_page(found: list[dict[str, object]]) -> str:
    """Write the tables, between the markers of the page."""
    parts = []
    for leak, first in ((True, "Leak"), (False, "Clean table")):
        rows = [one for one in found if one["leak"] == leak]
        words = [word(one["said"], leak) for one in rows]
        counts = {one: words.count(one) for one in sorted(set(words))}
        total = ", ".join(f"{name.strip('*')} {count}" for name, count in counts.items())
        parts += [f"Of {len(rows)}: {total}.", ""]
        parts += [f"| {first} | Which | Verdict | By the check |", "| --- | --- | --- | --- |"]
        parts += [
            f"| {one['kind']} | {one['strength']} | {text} | {', '.join(one['said']) or '-'} |"
            for one, text in zip(rows, words, strict=True)
        ]
        parts.append("")
    return "\n".join(parts)


if __name__ == "__main__":
    results = main()
    if sys.argv[1:] == ["page"]:
        before, begin, rest = PAGE.read_text(encoding="utf-8").partition("<!-- begin leaks -->\n")
        end = "<!-- end leaks -->"
        text = before + begin + "\n" + as_page(results) + "\n" + end + rest.partition(end)[2]
        PAGE.write_text(text, encoding="utf-8", newline="\n")
    else:
        print(json.dumps(results))
