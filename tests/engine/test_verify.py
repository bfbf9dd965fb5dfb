"""Every kind of difference is seen, and what may differ is let pass."""

import pytest
from reproml.prove.compare import close, compare_files, compare_tables, compare_texts

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
        ("101", "102", False),  # a count has no tolerance, however wide
        ("1000000.0", "1000000.0001", True),  # relative to the number
        ("0.0", "0.0001", False),
        ("nan", "nan", True),
        ("nan", "0.5", False),
        ("inf", "1e308", False),
    ],
)
def test_close(committed: str, made: str, same: bool):
    assert close(committed, made, 1e-9) is same


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


def test_bytes_are_the_same_or_not():
    assert not compare_files("a.pdf", b"\xff1", b"\xff1", {}, 0).differences
    assert compare_files("a.pdf", b"\xff1", b"\xff2", {}, 0).differences
