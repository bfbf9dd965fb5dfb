"""From the raw file to the rows that models see: cleaning and derived columns of this study."""

from __future__ import annotations

from pathlib import Path

from reproml.config.columns import Table, check_file, make_table, read_raw
from reproml.config.study import Study


def load_table(study: Study, root: str | Path) -> Table:
    r"""Read the raw file that study.toml names and check all of it.

    Change rows and derive columns between reading and checking, from each row alone: what is learnt
    from many rows (a mean, a scale, a selection) belongs into a pipeline in models.py, or test rows
    would leak into training. A new column is declared in study.toml like the others.

    Parameters
    ----------
    study : Study
        The configuration.
    root : str or Path
        Folder that ``data.file`` is relative to.

    Returns
    -------
    Table
        Checked rows, in the order of the file.

    Raises
    ------
    StudyError
        If the file is missing, has another checksum than study.toml says, or holds what the
        declared columns do not allow: one message with the file and every offending row and column.

    Examples
    --------
    >>> import tempfile
    >>> from reproml.config.checksums import sha256_of
    >>> from reproml.config.study import Column, Data
    >>> columns = {"dose": Column(role="feature"), "effect": Column(role="target")}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "trial.csv")
    ...     _ = path.write_text("dose,effect\n1.0,0.5\n2.0,0.75\n", "utf-8")
    ...     data = Data(file=path.name, sha256=sha256_of(path), columns=columns)
    ...     table = load_table(Study.model_construct(data=data), folder)
    >>> table.X["dose"].tolist(), table.y.tolist()
    ([1.0, 2.0], [0.5, 0.75])
    """
    raw = read_raw(check_file(study.data, root), study.data)
    # Clean and derive here, each row from itself alone, and declare the new column, such as
    # raw["bmi"] = raw["weight_kg"] / raw["height_m"] ** 2
    return make_table(raw, study)
