"""Whoever puts in a model, data or a metric of their own finds every command working as before.

Each case does what a study's README says, in the author's files and study.toml alone. Two go all
the way here, the others with 2 folds, without `check` and `verify`; with --weekly all go that far.
"""

import re
from dataclasses import dataclass

import pytest
from studies import edit, paths

WHOLE = {"knows no regression", "boosting"}

ABLATION = """[ablations.{name}]
set = {{ {switch} }}
reason = "Is the default good enough?"

"""


@dataclass
class Case:
    """What an author changes: models.py, evaluation.py and study.toml."""

    imports: str = ""  # lines at the top of models.py
    code: str = ""  # goes before the functions of models.py
    model: str = ""  # the candidate's last step, or its whole body after "return"
    scale: bool = True
    switch: str | None = None  # of the one ablation; None deletes all of them
    trusted: str = ""  # a type that `share` asks about, with lines to paste
    whole: str = ""  # body of candidate(), where it is no pipeline of the usual steps


OWN = '''class Nearest(ClassifierMixin, BaseEstimator):
    """Choose the class whose mean is nearest.

    Parameters
    ----------
    sharpness : float
        How fast a class grows unlikely with its distance.
    """

    def __init__(self, sharpness: float = 1.0):
        self.sharpness = sharpness

    def fit(self, X: np.ndarray, y: np.ndarray) -> Nearest:
        """Learn the mean of each class."""
        self.classes_ = np.unique(y)
        self.means_ = np.array([X[np.asarray(y) == name].mean(axis=0) for name in self.classes_])
        return self

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """Return a column per class."""
        distance = ((X[:, None, :] - self.means_) ** 2).mean(axis=2)  # (n_samples, n_classes)
        likely = np.exp(-self.sharpness * distance)
        return likely / likely.sum(axis=1, keepdims=True)

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Return the likeliest class."""
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


'''

SVM = "from sklearn.svm import SVC"
CALIBRATED = "from sklearn.calibration import CalibratedClassifierCV\n" + SVM
SEARCH = """steps = prepare(("scale", StandardScaler()))
    pipeline = Pipeline([*steps, ("model", CalibratedClassifierCV(SVC()))])
    grid = {"model__estimator__C": [0.1, 1.0]}
    search = GridSearchCV(pipeline, grid, scoring="neg_log_loss", error_score="raise")
    return Pipeline([("search", search)])"""
ONE_TASK = """if task != "classification":
        raise ValueError("linear discriminants are of classes")
    steps = prepare(("scale", StandardScaler()))
    return Pipeline([*steps, ("model", LinearDiscriminantAnalysis())])"""
BOOSTING = "from sklearn.ensemble import HistGradientBoostingClassifier"
CASES = {
    "knows no regression": Case(
        "from sklearn.discriminant_analysis import LinearDiscriminantAnalysis",
        whole=ONE_TASK,
        switch='columns__numbers__scale = "passthrough"',
    ),
    "calibrated": Case(
        CALIBRATED,
        model="CalibratedClassifierCV(SVC())",
        switch="model__estimator__C = 0.01",
        trusted="sklearn.calibration._CalibratedClassifier",
    ),
    "grid search": Case(
        CALIBRATED, whole=SEARCH, switch="search__estimator__model__estimator__gamma = 0.001"
    ),
    "boosting": Case(
        BOOSTING, whole="return HistGradientBoostingClassifier(max_iter=20)", switch="max_iter = 2"
    ),
    "class of one's own": Case(
        "import numpy as np\nfrom sklearn.base import ClassifierMixin",
        OWN,
        "Nearest()",
        switch="model__sharpness = 0.01",
        trusted="my_study.models.Nearest",
    ),
    "no ablation": Case(),
    "own metric": Case(switch='columns__numbers__splines = "passthrough"'),
}

METRIC = '''\
def sensitivity(y_true: np.ndarray, probability: np.ndarray, classes: list[str]) -> float:
    """Share of the positive rows that get more than one half; higher is better.

    Parameters
    ----------
    y_true : array of shape (n_samples,)
        True classes.
    probability : array of shape (n_samples, n_classes)
        A column per class.
    classes : list of str
        Order of the columns; the last is the positive one.

    Returns
    -------
    float
        Between 0 and 1.

    Examples
    --------
    >>> p = np.array([[0.9, 0.1], [0.4, 0.6], [0.2, 0.8], [0.7, 0.3]])
    >>> sensitivity(["no", "yes", "no", "yes"], p, ["no", "yes"])
    0.5
    """
    positive = np.asarray(y_true) == classes[-1]
    return float((probability[positive, -1] > 0.5).mean())


'''


def put_in(study, case: Case) -> None:
    """Replace the candidate, as models.py invites to, and the ablations that were about it."""
    body = case.whole
    if case.model:
        steps = 'prepare(("scale", StandardScaler()))'
        body = f'return Pipeline([*{steps}, ("model", {case.model})])'
    if body:
        function = (
            'def candidate(task: str) -> Pipeline:\n    """Do what this paper is about.\n\n'
            "    Parameters\n    ----------\n    task : str\n        What is predicted.\n\n"
            "    Returns\n    -------\n    Pipeline\n        The candidate.\n"
            f'    """\n    {body}\n\n\n'
        )
        models = study.path / "src" / study.package / "models.py"
        edit(models, (r"^def candidate\(.*?(?=^def tuned)", case.code + function))
        edit(models, (r"^from sklearn.base import BaseEstimator$", imports_of(case)))
    ablation = ABLATION.format(name="weaker", switch=case.switch) if case.switch else ""
    edit(study.path / "study.toml", (r"^# Each switches one.*?(?=^\[sharing\])", ablation))


def imports_of(case: Case) -> str:
    return f"from sklearn.base import BaseEstimator\n{case.imports}"


def sort_imports(study, run, python) -> None:
    """As an author's editor does."""
    for arguments in (["check", "--fix", "-q", "src"], ["format", "-q", "src"]):
        run([python, "-m", "ruff", *arguments], study.path, rc=None)
    run([python, "-m", "black", "-q", "src"], study.path)


def own_metric(study) -> None:
    """One more metric, which decides."""
    edit(
        study.path / "src" / study.package / "evaluation.py",
        (r"^(?=def mae\()", METRIC),
        (
            r'^(?=    "mae": )',
            '    "sensitivity": Metric(\n        sensitivity, "probabilities", True, "Sensitivity",'
            " (0.0, 1.0)\n    ),\n",
        ),
    )
    edit(study.path / "study.toml", (r'^primary = "roc_auc".*?$', 'primary = "sensitivity"'))


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_everything_works_with(name, bake, run, study_env, in_study, weekly):
    study, case = bake(), CASES[name]
    toml, whole = study.path / "study.toml", weekly or name in WHOLE

    def call(*arguments, rc=0):
        done = in_study(study.path, *arguments, rc=rc)
        assert "Traceback" not in done.stdout + done.stderr
        return done

    put_in(study, case)
    if name == "own metric":
        own_metric(study)
    sort_imports(study, run, study_env)
    if not whole:
        edit(toml, (r"^folds = 5\b", "folds = 2"), (r"^repeats = 6\b", "repeats = 1"))

    asked = call("share", rc=None).stderr
    assert case.trusted in asked
    if asked:  # paste what it prints
        lines = re.search(r"^\[sharing\]\n.*?^\]\n", asked, flags=re.DOTALL | re.MULTILINE)[0]
        edit(toml, (r"^\[sharing\].*?^\]\n", lines))
    call("reproduce")
    if whole:
        checked = call("check", rc=None)
        assert not re.findall(
            r"^\w+ +FAILED.*$", checked.stdout, flags=re.MULTILINE
        ), checked.stdout
        assert "REPRODUCED" in call("verify").stdout
    else:
        run([study_env, "-m", "pytest", "-q"], study.path, env={"PYTHONPATH": paths(study.path)})
    call("cards")
    assert "fitted on" in call("share").stdout
    run(["git", "diff", "--exit-code", "engine", "scripts", "tests"], study.path)


def test_a_bare_svc_is_refused_with_what_to_wrap_it_in(bake, in_study):
    study = bake()
    put_in(study, Case(SVM, model="SVC()"))
    done = in_study(study.path, "baselines", rc=2)
    assert "candidate ends in SVC, which gives no probabilities" in done.stderr
    assert "CalibratedClassifierCV(SVC())" in done.stderr
