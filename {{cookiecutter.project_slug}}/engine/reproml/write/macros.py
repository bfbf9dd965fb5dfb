"""What the paper says about the study apart from scores: rows, split, models, decisions."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ..config.columns import Table
from ..config.study import Study
from ..split.claims import claim_of, units_of
from ..statistics.corrected import LEVEL
from ..statistics.decisions import BETTER, RULES, WORDS, headline, listed


def study_facts(
    study: Study, table: Table, development: np.ndarray, locked: np.ndarray, n_folds: int
) -> dict:
    """Name the study's choices and counts for the paper; ``n_folds`` is over all repeats."""
    split, rows = study.split, len(table.y)
    units = units_of(table, split)
    claim = claim_of(split)
    return {
        "Classification": study.task == "classification",
        "Dependent": not claim.random,
        "StudyTask": study.task,
        "StudySeed": str(study.seed),
        "StudyTarget": study.data.target,
        "StudyClaim": claim.about,
        "StudyDependence": split.dependence,
        "StudyUnits": claim.units,
        "StudyRows": f"{rows:,}",
        "StudyFeatures": str(table.X.shape[1]),
        "StudyCandidate": study.models.candidate,
        "StudyBaselines": listed(list(study.models.baselines)),
        "DataFile": study.data.file,
        "DataChecksum": study.data.sha256[:12],
        "DevelopmentRows": f"{len(development):,}",
        "DevelopmentUnits": f"{len(np.unique(units[development])):,} {claim.units}",
        "LockedRows": f"{len(locked):,}",
        "LockedUnits": f"{len(np.unique(units[locked])):,} {claim.units}",
        "SplitShare": f"{split.test_size * 100:g}",
        "SplitFolds": str(split.folds),
        "SplitTimes": "once" if split.repeats == 1 else f"{split.repeats} times",
        "SplitPairs": str(n_folds),
        "SplitGap": str(split.gap),
        "SplitBlock": f"{split.block:g}",
        "PrimaryMetric": study.primary.label,
        "PrimaryDirection": "higher" if study.primary.higher_is_better else "lower",
        "OtherMetrics": listed([metric.label for metric in list(study.reported.values())[1:]]),
        "IntervalLevel": f"{LEVEL * 100:g}",
        "DecisionRules": RULES,
    }


def headline_facts(study: Study, intervals: pd.DataFrame, decided: pd.DataFrame) -> dict[str, str]:
    """Name what the abstract says: the candidate, its strongest baseline, and which is better."""
    metric = study.metrics.primary
    of_primary = intervals[intervals["metric"] == metric].set_index("model")
    baselines = of_primary.loc[list(decided["baseline"]), "mean"]
    higher = study.primary.higher_is_better
    strongest = baselines.idxmax() if higher else baselines.idxmin()
    against = decided.set_index("baseline").loc[strongest]
    text, ends = study.primary.text, ["mean", "low", "high"]
    return {
        "Headline": headline(decided, study.models.candidate),
        "CandidateScore": text(*of_primary.loc[study.models.candidate, ends]),
        "StrongestBaseline": strongest,
        "StrongestScore": text(*of_primary.loc[strongest, ends]),
        "StrongestDifference": text(*against[["difference", "low", "high"]], 4),
        "StrongestDecision": WORDS[against["decision"]],
    }


def ablation_facts(study: Study, decided: pd.DataFrame) -> dict[str, str]:
    """Name what the ablation found."""
    decisions = dict(zip(decided["baseline"], decided["decision"], strict=True))
    reasons = [f"{name}: {one.reason}" for name, one in study.ablations.items()]
    return {
        "AblationQuestions": " ".join(reasons) or "none",
        "AblationNeeded": listed([name for name, said in decisions.items() if said == BETTER]),
        "AblationSpare": listed([name for name, said in decisions.items() if said != BETTER]),
    }


def audit_facts(findings: pd.DataFrame) -> dict[str, str]:
    """Count what the audit for leakage said."""
    counts = findings["verdict"].value_counts()
    return {
        "AuditChecks": str(len(findings)),
        "AuditFailures": str(counts.get("fail", 0)),
        "AuditWarnings": str(counts.get("warn", 0)),
        "AuditAccepted": str(counts.get("accepted", 0)),
    }
