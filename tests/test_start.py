"""Somebody who follows only the start page ends with a verified study."""

import os
import shutil
import sys
from pathlib import Path

import pages
import pytest

TEMPLATE = Path(__file__).resolve().parent.parent


@pytest.mark.network
@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="the page's lines are for a POSIX shell")
def test_the_start_page_ends_with_a_verified_study(run, tmp_path):
    """Line by line, in an empty folder and home; only the template's address is another."""
    blocks = pages.blocks_of((TEMPLATE / "docs/index.md").read_text(encoding="utf-8"))
    lines = [line for block in blocks for line in block.body.splitlines()]
    assert lines[0].startswith("python3 -m venv")
    assert lines[-1] == "python scripts/verify.py"
    address = "gh:org/repro-ml"
    assert sum(address in line for line in lines) == 1
    # The programs that a fresh machine has, and uv: pip would install the same in half a minute.
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "python3").symlink_to(Path(sys.executable).resolve())
    uv = Path(sys.executable).with_name("uv")
    (programs / "uv").symlink_to(uv if uv.exists() else shutil.which("uv") or "/nonexistent")
    home = tmp_path / "home"
    home.mkdir()
    script = "\n".join(["set -e", *lines]).replace(address, f"'{TEMPLATE}'")
    # Enter at every question, as the page says; what is left over is read by nobody.
    env = {"HOME": str(home), "PATH": f"{programs}:/usr/local/bin:/usr/bin:/bin"}
    env |= {"VIRTUAL_ENV": None, "PYTHONPATH": None}
    done = run(["bash", "-c", script], cwd=tmp_path, env=env, stdin="\n" * 12, timeout=900)
    assert done.stdout.rstrip().endswith("REPRODUCED: every committed number came out again.")
    steps = "files, environment, git repository, first commit, pre-commit hook"
    assert "Making the environment" in done.stdout
    assert f"made: {steps}\n" in done.stdout
    assert "Not done" not in done.stdout
    study = tmp_path / "my-study"
    hook = (study / ".git" / "hooks" / "pre-commit").read_text(encoding="utf-8")
    assert str(study / ".venv" / "bin" / "python") in hook  # the environment brought it along
    assert run(["git", "status", "--porcelain"], study).stdout == ""
