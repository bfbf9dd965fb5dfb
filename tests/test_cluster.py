"""The engine's tests of Dask, in an environment that has the extra; and how it gets there."""

import re
from pathlib import Path

import pytest

pytestmark = [pytest.mark.network, pytest.mark.slow]
LOCKS = ("requirements-dev.txt", "requirements-dask.txt")


def test_dask_gives_the_same_bits(default_bake, environment, run):
    locks = [default_bake.read(name) for name in LOCKS]
    python = environment("\n".join(locks), "--require-hashes")
    command = [python, "-m", "pytest", "-c", "pytest.ini", "-p", "no:cacheprovider", "-q"]
    done = run([*command, "test_cluster.py"], cwd=Path(__file__).parent / "engine")
    passed = re.search(r"^(\d+) passed in", done.stdout, re.MULTILINE)
    assert passed and int(passed[1]) == 23, done.stdout  # none is skipped
