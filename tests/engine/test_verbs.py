"""The command line: every verb has a line and a help, and a mistake is answered with the list."""

import subprocess
import sys
from pathlib import Path

from reproml.cli.verbs import VERBS

ENGINE = Path(sys.modules["reproml"].__file__).parents[1]


def test_verbs_are_listed_with_a_line_each(call):
    for arguments in ([], ["--help"]):
        done = subprocess.run(
            [sys.executable, "-m", "reproml", *arguments],
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        assert done.returncode == 0
        lines = done.stdout.splitlines()
        for name, verb in VERBS.items():
            assert f"  {name:16}{verb.does}" in lines


def test_a_verb_that_is_none_is_answered_with_those_there_are(call):
    done = call("verfy")
    assert done.returncode == 2
    assert "there is no verb 'verfy'" in done.stderr
    assert "  verify " in done.stderr
    assert done.stdout == ""


def test_an_option_that_is_cut_short_is_no_option(call):
    """`lock --upgrad` would otherwise renew the lock."""
    for verb, option in (("lock", "--upgrad"), ("verify", "--js")):
        done = call(verb, option)
        assert done.returncode == 2
        assert f"unrecognized arguments: {option}" in done.stderr


def test_the_engine_starts_as_a_folder_without_installation(tmp_path: Path):
    done = subprocess.run(
        [sys.executable, "-I", "-B", str(ENGINE / "reproml"), "lock", "--help"],
        cwd=tmp_path,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "--upgrade" in done.stdout
