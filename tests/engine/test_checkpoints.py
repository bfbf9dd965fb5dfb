"""A training that is killed goes on to the same bits, and a checkpoint is whole or not there."""

import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from reproml.config.study import StudyError
from reproml.share import checkpoints
from reproml.share.checkpoints import train_in_steps
from reproml.share.model import pack_model
from sklearn.linear_model import SGDClassifier
from sklearn.neural_network import MLPClassifier

STEPS = 30
TRUSTED = ["sklearn.neural_network._stochastic_optimizers.AdamOptimizer"]
# Dies without any clean-up, as a machine does that loses power.
CHILD = """\
import os
import sys
from pathlib import Path

sys.path.insert(0, sys.argv[1])
import test_checkpoints as tests

left = int(sys.argv[3])


def step(model, draw):
    global left
    if left == 0:
        os._exit(9)
    left -= 1
    tests.step(model, draw)


tests.train(tests.network(), Path(sys.argv[2]), step=step)
"""
X = np.random.default_rng(0).normal(size=(80, 4))
y = (X[:, 0] - X[:, 1] ** 2 > -0.5).astype(int)


def network() -> MLPClassifier:
    """Return an estimator whose state is large: weights, moments of Adam, a generator."""
    return MLPClassifier(hidden_layer_sizes=(6,), random_state=3)


def step(model, draw: np.random.Generator) -> None:
    rows = draw.choice(len(y), size=20, replace=False)
    model.partial_fit(X[rows], y[rows], classes=[0, 1])


def train(model, path: Path, *, step=step, n_steps: int = STEPS, **changes):
    how = {"seed": 0, "context": {"batch": 20}, "trusted": TRUSTED, "every": 4}
    return train_in_steps(model, step, n_steps, path, **how | changes)


@pytest.mark.parametrize("make", [network, lambda: SGDClassifier(loss="log_loss", random_state=3)])
def test_stopping_anywhere_changes_no_bit(tmp_path: Path, make):
    whole = train(make(), tmp_path / "whole.ckpt")
    for stop in (1, 4, 7, 29):
        path = tmp_path / f"{stop}.ckpt"

        numbers = iter(range(STEPS))

        def until(model, draw, stop=stop, numbers=numbers):
            if next(numbers) == stop:
                raise KeyboardInterrupt
            step(model, draw)

        with pytest.raises(KeyboardInterrupt):
            train(make(), path, step=until)
        resumed = train(make(), path)
        assert pack_model(resumed, TRUSTED) == pack_model(whole, TRUSTED)
        assert path.read_bytes() == (tmp_path / "whole.ckpt").read_bytes()
    other = train(make(), tmp_path / "other.ckpt", seed=1)  # the twin: another seed is seen
    assert pack_model(other, TRUSTED) != pack_model(whole, TRUSTED)


def test_killed_at_random_steps_it_ends_at_the_same_bits(tmp_path: Path):
    train(network(), tmp_path / "whole.ckpt")
    path, draw, killed = tmp_path / "killed.ckpt", random.Random(0), 0
    for left in [draw.randrange(5, 12), draw.randrange(5, 12), 1000]:
        command = [sys.executable, "-c", CHILD, str(Path(__file__).parent), str(path), str(left)]
        done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
        assert done.returncode in (0, 9), done.stderr
        killed += done.returncode == 9
        assert [p.name for p in tmp_path.glob("killed*")] == ["killed.ckpt"]
    assert killed == 2
    assert path.read_bytes() == (tmp_path / "whole.ckpt").read_bytes()


def test_a_kill_while_a_checkpoint_is_written_leaves_the_old_one(tmp_path: Path, monkeypatch):
    path = tmp_path / "a.ckpt"
    train(network(), path, n_steps=8)
    before = path.read_bytes()

    def die(self, target):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Path, "replace", die)
        train(network(), path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["a.ckpt"]


def test_a_damaged_checkpoint_is_refused(tmp_path: Path):
    path = tmp_path / "a.ckpt"
    train(network(), path)
    content = bytearray(path.read_bytes())
    content[-9] ^= 1
    path.write_bytes(bytes(content))
    with pytest.raises(StudyError, match=r"a\.ckpt: is damaged"):
        train(network(), path)
    path.write_bytes(b"")
    with pytest.raises(StudyError, match=r"a\.ckpt: is damaged"):
        train(network(), path)


@pytest.mark.parametrize("change", [{"seed": 1}, {"context": {"batch": 10}}])
def test_the_checkpoint_of_another_training_is_refused(tmp_path: Path, change: dict):
    path = tmp_path / "a.ckpt"
    train(network(), path)
    with pytest.raises(StudyError, match="belongs to another training"):
        train(network(), path, **change)
    with pytest.raises(StudyError, match="belongs to another training"):
        train(network().set_params(alpha=0.5), path)
    with pytest.raises(StudyError, match="is of step 30, asked for are 8"):
        train(network(), path, n_steps=8)


def test_a_checkpoint_is_of_every_locked_version(tmp_path: Path, monkeypatch):
    """A step may use any library of the lock, whatever the model's class is from."""
    path = tmp_path / "a.ckpt"
    train(network(), path)
    lock = tmp_path / "requirements.txt"
    text = checkpoints.LOCK.read_text(encoding="utf-8")
    lock.write_text(f"{text}\ntorch==2.15.0\n", encoding="utf-8")
    monkeypatch.setattr(checkpoints, "LOCK", lock)
    with pytest.raises(StudyError, match="belongs to another training"):
        train(network(), path)


def test_a_checkpoint_may_hold_what_is_trusted_and_nothing_else(tmp_path: Path):
    with pytest.raises(StudyError, match=r"trusts:\n  sklearn\.neural_network\..*AdamOptimizer"):
        train(network(), tmp_path / "a.ckpt", trusted=[])
    assert not (tmp_path / "a.ckpt").exists()
