"""Switch parts of the candidate off, one at a time, to see what each is good for."""

from argparse import Namespace

from reproml.cli.common import open_study, options, predict, prepare, run, say, score, write_csv


def main(arguments: Namespace) -> None:
    """Write ablation.csv and ablation_comparison.csv; print both as tables."""
    from reproml.compute.task import make_tasks
    from reproml.config.metrics import check_metrics
    from reproml.explain.ablation import FULL, check_columns, fold_columns, make_variants
    from reproml.statistics.comparison import compare_to_baselines
    from reproml.statistics.decisions import RULES, decide, explain
    from reproml.statistics.variance import doubt, fold_sources, in_words
    from reproml.write.tables import comparison_table, direction_note, score_intervals, score_table

    study = open_study(arguments)
    metrics = check_metrics(study)
    variants = make_variants(study)
    setting = prepare(study, arguments)
    how = (study, setting.table, arguments, getattr(arguments, "label", "ablation"))
    tasks = make_tasks(variants, setting.folds[:1], study.seed)
    found = predict(tasks, *how, fold_columns)
    reaching = {task.name: list(one["column"]) for task, one in zip(tasks, found, strict=True)}
    check_columns(reaching, study)
    sizes = {"n_train": setting.n_train, "n_test": setting.n_test}

    metric = study.primary
    # variants draw the candidate's seeds, so that each differs in its switch alone
    scores = score(variants, setting, arguments, "ablation", purpose=study.models.candidate)
    comparison = compare_to_baselines(
        scores,
        candidate=FULL,
        baselines=list(study.ablations),
        metric=study.metrics.primary,
        higher_is_better=metric.higher_is_better,
        seed=study.seed,
        **sizes,
    )
    comparison = decide(comparison)
    write_csv(scores, arguments.results / "ablation.csv")
    write_csv(comparison, arguments.results / "ablation_comparison.csv")

    say(f"\nMean over {len(setting.folds)} folds [95 % interval]; locked test rows stay unseen\n")
    say(score_table(score_intervals(scores, metrics, **sizes), metrics).to_string())
    say(direction_note(metrics))
    say(f"{in_words(fold_sources(study, variants))} {doubt(study)}".rstrip())
    say(f"\nFull candidate minus variant in {metric.label}; positive is better\n")
    say(comparison_table(comparison).to_string() + "\n")
    say("\n".join(explain(comparison, FULL, metric.label)))
    say(f"\n{RULES}\n")
    for name, ablation in study.ablations.items():
        say(f"{name}: {ablation.reason}")
    say(f"\nWritten to {arguments.results}: ablation.csv, ablation_comparison.csv")


if __name__ == "__main__":
    run(main, options(__doc__))
