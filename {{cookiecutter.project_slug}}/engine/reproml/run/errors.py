"""Makes the tables of where models err."""

from __future__ import annotations

import pandas as pd

from ..config.columns import Table
from ..config.study import Study
from ..split.claims import block_ids
from ..statistics.diagnostics import (
    calibration_table,
    confusion_table,
    residual_quantiles,
    residual_table,
)


def error_tables(predicted: pd.DataFrame, table: Table, study: Study) -> dict[str, pd.DataFrame]:
    """Return tables by file name: confusion and calibration of classes, residuals of numbers."""
    if study.task == "classification":
        return {
            "calibration.csv": calibration_table(predicted, study.data.classes),
            "confusion.csv": confusion_table(predicted, study.data.classes),
        }
    units = {"group": table.groups, "time": table.time}
    if study.split.block > 0:
        blocks = block_ids(table.place, study.split.block)
        units["block"] = pd.Series(blocks, index=table.y.index)
    there = {name: of_row for name, of_row in units.items() if of_row is not None}
    return {
        "residual_quantiles.csv": residual_quantiles(predicted),
        "residuals.csv": residual_table(predicted, there),
    }
