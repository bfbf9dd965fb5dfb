"""Write tables and macros from the results, and renew the numbers in README and docs."""

import pandas as pd

from ..config.files import write_text
from ..config.large import read_table
from ..config.study import StudyError
from ..explain.summary import importance_table
from ..prove.checklist import to_page
from ..run.figures import read_result
from ..run.printed import prevalence
from ..run.run import Run
from ..run.terminal import say
from ..run.texts import renew_texts
from ..split.claims import claim_of
from ..split.test_ledger import RECORD, count_note, read_openings
from ..statistics.decisions import RULES, headline
from ..statistics.diagnostics import prevalence_note
from ..statistics.intervals import MANY
from ..statistics.variance import fold_sources, in_words, locked_sources
from ..write.claim import claim_note, claim_texts
from ..write.importance_tables import (
    importance_macros,
    importance_note,
    importance_texts,
    weight_note,
    weight_table,
)
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
from .cards import write_cards
from .checklist import TABLE, filled

Macros = dict[str, str | bool]
NO_ABLATION = "This study has no ablation."


def main(run: Run) -> None:
    """Write tables/*.md and *.tex and macros.tex below results; then renew README and docs."""
    write_tables(run)
    for name in renew_texts(run.root, run.results):
        say(f"renewed {name}")
    say(f"Written to {run.results}: macros.tex, tables")


def write_tables(run: Run) -> None:
    """Write everything that is made from the CSV files alone."""
    macros: Macros = study_facts(run.study, run.table, run.development, run.locked, len(run.folds))
    for write in (
        write_audit,
        write_baselines,
        write_ablation,
        write_claim,
        write_evaluation,
        write_interpretation,
    ):
        macros |= write(run)
    write_cards(run)
    write_text(to_latex(macros), run.results / "macros.tex")
    write_text(to_page(filled(run)), run.results / "tables" / TABLE)


def write_audit(run: Run) -> Macros:
    """Write what the leakage audit found."""
    audit = read_result(run.results, "leakage.csv", "leakage")
    audited = audit.astype("object").fillna("").set_index("check").rename(columns=str.capitalize)
    run.write_table("leakage", audited, "Check")
    return audit_facts(audit)


def write_baselines(run: Run) -> Macros:
    """Write the scores of all models, and the candidate against each baseline."""
    study, (scores, comparison) = run.study, read_scores(run, "baselines")
    if set(scores["model"]) != set(study.models.names):
        raise StudyError("baselines.csv: has other models than study.toml; run it again first")
    intervals = score_intervals(scores, study.reported, **run.sizes)
    first = headline(comparison, study.models.candidate)
    write_scores(run, "baselines", "Model", intervals)
    write_comparison(run, "baselines", "model", comparison, first)
    short = primary_table(intervals, comparison, study)
    said = f"The claim is about {claim_of(study.split).about_in_full}. {first}"
    below = f"Means over {len(run.folds)} folds of the development rows, with 95 % intervals."
    run.write_table("primary", short, "Model", before=said, note=below)
    macros = score_macros("baselines", intervals, study.reported)
    macros |= comparison_macros("baselines", comparison, study.primary)
    return macros | headline_facts(study, intervals, comparison)


def write_ablation(run: Run) -> Macros:
    """Write the scores of all variants, and the full candidate against each."""
    study, (scores, comparison) = run.study, read_scores(run, "ablation")
    intervals = score_intervals(scores, study.reported, **run.sizes)
    write_scores(run, "ablation", "Variant", intervals)
    if study.ablations:
        write_comparison(run, "ablation", "variant", comparison)
    else:
        for end, before in (("md", ""), ("tex", "% ")):
            path = run.results / "tables" / f"ablation_comparison.{end}"
            write_text(f"{before}{NO_ABLATION}\n", path)
    macros = score_macros("ablation", intervals, study.reported)
    macros |= comparison_macros("ablation", comparison, study.primary)
    return macros | ablation_facts(study, comparison)


def read_scores(run: Run, stem: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read scores and comparison of a stage; refuse those of other metrics."""
    scores = read_result(run.results, f"{stem}.csv", stem)
    comparison = read_result(run.results, f"{stem}_comparison.csv", stem)
    if not set(run.study.metrics.names) <= set(scores["metric"]):
        raise StudyError(f"{stem}.csv: lacks metrics of study.toml; run it again first")
    return scores, comparison


def write_scores(run: Run, stem: str, corner: str, intervals: pd.DataFrame) -> None:
    """Write a table of mean scores, with what they mean below it."""
    study = run.study
    note = (
        f"{prevalence(run)} {direction_note(study.reported)} Means over {len(run.folds)} "
        f"folds, with 95 % intervals. {in_words(fold_sources(study, run.models()), study.split)}"
    )
    run.write_table(stem, score_table(intervals, study.reported), corner, note=note)


def write_comparison(
    run: Run, stem: str, other: str, comparison: pd.DataFrame, first: str = ""
) -> None:
    """Write a table of differences, with how they are decided below it."""
    table, corner = comparison_table(comparison, run.study.primary), f"Candidate minus {other}"
    run.write_table(f"{stem}_comparison", table, corner, before=first, note=RULES)


def write_claim(run: Run) -> Macros:
    """Write the table that compares the split with a random one."""
    table = read_result(run.results, "claim.csv", "claim")
    note = claim_note(table, run.study)
    if claim_of(run.study.split).random:
        write_text(f"{note}\n", run.results / "tables" / "claim.md")
    else:
        run.write_table("claim", claim_texts(table, run.study.primary), "Model", before=note)
    return {"ClaimNote": note}


def write_interpretation(run: Run) -> Macros:
    """Write the tables of importances, and of what models say of themselves."""
    importances, groups, weights = (
        read_result(run.results, f"interpretation{end}.csv", "interpretation")
        for end in ("", "_groups", "_weights")
    )
    table = importance_table(importances, groups, **run.sizes)
    note = importance_note(table, groups, run.study, **run.sizes)
    texts = importance_texts(table, groups, run.study.primary)
    run.write_table("interpretation", texts, "Shuffled", note=note)
    said = weight_table(weights, 3 if run.study.data.classes else None, **run.sizes)
    run.write_table("interpretation_weights", said, "Feature", note=weight_note(table))
    return importance_macros(table, run.study.primary)


def write_evaluation(run: Run) -> Macros:
    """Write what the locked test rows said, if they were opened."""
    study, results = run.study, run.results
    count = count_note(read_openings(results / RECORD), study.data.sha256)
    if not (results / "evaluation.csv").is_file():
        note = f"{count} This model was not scored on it."
        write_text(f"{note}\n", results / "tables" / "evaluation.md")
        return {"Opened": False, "EvaluationNote": note}
    scores = pd.read_csv(results / "evaluation.csv").rename(columns={"value": "mean"})
    n_test, n_units = scores[["n_test", "n_units"]].iloc[0]
    units = claim_of(study.split).units
    rows = f"{n_test} rows" if units == "rows" else f"{n_test} rows of {n_units} {units}"
    predicted = read_table(results / "predictions.csv")
    truth = predicted.loc[predicted["model"] == study.models.candidate, "truth"]
    note = (
        f"{count} {prevalence_note(truth, study.data.classes, 'test')} Scores of {rows}, with "
        f"95 % intervals ({'BCa bootstrap' if n_units <= MANY else 'bootstrap percentiles'}). "
        f"{direction_note(study.reported)} {in_words(locked_sources(study), study.split)}"
    )
    run.write_table("evaluation", score_table(scores, study.reported), "Model", note=note)
    macros = score_macros("evaluation", scores, study.reported)
    return {"Opened": True, "EvaluationNote": count} | macros
