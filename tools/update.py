"""Bring a study of the first edition to this one: `.venv/bin/python tools/update.py STUDY`.

The engine is replaced whole; what the author changed stays. The study is compared with what the
template made at the time and with what it makes now, from the same answers:

- a file as it was generated becomes the new one, or goes where there is no new one;
- a file that was edited keeps the edits: Python files of the author function by function, others
  line by line as git merges them, with marks where both changed the same lines;
- imports of modules that are in the engine now are rewritten;
- results, data, the shared model and git are left alone, and nothing is committed.

What a person has to look at is listed at the end.
"""

import argparse
import ast
import io
import json
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FIRST_EDITION = "de4b27c1"  # the last version without an engine
SKIPPED = ("results", "data/raw", "model", ".git", ".venv", ".cache", "engine")
WITHIN = ("src", "scripts", "tests")  # where Python files are merged function by function
TABLES = ("MODELS", "METRICS", "ABLATIONS", "STUDY")  # what stands below the functions it names
RENEWED = re.compile(rb"begin (\S+)\b.*?\bend \1(?!\S)", re.DOTALL)  # by reproduce and cards
RENAMED = {  # module of the first edition: the engine's module of the same topic
    "allowed": "trusted_types",
    "compute": "task",
    "data": "columns",
    "evaluation": "metrics",
    "facts": "macros",
    "mapped": "shared_table",
    "openings": "test_ledger",
    "paper": "latex",
    "partial_dependence": "dependence",
    "records": "record",
    "report": "tables",
    "seeding": "seeds",
    "sharing": "model",
    "tampering": "perturbation",
    "traces": "row_checks",
    "tuning": "inner_folds",
    "verify": "compare",
}


def main():
    """Update the study that the command names, and list what is left to do."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("study", type=Path, help="folder of the study")
    parser.add_argument(
        "--made-by",
        metavar="VERSION",
        default=FIRST_EDITION,
        help="tag or commit of the template that made the study (default: the first edition)",
    )
    arguments = parser.parse_args()
    study = arguments.study.resolve()
    if not (study / "study.toml").is_file():
        sys.exit(f"{study}: holds no study.toml; name the folder of a study")
    if git(study, "status", "--porcelain").strip():
        sys.exit(f"{study}: has changes that are not committed; commit them, so that git has them")
    answers = answers_of(study)
    with tempfile.TemporaryDirectory() as folder:
        template = unpacked(arguments.made_by, Path(folder) / "template")
        old = rendered(template, answers, Path(folder) / "old")
        new = rendered(ROOT, answers, Path(folder) / "new")
        notes = update(study, old, new, answers["project_slug"].replace("-", "_"))
    print(f"{study}: the engine is that of this version; `git diff` shows all that changed.")
    for note in notes:
        print(f"- {note}")
    print(
        "Next: python scripts/environment.py, python -m ruff check --fix ., python -m black .,\n"
        "python scripts/verify.py, python scripts/reproduce.py"
    )


def git(folder, *arguments):
    """Run git in a folder and return what it prints."""
    done = subprocess.run(
        ["git", *arguments], cwd=folder, capture_output=True, encoding="utf-8", check=False
    )
    if done.returncode:
        sys.exit(f"git {arguments[0]} in {folder} failed: {done.stderr.strip()}")
    return done.stdout


def unpacked(version, into):
    """Unpack the template as it was at a version, from its own history."""
    done = subprocess.run(
        ["git", "archive", "--format=tar", version], cwd=ROOT, capture_output=True, check=False
    )
    if done.returncode:
        sys.exit(
            f"{ROOT}: has no version {version}; the template's whole history is needed: "
            "git fetch --unshallow"
        )
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        archive.extractall(into, filter="data")
    return into


def answers_of(study):
    """Return the answers that the study was made from, or what its files say of them.

    An answer that is not quite right does no harm: it makes the old and the new version of a file
    differ from the study's in the same way.
    """
    recorded = study / ".cruft.json"
    if recorded.is_file():
        content = json.loads(recorded.read_text(encoding="utf-8"))["context"]["cookiecutter"]
        kept = {key: value for key, value in content.items() if not key.startswith("_")}
        return kept | {"setup_environment": "no"}
    project = tomllib.loads(text_of(study / "pyproject.toml"))["project"]
    toml = tomllib.loads(text_of(study / "study.toml"))
    citation = study / "CITATION.cff"
    cited = text_of(citation) if citation.is_file() else ""
    found = {
        "project_name": first(r"^# (.+)$", text_of(study / "README.md")),
        "project_slug": project["name"],
        "description": project.get("description"),
        "author_name": (project.get("authors") or [{}])[0].get("name"),
        "author_email": first(r'email: "?([^"\s]+)', cited),
        "orcid": first(r"orcid\.org/([\dX-]+)", cited),
        "license": project.get("license"),
        "python_version": first(r"(\d+\.\d+)", text_of(study / ".python-version")),
        "task": toml["study"]["task"],
        "dependence": toml["split"]["dependence"],
        "ci": "gitlab" if (study / ".gitlab-ci.yml").is_file() else "github",
    }
    return {key: value for key, value in found.items() if value} | {"setup_environment": "no"}


def text_of(path):
    """Read a text, its line ends as they are."""
    return path.read_bytes().decode("utf-8")


def first(pattern, text):
    """Return what the first match of a pattern has in its group."""
    found = re.search(pattern, text, flags=re.MULTILINE)
    return found[1] if found else None


def rendered(template, answers, into):
    """Make a study from a template, without its hooks, and return its folder."""
    into.mkdir()
    settings = into / "settings.yaml"
    settings.write_text(f"cookiecutters_dir: '{into / 't'}'\nreplay_dir: '{into / 'r'}'\n", "utf-8")
    known = json.loads(text_of(template / "cookiecutter.json"))
    options = [f"{key}={value}" for key, value in answers.items() if key in known]
    command = [sys.executable, "-m", "cookiecutter", template, "--no-input", "--accept-hooks", "no"]
    command += ["--config-file", settings, "--output-dir", into / "made", *options]
    done = subprocess.run(map(str, command), capture_output=True, encoding="utf-8", check=False)
    if done.returncode:
        sys.exit(f"{template}: makes no study from {answers}: {done.stderr.strip()}")
    (made,) = (into / "made").iterdir()
    return made


def files_in(folder):
    """Return the relative paths that an update looks at."""
    names = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    return {
        name
        for name in names
        if not name.startswith(tuple(f"{part}/" for part in SKIPPED)) and "__pycache__" not in name
    }


def update(study, old, new, package):
    """Change the study's files; return a line for each that a person has to look at."""
    shutil.rmtree(study / "engine", ignore_errors=True)
    shutil.copytree(new / "engine", study / "engine")
    where = places(new, package)
    moved = {path.stem for path in (old / "src" / package).glob("*.py")} - {"__init__"}
    notes = []
    for name in sorted(files_in(study) | files_in(old) | files_in(new)):
        mine, before, after = (
            (folder / name).read_bytes() if (folder / name).is_file() else None
            for folder in (study, old, new)
        )
        compared = mine if name.endswith(".py") else as_made(mine, before)
        content, said = merged(name, compared, before, after)
        if content is not None and name.endswith(".py") and content != after:
            content, lost = rewritten(content, where, moved, package)
            said += lost
        put(study / name, content, mine)
        notes += [f"{name}: {line}" for line in said]
    return notes


def as_made(mine, before):
    """Put the tables and numbers that scripts renew in a text back to those it was made with."""
    if mine is None or before is None:
        return mine
    made = {found[1]: found[0] for found in RENEWED.finditer(before)}
    return RENEWED.sub(lambda found: made.get(found[1], found[0]), mine)


def put(path, content, mine):
    """Write, remove or leave a file."""
    if content == mine:
        return
    if content is None:
        path.unlink()
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def merged(name, mine, before, after):
    """Return a file's new content, None for no file, and what is to be said of it."""
    if mine == before:
        return after, []
    if before == after:
        return mine, []
    if mine is None:
        return None, []  # its author removed it
    if after is None:
        return mine, ["is no longer part of a study; you edited it, so it stays"] if before else []
    if before is None:
        return mine, ["is new in a study, and you have a file of that name; yours stays"]
    if name.endswith(".py") and name.startswith(WITHIN):
        return by_function(name, mine, before, after)
    return by_line(mine, before, after)


def by_line(mine, before, after):
    """Merge a text as git does."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder, name) for name in ("yours", "old", "new")]
        for path, content in zip(paths, (mine, before, after), strict=True):
            path.write_bytes(content)
        done = subprocess.run(
            ["git", "merge-file", "-p", *(path.name for path in paths)],
            cwd=folder,
            capture_output=True,
            check=False,
        )
    if done.returncode > 127:  # no text
        return mine, ["was changed by you and by the template; yours stays"]
    count = done.returncode
    return done.stdout, [f"places to decide, between <<<<<<< and >>>>>>>: {count}"] if count else []


def parts_of(content):
    """Return the top-level definitions of a Python file by name, each with its lines."""
    text = content.decode("utf-8")
    lines, found, end = text.splitlines(keepends=True), {}, 0
    for node in ast.parse(text).body:
        start = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))]) - 1
        above = start
        while above > end and lines[above - 1].startswith("#"):
            above -= 1  # a comment right above belongs to it
        found[name_of(node)] = "".join(lines[above : node.end_lineno]).rstrip() + "\n"
        end = node.end_lineno
    return found


def name_of(node):
    """Return what a top-level statement defines; an import or a text is its own name."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return node.name
    targets = getattr(node, "targets", None) or [getattr(node, "target", None)]
    if isinstance(targets[0], ast.Name):
        return targets[0].id
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return '"""'
    return ast.unparse(node)


def is_import(part):
    """Tell imports from definitions."""
    return part.lstrip("# \n").startswith(("import ", "from "))


def by_function(name, mine, before, after):
    """Put the author's own and changed definitions, and what they import, into the new file."""
    try:
        own, was = parts_of(mine), parts_of(before)
    except SyntaxError as error:
        return mine, [f"is no Python ({error}); it was left as it is"]
    result, notes, additions = parts_of(after), [], {}
    for key in [key for key in was if key not in own and not is_import(was[key])]:
        result.pop(key, None)  # its author removed it
    changed = {k: p for k, p in own.items() if was.get(k) != p and not is_import(p)}
    for key, part in changed.items():
        if key in result:
            if key in was and was[key] != result[key]:
                notes.append(f"{key}: yours was kept; the new version changed it too")
            result[key] = part
        elif key in was:
            notes.append(f"{key}: is in the engine now; your changes to it are in git only")
        else:
            additions[key] = part
    missing = needed("".join(changed.values()), own, result | additions, Path(name).stem)
    ordered = {}
    imports = [key for key, part in result.items() if is_import(part)]
    for key, part in result.items():
        if key in TABLES:  # these come after what they name
            ordered |= additions
        ordered[key] = part
        if key == imports[-1]:
            ordered |= missing
    return joined(ordered | additions).encode("utf-8"), notes


def needed(code, own, there, stem):
    """Return the imports that a file lacks for some of its code, as its author wrote them."""
    used = {node.id for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Name)}
    bound = bindings(own)
    used -= set(bindings(there)) | set(there)
    lacking = [bound[name] for name in sorted(used & set(bound))]
    lacking += [f"from .{stem} import {name}\n" for name in sorted(used & set(own) - set(bound))]
    return {line: line for line in lacking}


def bindings(parts):
    """Return the names that imports bring, each with an import of it alone."""
    found = {}
    for part in filter(is_import, parts.values()):
        node = ast.parse(part).body[0]
        for alias in node.names:
            if isinstance(node, ast.Import):
                line = ast.unparse(ast.Import([alias]))
            else:
                line = ast.unparse(ast.ImportFrom(node.module, [alias], node.level))
            found[(alias.asname or alias.name).partition(".")[0]] = f"{line}\n"
    return found


def joined(parts):
    """Write definitions one below the other, as a formatter sets them."""
    text, last = "", None
    for key, part in parts.items():
        kind = "import" if is_import(part) else "text" if key == '"""' else "definition"
        if re.match(r"(#.*\n|@.*\n)*(def|class) ", part):
            kind = "block"
        gap = 0 if kind == last == "import" else 2 if "block" in (kind, last) else 1
        text += ("\n" * gap if text else "") + part
        last = kind
    return text


def places(new, package):
    """Return where each name is defined now: {name: [module, ...]}, the author's files first."""
    found = {}
    folders = [(new / "src" / package, package), (new / "engine" / "reproml", "reproml")]
    for folder, root in folders:
        for path in sorted(folder.rglob("*.py")):
            inside = path.relative_to(folder).with_suffix("").parts
            for node in ast.parse(text_of(path)).body:
                if not isinstance(node, ast.Import | ast.ImportFrom):
                    found.setdefault(name_of(node), []).append(".".join((root, *inside)))
    return found


def rewritten(content, where, moved, package):
    """Let imports of modules that are in the engine now say so; name those that lead nowhere."""
    text = content.decode("utf-8")
    lines, notes = text.splitlines(keepends=True), []
    for node in sorted(ast.walk(ast.parse(text)), key=lambda n: -getattr(n, "lineno", 0)):
        if isinstance(node, ast.Import) and any(
            alias.name.startswith(f"{package}.") for alias in node.names
        ):
            notes.append(f"line {node.lineno}: look whether {ast.unparse(node)} is still right")
        if not isinstance(node, ast.ImportFrom):
            continue
        full = f"{package}.{node.module}" if node.level and node.module else node.module or ""
        stem = full.removeprefix(f"{package}.")
        if full == "common" or (node.level and not node.module):
            notes.append(f"line {node.lineno}: {ast.unparse(node)} has no successor; rewrite it")
        if stem == full or stem not in moved:
            continue
        homes = {}
        for alias in node.names:
            home = home_of(alias.name, stem, where, package)
            if home is None:
                notes.append(f"line {node.lineno}: nothing is called {alias.name} any more")
            homes.setdefault(home or full, []).append(ast.unparse(alias))
        if set(homes) == {full}:
            continue
        indent = " " * node.col_offset
        made = "".join(
            f"{indent}{import_of(home, names, node.level, package)}\n"
            for home, names in homes.items()
        )
        lines[node.lineno - 1 : node.end_lineno] = [made]
    return "".join(lines).encode("utf-8"), notes


def import_of(home, names, level, package):
    """Write an import; of the package itself as it was written before."""
    if level and home.startswith(f"{package}."):
        home = home.removeprefix(package)
    return f"from {home} import {', '.join(names)}"


def home_of(name, stem, where, package):
    """Return the module that defines a name now, by the topic of the module that did before."""
    homes = where.get(name, [])
    if f"{package}.{stem}" in homes:
        return f"{package}.{stem}"
    ends = (f".{RENAMED.get(stem, stem)}", f".{stem}")
    alike = [home for home in homes if home.endswith(ends)]
    return (alike or homes or [None])[0] if alike or len(homes) == 1 else None


if __name__ == "__main__":
    main()
