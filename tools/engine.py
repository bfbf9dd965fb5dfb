"""Renew engine/SHA256SUMS of the study, or say which of the engine's files it does not fit.

`python tools/engine.py` writes it; `--check` changes nothing and fails where a file differs.
"""

import argparse
import sys
from pathlib import Path

ENGINE = Path(__file__).resolve().parent.parent / "{{cookiecutter.project_slug}}" / "engine"
sys.dont_write_bytecode = True  # a cache inside the template would be copied into every study
sys.path.insert(0, str(ENGINE))

from reproml.config.checksums import SUMS, changed_files, sums_of, write_sums  # noqa: E402


def main():
    """Write the checksums, or compare them; the exit code is 1 if one differs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing, fail if one differs")
    check = parser.parse_args().check
    found = changed_files(ENGINE)
    if not check and found != {}:
        (ENGINE / SUMS).write_text(write_sums(sums_of(ENGINE)), encoding="utf-8", newline="\n")
    for name, what in (found or {}).items():
        print(f"{what}: engine/{name}")
    if found is None:
        print(f"there was no engine/{SUMS}")
    return 1 if check and found != {} else 0


if __name__ == "__main__":
    sys.exit(main())
