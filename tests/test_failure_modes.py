"""docs/failure-modes.md: what is said of each failure is shown by tests that exist."""

import ast
import re

import pytest

PROVEN = ["test_machines.py", "test_existing.py", "test_update.py"]  # wholly about failures
NAMED = re.compile(r"`(test_\w+\.py)::(test_\w+)`")


@pytest.fixture(scope="module")
def page(template):
    return (template / "docs" / "failure-modes.md").read_text(encoding="utf-8")


def functions_in(path):
    """Names of the test functions of a file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {n.name for n in tree.body if isinstance(n, ast.FunctionDef) and n.name[:5] == "test_"}


def test_every_line_has_a_test_that_exists(page, template):
    rows = [line for line in page.splitlines() if line.startswith("| ")]
    heads = [row for row in rows if row.endswith("| Shown by |")]
    assert len(heads) == 9
    assert len(rows) > 40
    for row in rows:
        assert row.count(" | ") == 2, row
        if row not in heads:
            named = NAMED.findall(row.rpartition(" | ")[2])
            assert named, row
            assert len(named) == row.rpartition(" | ")[2].count("`") // 2, row
    missing = [
        n for n in NAMED.findall(page) if n[1] not in functions_in(template / "tests" / n[0])
    ]
    assert missing == []


@pytest.mark.parametrize("name", PROVEN)
def test_what_is_shown_is_said(page, template, name):
    said = {test for file, test in NAMED.findall(page) if file == name}
    assert said == functions_in(template / "tests" / name)
