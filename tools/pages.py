"""Do what the pages of the site say, and put in what comes of it: a hook of mkdocs.

A fenced block can ask for it by what stands after its language. Each page works on a fresh copy of
a study of the default answers:

- ``python run``: run the block; what it prints is shown below it.
- ``console run``: run it line by line in that folder; what it prints is shown below it. ``rc=2``
  says that it has to end with that code, ``lines=8`` shows that many lines of the output.
- ``diff title="study.toml"``: change the file; the old lines have to be there, exactly once.
- ``toml title="study.toml"``: put these tables in the place of those of the same names.

``shown`` behind the title leaves a change of other files alone. So a site that builds has been
followed to the letter. Other blocks are shown as they are. tools/docs.py says where the study is.
"""

import dataclasses
import hashlib
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

from studies import paths

ROOT = Path(__file__).resolve().parent.parent
VARIABLE = "REPRO_ML_STUDY"
FENCE = re.compile(r"^```(?P<info>[^\n`]*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
TABLE = re.compile(r"^\[([^\[\]]+)\]", re.MULTILINE)
# A page that commits does so under this name, and not with the settings of whoever builds it.
GIT = {
    f"GIT_{role}_{what}": value
    for role in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "Your Name"), ("EMAIL", "you@example.org"))
} | {"GIT_CONFIG_GLOBAL": os.devnull}
LONGEST = 300  # seconds that one command may take
FOLD = 88  # a longer line of output is folded, as a terminal does; this many fit on a desk


class PageError(Exception):
    """A page says something that does not come out."""


@dataclasses.dataclass(frozen=True)
class Block:
    """A fenced block: its language, what is asked of it, and its text."""

    language: str
    options: dict[str, str]
    body: str

    @property
    def runs(self):
        """Whether it is a command or a program to run."""
        return "run" in self.options

    @property
    def edits(self):
        """Whether it changes a file of the study."""
        changes = self.language in ("diff", "toml") and "title" in self.options
        return changes and "shown" not in self.options

    def shown(self):
        """Give the block as Markdown without what only this file reads."""
        kept = {key: value for key, value in self.options.items() if key == "title"}
        title = "".join(f' {key}="{value}"' for key, value in kept.items())
        # a console's colours tell prompts from output, and there are no prompts here
        language = "sh" if self.language == "console" else self.language
        return f"```{language}{title}\n{self.body}```"


def blocks_of(markdown):
    """Give the fenced blocks of a page in order."""
    return [_block(match) for match in FENCE.finditer(markdown)]


def _block(match):
    language, *words = shlex.split(match["info"]) or [""]
    options = dict(word.partition("=")[::2] for word in words)
    return Block(language, options, match["body"])


def apply_diff(text, diff, where="the file"):
    """Change a text as a diff says; parts are set apart by lines that begin with @@."""
    lines = text.splitlines()
    for part in re.split(r"^@@.*\n", diff, flags=re.MULTILINE):
        if not part:
            continue
        old = [line[1:] for line in part.splitlines() if not line.startswith("+")]
        new = [line[1:] for line in part.splitlines() if not line.startswith("-")]
        found = [i for i in range(len(lines)) if lines[i : i + len(old)] == old]
        if len(found) != 1:
            shown = "\n".join(old)
            raise PageError(f"{where} has these lines {len(found)} times, not once:\n{shown}")
        lines[found[0] : found[0] + len(old)] = new
    return "".join(f"{line}\n" for line in lines)


def replace_tables(text, tables):
    """Put TOML tables in the place of those of the same names, new ones after the last one.

    A comment directly above a table belongs to it, unless the new one has none.
    """
    head, parts = _tables(text)
    new_head, new = _tables(tables)
    if new_head.strip():
        raise PageError(f"these lines stand before the first table:\n{new_head}")
    for name, content in new.items():
        parts[name] = content.rstrip("\n") + "\n\n"
    return (head + "".join(parts.values())).rstrip("\n") + "\n"


def _tables(text):
    """Give what stands before the first table, and each table by its name."""
    starts = []
    for match in TABLE.finditer(text):
        start = match.start()
        while (above := text[:start].splitlines(keepends=True)) and above[-1].startswith("#"):
            start -= len(above[-1])
        starts.append((start, match[1]))
    ends = [start for start, _ in starts[1:]] + [len(text)]
    parts = {name: text[start:end] for (start, name), end in zip(starts, ends, strict=True)}
    if len(parts) != len(starts):
        raise PageError("a table is there twice")
    return text[: starts[0][0]] if starts else text, parts


def follow(markdown, study):
    """Do what the blocks of a page say in a study's folder; give the output of each, or None."""
    return [_act(block, Path(study)) for block in blocks_of(markdown)]


def _act(block, study):
    if block.edits:
        path = study / block.options["title"]
        text = path.read_text(encoding="utf-8")
        if block.language == "diff":
            text = apply_diff(text, block.body, block.options["title"])
        else:
            text = replace_tables(text, block.body)
        path.write_text(text, encoding="utf-8", newline="\n")
    if not block.runs:
        return None
    if block.language == "python":
        return _run([sys.executable, "-c", block.body], block, study)
    return "".join(
        _run(shlex.split(line, comments=True), block, study) for line in block.body.splitlines()
    )


def _run(command, block, study):
    """Run a command in the study and give what it prints, without this machine's folders."""
    if not command:
        return ""
    program = sys.executable if command[0] == "python" else command[0]
    env = os.environ | GIT | {"PYTHONPATH": paths(study), "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(
        [program, *command[1:]],
        cwd=study,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=LONGEST,
    )
    output = done.stdout.decode("utf-8", "replace").replace(str(study), study.name)
    wanted = int(block.options.get("rc", 0))
    if done.returncode != wanted:
        raise PageError(f"this ended with {done.returncode}, not {wanted}:\n{block.body}\n{output}")
    return output


def outputs_of(markdown, study):
    """Follow a page in a copy of the study, or take what came of it the last time.

    It is the same page while its blocks, the study's files, Python and this file are.
    """
    blocks = blocks_of(markdown)
    if not any(block.runs or block.edits for block in blocks):
        return [None] * len(blocks)
    digest = hashlib.sha256(Path(__file__).read_bytes() + sys.version.encode())
    for path in sorted(p for p in Path(study).rglob("*") if p.is_file()):
        if not {".git", ".venv", ".cache", "__pycache__"} & set(path.relative_to(study).parts):
            digest.update(f"{path.relative_to(study)}".encode() + path.read_bytes())
    digest.update(repr(blocks).encode())
    kept = ROOT / ".cache" / "docs" / f"{digest.hexdigest()[:20]}.json"
    if not kept.is_file():
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / Path(study).name
            skipped = shutil.ignore_patterns(".venv", ".cache", "__pycache__")
            shutil.copytree(study, copy, ignore=skipped)
            outputs = follow(markdown, copy)
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps(outputs), encoding="utf-8")
    return json.loads(kept.read_text(encoding="utf-8"))


def folded(line):
    """Give a line of output in parts that a page is wide enough for; rows of a table stay whole."""
    if len(line) <= FOLD or re.search(r"\S {2,}\S", line):
        return [line]
    indent = re.match(" *", line)[0] + "  "
    return textwrap.wrap(line, FOLD, subsequent_indent=indent, break_on_hyphens=False)


def fill(markdown, study):
    """Give the page with the output of each of its blocks."""
    outputs = iter(outputs_of(markdown, study))

    def shown(match):
        block, output = _block(match), next(outputs)
        text = block.shown()
        if not output or not output.strip():
            return text
        lines = [part for line in output.strip("\n").splitlines() for part in folded(line)]
        limit = int(block.options.get("lines", len(lines)))
        if len(lines) > limit:
            lines = [*lines[:limit], "..."]
        return "\n".join(
            [text, "", '```text title="prints"', *(line.rstrip() for line in lines), "```"]
        )

    return FENCE.sub(shown, markdown)


def breakable(html):
    """Let long names in the cells of tables break, and behind their own signs alone."""

    def names(cell):
        return re.sub(r"(?<=<code>)[^<]+", signs, cell[0])

    def signs(name):
        return re.sub(r"(::|[_/])(?=\w)", r"\1<wbr>", name[0])

    return re.sub(r"<td.*?</td>", names, html, flags=re.DOTALL)


def on_page_content(html, page, config, files):
    """Mend a page that is rendered, as mkdocs asks for it."""
    return breakable(html)


def on_config(config):
    """Put pages that the navigation does not name yet at its end, so that none stays unseen."""
    named = set(re.findall(r"[\w-]+\.md", repr(config.nav)))
    others = sorted({path.name for path in Path(config.docs_dir).glob("*.md")} - named)
    if config.nav and others:
        config.nav.append({"More": others})
    return config


def on_page_markdown(markdown, page, config, files):
    """Fill a page in, as mkdocs asks for it; what does not come out stops the build."""
    from mkdocs.exceptions import PluginError

    study = os.environ.get(VARIABLE)
    if not study:
        raise PluginError("Build the site with `make docs`, which makes the study it shows.")
    try:
        return fill(markdown, Path(study))
    except (PageError, OSError, ValueError, subprocess.TimeoutExpired) as error:
        raise PluginError(f"{page.file.src_uri}: {error}") from error
