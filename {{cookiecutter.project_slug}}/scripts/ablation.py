"""Switch parts of the candidate off, one at a time, to see what each is good for."""

from argparse import Namespace

from common import options, predict, prepare, run, say, score, write_csv


def main(arguments: Namespace) -> None:
    """Write ablation.csv and ablation_comparison.csv; print both as tables."""
    from {{ cookiecutter.__package }}.ablation import (
        FULL,
        check_columns,
        fold_columns,
        make_variants,
    )
    from {{ cookiecutter.__package }}.comparison import compare_to_baselines
    from {{ cookiecutter.__package }}.compute import make_tasks
    from {{ cookiecutter.__package }}.decisions import RULES, decide, explain
    from {{ cookiecutter.__package }}.evaluation import METRICS, check_metrics
    from {{ cookiecutter.__package }}.report import (
        comparison_table,
        direction_note,
        score_intervals,
        score_table,
    )
    from {{ cookiecutter.__package }}.study import read_study
    from {{ cookiecutter.__package }}.variance import doubt, fold_sources, in_words

    study = read_study(arguments.study)
    metrics = check_metrics(study)
    variants = make_variants(study)
    setting = prepare(study, arguments)
    how = (study, setting.table, arguments, getattr(arguments, "label", "ablation"))
    tasks = make_tasks(variants, setting.folds[:1], study.seed)
    found = predict(tasks, *how, fold_columns)
    reaching = {task.name: list(one["column"]) for task, one in zip(tasks, found, strict=True)}
    check_columns(reaching, study)
    sizes = {"n_train": setting.n_train, "n_test": setting.n_test}

    metric = METRICS[study.metrics.primary]
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
    say(score_table(score_intervals(scores, metrics, **sizes)).to_string())
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
