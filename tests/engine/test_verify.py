"""Every kind of difference is seen, and what may differ is let pass."""

import pytest
from reproml.cli.verify import Findings, in_words, tell
from reproml.prove import compare
from reproml.prove.compare import Difference, close, compare_files, compare_tables, compare_texts
from reproml.run.near import Near

TABLE = """\
model,repeat,fold,metric,value
dummy,0,0,roc_auc,0.5
dummy,0,0,mae,12.25
forest,0,0,roc_auc,0.75
"""


def table(made: str, **tolerances: float):
    return compare_tables("a.csv", TABLE, made, tolerances, 1e-9)


def test_the_same_bytes_are_bit_identical():
    found = table(TABLE)
    assert found.differences == []
    assert dict(found.counts) == {"bit-identical": 9}


def test_the_same_bytes_are_compared_without_keys(monkeypatch: pytest.MonkeyPatch):
    """Of a large table these took ten times as long as all else."""
    long = TABLE + "".join(f"ridge,0,{n},mae,{n}.5\n" for n in range(100)) + "ridge,0,0,mae,0.5\n"
    slow = compare_tables("a.csv", long, long.replace("0.75\n", "0.750\n"), {}, 1e-9)
    monkeypatch.setattr(compare, "_keyed", None)
    found = compare_tables("a.csv", long, long, {}, 1e-9)
    assert found.counts.total() == slow.counts.total() == 9 + 3 * 101


def test_last_bits_are_within_tolerance():
    found = table(TABLE.replace("0.75", "0.7500000000001"))
    assert (found.counts["within tolerance"], found.differences) == (1, [])


def test_one_digit_is_a_difference_with_place_values_and_tolerance():
    (one,) = table(TABLE.replace("0.75", "0.76")).differences
    assert (one.kind, one.file, one.row, one.column) == (
        "different",
        "a.csv",
        "forest, 0, 0, roc_auc",
        "value",
    )
    assert (one.committed, one.made, one.tolerance) == ("0.75", "0.76", 1e-9)


def test_a_metric_may_have_its_own_tolerance_which_is_not_wider_than_its_interval():
    made = TABLE.replace("12.25", "12.2501").replace("0.75", "0.7501")
    limits = ({"mae": 1e-4, "roc_auc": 0.0}, 1e-9)
    (one,) = compare_tables("a.csv", TABLE, made, *limits, lambda _, rows: [1.0] * 3).differences
    assert one.row.endswith("roc_auc")
    assert len(compare_tables("a.csv", TABLE, made, *limits).differences) == 2  # no interval


def test_rows_and_columns_that_are_missing_or_extra():
    shorter = TABLE.replace("dummy,0,0,mae,12.25\n", "")
    assert [(d.kind, d.row) for d in table(shorter).differences] == [("extra", "dummy, 0, 0, mae")]
    longer = TABLE + "forest,0,0,mae,3.5\n"
    assert [(d.kind, d.row) for d in table(longer).differences] == [
        ("missing", "forest, 0, 0, mae")
    ]
    doubled = TABLE + "forest,0,0,roc_auc,0.75\n"
    assert [d.kind for d in table(doubled).differences] == ["missing"]
    assert [d.row for d in table(TABLE.replace("fold", "part")).differences] == ["head"]


@pytest.mark.parametrize(
    ("committed", "made", "same"),
    [
        ("101", "101", True),
        ("101", "102", False),
        ("100000000000", "100000000001", False),  # a count has no tolerance, however wide
        ("1000000.0", "1000000.0001", True),  # relative to the number
        ("0.0", "0.0001", False),
        ("nan", "nan", True),
        ("nan", "0.5", False),
        ("inf", "1e308", False),
    ],
)
def test_close(committed: str, made: str, same: bool):
    assert close(committed, made, 1e-9) is same


def test_numbers_of_a_target_in_a_small_unit_are_compared():
    assert not close("1.5e-10", "1.6e-10", 1e-9, unit=1e-10)
    assert close("1.5e-10", "1.5000000000001e-10", 1e-9, unit=1e-10)
    assert close("1e-21", "2e-21", 1e-9, unit=1e-10)  # nothing, in that unit
    table = "model,metric,value\nforest,mae,{}\nforest,r2,{}\n"
    old, moved, r2 = (
        table.format(*values).encode()
        for values in (("1.5e-10", "0.5"), ("1.6e-10", "0.5"), ("1.5e-10", "0.5000000000000001"))
    )
    (one,) = compare_files("a.csv", old, moved, {}, 1e-9, unit=1e-10).differences
    assert (one.metric, one.unit) == ("mae", 1e-10)
    assert one.share > 1e7
    assert not compare_files("a.csv", old, r2, {}, 1e-9, unit=1e-10).differences
    assert compare_texts("t.md", "mae 1.5e-10", "mae 1.6e-10", 1e-9, 1e-10).differences
    assert not compare_texts("t.md", "mae 1.5e-10", "mae 1.5e-10", 1e-9, 1e-10).differences


def test_a_predicted_class_must_be_the_same():
    committed = "row,model,prediction,p\n3,forest,yes,0.75\n"
    found = compare_tables("p.csv", committed, committed.replace("yes", "no"), {}, 1e-9)
    assert [(d.kind, d.row) for d in found.differences] == [
        ("extra", "3, forest, yes"),
        ("missing", "3, forest, no"),
    ]


def test_texts_compare_words_and_numbers():
    text = "| forest | 0.750 [0.70, 0.80] |\nover 30 folds\n"
    assert dict(compare_texts("t.md", text, text, 1e-9).counts) == {"bit-identical": 4}
    for changed in (text.replace("0.750", "0.751"), text.replace("forest", "Forest")):
        (one,) = compare_texts("t.md", text, changed, 1e-9).differences
        assert (one.kind, one.row) == ("different", "line 1")
    assert [d.kind for d in compare_texts("t.md", text, text + "more\n", 0).differences] == [
        "missing"
    ]


def test_a_whole_number_that_became_another_is_seen():
    assert compare_texts("t.md", "30 folds", "31 folds", 1e-5).differences


def test_places_in_a_figure_may_move_by_what_nobody_sees_and_labels_may_not():
    old = '<text x="250.12" y="-3">0.25 of 7</text>\n<path d="M 1.25 2\nL 3 4"/>\n'
    for same in (old.replace("250.12", "250.13"), old.replace("L 3", "L 3.01")):
        found = compare_texts("f.svg", old, same, 1e-9)
        assert found.counts == {"bit-identical": 7, "within tolerance": 1}
    for other in (
        old.replace("250.12", "250.14"),
        old.replace("1.25", "1.35"),
        old.replace("0.25", "0.26"),
        old.replace("of 7", "of 8"),
        old.replace("of 7", "in 7"),
        old.replace("<path", "<line"),
        old.replace("<text", "<text> <text"),
    ):
        assert compare_texts("f.svg", old, other, 1e-9).differences, other


def test_a_row_of_another_length_is_a_difference():
    row = "dummy,0,0,roc_auc,0.5"
    for changed, column, committed in (
        (row.removesuffix(",0.5"), "value", ""),
        (f"{row},0.9", "", "0.9"),
    ):
        one = compare_tables("a.csv", TABLE.replace(row, changed), TABLE, {}, 1e-9).differences[0]
        assert (one.kind, one.column, one.committed) == ("different", column, committed)
        assert compare_tables("a.csv", TABLE, TABLE.replace(row, changed), {}, 1e-9).differences


NEAR = TABLE.replace("0.75", "0.7500000000001")
WRITTEN = {
    "line ends of Windows": lambda text: text.replace("\n", "\r\n"),
    "line ends of old Macs": lambda text: text.replace("\n", "\r"),
    "a line end of Windows": lambda text: text.replace("0.5\n", "0.5\r\n"),
    "quotes": lambda text: text.replace("0.5", '"0.5"'),
    "a blank line": lambda text: text.replace("dummy,0,0,mae", "\ndummy,0,0,mae"),
    "a blank line at the end": lambda text: text + "\n",
    "no line end": lambda text: text.rstrip("\n"),
    "an empty cell more": lambda text: text.replace("0.5\n", "0.5,\n"),
    "a plus": lambda text: text.replace("0.5", "+0.5"),
}


@pytest.mark.parametrize("made", [TABLE, NEAR, TABLE.replace("0.75", "0.76")])
@pytest.mark.parametrize("name", WRITTEN)
def test_the_same_cells_written_otherwise_are_a_difference(name: str, made: str):
    committed = WRITTEN[name](TABLE)
    one = compare_files("a.csv", committed.encode(), made.encode(), {}, 1e-9).differences[-1]
    assert (one.kind, one.file, one.made) == ("different", "a.csv", "")
    assert one.committed.startswith("line ends, quotes, blank lines or an order of lines")


def test_an_order_of_rows_is_a_difference_unless_numbers_near_enough_may_make_it():
    head, *rows = TABLE.splitlines(keepends=True)
    turned = "".join([head, *reversed(rows)]).encode()
    assert compare_files("a.csv", TABLE.encode(), turned, {}, 1e-9).counts["different"] == 1
    assert not compare_files("a.csv", NEAR.encode(), turned, {}, 1e-9).differences


@pytest.mark.parametrize("name", ["t.md", "f.svg"])
def test_the_same_lines_with_other_ends_are_a_difference(name: str):
    old = '<text x="1.25">0.25</text>\n'
    for made in (old, old.replace("1.25", "1.2500000000001")):
        for committed in (old.replace("\n", "\r\n"), old.strip()):
            found = compare_files(name, committed.encode(), made.encode(), {}, 1e-9)
            assert found.counts["different"] == len(found.differences) == 1


def test_a_cell_of_any_length_is_compared():
    """Of a quote that is not closed, and of a whole number that Python would not read."""
    for cell in ('"' + "a" * 200_000, "1" * 5000):
        text = TABLE.replace("0.75", cell)
        assert not compare_files("a.csv", text.encode(), text.encode(), {}, 1e-9).differences
        assert compare_files("a.csv", text.encode(), TABLE.encode(), {}, 1e-9).differences
    longer = TABLE.replace("0.75", "1" * 5001)
    assert compare_files("a.csv", longer.encode(), text.encode(), {}, 1e-9).differences


@pytest.mark.parametrize(
    ("one", "said"),
    [
        (
            Difference("different", "a.csv", "x", "y", "", "1"),
            "x, y: committed nothing, made again 1",
        ),
        (Difference("extra", "a.csv", "x", "", "x,1", ""), "x: committed x,1, made again nothing"),
        (Difference("extra", "a.csv", "", "", "no run makes it", ""), "no run makes it"),
        (Difference("missing", "a.csv", "", "", "", "is not there"), "is not there"),
        (
            Difference("typed by hand", "a.csv", "line 3", "", "12.5", ""),
            "line 3: 12.5, which no macro of the results says",
        ),
        (Difference("provenance", "a.csv", "x", "", "1", "2"), "x: says 1, found 2"),
        (
            Difference("different", "a.csv", "", "", "1 bytes", "2 bytes"),
            "committed 1 bytes, made again 2 bytes",
        ),
    ],
)
def test_a_difference_says_what_is_the_case(one: Difference, said: str):
    assert in_words(one) == f"{one.kind}: a.csv: {said}"


def test_no_line_is_empty(capsys):
    for notes, warnings in (([], []), (["a"], []), ([], ["b", "c"])):
        tell(Findings({"different": 0}, [], 0, notes, warnings, Near({})))
        lines = capsys.readouterr().out.splitlines()
        assert "" not in lines
        assert [line for line in lines if line.startswith("warning")] == [
            f"warning: {one}" for one in warnings
        ]


def test_bytes_are_the_same_or_not():
    assert not compare_files("a.pdf", b"\xff1", b"\xff1", {}, 0).differences
    assert compare_files("a.pdf", b"\xff1", b"\xff2", {}, 0).differences
