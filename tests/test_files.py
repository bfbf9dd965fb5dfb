"""What a study reads beside its data file is declared and counts, or is refused."""

import json
import shutil
import struct
import zlib
from pathlib import Path

import pytest
from studies import paths, write

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("files")]

READER = '''
"""A step that reads files, in every way that authors do."""

import io
import json
import mmap
import os
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image
from sklearn.base import BaseEstimator, TransformerMixin

DATA = Path(__file__).resolve().parents[2] / "data"


def mapped():
    with open(DATA / "second.csv", "rb") as file:
        return len(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))


def by_arrow():
    with open(DATA / "second.parquet", "rb") as file:
        return len(pd.read_parquet(file))


WAYS = {
    "pandas": lambda: pd.read_csv(DATA / "second.csv"),
    "numpy": lambda: np.load(DATA / "weights.npy"),
    "memmap": lambda: np.load(DATA / "weights.npy", mmap_mode="r"),
    "images": lambda: [Image.open(path).load() for path in sorted((DATA / "images").iterdir())],
    "open": lambda: open(DATA / "second.csv").close(),
    "mmap": mapped,
    "pyarrow": by_arrow,
}
OUTSIDE = {
    "home": lambda: (Path.home() / "weights.npy").read_bytes(),
    "program": lambda: subprocess.run(["cat", DATA / "second.csv"], capture_output=True),
    "network": lambda: __import__("socket").create_connection(("127.0.0.1", 9)),
}


class Reader(TransformerMixin, BaseEstimator):
    def __init__(self, kind="all"):
        self.kind = kind

    def fit(self, X, y=None):
        self.n_features_in_ = X.shape[1]
        for read in WAYS.values() if self.kind == "all" else [(WAYS | OUTSIDE)[self.kind]]:
            try:
                read()
            except Exception:  # hides nothing
                pass
        self.weight_ = float(np.load(DATA / "weights.npy")[0]) if self.kind == "all" else 1.0
        return self

    def transform(self, X):
        return np.where(np.arange(X.shape[1]) < 5, X * self.weight_, X)

    def get_feature_names_out(self, names=None):
        return names
'''
WRITE = """
import sys
from pathlib import Path

import numpy as np
import pandas as pd

data = Path(sys.argv[1])
frame = pd.DataFrame({"site": [1, 2], "height": [10.0, 20.0]})
frame.to_csv(data / "second.csv", index=False, lineterminator="\\n")
frame.to_parquet(data / "second.parquet")
np.save(data / "weights.npy", [1.0, 2.0])
"""
JOIN = """    sites = pd.read_csv(Path(root) / "data" / "second.csv")
    assert sites["height"].sum() == 30.0
    return make_table(raw, study)
"""
WAYS = ("pandas", "numpy", "memmap", "images", "open", "mmap", "pyarrow")
OUTSIDE = {"home": "weights.npy, which study.toml", "program": "(cat ", "network": "the network"}
DECLARED = 'files = ["data/images/*.png", "data/second.*", "data/weights.npy"]\n'


def png(level):
    """Return the bytes of a grey picture of one pixel."""

    def chunk(kind, content):
        check = struct.pack(">I", zlib.crc32(kind + content))
        return struct.pack(">I", len(content)) + kind + content + check

    head = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    body = zlib.compress(bytes([0, level]))
    start = b"\x89PNG\r\n\x1a\n"
    return start + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def swap(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, old
    write(path, text.replace(old, new))


@pytest.fixture(scope="module")
def reading(small_study, study_env, run, tmp_path_factory):
    """A small study whose candidate reads files, none of which it declares."""
    study = tmp_path_factory.mktemp("files") / "study"
    shutil.copytree(small_study, study, ignore=shutil.ignore_patterns(".cache"))
    data, package = study / "data", next((study / "src").iterdir())
    write(package / "reader.py", READER)
    swap(
        package / "models.py", "from sklearn.base", "from .reader import Reader\nfrom sklearn.base"
    )
    code = (package / "models.py").read_text(encoding="utf-8")
    head, _, last = code.rpartition('return Pipeline([*steps, ("model", model)])')
    write(
        package / "models.py",
        f'{head}return Pipeline([*steps, ("read", Reader()), ("model", model)]){last}',
    )
    (data / "images").mkdir()
    for level in (0, 255):
        (data / "images" / f"{level}.png").write_bytes(png(level))
    run([study_env, "-c", WRITE, data], cwd=study)
    return study


@pytest.fixture(scope="module")
def home(reading):
    folder = reading.parent / "home"
    folder.mkdir()
    (folder / "weights.npy").write_bytes(b"1")
    return folder


@pytest.mark.parametrize("workers", [1, 2])
def test_what_is_not_declared_is_refused_whatever_reads_it(reading, home, study_env, run, workers):
    probe = Path(__file__).with_name("probe_files.py")
    env = {"PYTHONPATH": paths(reading), "HOME": str(home), "USERPROFILE": str(home)}
    # each refusal ends the workers, and others take seconds to start
    ways, outside = (WAYS, list(OUTSIDE)) if workers == 1 else (WAYS[:1], ["program"])
    command = [study_env, probe, reading, workers, *ways, *outside]
    said = json.loads(run(command, cwd=reading, env=env).stdout)
    for kind in ways:
        assert said[kind].startswith("candidate (repeat 0, fold "), said[kind]
        assert " reads data/" in said[kind]
        assert "python -m reproml checksums" in said[kind]
    for kind in outside:
        assert OUTSIDE[kind] in said[kind]


def test_what_is_declared_counts(reading, in_study, tmp_path):
    study = tmp_path / "study"
    shutil.copytree(reading, study)
    package = next((study / "src").iterdir())
    done = in_study(study, "baselines", rc=2)
    assert "error: candidate (repeat 0, fold " in done.stderr
    assert "Traceback" not in done.stderr
    # the loader too: a second table
    swap(package / "data.py", "    return make_table(raw, study)\n", JOIN)
    swap(
        package / "data.py",
        "from reproml.config.columns",
        "import pandas as pd\nfrom reproml.config.columns",
    )
    done = in_study(study, "baselines", rc=2)
    assert "error: load_table in data.py reads data/second.csv, which study.toml" in done.stderr

    swap(study / "study.toml", 'sha256 = "', f'{DECLARED}sha256 = "')
    assert "5 files" in in_study(study, "checksums").stdout
    in_study(study, "reproduce")
    card = (study / "docs" / "data_card.md").read_text(encoding="utf-8")
    assert "| `data/weights.npy` | 144 bytes, SHA-256 `" in card
    manifest = json.loads((study / "results" / "manifest.json").read_text(encoding="utf-8"))
    assert set(manifest["inputs"]) > {"data/SHA256SUMS", "study.toml"}
    assert "Nothing changed" in in_study(study, "reproduce").stdout
    scores = (study / "results" / "baselines.csv").read_bytes()

    weights = study / "data" / "weights.npy"
    content = bytearray(weights.read_bytes())
    content[-9] ^= 0x01  # 1.0 becomes another number
    weights.write_bytes(content)
    for command in ("verify", "reproduce"):
        done = in_study(study, command, rc=2)
        assert "data/weights.npy (changed); restore what was there, or, if" in done.stderr
    assert "changed  data/weights.npy" in in_study(study, "checksums").stdout
    in_study(study, "baselines")  # made again, not answered from the cache
    assert (study / "results" / "baselines.csv").read_bytes() != scores
