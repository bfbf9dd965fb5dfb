"""scripts/environment.py makes the locked environment, or says why not and leaves nothing."""

import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from studies import load_file

TEMPLATE = Path(__file__).resolve().parent.parent
STUDY = TEMPLATE / "{{cookiecutter.project_slug}}"
SCRIPT = STUDY / "scripts" / "environment.py"
MODULE = STUDY / "engine" / "reproml" / "cli" / "environment.py"  # which the script starts
COMMAND = [sys.executable, "scripts/environment.py"]
RUNNING = "{}.{}".format(*sys.version_info)
VENV_PYTHON = ".venv/Scripts/python.exe" if os.name == "nt" else ".venv/bin/python"
slow = [pytest.mark.slow, pytest.mark.network]


@pytest.fixture
def script(tmp_path, monkeypatch):
    """The script as a module, at work in an empty folder."""
    module = load_file(MODULE)
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(module, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(module, "PYTHON", tmp_path / VENV_PYTHON)
    monkeypatch.setattr(sys, "argv", ["environment.py"])
    (tmp_path / ".python-version").write_text(f"{RUNNING}\n", encoding="utf-8")
    project = 'requires-python = ">=3.11,<3.15"\n'
    (tmp_path / "pyproject.toml").write_text(project, encoding="utf-8")
    return module


def installed(study, run):
    """Return {package: version} of the study's .venv, names in lower case with hyphens."""
    code = "from importlib.metadata import distributions as d\n"
    code += "for x in d(): print(x.metadata['Name'].lower().replace('_', '-'), x.version)"
    lines = run([study / VENV_PYTHON, "-c", code], cwd=study).stdout.splitlines()
    return dict(line.split() for line in lines)


def locked(study, name):
    return dict(re.findall(r"^(\S+)==(\S+)(?! ;)", (study / name).read_text("utf-8"), re.M))


@pytest.mark.parametrize(
    "installer",
    [pytest.param("uv", marks=slow), pytest.param("pip", marks=[*slow, pytest.mark.weekly])],
)
def test_it_installs_the_lock_and_the_study(bake, run, installer):
    bake = bake()
    study = bake.path
    command = [*COMMAND, "--runtime", "--installer", installer]
    first = run(command, cwd=study).stdout
    assert first.isascii()
    assert f"Making .venv with {'uv' if installer == 'uv' else 'venv and pip'}." in first
    packages = installed(study, run)
    for package, version in locked(study, "requirements.txt").items():
        if "win32" not in re.search(rf"^{package}==.*", bake.read("requirements.txt"), re.M)[0]:
            assert packages[package] == version
    assert "black" not in packages
    # Both parts of the study are there, from its own folders, wherever Python is started.
    code = f"import {bake.package}, reproml\n"
    code += f"for part in ({bake.package}, reproml): print(part.__path__[0])"
    where = run([study / VENV_PYTHON, "-c", code], cwd=study.parent).stdout.splitlines()
    assert where == [str(study / "src" / bake.package), str(study / "engine" / "reproml")]
    assert "verify" in run([study / VENV_PYTHON, "-m", "reproml"], cwd=study.parent).stdout
    # Renamed, it still finds its own: the installers' absolute paths are no longer there.
    study = study.rename(study.with_name("renamed é"))
    where = run([study / VENV_PYTHON, "-c", code], cwd=study.parent).stdout.splitlines()
    assert where == [str(study / "src" / bake.package), str(study / "engine" / "reproml")]
    study = study.rename(bake.path)
    # A second run takes the environment that is there and mends what is missing.
    shutil.rmtree(next((study / ".venv").rglob("tqdm-*.dist-info")))
    assert "Updating .venv" in run(command, cwd=study).stdout
    assert installed(study, run) == packages


@pytest.mark.network
@pytest.mark.parametrize("installer", ["uv", "pip"])
def test_a_wrong_hash_leaves_nothing_half_made(bake, run, installer):
    study = bake().path
    lock = study / "requirements.txt"
    text = lock.read_text(encoding="utf-8")
    entry = re.search(r"^tqdm==.*\n(    --hash.*\n)+", text, re.M)[0]
    wrong = f"{entry.splitlines()[0]}\n    --hash=sha256:{'0' * 64}\n"
    lock.write_text(wrong, encoding="utf-8", newline="\n")
    done = run([*COMMAND, "--runtime", "--installer", installer], cwd=study, rc=1)
    assert "run it by hand" in done.stderr
    assert "--require-hashes" in done.stderr
    assert "The half-made .venv was removed." in done.stderr
    assert not (study / ".venv").exists()


def test_an_environment_that_was_there_survives_a_failure(bake, run):
    study = bake().path
    run([sys.executable, "-m", "venv", "--without-pip", ".venv"], cwd=study)
    (study / "requirements.txt").write_text("not a requirement\n", encoding="utf-8")
    done = run([*COMMAND, "--runtime", "--installer", "uv"], cwd=study, rc=1)
    assert "run it by hand" in done.stderr
    assert (study / ".venv" / "pyvenv.cfg").is_file()


def test_a_folder_that_is_no_environment_is_refused(bake, run):
    study = bake().path
    (study / ".venv").mkdir()
    (study / ".venv" / "mine.txt").write_text("keep\n", encoding="utf-8")
    done = run(COMMAND, cwd=study, rc=1)
    assert "has no working Python" in done.stderr
    assert (study / ".venv" / "mine.txt").is_file()


def test_an_interrupt_leaves_nothing_half_made(script, monkeypatch):
    def interrupted(*given):
        script.VENV.mkdir()
        raise KeyboardInterrupt

    monkeypatch.setattr(script, "build", interrupted)
    with pytest.raises(KeyboardInterrupt):
        script.main()
    assert not script.VENV.exists()


def test_uv_is_said_to_be_missing(script, monkeypatch, capsys):
    monkeypatch.setattr(script, "find_uv", lambda outside: None)
    monkeypatch.setattr(sys, "argv", ["environment.py", "--installer", "uv"])
    assert script.main() == 1
    assert "uv was asked for" in capsys.readouterr().err


def test_a_uv_inside_of_the_environment_can_be_passed_over(script, monkeypatch):
    """Windows cannot replace a program while it runs, and the lock may hold another uv."""
    monkeypatch.setenv("PATH", "")
    here = [sys.executable, "-m", "uv"]
    assert script.find_uv() == here
    assert script.find_uv(outside=Path(sys.executable).parent.resolve()) == here
    assert script.find_uv(outside=Path(sys.executable).parent.parent.resolve()) is None


def pretend(monkeypatch, script, pythons):
    """Let only these commands start a Python, each of the version given."""

    def probe(command, modules=()):
        version = pythons.get(command[0])
        return (version, f"/path/of/{command[0]}") if version else (None, None)

    monkeypatch.setattr(script, "probe", probe)
    monkeypatch.setattr(script.sys, "executable", "this")


@pytest.mark.parametrize(
    ("wanted", "pythons", "expected", "said"),
    [
        ("3.12", {"this": "3.12"}, "this", ""),
        ("3.12", {"this": "3.11", "python3.12": "3.12"}, "python3.12", ""),
        ("3.12", {"this": "3.11", "python3.13": "3.13"}, "this", "using 3.11"),
        ("3.12", {"this": "3.15", "python3.13": "3.13"}, "python3.13", "using 3.13"),
        ("3.12", {"this": "3.15", "python3.14": "3.14"}, "python3.14", "using 3.14"),
        ("3.12", {"this": "3.9", "python3.12": "3.15", "python3.11": "3.11"}, "python3.11", "3.11"),
    ],
)
def test_the_wanted_python_comes_first(
    script, monkeypatch, capsys, wanted, pythons, expected, said
):
    pretend(monkeypatch, script, pythons)
    assert script.find_python(wanted, None) == f"/path/of/{expected}"
    output = capsys.readouterr().out
    assert said in output
    assert len(output.splitlines()) == bool(said)


SYSTEMS = {  # what it is, and what gets a Python there
    "Windows": ("nt", "win32", [], "py install 3.13"),
    "macOS": ("posix", "darwin", [], "brew install python@3.13"),
    "Debian 13": ("posix", "linux", ["python3.13-venv"], "sudo apt install python3.13-venv"),
    "Debian 12": ("posix", "linux", ["python3.11-venv"], "sudo apt install python3.11-venv"),
    "Ubuntu 26.10": ("posix", "linux", ["python3.15-venv"], "curl -LsSf https://astral.sh/uv/inst"),
    "Fedora": ("posix", "linux", [], "curl -LsSf https://astral.sh/uv/install.sh | sh"),
}


@pytest.mark.parametrize("here", ["3.15", "3.10"])
@pytest.mark.parametrize("system", SYSTEMS)
def test_a_machine_without_an_offered_python_is_told_how_to_get_one(
    script, monkeypatch, capsys, here, system
):
    name, platform, packages, line = SYSTEMS[system]
    pretend(monkeypatch, script, {"this": here, f"python{here}": here, "python3.12": "2.7"})
    (script.ROOT / ".python-version").write_text("3.13\n", encoding="utf-8")
    monkeypatch.setattr(script, "find_uv", lambda outside: None)
    monkeypatch.setattr(script, "answer", lambda command: command[-1] in packages or None)
    monkeypatch.setattr(script, "find_system", lambda: (name, platform))
    assert script.main() == 1
    said = capsys.readouterr().err
    assert "No Python 3.14, 3.13, 3.12, 3.11 that can make an environment was found; " in said
    assert f"this is Python {here}.\n" in said
    assert f"\n  {line}" in said
    assert not script.VENV.exists()


def test_pythons_that_cannot_be_read_are_said(script, capsys):
    (script.ROOT / "pyproject.toml").write_text('requires-python = ">3"\n', encoding="utf-8")
    assert script.main() == 1
    assert 'write them as in\n  requires-python = ">=3.11,<3.15"' in capsys.readouterr().err


def test_where_there_is_uv_it_fetches_a_python(script, monkeypatch):
    pretend(monkeypatch, script, {"this": "3.15"})
    monkeypatch.setattr(script, "answer", lambda command: None)
    assert script.find_python("3.12", ["uv"]) == "3.12"


@pytest.mark.skipif(os.name == "nt", reason="a shell script stands for the broken Python")
def test_a_name_without_a_python_behind_it_is_passed_over(script, monkeypatch, tmp_path, capsys):
    other = "3.13" if RUNNING != "3.13" else "3.12"
    shim = tmp_path / f"python{other}"
    shim.write_text("#!/bin/sh\necho 'no such version' >&2\nexit 127\n", encoding="utf-8")
    shim.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert subprocess.run([shim.name], capture_output=True).returncode == 127
    assert script.find_python(other, None) == sys.executable
    assert (
        f"Python {other} (.python-version) is not here; using {RUNNING}." in capsys.readouterr().out
    )


def test_probe_tells_version_and_missing_modules(script):
    assert script.probe([sys.executable]) == [RUNNING, sys.executable]
    assert script.probe([sys.executable], ("venv", "no_such_module")) == (None, None)
    assert script.probe(["no-such-python"]) == (None, None)


def test_wheels_say_which_python_they_are_for(script, tmp_path):
    with pytest.raises(script.CommandError, match="there are no wheels in this folder"):
        script.python_of(tmp_path)
    for name in ("a-1-py3-none-any", "b-1-cp312-cp312-manylinux_2_28_x86_64", "c-1-cp39-abi3-any"):
        (tmp_path / f"{name}.whl").touch()
    assert script.python_of(tmp_path) == "3.12"
    (tmp_path / "d-1-cp311-cp311-win_amd64.whl").touch()
    with pytest.raises(script.CommandError, match="are for no one Python"):
        script.python_of(tmp_path)


def test_an_environment_of_another_python_is_not_given_these_wheels(script, tmp_path, monkeypatch):
    (tmp_path / "b-1-cp39-cp39-any.whl").touch()
    script.VENV.mkdir()
    monkeypatch.setattr(script, "probe", lambda python, modules=(): [RUNNING, "python"])
    with pytest.raises(script.CommandError, match=rf"Python {RUNNING}, the wheels are for 3\.9"):
        script.build("requirements.txt", None, tmp_path)
    script.VENV.rmdir()
    monkeypatch.setattr(script, "find_python", lambda wanted, uv: "python")
    with pytest.raises(script.CommandError, match=r"for Python 3\.9; install that one"):
        script.build("requirements.txt", None, tmp_path)


@pytest.mark.network
def test_a_wheel_of_the_study_holds_both_parts(bake, study_env, run):
    """Built without a network, by the build back end that the lock holds."""
    study = bake().path
    run([study_env, "-m", "hatchling", "build", "--target", "wheel"], cwd=study)
    (wheel,) = (study / "dist").glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {"my_study/models.py", "reproml/config/study.py", "reproml/cli/verify.py"} <= names
    assert {name.partition("/")[0] for name in names} - {"my_study-0.1.0.dist-info"} == {
        "my_study",
        "reproml",
    }


@pytest.mark.parametrize("order", [("engine", "src"), ("src", "engine")])
def test_the_environment_finds_the_study_by_the_way_from_there(script, run, order):
    """Whatever order the installer writes; a file of another package stays as it is."""
    run([sys.executable, "-m", "venv", "--without-pip", script.VENV], cwd=script.ROOT)
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    site = Path(run([script.PYTHON, "-c", code], cwd=script.ROOT).stdout.strip())
    with pytest.raises(script.CommandError, match="no file that names src and engine"):
        script.relocate()
    (site / "_other.pth").write_text("import os\n", encoding="utf-8")
    lines = "\n".join(str(script.ROOT / name) for name in order)
    (site / "_my_study.pth").write_text(lines, encoding="utf-8")
    for _ in range(2):  # again: the installer may find that there is nothing to do
        script.relocate()
        said = (site / "_my_study.pth").read_text(encoding="ascii").splitlines()
        assert [(site / line).resolve() for line in said] == [
            script.ROOT / "engine",
            script.ROOT / "src",
        ]
        assert not any(Path(line).is_absolute() for line in said)
    assert (site / "_other.pth").read_text(encoding="utf-8") == "import os\n"


def test_help(run):
    done = run([sys.executable, SCRIPT, "--help"], cwd=TEMPLATE)
    assert "--runtime" in done.stdout
    assert done.stdout.isascii()


@pytest.mark.parametrize("kept", [True, False])
def test_libraries_are_compiled_here_where_python_keeps_nothing(script, monkeypatch, kept):
    commands = []
    monkeypatch.setattr(script, "run", commands.append)
    monkeypatch.setattr(script, "find_python", lambda wanted, uv: sys.executable)
    monkeypatch.setattr(sys, "dont_write_bytecode", not kept)
    monkeypatch.setattr(script, "relocate", lambda: None)
    script.build(["requirements.txt"], ["uv"])
    locked = next(command for command in commands if "--require-hashes" in command)
    assert ("--compile-bytecode" in locked) == (not kept)


def test_an_extra_is_installed_with_its_lock(script, monkeypatch):
    asked = []
    (script.ROOT / "requirements-dask.txt").write_text("", encoding="utf-8")
    monkeypatch.setattr(script, "build", lambda locks, *rest: asked.append(locks))
    monkeypatch.setattr(sys, "argv", ["environment.py", "--extra", "dask", "--runtime"])
    assert script.main() == 0
    assert asked == [["requirements.txt", "requirements-dask.txt"]]


def test_an_extra_that_is_not_there_is_said(script, monkeypatch, capsys):
    (script.ROOT / "requirements-dask.txt").write_text("", encoding="utf-8")
    monkeypatch.setattr(sys, "argv", ["environment.py", "--extra", "desk"])
    assert script.main() == 1
    expected = "There is no requirements-desk.txt here; there is requirements-dask.txt."
    assert expected in capsys.readouterr().err
    assert not script.VENV.exists()
