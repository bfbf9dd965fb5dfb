"""Where the study is, and how texts are printed."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]  # commands work from any folder


def say(text: str = "", stream: Any = None) -> None:
    """Print a text; what the terminal cannot show becomes a question mark, not an error."""
    stream = stream or sys.stdout
    encoding = stream.encoding or "utf-8"
    print(text.encode(encoding, "replace").decode(encoding), file=stream)
