"""Starts a script or a verb: its options, messages without traceback, exit codes."""

from __future__ import annotations

import argparse
import contextlib
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ..config.system import refusal
from .terminal import ROOT, say

BACKENDS = ("loky", "sequential", "dask")


def start(main: Callable[..., None], doc: str, prog: str | None = None, **options: Any) -> None:
    """Read the command line, open the run, call ``main(run)``; an error becomes a message.

    Exit codes: 0 fine, 1 a defect, something found or refused by the system, 2 a mistake in the
    study or the command, 130 interrupted, 143 asked to end (SIGTERM).

    Parameters
    ----------
    main : callable
        Takes the run, and a keyword argument for each further option, with a default.
    doc : str
        What ``--help`` says.
    prog : str or None
        What the command is called; None takes the script's name.
    **options : str or dict
        Further options by name: the help of a flag, or the arguments of ``add_argument``.
    """
    parser = make_parser(doc, prog, options)
    given = vars(parser.parse_args())
    more = {name: given.pop(name) for name in options}
    debug = given.pop("debug")
    if given["workers"] == 0:
        parser.error("--workers is 0; use 1 or more, or -1 for every core")
    label = Path(parser.prog).stem.rpartition(" ")[2]  # of the progress bar
    signal.signal(signal.SIGTERM, _end)
    with in_words(debug):
        from .place import check_place
        from .run import open_run  # with heavy libraries, which --help does without

        check_place(given["study"])
        given["study"] = given["study"] or ROOT / "study.toml"
        with open_run(**given, label=label) as run:
            main(run, **more)


class Terminated(KeyboardInterrupt):
    """A batch system, or whoever else, asks this process to end."""


def _end(number: int, frame: Any) -> None:
    signal.signal(number, signal.SIG_IGN)  # to ask twice leaves no more behind than to ask once
    raise Terminated


@contextlib.contextmanager
def in_words(debug: bool = False) -> Iterator[None]:
    """Say an error in words and exit with its code."""
    try:
        yield
    except KeyboardInterrupt as error:
        what, code = ("terminated", 143) if isinstance(error, Terminated) else ("interrupted", 130)
        sys.exit(say(f"{what}; every file under results is whole", sys.stderr) or code)
    except Exception as error:
        from ..config.study import StudyError

        if debug:
            raise
        if isinstance(error, StudyError):
            sys.exit(say(f"error: {error}", sys.stderr) or 2)
        sys.exit(say(f"error: {_unforeseen(error)}", sys.stderr) or 1)


def _unforeseen(error: Exception) -> str:
    hint = "This looks like a defect; --debug shows where it was raised."
    defect = f"{type(error).__name__}: {error}\n{hint}"
    return refusal(error) or refusal(error.__cause__) or defect


def make_parser(doc: str, prog: str | None, options: Mapping[str, Any]) -> argparse.ArgumentParser:
    """Return a parser with the options that every script has, and those of one."""
    parser = argparse.ArgumentParser(prog=prog, description=doc, allow_abbrev=False)
    add = parser.add_argument
    add("--study", type=Path, help="configuration (default: study.toml)")
    add("--results", type=Path, help="folder to write (default: results, beside the configuration)")
    add("--workers", type=int, help="processes; -1 is every core (default: as in study.toml)")
    add("--backend", choices=BACKENDS, help="who does the work (default: as in study.toml)")
    add("--scheduler", metavar="ADDRESS", help="of a running Dask scheduler; means --backend dask")
    add("--fresh", action="store_true", help="fit everything again, without cache")
    add("--debug", action="store_true", help="show where an error was raised")
    add_options(parser, options)
    return parser


def add_options(parser: argparse.ArgumentParser, options: Mapping[str, Any]) -> None:
    """Add options by name: the help of a flag, or the arguments of ``add_argument``."""
    for name, how in options.items():
        flag = {"action": "store_true", "help": how}
        how = dict(flag if isinstance(how, str) else how)
        if how.pop("positional", False):
            parser.add_argument(name, **how)
        else:
            parser.add_argument(f"--{name}", **how)
