"""The twelve questions: their keys, choices and words, and what is derived from the answers."""

import json
import tomllib

import pytest
import yaml
from cookiecutter.generate import generate_context
from cookiecutter.prompt import prompt_for_config

QUESTIONS = {  # the keys are an interface: settings files and recorded answers use them
    "project_name": "My Study",
    "project_slug": str,
    "description": str,
    "author_name": str,
    "author_email": str,
    "orcid": "",
    "license": ["MIT", "BSD-3-Clause", "Apache-2.0"],
    "python_version": ["3.13", "3.14", "3.12", "3.11"],
    "task": ["classification", "regression"],
    "dependence": ["independent", "grouped", "temporal", "spatial"],
    "ci": ["github", "gitlab"],
    "setup_environment": ["yes", "no"],
}


@pytest.fixture(scope="module")
def raw(template):
    return json.loads((template / "cookiecutter.json").read_text(encoding="utf-8"))


@pytest.fixture
def derive(template):
    """Give all values, the private ones too, that cookiecutter makes of the answers."""

    def make(**answers):
        context = generate_context(template / "cookiecutter.json", extra_context=answers)
        return prompt_for_config(context, no_input=True)

    return make


def test_keys_and_choices_are_the_agreed_ones(raw):
    asked = {key: value for key, value in raw.items() if not key.startswith("_")}
    assert list(asked) == list(QUESTIONS)
    for key, expected in QUESTIONS.items():
        assert isinstance(asked[key], str) if expected is str else asked[key] == expected, key


def test_every_question_and_choice_has_words(raw):
    prompts = raw["__prompts__"]
    assert list(prompts) == list(QUESTIONS)
    for key, prompt in prompts.items():
        if isinstance(prompt, dict):
            assert list(prompt) == ["__prompt__", *raw[key]]
    words = [p if isinstance(p, str) else "".join(p.values()) for p in prompts.values()]
    for text in words:
        assert len(text) > 10
        assert "[" not in text  # the console takes brackets for markup


def test_hook_and_questions_offer_the_same_choices(raw, pre_gen):
    offered = {k: v for k, v in raw.items() if isinstance(v, list) and not k.startswith("_")}
    assert offered == pre_gen.CHOICES


@pytest.mark.parametrize(
    ("task", "dependence", "dataset"),
    [
        ("classification", "independent", "breast_cancer"),
        ("regression", "independent", "diabetes"),
        ("classification", "grouped", "stations"),
        ("regression", "temporal", "stations"),
        ("regression", "spatial", "stations"),
    ],
)
def test_data_set_follows_from_task_and_dependence(derive, task, dependence, dataset):
    assert derive(task=task, dependence=dependence)["__dataset"] == dataset


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("My Study", "my-study"),
        ("Größe der Überflutung", "grosse-der-uberflutung"),
        ("2024 Floods", "study-2024-floods"),
        ("\N{DNA DOUBLE HELIX}", "my-study"),
        ("Rain & snow: who's first?", "rain-snow-who-s-first"),
        ("An exceedingly long title that nobody would type", "an-exceedingly-long-title-that"),
        ("a" * 200, "a" * 34),
    ],
)
def test_proposed_slug_always_works(derive, pre_gen, name, slug):
    values = derive(project_name=name)
    assert values["project_slug"] == slug
    assert values["__package"] == slug.replace("-", "_")
    assert pre_gen.wrong_slug(slug) == []


@pytest.mark.parametrize("key", ["project_name", "description", "author_name"])
@pytest.mark.parametrize(
    "text", ["plain", 'a "quoted" word', r"C:\new\table", 'all \\" of \\\\ it"']
)
def test_escaped_answers_read_back_as_typed(derive, key, text):
    escaped = f'"{derive(**{key: text})["__" + key]}"'
    assert tomllib.loads(f"value = {escaped}")["value"] == text
    assert yaml.safe_load(f"value: {escaped}")["value"] == text
    assert json.loads(escaped) == text


def test_escaping_is_needed(derive):
    with pytest.raises(tomllib.TOMLDecodeError):
        tomllib.loads(f'value = "{derive(description=chr(34))["description"]}"')
