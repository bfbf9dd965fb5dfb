"""Explain the candidate: what its score rests on, and how its predictions move."""

from __future__ import annotations

from argparse import Namespace
from functools import partial

from reproml.cli.common import open_study, options, predict, prepare, run, say, write_csv

LINEAR = "linear"  # the baseline whose coefficients are shown beside the candidate's


def main(arguments: Namespace) -> None:
    """Write interpretation*.csv and partial_dependence*.csv; print the importances."""
    import pandas as pd
    from reproml.compute.models import build_model
    from reproml.compute.task import make_tasks
    from reproml.config.metrics import check_metrics
    from reproml.explain.dependence import fold_dependence, grid_of, rows_to_follow
    from reproml.explain.feature_groups import correlated_groups, units_of
    from reproml.explain.importance import fold_explanation
    from reproml.write.importance_tables import (
        importance_note,
        importance_table,
        importance_texts,
        leading_features,
    )

    study = open_study(arguments)
    check_metrics(study)
    setting = prepare(study, arguments)
    table, sizes = setting.table, {"n_train": setting.n_train, "n_test": setting.n_test}
    X = table.X.iloc[setting.development]
    groups = correlated_groups(X)
    units = units_of(X, groups)
    candidate = study.models.candidate
    names = list(dict.fromkeys([candidate, *(m for m in study.models.baselines if m == LINEAR)]))
    models = {name: build_model(name, study) for name in names}
    tasks = make_tasks(models, setting.folds, study.seed)  # the seeds of the ladder
    # the candidate on all folds; what follows takes each row once: the folds of the first repeat
    tasks = [task for task in tasks if task.name == candidate or task.fold.repeat == 0]

    # without what it does not depend on: an edit of that leaves the cache as it is
    own = study.model_copy(update={"ablations": {}, "compute": None, "models": None})
    how = (study, table, arguments, getattr(arguments, "label", "interpretation"))
    do = partial(fold_explanation, study=own, units=units, candidate=candidate)
    found = predict(tasks, *how, do)
    importances, weights = (
        pd.concat([both[part] for both in found if both[part].columns.size], ignore_index=True)
        for part in (0, 1)
    )
    write_csv(importances, arguments.results / "interpretation.csv")
    write_csv(groups, arguments.results / "interpretation_groups.csv")
    write_csv(weights, arguments.results / "interpretation_weights.csv")

    summary = importance_table(importances, groups, **sizes)
    grids = {name: grid_of(X[name]) for name in leading_features(summary)}
    once = [task for task in tasks if task.name == candidate and task.fold.repeat == 0]
    kept = rows_to_follow([task.fold for task in once], study.seed)
    found = predict(once, *how, partial(fold_dependence, study=own, grids=grids, kept=kept))
    for number, end in enumerate(("", "_rows")):
        curves = pd.concat([both[number] for both in found], ignore_index=True)
        write_csv(curves, arguments.results / f"partial_dependence{end}.csv")

    say(f"\nImportance of features for {candidate}\n")
    say(importance_texts(summary, groups).to_string())
    say(f"\n{importance_note(summary, groups, study)}")
    made = [f"interpretation{end}.csv" for end in ("", "_groups", "_weights")]
    made += ["partial_dependence.csv", "partial_dependence_rows.csv"]
    say(f"\nWritten to {arguments.results}: {', '.join(made)}")


if __name__ == "__main__":
    run(main, options(__doc__))
