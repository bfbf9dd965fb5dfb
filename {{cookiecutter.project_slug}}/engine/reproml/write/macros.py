"""What the paper says about the study besides scores: rows, split, models, decisions, as macros."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ..config.columns import Table
from ..config.study import Study
from ..split.splits import UNITS, units_of
from ..statistics.comparison import LEVEL
from ..statistics.decisions import ALIKE, BETTER, RULES, headline
from .latex import listed

CLAIMS = {
    "independent": "more rows of the same kind",
    "grouped": "new groups",
    "temporal": "the future",
    "spatial": "new places",
}


def study_facts(study: Study, table: Table, development: np.ndarray, n_folds: int) -> dict:
    """Name the study's choices and counts.

    Parameters
    ----------
    study : Study
        The configuration.
    table : Table
        The checked rows.
    development : ndarray of shape (n_development,)
        Positions of the rows that are not locked.
    n_folds : int
        Over all repeats.

    Returns
    -------
    dict of str to str or bool
        Texts and conditions by the name of their macro.

    Examples
    --------
    >>> from ..config.example import CODE
    >>> from ..config.study import Data, Column, Metrics, Models, Split
    >>> y = pd.Series([1.0, 2.0, 4.0, 3.0], name="dose")
    >>> table = Table(y.to_frame("age"), y, None, None, None, dropped={})
    >>> study = Study(
    ...     task="regression", seed=0, split=Split(dependence="independent", folds=3),
    ...     data=Data(file="a.csv", sha256="0" * 64, columns={
    ...         "dose": Column(role="target"), "age": Column(role="feature")}),
    ...     metrics=Metrics(primary="mae"), models=Models(candidate="mine", baselines=["linear"])).with_code(CODE)
    >>> facts = study_facts(study, table, np.array([0, 1, 2]), 3)
    >>> facts["StudyClaim"], facts["DevelopmentUnits"], facts["LockedRows"]
    ('more rows of the same kind', '3 rows', '1')
    """
    split, rows = study.split, len(table.y)
    units = units_of(table, split)
    locked = np.setdiff1d(np.arange(rows), development)
    name = UNITS[split.dependence]
    primary = study.primary
    return {
        "Classification": study.task == "classification",
        "Dependent": split.dependence != "independent",
        "StudyTask": study.task,
        "StudySeed": str(study.seed),
        "StudyTarget": study.data.target,
        "StudyClaim": CLAIMS[split.dependence],
        "StudyDependence": split.dependence,
        "StudyUnits": name,
        "StudyRows": f"{rows:,}",
        "StudyFeatures": str(table.X.shape[1]),
        "StudyCandidate": study.models.candidate,
        "StudyBaselines": listed(list(study.models.baselines)),
        "DataFile": study.data.file,
        "DataChecksum": study.data.sha256[:12],
        "DevelopmentRows": f"{len(development):,}",
        "DevelopmentUnits": f"{len(np.unique(units[development])):,} {name}",
        "LockedRows": f"{len(locked):,}",
        "LockedUnits": f"{len(np.unique(units[locked])):,} {name}",
        "SplitShare": f"{split.test_size * 100:g}",
        "SplitFolds": str(split.folds),
        "SplitTimes": "once" if split.repeats == 1 else f"{split.repeats} times",
        "SplitPairs": str(n_folds),
        "SplitGap": str(split.gap),
        "SplitBlock": f"{split.block:g}",
        "PrimaryMetric": primary.label,
        "PrimaryDirection": "higher" if primary.higher_is_better else "lower",
        "OtherMetrics": listed([metric.label for metric in list(study.reported.values())[1:]]),
        "IntervalLevel": f"{LEVEL * 100:g}",
        "DecisionRules": RULES,
    }


def headline_facts(study: Study, intervals: pd.DataFrame, decided: pd.DataFrame) -> dict[str, str]:
    """Name what the abstract says: the candidate, its strongest baseline, and which is better.

    Parameters
    ----------
    study : Study
        The configuration.
    intervals : DataFrame
        As `report.score_intervals` makes it, of the ladder.
    decided : DataFrame
        As `decisions.decide` makes it.

    Returns
    -------
    dict of str to str
        Texts by the name of their macro.

    Examples
    --------
    >>> from ..config.example import CODE
    >>> from ..config.study import Metrics, Models
    >>> study = Study.model_construct(
    ...     metrics=Metrics(primary="mae"), models=Models(candidate="mine", baselines=["linear"]))
    >>> intervals = pd.DataFrame({
    ...     "metric": "mae", "model": ["dummy", "linear", "mine"], "mean": [3.0, 2.0, 1.0],
    ...     "low": [2.5, 1.5, 0.5], "high": [3.5, 2.5, 1.5]})
    >>> decided = pd.DataFrame({
    ...     "baseline": ["dummy", "linear"], "difference": [2.0, 1.0], "low": [1.0, -0.5],
    ...     "high": [3.0, 2.5], "decision": ["better", "not distinguishable"]})
    >>> facts = headline_facts(study, intervals, decided)
    >>> facts["CandidateScore"], facts["StrongestBaseline"], facts["StrongestDecision"]
    ('1.000 [0.500, 1.500]', 'linear', 'not distinguishable from')
    """
    metric = study.metrics.primary
    of_primary = intervals[intervals["metric"] == metric].set_index("model")
    baselines = of_primary.loc[list(decided["baseline"]), "mean"]
    higher = study.primary.higher_is_better
    strongest = baselines.idxmax() if higher else baselines.idxmin()
    against = decided.set_index("baseline").loc[strongest]
    words, ends = {ALIKE: f"{ALIKE} from"}, ["mean", "low", "high"]
    return {
        "Headline": headline(decided, study.models.candidate),
        "CandidateScore": _interval(of_primary.loc[study.models.candidate, ends]),
        "StrongestBaseline": strongest,
        "StrongestScore": _interval(of_primary.loc[strongest, ends]),
        "StrongestDifference": _interval(against[["difference", "low", "high"]], digits=4),
        "StrongestDecision": words.get(against["decision"], f"{against['decision']} than"),
    }


def ablation_facts(study: Study, decided: pd.DataFrame) -> dict[str, str]:
    """Name what the ablation found.

    Parameters
    ----------
    study : Study
        The configuration.
    decided : DataFrame
        As `decisions.decide` makes it; its baselines are the variants.

    Returns
    -------
    dict of str to str
        Texts by the name of their macro.

    Examples
    --------
    >>> from ..config.study import Ablation
    >>> study = Study.model_construct(ablations={
    ...     "no_splines": Ablation(set={"a": 1}, reason="Are curves needed?")})
    >>> ablation_facts(study, pd.DataFrame({"baseline": ["no_splines"], "decision": ["better"]}))
    {'AblationQuestions': 'no_splines: Are curves needed?', 'AblationNeeded': 'no_splines', \
'AblationSpare': 'none'}
    """
    decisions = dict(zip(decided["baseline"], decided["decision"], strict=True))
    reasons = [f"{name}: {one.reason}" for name, one in study.ablations.items()]
    return {
        "AblationQuestions": " ".join(reasons) or "none",
        "AblationNeeded": listed([name for name, said in decisions.items() if said == BETTER]),
        "AblationSpare": listed([name for name, said in decisions.items() if said != BETTER]),
    }


def audit_facts(findings: pd.DataFrame) -> dict[str, str]:
    """Count what the audit for leakage said.

    Parameters
    ----------
    findings : DataFrame
        With a column verdict.

    Returns
    -------
    dict of str to str
        Counts by the name of their macro.

    Examples
    --------
    >>> audit_facts(pd.DataFrame({"verdict": ["pass", "pass", "warn"]}))
    {'AuditChecks': '3', 'AuditFailures': '0', 'AuditWarnings': '1'}
    """
    counts = findings["verdict"].value_counts()
    return {
        "AuditChecks": str(len(findings)),
        "AuditFailures": str(counts.get("fail", 0)),
        "AuditWarnings": str(counts.get("warn", 0)),
    }


def _interval(numbers: pd.Series, digits: int = 3) -> str:
    mean, low, high = numbers
    return f"{mean:z.{digits}f} [{low:z.{digits}f}, {high:z.{digits}f}]"
