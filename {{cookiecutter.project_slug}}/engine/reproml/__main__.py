"""The command line: python -m reproml VERB."""

import importlib
import sys
from pathlib import Path

VERBS = {  # verb: what it does; each is a module of cli with a function `start`
    "reproduce": "make every result; what is unchanged comes from the cache",
    "verify": "make every result again elsewhere and compare it with what is committed",
    "check": "format, lint, lock, tests with doctests, notebooks, documentation",
    "leakage": "audit data, splits and models for test rows that are known too early",
    "claim": "score a random split beside the one that fits the claim",
    "share": "fit the candidate as it was tested and save it with its record, or ask a saved one",
    "cards": "fill in the model card and the data card, list what is asked of the author",
    "checklist": "check what a machine can check of docs/checklist.md, list what is open",
    "report": "write tables and macros, renew the numbers in README and docs",
    "paper": "build the article from the committed results (needs LaTeX)",
    "archive": "write a zip of the committed study, for Zenodo or the like",
    "lock": "renew the lock from pyproject.toml",
    "vulnerabilities": "ask whether a locked library has a known vulnerability",
    "notebook": "run every notebook from its first cell to its last",
    "fits": "make a part of the fits for the cache, in any batch system; or count them",
}


if not __package__:  # started as a folder, python engine/reproml VERB: nothing is installed
    sys.path[0] = str(Path(__file__).resolve().parents[1])


def main() -> None:
    """Run a verb, or list all of them."""
    verb = sys.argv[1] if len(sys.argv) > 1 else "--help"
    if verb in VERBS:
        sys.argv = [f"python -m reproml {verb}", *sys.argv[2:]]
        importlib.import_module(f"reproml.cli.{verb}").start()
        return
    listed = "\n".join(f"  {name:16}{does}" for name, does in VERBS.items())
    text = f"usage: python -m reproml VERB [options]; --help after a verb shows its options\n\n{listed}"
    if verb in ("-h", "--help"):
        print(text)
        return
    sys.exit(f"error: there is no verb {verb!r}\n{text}")


if __name__ == "__main__":
    main()
