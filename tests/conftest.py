"""What the template's tests share: baked studies, one environment to run them in, and commands.

`bake(**answers)` generates a study with the given answers, `small_study` is one with few fits that
was reproduced, `in_study(path, "verify")` runs a script or a verb of a study, `study_env` is the
Python of an environment made from the study's lock, and `run([...], cwd=...)` runs any command.
"""

import hashlib
import json
import os
import platform
import re
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest
from cookiecutter.main import cookiecutter
from interpreters import debian_python, find_python
from studies import command, load_file, paths
from uv import find_uv_bin
from xdist.scheduler import LoadScopeScheduling

TEMPLATE = Path(__file__).resolve().parent.parent
STUDY = TEMPLATE / "{{cookiecutter.project_slug}}"
collect_ignore = ["engine"]  # needs the study's libraries; test_engine.py runs it with these


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--renew-files",
        action="store_true",
        help="write tests/default_files.txt anew from what is generated now; read its diff",
    )
    parser.addoption(
        "--weekly",
        action="store_true",
        help="run the tests marked weekly, too: more examples of what the others show",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is marked weekly, unless it is asked for."""
    if not config.getoption("--weekly"):
        later = [item for item in items if item.get_closest_marker("weekly")]
        items[:] = [item for item in items if item not in later]
        config.hook.pytest_deselected(items=later)


class WholeFiles(LoadScopeScheduling):
    """Keep the tests of a file that names a group in one worker, where they share what it made.

    xdist's own `--dist loadgroup` does this by names that pytest 9.2 no longer lets it change.
    """

    def _split_scope(self, nodeid: str) -> str:
        name = nodeid.partition("::")[0]
        return name if "xdist_group(" in _text_of(TEMPLATE / name) else nodeid


@cache
def _text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> WholeFiles:
    return WholeFiles(config, log)


@dataclass(frozen=True)
class Bake:
    """A generated study: its folder, its package's name and the answers that were not defaults."""

    path: Path
    answers: dict[str, str]

    @property
    def package(self) -> str:
        return self.path.name.replace("-", "_")

    def read(self, name: str) -> str:
        """Text of one file, its line ends untouched."""
        return (self.path / name).read_bytes().decode("utf-8")

    def files(self) -> list[str]:
        """Every generated file as a sorted relative path, without what tools add to them."""
        skipped = {".git", ".venv", "__pycache__", ".pytest_cache", ".ruff_cache"}
        found = (p.relative_to(self.path) for p in self.path.rglob("*") if p.is_file())
        return sorted(p.as_posix() for p in found if not skipped & set(p.parts))

    def bytes(self) -> dict[str, bytes]:
        """Content of every generated file by its path."""
        return {name: (self.path / name).read_bytes() for name in self.files()}


def _run(
    args: Sequence[object],
    cwd: Path | str,
    *,
    env: Mapping[str, str | None] | None = None,
    rc: int | None = 0,
    timeout: float = 600,
    stdin: str = "",
) -> subprocess.CompletedProcess[str]:
    args = [str(a) for a in args]
    full = dict(os.environ)
    for key, value in (env or {}).items():
        full.pop(key, None)
        if value is not None:
            full[key] = value
    done = subprocess.run(
        args,
        cwd=cwd,
        env=full,
        input=stdin,
        capture_output=True,
        encoding="utf-8",
        errors="backslashreplace",
        timeout=timeout,
    )
    if rc is not None and done.returncode != rc:
        pytest.fail(
            f"{shlex.join(args)}\nin {cwd} gave {done.returncode}, expected {rc}\n"
            f"--- stdout\n{done.stdout}\n--- stderr\n{done.stderr}",
            pytrace=False,
        )
    return done


@pytest.fixture(scope="session")
def run():
    """Run a command: run(args, cwd, env=, rc=0, timeout=600, stdin=""), give what it printed.

    `env` is laid over the present environment (None takes a name out). A return code other than
    `rc` fails the test and shows all output; rc=None accepts any.
    """
    return _run


@pytest.fixture(scope="session")
def template() -> Path:
    """Root of this repository."""
    return TEMPLATE


@pytest.fixture(scope="session")
def pre_gen() -> ModuleType:
    """The functions of the hook that judges answers; the answers in it are not filled in."""
    return load_file(TEMPLATE / "hooks/pre_gen_project.py")


@pytest.fixture(scope="session", autouse=True)
def _isolated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the settings of whoever runs the tests, git's and cookiecutter's, out of them."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as under nohup; children inherit it
        signal.signal(signal.SIGINT, signal.default_int_handler)
    home = tmp_path_factory.mktemp("settings")
    gitconfig = home / "gitconfig"
    gitconfig.write_text(
        "[user]\nname = Test Author\nemail = test@example.org\n[init]\ndefaultBranch = trunk\n",
        encoding="utf-8",
    )
    with pytest.MonkeyPatch.context() as patch:
        for name in [n for n in os.environ if n.startswith(("GIT_", "COOKIECUTTER"))]:
            patch.delenv(name)
        # A machine that keeps no compiled modules would spend most of each process on compiling.
        patch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
        # But none beside the template's files: studies are rendered from there, and would get them.
        patch.setattr(sys, "dont_write_bytecode", True)
        patch.delenv("PYTEST_ADDOPTS", raising=False)
        patch.setenv("GIT_CONFIG_GLOBAL", str(gitconfig))
        patch.setenv("GIT_CONFIG_NOSYSTEM", "1")
        yield


@pytest.fixture(scope="session")
def cookiecutter_config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Settings file of cookiecutter with which it writes nothing into the home folder."""
    folder = tmp_path_factory.mktemp("cookiecutter")
    path = folder / "config.yaml"
    path.write_text(
        f"cookiecutters_dir: '{folder / 'templates'}'\nreplay_dir: '{folder / 'replay'}'\n",
        encoding="utf-8",
    )
    return path


@pytest.fixture(scope="session")
def bake(tmp_path_factory: pytest.TempPathFactory, cookiecutter_config: Path):
    """Generate a study: bake(task="regression") and so on. Each call makes a fresh folder.

    Answers that were given before are not generated again, unless `anew` asks for it: the study of
    the first time is copied.
    """
    made: dict[tuple, Path] = {}

    def make(*, anew: bool = False, **answers: str) -> Bake:
        key = tuple(sorted(answers.items()))
        if anew or key not in made:
            path = cookiecutter(
                str(TEMPLATE),
                no_input=True,
                extra_context={"setup_environment": "no", **answers},
                output_dir=str(tmp_path_factory.mktemp("generated")),
                config_file=str(cookiecutter_config),
            )
            made[key] = Path(path)
        folder = tmp_path_factory.mktemp("bake") / made[key].name
        shutil.copytree(made[key], folder)
        return Bake(folder, answers)

    return make


@pytest.fixture
def command_line(tmp_path: Path, cookiecutter_config: Path):
    """Give the command that generates into tmp_path/out: command_line("task=regression")."""

    def make(*options: str, out: Path = tmp_path / "out", python: object = sys.executable) -> list:
        out.mkdir(parents=True, exist_ok=True)
        if not any(option.startswith("setup_environment=") for option in options):
            options += ("setup_environment=no",)
        command = [python, "-m", "cookiecutter", TEMPLATE, "--output-dir", out]
        return [*command, "--config-file", cookiecutter_config, "--no-input", *options]

    return make


@pytest.fixture
def generate(tmp_path: Path, command_line):
    """Run cookiecutter as a person does: generate("task=regression", env={...})."""

    def make(*options: str, out: Path = tmp_path / "out", **how) -> subprocess.CompletedProcess:
        return _run(command_line(*options, out=out), cwd=tmp_path, **how)

    return make


@pytest.fixture(scope="session")
def default_bake(bake) -> Bake:
    """The study of the default answers; shared by all tests, so to be read and not changed."""
    return bake()


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold a lock that the system lets go of when this process ends, however it ends."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+b") as handle:
        if os.name == "nt":
            import msvcrt

            handle.seek(0)
            msvcrt.locking(handle.fileno(), msvcrt.LK_LOCK, 1)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _make_environment(
    folder: Path, python: Path, install: list[object], interpreter: list[object]
) -> None:
    *inside, name = interpreter
    uv = [*inside, find_uv_bin()]  # the program itself: in another root there is no Python of ours
    _run([*uv, "venv", "--quiet", "--python", name, folder], cwd=TEMPLATE)
    pip = [*uv, "pip", "install", "--quiet", "--python", python, "--only-binary", ":all:"]
    _run([*pip, *install], cwd=TEMPLATE, timeout=1800)


@pytest.fixture(scope="session")
def environment():
    """Make an environment from requirements and keep it for later runs; give its Python.

    environment(text, "--require-hashes"); `constraints` bounds versions without installing them,
    `interpreter` holds the words that start the Python to make it of.
    """

    def make(
        requirements: str,
        *options: str,
        constraints: str = "",
        interpreter: Sequence[object] = (sys.executable,),
    ) -> Path:
        asked = [*interpreter, "-c", "import sys; print(sys.implementation.name, sys.version)"]
        version = f"{_run(asked, TEMPLATE).stdout} {platform.platform()}"
        made_of = "\0".join([requirements, constraints, *options, version])
        key = hashlib.sha256(made_of.encode("utf-8")).hexdigest()[:16]
        folder = TEMPLATE / ".cache" / "envs" / key
        python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
        wanted, bounds = folder.with_suffix(".txt"), folder.with_suffix(".bounds")
        done = folder / "complete"  # written last: without it the folder is half-made
        with _locked(folder.with_suffix(".lock")):
            if not done.exists():
                shutil.rmtree(folder, ignore_errors=True)
                wanted.write_text(requirements, encoding="utf-8")
                bounds.write_text(constraints, encoding="utf-8")
                _make_environment(
                    folder, python, [*options, "-r", wanted, "-c", bounds], interpreter
                )
                done.write_text("", encoding="utf-8")
        return python

    return make


@pytest.fixture(scope="session")
def offered_python():
    """Give the words that start a Python: offered_python("3.13"), or skip where none can be had."""

    def find(version: str) -> list[object]:
        here = find_python(version)
        if here:
            return [here]
        with _locked(TEMPLATE / ".cache" / f"python-{version}.lock"):
            words, why = debian_python(version)
        if words is None:
            pytest.skip(why)
        return words

    return find


@pytest.fixture(scope="session")
def weekly(request: pytest.FixtureRequest) -> bool:
    """Say whether there is time for more rounds of the same."""
    return request.config.getoption("--weekly")


@pytest.fixture(scope="session")
def study_env(environment) -> Path:
    """Python of an environment with exactly the study's locked packages.

    The study itself is not in it: several studies share it, so run them with
    env={"PYTHONPATH": paths(study.path)}, of tools/studies.py.
    """
    lock = (STUDY / "requirements-dev.txt").read_text(encoding="utf-8")
    return environment(lock, "--require-hashes")


@pytest.fixture(scope="session")
def in_study(study_env: Path):
    """Run a script of a study, or a verb of its engine: in_study(path, "verify", "--json", rc=1).

    What else is named is set in the environment: in_study(path, "share", PYTHONHASHSEED="1").
    """

    def call(study: Path, name: str, *arguments: object, rc: int | None = 0, **env: str | None):
        given = {"PYTHONPATH": paths(study), "PYTHONIOENCODING": "utf-8"} | env
        words = [study_env, *command(study, name), *arguments]
        return _run(words, study, env=given, rc=rc, timeout=1800)

    return call


@pytest.fixture(scope="session")
def engine_process(study_env: Path):
    """Run code with the engine in a process that stays, to ask it much.

    with engine_process(CODE, folder) as ask: ask(question) gives the code a line of JSON and
    returns the line that it prints; the folder is its argument.
    """

    @contextmanager
    def start(code: str, folder: Path) -> Iterator[Callable[[object], object]]:
        env = {"PYTHONPATH": str(STUDY / "engine"), "PYTHONIOENCODING": "utf-8"}
        how = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "encoding": "utf-8", "env": env}
        with subprocess.Popen([study_env, "-B", "-c", code, folder], **how) as process:

            def ask(question: object) -> object:
                process.stdin.write(json.dumps(question) + "\n")
                process.stdin.flush()
                return json.loads(process.stdout.readline())

            yield ask
            process.stdin.close()

    return start


FEWER_FITS = (  # the same code, in seconds; one process, for others are not started in that time
    (r"(?m)^folds = 5\b", "folds = 2"),
    (r"(?m)^repeats = 6\b", "repeats = 1"),
    (r"(?m)^workers = -1\b", "workers = 1"),
)


@pytest.fixture(scope="session")
def small_study(bake, in_study, tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """The default study with few fits, reproduced but not committed; to be copied, not changed."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "small" / "study"
    with _locked(folder.with_suffix(".lock")):  # whichever worker is first makes it for all
        if not folder.exists():
            study = bake(orcid="0000-0002-1825-0097").path
            text = (study / "study.toml").read_text(encoding="utf-8")
            for old, new in FEWER_FITS:
                text, count = re.subn(old, new, text)
                assert count == 1, old
            (study / "study.toml").write_text(text, encoding="utf-8", newline="\n")
            in_study(study, "reproduce")
            study.rename(folder)
    return folder
