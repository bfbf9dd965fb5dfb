"""Make the example data of the template, or check that what is committed is what this makes.

    python tools/example_data.py           # write templates/data/*.csv and pin their checksums
    python tools/example_data.py --check   # exit 1 and name the file where something differs

Breast cancer and diabetes come from scikit-learn, bit by bit; the stations are simulated by
tools/stations.py. Each checksum has one home, the partial templates/study/data/<name>.toml that
becomes part of a study's study.toml.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from sklearn.datasets import load_breast_cancer, load_diabetes
from stations import World

ROOT = Path(__file__).resolve().parents[1]
STATIONS_SEED = 0  # the first world there is, not the one that suits best
PIN = re.compile(r'^sha256 = "[0-9a-f]{64}"$', re.MULTILINE)
DIABETES = {  # scikit-learn's name -> a name that says what it is
    "age": "age",
    "sex": "sex",
    "bmi": "bmi",
    "bp": "bp",
    "s1": "total_cholesterol",
    "s2": "ldl",
    "s3": "hdl",
    "s4": "cholesterol_ratio",
    "s5": "log_triglycerides",
    "s6": "glucose",
}


def breast_cancer() -> dict[str, np.ndarray]:
    """Return the Wisconsin diagnostic data: 30 measures of cell nuclei and the diagnosis."""
    bunch = load_breast_cancer()
    names = map(_snake, bunch.feature_names)
    columns = dict(zip(names, bunch.data.T, strict=True))
    return columns | {"diagnosis": bunch.target_names[bunch.target]}


def _snake(name: str) -> str:
    # "radius error" -> "error_radius": like "mean radius" and "worst radius", so patterns fit
    *first, last = name.split()
    words = [last, *first] if last == "error" else name.split()
    return "_".join(words)


def diabetes() -> dict[str, np.ndarray]:
    """Return the diabetes data in the units in which they were measured."""
    bunch = load_diabetes(scaled=False)
    names = [DIABETES[name] for name in bunch.feature_names]
    columns = dict(zip(names, bunch.data.T, strict=True))
    return columns | {"progression": bunch.target}


def stations() -> dict[str, np.ndarray]:
    """Return the simulated station network."""
    return World(STATIONS_SEED).table()


MAKERS = {"breast_cancer": breast_cancer, "diabetes": diabetes, "stations": stations}


def to_csv(columns: Mapping[str, np.ndarray]) -> bytes:
    """Return columns as CSV: numbers so that reading gives the same bits, lines end in LF."""
    lines = [",".join(columns), *map(",".join, zip(*map(_texts, columns.values()), strict=True))]
    return ("\n".join(lines) + "\n").encode("utf-8")


def _texts(values: np.ndarray) -> list[str]:
    if values.dtype.kind in "US":
        return values.tolist()
    if np.all(values == np.round(values)):  # 59, not 59.0; it reads as the same number
        return [str(int(value)) for value in values]
    return [repr(float(value)) for value in values]


def check(root: Path) -> list[str]:
    """Return what differs from what the makers make: no text means nothing."""
    problems = []
    for name, make in MAKERS.items():
        content = to_csv(make())
        data, pin = _paths(root, name)
        if not data.is_file() or data.read_bytes() != content:
            problems.append(f"{data.relative_to(root)}: differs from what {make.__name__}() makes")
        if PIN.findall(pin.read_text(encoding="utf-8")) != [_pin_line(content)]:
            problems.append(f"{pin.relative_to(root)}: its sha256 is not that of the data")
    return problems


def write(root: Path) -> None:
    """Write the CSV files and pin their checksums."""
    for name, make in MAKERS.items():
        content = to_csv(make())
        data, pin = _paths(root, name)
        text = pin.read_text(encoding="utf-8")
        if len(PIN.findall(text)) != 1:
            raise SystemExit(f'{pin.relative_to(root)}: needs one line sha256 = "<64 digits>"')
        _replace(data, content)
        _replace(pin, PIN.sub(_pin_line(content), text).encode("utf-8"))


def _paths(root: Path, name: str) -> tuple[Path, Path]:
    templates = root / "templates"
    return templates / "data" / f"{name}.csv", templates / "study" / "data" / f"{name}.toml"


def _pin_line(content: bytes) -> str:
    return f'sha256 = "{hashlib.sha256(content).hexdigest()}"'


def _replace(path: Path, content: bytes) -> None:
    # a reader never sees half a file
    beside = path.with_name(path.name + ".tmp")
    beside.write_bytes(content)
    beside.replace(path)


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    """Write or check; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 if different")
    if not parser.parse_args(arguments).check:
        write(root)
        return 0
    problems = check(root)
    for problem in problems:
        print(problem, file=sys.stderr)
    if problems:
        print("Run `python tools/example_data.py` and look at the difference.", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
