"""Score the baselines and the candidate on the same folds, and say where they err."""

from argparse import Namespace

from evaluation import write_diagnostics

from common import options, prepare, run, say, score_and_keep, write_csv


def main(arguments: Namespace) -> None:
    """Write baselines.csv and what is made of it; print scores and comparisons as tables."""
    from {{ cookiecutter.__package }}.comparison import compare_to_baselines
    from {{ cookiecutter.__package }}.decisions import RULES, decide, explain, headline
    from {{ cookiecutter.__package }}.diagnostics import (
        prediction_table,
        prevalence_note,
    )
    from {{ cookiecutter.__package }}.evaluation import METRICS, check_metrics
    from {{ cookiecutter.__package }}.models import build_model
    from {{ cookiecutter.__package }}.report import (
        comparison_table,
        direction_note,
        score_intervals,
        score_table,
    )
    from {{ cookiecutter.__package }}.splits import fold_table
    from {{ cookiecutter.__package }}.study import read_study
    from {{ cookiecutter.__package }}.variance import doubt, fold_sources, in_words

    study = read_study(arguments.study)
    metrics = check_metrics(study)
    models = {name: build_model(name, study) for name in study.models.names}
    setting = prepare(study, arguments)
    sizes = {"n_train": setting.n_train, "n_test": setting.n_test}

    candidate, metric = study.models.candidate, METRICS[study.metrics.primary]
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
    say(score_table(score_intervals(scores, metrics, **sizes)).to_string())
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
