"""Hands out one named seed for each purpose, from the study's seed.

``random_state=None`` and global generators make numbers depend on what ran before. Here every
random step gets an integer of its own, made from the study's seed and the name of its purpose, so
adding a model or a fold moves no other number.
"""

from __future__ import annotations

import copy
import hashlib
from typing import Any

import numpy as np

from .study import StudyError


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
    sequence = np.random.SeedSequence(checked_seed(seed), spawn_key=(key,))
    return int(sequence.generate_state(1, np.uint32)[0])


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
    seed = checked_seed(seed)
    changes = {}
    for name, value in sorted(model.get_params(deep=True).items()):
        if name.rpartition("__")[2] == "random_state":
            changes[name] = seed_for(seed, name)
        elif hasattr(value, "random_state") and not hasattr(value, "get_params"):
            changes[name] = copy.copy(value)
            changes[name].random_state = seed_for(seed, name)
    return model.set_params(**changes)


def checked_seed(seed: int) -> int:
    """Return a seed if it is one.

    Parameters
    ----------
    seed : int
        What was given.

    Returns
    -------
    int
        The same, at least 0 and less than 2**32.

    Raises
    ------
    StudyError
        If it is no whole number in that range: what came, what is allowed, what to do.

    Examples
    --------
    >>> checked_seed(0)
    0
    >>> try:
    ...     checked_seed(True)
    ... except StudyError as error:
    ...     print(str(error).partition(".")[0])
    a seed is a whole number from 0 to 4294967295; got True
    """
    # bool is a kind of int in Python, so True would silently be the seed 1. The upper end is what
    # NumPy's global generator and scikit-learn take.
    whole = isinstance(seed, int | np.integer) and not isinstance(seed, bool)
    if not whole or not 0 <= seed < 2**32:
        raise StudyError(
            f"a seed is a whole number from 0 to {2**32 - 1}; got {seed!r}. "
            "Set seed under [study] in study.toml, for example seed = 0"
        )
    return int(seed)
