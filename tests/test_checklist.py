"""The checklist of a fresh study: its open questions are shown, and no tick is without evidence.

test_study.py sees that the pages are what the evidence makes, tests/engine/test_evidence.py that
evidence that is taken away takes its ticks along.
"""

import re


def rows(study):
    """Return (item, state, what is known) of every row of the page."""
    begin, end = (f"<!-- {word} results/tables/checklist.md -->" for word in ("begin", "end"))
    inside = study.read("docs/checklist.md").partition(begin)[2].partition(end)[0]
    found = re.findall(r"^\| (\d\S* .*?) \| ([a-z ]+) \| (.*) \|$", inside, re.MULTILINE)
    assert len(found) == 5 + 16 + 32
    return found


def test_the_default_study_shows_open_questions_and_no_unproved_tick(default_bake):
    found = rows(default_bake)
    for item, state, known in found:
        assert state in ("checked", "built in", "open"), item
        if state == "checked":
            assert "*Seen:*" in known
            assert "*Question:*" not in known
        if state == "open":
            assert "*Question:*" in known
    states = [state for _, state, _ in found]
    assert states.count("open") > 25
    assert states.count("checked") > 10
    assert {item: state for item, state, _ in found}["7c tests"] == "checked"


def test_data_of_unclear_licence_get_no_tick(bake):
    states = {item: state for item, state, _ in rows(bake(task="regression"))}
    assert states["12 licences of what is used"] == "failed"
    assert list(states.values()).count("failed") == 1
