"""Brings in what every fit needs, in a worker and in the process that called it."""

from __future__ import annotations

import gc


def import_libraries() -> None:
    """Import what every fit needs; workers and the process that called them do so side by side.

    Python looks for garbage now and then, and once more when it ends. What is imported here stays,
    so it need not be looked through: that saves a tenth of the start and most of the end.

    Examples
    --------
    >>> import gc, sys
    >>> import_libraries()
    >>> "reproml.statistics.scores" in sys.modules, gc.isenabled()
    (True, True)
    """
    gc.disable()
    try:
        from sklearn import compose, ensemble, linear_model, preprocessing  # noqa: F401

        from ..statistics import scores  # noqa: F401 - and all that it imports
    finally:
        gc.enable()
    gc.freeze()
