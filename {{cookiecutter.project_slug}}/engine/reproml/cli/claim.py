"""Show what a random split would have reported, beside the split that fits the claim."""

from argparse import Namespace

from .common import open_study, options, prepare, run, say, score, write_csv


def main(arguments: Namespace) -> None:
    """Write claim.csv; baselines.csv has to be there."""
    import pandas as pd

    from ..compute.models import build_model
    from ..config.metrics import check_metrics
    from ..config.study import StudyError
    from ..split.splits import fold_sizes, make_folds
    from ..write.claim import claim_note, claim_table, random_split

    study = open_study(arguments)
    check_metrics(study)
    path = arguments.results / "baselines.csv"
    if not path.is_file():
        raise StudyError("baselines.csv: not there yet; run scripts/baselines.py first")
    scores = pd.read_csv(path)
    if set(scores["model"]) != set(study.models.names):
        raise StudyError("baselines.csv: has other models than study.toml; run it again first")
    setting = prepare(study, arguments)
    sizes = {"n_train": setting.n_train, "n_test": setting.n_test}

    random, random_sizes = scores, sizes
    if study.split.dependence != "independent":
        split, stratify = random_split(study.split), study.task == "classification"
        folds = make_folds(
            setting.table, setting.development, split, stratify=stratify, seed=study.seed
        )
        n_train, n_test = fold_sizes(folds)
        dealt = setting._replace(study=study.model_copy(update={"split": split}), folds=folds)
        models = {name: build_model(name, study) for name in study.models.names}
        random = score(models, dealt, arguments, "claim")
        random_sizes = {"n_train": n_train, "n_test": n_test}

    primary = {study.metrics.primary: study.primary}
    table = claim_table(scores, random, primary, sizes, random_sizes)
    note = claim_note(table, study)
    write_csv(table, arguments.results / "claim.csv")
    say(f"\n{note}")
    say(f"\nWritten to {arguments.results}: claim.csv")


def start() -> None:
    """Read the command line and run."""
    run(main, options(__doc__))
