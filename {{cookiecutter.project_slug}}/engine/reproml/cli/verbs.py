"""The verbs of ``python -m reproml`` and their options; what they do is imported when they run."""

from __future__ import annotations

import importlib
import sys
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from ..run.start import add_options, in_words, start

MANY = {"positional": True, "nargs": "*", "type": Path}
MODEL = {"type": Path, "help": "folder of the model (default: model, beside the configuration)"}


def shard(text: str) -> tuple[int, int]:
    """Read ``i/n``, the i-th of n parts, from 1."""
    part, _, parts = text.partition("/")
    if not (part.isdecimal() and parts.isdecimal() and 1 <= int(part) <= int(parts)):
        raise ArgumentTypeError(f"{text!r}: write i/n, the i-th of n parts, such as 3/10")
    return int(part), int(parts)


class Verb(NamedTuple):
    """What a verb does, and its options; those of a run besides, unless it opens none."""

    does: str
    options: Mapping[str, Any] = MappingProxyType({})
    of_study: bool = True


VERBS = {  # each is a module of this folder with a function `main`
    "reproduce": Verb("make every result; what is unchanged comes from the cache"),
    "verify": Verb(
        "make every result again elsewhere and compare it with what is committed",
        {
            "json": "print the findings as JSON",
            "numbers": "fail for numbers alone, not for where they come from: with other libraries",
        },
    ),
    "check": Verb(
        "format, lint, lock, tests with doctests, notebooks, documentation", of_study=False
    ),
    "leakage": Verb("audit data, splits and models for test rows that are known too early"),
    "claim": Verb("score a random split beside the one that fits the claim"),
    "interpret": Verb("explain the candidate: what its score rests on"),
    "share": Verb(
        "fit the candidate as it was tested and save it with its record", {"model": MODEL}
    ),
    "predict": Verb(
        "ask the saved model about the rows of a file",
        {
            "rows": {
                "positional": True,
                "nargs": "?",
                "type": Path,
                "help": "CSV or Parquet file; the data of the study where none is named",
            },
            "into": {
                "type": Path,
                "default": Path("predictions.csv"),
                "help": "where predictions are written",
            },
            "model": MODEL,
            "sha256": {"help": "SHA-256 that candidate.json has to have"},
        },
    ),
    "checksums": Verb("write data/SHA256SUMS, the checksums of the files that study.toml declares"),
    "fits": Verb(
        "make a part of the fits for the cache, in any batch system; or count them",
        {"shard": {"type": shard, "metavar": "i/n", "help": "make the i-th of n parts"}},
    ),
    "cards": Verb("fill in the model card and the data card, list what is asked of the author"),
    "checklist": Verb(
        "check what a machine can check of docs/checklist.md, list what is open",
        {"count": "write nothing; say how it stands and whether it is new"},
    ),
    "report": Verb("write tables and macros, renew the numbers in README and docs"),
    "paper": Verb("build the article from the committed results (needs LaTeX)"),
    "archive": Verb(
        "write a zip of the committed study, for Zenodo or the like",
        {
            "wheels": "add the lock's wheels for this Python and system, so that no network is "
            "needed later",
            "into": {"type": Path, "help": "zip to write (default: below dist)"},
            "unverified": "archive results that verify has not seen",
        },
    ),
    "lock": Verb(
        "renew the lock from pyproject.toml",
        {
            "upgrade": "take the newest version of everything",
            "check": "change nothing; fail if files disagree",
        },
        of_study=False,
    ),
    "vulnerabilities": Verb(
        "ask whether a locked library has a known vulnerability",
        {
            "locks": MANY
            | {"help": "locks to look up (default: every requirements*.txt of the study)"},
            "service": {
                "default": "https://api.osv.dev/v1/query",
                "help": "address to ask (default: %(default)s)",
            },
            "ignore": {
                "nargs": "+",
                "action": "extend",
                "default": [],
                "metavar": "ID",
                "help": "vulnerabilities that you have judged and that do not matter here",
            },
        },
        of_study=False,
    ),
    "notebook": Verb(
        "run every notebook from its first cell to its last",
        {"notebooks": MANY | {"help": "default: all in notebooks/"}},
        of_study=False,
    ),
}


def start_verb(name: str, prog: str | None = None) -> None:
    """Run a verb with the options of the command line."""
    verb = VERBS[name]
    doc = f"{verb.does[0].upper()}{verb.does[1:]}."

    def main(*run: Any, **options: Any) -> Any:
        return importlib.import_module(f"reproml.cli.{name}").main(*run, **options)

    if verb.of_study:
        start(main, doc, prog=prog, **verb.options)
        return
    parser = ArgumentParser(prog=prog, description=doc, allow_abbrev=False)
    add_options(parser, verb.options)
    given = vars(parser.parse_args())
    with in_words():
        importlib.import_module("reproml.run.place").check_place()
    sys.exit(main(**given))


def listed() -> str:
    """Return how the command line is used: every verb with a line."""
    lines = "\n".join(f"  {name:16}{verb.does}" for name, verb in VERBS.items())
    return (
        "usage: python -m reproml VERB [options]; --help after a verb shows its options\n\n" + lines
    )
