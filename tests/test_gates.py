"""The inventory of gates: its tables fit the code, its runner can fail, a fast part of it holds.

All of it is run by hand, in twenty minutes: `.venv/bin/python tools/gates.py run`.
"""

import re
import shlex
from pathlib import Path

import gates as tool
import pytest

pytestmark = pytest.mark.xdist_group("gates")

TEMPLATE = Path(__file__).resolve().parent.parent
STUDY = TEMPLATE / "{{cookiecutter.project_slug}}"
# Areas whose gates take two seconds each; those that need other answers are left out.
FAST = ("settings", "lock")


GATES = tool.read_rows(tool.GATES, tool.Gate)
MUTANTS = tool.read_rows(tool.MUTANTS, tool.Mutant)


@pytest.fixture(scope="module")
def runner(study_env, tmp_path_factory):
    return tool.Runner(study_env, tmp_path_factory.mktemp("gates"))


def test_every_gate_is_well_formed():
    assert len(GATES) == 347  # one that goes is seen here
    assert len({gate.id for gate in GATES}) == len(GATES)
    assert {gate.area for gate in GATES} > set(FAST)
    models = tool.read(tool.MODELS)
    for gate in GATES:
        assert all(cell == cell.strip() and cell for cell in gate), gate
        assert re.fullmatch(r"[a-z0-9-]+", gate.id), gate
        assert gate.exit in ("0", "1", "2", "130", "137", "143"), gate
        for verb, rest in tool.statements(gate.change):
            assert verb in tool.VERBS, gate
            assert verb != "model" or f"def {rest}(task):" in models, gate
            assert verb != "python" or compile(rest, gate.id, "exec"), gate


def test_every_model_that_has_to_be_refused_is_used():
    used = {rest for g in GATES for verb, rest in tool.statements(g.change) if verb == "model"}
    assert used == set(re.findall(r"^def (\w+)\(task\):", tool.read(tool.MODELS), re.MULTILINE))


@pytest.mark.parametrize("command", sorted({gate.command for gate in GATES} - {"generate"}))
def test_a_study_has_every_command(default_bake, command):
    first = shlex.split(command)[0]
    line = tool.command_line(default_bake.path, "python", command)
    assert line[0] == "python"
    assert first in tool.ALIASES or first in " ".join(line)
    assert line[1] != "-m" or (default_bake.path / f"engine/reproml/cli/{line[3]}.py").is_file()


CODE = [gate for gate in GATES if any(verb == "code" for verb, _ in tool.statements(gate.change))]


@pytest.mark.parametrize("gate", CODE, ids=[gate.id for gate in CODE])
def test_every_gate_of_the_code_has_its_place(gate):
    for verb, rest in tool.statements(gate.change):
        old = tool.plain(re.split(r" ::(?: |$)", rest)[0])
        if verb == "code":
            assert sum(tool.read(path).count(old) for path in tool.code_files(STUDY)) == 1


@pytest.mark.parametrize("mutant", MUTANTS, ids=[mutant.id for mutant in MUTANTS])
def test_every_mutant_has_its_place_and_its_tests(mutant):
    old = tool.plain(mutant.old)
    assert sum(tool.read(path).count(old) for path in tool.code_files(STUDY)) == 1
    assert mutant.new != mutant.old
    assert tool.test_files(mutant.test)


def test_every_mutant_is_named_once():
    assert len(MUTANTS) == 161  # one that goes is seen here
    assert len({mutant.id for mutant in MUTANTS}) == len(MUTANTS)


def test_the_messages_are_those_of_the_code():
    """After a change that is meant: `tools/gates.py messages`, and read the diff."""
    assert tool.read(tool.MESSAGES).splitlines() == tool.messages(STUDY)


def test_what_became_of_every_gate_of_the_first_edition_is_said():
    rows = tool.read_rows(tool.CHANGES, tool.Change)
    for name, now in (("gates", GATES), ("mutants", MUTANTS)):
        said = {row.id: row for row in rows if row.table == name}
        there = {i for i, row in said.items() if row.second in ("kept", "moved", "new")}
        assert there == {one.id for one in now}
        for row in (row for i, row in said.items() if i not in there):
            kind, _, into = row.second.partition(" into ")
            assert row.why and (row.second == "given up" or (kind == "merged" and into in there))


def test_a_lost_message_is_seen(tmp_path):
    code = 'def f(x):\n    text = f"{x} is wrong"\n    raise ValueError(text)\n'
    tool.write(tmp_path / "src" / "a.py", code)
    assert tool.messages(tmp_path) == ["{} is wrong"]
    tool.write(tmp_path / "src" / "a.py", code.replace("raise ValueError(text)", "return text"))
    assert tool.messages(tmp_path) == []
    code = (
        'def f(x):\n    said = []\n    said.append(f"{x} is wrong")\n    raise ValueError(said)\n'
    )
    tool.write(tmp_path / "src" / "a.py", code)
    assert tool.messages(tmp_path) == ["{} is wrong"]


def test_a_table_with_another_head_or_a_short_row_is_refused(tmp_path):
    path = tmp_path / "gates.csv"
    for text in ("id,area\n", "id,area,old,new,test\na,b,c\n"):
        tool.write(path, text)
        with pytest.raises(tool.GateError):
            tool.read_rows(path, tool.Mutant)


@pytest.mark.slow
@pytest.mark.network
def test_the_fast_gates_are_green_unbroken_and_red_broken(runner):
    fast = [gate for gate in GATES if gate.area in FAST and "answers " not in gate.change]
    fast = fast[::6]  # the others are told apart in the same place, and tested in tests/engine
    assert len(fast) > 8
    assert [said for gate in fast if not (said := runner.check(gate)).ok] == []


GATE = tool.Gate(
    "seed",
    "settings",
    "no seed",
    "toml [study] seed =",
    "reproduce",
    "2",
    "study.seed: it is missing",
)


@pytest.mark.slow
@pytest.mark.network
@pytest.mark.parametrize(
    ("other", "seen"),
    [
        ({}, "2 study.seed: it is missing"),
        ({"change": ""}, "0 "),  # nothing is broken, so nothing turns red
        ({"change": "toml [compute] workers = 2"}, "0 "),
        ({"exit": "1"}, "2 study.seed: it is missing"),
        ({"message": "study.sead"}, "2 error: study.toml has 1 mistake"),
        ({"message": "changed", "exit": "0"}, "unbroken: says the same"),
        ({"command": "lock --no-such-option"}, "unbroken: exit 2"),
        ({"command": "no_such_command"}, "unbroken: exit 2"),
        ({"change": "toml [study] no_such_key ="}, "cannot be broken: GateError"),
        ({"change": "replace README.md :: no such text :: x"}, "cannot be broken: GateError"),
        ({"change": "brake README.md"}, "cannot be broken: GateError"),
    ],
)
def test_the_runner_can_fail(runner, other, seen):
    said = runner.check(GATE._replace(**other))
    assert said.seen.startswith(seen)
    assert said.ok is (other == {})


@pytest.mark.slow
@pytest.mark.network
def test_a_mutant_is_killed_or_survives(study_env):
    (killed,) = [mutant for mutant in MUTANTS if mutant.id == "marker-closed"]
    survives = killed._replace(id="none", new=f"{killed.old}  # the same")
    broken = killed._replace(id="syntax", new="if:")
    said = list(tool.run_mutants([killed, survives, broken], study_env))
    assert [one.ok for one in said] == [True, False, False]
    assert said[1].seen == "survived"
    assert re.search(r"^texts\.py, line \d+: ", said[2].seen)


def test_what_was_not_tried_is_no_success(capsys):
    assert tool.tell([]) == 1
    assert tool.tell([tool.Outcome("a", "2", "0", False)]) == 1
    assert tool.tell([tool.Outcome("a", "2", "2", True)]) == 0
    assert capsys.readouterr().out.endswith("1 passed, 0 failed\n")
