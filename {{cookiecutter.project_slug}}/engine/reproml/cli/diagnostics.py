"""Writes where the models err."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from .common import write_csv

if TYPE_CHECKING:
    import pandas as pd

    from ..config.columns import Table
    from ..config.study import Study


def write_diagnostics(
    predicted: pd.DataFrame, table: Table, study: Study, results: Path, prefix: str = ""
) -> list[str]:
    """Write where the models err; return the names of the files, which begin with the prefix."""
    import pandas as pd

    from ..split.claims import block_ids
    from ..statistics.diagnostics import (
        calibration_table,
        confusion_table,
        residual_quantiles,
        residual_table,
    )

    if study.task == "classification":
        made = {
            "confusion.csv": confusion_table(predicted, study.data.classes),
            "calibration.csv": calibration_table(predicted, study.data.classes),
        }
    else:
        units = {"group": table.groups, "time": table.time}
        if study.split.block > 0:
            blocks = block_ids(table.place, study.split.block)
            units["block"] = pd.Series(blocks, index=table.y.index)
        there = {name: of_row for name, of_row in units.items() if of_row is not None}
        made = {
            "residuals.csv": residual_table(predicted, there),
            "residual_quantiles.csv": residual_quantiles(predicted),
        }
    for name, frame in made.items():
        write_csv(frame, results / f"{prefix}{name}")
    return sorted(f"{prefix}{name}" for name in made)
