"""Count what an author and a reader of the engine face: files, lines, imports, long functions.

    python tools/size.py    # print the table

A line of code is one that holds more than a docstring, a comment or nothing. `tests/test_engine.py`
holds the figures against their budgets.
"""

import ast
import io
import subprocess
import tokenize
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STUDY = ROOT / "{{cookiecutter.project_slug}}"
ENGINE = STUDY / "engine" / "reproml"
# Imports point from a folder to itself and to those on its left; `run` and `cli` may import late.
FOLDERS = (
    *("config", "split", "compute", "statistics", "leakage", "explain"),
    *("write", "draw", "prove", "share", "run", "cli"),
)
LATE = ("run", "cli")
LONG = 50  # lines of code of a function
NO_CODE = {
    *(tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT),
    *(tokenize.ENCODING, tokenize.ENDMARKER),
}


def code_lines(text):
    """Return the numbers of the lines that hold code."""
    found = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in NO_CODE:
            found.update(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(ast.parse(text)):
        holds = isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        if holds and ast.get_docstring(node, clean=False) is not None:
            found -= set(range(node.body[0].lineno, node.body[0].end_lineno + 1))
    return found


def long_functions(text, limit=LONG):
    """Return {name: lines of code} of the functions above a limit, inner functions included."""
    code, found = code_lines(text), {}
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            size = sum(node.lineno <= line <= node.end_lineno for line in code)
            if size > limit:
                found[node.name] = size
    return found


def is_for_types(node):
    """Say whether a statement is `if TYPE_CHECKING:`; what it imports is never imported."""
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)


def statements(body, inside=False, types=False):
    """Yield (import, whether it is inside a function, whether it is for types alone)."""
    for node in body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node, inside, types
            continue
        within = inside or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for name in ("body", "orelse", "finalbody", "handlers", "cases"):
            for_types = types or (name == "body" and is_for_types(node))
            yield from statements(getattr(node, name, None) or [], within, for_types)


def imports(folder):
    """Return (module, imported module, inside a function, for types) of every import in a package.

    Names are those below the package, such as `split.splits`; the package's own files are `""`.
    """
    modules = {}
    for path in sorted(folder.rglob("*.py")):
        parts = path.relative_to(folder).with_suffix("").parts
        modules[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    found = []
    for module, path in modules.items():
        here = module.split(".") if module else []
        package = here if path.stem == "__init__" else here[:-1]
        body = ast.parse(path.read_text(encoding="utf-8")).body
        for node, inside, types in statements(body):
            for target in targets(node, package, folder.name, modules):
                found.append((module, target, inside, types))
    return found


def targets(node, package, root, modules):
    """Return the modules of this package that one statement imports."""
    if isinstance(node, ast.Import):
        named = [alias.name.split(".") for alias in node.names]
        whole = [name[1:] for name in named if name[0] == root]
        return [".".join(name) for name in whole if ".".join(name) in modules]
    base = (node.module or "").split(".") if node.module else []
    if node.level:
        base = package[: len(package) - node.level + 1] + base
    elif base[:1] == [root]:
        base = base[1:]
    else:
        return []
    below = [".".join([*base, alias.name]) for alias in node.names]
    found = [name for name in below if name in modules]
    return found or ([".".join(base)] if ".".join(base) in modules else [])


def place(module):
    """Return a module's place in the order of folders, or None where it has none."""
    folder = module.partition(".")[0]
    places = {"": -1, "__main__": len(FOLDERS)}  # the package itself holds its version alone
    return FOLDERS.index(folder) if folder in FOLDERS else places.get(module)


def upward(found):
    """Return "a -> b" of every import of a folder that is higher, or that the order lacks."""
    wrong = set()
    for module, target, _, _ in found:
        places = place(module), place(target)
        if None in places or places[1] > places[0]:
            wrong.add(f"{module} -> {target}")
    return sorted(wrong)


def chains(found):
    """Return the longest chain of modules that import each other, and every circle on the way."""
    needs, done, circles = {}, {}, []
    for module, target, _, types in found:
        if not types and module != target:
            needs.setdefault(module, set()).add(target)

    def chain(module, above=()):
        if module in above:
            circles.append(" -> ".join([*above[above.index(module) :], module]))
            return []
        if module not in done:
            below = [chain(name, (*above, module)) for name in sorted(needs.get(module, ()))]
            done[module] = [module, *max(below, key=len, default=[])]
        return done[module]

    return max((chain(module) for module in sorted(needs)), key=len, default=[]), circles


def read(paths):
    """Return the texts of files by their paths."""
    return {path: path.read_text(encoding="utf-8") for path in paths}


def tracked(root):
    """Return every Python file that git keeps, or would keep, in a folder."""
    command = ["git", "ls-files", "-coz", "--exclude-standard", "--", "*.py"]
    listed = subprocess.run(command, cwd=root, capture_output=True, check=True).stdout
    names = sorted(set(filter(None, listed.decode("utf-8").split("\0"))))
    return [root / name for name in names if (root / name).is_file()]


def measure(study=STUDY, root=ROOT):
    """Return the figures of a study's two parts and of the whole repository."""
    engine = study / "engine" / "reproml"
    author = read(p for part in ("src", "scripts", "tests") for p in (study / part).rglob("*.py"))
    ours = read(sorted(engine.rglob("*.py")))
    found = imports(engine)
    longest, circles = chains(found)
    late = [one for one in found if one[2] and one[0].partition(".")[0] not in LATE]
    return {
        "author's files": len(author),
        "author's lines": sum(len(text.splitlines()) for text in author.values()),
        "engine's files": len(ours),
        "engine's lines": sum(len(text.splitlines()) for text in ours.values()),
        "engine's lines of code": sum(len(code_lines(text)) for text in ours.values()),
        "imports of a higher folder": len(upward(found)),
        "circles of imports": len(circles),
        "longest chain of imports": len(longest),
        "imports inside functions": len(late),
        f"functions above {LONG} lines": sum(len(long_functions(t)) for t in ours.values()),
        "lines of Python in all": sum(len(t.splitlines()) for t in read(tracked(root)).values()),
    }


def main():
    """Print the figures, and what stands behind those that name something."""
    for name, value in measure().items():
        print(f"{name:<30}{value:>8,}")
    found = imports(ENGINE)
    longest, circles = chains(found)
    print("\nlongest chain:", " -> ".join(longest))
    for kind, lines in (("upward", upward(found)), ("circle", circles)):
        for line in lines:
            print(f"{kind}: {line}")
    for path, text in read(sorted(ENGINE.rglob("*.py"))).items():
        for name, size in long_functions(text).items():
            print(f"long: {path.relative_to(ENGINE).as_posix()}: {name}, {size} lines of code")


if __name__ == "__main__":
    main()
