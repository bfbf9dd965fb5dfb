"""Score the baselines and the candidate on the same folds."""

from argparse import Namespace

from common import options, prepare, run, say, score, write_csv


def main(arguments: Namespace) -> None:
    """Write baselines.csv and baselines_comparison.csv; print both as tables."""
    from {{ cookiecutter.__package }}.comparison import compare_to_baselines
    from {{ cookiecutter.__package }}.evaluation import METRICS, check_metrics
    from {{ cookiecutter.__package }}.models import build_model
    from {{ cookiecutter.__package }}.report import comparison_table, direction_note, score_intervals, score_table
    from {{ cookiecutter.__package }}.study import read_study

    study = read_study(arguments.study)
    metrics = check_metrics(study)
    models = {name: build_model(name, study) for name in study.models.names}
    setting = prepare(study, arguments)
    sizes = {"n_train": setting.n_train, "n_test": setting.n_test}

    scores = score(models, setting, arguments, "baselines")
    comparison = compare_to_baselines(
        scores,
        candidate=study.models.candidate,
        baselines=study.models.baselines,
        metric=study.metrics.primary,
        higher_is_better=METRICS[study.metrics.primary].higher_is_better,
        seed=study.seed,
        **sizes,
    )
    write_csv(scores, arguments.results / "baselines.csv")
    write_csv(comparison, arguments.results / "baselines_comparison.csv")

    say(f"\nMean over {len(setting.folds)} folds [95 % interval]; locked test rows stay unseen\n")
    say(score_table(score_intervals(scores, metrics, **sizes)).to_string())
    say(direction_note(metrics))
    say(f"\n{study.models.candidate} minus baseline, {study.metrics.primary}; positive is better\n")
    say(comparison_table(comparison).to_string())
    say(f"\nWritten to {arguments.results}: baselines.csv, baselines_comparison.csv")


if __name__ == "__main__":
    run(main, options(__doc__))
