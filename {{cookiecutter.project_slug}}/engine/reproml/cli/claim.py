"""Show what a random split would have reported, beside the split that fits the claim."""

from ..config.study import StudyError
from ..run.figures import read_result
from ..run.run import Run
from ..run.terminal import say
from ..write.claim import claim_note, claim_table, random_split


def main(run: Run) -> None:
    """Write claim.csv; baselines.csv has to be there."""
    study = run.study
    scores = read_result(run.results, "baselines.csv", "baselines")
    if set(scores["model"]) != set(study.models.names):
        raise StudyError("baselines.csv: has other models than study.toml; run it again first")
    random, random_sizes = scores, run.sizes
    if study.split.dependence != "independent":
        dealt = run.split_as(random_split(study.split))
        random, random_sizes = dealt.score(run.models()), dealt.sizes

    primary = {study.metrics.primary: study.primary}
    table = claim_table(scores, random, primary, run.sizes, random_sizes)
    run.write("claim.csv", table)
    say(f"\n{claim_note(table, study)}")
    run.tell_written()
