"""Write tables and macros from the results, and renew the numbers in README and docs."""

from __future__ import annotations

import json
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from .cards import write_cards
from .checklist import TABLE, filled
from .common import open_study, options, prepare, run, say, write_table, write_text

if TYPE_CHECKING:
    import pandas as pd

    from ..config.study import Study

TEXTS = ("README.md", "docs/*.md")  # where markers may stand
STEMS = {"baselines": "Model", "ablation": "Variant"}


def main(arguments: Namespace) -> None:
    """Write tables/*.md and *.tex and macros.tex below results; then renew README and docs."""
    write_tables(arguments)
    for name in renew_texts(arguments.study.resolve().parent, arguments.results):
        say(f"renewed {name}")
    say(f"Written to {arguments.results}: macros.tex, tables")


def write_tables(arguments: Namespace) -> None:
    """Write everything that is made from the CSV files alone."""
    from ..compute.models import build_model
    from ..config.commands import command_of
    from ..config.study import StudyError
    from ..prove.checklist import to_page
    from ..split.claims import claim_of
    from ..statistics.decisions import RULES, headline
    from ..statistics.diagnostics import prevalence_note
    from ..statistics.variance import doubt, fold_sources, in_words
    from ..write.macros import ablation_facts, audit_facts, headline_facts, study_facts
    from ..write.tables import (
        comparison_macros,
        comparison_table,
        direction_note,
        primary_table,
        score_intervals,
        score_macros,
        score_table,
        to_latex,
    )

    study = open_study(arguments)
    setting = prepare(study, arguments)
    sizes = {"n_train": setting.n_train, "n_test": setting.n_test}
    models = {name: build_model(name, study) for name in study.models.names}
    truth = setting.table.y.iloc[setting.development]
    prevalence = prevalence_note(truth, study.data.classes, "development")
    note = (
        f"{prevalence} {direction_note(study.reported)} Means over {len(setting.folds)} "
        f"folds, with 95 % intervals. {in_words(fold_sources(study, models))} {doubt(study)}"
    )
    results, tables = arguments.results, arguments.results / "tables"
    macros = study_facts(study, setting.table, setting.development, len(setting.folds))
    audit = read(results, "leakage.csv", "leakage")
    audited = audit.astype("object").fillna("").set_index("check").rename(columns=str.capitalize)
    write_table(audited, "Check", tables / "leakage")
    macros |= audit_facts(audit)
    for stem, corner in STEMS.items():
        scores = read(results, f"{stem}.csv", stem)
        comparison = read(results, f"{stem}_comparison.csv", stem)
        if not set(study.metrics.names) <= set(scores["metric"]):
            raise StudyError(f"{stem}.csv: lacks metrics of study.toml; run it again first")
        if stem == "baselines" and set(scores["model"]) != set(study.models.names):
            raise StudyError("baselines.csv: has other models than study.toml; run it again first")
        intervals = score_intervals(scores, study.reported, **sizes)
        first = headline(comparison, study.models.candidate) if stem == "baselines" else ""
        write_table(score_table(intervals, study.reported), corner, tables / stem, note=note)
        write_table(
            comparison_table(comparison),
            f"Candidate minus {corner.lower()}",
            tables / f"{stem}_comparison",
            before=first,
            note=RULES,
        )
        macros |= score_macros(stem, intervals) | comparison_macros(stem, comparison)
        if stem == "baselines":
            macros |= headline_facts(study, intervals, comparison)
            short = primary_table(intervals, comparison, study)
            said = f"The claim is about {claim_of(study.split).about_in_full}. {first}"
            below = f"Means over {len(setting.folds)} development folds, with 95 % intervals."
            write_table(short, "Model", tables / "primary", before=said, note=below)
        else:
            macros |= ablation_facts(study, comparison)
    macros |= write_claim(study, results) | write_evaluation(study, results)
    macros |= write_interpretation(study, results, sizes)
    write_cards(setting, results)
    write_text(to_latex(macros), results / "macros.tex")
    write_text(to_page(filled(study, setting.table, arguments)), tables / TABLE)


def read(results: Path, name: str, script: str) -> pd.DataFrame:
    """Read what a script wrote, or say that it has to run first."""
    import pandas as pd

    from ..config.commands import command_of
    from ..config.study import StudyError

    if not (results / name).is_file():
        raise StudyError(f"{name}: not there yet; run {command_of(script)} first")
    return pd.read_csv(results / name)


def write_claim(study: Study, results: Path) -> dict[str, str]:
    """Write the table that compares the split with a random one; return the macro for it."""
    from ..split.claims import claim_of
    from ..write.claim import claim_note, claim_texts

    table, path = read(results, "claim.csv", "claim"), results / "tables" / "claim"
    note = claim_note(table, study)
    if claim_of(study.split).random:
        write_text(f"{note}\n", path.with_suffix(".md"))
    else:
        write_table(claim_texts(table), "Model", path, before=note)
    return {"ClaimNote": note}


def write_interpretation(study: Study, results: Path, sizes: dict[str, float]) -> dict[str, str]:
    """Write the tables of importances, and of what models say of themselves; return the macros."""
    from ..write.importance_tables import (
        WEIGHTS,
        importance_macros,
        importance_note,
        importance_table,
        importance_texts,
        weight_table,
    )

    importances, groups, weights = (
        read(results, f"interpretation{end}.csv", "interpretation")
        for end in ("", "_groups", "_weights")
    )
    table, tables = importance_table(importances, groups, **sizes), results / "tables"
    note = importance_note(table, groups, study)
    write_table(importance_texts(table, groups), "Shuffled", tables / "interpretation", note=note)
    said = weight_table(weights, **sizes)
    write_table(said, "Feature", tables / "interpretation_weights", note=WEIGHTS)
    return importance_macros(table)


def write_evaluation(study: Study, results: Path) -> dict[str, str | bool]:
    """Write what the locked test rows said, if they were opened; return the macros for it."""
    import pandas as pd

    from ..split.splits import UNITS
    from ..split.test_ledger import count_note
    from ..statistics.diagnostics import prevalence_note
    from ..statistics.variance import doubt, in_words, locked_sources
    from ..write.tables import direction_note, score_macros, score_table

    record, path = results / "openings.json", results / "tables" / "evaluation"
    openings = json.loads(record.read_text(encoding="utf-8")) if record.is_file() else []
    count = count_note(openings, study.data.sha256)
    if not (results / "evaluation.csv").is_file():
        note = f"{count} This model was not scored on it."
        write_text(f"{note}\n", path.with_suffix(".md"))
        return {"Opened": False, "EvaluationNote": note}
    scores = pd.read_csv(results / "evaluation.csv").rename(columns={"value": "mean"})
    n_test, n_units = scores[["n_test", "n_units"]].iloc[0]
    units = UNITS[study.split.dependence]
    rows = f"{n_test} rows" if units == "rows" else f"{n_test} rows of {n_units} {units}"
    predicted = pd.read_csv(results / "predictions.csv")
    truth = predicted.loc[predicted["model"] == study.models.candidate, "truth"]
    note = (
        f"{count} {prevalence_note(truth, study.data.classes, 'test')} Scores of {rows}, with "
        "95 % intervals (BCa bootstrap). "
        f"{direction_note(study.reported)} {in_words(locked_sources(study))} "
        f"{doubt(study)}"
    )
    write_table(score_table(scores, study.reported), "Model", path, note=note)
    return {"Opened": True, "EvaluationNote": count} | score_macros("evaluation", scores)


def renew_texts(root: Path, results: Path) -> list[str]:
    """Fill the markers of README and docs; return the names of files that changed."""
    changed = []
    for path, text in renewed(root, results).items():
        if text != path.read_text(encoding="utf-8"):
            write_text(text, path)
            changed.append(path.relative_to(root).as_posix())
    return changed


def renewed(root: Path, results: Path) -> dict[Path, str]:
    """Return what every text with markers should say, given a folder of results."""
    from ..config.commands import command_of
    from ..config.study import StudyError
    from ..write.texts import fill_markers, marked

    def content(name: str) -> str:
        path = results / name.removeprefix("results/")
        if not path.is_file():
            raise StudyError(f"a marker names {name}, which is not made; mend or remove the marker")
        return path.read_text(encoding="utf-8")

    texts = {}
    for pattern in TEXTS:
        for path in sorted(root.glob(pattern)):
            text = path.read_text(encoding="utf-8")
            if marked(text):
                texts[path] = fill_markers(text, content, path.relative_to(root).as_posix())
    return texts


def start() -> None:
    """Read the command line and run."""
    run(main, options(__doc__))
