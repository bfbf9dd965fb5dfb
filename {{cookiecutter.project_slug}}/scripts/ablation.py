"""Switch parts of the candidate off, one at a time, to see what each is good for."""

from reproml.run.start import start


def main(run):
    """Write ablation.csv and ablation_comparison.csv; print both as tables."""
    variants = run.variants()  # the full candidate, and one for each [ablations.NAME]
    scores = run.score(variants, seeds_of=run.study.models.candidate)
    comparison = run.compare_variants(scores)  # the full candidate against each variant

    run.write("ablation.csv", scores)
    run.write("ablation_comparison.csv", comparison)

    run.tell_scores(scores, variants)
    run.tell_variants(comparison)
    run.tell_written()


if __name__ == "__main__":
    start(main, __doc__)
