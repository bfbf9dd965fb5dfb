"""Every link of every text leads somewhere, and every command that is shown is run by a test.

The texts are those of the template and those of the studies that it makes. What is outside cannot
be reached from here: such an address has to be one of a list, whose entries somebody looked at.
"""

import re
import shlex
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import unquote, urlsplit

import pages
import pytest

TEMPLATE = Path(__file__).resolve().parent.parent
STUDY = TEMPLATE / "{{cookiecutter.project_slug}}"
OURS = "https://github.com/org/repro-ml/"
SHELL = ("", "console", "sh", "bash")
ANSWERS = {
    "default": {},
    "regression": {"task": "regression", "ci": "gitlab"},
    "grouped": {"dependence": "grouped"},
    "temporal": {"dependence": "temporal", "license": "Apache-2.0"},
    "spatial": {"dependence": "spatial", "task": "regression", "license": "BSD-3-Clause"},
}
OUTSIDE = {
    "https://codecheck.org.uk/",
    "https://cruft.github.io/cruft/",
    "https://github.com/cookiecutter/cookiecutter/issues/2219",
    "https://www.researchobject.org/ro-crate/",
}
OUTSIDE_OF_STUDIES = {
    "https://creativecommons.org/licenses/by/4.0/",
    "https://creativecommons.org/publicdomain/zero/1.0/",
    "https://doi.org/10.1214/009053604000000067",
    "https://doi.org/10.24432/C5DW2B",
    "https://github.com/org/repro-ml",
    "https://skops.readthedocs.io",
    "https://www4.stat.ncsu.edu/~boos/var.select/diabetes.html",
}

# Commands that are shown and not run when the page is built: the test that runs them, or why none.
START = "tests/test_start.py::test_the_start_page_ends_with_a_verified_study"
LABS = "tests/test_labs.py::"
COMMANDS = {
    "pipx run cookiecutter gh:org/repro-ml": "test_start.py runs this line without pipx in front",
    "python3 -m venv cookie": START,
    "cookie/bin/pip install cookiecutter": START,
    "cookie/bin/cookiecutter gh:org/repro-ml": START,
    "cd my-study": START,
    "source .venv/bin/activate": START,
    "python scripts/verify.py": START,
    "make test": "the run that this test belongs to",
    "make format": "changes the files that are tested",
    "make docs": "does not end; tools/docs.py is run here with build in place of serve",
    "make references": "renews what the other tests compare with",
    "cruft create https://github.com/org/repro-ml": (
        "tests/test_update.py::test_from_one_tagged_version_to_the_next"
    ),
    "cruft check": "tests/test_update.py::test_from_one_tagged_version_to_the_next",
    "cruft diff": "tests/test_update.py::test_from_one_tagged_version_to_the_next",
    "cruft update": "tests/test_update.py::test_from_one_tagged_version_to_the_next",
    "cruft link https://github.com/org/repro-ml": (
        "tests/test_update.py::test_a_study_of_cookiecutter_is_put_under_cruft"
    ),
    "cookiecutter gh:org/repro-ml --config-file lab.yaml": (
        LABS + "test_the_page_makes_the_study_it_says"
    ),
    "cookiecutter gh:org/repro-ml --config-file lab.yaml --no-input "
    'author_name="Ada Lovelace" project_name="Tidal Flats"': (
        LABS + "test_the_page_makes_the_study_it_says"
    ),
    ".venv/bin/python tools/preset.py lab.yaml": LABS + "test_the_file_of_the_page_is_fine",
    "git clone https://github.com/your-lab/repro-ml": LABS + "test_a_fork_follows",
    "cd repro-ml": LABS + "test_a_fork_follows",
    "git remote add upstream https://github.com/org/repro-ml": LABS + "test_a_fork_follows",
    'git commit --all --message "Our licence first"': LABS + "test_a_fork_follows",
    "git fetch upstream": LABS + "test_a_fork_follows",
    "git merge upstream/main": LABS + "test_a_fork_follows",
    'git commit --all --message "Release 1.2.0"': "publishes",
    "git tag v1.2.0": "publishes",
    "git push origin main v1.2.0": "publishes",
}
UPDATE = "tests/test_update.py::test_from_the_first_edition"
COMMANDS |= {
    "git clone https://github.com/org/repro-ml": LABS + "test_a_fork_follows",
    "make venv": (
        "tests/test_demo.py::test_the_environment_is_made_again_only_when_the_lock_changes"
    ),
    ".venv/bin/python tools/update.py ../my-study": UPDATE,
    "python scripts/environment.py": START,
    "python -m black .": "tests/test_study.py::test_check_is_green",
    "python -m ruff check --fix .": "tests/test_study.py::test_check_is_green",
    "python scripts/reproduce.py": UPDATE,
}
ARCHIVE = "tests/test_archive.py::test_with_its_wheels_it_installs_and_verifies_without_a_network"
COMMANDS |= {
    "python -m reproml archive --wheels": ARCHIVE,
    "python3 scripts/environment.py --wheels wheels": ARCHIVE,
}
# The same for the texts of a study; docs/tour.md is not here, tests/test_tour.py runs all of it.
CONTAINER = "tests/test_container.py::test_every_number_comes_out_in_the_container"
SPREAD = "tests/test_reproduce.py::test_however_the_work_is_spread_the_results_are_the_same_bytes"
DASK = "tests/engine/test_cluster.py::"
SHARDS = DASK + "test_three_shards_make_all_fits_and_the_same_bytes"
STUDY_COMMANDS = {
    "python scripts/environment.py": START,
    "source .venv/bin/activate": START,
    "python scripts/verify.py": START,
    "python scripts/reproduce.py": SPREAD,
    "python -m reproml check": "tests/test_study.py::test_check_is_green",
    "git diff --stat $(git rev-list --max-parents=0 HEAD) -- src scripts study.toml": (
        "tests/test_readme.py::test_what_was_changed_since_generation_is_shown"
    ),
    "docker build -t my-study .": CONTAINER,
    "docker run --rm --network none my-study": CONTAINER,
    "dask scheduler": "needs machines that see each other",
    "dask worker tcp://10.0.0.7:8786 --nworkers 16 --nthreads 1": (
        "needs machines that see each other"
    ),
    "python scripts/reproduce.py --scheduler tcp://10.0.0.7:8786": (
        DASK + "test_a_scheduler_that_runs_is_used"
    ),
    "python -m reproml fits": SHARDS,
    "python -m reproml fits --shard 3/20": SHARDS,
    'cd "$SLURM_SUBMIT_DIR"': "needs a batch system",
    'cd "$PBS_O_WORKDIR"': "needs a batch system",
    '.venv/bin/python -m reproml fits --shard "$SLURM_ARRAY_TASK_ID/20" '
    '--workers "$SLURM_CPUS_PER_TASK"': "needs a batch system",
    '.venv/bin/python -m reproml fits --shard "$PBS_ARRAY_INDEX/20" --workers 8': (
        "needs a batch system"
    ),
    "python -m reproml predict rows.csv --into predictions.csv": (
        "tests/test_sharing.py::test_a_saved_model_predicts_in_a_process_of_its_own"
    ),
}


@pytest.fixture(scope="module", params=["template", *ANSWERS])
def house(request, bake):
    """The template or a study: its folder, its texts, and what it may link to and show."""
    if request.param == "template":
        names = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md")
        texts = [TEMPLATE / name for name in names]
        texts += sorted((TEMPLATE / "docs").rglob("*.md"))
        texts += sorted((TEMPLATE / ".github").rglob("*.md"))
        return SimpleNamespace(root=TEMPLATE, texts=texts, outside=OUTSIDE, commands=COMMANDS)
    root = bake(**ANSWERS[request.param]).path
    # What is made for a page, under results/, stands in that page.
    found = [p for p in sorted(root.rglob("*.md")) if "results" not in p.relative_to(root).parts]
    return SimpleNamespace(
        root=root, texts=found, outside=OUTSIDE_OF_STUDIES, commands=STUDY_COMMANDS
    )


def read(path):
    return path.read_text(encoding="utf-8")


# Links ---------------------------------------------------------------------------------------


def prose(text):
    """Give a page without its code."""
    return re.sub(r"`[^`]+`", "", pages.FENCE.sub("", text))


def links(text):
    """Give the targets of the links and pictures of a page."""
    text = prose(text)
    found = re.findall(r"\]\(\s*<?([^\s)>]+)>?(?:\s+\"[^\"]*\")?\s*\)", text)
    found += re.findall(r"^\[[^\]]+\]:\s+<?([^\s>]+)", text, re.MULTILINE)
    found += re.findall(r"<(https?:[^>\s]+)>", text)
    return found + re.findall(r"(?:href|src)=\"([^\"]+)\"", text)


def anchors(text):
    """Give the anchors of a page's headings."""
    heads = re.findall(r"^#+ +(.+)$", pages.FENCE.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", head.lower()).strip().replace(" ", "-") for head in heads}


def leads_nowhere(target, path, house):
    """Say whether a link of a text has no file, no heading, or no place in the list."""
    local = target
    if target.startswith(OURS):
        kind, _, name = target[len(OURS) :].partition("/")
        if kind not in ("blob", "tree"):
            return kind not in ("issues", "discussions", "security")
        if not name.startswith("main/"):
            return True
        local = "/" + name.removeprefix("main/")
    elif urlsplit(target).scheme:
        return target not in house.outside
    name, _, anchor = unquote(local).partition("#")
    file = house.root / name[1:] if name.startswith("/") else path.parent / name if name else path
    return not file.exists() or bool(anchor and anchor not in anchors(read(file)))


def test_links_lead_somewhere(house):
    found = [(target, path) for path in house.texts for target in links(read(path))]
    assert len(found) > 10
    assert [pair for pair in found if leads_nowhere(*pair, house)] == []


def test_the_lists_name_no_address_that_is_not_there(bake):
    def outside(texts):
        found = {target for path in texts for target in links(read(path))}
        return {one for one in found if urlsplit(one).scheme and not one.startswith(OURS)}

    studies = [bake(**answers).path for answers in ANSWERS.values()]
    assert outside([TEMPLATE / "README.md", *(TEMPLATE / "docs").glob("*.md")]) == OUTSIDE
    assert outside(p for study in studies for p in study.rglob("*.md")) == OUTSIDE_OF_STUDIES


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("[a](there.md) ![b](<there.md>) [c](#a-page) [d](there.md#whats-new 'x')", 0),
        ('[a](there.md#whats-new "title") `[d](no.md)`\n\n```\n[e](no.md)\n```\n', 0),
        ("[a](no.md) ![b](<no.png>)", 2),
        ("[a](#no-heading) [b](there.md#no-heading)", 2),
        ("[a][b]\n\n[b]: no.md\n", 1),
        ('<a href="no.md"><img src="no.svg"></a>', 2),
        ("[a](https://example.org/) <https://example.net>", 1),
        ("[a](http://example.org/)", 1),
        (f"[a]({OURS}blob/main/there.md) [b]({OURS}issues)", 0),
        (f"[a]({OURS}blob/main/no.md) [b]({OURS}blob/trunk/there.md) [c]({OURS}isues)", 3),
    ],
)
def test_a_wrong_link_is_seen(tmp_path, text, wrong):
    (tmp_path / "there.md").write_text("# A page\n\n## What's new?\n", encoding="utf-8")
    page = tmp_path / "page.md"
    page.write_text(f"# A page\n\n{text}\n", encoding="utf-8")
    house = SimpleNamespace(root=tmp_path, outside={"https://example.org/"})
    assert sum(leads_nowhere(target, page, house) for target in links(read(page))) == wrong


# Commands ------------------------------------------------------------------------------------


def shown_commands(text):
    """Give every line of a text's shell blocks that is not run when its page is built."""
    for block in pages.blocks_of(text):
        if block.language in SHELL and not block.runs:
            lines = (line.partition("  #")[0].strip() for line in block.body.splitlines())
            yield from (line for line in lines if line and not line.startswith("#"))


def unfound_fences(text):
    """Give how many fences are not those of blocks: indented or unended ones."""
    fences = len(re.findall(r"^\s*(?:```|~~~)", text, re.MULTILINE))
    return fences - 2 * len(pages.blocks_of(text))


def test_every_command_is_run_by_a_test_or_says_why_not(house):
    texts = {path: read(path) for path in house.texts if path.name != "tour.md"}
    shown = [line for text in texts.values() for line in shown_commands(text)]
    assert [path for path, text in texts.items() if unfound_fences(text)] == []
    assert [line for line in shown if line not in house.commands] == []
    assert [line for line in house.commands if line not in shown] == []


@pytest.mark.parametrize("reason", sorted({*COMMANDS.values(), *STUDY_COMMANDS.values()}))
def test_the_tests_that_run_them_exist(reason):
    file, _, test = reason.partition("::")
    if test:
        assert test in re.findall(r"^def (test_\w+)\(", read(TEMPLATE / file), re.MULTILINE)
    else:
        assert " " in reason or reason == "publishes"


def test_a_command_that_is_not_listed_is_seen():
    page = "```\nmake one\n\nmake two   # a comment\n```\n\n```console run\nmake three\n```\n"
    assert list(shown_commands(page + "\n```text\nmake four\n```\n")) == ["make one", "make two"]
    assert unfound_fences(page) == 0
    assert unfound_fences("??? note\n\n    ```\n    make one\n    ```\n") == 2
    assert unfound_fences("~~~\nmake one\n~~~\n") == 2


# Commands within a sentence are not run from there, but what they name has to be there.
INLINE = re.compile(r"(?<!`)`((?:\.venv/bin/)?(?:python3?|make)\s[^`]+)`(?!`)")
PLACEHOLDER = "python scripts/x.py"
OPTIONS = (
    "cli/verbs.py",
    "run/start.py",
    "cli/environment.py",
)  # of the engine: where options of commands stand


def inline_commands(text):
    found = INLINE.findall(pages.FENCE.sub("", text))
    return [" ".join(one.removeprefix(".venv/bin/").split()) for one in found]


def cannot_work(command, roots):
    """Say what a command names and none of these folders has: a target, a script, an option."""
    program, *words = shlex.split(command)
    if program == "make":
        files = [read(root / "Makefile") for root in roots]
        marks = [f"$({w.split('=')[0]})" if "=" in w else f"\n{w}:" for w in words]
    elif words[:2] == ["-m", "reproml"]:
        engines = [root / "engine" / "reproml" for root in roots]
        verb = Path("cli", f"{words[2]}.py") if len(words) > 2 else Path("__main__.py")
        homes = [engine for engine in engines if (engine / verb).is_file()]
        known = [home / name for home in homes for name in (verb, *OPTIONS)]
        files = ["".join(read(path) for path in known)]
        marks = [w for w in words[3:] if w.startswith("--")] if homes else [words[2]]
    elif words[0] == "-m":
        files = [read(root / "requirements-dev.txt") for root in roots]
        marks = [f"\n{words[1].replace('_', '-')}=="]
    else:
        homes = [root for root in roots if (root / words[0]).is_file()]
        common = [home / "engine" / "reproml" / name for home in homes for name in OPTIONS]
        paths = [*(home / words[0] for home in homes), *(p for p in common if p.is_file())]
        files = ["".join(read(path) for path in paths)]
        marks = [w for w in words[1:] if w.startswith("--")] if homes else [words[0]]
    return [mark for mark in marks if not any(stands_in(mark, "\n" + file) for file in files)]


def stands_in(mark, text):
    """Say whether code has an option, as argparse or the engine takes it; or text anything else."""
    if mark.startswith("--"):
        return f'"{mark}"' in text or f'"{mark[2:]}": ' in text
    return mark in text


def test_what_a_command_in_a_sentence_names_is_there(house, default_bake):
    roots = [TEMPLATE, default_bake.path] if house.root == TEMPLATE else [house.root]
    found = {
        (one, path.name)
        for path in house.texts
        for one in inline_commands(read(path))
        if one != PLACEHOLDER
    }
    assert len(found) > 10
    assert [pair for pair in sorted(found) if cannot_work(pair[0], roots)] == []


@pytest.mark.parametrize(
    ("command", "missing"),
    [
        ("make archive WHEELS=1", []),
        ("make achive WHEEL=1", ["\nachive:", "$(WHEEL)"]),
        ("python -m reproml archive --wheels --into x.zip --study y", []),
        ("python -m reproml archive --wheel", ["--wheel"]),
        ("python -m reproml archives --wheels", ["archives"]),
        ("python -m reproml", []),
        ("python scripts/archives.py", ["scripts/archives.py"]),
        ("python -m pytest -q", []),
        ("python -m nose", ["\nnose=="]),
    ],
)
def test_a_command_that_cannot_work_is_seen(default_bake, command, missing):
    assert inline_commands(f"Run `{command.replace(' ', chr(10))}`, `make`\n") == [command]
    assert cannot_work(command, [default_bake.path]) == missing
