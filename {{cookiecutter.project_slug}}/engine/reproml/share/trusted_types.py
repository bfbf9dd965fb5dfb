"""Which types may stand in a model file: those that skops trusts, and those that study.toml adds.

What is trusted comes from the study.toml of who reads the file, never from the file or its record.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable
from importlib.metadata import packages_distributions
from typing import Any

from skops.io import get_untrusted_types

from ..config.study import StudyError
from .modelfile import objects_in, refused, schema_of

ENGINE = __name__.partition(".")[0]
NAMES = ("ColumnSubset", "RanksForTrees", "AnyUnitForestRegressor")  # hold names and numbers alone
OURS = tuple(f"{ENGINE}.compute.models.{name}" for name in NAMES)
NAME = re.compile(r"[\w.<>]+")  # messages print names for pasting: nothing else may stand there
LIBRARIES = ("numpy", "pandas", "scikit-learn", "scipy", "skops")  # every model file needs them


def audit(content: bytes, trusted: Iterable[str]) -> list[str]:
    """Return the types in a model file, restoring nothing; refuse one that nobody trusts.

    ``trusted`` are full names of types: ``study.sharing.trusted_types``.

    >>> from skops.io import dumps
    >>> from sklearn.dummy import DummyRegressor
    >>> audit(dumps(DummyRegressor()), [])[-1]
    'sklearn.dummy.DummyRegressor'
    >>> try:
    ...     audit(dumps(print), ["numpy.dtype"])
    ... except StudyError as error:
    ...     print(error)
    the model file is refused: it holds types that neither skops nor study.toml trusts:
      builtins.print
      If you made the file and know what restoring them does, let study.toml say:
    [sharing]
    trusted_types = [
        "builtins.print",
        "numpy.dtype",
    ]
    """
    found = types_in(schema_of(content))
    try:
        untrusted = get_untrusted_types(data=content)  # parses the description, imports nothing
    except Exception as error:  # whatever a forged description makes it stumble over
        raise refused(f"its description cannot be read ({error})") from error
    strangers = sorted(set(untrusted) - {*OURS, *trusted})
    if strangers:
        lines = "".join(f"    {json.dumps(name)},\n" for name in sorted({*trusted, *strangers}))
        raise StudyError(
            "the model file is refused: it holds types that neither skops nor study.toml trusts:\n"
            + "".join(f"  {name}\n" for name in strangers)
            + "  If you made the file and know what restoring them does, let study.toml say:\n"
            f"[sharing]\ntrusted_types = [\n{lines}]"
        )
    return found


def types_in(node: Any) -> list[str]:
    """Return the full names in a file's description (``schema.json``) or a part of it, sorted."""
    found: set[str] = set()
    for part in objects_in(node):
        if "__loader__" in part:
            words = [part.get(key) for key in ("__module__", "__class__")]
            if not all(isinstance(word, str) and NAME.fullmatch(word) for word in words):
                raise refused("its description is malformed")
            found.add(".".join(words))
    return sorted(found)


def distributions_of(types: Iterable[str], package: str) -> list[str]:
    """Return the libraries whose versions a model file depends on, named as a lock names them.

    The author's package and the engine have a commit instead. A module that no installed library
    brings is refused: nobody could tell its version.
    """
    roots = {name.partition(".")[0] for name in types} - {package, ENGINE}
    roots -= sys.stdlib_module_names
    known = packages_distributions()
    if strangers := sorted(root for root in roots if root not in known):
        raise StudyError(
            f"the model depends on {strangers}, whose version cannot be recorded; use a class of "
            "an installed library or of this study's package"
        )
    return sorted({*LIBRARIES, *(name for root in roots for name in known[root])})
