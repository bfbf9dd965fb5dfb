"""Fixes every source of randomness of the libraries that this study uses.

Random steps of scikit-learn get seeds of their own from the engine, one for each purpose. Code that
still draws from a global generator is seeded here, before each fit, with the seed of that fit.

Two things cannot be fixed from inside a running process. ``PYTHONHASHSEED`` has to be set before
Python starts, so the code never depends on the order of a set: it sorts. And another processor may
round differently in the last digits, which is why results are compared within tolerances.
"""

from __future__ import annotations

import os
import platform
import random
from collections.abc import Iterable
from importlib.util import find_spec

import numpy as np
from reproml.config.seeds import checked_seed
from reproml.config.study import StudyError

FRAMEWORKS = ("torch", "tensorflow")


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
    seed = checked_seed(seed)
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
