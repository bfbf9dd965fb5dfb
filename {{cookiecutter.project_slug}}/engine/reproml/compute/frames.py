"""Keeps tables as JSON, with the types of their columns: what is read is what was written."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd
from pandas.testing import assert_frame_equal


def write_frames(result: Any) -> str | None:
    """Write one or several tables; None if what would be read is not the same in every type.

    JSON's numbers are the shortest texts that read back to the same bits.

    >>> none = pd.DataFrame({"repeat": [0, 1], "kind": ["a", "b"]}).iloc[:0]
    >>> read_frames(write_frames(none)).dtypes.astype(str).to_dict()
    {'repeat': 'int64', 'kind': 'str'}
    """
    frames = result if isinstance(result, tuple) else (result,)
    try:
        parts = [_parts(frame) for frame in frames]
        text = json.dumps({"several": isinstance(result, tuple), "frames": parts})
        for frame, back in zip(frames, map(_frame, json.loads(text)["frames"]), strict=True):
            exact = {"check_index_type": "exact", "check_column_type": "exact"}
            assert_frame_equal(frame, back, check_exact=True, **exact)
    except (AssertionError, AttributeError, TypeError, ValueError):
        return None
    return text


def read_frames(text: str) -> pd.DataFrame | tuple[pd.DataFrame, ...]:
    """Read what `write_frames` wrote."""
    content = json.loads(text)
    frames = tuple(map(_frame, content["frames"]))
    return frames if content["several"] else frames[0]


def _parts(frame: pd.DataFrame) -> dict[str, Any]:
    index = frame.index
    plain = isinstance(index, pd.RangeIndex)
    rows = [index.start, index.stop, index.step] if plain else index.tolist()
    return {
        "columns": [[name, str(one.dtype), one.tolist()] for name, one in frame.items()],
        "index": [index.name, None if plain else str(index.dtype), rows],
    }


def _frame(parts: dict[str, Any]) -> pd.DataFrame:
    name, dtype, rows = parts["index"]
    plain = dtype is None
    index = pd.RangeIndex(*rows, name=name) if plain else pd.Index(rows, dtype=dtype, name=name)
    columns = {
        name: pd.Series(values, dtype=dtype, index=index)
        for name, dtype, values in parts["columns"]
    }
    return pd.DataFrame(columns, index=index)
