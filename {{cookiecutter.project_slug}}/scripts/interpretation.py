"""Explain the candidate: what its score rests on, and how its predictions move."""

from reproml.run.start import start

LINEAR = "linear"  # the baseline whose coefficients are shown with the candidate's importances


def main(run):
    """Write interpretation*.csv and partial_dependence*.csv; print the importances."""
    linear = [name for name in run.study.models.baselines if name == LINEAR]
    groups = run.feature_groups()  # correlated features stand in for each other
    importances, weights = run.importance([run.study.models.candidate, *linear], groups)
    run.write("interpretation.csv", importances)
    run.write("interpretation_groups.csv", groups)
    run.write("interpretation_weights.csv", weights)

    curves, rows = run.dependence(importances, groups)  # of the leading features
    run.write("partial_dependence.csv", curves)
    run.write("partial_dependence_rows.csv", rows)

    run.tell_importance(importances, groups)
    run.tell_written()


if __name__ == "__main__":
    start(main, __doc__)
