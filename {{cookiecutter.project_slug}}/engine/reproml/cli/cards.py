"""Fill in the model card and the data card from the results; list what only you can answer."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from .check import open_questions
from .common import Setting, open_study, options, prepare, run, say, write_text


def main(arguments: Namespace) -> None:
    """Write the cards' tables and renew the pages; the rest is asked of the author."""
    from .report import renew_texts

    root = arguments.study.resolve().parent
    write_cards(prepare(open_study(arguments), arguments), arguments.results)
    for name in renew_texts(root, arguments.results):
        say(f"renewed {name}")
    say("\n".join(open_questions(root)) or "No question for the author is open.")


def write_cards(setting: Setting, results: Path) -> None:
    """Write what the model card and the data card bring in."""
    import pandas as pd

    from ..compute.models import build_model
    from ..config.commands import command_of
    from ..config.study import StudyError
    from ..statistics.diagnostics import prevalence_note
    from ..write.cards import columns_text, data_text, head_text, limits_text, model_text
    from ..write.tables import score_intervals

    study, table, mine = setting.study, setting.table, setting.development
    read = {}
    for stem in ("baselines", "leakage", "sharing"):
        if not (results / f"{stem}.csv").is_file():
            raise StudyError(f"{stem}.csv: not there yet; run {command_of(stem)} first")
        read[stem] = pd.read_csv(results / f"{stem}.csv")
    intervals = score_intervals(
        read["baselines"], study.reported, n_train=setting.n_train, n_test=setting.n_test
    )
    truth = table.y.iloc[mine]
    prevalence = prevalence_note(truth, study.data.classes, "development")
    model = build_model(study.models.candidate, study)
    texts = {
        "card_data.md": data_text(study, table, len(mine), prevalence),
        "card_features.md": columns_text(table.X.iloc[mine], study.data),
        "card_head.yaml": head_text(study, intervals),
        "card_limits.md": limits_text(study, read["leakage"]),
        "card_model.md": model_text(study, model, read["sharing"]),
    }
    for name, text in texts.items():
        write_text(text, results / "tables" / name)


def start() -> None:
    """Read the command line and run."""
    run(main, options(__doc__))
