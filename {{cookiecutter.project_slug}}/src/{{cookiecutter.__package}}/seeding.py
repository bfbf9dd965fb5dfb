"""Fixes every source of randomness, and hands out one named seed per purpose.

``random_state=None`` and global generators make numbers depend on what ran before. Here every
random step gets an integer of its own, made from the study's seed and the name of its purpose, so
adding a model or a fold moves no other number.

Two things cannot be fixed from inside a running process. ``PYTHONHASHSEED`` has to be set before
Python starts, so the code never depends on the order of a set: it sorts. And another processor may
round differently in the last digits, which is why results are compared within tolerances.
"""

from __future__ import annotations

import copy
import hashlib
import os
import platform
import random
from collections.abc import Iterable
from importlib.util import find_spec
from typing import Any

import numpy as np

from .study import StudyError

FRAMEWORKS = ("torch", "tensorflow")


def seed_for(seed: int, purpose: str) -> int:
    """Return the seed for one purpose.

    Parameters
    ----------
    seed : int
        The study's seed; 0 is a seed like any other.
    purpose : str
        What the randomness is for, such as ``"split/test"``. Another name gives another,
        independent seed.

    Returns
    -------
    int
        At least 0 and less than 2**32, as scikit-learn's ``random_state`` takes it. The same on
        every machine, whatever was asked for before.

    Raises
    ------
    StudyError
        If ``seed`` is no whole number from 0 to 2**32 - 1, or the purpose has no name.

    References
    ----------
    NumPy, Parallel Random Number Generation: ``SeedSequence`` and its ``spawn_key``.

    Examples
    --------
    >>> seed_for(0, "split/test")
    206019932
    >>> seed_for(0, "split/folds/0")
    2590658759
    """
    if not isinstance(purpose, str) or not purpose:
        raise StudyError(f'a seed needs the name of its purpose, such as "split"; got {purpose!r}')
    # A hash of our own choice: Python's hash() of a text differs from process to process.
    key = int.from_bytes(hashlib.sha256(purpose.encode("utf-8")).digest()[:16], "big")
    sequence = np.random.SeedSequence(_checked(seed), spawn_key=(key,))
    return int(sequence.generate_state(1, np.uint32)[0])


def fix_seeds(seed: int, frameworks: Iterable[str] = FRAMEWORKS) -> dict[str, str]:
    """Fix the global generators of Python and NumPy, and of PyTorch and TensorFlow if installed.

    Call it before anything else uses these libraries. PyTorch and TensorFlow are also told to use
    deterministic algorithms only (an operation that has none raises an error) and one thread.

    Parameters
    ----------
    seed : int
        The study's seed, or one from `seed_for`.
    frameworks : iterable of str
        Which of ``"torch"`` and ``"tensorflow"`` to fix where they are installed. Importing them
        takes seconds; pass ``()`` where a script uses neither.

    Returns
    -------
    dict of str to str
        Each library with the version that was fixed, ``"not installed"`` or ``"left alone"``.

    Raises
    ------
    StudyError
        If ``seed`` is no whole number from 0 to 2**32 - 1, a framework has another name, or a
        framework has been used already and can no longer be fixed.

    References
    ----------
    PyTorch, Reproducibility; TensorFlow, ``tf.config.experimental.enable_op_determinism``.

    Examples
    --------
    >>> fixed = fix_seeds(0)
    >>> sorted(fixed)
    ['numpy', 'python', 'tensorflow', 'torch']
    >>> round(random.random(), 4)
    0.8444
    """
    seed = _checked(seed)
    wanted = set(frameworks)
    if unknown := sorted(wanted.difference(FRAMEWORKS)):
        raise StudyError(f"cannot fix {', '.join(unknown)}; only {', '.join(FRAMEWORKS)} are known")
    random.seed(seed)
    # The study's own code uses Generators and integers and never this global generator, but
    # libraries and scikit-learn's random_state=None still draw from it.
    np.random.seed(seed)  # noqa: NPY002
    fixed = {"python": platform.python_version(), "numpy": np.__version__}
    for name, fix in (("torch", _fix_torch), ("tensorflow", _fix_tensorflow)):
        if name not in wanted:
            fixed[name] = "left alone"
        elif find_spec(name) is None:
            fixed[name] = "not installed"
        else:
            fixed[name] = fix(seed)
    return fixed


def fix_random_state(model: Any, seed: int) -> Any:
    """Set every ``random_state`` of a scikit-learn estimator, nested ones included.

    Splitters (``cv=KFold(shuffle=True)`` in a search) are replaced by seeded copies. A
    ``random_state`` that was set before is replaced too: a study has one seed, in study.toml.

    Parameters
    ----------
    model : estimator
        Changed in place.
    seed : int
        The study's seed, or one from `seed_for`. Each ``random_state`` gets its own from it, named
        after its parameter.

    Returns
    -------
    estimator
        The same ``model``.

    Raises
    ------
    StudyError
        If ``seed`` is no whole number from 0 to 2**32 - 1.

    Examples
    --------
    >>> from sklearn.ensemble import RandomForestClassifier
    >>> forest = fix_random_state(RandomForestClassifier(), seed=0)
    >>> forest.random_state == seed_for(0, "random_state")
    True
    """
    seed = _checked(seed)
    changes = {}
    for name, value in sorted(model.get_params(deep=True).items()):
        if name.rpartition("__")[2] == "random_state":
            changes[name] = seed_for(seed, name)
        elif hasattr(value, "random_state") and not hasattr(value, "get_params"):
            changes[name] = copy.copy(value)
            changes[name].random_state = seed_for(seed, name)
    return model.set_params(**changes)


def _checked(seed: int) -> int:
    # bool is a kind of int in Python, so True would silently be the seed 1. The upper end is what
    # NumPy's global generator and scikit-learn take.
    whole = isinstance(seed, int | np.integer) and not isinstance(seed, bool)
    if not whole or not 0 <= seed < 2**32:
        raise StudyError(
            f"a seed is a whole number from 0 to {2**32 - 1}; got {seed!r}. "
            "Set seed under [study] in study.toml, for example seed = 0"
        )
    return int(seed)


def _fix_torch(seed: int) -> str:
    # cuBLAS reads this once, when CUDA starts.
    before = os.environ.get("CUBLAS_WORKSPACE_CONFIG")
    os.environ["CUBLAS_WORKSPACE_CONFIG"] = ":4096:8"
    import torch

    if torch.cuda.is_initialized() and before != ":4096:8":
        raise StudyError("the GPU is in use already; call fix_seeds before PyTorch uses it")
    torch.manual_seed(seed)  # all devices; workers of a DataLoader get theirs from it
    torch.use_deterministic_algorithms(True)
    torch.backends.cudnn.benchmark = False  # it would time algorithms and take the fastest
    torch.backends.cudnn.deterministic = True
    # Sums are split among threads, so their last digits depend on how many there are. Raise it for
    # speed to a number that all your machines have, and keep that number.
    torch.set_num_threads(1)
    return str(torch.__version__)


def _fix_tensorflow(seed: int) -> str:
    import tensorflow as tf

    tf.keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()
    # Sums depend on the number of threads here too. TensorFlow takes it once, before its first use;
    # a worker that fits many models comes here many times.
    threads = tf.config.threading
    pools = (threads.get_intra_op_parallelism_threads(), threads.get_inter_op_parallelism_threads())
    if pools != (1, 1):
        try:
            threads.set_intra_op_parallelism_threads(1)
            threads.set_inter_op_parallelism_threads(1)
        except RuntimeError as error:
            message = "TensorFlow is in use already; call fix_seeds before using it"
            raise StudyError(message) from error
    return str(tf.__version__)
