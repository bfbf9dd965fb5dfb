"""Whether study.toml says of the rows that are left what is true of them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..config.columns import Table
from ..config.study import Study, StudyError

SUBSET = re.compile(r"(.*__)?subset__(keep|drop)")  # parameters of `ColumnSubset`


def check_table(table: Table, study: Study) -> None:
    """Refuse classes without rows, features without values, and lists of features that are gone."""
    if wrong := list(_disagreements(table, study)):
        raise StudyError("\n".join(wrong))


def _disagreements(table: Table, study: Study) -> Iterator[str]:
    file, there = study.data.file, list(table.X.columns)
    if absent := sorted(set(study.data.classes) - set(table.y)):
        where = f"{file}, column {study.data.target!r}"
        yield f"{where}: no row has the class {absent}; take it out of values in study.toml"
    for name in table.X.columns[table.X.isna().all()]:
        yield f'{file}, column {name!r}: no row has a value; give it role = "ignore" in study.toml'
    lists = {f"models.parameters.{name}": one for name, one in study.models.parameters.items()}
    lists |= {f"ablations.{name}.set": one.set or {} for name, one in study.ablations.items()}
    for where, parameters in lists.items():
        for key, names in parameters.items():
            named = names if SUBSET.fullmatch(key) and isinstance(names, list) else []
            if strangers := sorted({*map(str, named)} - {*there}):
                yield f"{where}.{key}: columns {strangers} are not among the features {there}"
