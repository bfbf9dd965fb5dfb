"""What scripts print of their results: tables for a terminal, and what they mean in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from ..explain.ablation import FULL
from ..explain.summary import importance_table
from ..split.claims import claim_of
from ..split.test_ledger import count_note
from ..statistics.decisions import RULES, explain, headline
from ..statistics.diagnostics import prevalence_note
from ..statistics.variance import Source, fold_sources, in_words, locked_sources
from ..write.importance_tables import importance_note, importance_texts
from ..write.tables import comparison_table, direction_note, score_intervals, score_table
from .terminal import say

if TYPE_CHECKING:
    from .run import Run


def tell_headline(run: Run, comparison: pd.DataFrame) -> None:
    """Print what the comparison with the linear model means, and how common each class is."""
    say("\n" + headline(comparison, run.study.models.candidate))
    say(prevalence(run))


def prevalence(run: Run) -> str:
    """Say how common each class is, or how large the target, in the development rows."""
    truth = run.table.y.iloc[run.development]
    return prevalence_note(truth, run.study.data.classes, "development")


def tell_scores(run: Run, scores: pd.DataFrame, models: dict[str, Any]) -> None:
    """Print the means over the folds with their intervals."""
    metrics = run.study.reported
    say(f"\nMean over {len(run.folds)} folds [95 % interval]; locked test rows stay unseen\n")
    say(score_table(score_intervals(scores, metrics, **run.sizes), metrics).to_string())
    _tell_sources(run, fold_sources(run.study, models))


def _tell_sources(run: Run, sources: list[Source]) -> None:
    say(direction_note(run.study.reported))
    say(in_words(sources, run.study.split))


def tell_comparison(run: Run, comparison: pd.DataFrame) -> None:
    """Print the candidate against each baseline."""
    candidate = run.study.models.candidate
    _tell_differences(run, comparison, f"{candidate} minus baseline", candidate)


def tell_variants(run: Run, comparison: pd.DataFrame) -> None:
    """Print the full candidate against each variant, and why each was asked for."""
    if not run.study.ablations:
        say("\nThis study has no ablation: a section [ablations.NAME] in study.toml adds one.")
        return
    _tell_differences(run, comparison, "Full candidate minus variant", FULL)
    say()
    for name, ablation in run.study.ablations.items():
        say(f"{name}: {ablation.reason}")


def _tell_differences(run: Run, comparison: pd.DataFrame, what: str, candidate: str) -> None:
    metric = run.study.primary
    say(f"\n{what} in {metric.label}; positive is better\n")
    say(comparison_table(comparison, metric).to_string() + "\n")
    say("\n".join(explain(comparison, candidate, metric)))
    say(f"\n{RULES}")


def tell_test_scores(run: Run, scores: pd.DataFrame, openings: list[dict[str, Any]]) -> None:
    """Print how often the test rows were opened, and the scores on them."""
    study = run.study
    say(f"\n{count_note(openings, study.data.sha256)}")
    say(prevalence_note(run.table.y.iloc[run.locked], study.data.classes, "test"))
    drawn = f"{scores['n_units'].iloc[0]} {claim_of(study.split).units}"
    say(f"\nScores of the locked test rows [95 % interval, bootstrap of {drawn}]\n")
    say(score_table(scores.rename(columns={"value": "mean"}), study.reported).to_string())
    _tell_sources(run, locked_sources(study))


def tell_importance(run: Run, importances: pd.DataFrame, groups: pd.DataFrame) -> None:
    """Print how much worse the candidate gets when a feature is shuffled."""
    summary = importance_table(importances, groups, **run.sizes)
    say(f"\nImportance of features for {run.study.models.candidate}\n")
    say(importance_texts(summary, groups, run.study.primary).to_string())
    say(f"\n{importance_note(summary, groups, run.study, **run.sizes)}")


def tell_written(run: Run) -> None:
    """Print which files were written, and where."""
    say(f"\nWritten to {run.results}: {', '.join(run.written)}")
