"""Score the baselines and the candidate on the same folds, and say where they err."""

from argparse import Namespace

from reproml.cli.common import open_study, options, prepare, run, say, score_and_keep, write_csv
from reproml.cli.diagnostics import write_diagnostics


def main(arguments: Namespace) -> None:
    """Write baselines.csv and what is made of it; print scores and comparisons as tables."""
    from reproml.compute.models import build_model
    from reproml.config.metrics import check_metrics
    from reproml.split.splits import fold_table
    from reproml.statistics.comparison import compare_to_baselines
    from reproml.statistics.decisions import RULES, decide, explain, headline
    from reproml.statistics.diagnostics import prediction_table, prevalence_note
    from reproml.statistics.variance import doubt, fold_sources, in_words
    from reproml.write.tables import comparison_table, direction_note, score_intervals, score_table

    study = open_study(arguments)
    metrics = check_metrics(study)
    models = {name: build_model(name, study) for name in study.models.names}
    setting = prepare(study, arguments)
    sizes = {"n_train": setting.n_train, "n_test": setting.n_test}

    candidate, metric = study.models.candidate, study.primary
    scores, once = score_and_keep(models, setting, arguments, "baselines")
    comparison = compare_to_baselines(
        scores,
        candidate=candidate,
        baselines=study.models.baselines,
        metric=study.metrics.primary,
        higher_is_better=metric.higher_is_better,
        seed=study.seed,
        **sizes,
    )
    comparison = decide(comparison)
    write_csv(scores, arguments.results / "baselines.csv")
    write_csv(comparison, arguments.results / "baselines_comparison.csv")
    write_csv(fold_table(setting.folds), arguments.results / "baselines_folds.csv")
    held_out = prediction_table(once, setting.table, study.data.classes)
    made = write_diagnostics(held_out, setting.table, study, arguments.results, "baselines_")

    say("\n" + headline(comparison, candidate))
    truth = setting.table.y.iloc[setting.development]
    say(prevalence_note(truth, study.data.classes, "development"))
    say(f"\nMean over {len(setting.folds)} folds [95 % interval]; locked test rows stay unseen\n")
    say(score_table(score_intervals(scores, metrics, **sizes), metrics).to_string())
    say(direction_note(metrics))
    say(f"{in_words(fold_sources(study, models))} {doubt(study)}".rstrip())
    say(f"\n{candidate} minus baseline in {metric.label}; positive is better\n")
    say(comparison_table(comparison).to_string() + "\n")
    say("\n".join(explain(comparison, candidate, metric.label)))
    say(f"\n{RULES}")
    made = ["baselines.csv", "baselines_comparison.csv", "baselines_folds.csv", *made]
    say(f"\nWritten to {arguments.results}: {', '.join(made)}")


if __name__ == "__main__":
    run(main, options(__doc__))
