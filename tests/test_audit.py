"""One person in two spellings, and rows measured twice: drawn tables, judged by plain Python too.

Hypothesis makes the tables. The engine runs in a process of the study's environment, which stays.
"""

import re
import unicodedata
from itertools import combinations
from random import Random

import pytest
from hypothesis import HealthCheck, Phase, assume, event, example, given, settings
from hypothesis import strategies as st

pytestmark = pytest.mark.network  # the environment of the study

AUDIT = """
import csv, json, sys, traceback
from pathlib import Path

import pandas as pd
from reproml.config.columns import Table, make_table, read_raw
from reproml.config.study import Column, Data, Split, Study, StudyError
from reproml.leakage.findings import Cut, cuts_of, shared_groups
from reproml.leakage.row_checks import duplicates, near_duplicates
from reproml.split.splits import lock_test_set, make_folds


def names(cells, role, ending):
    path = Path(sys.argv[1], "t" + ending)
    rows = {"who": cells, "dose": [float(i) for i in range(len(cells))]}
    if ending == ".csv":
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([rows, *zip(*rows.values())])
    else:
        pd.DataFrame(rows).to_parquet(path)
    columns = {"who": Column(role=role, type="category"), "dose": Column(role="target")}
    data = Data(file=path.name, sha256="0" * 64, columns=columns)
    try:
        table = make_table(read_raw(path, data), Study.model_construct(data=data))
    except StudyError as error:
        return {"refused": str(error)}
    claims = ("independent", "grouped") if role == "group" else ()
    return {"doubts": table.doubts, "audits": {claim: audit(table, claim) for claim in claims}}


def audit(table, claim):
    split, how = Split(dependence=claim, folds=2), {"stratify": False, "seed": 0}
    try:
        development, locked = lock_test_set(table, split, **how)
        cuts = cuts_of(development, locked, make_folds(table, development, split, **how))
    except StudyError as error:
        return {"too few": str(error)}
    found = shared_groups(table, split, cuts)
    sides = [[cut.train.tolist(), cut.test.tolist()] for cut in cuts]
    return {"verdict": found.verdict, "message": found.message, "cuts": sides}


def rows(X, y, train, test):
    table = Table(pd.DataFrame(X), pd.Series(y), None, None, None, dropped={})
    cuts = [Cut("here", pd.Index(train).to_numpy(), pd.Index(test).to_numpy())]
    found = duplicates(table, cuts), near_duplicates(table, cuts)
    return [[one.verdict, one.message] for one in found]


for line in sys.stdin:
    what, *given = json.loads(line)
    try:
        said = {"names": names, "rows": rows}[what](*given)
    except Exception:
        said = traceback.format_exc()
    print(json.dumps(said), flush=True)
"""
FIXED = settings(
    max_examples=80,
    phases=[Phase.explicit, Phase.generate, Phase.shrink],  # to explain takes minutes
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@pytest.fixture(scope="module")
def ask(engine_process, tmp_path_factory):
    """Ask the audit: ask("names", cells, role, ending), ask("rows", X, y, train, test)."""
    with engine_process(AUDIT, tmp_path_factory.mktemp("audit")) as answer:

        def said(*question):
            words = answer(question)
            assert not isinstance(words, str), words
            return words

        yield said


# One person, two spellings

# letters with accents of their own or not, in two orders; signs that NFC takes for letters
LETTERS = ["a", "b", "K", "\u212a", "\xe5", "A\u030a", "\u212b", "\xe9", "e\u0301", "s\u0323\u0307"]
LETTERS += [
    "s\u0307\u0323",
    "\u1e69",
    "\xdf",
    "ss",
    "\u1e9e",
    "\uac00",
    "\u1100\u1161",
    " ",
    "\ufb01",
]
BLANKS = st.text(st.sampled_from(" \t\n\xa0\u2003"), min_size=1, max_size=2)
CAPITALS = [str, str.upper, str.lower, str.title]
FORMS = [lambda text, form=form: unicodedata.normalize(form, text) for form in ("NFC", "NFD")]


def respelt(draw, name, how):
    """Write a name as the rows of a column do: as it is, in other capitals, in other bytes."""
    if how == "as it is" or draw(st.integers(0, 3)):
        return name
    if how == "capitals":
        return draw(st.sampled_from(CAPITALS))(name)
    padded = st.tuples(BLANKS | st.just(""), BLANKS | st.just("")).map(lambda ends: name.join(ends))
    return draw(st.sampled_from([form(name) for form in FORMS]) | padded | st.just(name.strip()))


@st.composite
def columns_of_names(draw):
    """Make a column of names, in which some rows spell theirs in another way."""
    letters = st.lists(st.sampled_from(LETTERS), min_size=1, max_size=3).map("".join)
    people = draw(st.lists(letters, min_size=1, max_size=12, unique=True))
    how = draw(st.sampled_from(["as it is", "capitals", "bytes", "bytes"]))
    who = draw(st.lists(st.sampled_from(people), min_size=12, max_size=30))
    cells = [respelt(draw, name, how) for name in who]
    assume("" not in cells)  # a gap
    return cells


def plain(name):
    return unicodedata.normalize("NFC", name.strip())


def alike(cells, key):
    """Return the row numbers of each spelling that another one came before, and those of that."""
    rows = {}
    for number, cell in enumerate(cells, 1):
        rows.setdefault(cell, []).append(number)
    first = {}
    pairs = [(first.setdefault(key(spelling), at), at) for spelling, at in rows.items()]
    return [(one, other) for one, other in pairs if one is not other]


def told(text):
    """Return the pairs of lists of rows that a message has, as far as it lists and counts them."""
    rows = r"rows? ([\d, ]*\d)(?: and (\d+) more)?"
    found = re.findall(f"{rows} and {rows} look like one name", text)
    return [
        [([*map(int, at.split(", "))], int(more or 0)) for at, more in (pair[:2], pair[2:])]
        for pair in found
    ]


def to_tell(pairs):
    return [[(at[:10], max(0, len(at) - 10)) for at in pair] for pair in pairs]


@example(["Ada", "Ada ", "Bob", "Bob"] * 5, "group", ".csv")
@example(["Zo\xeb", "Zoe\u0308", *"abcdefghijkl"], "feature", ".parquet")
@example([*"abcdefghijkl", "STRASSE", "stra\xdfe"], "group", ".csv")
@given(
    columns_of_names(), st.sampled_from(["group", "feature"]), st.sampled_from([".csv", ".parquet"])
)
@FIXED
def test_a_name_has_one_spelling_or_is_refused(ask, cells, role, ending):
    said, same = ask("names", cells, role, ending), alike(cells, plain)
    if same:
        event("refused")
        assert "refused" in said
        count = "1 problem" if len(same) == 1 else f"{len(same)} problems"
        assert said["refused"].startswith(f"t{ending} has {count}:\n")
        assert told(said["refused"]) == to_tell(same[:10])
        return
    doubted = alike(cells, lambda name: plain(name).casefold())
    event(f"accepted, {'doubted' if doubted else 'not doubted'}")
    assert len(said["doubts"]) == bool(doubted)
    for doubt in said["doubts"]:
        assert told(doubt) == to_tell(doubted[:1])
        more = f" (and so for {len(doubted) - 1} more)" if len(doubted) > 1 else "one way"
        assert doubt.endswith(more)
    for claim, audit in said["audits"].items():
        if "too few" in audit:
            event("too few groups to cut")
            assert len(set(map(plain, cells))) < 7
            continue
        torn = [
            {plain(cells[i]) for i in a} & {plain(cells[i]) for i in b} for a, b in audit["cuts"]
        ]
        event(f"groups: {audit['verdict']}")
        assert (audit["verdict"] == "pass") == (not any(torn))
        whole = f"no group is on both sides of any of {len(torn)} splits"
        assert (audit["message"] == whole) == (not any(torn))
        assert claim == "independent" or not any(torn)


# Twins in the majority

DRAWN = {
    "normal": lambda rng: rng.gauss(0, 1),
    "uniform": lambda rng: rng.uniform(-1.7, 1.7),
    "skewed": lambda rng: rng.gammavariate(2, 0.7),
}


@st.composite
def columns_of_numbers(draw):
    """Say how each column is drawn: its distribution, the power of ten of its spread, its mean."""
    column = st.tuples(
        st.sampled_from(sorted(DRAWN)), st.integers(-6, 6), st.sampled_from([0, 1, 300])
    )
    return draw(st.lists(column, min_size=3, max_size=8))


@given(
    columns=columns_of_numbers(),
    rows=st.integers(10, 60),
    share=st.floats(0.1, 1.0) | st.sampled_from([0.1, 0.3, 0.6, 1.0]),
    copies=st.sampled_from([1, 1, 1, 2, 9]),
    noise=st.floats(1e-9, 1e-4) | st.sampled_from([0.0, 1e-4]),
    same_target=st.booleans(),
    tested=st.floats(0.1, 0.6),
    seed=st.integers(0, 2**32),
)
@FIXED
def test_twins_are_found_and_nothing_else(
    ask, columns, rows, share, copies, noise, same_target, tested, seed
):
    rng = Random(seed)
    alone = [[mean + DRAWN[kind](rng) for kind, _, mean in columns] for _ in range(rows)]
    targets = [rng.random() for _ in alone]
    n_with = max(1, round(share * rows))
    table = [(row, y, number) for number, (row, y) in enumerate(zip(alone, targets, strict=True))]
    for row, y, number in table[:n_with] * copies:
        near = [value + noise * rng.gauss(0, 1) for value in row]
        table.append((near, y if same_target else rng.random(), number))

    def found(table):
        order = rng.sample(table, len(table))
        X = [
            [value * 10.0**power for value, (_, power, _) in zip(row, columns, strict=True)]
            for row, _, _ in order
        ]
        at = rng.sample(range(len(order)), len(order))
        n_test = max(1, round(tested * len(at)))
        test, train = at[:n_test], at[n_test:]
        same = [[i for i, (_, _, n) in enumerate(order) if n == number] for number in range(rows)]
        pairs = {pair for twins in same for pair in combinations(twins, 2)}
        apart = {pair for pair in pairs if len({*pair} & {*test}) == 1}
        return ask("rows", X, [y for _, y, _ in order], train, test), apart

    (equal, near), _ = found(table[:rows])
    assert [equal[0], near[0]] == ["pass", "pass"]
    (equal, near), apart = found(table)
    exact = noise == 0 and same_target
    assert equal[0] == ("fail" if exact and apart else "pass")
    assert near[0] == ("warn" if apart and not exact else "pass")
    event(f"{'equal' if exact else 'near'}: {'apart' if apart else 'together'}")
    if near[0] == "warn":
        listed = [(int(i), int(j)) for i, j in re.findall(r"(\d+) and (\d+)", near[1])]
        more = re.search(r"\((\d+) more\)", near[1])
        assert set(listed) <= apart
        assert len(listed) + int(more[1] if more else 0) == len(apart)
    elif equal[0] == "fail":
        rows_named = set(map(int, re.search(r"rows ([\d, ]*\d)", equal[1])[1].split(", ")))
        assert rows_named <= {at for pair in apart for at in pair}
