"""Answers that cannot work are refused before any file is written; odd but good ones are not."""

import json
import keyword
import re
import sys
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

GOOD = {
    "project_name": "My Study",
    "project_slug": "my-study",
    "description": "What it asks",
    "author_name": "Ada Lovelace",
    "author_email": "ada@example.org",
    "orcid": "0000-0002-1825-0097",
    "license": "MIT",
    "python_version": "3.13",
    "task": "regression",
    "dependence": "spatial",
    "ci": "gitlab",
    "setup_environment": "no",
}
TEXTS = ["project_name", "description", "author_name"]
ODD = json.loads(Path(__file__).with_name("odd_answers.json").read_text(encoding="utf-8"))


def refused(pre_gen, **answers):
    """Give the refused fields with their rules."""
    return {m[0]: m[2] for m in pre_gen.find_mistakes({**GOOD, **answers})}


def test_good_answers_pass(pre_gen):
    assert refused(pre_gen) == {}
    assert refused(pre_gen, author_email="", orcid="") == {}


@pytest.mark.parametrize("text", ODD.values(), ids=ODD)
def test_odd_text_passes(pre_gen, text):
    assert refused(pre_gen, **dict.fromkeys(TEXTS, text)) == {}


@pytest.mark.parametrize("field", TEXTS)
@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("", "letter or a digit"),
        ("   ", "letter or a digit"),
        ("\N{DNA DOUBLE HELIX}", "letter or a digit"),
        (" a", "begin or end with a blank"),
        ("a\u00a0", "begin or end with a blank"),
        ("x" * 201, "201 characters, 200 are allowed"),
        ("a\nb", "one line"),
        ("a\tb", "one line"),
        ("a\x00b", "one line"),
        ("a\x1b[31mb", "one line"),
        ("a\x85b", "one line"),
        ("a\u2028b", "one line"),
        ("a\u202eb", "text-direction"),
        ("a\ufeffb", "one line"),
        ("a\uffffb", "one line"),
        ("a\udc80b", "one line"),
        ("a {{ b", "opening brace"),
        ("a {% b", "opening brace"),
        ("a {# b", "opening brace"),
        (None, "must be text"),
        (True, "must be text"),
    ],
)
def test_text_is_refused(pre_gen, field, text, rule):
    rules = refused(pre_gen, **{field: text})
    assert list(rules) == [field]
    assert any(rule in broken for broken in rules[field])


@pytest.mark.parametrize(
    ("slug", "rule"),
    [
        ("", "lower-case letters"),
        ("My-Study", "lower-case letters"),
        ("my study", "lower-case letters"),
        ("2024-floods", "beginning with a letter"),
        ("-a", "lower-case letters"),
        ("a-", "lower-case letters"),
        ("a--b", "single hyphens"),
        ("_a", "beginning with a letter"),
        ("__init__", "beginning with a letter"),
        ("größe", "letters a-z"),
        ("\u0661a", "letters a-z"),
        ("a\u0661", "letters a-z"),
        ("my.study", "lower-case letters"),
        ("a\n", "lower-case letters"),
        ("../a", "lower-case letters"),
        ("a'b", "lower-case letters"),
        ("a" * 41, "41 characters, 40 are allowed"),
        ("class", "word of the Python language"),
        ("lambda", "word of the Python language"),
        ("json", "standard library"),
        ("test", "folder or script"),
        ("imp", "standard library"),
        ("numpy", "package that studies use"),
        ("scikit-learn", "package that studies use"),
        ("sklearn", "package that studies use"),
        ("torch", "package that studies use"),
        ("tests", "folder or script"),
        ("scripts", "folder or script"),
        ("src", "folder or script"),
        ("docs", "folder or script"),
        ("engine", "folder or script"),
        ("reproml", "folder or script"),
        ("con", "device on Windows"),
        ("aux", "device on Windows"),
        ("lpt1", "device on Windows"),
        (3, "must be text"),
    ],
)
def test_slug_is_refused(pre_gen, slug, rule):
    rules = refused(pre_gen, project_slug=slug)
    assert list(rules) == ["project_slug"]
    assert any(rule in broken for broken in rules["project_slug"])


@pytest.mark.parametrize("slug", ["a", "x1", "my-study", "my_study", "a" * 40, "study", "match"])
def test_slug_passes(pre_gen, slug):
    assert refused(pre_gen, project_slug=slug) == {}


@pytest.mark.parametrize(
    "email",
    [
        *("ada", "ada@", "@example.org", "ada@example", "a b@example.org", "a@b@example.org"),
        *("ada@example.org ", "ada@example.org\n", "Ada <ada@example.org>", "a..b@example.org"),
        *("ada@-example.org", "ad\u00e4@example.org", 'a"b@example.org', 7),
        "a" * 250 + "@example.org",
    ],
)
def test_email_is_refused(pre_gen, email):
    assert list(refused(pre_gen, author_email=email)) == ["author_email"]


@pytest.mark.parametrize("email", ["o'neil+x@mail.example.co.uk", "A.B_c%d@x-y.org"])
def test_email_passes(pre_gen, email):
    assert refused(pre_gen, author_email=email) == {}


@pytest.mark.parametrize(
    ("orcid", "rule"),
    [
        ("0000-0002-1825-0098", "check digit"),
        ("0000-0001-5109-3701", "check digit"),
        ("0000000218250097", "four groups"),
        ("https://orcid.org/0000-0002-1825-0097", "four groups"),
        ("0000-0002-1694-233x", "four groups"),
        ("\uff10000-0002-1825-0097", "four groups"),
        ("0000-0002-1825-0097 ", "four groups"),
    ],
)
def test_orcid_is_refused(pre_gen, orcid, rule):
    assert rule in refused(pre_gen, orcid=orcid)["orcid"][0]


@pytest.mark.parametrize("orcid", ["0000-0001-5109-3700", "0000-0002-1694-233X"])
def test_orcid_passes(pre_gen, orcid):
    assert refused(pre_gen, orcid=orcid) == {}


@pytest.mark.parametrize("field", ["license", "python_version", "task", "dependence", "ci"])
def test_choice_that_is_not_offered_is_refused(pre_gen, field):
    assert list(refused(pre_gen, **{field: "other"})) == [field]


@pytest.mark.parametrize("field", ["project_slug", *TEXTS, "author_email", "orcid", "license"])
@pytest.mark.parametrize(
    "value", ["", "numpy", "2024", " \t{{{{ ", "class", "a" * 300, None, 5, "é\n"]
)
def test_what_would_do_does(pre_gen, field, value):
    for wrong, _, _, better in pre_gen.find_mistakes({**GOOD, field: value}):
        assert wrong == field
        assert refused(pre_gen, **{field: better}) == {}


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(st.text(max_size=60) | st.from_regex("[a-z0-9_ .-]{1,50}"), st.text(max_size=210))
@example("numpy", "study-numpy")
@example("study-" + "a" * 60, "\N{DNA DOUBLE HELIX}")
def test_whatever_is_refused_something_else_is_proposed_that_passes(pre_gen, slug, text):
    answers = {**GOOD, "project_slug": slug} | dict.fromkeys(TEXTS, text)
    for field, _, _, better in pre_gen.find_mistakes(answers):
        answers[field] = better
    assert pre_gen.find_mistakes(answers) == []


@pytest.mark.parametrize(
    ("given", "refused"),
    [("{{ 49 }}", True), ("a{# b #}c", True), ("no braces", False), (1000, True), ("d", False)],
)
def test_what_was_given_counts_where_it_was_run(pre_gen, given, refused):
    mistakes = pre_gen.find_mistakes({**GOOD, "description": "d"}, {"description": given})
    assert [(m[0], m[1]) for m in mistakes] == [("description", given)] * refused


def test_all_mistakes_come_at_once_in_ascii(pre_gen, capsys, monkeypatch):
    bad = {"project_slug": "sklearn", "author_name": "\u05e9\n", "orcid": "1", "author_email": "é"}
    monkeypatch.setattr(pre_gen, "ANSWERS", json.dumps({**GOOD, **bad}))
    monkeypatch.setattr(pre_gen, "GIVEN", "{}")
    assert pre_gen.main() == 1
    said = capsys.readouterr().err
    assert said.isascii()
    assert "4 answers cannot work" in said
    for field, value in bad.items():
        assert f"{field} = {value!a}" in said
    assert "would do: study-sklearn" in said


def test_no_module_of_the_lock_can_be_a_study(pre_gen, study_env, run, template):
    """The list of names in the hook is by hand; the lock is the truth."""
    code = "import importlib.metadata as m, json; print(json.dumps([*m.packages_distributions()]))"
    listed = run([study_env, "-c", code], cwd=template)
    found = [m.lower() for m in json.loads(listed.stdout) if m.isidentifier()]
    modules = [m for m in found if not m.endswith("__mypyc")]  # made by a compiler, new each time
    assert "sklearn" in modules
    lock = (template / "{{cookiecutter.project_slug}}" / "requirements-dev.txt").read_text("utf-8")
    packages = re.findall(r"^([a-z0-9._-]+)==", lock, re.MULTILINE)
    assert "scikit-learn" in packages
    free = [n for n in modules + packages if pre_gen.wrong_slug(re.sub("[-_.]+", "-", n)) == []]
    assert free == []


def test_no_script_or_folder_of_the_study_can_be_a_study(pre_gen, default_bake):
    """`python scripts/x.py` finds scripts/ before the package, tests find the root."""
    names = {path.stem for path in (default_bake.path / "scripts").glob("*.py")}
    names |= {path.name for path in default_bake.path.iterdir() if path.is_dir()}
    names = {name for name in names if name.isidentifier()}
    assert {"baselines", "tests"} <= names
    assert sorted(n for n in names if pre_gen.wrong_slug(n) == []) == []


def test_former_and_future_standard_library_is_refused(pre_gen):
    assert not any(pre_gen.wrong_slug(n) == [] for n in sys.stdlib_module_names)
    assert not any(pre_gen.wrong_slug(n) == [] for n in keyword.kwlist)
    assert {"distutils", "cgi"} <= pre_gen.FORMER_STDLIB


@pytest.mark.parametrize(
    "answer",
    [
        *("project_slug=numpy", "project_slug=", "project_slug=a/b", "project_slug=../b"),
        *("project_slug=a\\b", "project_slug=" + "a" * 300, "author_name=", "orcid=1"),
        *("ci=other", "description=a\nb", "author_email=\u202e"),
    ],
)
def test_refusal_names_the_field_and_leaves_nothing(generate, tmp_path, answer):
    done = generate(answer, rc=1)
    assert answer.partition("=")[0] in done.stdout + done.stderr
    assert list((tmp_path / "out").rglob("*")) == []
