"""The site builds, and its pages do what they say; test_links.py reads links and commands."""

import json
import re
import shutil
import sys
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import unquote

import pages
import pytest
import release
from studies import load_file, write

TEMPLATE = Path(__file__).resolve().parent.parent
FORMS = TEMPLATE / ".github" / "ISSUE_TEMPLATE"
PAGES = sorted((TEMPLATE / "docs").glob("*.md"))


# The site ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def site(study_env, run, tmp_path_factory):
    """The site, built as `make docs` does, strictly."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "tools/docs.py", "build", "--python", study_env, "--site", folder]
    run(command, cwd=TEMPLATE, timeout=1200)
    return folder


@pytest.mark.network
@pytest.mark.slow
@pytest.mark.xdist_group("site")
def test_pages_show_what_came(site):
    def text(page):
        html = (site / page / "index.html").read_text(encoding="utf-8")
        return re.sub(r"<[^>]+>", "", html)

    def words(page):  # long lines of output are folded
        return " ".join(text(page).split())

    assert len(list(site.rglob("index.html"))) == len(PAGES)
    assert re.search(
        r"independent +ROC AUC 0\.9\d\ngrouped +ROC AUC 0\.[45]\d\n", text("evaluation")
    )
    assert re.search(r"^neighbours +0\.\d{3} \[", text("yours"), re.MULTILINE)
    assert re.search(r"^two_knots +[01]\.\d{3} \[", text("yours"), re.MULTILINE)
    assert "Top two\n" in text("yours")
    assert "no longer reach the model" in words("ablation")
    assert "1a population of the claim | answered" in words("checklist")
    whole, broken, *_ = map(int, re.findall(r"(\d+) checked", text("checklist")))
    assert broken == whole - 1
    assert "study.toml changed since" in words("archive")
    assert "not verified as they stand" in words("archive")
    assert "REPRODUCED: every committed number came out again." in text("archive")
    assert re.search(r"made \d\d+ files: results/", text("archive"))
    assert re.search(r"fail +same rows +rows 15", text("testing"))
    assert "'different': 1" in text("testing").replace("&#x27;", "'").replace("&#39;", "'")
    for page in site.rglob("*.html"):
        html = page.read_text(encoding="utf-8")
        assert "console run" not in html
        assert "fonts.googleapis" not in html  # it works offline
        assert str(TEMPLATE) not in html


def test_what_the_page_makes_is_formatted_and_lint_clean(default_bake, run, tmp_path):
    """The changes alone, without what is run between them."""
    study = tmp_path / "my-study"
    shutil.copytree(default_bake.path, study)
    for block in pages.blocks_of((TEMPLATE / "docs/yours.md").read_text(encoding="utf-8")):
        if block.edits:
            pages._act(block, study)
    for command in (["black", "--check"], ["ruff", "check"]):
        run([sys.executable, "-m", *command, study / "src"], cwd=study)


@pytest.mark.network
@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[x](#a-page)", ""),
        ("[x](nowhere.md)", "nowhere.md"),
        ("[x](#no-such-heading)", "no-such-heading"),
        ("```python run\nraise SystemExit(3)\n```", "this ended with 3, not 0"),
    ],
)
def test_a_page_that_is_wrong_stops_the_build(
    default_bake, study_env, run, tmp_path, text, message
):
    """With the site's own settings; the first page is right and builds."""
    config = (TEMPLATE / "mkdocs.yml").read_text(encoding="utf-8").partition("nav:")[0]
    config = config.replace("tools/pages.py", str(TEMPLATE / "tools/pages.py"))
    write(tmp_path / "mkdocs.yml", config)
    write(tmp_path / "docs/index.md", f"# A page\n\n{text}\n")
    build = [study_env, "-m", "mkdocs", "build", "--strict"]
    env = {"REPRO_ML_STUDY": str(default_bake.path), "NO_MKDOCS_2_WARNING": "1"}
    done = run(build, cwd=tmp_path, env=env, rc=1 if message else 0)
    assert message in done.stdout + done.stderr


# The tool that follows a page ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("```python run\nraise SystemExit(3)\n```", "this ended with 3, not 0"),
        ("```console run rc=2\npython -c pass\n```", "this ended with 0, not 2"),
        ('```diff title="study.toml"\n-nothing = 1\n+something = 2\n```', "0 times, not once"),
    ],
)
def test_a_block_that_does_not_come_out_is_an_error(tmp_path, text, message):
    write(tmp_path / "study.toml", "seed = 0\n")
    with pytest.raises(pages.PageError, match=message):
        pages.follow(f"# A page\n\n{text}\n", tmp_path)


def test_a_diff_changes_what_it_names_once():
    text = "a = 1\nb = 2\nc = 3\n"
    assert pages.apply_diff(text, " a = 1\n-b = 2\n+b = 4\n") == "a = 1\nb = 4\nc = 3\n"
    assert pages.apply_diff(text, "-a = 1\n@@\n-c = 3\n+d\n+e\n") == "b = 2\nd\ne\n"
    for diff in ("-b = 3\n+x\n", "-= 1\n+x\n"):  # not there; not a whole line
        with pytest.raises(pages.PageError, match="0 times"):
            pages.apply_diff(text, diff)
    with pytest.raises(pages.PageError, match="2 times"):
        pages.apply_diff("a\na\n", "-a\n+b\n")


def test_tables_take_the_place_of_their_namesakes():
    text = "# head\n[a]\nx = 1\n\n# about b\n[b]\ny = 2\n\n[b.c]\nz = 3\n"
    new = pages.replace_tables(text, "[b]\ny = 5\n[d]\nw = 1\n")
    assert new == "# head\n[a]\nx = 1\n\n[b]\ny = 5\n\n[b.c]\nz = 3\n[d]\nw = 1\n"
    with pytest.raises(pages.PageError, match="before the first table"):
        pages.replace_tables(text, "x = 1\n[a]\n")
    with pytest.raises(pages.PageError, match="twice"):
        pages.replace_tables(text, "[a]\n[a]\n")


def test_outputs_follow_their_blocks(tmp_path):
    study = tmp_path / "my-study"
    write(study / "src/my_study/__init__.py", "")
    page = "```python run\nprint('out', 'put')\n```\n\n```text\nas it is\n```\n"
    filled = pages.fill(page, study)
    assert "```python\nprint('out', 'put')\n```\n\n```text title=\"prints\"\nout put\n```" in filled
    assert "```text\nas it is\n```" in filled


def test_a_long_output_is_cut_and_says_so(tmp_path):
    write(tmp_path / "my-study/src/my_study/__init__.py", "")
    page = "```python run lines=2\nfor i in range(9):\n    print(i)\n```\n"
    assert '```text title="prints"\n0\n1\n...\n```' in pages.fill(page, tmp_path / "my-study")


def test_a_line_too_long_for_the_page_is_folded_and_a_row_of_a_table_is_not():
    row = f"model  {'0.5 [0.4, 0.6]  ' * 9}"
    assert pages.folded(row) == [row]
    assert pages.folded("error: " + "word " * 9) == ["error: " + "word " * 9]
    first, *others = pages.folded("  error: " + "word " * 40)
    assert first.startswith("  error: word") and len(others) == 2
    assert all(len(line) <= pages.FOLD for line in (first, *others))
    assert all(line.startswith("    word") for line in others)


def test_names_in_tables_break_behind_their_signs():
    code = "<code>a.py::test_b</code>"
    broken = "<td>x_y <code>a.py::<wbr>test_<wbr>b</code></td>"
    assert pages.breakable(f"<p>{code}</p><td>x_y {code}</td>") == f"<p>{code}</p>{broken}"


def test_a_page_commits_under_no_name_of_the_machine(tmp_path):
    write(tmp_path / "my-study/src/my_study/__init__.py", "")
    page = "```console run\ngit init --quiet\ngit add --all\ngit commit --quiet --message x\n"
    page += 'git log "--format=%an %ae"\n```\n'
    assert "Your Name you@example.org\n" in pages.fill(page, tmp_path / "my-study")


@pytest.mark.parametrize(("nav", "end"), [([{"A": "a.md"}], {"More": ["b.md", "c.md"]}), (None, 0)])
def test_a_page_that_the_navigation_does_not_name_stands_at_its_end(tmp_path, nav, end):
    for name in ("c.md", "a.md", "b.md"):
        write(tmp_path / name, "# A page\n")
    found = pages.on_config(SimpleNamespace(nav=nav, docs_dir=str(tmp_path))).nav
    assert (found[-1] if nav else len(found or [])) == end


# How a study works ---------------------------------------------------------------------------


def test_the_picture_shows_what_exists(default_bake):
    picture = (TEMPLATE / "docs" / "images" / "way.svg").read_text(encoding="utf-8")
    shown = re.findall(r'class="name">([^<]+)<', picture)
    parts = [default_bake.path / "src" / default_bake.package, default_bake.path / "engine/reproml"]
    stems = {path.stem for part in parts for path in part.rglob("*")}
    names = [name for one in shown for name in one.split(", ")]
    assert len(names) >= 12
    assert [n for n in names if n not in stems and not (default_bake.path / n).exists()] == []


def test_every_file_that_a_page_names_exists(default_bake):
    """Paths in code type, on pages that speak of a study."""
    missing = []
    for path in PAGES:
        text = pages.FENCE.sub("", path.read_text(encoding="utf-8"))
        for name in re.findall(
            r"`(?:python )?((?:scripts|src|tests|tools|docs|results|data)/[\w./-]+)[ `]", text
        ):
            made = name.startswith(("results/openings", "data/raw/wine", "scripts/x.py"))
            made |= path.name == "updates.md"  # which names files of the first edition
            known = [default_bake.path / name, TEMPLATE / name]
            if not made and not any(p.exists() for p in known):
                missing.append(f"{path.name}: {name}")
    assert missing == []


# README -------------------------------------------------------------------------------------


def test_what_readme_claims_is_proved_by_a_test_that_exists():
    readme = (TEMPLATE / "README.md").read_text(encoding="utf-8")
    table = readme[readme.index("| What a fresh project has") :].partition("\n\n")[0]
    rows = [line.split(" | ") for line in table.splitlines()[2:]]
    claims = [row[1] for row in rows if not row[1].startswith("no")]
    assert len(claims) >= 12
    assert len(rows) > len(claims)  # what others do and this one does not stands there, too
    for claim in claims:
        file, test = re.fullmatch(r'\[yes\]\((\S+) "(test_\w+)"\)', claim).groups()
        text = (TEMPLATE / unquote(file)).read_text(encoding="utf-8")
        assert f"def {test}(" in text, claim
    assert re.search(r"of \w+ 20\d\d", readme)


# Housekeeping --------------------------------------------------------------------------------


SCHEMA = [sys.executable, "-m", "check_jsonschema", "--builtin-schema"]


def test_forms_fit_their_schema(run, tmp_path):
    forms = sorted(path for path in FORMS.glob("*.yml") if path.stem != "config")
    assert len(forms) == 2
    run([*SCHEMA, "vendor.github-issue-forms", *forms], cwd=TEMPLATE)
    run([*SCHEMA, "vendor.github-issue-config", FORMS / "config.yml"], cwd=TEMPLATE)
    write(tmp_path / "bug.yml", forms[0].read_text(encoding="utf-8").replace("textarea", "text"))
    run([*SCHEMA, "vendor.github-issue-forms", tmp_path / "bug.yml"], cwd=TEMPLATE, rc=1)


PROJECT = '[project]\nversion = "1.2.0"\n'
CHANGES = "# Changelog\n\n## 1.2.0 (2027-01-31)\n\n- New.\n\n## 1.1.0 (2026-12-01)\n\n- Old.\n"


def test_a_release_says_what_is_new():
    assert release.notes("v1.2.0", PROJECT, CHANGES) == "- New.\n"


@pytest.mark.parametrize(
    ("tag", "project", "changelog", "message"),
    [
        ("1.2.0", PROJECT, CHANGES, "no tag of a version"),
        ("v1.3.0", PROJECT, CHANGES, "pyproject.toml says 1.2.0"),
        ("v1.2.0", PROJECT, CHANGES.replace("1.2.0 (", "Unreleased ("), "'Unreleased"),
        ("v1.2.0", PROJECT, CHANGES.replace("- New.\n", ""), "says nothing"),
        ("v1.2.0", PROJECT, "# Changelog\n", "newest part"),
    ],
)
def test_a_release_that_does_not_fit_is_refused(tag, project, changelog, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        release.notes(tag, project, changelog)


def test_the_release_names_the_file_of_changes(run):
    run([sys.executable, "tools/release.py", "v0.0.0"], cwd=TEMPLATE, rc=1)


def test_the_closing_words_fit_one_screen():
    """80 columns, 24 lines, whatever could not be done; the study's own folder may be longer."""
    hook = load_file(TEMPLATE / "hooks/post_gen_project.py")
    names = ["environment", "git repository", "first commit", "pre-commit hook"]
    worst = [
        ("environment", "its reason is above", hook.commands(["environment"])),
        ("git repository", "git was not found, or does not start", hook.commands(names[1:])),
    ]
    for done, undone in ((names, []), ([], worst)):
        lines = hook.closing_words(done, undone)
        assert len(lines) <= 23  # the prompt is on the last one
        assert [line for line in lines if len(line) > 80 and not line.startswith("    cd ")] == []
        for part in ("data/raw/", "study.toml", "src/", "engine/"):
            assert any(line.startswith(f"    {part} ") for line in lines)
        following = lines[lines.index("Next:") + 1 :][:3]
        assert following[0].startswith("    cd ")
        assert "verify.py" in following[2]


def test_the_answers_of_the_form_are_those_of_the_template():
    """The placeholder of the form names questions that exist."""
    questions = json.loads((TEMPLATE / "cookiecutter.json").read_text(encoding="utf-8"))
    form = (FORMS / "bug.yml").read_text(encoding="utf-8")
    answers = re.findall(r"(\w+)=(\w+)", form)
    assert len(answers) == 2
    for question, answer in answers:
        assert answer in questions[question]
