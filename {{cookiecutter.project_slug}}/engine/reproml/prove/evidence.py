"""What a machine can check of a checklist: each function looks now, and says what it saw.

Nothing here reads results/manifest.json or anything else that differs between machines, so that a
checklist made again elsewhere says the same.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from ..config.checksums import sha256_of
from ..config.columns import Table
from ..config.study import Study, StudyError
from ..split.test_ledger import count_note
from ..write.texts import marked
from .crate import DATA_PAGE, data_licence
from .provenance import locked_versions


class Facts(NamedTuple):
    """What the checks look at."""

    root: Path  # the study's folder
    results: Path
    study: Study
    table: Table


class Evidence(NamedTuple):
    """What one check saw.

    Examples
    --------
    >>> Evidence(True, "30 libraries, all with hashes").holds
    True
    """

    holds: bool | None  # None: a fact that proves nothing, so it earns no tick
    text: str


Check = Callable[[Facts], Evidence]


def lock(facts: Facts) -> Evidence:
    r"""Check that the lock has a hash for every library, and all that the code imports.

    Parameters
    ----------
    facts : Facts
        The study.

    Returns
    -------
    Evidence
        Fails with the libraries that are missing or have no hash.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     root = Path(folder)
    ...     _ = (root / "pyproject.toml").write_text('[project]\ndependencies = ["numpy>=2"]\n')
    ...     _ = (root / "requirements.txt").write_text("numpy==2.4.6\nscipy==1.17.1\n")
    ...     lock(Facts(root, root, None, None)).text
    'requirements.txt: no hash for numpy, scipy'
    """
    there = [facts.root / name for name in ("requirements.txt", "pyproject.toml")]
    if missing := [path.name for path in there if not path.is_file()]:
        return Evidence(False, f"{missing[0]} is not there")
    text = there[0].read_text(encoding="utf-8")
    project = tomllib.loads(there[1].read_text(encoding="utf-8"))["project"]
    versions = locked_versions(there[0])
    blocks = re.findall(r"^([A-Za-z0-9._-]+)==(.*(?:\n[ \t]+.*)*)", text, flags=re.MULTILINE)
    bare = [name for name, block in blocks if "--hash=sha256:" not in block]
    if bare:
        return Evidence(False, f"requirements.txt: no hash for {', '.join(bare)}")
    wanted = [re.match(r"[A-Za-z0-9._-]+", one)[0] for one in project.get("dependencies", [])]
    known = {_plain(name) for name in versions}
    lost = [name for name in wanted if _plain(name) not in known]
    if lost or not versions:
        return Evidence(False, f"requirements.txt does not lock {', '.join(lost) or 'anything'}")
    return Evidence(True, f"requirements.txt locks {len(versions)} libraries, all with hashes")


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def data_file(facts: Facts) -> Evidence:
    """Check that the data are the file that study.toml names.

    Examples
    --------
    >>> import tempfile
    >>> from ..config.study import Data
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "trial.csv")
    ...     _ = path.write_bytes(b"dose")
    ...     data = Data(file=path.name, sha256=sha256_of(path), columns={})
    ...     data_file(Facts(path.parent, None, Study.model_construct(data=data), None)).text
    'trial.csv is the file of SHA-256 daf81fe9648c'
    """
    data = facts.study.data
    path = facts.root / data.file
    if not path.is_file():
        return Evidence(False, f"{data.file} is not there")
    same = sha256_of(path) == data.sha256
    word = "is" if same else "is not"
    return Evidence(same, f"{data.file} {word} the file of SHA-256 {data.sha256[:12]}")


def limits(facts: Facts) -> Evidence:
    """Check that study.toml says of every feature what may stand in it, so that the rest shows.

    Examples
    --------
    >>> from ..config.study import Column, Data
    >>> columns = {"dose": Column(role="feature", min=0.0), "age": Column(role="feature")}
    >>> data = Data(file="trial.csv", sha256="0" * 64, columns=columns)
    >>> X = pd.DataFrame({"dose": [1.0], "age": [40.0]})
    >>> table = Table(X, None, None, None, None, dropped={})
    >>> limits(Facts(None, None, Study.model_construct(data=data), table)).text
    'study.toml sets no limits to age'
    """
    data = facts.study.data
    columns = {name: data.column_for(name) for name in facts.table.X}
    free = [
        name
        for name, column in columns.items()
        if column.values is None and column.min is None and column.max is None
    ]
    if free:
        return Evidence(False, f"study.toml sets no limits to {', '.join(free[:5])}")
    return Evidence(True, f"all {len(columns)} features have limits or a list of values")


def licences(facts: Facts) -> Evidence:
    """Check that the licences of code and of data are stated, apart and without contradiction.

    Examples
    --------
    >>> import tempfile
    >>> files = {
    ...     "LICENSE": "...", "CITATION.cff": "license: MIT",
    ...     "pyproject.toml": 'project = { license = "MIT" }',
    ...     "data/README.md": "**Licence.** [CC0 1.0](https://example.org/zero)",
    ... }
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     Path(folder, "data").mkdir()
    ...     for name, text in files.items():
    ...         _ = Path(folder, name).write_text(text, "utf-8")
    ...     licences(Facts(Path(folder), None, None, None)).text
    'CITATION.cff and pyproject.toml name one licence for the code; the data have CC0 1.0'
    """
    files = ("LICENSE", "CITATION.cff", "pyproject.toml", DATA_PAGE)
    for name in files:
        if not (facts.root / name).is_file():
            return Evidence(False, f"{name} is not there")
    cff, toml, page = ((facts.root / name).read_text(encoding="utf-8") for name in files[1:])
    cited = re.search(r"^license: *[\"']?([^\s\"'#]+)", cff, flags=re.MULTILINE)
    if cited is None or cited[1] != tomllib.loads(toml)["project"].get("license"):
        return Evidence(False, "CITATION.cff and pyproject.toml do not name the same licence")
    try:
        name, address = data_licence(page)
    except StudyError as error:
        return Evidence(False, str(error).partition(";")[0])
    if address == DATA_PAGE:
        return Evidence(False, f"the licence of the data is {name}")
    return Evidence(
        True, f"CITATION.cff and pyproject.toml name one licence for the code; the data have {name}"
    )


def citation(facts: Facts) -> Evidence:
    r"""Check that CITATION.cff says what to cite, and who is to be thanked for the data.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = Path(folder, "CITATION.cff").write_text("title: Rain\nversion: 1\n", "utf-8")
    ...     citation(Facts(Path(folder), None, None, None)).text
    'CITATION.cff lacks authors, license, references'
    """
    path = facts.root / "CITATION.cff"
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    keys = ("title", "authors", "license", "version", "references")
    missing = [key for key in keys if not re.search(rf"^{key}:", text, flags=re.MULTILINE)]
    if missing:
        return Evidence(False, f"CITATION.cff lacks {', '.join(missing)}")
    return Evidence(True, "CITATION.cff has title, authors, licence, version and references")


def readme(facts: Facts) -> Evidence:
    r"""Check that README.md shows tables that a machine renews, and the command that makes them.

    Examples
    --------
    >>> import tempfile
    >>> text = "scripts/reproduce.py\n<!-- begin results/a.md -->\n<!-- end results/a.md -->\n"
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = Path(folder, "README.md").write_text(text, "utf-8")
    ...     readme(Facts(Path(folder), None, None, None)).text
    'README.md shows 1 tables of results and their command'
    """
    path = facts.root / "README.md"
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    tables = marked(text)
    if not tables or "scripts/reproduce.py" not in text:
        return Evidence(False, "README.md shows no table of results with the command that made it")
    return Evidence(True, f"README.md shows {len(tables)} tables of results and their command")


def leakage(*checks: str) -> Check:
    """Return a check that some audits of leakage.csv passed.

    Parameters
    ----------
    *checks : str
        Their names, or how they begin.

    Returns
    -------
    callable
        Fails where one of them failed, warned or was not made.

    Examples
    --------
    >>> import tempfile
    >>> found = pd.DataFrame({"check": ["fit of linear", "fit of forest"], "verdict": "pass"})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     found.to_csv(Path(folder, "leakage.csv"), index=False)
    ...     facts = Facts(None, Path(folder), None, None)
    ...     leakage("fit of")(facts).text, leakage("time order")(facts).text
    ('leakage.csv: 2 checks pass (fit of)', 'leakage.csv has no check time order')
    """

    def look(facts: Facts) -> Evidence:
        path = facts.results / "leakage.csv"
        if not path.is_file():
            return Evidence(False, "leakage.csv is not there; run python -m reproml leakage")
        found = pd.read_csv(path)
        mine = found[found["check"].str.startswith(checks)]
        lost = [name for name in checks if not found["check"].str.startswith(name).any()]
        if lost:
            return Evidence(False, f"leakage.csv has no check {', '.join(lost)}")
        bad = mine[mine["verdict"] != "pass"]
        if len(bad):
            one = bad.iloc[0]
            return Evidence(False, f"leakage.csv, {one['check']}: {one['verdict']}")
        count = f"{len(mine)} checks pass" if len(mine) > 1 else "the check passes"
        return Evidence(True, f"leakage.csv: {count} ({', '.join(checks)})")

    return look


def ladder(facts: Facts) -> Evidence:
    """Check that every model was scored in every metric on the same folds.

    Examples
    --------
    >>> import tempfile
    >>> from ..config.study import Metrics, Models
    >>> models = Models(candidate="candidate", baselines=["dummy"])
    >>> study = Study.model_construct(models=models, metrics=Metrics(primary="mae"))
    >>> scores = pd.DataFrame({"model": ["dummy", "candidate"] * 2, "metric": "mae", "value": 2.5})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     scores.assign(repeat=0, fold=[0, 0, 1, 1]).to_csv(Path(folder, "baselines.csv"))
    ...     ladder(Facts(None, Path(folder), study, None)).text
    'baselines.csv: 2 models in 1 metrics on the same 2 folds'
    """
    path = facts.results / "baselines.csv"
    if not path.is_file():
        return Evidence(False, "baselines.csv is not there; run scripts/baselines.py")
    scores, study = pd.read_csv(path), facts.study
    folds = scores.groupby(["model", "metric"], sort=False)
    sets = {name: frozenset(zip(f["repeat"], f["fold"], strict=True)) for name, f in folds}
    wanted = {(m, metric) for m in study.models.names for metric in study.metrics.names}
    if set(sets) != wanted or len(set(sets.values())) != 1 or scores["value"].isna().any():
        return Evidence(False, "baselines.csv: not every model has every score on the same folds")
    n_folds, n_models = len(next(iter(sets.values()))), len(study.models.names)
    return Evidence(
        True,
        f"baselines.csv: {n_models} models in {len(study.metrics.names)} metrics "
        f"on the same {n_folds} folds",
    )


def comparison(facts: Facts) -> Evidence:
    """Check that each baseline is compared with an interval and a corrected p.

    Examples
    --------
    >>> import tempfile
    >>> from ..config.study import Models
    >>> study = Study.model_construct(models=Models(candidate="candidate", baselines=["dummy"]))
    >>> found = {"baseline": "dummy", "difference": 0.2, "low": 0.1, "high": 0.3, "p_holm": 0.01}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     pd.DataFrame([found]).to_csv(Path(folder, "baselines_comparison.csv"))
    ...     comparison(Facts(None, Path(folder), study, None)).text
    "baselines_comparison.csv: 1 differences, each with interval and Holm's p"
    """
    path = facts.results / "baselines_comparison.csv"
    if not path.is_file():
        return Evidence(False, "baselines_comparison.csv is not there; run scripts/baselines.py")
    found = pd.read_csv(path)
    numbers = found[["difference", "low", "high", "p_holm"]].to_numpy()
    inside = (found["low"] <= found["difference"]) & (found["difference"] <= found["high"])
    lost = sorted(set(facts.study.models.baselines) - set(found["baseline"]))
    if lost or not np.isfinite(numbers).all() or not inside.all():
        return Evidence(False, "baselines_comparison.csv: a difference has no interval or no p")
    return Evidence(
        True, f"baselines_comparison.csv: {len(found)} differences, each with interval and Holm's p"
    )


def ablations(facts: Facts) -> Evidence:
    """Check that every declared switch was scored beside the full candidate.

    Examples
    --------
    >>> import tempfile
    >>> study = Study.model_construct(ablations={"no_splines": None, "no_scaling": None})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     pd.DataFrame({"model": ["full", "no_splines"]}).to_csv(Path(folder, "ablation.csv"))
    ...     ablations(Facts(None, Path(folder), study, None)).text
    "ablation.csv and study.toml differ: ['no_scaling']"
    """
    path = facts.results / "ablation.csv"
    if not path.is_file():
        return Evidence(False, "ablation.csv is not there; run scripts/ablation.py")
    there, wanted = set(pd.read_csv(path)["model"]), {"full", *facts.study.ablations}
    if there != wanted:
        return Evidence(False, f"ablation.csv and study.toml differ: {sorted(there ^ wanted)}")
    return Evidence(True, f"ablation.csv: {len(wanted) - 1} switches beside the full candidate")


def opened_once(facts: Facts) -> Evidence:
    """Check that no more than one model had the locked test rows.

    Examples
    --------
    >>> import tempfile
    >>> from ..config.study import Data
    >>> study = Study.model_construct(data=Data(file="trial.csv", sha256="0" * 64, columns={}))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     openings = json.dumps([{"data": "0" * 64}] * 2)
    ...     _ = Path(folder, "openings.json").write_text(openings, "utf-8")
    ...     opened_once(Facts(None, Path(folder), study, None))
    Evidence(holds=False, text='The test set was opened 2 times, each time with another model')
    """
    path = facts.results / "openings.json"
    openings = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else []
    data = facts.study.data.sha256
    count = sum(opening["data"] == data for opening in openings)
    return Evidence(count < 2, count_note(openings, data).partition(":")[0].rstrip("."))


def settings(facts: Facts) -> Evidence:
    """Say how rows were split.

    Examples
    --------
    >>> from ..config.study import Split
    >>> split = Split(dependence="grouped", folds=5, repeats=6)
    >>> settings(Facts(None, None, Study.model_construct(seed=0, split=split), None)).text
    'study.toml: seed 0, grouped split, folds: 5, repeats: 6, 20% of the rows locked'
    """
    split = facts.study.split
    return Evidence(
        None,
        f"study.toml: seed {facts.study.seed}, {split.dependence} split, folds: {split.folds}, "
        f"repeats: {split.repeats}, {split.test_size:.0%} of the rows locked",
    )


def rows(facts: Facts) -> Evidence:
    """Say how many rows and features there are.

    Examples
    --------
    >>> X = pd.DataFrame({"dose": [1.0, 2.0, 4.0], "age": [40.0, 50.0, 60.0]})
    >>> rows(Facts(None, None, None, Table(X, None, None, None, None, dropped={}))).text
    '3 rows, 2 features'
    """
    n, p = facts.table.X.shape
    return Evidence(None, f"{n} rows, {p} features")


def outcome(facts: Facts) -> Evidence:
    """Say what is predicted, and how it is distributed.

    Examples
    --------
    >>> from ..config.study import Column, Data
    >>> columns = {"effect": Column(role="target")}
    >>> data = Data(file="trial.csv", sha256="0" * 64, columns=columns)
    >>> study = Study.model_construct(task="regression", data=data)
    >>> table = Table(None, pd.Series([1.0, 2.0, 3.0]), None, None, None, dropped={})
    >>> outcome(Facts(None, None, study, table)).text
    '`effect`: mean 2.0, standard deviation 1.0, from 1.0 to 3.0'
    """
    y, target = facts.table.y, facts.study.data.target
    if facts.study.task == "classification":
        shares = [f"{name} {(y == name).mean():.1%}" for name in facts.study.data.classes]
        return Evidence(None, f"`{target}`: {', '.join(shares)}")
    spread = f"mean {y.mean():.1f}, standard deviation {y.std():.1f}"
    return Evidence(None, f"`{target}`: {spread}, from {y.min():.1f} to {y.max():.1f}")


def left_out(facts: Facts) -> Evidence:
    """Say which rows were left out, and how gaps are treated.

    Examples
    --------
    >>> from ..config.study import Data
    >>> data = Data(file="trial.csv", sha256="0" * 64, missing="impute", columns={})
    >>> X = pd.DataFrame({"dose": [1.0, None]})
    >>> table = Table(X, None, None, None, None, dropped={"no value in 'effect'": 2})
    >>> print(left_out(Facts(None, None, Study.model_construct(data=data), table)).text)
    left out: 2 rows (no value in 'effect'); gaps in features: 1, with missing = "impute"
    """
    dropped = [f"{number} rows ({reason})" for reason, number in facts.table.dropped.items()]
    gaps = int(facts.table.X.isna().to_numpy().sum())
    return Evidence(
        None,
        f"left out: {', '.join(dropped) or 'no row'}; gaps in features: {gaps}, "
        f'with missing = "{facts.study.data.missing}"',
    )


def models(facts: Facts) -> Evidence:
    """Name the models and metrics.

    Examples
    --------
    >>> from ..config.study import Metrics, Models
    >>> chosen = Models(candidate="candidate", baselines=["dummy", "linear"])
    >>> study = Study.model_construct(models=chosen, metrics=Metrics(primary="mae"))
    >>> models(Facts(None, None, study, None)).text
    'candidate against dummy, linear; by mae'
    """
    study = facts.study
    names = f"{study.models.candidate} against {', '.join(study.models.baselines)}"
    return Evidence(None, f"{names}; by {study.metrics.primary}")
