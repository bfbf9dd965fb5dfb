"""Make .venv, this study's environment, from the lock: python scripts/environment.py.

It needs Python and nothing else, and so does the file of the engine that it starts.
"""

import runpy
from pathlib import Path

if __name__ == "__main__":
    engine = Path(__file__).resolve().parents[1] / "engine" / "reproml"
    runpy.run_path(str(engine / "cli" / "environment.py"), run_name="__main__")
