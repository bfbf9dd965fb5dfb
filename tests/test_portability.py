"""Scripts run on every system: from any folder, without make or a shell, on the same bytes.

That paths are legal and short, and line ends fixed as generated, is tested in test_render.py.
"""

import ast
import re
import shutil
from pathlib import Path

import pytest
from studies import paths

TEMPLATE = Path(__file__).resolve().parent.parent
SHELLS = {"sh", "bash", "zsh", "cmd", "cmd.exe", "powershell", "make", "env"}
BY_SHELL = {"os.system", "os.popen", "subprocess.getoutput", "subprocess.getstatusoutput"}


def mistakes(code):
    """Give what would need a shell, or would read text in whatever encoding the system has."""
    found = []
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.List | ast.Tuple) and node.elts:
            first = node.elts[0]
            if isinstance(first, ast.Constant) and first.value in SHELLS:
                found.append(f"line {node.lineno}: starts {first.value}")
        if not isinstance(node, ast.Call):
            continue
        named = {keyword.arg for keyword in node.keywords}
        if "shell" in named:
            found.append(f"line {node.lineno}: shell=")
        if not isinstance(node.func, ast.Attribute):
            continue
        name = node.func.attr
        if ast.unparse(node.func) in BY_SHELL:
            found.append(f"line {node.lineno}: {name}()")
        binary = any(isinstance(a, ast.Constant) and "b" in str(a.value) for a in node.args[:1])
        binary |= "fileobj" in named  # of a tarfile
        reads = name in {"read_text", "write_text", "open"} and not (name == "open" and binary)
        positional = name != "open" and len(node.args) == 1 + (name == "write_text")
        if reads and "encoding" not in named and not positional:
            found.append(f"line {node.lineno}: {name}() without encoding")
        if name in {"run", "Popen"} and named & {"text", "universal_newlines"}:
            found.append(f"line {node.lineno}: {name}() with the system's encoding")
    return found


def test_nothing_needs_a_shell(default_bake):
    study = default_bake.path
    paths = [*study.glob("scripts/*.py"), *study.glob("src/*/*.py"), *study.glob("engine/**/*.py")]
    paths += [*TEMPLATE.glob("hooks/*.py"), *TEMPLATE.glob("tools/*.py")]
    assert len(paths) > 40
    found = {path.name: mistakes(path.read_text(encoding="utf-8")) for path in paths}
    assert {name: wrong for name, wrong in found.items() if wrong} == {}


@pytest.mark.parametrize(
    "code",
    [
        "subprocess.run(command, shell=True)",
        "os.system('ls')",
        "run(['bash', '-c', x])",
        "call = ('make', 'check')",
        "path.read_text()",
        "path.write_text(text)",
        "path.open('w')",
        "subprocess.run(command, text=True)",
    ],
)
def test_what_would_not_run_elsewhere_is_seen(code):
    assert len(mistakes(code)) == 1


@pytest.mark.parametrize(
    "code", ["path.open('rb')", "path.read_text('utf-8')", "subprocess.run(['git', 'init'])"]
)
def test_what_runs_everywhere_is_left_alone(code):
    assert mistakes(code) == []


@pytest.mark.network
@pytest.mark.slow
def test_every_script_explains_itself_from_any_folder(default_bake, study_env, run, tmp_path):
    """In a folder with blanks and accents, too; nothing is written by asking."""
    study = tmp_path / "Meine Läufe" / default_bake.path.name
    shutil.copytree(default_bake.path, study, ignore=shutil.ignore_patterns(".git"))
    before = sorted(study.rglob("*"))
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    env = {"PYTHONPATH": paths(study), "PYTHONDONTWRITEBYTECODE": "1"}
    listed = run([study_env, "-m", "reproml"], cwd=elsewhere, env=env).stdout
    verbs = [["-m", "reproml", verb] for verb in re.findall(r"^  (\w+) ", listed, re.MULTILINE)]
    scripts = [[path] for path in sorted(study.glob("scripts/*.py"))]
    assert len(scripts) >= 7
    assert len(verbs) >= 12
    for words in [*scripts, *verbs]:
        done = run([study_env, *words, "--help"], cwd=elsewhere, env=env)
        name = Path(words[0]).name if len(words) == 1 else " ".join(["python", *words])
        assert done.stdout.startswith(f"usage: {name}"), words
        assert done.stdout.isascii(), words
        assert len(done.stdout.splitlines()) >= 5, words
    assert list(elsewhere.iterdir()) == []
    assert sorted(study.rglob("*")) == before


@pytest.mark.parametrize("kept", [True, False])
def test_a_clone_on_windows_has_the_same_bytes(bake, run, tmp_path, kept):
    """Git for Windows turns line ends by default; .gitattributes forbids it, raw data included."""
    study = bake()
    if not kept:
        run(["git", "rm", "--quiet", ".gitattributes"], cwd=study.path)
        run(["git", "commit", "--quiet", "--message", "Drop it"], cwd=study.path)
    expected = study.bytes()
    clone = ["git", "clone", "--quiet", "-c", "core.autocrlf=true", "-c", "core.eol=crlf"]
    run([*clone, study.path, tmp_path / "clone"], cwd=tmp_path)
    changed = [
        name for name in expected if (tmp_path / "clone" / name).read_bytes() != expected[name]
    ]
    assert changed == [] if kept else len(changed) > 50


def test_make_is_a_convenience_alone(default_bake):
    """Each target is one line that a person can type where there is no make."""
    lines = default_bake.read("Makefile").splitlines()
    recipes = [line.strip() for line in lines if line.startswith("\t")]
    assert len(recipes) >= 8
    allowed = ("$(PYTHON) ", "python3 scripts/", "@sed -n ")  # the last prints the list of targets
    assert [line for line in recipes if not line.startswith(allowed)] == []
