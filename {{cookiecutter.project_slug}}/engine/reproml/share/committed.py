"""Whether the model in the study's folder is the one that study.toml and the results speak of."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from ..config.study import Study, StudyError
from ..prove.compare import Difference, compare_tables
from .model import MODEL_FILE, RECORD_FILE, described, load_model, make_record
from .record import read_record, said_table, seed_of

HERE = "model"  # where `python -m reproml share` writes


def check_committed(
    root: Path, study: Study, X: pd.DataFrame, sharing: Path, unit: float
) -> tuple[list[Difference], list[str]]:
    """Compare the shared model and its record with what they would be now; return warnings too.

    ``X`` holds the rows that the candidate is fitted on, ``sharing`` is a sharing.csv made just
    now. Git keeps the record and no model.
    """
    folder, file = root / HERE, f"{HERE}/{RECORD_FILE}"
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*")}
    found = [
        Difference("extra", f"{HERE}/{name}", "", "", "a file that share does not write", "")
        for name in sorted(names - {MODEL_FILE, RECORD_FILE})
    ]
    try:
        if MODEL_FILE in names:
            record = load_model(
                folder, study.models.candidate, trusted=study.sharing.trusted_types
            ).record
            # where and when it was made, nothing here can say
            when = {"commit": record.commit, "dirty": record.dirty}
            content = (folder / MODEL_FILE).read_bytes()
            again = make_record(
                study, X, content, record.examples, seed=seed_of(study), commit=when
            )
            now = dict(again) | {"python": record.python}
        elif RECORD_FILE in names:
            record = read_record((folder / RECORD_FILE).read_text(encoding="utf-8"), RECORD_FILE)
            now = described(study, X)
        else:
            return found, []
    except (StudyError, UnicodeDecodeError) as error:
        text = " ".join(str(error).split())
        return [*found, Difference("different", HERE, "", "", text, "a model that opens")], []
    found += [
        Difference("different", file, key, "", str(getattr(record, key)), str(value))
        for key, value in now.items()
        if getattr(record, key) != value
    ]
    made = pd.read_csv(sharing, dtype=str, keep_default_na=False)
    sides = (said_table(record.examples), made[made["example"] != ""])
    texts = [side.to_csv(index=False, lineterminator="\n") for side in sides]
    limit = study.tolerances.default
    found += compare_tables(file, *texts, {}, limit, unit=unit).differences
    alone = f"{HERE}/{MODEL_FILE} is not here: its record alone was compared"
    return found, [] if MODEL_FILE in names else [alone]
