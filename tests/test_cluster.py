"""The study's own tests of Dask, in an environment that has the extra; and how it gets there."""

import re

import pytest
from studies import paths

pytestmark = [pytest.mark.network, pytest.mark.slow]
LOCKS = ("requirements-dev.txt", "requirements-dask.txt")


def test_dask_gives_the_same_bits(default_bake, environment, run):
    locks = [default_bake.read(name) for name in LOCKS]
    python = environment("\n".join(locks), "--require-hashes")
    command = [python, "-m", "pytest", "-p", "no:cacheprovider", "tests/test_cluster.py"]
    env = {"PYTHONPATH": paths(default_bake.path)}
    done = run([*command, "-q"], cwd=default_bake.path, env=env)
    passed = re.search(r"^(\d+) passed in", done.stdout, re.MULTILINE)
    assert passed and int(passed[1]) == 19, done.stdout  # none is skipped
