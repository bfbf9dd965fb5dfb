"""Run every notebook from its first cell to its last, without changing the files."""

import os
import tempfile
from pathlib import Path

from ..run.terminal import ROOT

# Where a kernel would write into the user's home, or take another Python's kernel from it.
FOLDERS = ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR")
LONGEST = 600  # seconds for one cell: a notebook is for looking, long runs are for scripts


def main(notebooks: list[Path]) -> int:
    """Run them all; name the first cell of each that fails."""
    paths, failed = notebooks or sorted((ROOT / "notebooks").glob("*.ipynb")), []
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        os.environ.update({name: str(Path(folder, name)) for name in FOLDERS})
        code = [str(ROOT / "src"), str(ROOT / "engine"), os.environ.get("PYTHONPATH", "")]
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, code))  # this folder's, not others'
        for path in paths:
            said = execute(path)
            print(f"{path.name}: {said or 'every cell ran'}", flush=True)
            failed += [path] if said else []
    return 1 if failed else 0


def execute(path: Path) -> str:
    """Run one notebook in a kernel of this Python; return what went wrong, and in which cell."""
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellTimeoutError, DeadKernelError

    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=LONGEST,
        kernel_name="python3",
        allow_errors=True,  # they stay in the notebook's outputs, where their cell is known
        extra_arguments=["--log-level=ERROR"],
        resources={"metadata": {"path": str(path.resolve().parent)}},
    )
    try:
        client.execute()
    except (CellTimeoutError, DeadKernelError) as error:
        return f"{type(error).__name__}: {error}"
    for number, cell in enumerate(notebook.cells, start=1):
        for output in cell.get("outputs", []):
            if output.output_type == "error":
                return f"cell {number}: {output.ename}: {output.evalue}"
    return ""
