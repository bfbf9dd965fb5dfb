"""A study's seeding holds real PyTorch and TensorFlow to the same bits.

Every training runs in a process of its own, with the study's locked NumPy. What is compared is a
hash of all weights. The frameworks are kept under .cache/, for they are large (PyTorch about
0.9 GB, TensorFlow 1.5 GB) and no study needs them.
"""

import json
import shutil
import sys
import venv
from pathlib import Path

import pytest
from studies import paths

TEMPLATE = Path(__file__).resolve().parent.parent
TORCH = "torch==2.13.0"
TENSORFLOW = "tensorflow-cpu==2.21.0"

# Called with: folder of the framework, and a seed, "none" or "by hand".
START = """
import hashlib
import json
import os
import sys

sys.path.append(sys.argv[1])  # last, so that NumPy is the study's own

import numpy as np

from PACKAGE import seeding
from reproml.config.study import StudyError

SEED = sys.argv[2]
FIXED = seeding.fix_seeds(int(SEED)) if SEED.isdigit() else {}


def too_late():
    try:
        seeding.fix_seeds(0)
    except StudyError as error:
        return str(error)


def report(weights, **facts):
    digest = hashlib.sha256(b"".join(np.asarray(w).tobytes() for w in weights)).hexdigest()
    print(json.dumps({"digest": digest, **facts}))


"""

TORCH_TRAINING = """
def main():
    import torch
    from torch import nn

    if SEED == "by hand":  # what people do; it does not hold the number of threads
        torch.manual_seed(0)
        np.random.seed(0)

    class Signals(torch.utils.data.Dataset):
        def __len__(self):
            return 16

        def __getitem__(self, row):  # in a worker; augmented, once with each library's generator
            signal = torch.linspace(row, 3 * row, 8 * 4000).sin().reshape(8, 4000)
            noise = torch.randn(8, 4000) + float(np.random.normal())
            return signal + noise, torch.tensor([row % 2.0])

    layers = [nn.Conv1d(8, 8, 5), nn.ReLU(), nn.AvgPool1d(100), nn.Flatten(), nn.Dropout(0.2)]
    net = nn.Sequential(*layers, nn.Linear(8 * 39, 1))
    optimizer = torch.optim.SGD(net.parameters(), lr=0.01)
    batches = torch.utils.data.DataLoader(Signals(), batch_size=8, shuffle=True, num_workers=2)
    for _ in range(2):
        for x, y in batches:
            optimizer.zero_grad()
            nn.functional.binary_cross_entropy_with_logits(net(x), y).backward()
            optimizer.step()
    facts = dict(
        fixed=FIXED,
        deterministic=torch.are_deterministic_algorithms_enabled(),
        benchmark=torch.backends.cudnn.benchmark,
        cudnn=torch.backends.cudnn.deterministic,
        threads=torch.get_num_threads(),
        workspace=os.environ.get("CUBLAS_WORKSPACE_CONFIG"),
    )
    torch.cuda.is_initialized = lambda: True  # as after work on a GPU
    report([p.detach() for p in net.parameters()], too_late=too_late(), **facts)


if __name__ == "__main__":  # workers of a DataLoader import this file on macOS and Windows
    main()
"""

TENSORFLOW_TRAINING = """
import tensorflow as tf
from tensorflow.python.framework import config

x = np.random.default_rng(0).normal(size=(256, 16)).astype("float32")
y = x[:, :1] * x[:, 1:2]
net = tf.keras.Sequential(
    [tf.keras.layers.Dense(32, "relu"), tf.keras.layers.Dropout(0.2), tf.keras.layers.Dense(1)]
)
net.compile("sgd", "mse")
net.fit(x, y, epochs=2, batch_size=64, verbose=0)
facts = dict(
    fixed=FIXED,
    deterministic=config.is_op_determinism_enabled(),
    threads=tf.config.threading.get_intra_op_parallelism_threads(),
)
report(net.get_weights(), too_late=too_late(), **facts)
"""


def installed(requirement: str, run, scratch: Path) -> Path:
    """Folder with a framework and all that it needs, installed by pip once and then kept."""
    if sys.version_info[:2] != (3, 11):
        pytest.skip(f"{requirement} is tested on Python 3.11; this is {sys.version.split()[0]}")
    folder = TEMPLATE / ".cache" / requirement.replace("==", "-")
    if folder.exists():
        return folder
    # pip and not uv, for only pip looks in the folders that its settings name (find-links).
    venv.create(scratch / "pip", with_pip=True)
    python = scratch / "pip" / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    pip = [python, "-m", "pip", "install", "--quiet", "--only-binary", ":all:"]
    pip += ["--disable-pip-version-check", "--root-user-action", "ignore", requirement]
    plan = scratch / "plan.json"
    asked = run([*pip, "--dry-run", "--report", plan], cwd=scratch, rc=None)
    if asked.returncode:
        pytest.skip(f"{requirement} cannot be had: {asked.stderr.strip().splitlines()[-1]}")
    names = [p["metadata"]["name"] for p in json.loads(plan.read_text("utf-8"))["install"]]
    if cuda := [name for name in names if name.startswith("nvidia")]:
        pytest.skip(f"{requirement} would bring {len(cuda)} CUDA packages; give pip a CPU build")
    # Installed aside and renamed, so that the folder is whole or not there.
    aside = folder.with_name(f"{folder.name}.{scratch.name}")
    run([*pip, "--target", aside], cwd=scratch)
    try:
        aside.rename(folder)
    except OSError:  # another run was faster
        if not folder.exists():
            raise
        shutil.rmtree(aside)
    return folder


@pytest.fixture
def train(default_bake, study_env, run, tmp_path):
    """Train in a fresh process: train(script, folder, seed, threads=2)."""

    def start(script: str, folder: Path, seed: int | str, threads: int = 2) -> dict:
        path = tmp_path / "train.py"
        path.write_text(START.replace("PACKAGE", default_bake.package) + script, encoding="utf-8")
        env = {"PYTHONPATH": paths(default_bake.path), "TF_CPP_MIN_LOG_LEVEL": "3"}
        env |= {"OMP_NUM_THREADS": str(threads), "CUBLAS_WORKSPACE_CONFIG": None}
        done = run([study_env, path, folder, seed], cwd=tmp_path, env=env)
        return json.loads(done.stdout.splitlines()[-1])

    return start


@pytest.mark.slow
@pytest.mark.network
def test_pytorch_trains_to_the_same_bits(train, run, tmp_path, weekly):
    folder = installed(TORCH, run, tmp_path)
    first = train(TORCH_TRAINING, folder, 0)
    assert first["fixed"]["torch"].split("+")[0] == TORCH.partition("==")[2]
    assert first["fixed"]["tensorflow"] == "not installed"
    assert first["deterministic"] is True and first["cudnn"] is True
    assert first["benchmark"] is False
    assert first["threads"] == 1
    assert first["workspace"] == ":4096:8"

    assert train(TORCH_TRAINING, folder, 0, threads=3) == first
    # Twins: without the seeding no two runs agree, and seeds alone do not hold other threads.
    unseeded = train(TORCH_TRAINING, folder, "none")
    assert unseeded["digest"] != first["digest"]
    assert first["too_late"] is None  # what was fixed in time stays so
    late = "the GPU is in use already; call fix_seeds before PyTorch uses it"
    assert unseeded["too_late"] == late
    if weekly:
        assert train(TORCH_TRAINING, folder, "none")["digest"] != unseeded["digest"]
        assert train(TORCH_TRAINING, folder, 1)["digest"] != first["digest"]
        assert train(TORCH_TRAINING, folder, "by hand", threads=1)["digest"] == first["digest"]
        assert train(TORCH_TRAINING, folder, "by hand", threads=3)["digest"] != first["digest"]


@pytest.mark.slow
@pytest.mark.network
def test_tensorflow_trains_to_the_same_bits(train, run, tmp_path, weekly):
    folder = installed(TENSORFLOW, run, tmp_path)
    first = train(TENSORFLOW_TRAINING, folder, 0)
    assert first["fixed"]["tensorflow"] == TENSORFLOW.partition("==")[2]
    assert first["fixed"]["torch"] == "not installed"
    assert first["deterministic"] is True
    assert first["threads"] == 1

    assert train(TENSORFLOW_TRAINING, folder, 0) == first
    unseeded = train(TENSORFLOW_TRAINING, folder, "none")
    assert unseeded["digest"] != first["digest"]
    assert first["too_late"] is None  # what was fixed in time stays so
    late = "TensorFlow is in use already; call fix_seeds before using it"
    assert unseeded["too_late"] == late
    if weekly:
        assert train(TENSORFLOW_TRAINING, folder, "none")["digest"] != unseeded["digest"]
        assert train(TENSORFLOW_TRAINING, folder, 1)["digest"] != first["digest"]


@pytest.mark.network
def test_frameworks_that_are_not_installed_are_said(default_bake, study_env, run):
    command = f"from {default_bake.package}.seeding import fix_seeds; print(fix_seeds(0))"
    env = {"PYTHONPATH": paths(default_bake.path)}
    said = run([study_env, "-c", command], cwd=default_bake.path, env=env).stdout
    assert "'torch': 'not installed', 'tensorflow': 'not installed'" in said
