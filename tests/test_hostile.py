"""What was typed is what every file says; or a message names the field, and nothing is there."""

import ast
import json
import re
import subprocess
import sys
import tomllib
from html.parser import HTMLParser
from pathlib import Path, PurePosixPath

import markdown
import pytest
import yaml
from cookiecutter.exceptions import FailedHookException, UndefinedVariableInTemplate
from cookiecutter.main import cookiecutter
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from jinja2 import TemplateSyntaxError
from markdown_it import MarkdownIt

TESTS = Path(__file__).resolve().parent
ODD = json.loads((TESTS / "odd_answers.json").read_text(encoding="utf-8"))
TEXTS = ["project_name", "description", "author_name"]
PLAIN = {field: f"Plain{field.replace('_', '')}" for field in TEXTS}
ANSWERS = {"project_slug": "my-study", "author_email": "o'neil+x@example.org"}
ANSWERS |= {"orcid": "0000-0002-1825-0097"}
HOLDS = re.compile(rb"cookiecutter\.(__)?(project_name|description|author_name)|include 'licenses")


class Words(HTMLParser):
    """The text of an HTML page, and the elements that it is in."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_data(self, data):
        self.found.append(data)

    def handle_starttag(self, tag, attrs):
        self.found.append(f"\0{tag}\0")  # no text can look like it

    def handle_comment(self, data):
        self.found.append("\0comment\0")


def as_words(html):
    parser = Words()
    parser.feed(html)
    parser.close()
    return "".join(parser.found)


def read_markdown(text):
    """Both readings of Markdown that a study's files meet: GitHub's and mkdocs'."""
    github = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    extensions = ["tables", "admonition", "attr_list", "footnotes", "def_list", "abbr"]
    site = markdown.Markdown(extensions=extensions)
    return [as_words(github.render(text)), as_words(site.convert(text))]


def read_yaml(text):
    class Loader(yaml.SafeLoader):
        pass

    Loader.add_multi_constructor("", lambda loader, tag, node: f"{tag} {node.value}")
    return yaml.load(text, Loader)


TEX = {r"\textbackslash{}": "\\", r"\textasciitilde{}": "~", r"\textasciicircum{}": "^"}
TEX |= {r"\textless{}": "<", r"\textgreater{}": ">", r"\textquotedbl{}": '"'}
TEX |= {r"\textbar{}": "|", r"\textquotesingle{}": "'", r"\textasciigrave{}": "`", r"{-}": "-"}
TEX |= {"\\" + char: char for char in "{}&%$#_"}
TEX_CODE = re.compile("|".join(map(re.escape, sorted(TEX, key=len, reverse=True))))


def read_tex(text):
    """The text that TeX sets. A `%` that is left begins a comment, which nobody would see."""
    escaped = TEX_CODE.sub(lambda found: f"\0{ord(TEX[found[0]])}\0", text)
    seen = re.sub("%.*", "", escaped)
    return re.sub("\0([0-9]+)\0", lambda found: chr(int(found[1])), seen)


READERS = {
    **{".toml": tomllib.loads, ".json": json.loads, ".ipynb": json.loads, ".md": read_markdown},
    **dict.fromkeys([".yml", ".yaml", ".cff"], read_yaml),
    **{".tex": read_tex, ".py": lambda text: ast.dump(ast.parse(text)), "": str},
}


def fill_in(read, answers):
    """Put answers in the places of the plain ones, in all that was read from a file."""
    if isinstance(read, dict):
        return {fill_in(k, answers): fill_in(v, answers) for k, v in read.items()}
    if isinstance(read, list):
        return [fill_in(value, answers) for value in read]
    if isinstance(read, str):
        for field in TEXTS:
            read = read.replace(PLAIN[field], answers[field])
    return read


def read_all(study, names):
    return {n: READERS[PurePosixPath(n).suffix]((study / n).read_text("utf-8")) for n in names}


@pytest.fixture(scope="module")
def plain(bake):
    return bake(**ANSWERS, **PLAIN)


@pytest.fixture(scope="module")
def holders(plain):
    """Names of the files in which a free text stands."""
    return [n for n, b in plain.bytes().items() if any(t.encode() in b for t in PLAIN.values())]


@pytest.fixture(scope="module")
def small(template, tmp_path_factory):
    """The template with the files that hold answers and no others, to generate from in no time."""
    root = tmp_path_factory.mktemp("small") / "template"
    listed = subprocess.run(
        ["git", "ls-files", "-coz", "--exclude-standard"], cwd=template, capture_output=True
    ).stdout
    for name in sorted(filter(None, listed.decode("utf-8").split("\0"))):
        content = (template / name).read_bytes()
        part = name.startswith("templates/") and not name.startswith("templates/results/")
        part |= name in ("cookiecutter.json", "hooks/pre_gen_project.py")
        part |= name.endswith("/docs/escape.py")
        if part or (name.startswith("{{") and HOLDS.search(content)):
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_bytes(content)
    return root


@pytest.fixture(scope="module")
def make(small, tmp_path_factory, cookiecutter_config):
    """Generate from the small template: make(**answers) gives the study's folder."""

    def generate(out=None, **answers):
        out = out or tmp_path_factory.mktemp("out")
        made = cookiecutter(
            str(small),
            no_input=True,
            extra_context={**ANSWERS, **answers},
            output_dir=str(out),
            config_file=str(cookiecutter_config),
        )
        return Path(made)

    return generate


@pytest.fixture(scope="module")
def says(make, holders):
    """Check that every file of a study says what was typed."""
    pattern = read_all(make(**PLAIN), holders)

    def check(study, answers):
        for name, read in read_all(study, holders).items():
            assert read == fill_in(pattern[name], answers), name

    return check


@pytest.fixture
def by_hand(small, tmp_path, cookiecutter_config, run):
    """Run cookiecutter on the small template as a person does."""

    def make(*options, stdin="", rc=0, config=cookiecutter_config, env=None):
        command = [sys.executable, "-m", "cookiecutter", small, "-o", tmp_path / "out"]
        (tmp_path / "out").mkdir(exist_ok=True)
        command += ["--config-file", config, *options]
        return run(command, tmp_path, rc=rc, stdin=stdin, env={"PYTHONUTF8": "1", **(env or {})})

    return make


def test_the_small_template_has_all_that_holds_an_answer(plain, holders, make):
    found = {"README.md", "LICENSE", "CITATION.cff", "pyproject.toml", "mkdocs.yml"}
    assert {*found, "docs/index.md", "paper/main.tex"} <= set(holders)
    study = make(**PLAIN)
    assert {n: (study / n).is_file() for n in holders} == dict.fromkeys(holders, True)
    assert {PurePosixPath(n).suffix for n in holders} <= set(READERS), "a reader is needed"
    assert [n for n in holders if n.endswith(".py")] == [], "an answer is code there"


@pytest.mark.parametrize("text", ODD.values(), ids=ODD)
def test_every_file_says_it(make, says, text):
    answers = dict.fromkeys(TEXTS, text)
    says(make(**answers), answers)


def test_a_file_that_says_something_else_would_be_found(make, says):
    answers = dict.fromkeys(TEXTS, 'a "b" & c\\')
    study = make(**answers)
    for field in TEXTS:
        with pytest.raises(AssertionError):
            says(study, answers | {field: 'a "b" & c'})


class Head(Words):
    """What a page says of itself: its texts, and the attributes of its elements."""

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


@pytest.mark.network
@pytest.mark.slow
def test_the_site_says_it(make, study_env, run):
    """The theme writes names into its pages as they are; a script would run in every reader's."""
    text = """"><script>alert('x')</script></title> & <b> \\ &lt; 100%"""
    study = make(**dict.fromkeys(TEXTS, text))
    config = read_yaml((study / "mkdocs.yml").read_text(encoding="utf-8"))
    kept = ("site_name", "site_description", "site_author", "theme", "hooks", "exclude_docs")
    small = json.dumps({key: config[key] for key in kept} | {"plugins": []})
    (study / "mkdocs.yml").write_text(small, encoding="utf-8")
    for path in (study / "docs").glob("*.md"):
        path.write_text("# Page\n", encoding="utf-8")
    run([study_env, "-m", "mkdocs", "build", "--quiet"], study)
    assert not list((study / "site").rglob("escape*"))
    page = Head()
    page.feed((study / "site" / "index.html").read_text(encoding="utf-8"))
    metas = [a for tag, a in filter(lambda f: f[0] == "meta", page.found) if "content" in a]
    said = {meta.get("name"): meta["content"] for meta in metas}
    assert said["description"] == said["author"] == text
    labels = [found[1].get("aria-label") for found in page.found if found[0] == "a"]
    assert text in labels
    title = page.found[[found[0] for found in page.found].index("title") + 1]
    assert title.endswith(text)
    assert text in [found.strip() for found in page.found if isinstance(found, str)]
    assert not [found for found in page.found if isinstance(found, str) and found == "alert('x')"]


hostile = st.one_of(
    st.sampled_from(sorted(ODD.values())),
    st.text(max_size=60),
    st.text(alphabet="\"'\\{}%:#<>&$_~^|`*[]()!-+=.;@ \n\tab1\u00e9\u05d0\u202e", max_size=30),
    st.lists(st.sampled_from([*ODD.values(), "{{", "{%", "{#", " ", "\n", "x"]), max_size=3).map(
        "".join
    ),
)


@pytest.mark.slow
@settings(
    max_examples=70,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.tuples(hostile, hostile, hostile))
@example(("{{ 7 * 7 }}", "a {# b #} c", "{% raw %}d{% endraw %}"))
@example(("x", "{{ 7 * 7 }}", "x"))
def test_any_text_is_said_or_refused(make, says, pre_gen, tmp_path_factory, texts):
    answers = dict(zip(TEXTS, texts, strict=True))
    wrong = [field for field, text in answers.items() if pre_gen.wrong_text(text)]
    out = tmp_path_factory.mktemp("any")
    try:
        study = make(out, **answers)
    except FailedHookException:
        assert wrong
    except (UndefinedVariableInTemplate, TemplateSyntaxError):
        assert any(pre_gen.wrong_code(text) for text in texts)
    else:
        assert not wrong
        says(study, answers)
        return
    assert list(out.iterdir()) == []


def lines_of(**answers):
    """What is typed at the twelve questions, the last of which is answered with no."""
    keys = ["project_name", "project_slug", "description", "author_name", "author_email", "orcid"]
    return "\n".join([*(answers.get(key, "") for key in keys), "", "", "", "", "", "2", ""])


@pytest.mark.parametrize("name", ["quotes", "backslashes", "braces", "HTML", "right to left", "no"])
def test_typed_at_the_prompt(by_hand, says, tmp_path, name):
    """As on the command line, except that a blank before or after goes and nothing is run."""
    answers = dict.fromkeys(TEXTS, ODD[name])
    by_hand(stdin=lines_of(**ANSWERS, **answers))
    says(tmp_path / "out" / "my-study", answers)


def test_blanks_at_the_prompt_go(by_hand, says, tmp_path):
    by_hand(stdin=lines_of(**ANSWERS, **{field: f"  {PLAIN[field]}\t " for field in TEXTS}))
    says(tmp_path / "out" / "my-study", PLAIN)


def test_nothing_typed_is_the_default(by_hand, says, template, tmp_path):
    by_hand(stdin=lines_of(**ANSWERS))
    defaults = json.loads((template / "cookiecutter.json").read_text(encoding="utf-8"))
    says(tmp_path / "out" / "my-study", {field: defaults[field] for field in TEXTS})


@pytest.mark.parametrize(
    "text", ["{{ 7 * 7 }}", "a {# b #} c", "{% if", "\N{DNA DOUBLE HELIX}", "\x1b[1mA"]
)
def test_refused_at_the_prompt(by_hand, tmp_path, text):
    done = by_hand(stdin=lines_of(**ANSWERS, description=text), rc=1)
    assert f"description = {text!a}" in done.stderr
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize("ending", ["", "My Study\n", lines_of(**ANSWERS)[:-3]])
def test_input_that_ends_early_leaves_nothing(by_hand, tmp_path, ending):
    done = by_hand(stdin=ending, rc=1)
    assert "Aborted" in done.stdout + done.stderr
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize(
    ("field", "text"),
    [
        *(("project_name", "{{ 7 * 7 }}"), ("author_name", "{% raw %}a{% endraw %}")),
        *(("description", "a {# b #} c"), ("description", "{{ cookiecutter.project_name }}")),
        *(("author_email", "{{ 'a@b.org' }}"), ("orcid", "{# b #}"), ("project_slug", "{{ 'a' }}")),
    ],
)
def test_option_that_would_run_is_refused_and_named(by_hand, tmp_path, field, text):
    """cookiecutter runs options: 49 would stand where {{ 7 * 7 }} was typed."""
    done = by_hand("--no-input", f"{field}={text}", rc=1)
    assert f"{field} = {text!a}" in done.stderr
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize("text", ["{{ unknown }}", "{{", "{% if", "{#", "{{ 1 / 0 }}"])
def test_option_that_cannot_run_leaves_nothing(by_hand, tmp_path, text):
    """It ends before any hook could say more: this message is cookiecutter's own."""
    done = by_hand("--no-input", f"description={text}", rc=1)
    assert re.search("description|TemplateSyntaxError|ZeroDivisionError", done.stdout + done.stderr)
    assert list((tmp_path / "out").iterdir()) == []


@pytest.fixture
def written(tmp_path):
    """Write a settings file of cookiecutter's: written(line, ...) gives its path."""

    def make(*lines):
        path = tmp_path / "settings.yaml"
        folders = [f"{key}: '{tmp_path / key}'" for key in ("cookiecutters_dir", "replay_dir")]
        text = "\n".join([*folders, "default_context:", *(f"  {line}" for line in lines), ""])
        path.write_text(text, encoding="utf-8")
        return path

    return make


@pytest.mark.parametrize("name", ["quotes", "backslashes", "accents", "null", "number", "TeX"])
def test_from_a_settings_file(by_hand, says, written, tmp_path, name):
    answers = dict.fromkeys(TEXTS, ODD[name])
    given = {**ANSWERS, **answers}
    config = written(*(f"{k}: {json.dumps(v, ensure_ascii=False)}" for k, v in given.items()))
    by_hand("--no-input", config=config)
    says(tmp_path / "out" / "my-study", answers)


@pytest.mark.parametrize("value", ["no", "null", "1_000", "0x10", "1.50", "[a]", "{a: b}"])
def test_what_yaml_reads_otherwise_is_refused(by_hand, written, tmp_path, value):
    """Without quotes `no` is false and 1_000 is a number: what was typed is lost by then."""
    done = by_hand("--no-input", config=written(f"author_name: {value}"), rc=1)
    assert "author_name" in done.stdout + done.stderr
    assert list((tmp_path / "out").iterdir()) == []


def test_replayed(by_hand, says, tmp_path, written):
    answers = dict.fromkeys(TEXTS, ODD["quotes"] + ODD["backslashes"])
    config = written("license: MIT")
    by_hand(stdin=lines_of(**ANSWERS, **answers), config=config)
    (tmp_path / "out" / "my-study").rename(tmp_path / "first")
    by_hand("--replay", config=config)
    says(tmp_path / "out" / "my-study", answers)


def test_replay_of_what_is_refused(by_hand, tmp_path, written):
    config = written("license: MIT")
    by_hand(stdin=lines_of(**ANSWERS, description="{{ 7 * 7 }}"), config=config, rc=1)
    done = by_hand("--replay", config=config, rc=1)
    assert "description = '{{ 7 * 7 }}'" in done.stderr
    assert list((tmp_path / "out").iterdir()) == []


def test_bytes_that_are_not_utf8_are_refused(by_hand, tmp_path):
    """As in a terminal of another encoding, or where the locale is C and Python keeps to it."""
    env = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = by_hand("--no-input", "author_name=\u00c5sa", rc=1, env=env)
    assert "author_name = " in done.stderr
    assert "set the terminal, or LC_ALL, to UTF-8" in done.stderr
    assert list((tmp_path / "out").iterdir()) == []


def test_with_the_oldest_cookiecutter(environment, small, tmp_path, run, says, cookiecutter_config):
    python = environment("cookiecutter==2.6.0")
    answers = dict.fromkeys(TEXTS, ODD["quotes"] + ODD["backslashes"])
    command = [python, "-m", "cookiecutter", small, "-o", tmp_path, "--no-input"]
    command += ["--config-file", cookiecutter_config]
    run([*command, *(f"{k}={v}" for k, v in (ANSWERS | answers).items())], tmp_path)
    says(tmp_path / "my-study", answers)
    done = run([*command, "project_slug=other", "description={{ 7 * 7 }}"], tmp_path, rc=1)
    assert "description = '{{ 7 * 7 }}'" in done.stderr
    assert not (tmp_path / "other").exists()
