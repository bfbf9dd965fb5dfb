"""The engine's tests of Dask, in an environment that has the extra; and how it gets there."""

import re
from pathlib import Path

import pytest

pytestmark = [pytest.mark.network, pytest.mark.slow]
LOCKS = ("requirements-dev.txt", "requirements-dask.txt")


def test_dask_gives_the_same_bits(default_bake, environment, run, tmp_path):
    locks = [default_bake.read(name) for name in LOCKS]
    python = environment("\n".join(locks), "--require-hashes")
    command = [python, "-m", "pytest", "-c", "pytest.ini", "-p", "no:cacheprovider", "-q"]
    env = {"PYTHONPYCACHEPREFIX": str(tmp_path)}  # studies are rendered from there
    done = run([*command, "test_cluster.py"], cwd=Path(__file__).parent / "engine", env=env)
    passed = re.search(r"^(\d+) passed in", done.stdout, re.MULTILINE)
    assert passed and int(passed[1]) == 23, done.stdout  # none is skipped
