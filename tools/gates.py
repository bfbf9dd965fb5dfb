r"""Break a rendered study in known ways and see that its gates turn red: `tools/gates.py run`.

A gate is whatever turns red when something is broken. `tests/gates.csv` has one a row: what is
broken, the change that breaks it, the command that has to see it, and its exit code and message.
Each command has to be green on the unbroken study first. `tests/mutants.csv` has guards of the code
with a version of each that guards nothing: `gates.py mutants` runs the engine's tests that have to
notice.
`gates.py messages` writes the texts of all errors, findings and warnings of the study's code, as
templates, into `tests/messages.txt`; with --check it compares.

All three name files of the author and commands, not modules: they hold when code moves.
`tests/gates_changes.csv` says what became of each row of the first edition.

A change is one or more statements, with `;;` between them; FILE may be a pattern that one file
matches, and \n in a text is a line feed.

    answers K=V ...                render the study with these answers
    after COMMAND                  run this before anything is broken, here and for the green run
    toml [SECTION] KEY = VALUE     set a key; without VALUE take it out, without KEY the section
    replace FILE :: OLD :: NEW     a text that occurs once
    digit FILE :: PATTERN          the last digit of the number that the pattern's group finds
    append FILE :: TEXT            write FILE :: TEXT            delete FILE
    copy FILE :: NAME              flip FILE :: POSITION         one bit of that byte
    data ROW COLUMN = VALUE        a cell of the raw file, rows from 1; its checksum is renewed
    data drop COLUMN, data add COLUMN = CODE, data keep ROWS
    data repeat ROW, data nudge ROW (its numbers a little larger), data scale (all numbers)
    checksum                       write the data file's checksum into study.toml
    code OLD :: NEW                a text that occurs once in the code that is not the author's
    model NAME                     the candidate becomes a function of tests/gate_models.py
    record KEY = JSON              a key of the saved model's record, its digest renewed
    forge KIND                     the saved model's file, its checksum and the digest renewed
    commit                         commit what is there
    python CODE                    with `study`, the folder
    env NAME=VALUE                 for the command alone
    arguments TEXT                 more arguments of the command
    interrupt SHARE, terminate SHARE, kill SHARE    stop the command after this share of its time
"""

import argparse
import ast
import csv
import hashlib
import io
import json
import os
import re
import shlex
import shutil
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import time
import warnings
import zipfile
from functools import cache
from pathlib import Path
from typing import NamedTuple

from studies import command as words_of
from studies import paths

ROOT = Path(__file__).resolve().parent.parent
STUDY = ROOT / "{{cookiecutter.project_slug}}"
GATES = ROOT / "tests" / "gates.csv"
MUTANTS = ROOT / "tests" / "mutants.csv"
CHANGES = ROOT / "tests" / "gates_changes.csv"  # since the first edition
MESSAGES = ROOT / "tests" / "messages.txt"
MODELS = ROOT / "tests" / "gate_models.py"
ENGINE_TESTS = ROOT / "tests" / "engine"

CODE = ("src", "engine", "scripts")  # where a study keeps code
# The same code with fewer fits; one process, so that a command is done before workers have started.
SMALL = (
    "[split] folds = 2",
    "[split] repeats = 1",
    "[compute] workers = 1",
    "[models.parameters] forest = { model__n_estimators = 5 }",
)
# A short name stands for a command with arguments; all others are called as they are.
ALIASES = {"predict": "predict data/raw/*.csv --into said.csv"}
# What has to be there before a command has anything to look at.
NEEDS = {
    "archive": ("reproduce", "commit", "verify"),
    "cards": ("reproduce",),
    "check": ("reproduce", "slim"),
    "checklist": ("reproduce",),
    "figures": ("reproduce",),
    "paper": ("reproduce",),
    "predict": ("share",),
    "report": ("reproduce",),
    "verify": ("reproduce",),
}
# They run code of others and show how it failed.
SHOWS_TRACEBACKS = ("check", "generate", "notebook")
SIGNALS = {"interrupt": "SIGINT", "terminate": "SIGTERM", "kill": "SIGKILL"}
FOR_THE_COMMAND = ("answers", "after", "env", "arguments", "interrupt", "terminate", "kill")
VERBS = (
    *FOR_THE_COMMAND,
    *("toml", "replace", "digit", "append", "write", "delete", "copy", "flip", "data", "checksum"),
    *("code", "model", "record", "forge", "commit", "python"),
)
# Stands for LaTeX, which is not everywhere: what the paper's gates look at is the command.
TECTONIC = """#!/bin/sh
if grep -q 'Nothing' main.tex; then
    printf './main.tex:7: Undefined control sequence.\\nl.7 It is \\\\Nothing\\n' > build/main.log
    exit 1
fi
echo > build/main.pdf
"""
GIT = "[user]\nname = A\nemail = a@example.org\n[init]\ndefaultBranch = main\n"


class GateError(Exception):
    """A row of a table that cannot be carried out."""


class Gate(NamedTuple):
    """A row of tests/gates.csv."""

    id: str
    area: str
    broken: str
    change: str
    command: str
    exit: str
    message: str


class Mutant(NamedTuple):
    """A row of tests/mutants.csv."""

    id: str
    area: str
    old: str
    new: str
    test: str


class Change(NamedTuple):
    """A row of tests/gates_changes.csv: what became of a row that the first edition had."""

    table: str
    id: str
    second: str
    why: str


class Outcome(NamedTuple):
    """What a gate said, and whether that is what the table expects."""

    id: str
    expected: str
    seen: str
    ok: bool


def read_rows(path, kind):
    """Return the rows of a table; its head has to be the kind's fields."""
    with path.open(encoding="utf-8", newline="") as file:
        head, *rows = csv.reader(file)
    if tuple(head) != kind._fields:
        raise GateError(f"{path.name}: its columns are {head}, not {list(kind._fields)}")
    for number, row in enumerate(rows, start=2):
        if len(row) != len(head):
            raise GateError(f"{path.name}: row {number} has {len(row)} cells, not {len(head)}")
    return [kind(*row) for row in rows]


def statements(change):
    """Return a change's statements as (verb, rest)."""
    parts = [part.strip() for part in change.split(";;")]
    return [tuple([*part.split(None, 1), ""][:2]) for part in parts if part]


def plain(text):
    """Return a text with its escapes, of line feeds and other signs, carried out."""
    text = text.replace("\\n", "\n")
    return re.sub(r"\\u([0-9a-f]{4})", lambda code: chr(int(code[1], 16)), text)


def code_files(study):
    """Return every Python file of a study's code, sorted."""
    return sorted(path for name in CODE for path in (study / name).rglob("*.py"))


def read(path):
    """Return a file's text, its line ends untouched."""
    return path.read_bytes().decode("utf-8")


def write(path, text):
    """Write a text, and forget what Python compiled of the old one in the same second."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode("utf-8"))
    for compiled in (path.parent / "__pycache__").glob(f"{path.stem}.*"):
        compiled.unlink()


def the_file(study, pattern):
    """Return the one file that a pattern finds."""
    found = sorted(study.glob(pattern))
    if len(found) != 1:
        raise GateError(f"{pattern}: {len(found)} files match, one has to")
    return found[0]


def swap(path, old, new):
    """Replace a text that occurs once."""
    text = read(path)
    if text.count(old) != 1:
        raise GateError(f"{path.name}: {old!r} occurs {text.count(old)} times, once is wanted")
    write(path, text.replace(old, new))


def swap_code(study, old, new):
    """Replace a text that occurs once in all of a study's code."""
    found = [path for path in code_files(study) if old in read(path)]
    if len(found) != 1:
        raise GateError(f"{old!r} occurs in {len(found)} files of the code, once is wanted")
    swap(found[0], old, new)
    return found[0]


def compiled(path):
    """Refuse code that is none: every test would fail of it."""
    try:
        compile(read(path), path.name, "exec", dont_inherit=True)
    except SyntaxError as error:
        raise GateError(f"{path.name}, line {error.lineno}: {error.msg}") from error


def release(study, path):
    """Renew the engine's checksum of a file, so that its tests fail of the mutant alone."""
    engine, sums = study / "engine", study / "engine" / "SHA256SUMS"
    if path.is_relative_to(engine):
        now = hashlib.sha256(path.read_bytes()).hexdigest()
        name = re.escape(path.relative_to(engine).as_posix())
        write(sums, re.sub(rf"(?m)^[0-9a-f]{{64}}(  {name})$", rf"{now}\g<1>", read(sums)))


def set_toml(path, rest):
    """Set or take out a key or a section of study.toml, and leave the rest as it is written."""
    found = re.fullmatch(r"\[([^\]]+)\]\s*(?:(\"[^\"]*\"|[\w.-]+)\s*=\s*(.*))?", rest, re.DOTALL)
    if not found:
        raise GateError(f"toml {rest}: write [SECTION] KEY = VALUE")
    section, key, value = found.groups()
    lines = read(path).splitlines()
    heads = [i for i, line in enumerate(lines) if line.partition("#")[0].strip() == f"[{section}]"]
    if not heads and not value:
        raise GateError(f"toml {rest}: there is no such section")
    if not heads:
        lines += ["", f"[{section}]"]
        heads = [len(lines) - 1]
    start = heads[0] + 1
    end = next((i for i in range(start, len(lines)) if lines[i].startswith("[")), len(lines))
    if key is None:
        lines[start - 1 : end] = []
    else:
        named = [i for i in range(start, end) if re.match(rf"{re.escape(key)}\s*=", lines[i])]
        if not named and not value:
            raise GateError(f"toml {rest}: there is no such key")
        place = slice(named[0], named[0] + 1) if named else slice(start, start)
        lines[place] = [f"{key} = {value}"] if value else []
    write(path, "\n".join(lines) + "\n")


def change_data(study, rest):
    """Change the raw file's rows, and write its new checksum into study.toml."""
    path = the_file(study, "data/raw/*.csv")
    head, *rows = csv.reader(io.StringIO(read(path)))
    verb, _, what = rest.partition(" ")
    if verb.isdigit():
        name, _, value = what.partition("=")
        rows[int(verb) - 1][head.index(name.strip())] = value.strip()
    elif verb == "drop":
        place = head.index(what)
        head, rows = ([*row[:place], *row[place + 1 :]] for row in (head, *rows)), None
        head, *rows = head
    elif verb == "add":
        name, _, code = what.partition("=")
        made = compile(code.strip(), "<data add>", "eval")
        rows = [
            [*row, str(eval(made, {"row": n} | dict(zip(head, row, strict=True))))]
            for n, row in enumerate(rows, start=1)
        ]
        head = [*head, name.strip()]
    elif verb == "repeat":
        rows = [*rows, rows[int(what) - 1]]
    elif verb == "nudge":
        rows = [*rows, [nudged(cell) for cell in rows[int(what) - 1]]]
    elif verb == "scale":
        columns = [scaled(column) for column in zip(*rows, strict=True)]
        rows = [list(row) for row in zip(*columns, strict=True)]
    elif verb == "keep":
        rows = rows[: int(what)]
    else:
        raise GateError(f"data {rest}: no such change")
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([head, *rows])
    write(path, text.getvalue())
    renew_checksum(study)


def is_number(cell):
    """Tell whether a cell of the raw file is a number."""
    return re.fullmatch(r"-?\d+(\.\d*)?(e-?\d+)?", cell) is not None


def nudged(cell):
    """Return a number that is a little larger; a text as it is."""
    return str(float(cell) * 1.00001) if is_number(cell) else cell


def scaled(column):
    """Return numbers with mean 0 and standard deviation 1; texts as they are."""
    if not all(map(is_number, column)):
        return column
    numbers = [float(cell) for cell in column]
    mean, sd = statistics.fmean(numbers), statistics.stdev(numbers)
    return [str((number - mean) / sd) for number in numbers]


def renew_checksum(study):
    """Write the checksum of the file that study.toml names into it."""
    settings = study / "study.toml"
    named = re.search(r"^file *= *[\"']([^\"']+)", read(settings), re.MULTILINE)[1]
    now = hashlib.sha256((study / named).read_bytes()).hexdigest()
    set_toml(settings, f'[data] sha256 = "{now}"')


def digit(path, pattern):
    """Change the last digit of the number that a pattern's group finds."""
    text = read(path)
    found = re.search(pattern, text, re.MULTILINE)
    if not found:
        raise GateError(f"{path.name}: nothing matches {pattern}")
    end = found.end(1)
    write(path, text[: end - 1] + str((int(text[end - 1]) + 1) % 10) + text[end:])


def change_record(path, rest):
    """Change a key of a model's record and renew its digest, as a forger would."""
    record = json.loads(read(path))
    key, _, value = rest.partition("=")
    *outer, last = key.strip().split(".")
    part = record
    for name in outer:
        part = part[int(name) if isinstance(part, list) else name]
    part[last] = json.loads(value)
    record.pop("digest", None)
    text = json.dumps(record, sort_keys=True, ensure_ascii=False)
    record["digest"] = hashlib.sha256(text.encode("utf-8")).hexdigest()
    write(path, json.dumps(record, indent=1, ensure_ascii=False) + "\n")


def forge(study, kind):
    """Make another model file, with a record that fits it."""
    path, record = study / "model" / "candidate.skops", study / "model" / "candidate.json"
    with zipfile.ZipFile(path) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    schema, how = "schema.json", zipfile.ZIP_STORED
    longest = max(entries, key=lambda n: (n.endswith(".npy"), len(entries[n])))
    if kind == "entry":
        entries["run_me.py"] = b"print(1)\n"
    elif kind == "packed":
        how = zipfile.ZIP_DEFLATED
    elif kind == "type":
        new = entries[schema].replace(b'"LogisticRegression"', b'"_logistic_regression_path"')
        entries[schema] = new
    elif kind == "function":
        new = entries[schema].replace(b'"OneHotEncoder"', b'"system"')
        entries[schema] = new.replace(b'"sklearn.preprocessing._encoders"', b'"os"')
    elif kind == "protocol":
        entries[schema] = re.sub(rb'"protocol":\d+', b'"protocol":99', entries[schema])
    elif kind == "schema":
        entries[schema] = b"{"
    elif kind == "array":
        entries[longest] = entries[longest][:-8]
    elif kind == "number":  # the last one becomes another
        entries[longest] = entries[longest][:-8] + struct.pack("<d", 1e6)
    elif kind not in ("pickle", "twice"):
        raise GateError(f"forge {kind}: no such kind")
    packed = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(packed, "w", how) as archive:
        for name, content in entries.items():
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), content, how)
        if kind == "twice":
            warnings.simplefilter("ignore")  # zipfile's own, of the name
            archive.writestr(zipfile.ZipInfo(schema, (1980, 1, 1, 0, 0, 0)), entries[schema], how)
    # a pickle that raises when it is opened
    content = b"cbuiltins\nexit\n(I7\ntR." if kind == "pickle" else packed.getvalue()
    if content == path.read_bytes():
        raise GateError(f"forge {kind}: changes nothing")
    path.write_bytes(content)
    change_record(record, f"size = {len(content)}")
    change_record(record, f'sha256 = "{hashlib.sha256(content).hexdigest()}"')


def use_model(study, name):
    """Make a function of tests/gate_models.py the candidate."""
    path = the_file(study, "src/*/models.py")
    end = f'\n\nMODELS["candidate"] = {name}\n'
    if f"def {name}(" not in read(MODELS):
        raise GateError(f"model {name}: tests/gate_models.py has no such function")
    write(path, f"{read(path)}\n\n{read(MODELS)}{end}")


def apply(study, change, env):
    """Break a study; the statements that are about the command are left to it."""
    for verb, rest in statements(change):
        name, *texts = re.split(r" ::(?: |$)", rest)
        texts = [plain(text) for text in texts]
        if verb == "toml":
            set_toml(study / "study.toml", rest)
        elif verb == "replace":
            swap(the_file(study, name), *texts)
        elif verb == "digit":
            digit(the_file(study, name), texts[0])
        elif verb == "append":
            path = the_file(study, name)
            write(path, read(path) + texts[0])
        elif verb == "write":
            write(study / name, texts[0])
        elif verb == "delete":
            the_file(study, name).unlink()
        elif verb == "copy":
            shutil.copy(the_file(study, name), study / texts[0])
        elif verb == "flip":
            path = the_file(study, name)
            content = bytearray(path.read_bytes())
            content[int(texts[0])] ^= 1
            path.write_bytes(bytes(content))
        elif verb == "checksum":
            renew_checksum(study)
        elif verb == "data":
            change_data(study, rest)
        elif verb == "code":
            swap_code(study, plain(name), *texts)
        elif verb == "model":
            use_model(study, rest)
        elif verb == "record":
            change_record(study / "model" / "candidate.json", rest)
        elif verb == "forge":
            forge(study, rest)
        elif verb == "commit":
            commit(study, env)
        elif verb == "python":
            exec(compile(rest, "<change>", "exec"), {"study": study})
        elif verb not in FOR_THE_COMMAND:
            raise GateError(f"{verb}: no such statement")


def commit(study, env):
    """Commit everything in a study's repository."""
    for command in (["add", "-A"], ["commit", "--quiet", "--no-verify", "-m", "Broken"]):
        subprocess.run(["git", *command], cwd=study, env=env, check=True, capture_output=True)


def slim(study, env):
    """Leave `check` one test, so that it takes seconds; its other parts stay."""
    for path in [*study.glob("tests/*.py")]:
        path.unlink()
    write(study / "tests" / "test_sum.py", "def test_sum():\n    assert 1 + 1 == 2\n")
    old = re.search(r"^testpaths = .*$", read(study / "pyproject.toml"), re.MULTILINE)[0]
    swap(study / "pyproject.toml", old, 'testpaths = ["tests"]')


def command_line(study, python, command):
    """Return a command as it is typed: a script of the author's, or a verb of the engine."""
    name, *arguments = shlex.split(command)
    if name in ALIASES:
        name, *more = shlex.split(ALIASES[name])
        arguments = [*more, *arguments]
    arguments = [file for one in arguments for file in as_a_shell(study, one)]
    return [str(word) for word in (python, *words_of(study, name), *arguments)]


def as_a_shell(study, argument):
    """Return the files that a pattern finds; a pattern that finds none stays as it is."""
    found = sorted(study.glob(argument)) if "*" in argument else []
    return [str(path.relative_to(study)) for path in found] or [argument]


def environment(folder):
    """Return an environment without the settings of whoever runs this, git's and cookiecutter's."""
    write(folder / "gitconfig", GIT)
    write(folder / "bin" / "tectonic", TECTONIC)
    (folder / "bin" / "tectonic").chmod(0o755)
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("GIT_", "COOKIECUTTER"))}
    for name in ("PYTHONDONTWRITEBYTECODE", "PYTHONPATH", "PYTEST_ADDOPTS"):
        kept.pop(name, None)
    return kept | {
        "GIT_CEILING_DIRECTORIES": str(folder),
        "GIT_CONFIG_GLOBAL": str(folder / "gitconfig"),
        "GIT_CONFIG_NOSYSTEM": "1",
        "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "PYTHONIOENCODING": "utf-8",
    }


class Runner:
    """Renders studies, keeps them as they are unbroken, and runs commands on copies."""

    def __init__(self, python, folder):
        self.python, self.folder = python, Path(folder)
        self.env = environment(self.folder)
        self.states, self.greens, self.seconds = {}, {}, {}

    def config(self):
        """Write settings of cookiecutter with which it writes nothing into the home folder."""
        path = self.folder / "config.yaml"
        text = f"cookiecutters_dir: '{self.folder / 't'}'\nreplay_dir: '{self.folder / 'r'}'\n"
        write(path, text)
        return path

    def render(self, answers):
        """Render a study with few fits; return its folder."""
        done = self.generate(answers, self.new_folder())
        if done.returncode != 0:
            raise GateError(f"no study can be rendered: {done.stdout}")
        path = Path(re.findall(r"^    cd (.*)$", done.stdout, re.MULTILINE)[-1].strip("'"))
        for rest in SMALL:
            set_toml(path / "study.toml", rest)
        return path

    def generate(self, answers, into):
        """Run cookiecutter as a person does."""
        command = [sys.executable, "-m", "cookiecutter", ROOT, "--no-input", "--output-dir", into]
        command += ["--config-file", self.config(), "setup_environment=no", *answers]
        return subprocess.run(
            [str(part) for part in command],
            cwd=into,
            env=self.env | {"PYTHONDONTWRITEBYTECODE": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="backslashreplace",
        )

    def new_folder(self):
        """Return a new empty folder."""
        return Path(tempfile.mkdtemp(dir=self.folder))

    def state(self, answers, steps):
        """Return an unbroken study in which some commands were run; it is made once."""
        key = (answers, steps)
        if key not in self.states:
            if not steps:
                self.states[key] = self.render(answers)
            else:
                study = self.copy(self.state(answers, steps[:-1]), repository=True)
                if steps[-1] in ("commit", "slim"):
                    {"commit": commit, "slim": slim}[steps[-1]](study, self.env)
                else:
                    code, said = self.call(study, steps[-1])
                    if code != 0:
                        raise GateError(f"unbroken, {steps[-1]} ends with {code}: {said[-500:]}")
                self.states[key] = study
        return self.states[key]

    def copy(self, study, repository=False):
        """Return a copy to break; its repository, half of the files, only where it is asked for."""
        left_out = None if repository else shutil.ignore_patterns(".git")
        into = self.new_folder() / study.name
        return Path(shutil.copytree(study, into, symlinks=True, ignore=left_out))

    def call(self, study, command, env=None, stop=None):
        """Run a command in a study; return exit code and output. `stop` is (signal, seconds)."""
        process = subprocess.Popen(
            command_line(study, self.python, command),
            cwd=study,
            env=self.env | {"PYTHONPATH": paths(study)} | (env or {}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="backslashreplace",
            start_new_session=True,
        )
        if stop:
            time.sleep(stop[1])
            if process.poll() is None:
                os.killpg(process.pid, stop[0])
        said = process.communicate(timeout=900)[0]
        code = process.returncode
        return (code if code >= 0 else 128 - code), said

    def needs(self, gate):
        """Return the answers and steps that a gate's unbroken study has."""
        words = statements(gate.change)
        given = [plain(w) for verb, rest in words if verb == "answers" for w in shlex.split(rest)]
        steps = NEEDS.get(gate.command.split()[0], ())
        return tuple(given), steps + tuple(rest for verb, rest in words if verb == "after")

    def green(self, gate):
        """Run a gate's command on the unbroken study; return what is wrong, or nothing."""
        answers, steps = self.needs(gate)
        if gate.command == "generate":
            answers = ()
        key = (answers, steps, gate.command)
        if key not in self.greens:
            start = time.perf_counter()
            if gate.command == "generate":
                done = self.generate((), self.new_folder())
                code, said = done.returncode, done.stdout
            else:
                study = self.copy(self.state(answers, steps), "commit" in steps)
                start = time.perf_counter()
                code, said = self.call(study, gate.command)
                shutil.rmtree(study.parent)
            self.seconds[key] = time.perf_counter() - start
            self.greens[key] = code, said
        code, said = self.greens[key]
        if code != 0:
            return f"unbroken: exit {code}: {last_line(said)}"
        return "unbroken: says the same" if matches(gate.message, said) else ""

    def check(self, gate):
        """Demand that a gate is green unbroken, and red as the table says when broken."""
        expected = f"{gate.exit} {gate.message}"
        try:
            wrong = self.green(gate)
            if wrong:
                return Outcome(gate.id, expected, wrong, False)
            code, said = self.broken(gate)
        except Exception as error:  # whatever a change raises, the gate was not tried
            said = f"cannot be broken: {type(error).__name__}: {error}"
            return Outcome(gate.id, expected, said, False)
        told = matches(gate.message, said)
        plain = "Traceback (most" not in said or gate.command.split()[0] in SHOWS_TRACEBACKS
        ok = str(code) == gate.exit and told and plain
        seen = f"{code} {gate.message if told else last_line(said)}"
        return Outcome(gate.id, expected, seen if plain else f"{seen} (traceback)", ok)

    def broken(self, gate):
        """Break a copy and run the gate's command; return exit code and output."""
        answers, steps = self.needs(gate)
        if gate.command == "generate":
            into = self.new_folder()
            done = self.generate(answers, into)
            left = "something was left" if any(into.iterdir()) else "nothing was left"
            return done.returncode, f"{done.stdout}\n{left}"
        study = self.copy(self.state(answers, steps), "commit" in steps)
        try:
            apply(study, gate.change, self.env)
            command, env, stop = gate.command, {}, None
            for verb, rest in statements(gate.change):
                if verb == "env":
                    env |= dict([rest.split("=", 1)])
                elif verb == "arguments":
                    command += f" {rest}"
                elif verb in SIGNALS:
                    whole = self.seconds[(answers, steps, gate.command)]
                    stop = (getattr(signal, SIGNALS[verb]), float(rest) * whole)
            before = results(study)
            code, said = self.call(study, command, env, stop)
            same = "as they were" if results(study) == before else "not as they were"
            return code, f"{said}\nresults are {same}"
        finally:
            shutil.rmtree(study.parent)


def matches(message, said):
    """Tell whether an output has a message: its very words, or what the pattern finds."""
    if message in said:
        return True
    try:
        return re.search(message, said, re.MULTILINE) is not None
    except re.error:  # words that are no pattern
        return False


def results(study):
    """Return the bytes of everything under a study's results."""
    found = sorted((study / "results").rglob("*"))
    return {str(path): path.read_bytes() for path in found if path.is_file()}


def last_line(text):
    """Return the last line that says something, shortened."""
    lines = [line for line in text.splitlines() if line.strip()] or ["(nothing)"]
    lines = [line for line in lines if "error" in line.lower()][:1] or lines[-1:]
    return lines[0].strip()[:160]


@cache
def study_python():
    """Return the Python of an environment with the study's lock: the tests' one, or a new one."""
    lock = read(STUDY / "requirements-dev.txt")
    end = "Scripts/python.exe" if os.name == "nt" else "bin/python"
    for wanted in sorted((ROOT / ".cache" / "envs").glob("*.txt")):
        folder = wanted.with_suffix("")
        if read(wanted) == lock and (folder / "complete").exists():
            return folder / end
    folder = ROOT / ".cache" / "gates" / hashlib.sha256(lock.encode("utf-8")).hexdigest()[:16]
    if not (folder / "complete").exists():
        shutil.rmtree(folder, ignore_errors=True)
        make = [sys.executable, "-m", "uv"]
        subprocess.run([*make, "venv", "--quiet", folder], check=True)
        pip = [*make, "pip", "install", "--quiet", "--require-hashes", "--only-binary", ":all:"]
        locked = ["--python", folder / end, "-r", STUDY / "requirements-dev.txt"]
        subprocess.run([str(part) for part in [*pip, *locked]], check=True)
        (folder / "complete").touch()
    return folder / end


def chosen(rows, only):
    """Return the rows of some ids or areas; all where nothing is asked for."""
    found = [row for row in rows if not only or {row.id, row.area} & set(only)]
    if not found:
        raise GateError(f"no row has the id or the area {only}")
    return found


def tell(outcomes):
    """Print outcomes as they come; return the exit code."""
    counts = {True: 0, False: 0}
    for one in outcomes:
        counts[one.ok] += 1
        print(f"{'ok' if one.ok else 'NOT OK':<7}{one.id:<28}expected {one.expected}", flush=True)
        if not one.ok:
            print(f"{'':<35}seen     {one.seen}", flush=True)
    print(f"{counts[True]} passed, {counts[False]} failed")
    return 1 if counts[False] or not counts[True] else 0


def run_gates(gates, python):
    """Check gates one after the other; yield what each said."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        runner = Runner(python, folder)
        for gate in gates:
            yield runner.check(gate)


def test_files(stems):
    """Return the names of some of the engine's test files."""
    names = [f"{stem}.py" for stem in stems.split()]
    if strangers := [name for name in names if not (ENGINE_TESTS / name).is_file()]:
        raise GateError(f"{', '.join(strangers)}: the engine has no such tests")
    return names


def copy_template(folder):
    """Copy what the engine's tests look at, as it lies in the template."""
    for part in (STUDY, ENGINE_TESTS, *(ROOT / name for name in ("docs", "templates", "tools"))):
        left_out = shutil.ignore_patterns("__pycache__")
        shutil.copytree(part, folder / part.relative_to(ROOT), symlinks=True, ignore=left_out)
    return folder


def run_tests(python, folder, stems, env):
    """Run tests of the engine in a copy until one fails; return the exit code and the output."""
    command = [python, "-m", "pytest", "-c", "pytest.ini", "-x", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [str(part) for part in [*command, *test_files(stems)]],
        cwd=folder / ENGINE_TESTS.relative_to(ROOT),
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="backslashreplace",
    )
    return done.returncode, done.stdout


def run_mutants(mutants, python):
    """Put each mutant into a copy and run its tests; yield what became of it."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        env = environment(Path(folder))
        whole, green = copy_template(Path(folder) / "whole"), {}
        for one in mutants:
            try:
                if one.test not in green:
                    green[one.test] = run_tests(python, whole, one.test, env)
                code, said = green[one.test]
                if code == 0:
                    copied = copy_template(Path(tempfile.mkdtemp(dir=folder)) / "mutant")
                    study = copied / STUDY.name
                    path = swap_code(study, plain(one.old), plain(one.new))
                    compiled(path)
                    release(study, path)
                    code, said = run_tests(python, copied, one.test, env)
                    shutil.rmtree(copied)
                    # 1 is a test that failed; 2 and more, tests that could not be run
                    seen = {0: "survived", 1: "killed"}.get(code, f"exit {code}: {last_line(said)}")
                else:
                    seen = f"unbroken, its tests fail: {last_line(said)}"
            except GateError as error:
                code, said, seen = 2, "", str(error)
            died = re.findall(r"^(?:FAILED|ERROR) \S+?::(\S+)", said, re.MULTILINE)
            yield Outcome(one.id, f"killed by {one.test} {' '.join(died)}", seen, seen == "killed")


# Calls that say what is wrong; and functions that return such texts, one or many.
SAYS = r"Error|Finding|Evidence|Difference|refused|error|exit|SystemExit|warn|_say|_found"
TELLS = r"mistake|problem|wrong|check|refus|_in_words|_words|_tells|_moved|_no_worker"


def template_of(node):
    """Return a text with {} for what is filled in; None where a node is no text."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.JoinedStr):
        parts = [one.value if isinstance(one, ast.Constant) else "{}" for one in node.values]
        return "".join(parts)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        sides = template_of(node.left), template_of(node.right)
        return None if sides == (None, None) else "".join(side or "{}" for side in sides)
    return None


def texts_in(node):
    """Return every text template in an expression, an outer one before its parts."""
    text = template_of(node)
    if text is not None:
        return [text]
    return [text for child in ast.iter_child_nodes(node) for text in texts_in(child)]


def called(node):
    """Return the name of what is called."""
    return getattr(node.func, "id", getattr(node.func, "attr", ""))


def messages_of(function, constants):
    """Return the templates of a function's errors, findings and warnings.

    `constants` are the texts that have a name in its module.
    """
    nodes = list(ast.walk(function))
    docstrings = {id(n.body[0].value) for n in nodes if _has_docstring(n)}
    calls = [n for n in nodes if isinstance(n, ast.Call)]
    said = [n for n in calls if re.search(rf"({SAYS})$", called(n)) or to_stderr(n)]
    said += [n.exc for n in nodes if isinstance(n, ast.Raise) and n.exc is not None]
    names = {n.id for one in said for n in ast.walk(one) if isinstance(n, ast.Name)}
    for node in nodes:
        values = isinstance(node, ast.Assign | ast.AugAssign)
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        targets = [one for target in targets for one in getattr(target, "elts", [target])]
        if values and any(isinstance(t, ast.Name) and t.id in names for t in targets):
            said.append(node.value)
    lists = [n for n in calls if called(n) == "append" and isinstance(n.func, ast.Attribute)]
    said += [n for n in lists if getattr(n.func.value, "id", None) in names]
    if re.search(TELLS, getattr(function, "name", "")):
        said += [n for n in nodes if isinstance(n, ast.Expr | ast.Return | ast.Yield)]
        said += [n.value for n in nodes if isinstance(n, ast.Assign | ast.AugAssign)]
    # what is printed, and says so itself
    said += [n for n in nodes if re.match(r"\s*(error|warning|note|NOT)\b", template_of(n) or "")]
    said = [one for one in said if id(getattr(one, "value", None)) not in docstrings]
    named = {n.id for one in said for n in ast.walk(one) if isinstance(n, ast.Name)}
    texts = {text for one in said for text in texts_in(one)}
    return texts | {constants[name] for name in named & set(constants)}


def to_stderr(call):
    """Tell whether a call is handed the error stream."""
    given = [*call.args, *(keyword.value for keyword in call.keywords)]
    return any(getattr(one, "attr", None) == "stderr" for one in given)


def constants_of(tree):
    """Return the texts that have a name in a module, by name."""
    assigned = [n for n in tree.body if isinstance(n, ast.Assign) and template_of(n.value)]
    return {getattr(n.targets[0], "id", ""): template_of(n.value) for n in assigned}


def _has_docstring(node):
    body = getattr(node, "body", None)
    first = body[0] if isinstance(body, list) and body else None
    return isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)


def messages(study):
    """Return all such templates of a study's code, sorted; words only, not names."""
    found = set()
    for path in code_files(study):
        # as it stands before rendering, a name of the package is the only Jinja in it
        tree = ast.parse(re.sub(r"\{\{ *cookiecutter\.\w+ *\}\}", "package", read(path)))
        kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
        constants = constants_of(tree)
        for node in [n for n in ast.walk(tree) if isinstance(n, kinds)]:
            found |= messages_of(node, constants)
    lines = {" ".join(text.split()) for text in found}
    return sorted(line for line in lines if " " in line and len(re.findall(r"[A-Za-z]+", line)) > 1)


def main():
    """Read the command and do it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="what", required=True)
    for name, words in (("run", "check the gates"), ("mutants", "check the tests")):
        one = commands.add_parser(name, help=words)
        one.add_argument("--only", nargs="+", metavar="ID", help="ids or areas; all by default")
        one.add_argument("--python", type=Path, help="Python with the study's lock installed")
    one = commands.add_parser("messages", help="write the texts of errors, findings and warnings")
    one.add_argument("--check", action="store_true", help="write nothing; say what differs")
    arguments = parser.parse_args()
    sys.dont_write_bytecode = True
    # a shell has its background jobs ignore Ctrl-C, and a command would inherit that
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if arguments.what == "messages":
        return tell_messages(messages(STUDY), arguments.check)
    path, kind, do = {
        "run": (GATES, Gate, run_gates),
        "mutants": (MUTANTS, Mutant, run_mutants),
    }[arguments.what]
    rows = chosen(read_rows(path, kind), arguments.only)
    return tell(do(rows, arguments.python or study_python()))


def tell_messages(now, check):
    """Write the messages, or say which are gone and which are new."""
    if not check:
        write(MESSAGES, "".join(f"{line}\n" for line in now))
        print(f"{len(now)} messages: {MESSAGES.name}")
        return 0
    then = read(MESSAGES).splitlines()
    differ = [f"gone: {line}" for line in then if line not in now]
    differ += [f"new:  {line}" for line in now if line not in then]
    print("\n".join(differ) if differ else f"all {len(now)} messages are as they were")
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main())
