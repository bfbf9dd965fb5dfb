"""Raw file -> checksum -> schema -> Table: what the models get to see."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TextIO

import numpy as np
import pandas as pd

from .checksums import POINTER, is_pointer, sha256_of
from .study import Column, Data, Study, StudyError

SHOWN = 10  # problems or values listed one by one; the rest are counted
ENOUGH = 10  # rows that have to share a value before it is shown, if study.toml does not name it
ADVICE = "Mend the file, or change what study.toml allows in [data.columns]."
TABLE_ADVICE = (
    "Mend the file: a header with a name for each column, and as many fields in every row. A comma "
    'inside a field needs quotes around it ("Bonn, south"); numbers have a decimal point.'
)
MERGED = (
    "is beyond 9007199254740991 (2**53 - 1), where neighbouring numbers become one; take "
    'type = "category" for names, and a larger unit for times'
)
BLOCK = 2**22  # characters of a CSV file that are looked at together
PLAIN = {("float64", "number", "feature"), ("int64", "number", "feature")}  # read and declared so
PLAIN |= {("int64", "integer", "feature")}
NOT_MARKS = bytes(set(range(256)) - set(b",\n"))
ONE_CLOCK = "write all times in UTC (2026-01-31T12:00Z), or all of them without an offset"
OTHER_MARKS = (
    "the header has no comma, but {!r}: save the file with commas between fields and points in "
    "numbers, such as pandas.read_csv(OLD, sep={!r}, decimal=',').to_csv(NEW, index=False)"
)


@dataclass(frozen=True)
class Table:
    """Rows that passed every check; the index is the row's number in the raw file, from 1.

    Attributes
    ----------
    X : DataFrame of shape (n_samples, n_features)
        Numbers as float64, categories as text.
    y : Series of shape (n_samples,)
        Class names, or numbers.
    groups : Series of shape (n_samples,) or None
        Which rows belong together (site, subject).
    time : Series of shape (n_samples,) or None
        When a row was observed.
    place : DataFrame of shape (n_samples, 2) or None
        Where a row was observed: x and y in units of length.
    dropped : dict of str to int
        How many rows were left out, by reason.
    doubts : tuple of str
        What may be a mistake: names that are one but for capitals. They are told by their rows.
    missing : dict of str to Series
        The cells that were taken as missing, by column: what stands there, by row.
    """

    X: pd.DataFrame
    y: pd.Series
    groups: pd.Series | None
    time: pd.Series | None
    place: pd.DataFrame | None
    dropped: dict[str, int]
    doubts: tuple[str, ...] = ()
    missing: dict[str, pd.Series] = field(default_factory=dict)


def check_file(data: Data, root: str | Path) -> Path:
    """Return the raw file's path, if it has the bytes that study.toml names.

    Parameters
    ----------
    data : Data
        The ``[data]`` section.
    root : str or Path
        Folder that ``data.file`` is relative to.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    StudyError
        If the file is missing or is another one than its checksum says.

    Examples
    --------
    >>> columns = {"dose": Column(role="feature")}
    >>> try:
    ...     check_file(Data(file="trial.csv", sha256="0" * 64, columns=columns), "no_such_folder")
    ... except StudyError as error:
    ...     print(error)
    trial.csv: there is no such file; see data/README.md
    """
    path = Path(root) / data.file
    if data.held(path) is not None:
        return path
    if not path.is_file():
        raise StudyError(f"{data.file}: there is no such file; see data/README.md")
    if is_pointer(path):
        raise StudyError(f"{data.file}: {POINTER}")
    found = sha256_of(path)
    if found != data.sha256:
        raise StudyError(
            f"{data.file}: its SHA-256 is {found},\n  study.toml says {data.sha256}.\n"
            "  If you changed the data on purpose, write the new checksum into study.toml."
        )
    return path


def read_raw(path: str | Path, data: Data) -> pd.DataFrame:
    r"""Read a CSV or Parquet file as it stands, numbers to the last bit.

    Parameters
    ----------
    path : str or Path
        File ending in ``.csv`` or ``.parquet``.
    data : Data
        The ``[data]`` section: which columns are text, which texts mean "missing".

    Returns
    -------
    DataFrame of shape (n_rows, n_columns)
        Indexed by row number from 1.

    Raises
    ------
    StudyError
        If the file cannot be read or has another ending.

    Examples
    --------
    >>> import tempfile
    >>> columns = {"dose": Column(role="feature"), "site": Column(role="group", type="category")}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "trial.csv")
    ...     _ = path.write_text("dose,site\n0.1,07\nNA,08\n", "utf-8")
    ...     raw = read_raw(path, Data(file=path.name, sha256="0" * 64, columns=columns))
    >>> raw
         dose site
    row
    1     0.1   07
    2     NaN   08
    """
    path = Path(path)
    if (held := data.held(path)) is not None:
        return held.copy(deep=False)
    try:
        if path.suffix == ".parquet":
            raw = pd.read_parquet(path, to_pandas_kwargs={"integer_object_nulls": True})
            raw = raw.reset_index([name for name in raw.index.names if name in data.columns])
            problems = _header_problems(list(raw.columns))
        elif path.suffix == ".csv":
            names, problems = _check_lines(path)
        else:
            raise StudyError(f"{data.file}: ends in {path.suffix!r}; use .csv or .parquet")
        if problems:
            raise StudyError(_one_message(data.file, problems, TABLE_ADVICE))
        if path.suffix == ".csv":
            text = [n for n in names if _is_text(data.column_for(n))]
            raw = pd.read_csv(
                path,
                dtype=dict.fromkeys(text, "str"),
                na_values={n: _missing_texts(data, n) for n in names},
                keep_default_na=False,
                index_col=False,
                encoding="utf-8-sig",
                low_memory=False,  # guesses a column's type from all of it, not piece by piece
            )
    except (OSError, ValueError) as error:  # pandas' parser errors are ValueErrors
        raise StudyError(f"{data.file}: cannot be read: {error}") from error
    for name, kind in raw.dtypes.items():
        if kind == "float64" and getattr(data.column_for(name), "type", "") != "integer":
            continue
        # of CSV, pandas forgets the gaps beside numbers above 2**63
        if path.suffix == ".csv" and kind in ("object", "str"):
            raw[name] = raw[name].mask(raw[name].isin(_missing_texts(data, name)))
        if _is_whole(raw[name]):
            raw[name] = raw[name].convert_dtypes()  # pandas' own kind of integers, with gaps
    raw = raw.copy()  # columns in one block, not each for itself: all that follows is faster
    raw.index = pd.RangeIndex(1, len(raw) + 1, name="row")
    raw.attrs["file"] = str(path)  # to say of a gap what stands there
    return raw


def taken_as_missing(raw: pd.DataFrame, data: Data) -> dict[str, pd.Series]:
    """Return the cells that `read_raw` took as missing, by column: what stands there, by row.

    A column that is ignored has no part in it; of Parquet, whose gaps are no texts, all are empty,
    and so are those of rows that come from no file.
    """
    with_gaps = raw.columns[raw.isna().any().to_numpy(dtype=bool)]
    used = [n for n in with_gaps if not (c := data.column_for(n)) or c.role != "ignore"]
    gaps = {name: raw.index[raw[name].isna()] for name in used}
    texts, path = pd.DataFrame(columns=list(gaps)), raw.attrs.get("file", "")
    if gaps and path.endswith(".csv"):
        how = {"usecols": list(gaps), "dtype": "str", "na_filter": False, "index_col": False}
        texts = pd.read_csv(path, encoding="utf-8-sig", **how)
        texts.index += 1
    return {name: texts[name].reindex(rows).fillna("") for name, rows in gaps.items()}


def missing_words(taken: dict[str, pd.Series]) -> str:
    """Say how many cells are taken as missing, per column and text.

    >>> missing_words({"dose": pd.Series(["", "NA", ""]), "land": pd.Series(["NA"])})
    "dose: 2 empty, 1 'NA'; land: 1 'NA'"
    """
    said = [
        f"{name}: " + ", ".join(f"{n} {repr(text) if text else 'empty'}" for text, n in counts)
        for name, texts in taken.items()
        if (counts := sorted(Counter(texts).items()))
    ]
    more = [f"and {len(said) - SHOWN} more columns"] if len(said) > SHOWN else []
    return "; ".join(said[:SHOWN] + more) or "nothing"


def common_values(values: pd.Series, column: Column | None, most: int = SHOWN) -> pd.Series:
    """Count the rows of a category's values that may be shown, the most common ones first.

    These are what study.toml names, and what ``ENOUGH`` rows share: neither free text nor a name.

    >>> common_values(pd.Series(["Bonn"] * 12 + ["Ada", "Bob"]), None).to_dict()
    {'Bonn': 12}
    """
    counts = values.value_counts().sort_index().sort_values(ascending=False, kind="stable")
    named = counts.index.isin((column.values if column else None) or [])
    return counts[named | (counts >= ENOUGH)].head(most)


def _is_whole(values: pd.Series) -> bool:
    """Whether these are whole numbers that pandas keeps as objects or decimals for their gaps."""
    if values.dtype == "float64":
        there = values.dropna()
        return len(there) < len(values) and bool(((there % 1 == 0) & (there.abs() < 2**53)).all())
    return values.dtype == "object" and pd.api.types.infer_dtype(values) == "integer"


def _check_lines(path: Path) -> tuple[list[str], list[str]]:
    """Return a CSV file's column names and what is wrong with its lines.

    Where a row has a field too many, pandas would take the first column for a name of rows. The
    module csv is slow: it gets only blocks whose commas alone do not say that all is well.
    """
    csv.field_size_limit(2**31 - 1)  # Python's own is 131 kB, pandas has none
    names, end, skipped, empty, problems = None, 0, 0, 0, []
    alone = False  # whether a CR ends a line

    def doubtful(file: TextIO) -> Iterator[str]:
        nonlocal skipped, end, alone
        block = file.readline()
        while block:
            alone |= "\r" in block and block.count("\r") > block.count("\r\n")
            # where the last row that was read is not the last line, a quote is open
            if names and rows.line_num + skipped == end and _is_plain(block, len(names)):
                skipped += block.count("\n")
                end = rows.line_num + skipped
            else:
                yield from io.StringIO(block, newline="")
            block = file.read(BLOCK) + file.readline()

    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.reader(doubtful(file), strict=True)
        try:
            for fields in rows:
                if "\0" in "".join(fields):
                    raise csv.Error("it holds a NUL, which no text has; save it as UTF-8")
                if not fields:
                    empty = empty or end + 1
                elif names is None:
                    names = fields
                elif len(fields) != len(names):
                    count = f"{len(fields)} field{'s' if len(fields) > 1 else ''}"
                    problems.append(f"line {end + 1}: {count}, the header has {len(names)}")
                elif names[1:] == [] and fields[0].isspace():
                    problems.append(f"line {end + 1}: blanks alone")
                end = rows.line_num + skipped
        except csv.Error as error:
            problems.append(f"line {end + 1}: {error}")
    if empty and alone:  # pandas loses a comma behind it
        problems.append(f"line {empty}: empty, where lines end with CR alone; remove it")
    if not names and not problems:
        raise ValueError("it has no header")
    for mark in ";\t":
        if len(names or []) == 1 and mark in names[0]:
            raise ValueError(OTHER_MARKS.format(mark, mark))
    return names or [], [*_header_problems(names or []), *problems]


def _is_plain(block: str, n_fields: int) -> bool:
    """Tell whether whole lines have so many fields, without quotes or what else needs a look.

    >>> _is_plain("1,2\\n3,4\\r\\n", 2), _is_plain("1,2\\n3\\n", 2), _is_plain('1,"2"\\n', 2)
    (True, False, False)
    """
    if n_fields == 1 or '"' in block or "\0" in block or block[-1] != "\n":
        return False
    marks = block.encode().translate(None, NOT_MARKS)
    row = b"," * (n_fields - 1) + b"\n"
    if marks != row * block.count("\n"):
        return False
    return "\r" not in block or block.count("\r") == block.count("\r\n")


def _header_problems(names: list[str]) -> list[str]:
    empty = [number for number, name in enumerate(names, 1) if not str(name).strip()]
    twice = [name for name, count in Counter(names).items() if count > 1 and str(name).strip()]
    return [f"header: column {number} has no name" for number in empty] + [
        f"header: the name {name!r} stands there {names.count(name)} times" for name in twice
    ]


def _is_text(column: Column | None) -> bool:
    return column is None or column.type in ("category", "date")


def _missing_texts(data: Data, name: str) -> list[str]:
    column = data.column_for(name)
    allowed = (column.values if column else None) or []
    return [text for text in data.missing_texts if text not in allowed]


def make_table(raw: pd.DataFrame, study: Study) -> Table:
    """Check raw rows against the declared columns and sort them by role.

    Parameters
    ----------
    raw : DataFrame of shape (n_rows, n_columns)
        As :func:`read_raw` gives it.
    study : Study
        The configuration.

    Returns
    -------
    Table
        Checked rows.

    Raises
    ------
    StudyError
        One message with every offending row and column, or when no row is left.

    Examples
    --------
    >>> from .study import parse_study
    >>> columns = {"dose": {"role": "feature", "min": 0.0}, "effect": {"role": "target"}}
    >>> study = parse_study({
    ...     "study": {"task": "regression", "seed": 0},
    ...     "data": {
    ...         "file": "trial.csv", "sha256": "0" * 64, "missing": "drop", "columns": columns,
    ...     },
    ...     "split": {"dependence": "independent"},
    ...     "metrics": {"primary": "mae"},
    ...     "models": {"candidate": "candidate", "baselines": ["dummy"]},
    ... })
    >>> raw = pd.DataFrame({"dose": [1.0, None, 3.0], "effect": [0.5, 0.1, 0.9]}, index=[1, 2, 3])
    >>> table = make_table(raw, study)
    >>> table.X["dose"].tolist(), table.dropped
    ([1.0, 3.0], {"no value in 'dose'": 1})
    >>> raw.loc[3, "dose"] = -3.0
    >>> try:
    ...     make_table(raw, study)
    ... except StudyError as error:
    ...     print(error)
    trial.csv has 1 problem:
      row 3, column 'dose': -3.0 is below the minimum of 0.0
      Mend the file, or change what study.toml allows in [data.columns].
    """
    data = study.data
    frame = check_rows(raw, data)
    frame, dropped = _drop_missing(frame) if data.missing == "drop" else (frame, {})
    if frame.empty:
        raise StudyError(f"{data.file}: no row is left; dropped: {dropped or 'none'}")
    columns = {name: data.column_for(name) for name in frame.columns}
    features = [name for name, column in columns.items() if column.role == "feature"]
    group, time, place = data.named("group"), data.named("time"), data.named("place")
    return Table(
        X=frame[features],
        y=frame[data.target],
        groups=frame[group[0]] if group else None,
        time=frame[time[0]] if time else None,
        place=frame[place] if place else None,
        dropped=dropped,
        missing=taken_as_missing(raw, data),
        doubts=tuple(
            f"{data.file}, column {name!r}: {found[0][1]}"
            + (f" (and so for {len(found) - 1} more)" if len(found) > 1 else "")
            for name, column in columns.items()
            if column.type == "category" and (found := _other_spellings(frame[name], str.casefold))
        ),
    )


def check_rows(raw: pd.DataFrame, data: Data, advice: str = ADVICE) -> pd.DataFrame:
    """Check raw rows against the declared columns."""
    columns = {name: data.column_for(name) for name in raw.columns}
    problems = list(_name_problems(columns, data))
    used = {name: one for name, one in columns.items() if one and one.role != "ignore"}
    whole = {"error": [*used], "impute": [n for n in used if used[n].role != "feature"], "drop": []}
    refused = taken_as_missing(raw[whole[data.missing]], data)
    numbers, others = _fine_numbers(raw, used), {}
    fine = set(numbers)
    for name in (name for name in used if name not in fine):
        others[name], found = _checked(raw[name], used[name])
        problems += [(row, f"row {row}, column {name!r}: {text}") for row, text in found]
    for name, texts in refused.items():
        words = ((row, _gap_words(text, name, used[name])) for row, text in texts.items())
        problems += [(row, f"row {row}, column {name!r}: {text}") for row, text in words]
    if problems:
        raise StudyError(_one_message(data.file, [text for _, text in sorted(problems)], advice))
    return pd.concat([numbers, pd.DataFrame(others, index=raw.index)], axis=1)[[*used]]


def _fine_numbers(raw: pd.DataFrame, used: dict[str, Column]) -> pd.DataFrame:
    """Return the features that are numbers with nothing to say about: thousands in one step."""
    kinds = {name: kind.name for name, kind in raw.dtypes.items()}
    columns = {n: c for n, c in used.items() if (kinds[n], c.type, c.role) in PLAIN}
    numbers = raw[[*columns]].astype("float64")
    values = numbers.to_numpy()
    low = [-np.inf if column.min is None else column.min for column in columns.values()]
    high = [np.inf if column.max is None else column.max for column in columns.values()]
    fine = (np.abs(values) < 2**53) & (values >= low) & (values <= high)
    return numbers.loc[:, (fine | np.isnan(values)).all(axis=0)]


def _gap_words(text: str, name: str, column: Column) -> str:
    """Say that there is no value, and of a text that is taken for none how to keep it."""
    if not text:
        return "there is no value; see data.missing in study.toml"
    named = f" or name it in data.columns.{name}.values" if column.type == "category" else ""
    return (
        f"there is no value: {text!r} is taken as missing; if it is a value, take it out of "
        f"data.missing_texts in study.toml{named}; if not, see data.missing"
    )


def _name_problems(declared: dict[str, Column | None], data: Data) -> Iterator[tuple[int, str]]:
    for name, column in declared.items():
        if column is None:
            yield 0, f'column {name!r}: not declared; add it, with role = "ignore" if unused'
    for name, column in data.columns.items():
        if name in declared:
            continue
        if any(mark in name for mark in "*?[") and column.role not in ("feature", "ignore"):
            text = f"a pattern stands for many columns; role {column.role} needs a name"
            yield -1, f'data.columns."{name}": {text}'
        elif not any(one is column for one in declared.values()):
            yield 0, f"column {name!r}: declared, but not in the file; it has {list(declared)}"


def _checked(values: pd.Series, column: Column) -> tuple[pd.Series, list[tuple[int, str]]]:
    """Return the values in their final type, and (row, text) for each that is not allowed."""
    present = values.notna()
    if column.type == "category":
        # text is compared as text: in Parquet a category may come as numbers
        texts = values.map(_as_text, na_action="ignore").astype(object)
        found = _other_spellings(texts)
        if column.values is not None:
            wrong = texts[present & ~texts.isin(column.values)]
            many = len(column.values) > SHOWN
            allowed = f"the {len(column.values)} values in study.toml" if many else column.values
            found += _found(wrong, wrong.notna(), f"is none of {allowed}")
            alike = wrong.map(_normal).isin(set(map(_normal, column.values)))
            found += _found(
                wrong, alike, "differs in blanks at its ends or in how accents are stored"
            )
        return texts, found
    if column.type == "date":
        how = {"format": "ISO8601", "errors": "coerce"}
        try:
            dates, other = pd.to_datetime(values, **how), []
        except ValueError:  # pandas takes one offset for all
            dates = values.map(partial(pd.to_datetime, **how))
            first = dates.first_valid_index()
            text = f"has another UTC offset than {values[first]!r} of row {first}; {ONE_CLOCK}"
            differs = [d is not pd.NaT and d.utcoffset() != dates[first].utcoffset() for d in dates]
            other = _found(values, pd.Series(differs, values.index), text)
        return dates, other + _found(values, present & dates.isna(), "is no date like 2026-01-31")
    is_number = pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)
    numbers = values if is_number else pd.to_numeric(values.map(str, na_action="ignore"), "coerce")
    numbers = numbers.astype("float64")
    bad = present & ~np.isfinite(numbers)
    found = _found(values, bad, "is no finite number")
    if found:
        comma = values[bad].astype(str).str.fullmatch(r"[+-]?[\d.]+,[\d.,]+")
        found += _found(values[bad], comma, "has a comma: write 1.5 for 1,5 and 1000 for 1,000")
        numbers = numbers.mask(bad)
    if column.type == "integer":
        found += _found(numbers, numbers.notna() & (numbers % 1 != 0), "is no whole number")
    if column.type == "integer" or column.role in ("group", "time"):
        found += _found(values, numbers.abs() >= 2**53, MERGED)
    if column.min is not None:
        found += _found(numbers, numbers < column.min, f"is below the minimum of {column.min}")
    if column.max is not None:
        found += _found(numbers, numbers > column.max, f"is above the maximum of {column.max}")
    return numbers, found


def _as_text(value: object) -> str:
    """Return 1.0 as "1": Parquet has whole numbers so where others of the column are missing."""
    whole = isinstance(value, float | np.floating) and float(value).is_integer()
    return str(int(value)) if whole else str(value)


def _normal(text: str) -> str:
    return unicodedata.normalize("NFC", text.strip())


def _other_spellings(texts: pd.Series, plain: Callable[[str], str] = str) -> list[tuple[int, str]]:
    """Return (row, text) for names that are one without blanks at their ends, whatever the bytes.

    That is what Unicode calls NFC: an accent of its own, or in its letter, looks the same.
    """
    but = " but for blanks at its ends or how accents are stored" if plain is str else ""
    known: dict[str, str] = {}
    found = []
    rows = texts.dropna().groupby(texts, sort=False).groups
    for text, at in rows.items():
        other = known.setdefault(plain(_normal(text)), text)
        if other != text:
            where = f"{_rows(rows[other])} and {_rows(at)}"
            found.append((at[0], f"{where} look like one name{but}; write it in one way"))
    return found


def _rows(index: pd.Index) -> str:
    more = f" and {len(index) - SHOWN} more" if len(index) > SHOWN else ""
    word = "row" if len(index) == 1 else "rows"
    return f"{word} {', '.join(map(str, index[:SHOWN]))}{more}"


def _found(values: pd.Series, wrong: pd.Series, text: str) -> list[tuple[int, str]]:
    there = values[wrong.to_numpy(dtype=bool)].items()
    return [(row, f"{value!r} {text}") for row, value in there]


def _drop_missing(frame: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, int]]:
    gaps = frame.isna()
    first = gaps.idxmax(axis=1)[gaps.any(axis=1)]  # a row counts once, for its first gap
    dropped = {
        f"no value in {name!r}": int(n) for name, n in first.value_counts(sort=False).items()
    }
    return frame[~gaps.any(axis=1)], dict(sorted(dropped.items()))


def _one_message(file: str, problems: list[str], advice: str) -> str:
    count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
    lines = [f"{file} has {count}:", *(f"  {text}" for text in problems[:SHOWN])]
    if len(problems) > SHOWN:
        lines.append(f"  ... and {len(problems) - SHOWN} more")
    lines.append(f"  {advice}")
    return "\n".join(lines)
