"""Set a new study up: environment, git, first commit, pre-commit.

Cookiecutter deletes the whole study when this file fails, so it never does: whatever cannot be done
is said, with the command to run by hand. Cookiecutter fills the answers in and runs the result from
a temporary file with its own Python, so this is one file that needs the standard library only.
"""

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

WANTS_ENVIRONMENT = "{{ cookiecutter.setup_environment }}" == "yes"
# cookiecutter says where it writes to, cruft does not.
BY_CRUFT = "{{ '_output_dir' in cookiecutter }}" == "False"

STUDY = Path.cwd().resolve()
MARK = STUDY / "THIS-STUDY-IS-NOT-WHOLE.txt"  # left by the hook that ran before the files
WINDOWS = os.name == "nt"
PYTHON = str(Path(".venv", *(("Scripts", "python.exe") if WINDOWS else ("bin", "python"))))
MESSAGE = "Start from the repro-ml template"
BY_HAND = {  # what to run where a step was not done
    "environment": ["python scripts/environment.py"],
    "git repository": ["git init", "git symbolic-ref HEAD refs/heads/main"],
    "first commit": ["git add -A", f'git commit -m "{MESSAGE}"'],
    "pre-commit hook": [f"{PYTHON} -m pre_commit install"],
}
# Git's own variables can point it to another repository: GIT_DIR makes `git init` work elsewhere.
# These stay, they say who commits and which settings hold.
KEPT = ("GIT_AUTHOR_", "GIT_COMMITTER_", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_NOSYSTEM")
KEPT += ("GIT_CONFIG_SYSTEM", "GIT_EXEC_PATH", "GIT_SSL_")
ENVIRONMENT = {
    k: v for k, v in os.environ.items() if not k.startswith("GIT_") or k.startswith(KEPT)
}


class CannotError(Exception):
    """A step could not be done: why, and what to run by hand where it is not the usual."""

    def __init__(self, why, by_hand=None):
        super().__init__(why)
        self.by_hand = by_hand


def say(text, stream=None):
    """Print on a console of any encoding, or none: a failing print would delete the study."""
    stream = stream or sys.stdout
    encoding = getattr(stream, "encoding", None) or "ascii"
    try:
        print(text.encode(encoding, "backslashreplace").decode(encoding), file=stream, flush=True)
    except OSError:  # whoever read this has gone (`cookiecutter ... | head`): print to nobody
        sys.stdout = sys.stderr = None


def call(*command, seconds=120):
    """Run a command without showing it; give whether it worked and what it printed."""
    try:
        done = subprocess.run(
            command,
            env=ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=seconds,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return False, str(error)
    return done.returncode == 0, done.stdout.decode("utf-8", "replace").strip()


def need(*command):
    """Run a command that has to work; the line in which it says why not is the reason given."""
    worked, output = call(*command)
    if not worked:
        lines = output.splitlines() or ["no reason given"]
        wrong = [line for line in lines if line.startswith(("fatal:", "error:"))]
        raise CannotError((wrong + lines[-1:])[0][:150])


def is_update():
    """Say whether this run renews a study: its history and environment are its author's.

    cruft renders both versions in folders of their own, in one that tempfile named, and compares
    the results; anything that a hook makes there would end up in the study.
    """
    if (STUDY / ".git").exists():
        return True
    parent = STUDY.parent
    temporary = Path(tempfile.gettempdir()).resolve()
    unnamed = parent.parent == temporary and parent.name.startswith(tempfile.gettempprefix())
    return BY_CRUFT and unnamed and list(parent.iterdir()) == [STUDY]


def take_mark():
    """Take the mark of an unfinished study away; say whether its folder held files before."""
    held = False
    try:
        held = "held other files" in MARK.read_text(encoding="ascii")
        MARK.unlink()
    except FileNotFoundError:
        pass
    except (OSError, ValueError) as error:
        say(f"Remove {MARK.name} by hand, the study is whole: {error}")
    return held


def settle_engine():
    """Let engine/ be the same bytes in every study: it is copied and not rendered.

    What Python compiled in a copy of the template goes, and so do line ends of Windows.
    """
    for folder in list((STUDY / "engine").rglob("__pycache__")):
        shutil.rmtree(folder, ignore_errors=True)
    for path in (STUDY / "engine").rglob("*"):
        if path.is_file() and b"\r\n" in path.read_bytes():
            path.write_bytes(path.read_bytes().replace(b"\r\n", b"\n"))


def make_environment():
    """Let the study's own script make .venv; it uses uv where there is one."""
    say("Making the environment .venv from the lock (about a minute) ...")
    script = str(Path("scripts", "environment.py"))
    process = subprocess.Popen([sys.executable, script], env=ENVIRONMENT, stdin=subprocess.DEVNULL)
    try:
        code = process.wait()
    except KeyboardInterrupt:  # the script was interrupted too: let it remove its half-made .venv
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
        raise
    if code != 0:
        raise CannotError("its reason is above")


def make_repository():
    """Make the repository, unless there is no git or the study is inside another one."""
    if not call("git", "--version")[0]:
        raise CannotError("git was not found, or does not start")
    for folder in STUDY.parents:
        marker = folder / ".git"
        if marker.is_file() or (marker / "HEAD").is_file():
            raise CannotError(f"inside another repository, {folder}; for its own")
    say("Making the git repository ...")
    need("git", "init", "--quiet")
    need("git", "symbolic-ref", "HEAD", "refs/heads/main")  # `init -b` needs git 2.28


def commit(held):
    """Commit all files as they were generated."""
    if held:
        raise CannotError("the folder held files before; look first at what you commit")
    # A person's own list of ignored files (*.csv, results) must not keep parts of the study out.
    need("git", "-c", f"core.excludesFile={os.devnull}", "add", "-A")
    named = ("-c", "user.useConfigOnly=true")  # else git makes a name up from the machine's
    for role in ("GIT_AUTHOR_IDENT", "GIT_COMMITTER_IDENT"):
        if not call("git", *named, "var", role)[0]:
            name = 'git config --global user.name "Your Name"'
            email = "git config --global user.email you@example.org"
            raise CannotError(
                "git does not know who you are", [name, email, BY_HAND["first commit"][-1]]
            )
    # Hooks of one's own and signing can ask questions or fail, and nobody is there to answer.
    unsigned = ("-c", "commit.gpgSign=false")
    need("git", *named, *unsigned, "commit", "--quiet", "--no-verify", "--message", MESSAGE)
    if call("git", "config", "--bool", "commit.gpgSign")[1] == "true":
        raise CannotError("made, but not signed", ["git commit --amend --no-edit --gpg-sign"])


def install_pre_commit():
    """Install the hook with the study's own pre-commit, cookiecutter's or any other."""
    if call("git", "config", "core.hooksPath")[1]:
        raise CannotError(
            "your git takes its hooks from elsewhere (core.hooksPath); before each commit run",
            [f"{PYTHON} -m pre_commit run --all-files"],
        )
    found = shutil.which("pre-commit")
    for command in ([PYTHON, "-m", "pre_commit"], [sys.executable, "-m", "pre_commit"], [found]):
        if command[0] and call(*command, "--version")[0]:
            say("Installing the pre-commit hook ...")
            need(*command, "install")
            return
    raise CannotError("pre-commit was not found; once there is an environment")


def take_steps(held):
    """Take the steps in order; give the names of those done, and (name, why, by hand) of others."""
    steps = [
        ("git repository", make_repository),
        ("first commit", lambda: commit(held)),
        ("pre-commit hook", install_pre_commit),
    ]
    if WANTS_ENVIRONMENT:
        steps.insert(0, ("environment", make_environment))
    done, undone = [], []
    for position, (name, step) in enumerate(steps):
        rest = [later for later, _ in steps[position:]]
        try:
            step()
        except KeyboardInterrupt:
            undone.append((", ".join(rest), "interrupted", commands(rest)))
            break
        except CannotError as cannot:
            if name == "git repository":  # the rest needs it
                undone.append((name, str(cannot), commands(rest)))
                break
            undone.append((name, str(cannot), cannot.by_hand or commands([name])))
        except Exception as error:
            undone.append((name, f"{type(error).__name__}: {error}", commands([name])))
        else:
            done.append(name)
    if BY_CRUFT and "first commit" in done:
        by_hand = ["git add .cruft.json", 'git commit -m "Keep what cruft needs for updates"']
        undone.append((".cruft.json", "cruft writes it after the first commit", by_hand))
    return done, undone


def commands(names):
    """Give what to run by hand for the named steps."""
    return [command for name in names for command in BY_HAND[name]]


def closing_words(done, undone):
    """Give what exists, what to do next and what is left to do, on one screen."""
    folder = f'"{STUDY}"' if WINDOWS else shlex.quote(str(STUDY))
    lines = [
        "",
        f"Your study is in {STUDY.name}.",
        f"    made: {', '.join(['files', *done])}",
        "    data/raw/     put your own data here, and name it in study.toml",
        "    study.toml    the only configuration; README.md says what is where",
        "    src/          your models and metrics; scripts/ and tests/ are yours, too",
        "    engine/       the same in every study; do not edit it: updates replace it",
        "Next:",
        f"    cd {folder}",
    ]
    if "environment" in done:
        activate = r".venv\Scripts\activate" if WINDOWS else "source .venv/bin/activate"
        lines += [
            f"    {activate}",
            "    python scripts/verify.py    # every number of the example comes out again",
        ]
    else:
        lines += [f"    {BY_HAND['environment'][0]}", f"    {PYTHON} scripts/verify.py"]
    if undone:
        lines.append("Not done:")
    for name, why, by_hand in undone:
        lines += [f"  {name}: {why}", *(f"    {command}" for command in by_hand)]
    return lines


def main():
    """Set the study up, or leave it alone where it only gets an update."""
    held = take_mark()
    try:
        settle_engine()
    except OSError as error:
        say(f"engine/ may not be as it was released: {error}")
    if is_update():
        say("An update: git, hooks and environment stay as they are.", sys.stderr)
        return
    say("\n".join(closing_words(*take_steps(held))))


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        left = [step for step in BY_HAND if WANTS_ENVIRONMENT or step != "environment"]
        say("\n".join(closing_words([], [(", ".join(left), "interrupted", commands(left))])))
