"""Same seed, same numbers; the twin without it sees others."""

from __future__ import annotations

import random

import numpy as np
import pytest
from reproml.config.study import StudyError

from {{ cookiecutter.__package }} import STUDY, seeding


def draws() -> tuple[float, float]:
    """Return what the global generators of Python and NumPy give next."""
    return random.random(), float(np.random.rand())  # noqa: NPY002


def test_global_generators_repeat_with_the_seed():
    STUDY.fix_seeds(0)
    first, unseeded = draws(), draws()
    STUDY.fix_seeds(0)
    assert draws() == first
    assert unseeded != first  # the twin: without the seed the next draws differ
    STUDY.fix_seeds(1)
    assert draws() != first


@pytest.mark.parametrize("seed", [None, True, -1, 1.0, "0", 2**32])
def test_what_is_no_seed_is_an_error(seed):
    with pytest.raises(StudyError, match=r"a seed is a whole number from 0 to"):
        STUDY.fix_seeds(seed)


def test_frameworks_that_are_missing_or_not_wanted_are_said(monkeypatch):
    monkeypatch.setattr(seeding, "find_spec", lambda name: None)
    fixed = seeding.fix_seeds(0)
    assert (fixed["torch"], fixed["tensorflow"]) == ("not installed", "not installed")
    assert fixed["numpy"] == np.__version__
    fixed = seeding.fix_seeds(0, frameworks=["torch"])
    assert (fixed["torch"], fixed["tensorflow"]) == ("not installed", "left alone")


def test_an_unknown_framework_is_an_error():
    with pytest.raises(StudyError, match="cannot fix keras; only torch, tensorflow are known"):
        seeding.fix_seeds(0, frameworks=["keras", "torch"])
