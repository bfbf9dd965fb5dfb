"""The command line: python -m reproml VERB."""

import sys
from pathlib import Path

if not __package__:  # started as a folder, python engine/reproml VERB: nothing is installed
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from reproml.cli.verbs import VERBS, listed, start_verb


def main() -> None:
    """Run a verb, or list all of them."""
    verb = sys.argv[1] if len(sys.argv) > 1 else "--help"
    if verb in VERBS:
        prog = f"python -m reproml {verb}"
        sys.argv = [prog, *sys.argv[2:]]
        start_verb(verb, prog)
    elif verb in ("-h", "--help"):
        print(listed())
    else:
        print(f"error: there is no verb {verb!r}\n{listed()}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
