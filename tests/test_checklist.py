"""The checklist of a generated study: its open questions are shown, and every tick was earned."""

import re
import shutil

import pytest
from studies import paths

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("checklist")]


def script(run, python, path, *arguments, rc=0):
    env = {"PYTHONPATH": paths(path)}
    return run([python, "-m", "reproml", "checklist", *arguments], path, env=env, rc=rc)


def rows(path):
    """Return (item, state, what is known) of every row of the page."""
    text = (path / "docs" / "checklist.md").read_text(encoding="utf-8")
    begin, end = (f"<!-- {word} results/tables/checklist.md -->" for word in ("begin", "end"))
    inside = text.partition(begin)[2].partition(end)[0]
    found = re.findall(r"^\| (\d\S* .*?) \| ([a-z ]+) \| (.*) \|$", inside, re.MULTILINE)
    assert len(found) == 5 + 16 + 32
    return found


@pytest.fixture
def study(bake, tmp_path):
    def copy(**answers):
        shutil.copytree(bake(**answers).path, tmp_path / "study")
        return tmp_path / "study"

    return copy


def test_the_default_study_shows_open_questions_and_no_unproved_tick(study, study_env, run):
    path = study()
    script(run, study_env, path)
    found = rows(path)
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

    done = script(run, study_env, path, "--count")
    assert f"{states.count('open')} open" in done.stdout
    # each evidence that is taken away takes its ticks along
    leakage = path / "results" / "leakage.csv"
    leakage.write_text(
        leakage.read_text(encoding="utf-8").replace("same rows,pass", "same rows,fail"), "utf-8"
    )
    lock = path / "requirements.txt"
    lock.write_text(re.sub(r"(?m)^(tqdm==\S+) (.*\n)( +--hash.*\n)+", r"\1\n", lock.read_text()))
    done = script(run, study_env, path, "--count", rc=1)
    assert "is not what it would be now" in done.stderr
    script(run, study_env, path)
    now = {item: (state, known) for item, state, known in rows(path)}
    assert now["1 dependencies"][0] == "failed"
    assert "no hash for tqdm" in now["1 dependencies"][1]
    assert now["6a training and test rows apart"][0] == "failed"
    assert now["7c tests"][0] == "checked"


def test_data_of_unclear_licence_get_no_tick(study, study_env, run):
    path = study(task="regression")
    script(run, study_env, path)
    states = {item: state for item, state, _ in rows(path)}
    assert states["12 licences of what is used"] == "failed"
    assert list(states.values()).count("failed") == 1
