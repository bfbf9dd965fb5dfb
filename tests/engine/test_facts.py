"""What the paper says about the study follows its configuration and its results."""

import numpy as np
import pandas as pd
import pytest
from reproml.write.macros import ablation_facts, audit_facts, headline_facts, study_facts


@pytest.mark.parametrize(
    ("dependence", "units"),
    [("independent", "80 rows"), ("grouped", "10 groups"), ("temporal", "8 time steps")],
)
def test_rows_and_units_are_counted(study, network, dependence: str, units: str):
    split = study.split.model_copy(update={"dependence": dependence})
    table = network()
    rows = (np.arange(80), np.arange(86, 96))  # six are in the gap between them
    facts = study_facts(study.model_copy(update={"split": split}), table, *rows, 6)
    assert (facts["DevelopmentUnits"], facts["LockedRows"]) == (units, "10")
    assert facts["Dependent"] is (dependence != "independent")
    assert (facts["SplitPairs"], facts["SplitTimes"]) == ("6", "2 times")


@pytest.mark.parametrize(("primary", "strongest"), [("roc_auc", "forest"), ("brier", "linear")])
def test_the_strongest_baseline_follows_the_direction_of_the_metric(study, primary, strongest):
    names = ["dummy", "linear", "forest", "candidate"]
    intervals = pd.DataFrame(
        {"metric": primary, "model": names, "mean": [0.5, 0.4, 0.6, 0.9], "low": 0.1, "high": 1.0}
    )
    decided = pd.DataFrame(
        {"baseline": names[:3], "difference": 0.1, "low": 0.0, "high": 0.2, "decision": "better"}
    )
    metrics = study.metrics.model_copy(update={"primary": primary})
    facts = headline_facts(study.model_copy(update={"metrics": metrics}), intervals, decided)
    assert facts["StrongestBaseline"] == strongest
    assert facts["StrongestDecision"] == "better than"
    assert facts["CandidateScore"] == "0.900 [0.100, 1.000]"


def test_an_ablation_is_told_by_its_decisions(study):
    decided = pd.DataFrame({"baseline": ["a", "b", "c"], "decision": ["better", "worse", "better"]})
    facts = ablation_facts(study, decided)
    assert (facts["AblationNeeded"], facts["AblationSpare"]) == ("a and c", "b")
    assert facts["AblationQuestions"] == "no_splines: Are curves needed, or do lines do?"


def test_an_audit_is_counted():
    found = audit_facts(pd.DataFrame({"verdict": ["pass", "fail", "fail", "accepted"]}))
    counts = {"AuditFailures": "2", "AuditWarnings": "0", "AuditAccepted": "1"}
    assert found == {"AuditChecks": "4"} | counts
