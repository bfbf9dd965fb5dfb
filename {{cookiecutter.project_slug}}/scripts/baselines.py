"""Score the baselines and the candidate on the same folds, and say where they err."""

from reproml.run.start import start


def main(run):
    """Write baselines.csv and what is made of it; print scores and comparisons as tables."""
    models = run.models()  # the baselines and the candidate, as study.toml names them
    scores, predictions = run.score_and_predict(models)  # model, repeat, fold, metric, value
    comparison = run.compare(scores)  # the candidate against each baseline

    run.write("baselines.csv", scores)
    run.write("baselines_comparison.csv", comparison)
    run.write_folds("baselines_folds.csv")
    run.write_errors(predictions, prefix="baselines_")
    run.write_kept()  # tables that fits keep, such as the curves of a network's training

    run.tell_headline(comparison)
    run.tell_scores(scores, models)
    run.tell_comparison(comparison)
    run.tell_written()


if __name__ == "__main__":
    start(main, __doc__)
