"""What the engine reads from a CSV file is what Python's own reader gives, or it is refused.

Hypothesis makes the files. The engine runs in a process of the study's environment, which stays.
"""

import csv
import io
import math
import re
import unicodedata
from collections import Counter

import pytest
from hypothesis import HealthCheck, event, example, given, settings
from hypothesis import strategies as st

pytestmark = pytest.mark.network  # the environment of the study

READER = """
import json, sys
from collections import Counter
from pathlib import Path
from reproml.config.columns import check_rows, read_raw, taken_as_missing
from reproml.config.study import Column, Data, StudyError

path = Path(sys.argv[1], "t.csv")
kinds = {"c*": "category", "i*": "integer", "n*": "number"}
columns = {name: Column(role="feature", type=kind) for name, kind in kinds.items()}
for line in sys.stdin:
    text, patterns = json.loads(line)
    declared = {name: columns[name] for name in patterns}
    data = Data(file="t.csv", sha256="0" * 64, missing="impute", columns=declared)
    path.write_text(text, encoding="utf-8", newline="")
    try:
        raw = read_raw(path, data)
        rows = check_rows(raw, data)
        cells = {n: [None if v != v else v for v in rows[n].tolist()] for n in rows}
        said = [cells, {n: Counter(one) for n, one in taken_as_missing(raw, data).items()}]
    except StudyError as error:
        said = str(error)
    print(json.dumps(said), flush=True)
"""
MISSING = ("", "NA", "NaN", "nan")
NUMBER = re.compile(r"[ \t\n\r]*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?[ \t\n\r]*")


@pytest.fixture(scope="module")
def read(engine_process, tmp_path_factory):
    """Read a file's text: columns and what is missing by name, or the words of its refusal."""
    with engine_process(READER, tmp_path_factory.mktemp("reading")) as ask:

        def said(text):
            there = plain(text)
            header = ["c", "i", "n"] if isinstance(there, str) else there[0]
            return ask([text, sorted({f"{name[0]}*" for name in header if name[0] in "cin"})])

        yield said


def plain(text):
    """Return the header and the rows of a file, or the line that has no place in it."""
    rows = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    found, end, header, blank = [], 0, [], False
    try:
        for row in rows:
            fits = len(row) in (0, len(header)) or not header
            if "\0" in "".join(row) or not fits or (header and len(row) == 1 and row[0].isspace()):
                return f"line {end + 1}: "
            header, blank = header or row, blank or not row
            found += [row] if row else []
            end = rows.line_num
    except csv.Error:
        return f"line {end + 1}: "
    if not header:
        return "it has no header"
    if blank and re.search("\r(?!\n)", text):
        return "empty, where lines end with CR alone"
    if len(set(header)) < len(header) or not all(name.strip() for name in header):
        return "header: "
    return header, found[1:]


def value(name, cell):
    """Return what a cell says, or an exception."""
    if cell in MISSING:
        return None
    if name.startswith("c"):
        return cell
    if not NUMBER.fullmatch(cell) or not math.isfinite(float(cell)):
        raise ValueError
    if name.startswith("i") and (float(cell) % 1 or abs(float(cell)) >= 2**53):
        raise ValueError
    return float(cell)


def expected(text):
    """Return the columns that a file holds, or the words of which its refusal has some."""
    there = plain(text)
    if isinstance(there, str):
        return [there]
    columns = {name: [] for name in there[0]}
    wrong = [f"column {name!r}: not declared" for name in columns if name[0] not in "cin"]
    for number, row in enumerate(there[1], 1):
        for name, cell in zip(there[0], row, strict=True):
            try:
                columns[name].append(value(name, cell))
            except ValueError:
                wrong.append(f"row {number}, column {name!r}: ")
    for cells in columns.values():
        texts = {cell for cell in cells if isinstance(cell, str)}
        if len({unicodedata.normalize("NFC", one.strip()) for one in texts}) < len(texts):
            wrong.append("look like one name")
    return wrong or columns


def missing(text):
    """Count the cells of a file that are taken as missing, by column and text."""
    header, rows = plain(text)
    counts = {name: Counter(row[at] for row in rows) for at, name in enumerate(header)}
    gaps = {name: {t: n for t, n in one.items() if t in MISSING} for name, one in counts.items()}
    return {name: one for name, one in gaps.items() if one}


NAMES = st.permutations(["c1", "n1", "i1", "c2"])
NUMBERS = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.integers(-(2**54), 2**54).map(str),
    st.integers(-9, 9).map(str),
    st.from_regex(r"[0-9]{1,25}(\.[0-9]{0,25})?(e-?[0-9]{1,2})?", fullmatch=True),
)
ODD = st.text(st.sampled_from('ab1.,;"\n\r \t\xa0\0\xe9e\u0301_+'), max_size=4)
TEXTS = st.sampled_from(["a", "b", "A", "a ", "\xe9", "e\u0301", "07", "1.0", "NA", ""])


def cell_for(name):
    common = TEXTS if name.startswith("c") else NUMBERS if name.startswith("n") else INTEGERS
    return st.one_of(common, common, common, common, st.just(""), ODD)


INTEGERS = st.one_of(st.integers(-99, 99).map(str), st.integers(2**53 - 3, 2**53 + 3).map(str))


@st.composite
def tables(draw):
    """Make a file: most have a table's shape, some a field too many, some a stray quote."""
    names = draw(NAMES)[: draw(st.integers(1, 4))]
    header = draw(st.sampled_from([names, names, names, names, [*names, ""], [*names, names[0]]]))
    rows = draw(st.lists(st.tuples(*map(cell_for, names)).map(list), max_size=6))
    if draw(st.integers(0, 3)) == 0:
        rows = [[*row, *draw(st.lists(TEXTS, max_size=1))] for row in rows]
    file = io.StringIO(newline="")
    quoting = draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
    end = draw(st.sampled_from(["\n", "\r\n", "\r"]))
    csv.writer(file, quoting=quoting, lineterminator=end).writerows([header, *rows])
    text = draw(st.sampled_from(["", "", "\ufeff", "\n"])) + file.getvalue()
    for mark in draw(st.lists(st.sampled_from(['"', ",", "\n", " \n", " "]), max_size=1)):
        at = draw(st.integers(0, len(text)))
        text = text[:at] + mark + text[at:]
    return text


@example("n1,c1\n1,a,\n2,b,\n")
@example("n1,c1\n1,a\n2,b,\n")
@example("n1,n1\n1,2\n")
@example("n1,\n1,2\n")
@example("n1\n1\n \n2\n")
@example("i1\n9007199254740993\n9007199254740992\n")
@example("c1\n18014398509481984\n18014398509481985\n")
@example("c1\nAda\nAda \n")
@example("c1\n\xe9\ne\u0301\n")
@example('n1\n""\n10000000000000000000\n')
@example("c1,n1\r\r,1\r")
@example("n1\n5.0000000000000036\n")
@given(text=tables())
@settings(
    max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_what_is_read_is_what_stands_there(read, text):
    said, wanted = read(text), expected(text)
    event("refused" if isinstance(wanted, list) else f"{len(wanted)} columns")
    if isinstance(wanted, list):
        assert isinstance(said, str), said
        assert any(words in said for words in wanted)
    else:
        assert said == [wanted, missing(text)]
