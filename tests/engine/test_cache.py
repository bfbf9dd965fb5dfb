"""The cache answers with the same bits, and never from anything that changed.

The shadow is the key of the first edition: all of the source, and all that study.toml says of data
and split. Where the narrow key finds a fit that the broad one would have made again, it is made
again here, and the bytes are compared.
"""

import ast
import shutil
import sys
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT, bits, tasks_of, texts, weights_of
from reproml.compute import cache as module
from reproml.compute.cache import open_cache
from reproml.compute.fits import run_fits
from reproml.compute.models import build_model
from reproml.compute.task import make_tasks, run_task
from reproml.config.checksums import digest_of
from reproml.config.source import meaning_of
from reproml.config.study import read_study
from reproml.split.splits import make_folds

ENGINE = module.ENGINE
OWN_CLASS = """
from sklearn.linear_model import LogisticRegression
from .steepness import STEEPNESS

class Steep(LogisticRegression):
    '''A class of the author's own.'''

    def predict_proba(self, X):
        said = super().predict_proba(X) ** STEEPNESS
        return said / said.sum(axis=1, keepdims=True)
"""


class Edited:
    """A study whose author's package lies in a folder and is imported again after each edit."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.package = folder / "src" / "edited_study"
        shutil.copytree(ROOT / "src" / "example_study", self.package)
        (self.package / "own.py").write_text(OWN_CLASS, encoding="utf-8")
        (self.package / "steepness.py").write_text("STEEPNESS = 2\n", encoding="utf-8")
        self.edit("models.py", "from sklearn.base", "from .own import Steep\nfrom sklearn.base")
        self.edit("models.py", '    "tuned": tuned,', '    "steep": steep,')
        self.edit(
            "models.py",
            "MODELS: dict",
            "def steep(task):\n    return Pipeline([*prepare(), ('model', Steep())])\n\n\n"
            "MODELS: dict",
        )
        self.bytes: dict[str, list[bytes]] = {}  # by broad key and model

    def edit(self, name: str, old: str, new: str, folder: Path | None = None) -> None:
        path = (folder or self.package) / name
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")

    def run(self, names=("dummy", "linear", "steep")) -> set[str]:
        """Fit through the cache; return which models were fitted, and check hits in the shadow."""
        for name in [name for name in sys.modules if name.startswith("edited_study")]:
            del sys.modules[name]
        sys.path.insert(0, str(self.package.parent))
        try:
            code = import_module("edited_study").STUDY
        finally:
            sys.path.pop(0)
        study = read_study(self.folder / "study.toml").with_code(code)
        table = code.load_table(study, self.folder)
        folds = make_folds(table, np.arange(60), study.split, stratify=True, seed=0)[:2]
        fitted = set()
        for name in names:
            tasks = make_tasks({name: build_model(name, study)}, folds, study.seed)
            cache = open_cache(self.folder / "c", study, table)
            found = run_fits(tasks, table, study, cache=cache)
            if cache.misses:
                fitted.add(name)
            shadow = f"{name} {digest_of(list(self.package.glob('*.py')), self.package)}"
            if cache.hits and shadow not in self.bytes:
                assert bits(found) == bits(run_fits(tasks, table, study))
            self.bytes[shadow] = bits(found)
        return fitted


@pytest.fixture
def edited(folder: Path) -> Edited:
    """Return a study that has been fitted once."""
    made = Edited(folder)
    assert made.run() == {"dummy", "linear", "steep"}
    assert made.run() == set()
    return made


@pytest.mark.parametrize(
    ("name", "old", "new", "again"),
    [
        ("models.py", "max_iter=1000) if", "max_iter=1000, C=0.5) if", {"linear", "steep"}),
        ("own.py", "** STEEPNESS", "** STEEPNESS * 1", {"steep"}),
        ("steepness.py", "= 2", "= 3", {"steep"}),
        ("own.py", "A class of the author's own", "My class", set()),
        ("own.py", "\nclass", "\n# a comment\nclass", set()),
        ("evaluation.py", "import numpy as np", "import numpy as np\nN = 1", set()),
        ("seeding.py", "np.random.seed(seed)", "np.random.seed(seed + 1 - 1)", "all"),
        ("data.py", "return make_table(raw, study)", "return make_table(raw.copy(), study)", set()),
        ("data.py", "read_raw(check_file(study.data, root), study.data)", "read_raw(check_file("
         "study.data, root), study.data).assign(dose=lambda raw: raw['dose'] * 0.5)", "all"),
        ("models.py", "\nMODELS", "\nprint('an effect of importing it')\nMODELS", "all"),
    ],
)  # fmt: skip
def test_an_edit_of_the_author_fits_again_what_it_changes(edited, name, old, new, again):
    """Models of own classes follow the files that define these, and what they import."""
    edited.edit(name, old, new)
    again = {"dummy", "linear", "steep"} if again == "all" else again
    if name == "models.py" and "C=0.5" in new:
        again = {"linear"}  # Steep stands in own.py: models.py is no part of it
    assert edited.run() == again


@pytest.mark.parametrize(
    ("old", "new", "again"),
    [
        ("seed = 0", "seed = 1", "all"),
        ("folds = 3", "folds = 4", "all"),
        ('others = ["brier", "mcc"]', 'others = ["mcc"]', set()),
        ("workers = 1", "workers = 2", set()),
        ("[compute]", "[models.parameters.linear]\nmodel__C = 0.3\n[compute]", {"linear"}),
        ('reason = "Are', 'reason = "Ah, are', set()),
    ],
)
def test_a_choice_of_study_toml_fits_again_what_it_changes(edited, old, new, again):
    if "[models.parameters.linear]" in new:
        edited.edit("study.toml", "parameters = { forest = { model__n_estimators = 5 } }", "",
                    edited.folder)  # fmt: skip
    edited.edit("study.toml", old, new, edited.folder)
    assert edited.run() == ({"dummy", "linear", "steep"} if again == "all" else again)


@pytest.fixture
def setting(study, folder: Path):
    """Return a study, its table, and the tasks of two models."""
    return tasks_of(study, folder, "linear", "forest")[::-1]


def fit(setting, cache) -> list[bytes]:
    study, table, tasks = setting
    return bits(run_fits(tasks, table, study, cache=cache))


def test_a_second_run_fits_nothing_and_gives_the_same_bits(setting, tmp_path: Path):
    first = open_cache(tmp_path / "c", *setting[:2])
    fresh = fit(setting, first)
    again = open_cache(tmp_path / "c", *setting[:2])
    assert fit(setting, again) == fresh == fit(setting, None)
    assert (first.hits, first.misses) == (0, 12)
    assert (again.hits, again.misses) == (12, 0)


def test_tables_that_were_made_instead_are_found_for_the_same_work_alone(setting, tmp_path: Path):
    study, table, tasks = setting
    cache = open_cache(tmp_path / "c", study, table)
    how = {"do": weights_of(study), "cache": cache}
    fresh, again = (run_fits(tasks, table, study, **how) for _ in range(2))
    assert texts(again) == texts(fresh)
    assert "dose" in "".join(texts(fresh))
    assert (cache.hits, cache.misses) == (12, 12)
    other = weights_of(study.model_copy(update={"seed": 1}))
    assert cache.load(tasks[0], other) is None
    assert cache.load(tasks[0]) is None  # these are no predictions
    assert cache.load(tasks[0], weights_of(study.model_copy())) is not None


def traced(work) -> set[str]:
    """Return the modules of the engine in which a line runs."""
    seen: set[str] = set()

    def note(frame, event, argument):
        seen.add(frame.f_code.co_filename)

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(before)
    paths = [Path(name).resolve() for name in seen if "reproml" in name]
    return {path.relative_to(ENGINE).with_suffix("").as_posix() for path in paths}


def test_a_changed_line_in_each_engine_module_that_a_fit_runs_through_is_a_miss(
    setting, tmp_path: Path, monkeypatch
):
    study, table, tasks = setting
    tuned = make_tasks({"tuned": build_model("tuned", study)}, [tasks[0].fold], 0)[0]
    engine = tmp_path / "reproml"
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(module.ENGINE, engine, ignore=ignore)
    weights = weights_of(study)
    for do, work in (
        (None, lambda: run_task(tuned, table, study)),
        (weights, lambda: weights(tasks[0], table)),
    ):
        through = traced(work)
        assert {"compute/task", "config/seeds", "split/inner_folds"} <= through

        def key(do=do):
            monkeypatch.setattr(module, "ENGINE", engine)
            return open_cache(tmp_path / "c", study, table).key(tasks[0], do)

        before = key()
        for name in sorted(through):
            path = engine / f"{name}.py"
            text = path.read_text(encoding="utf-8")
            path.write_text(f"{text}\nCHANGED = 1\n", encoding="utf-8")
            assert key() != before, name
            path.write_text(f"{text}\n# a comment\n", encoding="utf-8")
            assert key() == before, name
            path.write_text(text, encoding="utf-8")
        for name in ("draw/figures", "write/cards", "write/tables", "run/run"):
            path = engine / f"{name}.py"
            path.write_text(path.read_text(encoding="utf-8") + "\nCHANGED = 1\n", encoding="utf-8")
        assert key() == before


def test_comments_docstrings_and_layout_are_no_part_of_what_source_says(tmp_path: Path):
    path = tmp_path / "a.py"
    says = []
    for text in (
        "def f(x):\n    return x",
        'def f(x):\n    """Say."""\n    return (x)  # so',
        "F=1",
    ):
        ast.parse(text)
        path.write_text(text, encoding="utf-8")
        says.append(meaning_of(tmp_path, ["a"]))
    assert says[0] == says[1] != says[2]


def test_other_versions_and_other_options_of_scikit_learn_are_other_fits(
    setting, tmp_path, monkeypatch
):
    import sklearn

    study, table, tasks = setting
    before = open_cache(tmp_path, study, table).key(tasks[0])
    with sklearn.config_context(transform_output="pandas"):
        assert open_cache(tmp_path, study, table).key(tasks[0]) != before
    monkeypatch.setattr(module, "installed_versions", lambda names: {"numpy": "0.1"})
    assert open_cache(tmp_path, study, table).key(tasks[0]) != before


@pytest.mark.parametrize("damage", [lambda b: b[:-1], lambda b: b[:40], lambda b: b"", bytes.upper])
def test_a_damaged_entry_is_computed_again_and_said(setting, tmp_path: Path, damage):
    fresh = fit(setting, open_cache(tmp_path / "c", *setting[:2]))
    entry = sorted(path for path in (tmp_path / "c").rglob("*") if path.is_file())[0]
    entry.write_bytes(damage(entry.read_bytes()))
    cache = open_cache(tmp_path / "c", *setting[:2])
    assert fit(setting, cache) == fresh
    assert cache.damaged == [entry.name]
    assert (cache.hits, cache.misses) == (11, 1)


def test_a_model_that_cannot_be_described_is_always_fitted(setting, tmp_path: Path):
    from sklearn.preprocessing import FunctionTransformer

    study, table, tasks = setting
    model = build_model("linear", study).set_params(
        columns__numbers__scale=FunctionTransformer(lambda X: X * 2)
    )
    cache = open_cache(tmp_path / "c", study, table)
    fits = make_tasks({"lambda": model}, [tasks[0].fold], seed=0)
    assert len(fit((study, table, fits), cache)) == 1
    assert cache.load(fits[0]) is None
    assert not (tmp_path / "c").exists()
