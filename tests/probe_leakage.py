"""Audit well-known data, and one well-known leak; print what was found as JSON.

Run by test_leakage.py with the study's libraries: python tests/probe_leakage.py PACKAGE data|leak
"""

import json
import sys
from importlib import import_module

import numpy as np
import pandas as pd
from reproml.compute import task as compute
from reproml.config.columns import Table
from reproml.config.study import Column, Data, Split, Study
from reproml.leakage import findings, perturbation, row_checks
from reproml.split import splits
from sklearn import datasets
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.feature_selection import SelectKBest
from sklearn.metrics import accuracy_score
from sklearn.model_selection import cross_val_score, train_test_split
from sklearn.pipeline import make_pipeline

models = import_module(f"{sys.argv[1]}.models")
CODE = import_module(sys.argv[1]).STUDY


def as_table(raw):
    """Take the raw rows as they are; the target is the last column."""
    return Table(raw.iloc[:, :-1], raw.iloc[:, -1], None, None, None, dropped={})


def audit(raw, make=as_table):
    """Return every finding on rows of one kind, with the folds that a fresh study has."""
    table, target = make(raw), raw.columns[-1]
    classes = [] if table.y.dtype == float else sorted(set(table.y))
    split = Split(dependence="independent", folds=5, repeats=6)
    kind = {"type": "category", "values": classes} if classes else {}
    data = Data(file="none.csv", sha256="0" * 64, columns={target: Column(role="target", **kind)})
    study = Study.model_construct(data=data, split=split).with_code(CODE)
    how = {"stratify": bool(classes), "seed": 0}
    development, test = splits.lock_test_set(table, split, **how)
    folds = splits.make_folds(table, development, split, **how)
    cuts = findings.cuts_of(development, test, folds)
    row = table.X.index
    once = [(row[fold.train], row[fold.test]) for fold in folds if fold.repeat == 0]
    task = compute.make_tasks(
        {"linear": models.linear("classification" if classes else "regression")}, folds[:1], 0
    )[0]

    def predict(table, fold):
        said = compute.run_task(task, table, study)
        return (said.predicted,)

    found = findings.audit_splits(table, split, cuts)
    found += row_checks.audit_rows(table, cuts, development, {})
    found.append(perturbation.preparation(raw, make, row[test], list(raw.columns), 0))
    found.append(perturbation.shuffled_labels(raw, make, target, once, 0))
    found.append(perturbation.fit(task, predict, table, 0))
    return {one.check: (one.verdict, one.message) for one in found}


def well_known():
    """Yield scikit-learn's small tables with class names as text, rows numbered from 0."""
    for name in ("iris", "wine", "breast_cancer", "digits"):
        found = getattr(datasets, f"load_{name}")(as_frame=True)
        names = np.array([str(text) for text in found.target_names])
        yield name, found.data.astype(float).assign(target=names[found.target])
    for name, scaled in (("diabetes", False), ("diabetes, scaled", True)):
        found = datasets.load_diabetes(as_frame=True, scaled=scaled)
        yield name, found.data.assign(target=found.target)


def selected(raw):
    """Keep the 25 best columns of 10,000, chosen with all rows: the leak."""
    table = as_table(raw)
    best = SelectKBest(k=25).fit(table.X, table.y).get_support()
    return Table(table.X.loc[:, best], table.y, None, None, None, dropped={})


def published_leak():
    """Score noise as scikit-learn's page on common pitfalls does, then audit both ways."""
    rng = np.random.RandomState(42)
    X, y = rng.standard_normal((200, 10000)), rng.choice(2, 200)

    def score(X, select_first):
        if select_first:
            X = SelectKBest(k=25).fit_transform(X, y)
        train, test, y_train, y_test = train_test_split(X, y, random_state=42)
        if not select_first:
            select = SelectKBest(k=25).fit(train, y_train)
            train, test = select.transform(train), select.transform(test)
        model = HistGradientBoostingClassifier(random_state=1).fit(train, y_train)
        return accuracy_score(y_test, model.predict(test))

    inside = make_pipeline(SelectKBest(k=25), HistGradientBoostingClassifier(random_state=1))
    folds = cross_val_score(inside, X, y)
    raw = pd.DataFrame(X, columns=[f"x{i}" for i in range(10000)])
    raw = raw.assign(target=np.where(y == 1, "yes", "no"))
    return {
        "before the split": score(X, select_first=True),
        "after it": score(X, select_first=False),
        "in a pipeline": [folds.mean(), folds.std()],
        "audit of the leak": audit(raw, selected),
        "audit without it": audit(raw),
    }


if __name__ == "__main__":
    found = (
        published_leak() if sys.argv[2] == "leak" else {n: audit(raw) for n, raw in well_known()}
    )
    print(json.dumps(found))
