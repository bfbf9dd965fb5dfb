"""What stands below each figure, and what is said in its place to those who cannot see it.

A caption says what is drawn and what it does not show. An alternative text says the numbers.
"""

from __future__ import annotations

import pandas as pd

from ..config.study import Study
from .scores import axis_label, in_numbers, ladder

Frames = dict[str, pd.DataFrame]
UNSEEN = "The locked test rows have no part in it."
FAR = "A row with an arrow lies beyond the axis; its numbers are written beside it."


def n_folds(study: Study) -> int:
    """Return how many folds there are, over all repeats.

    Parameters
    ----------
    study : Study
        The configuration.

    Returns
    -------
    int

    Examples
    --------
    >>> from ..config.study import Split
    >>> n_folds(Study.model_construct(split=Split(dependence="grouped", folds=5, repeats=6)))
    30
    """
    return study.split.folds * study.split.repeats


def difference_label(study: Study, other: str) -> str:
    """Return the axis label of paired differences.

    Parameters
    ----------
    study : Study
        The configuration.
    other : {"baseline", "variant"}
        What the candidate is compared with.

    Returns
    -------
    str

    Examples
    --------
    >>> from ..config.study import Metrics
    >>> difference_label(Study.model_construct(metrics=Metrics(primary="mae")), "variant")
    'full minus variant in MAE, positive: full is better; 95 % interval'
    """
    ours = "candidate" if other == "baseline" else "full"
    metric = study.primary.label
    return f"{ours} minus {other} in {metric}, positive: {ours} is better; 95 % interval"


def target_label(study: Study) -> str:
    """Return the target's name with its unit.

    Parameters
    ----------
    study : Study
        The configuration.

    Returns
    -------
    str

    Examples
    --------
    >>> from ..config.study import Column, Data
    >>> columns = {"rain": Column(role="target", unit="mm")}
    >>> data = Data(file="trial.csv", sha256="0" * 64, columns=columns)
    >>> target_label(Study.model_construct(data=data))
    'rain in mm'
    """
    unit = study.data.columns[study.data.target].unit
    return f"{study.data.target} in {unit}" if unit else study.data.target


def baselines_caption(frames: Frames, study: Study) -> str:
    """Return the caption of the baselines.

    Examples
    --------
    >>> from ..config.study import Metrics, Split
    >>> split = Split(dependence="grouped", folds=5, repeats=6)
    >>> study = Study.model_construct(metrics=Metrics(primary="mae"), split=split)
    >>> print(baselines_caption({}, study).partition(",")[0])
    MAE (lower is better) of the candidate and of the baselines it has to beat: mean over 30 folds \
of the development rows
    """
    return (
        f"{axis_label(study.primary)} of the candidate and of the baselines it has to "
        f"beat: mean over {n_folds(study)} folds of the development rows, with 95 % intervals that "
        "allow for overlapping training sets. Intervals that overlap do not mean that models are "
        f"equal: the paired differences tell them apart. {FAR} {UNSEEN}"
    )


def baselines_alt(frames: Frames, study: Study) -> str:
    """Return the numbers of the baselines.

    Examples
    --------
    >>> from ..config.study import Metrics
    >>> scores = pd.DataFrame({"model": "dummy", "metric": "mae", "value": [44.0, 46.0, 48.0]})
    >>> sizes = pd.DataFrame({"n_train": [200], "n_test": [100]})
    >>> frames = {"baselines.csv": scores, "baselines_folds.csv": sizes}
    >>> baselines_alt(frames, Study.model_construct(metrics=Metrics(primary="mae")))
    'Dot plot of MAE (lower is better) with 95 % intervals: dummy 46.000 [38.144, 53.856].'
    """
    numbers = in_numbers(ladder(frames, study), "model", ("mean", "low", "high"))
    return f"Dot plot of {axis_label(study.primary)} with 95 % intervals: {numbers}."


def differences_caption(frames: Frames, study: Study) -> str:
    """Return the caption of the paired differences.

    Examples
    --------
    >>> from ..config.study import Metrics, Split
    >>> split = Split(dependence="grouped", folds=5, repeats=6)
    >>> study = Study.model_construct(metrics=Metrics(primary="mae"), split=split)
    >>> print(differences_caption({}, study).partition(",")[0])
    Candidate minus each baseline in MAE on the same 30 folds
    """
    return (
        f"Candidate minus each baseline in {study.primary.label} on the same "
        f"{n_folds(study)} folds, turned so that positive is in favour of the candidate, with 95 % "
        "intervals of the corrected resampled t-test. The form of a mark says the decision, which "
        "also asks for Holm's p and for the share of folds won. Not distinguishable does not mean "
        f"equal. {FAR} {UNSEEN}"
    )


def ablation_caption(frames: Frames, study: Study) -> str:
    """Return the caption of the ablation.

    Examples
    --------
    >>> from ..config.study import Metrics, Split
    >>> split = Split(dependence="grouped", folds=5, repeats=6)
    >>> study = Study.model_construct(metrics=Metrics(primary="mae"), split=split)
    >>> print(ablation_caption({}, study).partition(";")[0])
    The full candidate minus the candidate with one declared component off, in MAE on the same 30 \
folds
    """
    return (
        "The full candidate minus the candidate with one declared component off, in "
        f"{study.primary.label} on the same {n_folds(study)} folds; positive "
        "means that the component helps, with 95 % intervals. What is switched off is replaced by "
        "nothing: two components that stand in for each other both look dispensable. "
        f"{UNSEEN}"
    )


def differences_alt(comparison: pd.DataFrame, study: Study, other: str) -> str:
    """Return the numbers of paired differences, with the decisions.

    Examples
    --------
    >>> from ..config.study import Metrics
    >>> comparison = pd.DataFrame({
    ...     "baseline": ["dummy"], "decision": "better", "difference": 0.25, "low": 0.1, "high": 0.4
    ... })
    >>> study = Study.model_construct(metrics=Metrics(primary="mae"))
    >>> differences_alt(comparison, study, "baseline").partition("interval: ")[2]
    'dummy 0.2500 [0.1000, 0.4000] better.'
    """
    texts = in_numbers(comparison, "baseline", ("difference", "low", "high"), digits=4).split("; ")
    decided = zip(texts, comparison["decision"], strict=True)
    numbers = "; ".join(f"{text} {decision}" for text, decision in decided)
    return f"Dot plot of {difference_label(study, other)}: {numbers}."


def claim_caption(frames: Frames, study: Study) -> str:
    """Return the caption of the comparison with a random split.

    Examples
    --------
    >>> from ..config.study import Metrics, Split
    >>> split = Split(dependence="grouped")
    >>> study = Study.model_construct(metrics=Metrics(primary="mae"), split=split)
    >>> print(claim_caption({}, study).partition(";")[0])
    MAE (lower is better) of every model on the grouped split, which fits the claim, and on a \
random split of the same rows
    """
    label = axis_label(study.primary)
    if study.split.dependence == "independent":
        return (
            f"{label} of every model on the split that fits the claim. The claim is about more "
            "rows of the same kind, so this is a random split, and there is nothing to compare it "
            f"with. {UNSEEN}"
        )
    return (
        f"{label} of every model on the {study.split.dependence} split, which fits the claim, and "
        "on a random split of the same rows; means over folds with 95 % intervals. What the random "
        "split adds is no skill: it is the help of rows that belong to the tested ones. "
        f"{UNSEEN}"
    )


def claim_alt(frames: Frames, study: Study) -> str:
    """Return the numbers of both splits.

    Examples
    --------
    >>> from ..config.study import Metrics, Split
    >>> split = Split(dependence="grouped")
    >>> study = Study.model_construct(metrics=Metrics(primary="mae"), split=split)
    >>> table = pd.DataFrame({
    ...     "model": ["linear"], "value": 0.5, "low": 0.4, "high": 0.6,
    ...     "random": 0.3, "random_low": 0.25, "random_high": 0.35,
    ... })
    >>> print(claim_alt({"claim.csv": table}, study).partition("intervals. ")[2])
    On the grouped split: linear 0.500 [0.400, 0.600]. On a random split: linear 0.300 [0.250, \
0.350].
    """
    table = frames["claim.csv"]
    ours = in_numbers(table, "model", ("value", "low", "high"))
    text = f"Dot plot of {axis_label(study.primary)} with 95 % intervals. "
    text += f"On the {study.split.dependence} split: {ours}."
    if study.split.dependence == "independent":
        return text
    random = in_numbers(table, "model", ("random", "random_low", "random_high"))
    return f"{text} On a random split: {random}."


def confusion_caption(frames: Frames, study: Study) -> str:
    """Return the caption of the confusion matrix.

    Examples
    --------
    >>> from ..config.study import Models
    >>> study = Study.model_construct(models=Models(candidate="candidate", baselines=["dummy"]))
    >>> print(confusion_caption({}, study).partition(",")[0])
    What candidate called the rows of each class: numbers of development rows while they were held \
out (first repeat)
    """
    return (
        f"What {study.models.candidate} called the rows of each class: numbers of development rows "
        "while they were held out (first repeat), and shares of the rows of that truth, so that "
        "the diagonal holds the recalls. It counts the class with the highest probability; another "
        f"threshold gives another matrix. {UNSEEN}"
    )


def confusion_alt(confusion: pd.DataFrame, study: Study) -> str:
    """Return the numbers of the confusion matrix.

    Examples
    --------
    >>> from ..config.study import Models
    >>> study = Study.model_construct(models=Models(candidate="candidate", baselines=["dummy"]))
    >>> cell = pd.DataFrame({"truth": ["no"], "prediction": ["yes"], "count": [3], "share": [0.06]})
    >>> confusion_alt(cell, study)
    'Confusion matrix of candidate: 3 rows that are no were called yes (6 %).'
    """
    cells = "; ".join(
        f"{one.count} rows that are {one.truth} were called {one.prediction} "
        f"({one.share * 100:.0f} %)"
        for one in confusion.itertuples(index=False)
    )
    return f"Confusion matrix of {study.models.candidate}: {cells}."


def calibration_caption(frames: Frames, study: Study) -> str:
    """Return the caption of the calibration.

    Examples
    --------
    >>> from ..config.study import Models
    >>> study = Study.model_construct(models=Models(candidate="candidate", baselines=["dummy"]))
    >>> print(calibration_caption({}, study).partition(" to held-out")[0])
    How often the class came, against the probability that candidate gave for it
    """
    return (
        f"How often the class came, against the probability that {study.models.candidate} gave for "
        "it to held-out development rows (first repeat), in bins of about equally many rows; 95 % "
        "Wilson intervals, which take rows for independent. On the dashed line probabilities are "
        "what they say. Good calibration is no skill: always giving the class's share is "
        f"calibrated too. {UNSEEN}"
    )


def calibration_alt(calibration: pd.DataFrame, study: Study) -> str:
    """Return the numbers of the calibration.

    Examples
    --------
    >>> from ..config.study import Models
    >>> study = Study.model_construct(models=Models(candidate="candidate", baselines=["dummy"]))
    >>> bins = pd.DataFrame({"class": ["yes"], "n": [40], "predicted": [0.75], "observed": [0.7]})
    >>> calibration_alt(bins, study)
    'Calibration of candidate: of 40 rows with a mean probability of 0.75 for yes, 70 % are.'
    """
    texts = [
        f"of {one.n} rows with a mean probability of {one.predicted:.2f} for {name}, "
        f"{one.observed * 100:.0f} % are"
        for name, bins in calibration.groupby("class", sort=False)
        for one in bins.itertuples(index=False)
    ]
    return f"Calibration of {study.models.candidate}: {'; '.join(texts)}."


def residuals_caption(frames: Frames, study: Study) -> str:
    """Return the caption of the residuals.

    Examples
    --------
    >>> from ..config.study import Column, Data, Models
    >>> columns = {"rain": Column(role="target", unit="mm")}
    >>> data = Data(file="trial.csv", sha256="0" * 64, columns=columns)
    >>> models = Models(candidate="candidate", baselines=["dummy"])
    >>> study = Study.model_construct(data=data, models=models)
    >>> print(residuals_caption({}, study).partition(",")[0])
    Predicted minus true rain in mm of candidate
    """
    return (
        f"Predicted minus true {target_label(study)} of {study.models.candidate}, by what was "
        "predicted, for held-out development rows (first repeat): median, middle half (bar) and "
        "middle 90 % (line) in bins of about equally many rows. Above 0 it predicts too much. Rows "
        f"are pooled: an error that differs by group or time does not show here. {UNSEEN}"
    )


def residuals_alt(quantiles: pd.DataFrame, study: Study) -> str:
    """Return the numbers of the residuals.

    Examples
    --------
    >>> from ..config.study import Column, Data, Models
    >>> columns = {"rain": Column(role="target", unit="mm")}
    >>> data = Data(file="trial.csv", sha256="0" * 64, columns=columns)
    >>> models = Models(candidate="candidate", baselines=["dummy"])
    >>> study = Study.model_construct(data=data, models=models)
    >>> columns = ["prediction", "q05", "q25", "q50", "q75", "q95"]
    >>> quantiles = pd.DataFrame([[80.0, -9.0, -2.0, 0.5, 3.0, 8.0]], columns=columns)
    >>> print(residuals_alt(quantiles, study).partition(": ")[2])
    at 80 median 0.5, middle half -2 to 3, middle 90 % -9 to 8.
    """
    texts = [
        f"at {one.prediction:.3g} median {one.q50:.3g}, middle half {one.q25:.3g} to {one.q75:.3g},"
        f" middle 90 % {one.q05:.3g} to {one.q95:.3g}"
        for one in quantiles.itertuples(index=False)
    ]
    return (
        f"Errors of {study.models.candidate} in {target_label(study)} by prediction: "
        f"{'; '.join(texts)}."
    )
