"""Fill in the model card and the data card from the results; list what only you can answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..compute.models import build_model
from ..config.files import write_text
from ..run.figures import read_result
from ..run.printed import prevalence
from ..run.terminal import say
from ..run.texts import renew_texts
from ..write.cards import columns_text, data_text, head_text, limits_text, model_text
from ..write.tables import score_intervals
from .check import open_questions

if TYPE_CHECKING:
    from ..run.run import Run


def main(run: Run) -> None:
    """Write the cards' tables and renew the pages; the rest is asked of the author."""
    write_cards(run)
    for name in renew_texts(run.root, run.results):
        say(f"renewed {name}")
    say("\n".join(open_questions(run.root)) or "No question for the author is open.")


def write_cards(run: Run) -> None:
    """Write what the model card and the data card bring in."""
    study, table, mine = run.study, run.table, run.development
    read = {
        stem: read_result(run.results, f"{stem}.csv", stem)
        for stem in ("baselines", "leakage", "sharing")
    }
    intervals = score_intervals(read["baselines"], study.reported, **run.sizes)
    model = build_model(study.models.candidate, study)
    texts = {
        "card_data.md": data_text(study, table, (mine, run.locked), prevalence(run)),
        "card_features.md": columns_text(table.X.iloc[mine], study.data),
        "card_head.yaml": head_text(study, intervals),
        "card_limits.md": limits_text(study, read["leakage"]),
        "card_model.md": model_text(study, model, read["sharing"]),
    }
    for name, text in texts.items():
        write_text(text, run.results / "tables" / name)
