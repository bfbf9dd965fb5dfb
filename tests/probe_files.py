"""Fit a candidate that reads a file, in every way and with some workers; print what was said.

Run by test_files.py with the study's libraries: python tests/probe_files.py STUDY WORKERS KIND ...
"""

import json
import sys
from pathlib import Path

from reproml.config.study import StudyError
from reproml.run.run import open_run


def main(study, workers, *kinds):
    """Print a JSON object: for each way to read, the error's text or none."""
    said = {}
    for kind in kinds:
        # what was done before is not asked again: each fit is made
        with open_run(Path(study) / "study.toml", fresh=True, workers=int(workers)) as run:
            model = run.models(["candidate"])["candidate"].set_params(read__kind=kind)
            try:
                run.score({"candidate": model})
                said[kind] = None
            except StudyError as error:
                said[kind] = str(error)
    print(json.dumps(said))


if __name__ == "__main__":
    main(*sys.argv[1:])
