"""What every generated file has to be: there, rendered, valid, formatted, the same each time."""

import json
import re
import stat
import subprocess
import sys
import tomllib
from pathlib import Path, PurePosixPath

import pytest
import yaml
from cookiecutter.main import cookiecutter

BAKES = {  # every choice at least once, every data set, the shortest and the longest name
    "default": {},
    "regression": {"task": "regression", "license": "BSD-3-Clause", "python_version": "3.14"},
    "grouped": {"dependence": "grouped", "ci": "gitlab", "project_slug": "a"},
    "temporal": {"dependence": "temporal", "task": "regression", "python_version": "3.11"},
    "spatial": {"dependence": "spatial", "ci": "gitlab", "license": "Apache-2.0"},
    "longest": {
        "project_slug": "a" * 40,
        "project_name": "W" * 200,
        "description": "W" * 200,
        "author_name": "W" * 200,
        "orcid": "0000-0002-1825-0097",
    },
    "hostile": {
        "project_name": r"""Jo "J" O'Neil's \new # {a}: 100% <b> $x$ 'y'""",
        "description": "\u05e9\u05dc\u05d5\u05dd \N{DNA DOUBLE HELIX} \\u0041 \"\"\" ''' [x] &amp;",
        "author_name": r"""Åsa "Ö" O'Neil\\""",
        "author_email": "",
        "project_slug": "hostile",
    },
    "words": {  # which YAML does not read as text
        **{"project_name": "no", "description": "null", "author_name": "1e3"},
        "project_slug": "words",
    },
}
LEFTOVER = re.compile(r"(?<!\$)\{\{|\{%|\{#")
DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)
# Windows stops at 260 characters, and a checkout or a study lies in some folder of its own.
LONGEST_TEMPLATE_PATH = 140
LONGEST_STUDY_PATH = 120


@pytest.fixture(scope="session")
def bakes(bake, default_bake):
    made = {"default": default_bake}

    def get(name):
        if name not in made:
            made[name] = bake(**BAKES[name])
        return made[name]

    return get


@pytest.fixture(params=BAKES)
def study(bakes, request):
    return bakes(request.param)


@pytest.fixture(scope="session")
def tracked(template):
    """Paths of the template's own files, as git keeps them."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=template, capture_output=True, check=True
    )
    return [name for name in listed.stdout.decode("utf-8").split("\0") if name]


def read_yaml(text):
    """Read YAML as any reader would; tags such as mkdocs' !!python/name stay uninterpreted."""

    class Loader(yaml.SafeLoader):
        pass

    Loader.add_multi_constructor("", lambda loader, tag, node: f"{tag} {node.value}")
    return yaml.load(text, Loader)


READERS = {
    ".toml": tomllib.loads,
    ".yml": read_yaml,
    ".yaml": read_yaml,
    ".cff": read_yaml,
    ".json": json.loads,
    ".ipynb": json.loads,
}


def parse(study):
    """Read every configuration file of a study: {path: content}."""
    names = [name for name in study.files() if PurePosixPath(name).suffix in READERS]
    return {name: READERS[PurePosixPath(name).suffix](study.read(name)) for name in names}


def path_mistakes(path):
    """Say what is wrong with a path on any system, or nothing."""
    found = []
    for part in path.split("/"):
        if re.search(r'[<>:"\\|?*\x00-\x1f]', part) or not part.isascii():
            found.append(f"{part}: characters")
        if part.endswith((" ", ".")) or DEVICE.fullmatch(part):
            found.append(f"{part}: name")
    return found


def test_exact_files_of_the_default_study(default_bake, request):
    """`pytest tests/test_render.py --renew-files` renews the list; its diff is to be read."""
    listed = Path(__file__).with_name("default_files.txt")
    # Below engine/ lies what the template holds there, whatever was answered: test_engine.py.
    found = [name for name in default_bake.files() if not name.startswith("engine/reproml/")]
    if request.config.getoption("--renew-files"):
        listed.write_text("\n".join(found) + "\n", encoding="utf-8", newline="\n")
    assert found == listed.read_text(encoding="utf-8").splitlines()


def test_other_answers_change_few_files(bakes):
    default, other = set(bakes("default").files()), set(bakes("spatial").files())
    assert ".github/workflows/ci.yml" in default
    github = {name for name in default if name.startswith(".github/")}
    assert default - other == github | {"data/raw/breast_cancer.csv"}
    compared = "results/tables/claim.tex"  # only where a random split is another one
    assert other - default == {".gitlab-ci.yml", "data/raw/stations.csv", compared}


def test_no_template_code_is_left(study):
    names = [name for name in study.files() if not name.startswith("engine/")]  # test_engine.py
    found = {name: LEFTOVER.findall(study.read(name)) for name in names}
    assert {name: left for name, left in found.items() if left} == {}
    assert not [name for name in study.files() if LEFTOVER.search(name) or "cookiecutter" in name]


@pytest.mark.parametrize("text", ["{{ cookiecutter.x }}", "{% if x %}", "x {# y #}"])
def test_template_code_would_be_found(text):
    assert LEFTOVER.search(text)
    assert not LEFTOVER.search("run: ${{ matrix.python }}")


def test_configuration_is_valid(study):
    parsed = parse(study)
    assert {"pyproject.toml", "study.toml", "mkdocs.yml", "CITATION.cff"} <= set(parsed)
    assert all(parsed.values())


def test_answers_read_back_as_typed(study, template):
    defaults = json.loads((template / "cookiecutter.json").read_text(encoding="utf-8"))
    answers = {**defaults, "license": "MIT", **study.answers}
    parsed = parse(study)
    project, citation = parsed["pyproject.toml"]["project"], parsed["CITATION.cff"]
    assert project["name"] == study.path.name
    assert project["description"] == citation["abstract"] == answers["description"]
    site = parsed["mkdocs.yml"]
    assert site["site_description"] == answers["description"]
    assert project["authors"][0]["name"] == citation["authors"][0]["name"] == answers["author_name"]
    assert site["site_name"] == citation["title"] == answers["project_name"]
    assert project["license"] == citation["license"] == answers["license"]
    assert [one.get("license") for one in citation["references"]] != [answers["license"]]  # of data
    author = citation["authors"][0]
    assert ("orcid" in author, "email" in author) == (
        bool(answers["orcid"]),
        bool(answers["author_email"]),
    )


CITATION_CHECK = [sys.executable, "-m", "check_jsonschema"]
CITATION_CHECK += ["--builtin-schema", "vendor.citation-file-format", "CITATION.cff"]


def test_citation_follows_its_schema(study, run):
    run(CITATION_CHECK, cwd=study.path)


def test_bad_citation_would_be_found(default_bake, run, tmp_path):
    bad = default_bake.read("CITATION.cff").replace("license: MIT", "license: none of these")
    (tmp_path / "CITATION.cff").write_text(bad, encoding="utf-8")
    run(CITATION_CHECK, cwd=tmp_path, rc=1)


@pytest.mark.network
@pytest.mark.slow
@pytest.mark.parametrize("name", ["default", "regression", "grouped", "longest", "hostile"])
def test_formatted_as_rendered(bakes, study_env, run, name):
    """Nothing repairs the files first; the shortest and the longest name wrap lines differently."""
    run([study_env, "-m", "black", "--check", "--diff", "."], cwd=bakes(name).path)
    run([study_env, "-m", "ruff", "check", "."], cwd=bakes(name).path)


@pytest.mark.network
@pytest.mark.slow
def test_bad_formatting_would_be_found(bake, study_env, run):
    study = bake()
    with (study.path / "scripts" / "baselines.py").open("a", encoding="utf-8") as script:
        script.write("import os,sys\n")
    run([study_env, "-m", "black", "--check", "."], cwd=study.path, rc=1)
    run([study_env, "-m", "ruff", "check", "."], cwd=study.path, rc=1)


def modes(study):
    """Which files can be executed."""
    return {n: bool((study.path / n).stat().st_mode & stat.S_IXUSR) for n in study.files()}


def test_second_generation_gives_the_same_bytes(bake, default_bake):
    again = bake(anew=True)
    assert again.path != default_bake.path
    assert again.bytes() == default_bake.bytes()
    assert modes(again) == modes(default_bake)


def test_clone_with_windows_line_ends_gives_the_same_bytes(
    template, tracked, default_bake, cookiecutter_config, tmp_path
):
    """Where git was told to check out CRLF in spite of .gitattributes, or a zip file was taken."""
    clone = tmp_path / "clone"
    for name in tracked:
        (clone / name).parent.mkdir(parents=True, exist_ok=True)
        (clone / name).write_bytes((template / name).read_bytes().replace(b"\n", b"\r\n"))
    path = cookiecutter(
        str(clone),
        no_input=True,
        extra_context={"setup_environment": "no"},
        output_dir=str(tmp_path),
        config_file=str(cookiecutter_config),
    )
    made = {name: (Path(path) / name).read_bytes() for name in default_bake.files()}
    assert made == default_bake.bytes()


def test_line_ends(study, template, tracked):
    carriage = [name for name, content in study.bytes().items() if b"\r" in content]
    texts = [name for name in tracked if not name.endswith(".png")]
    carriage += [name for name in texts if b"\r" in (template / name).read_bytes()]
    assert carriage == []


def test_paths_of_the_template_suit_every_system(tracked):
    assert {name: wrong for name in tracked if (wrong := path_mistakes(name))} == {}
    assert [name for name in tracked if len(name) > LONGEST_TEMPLATE_PATH] == []
    assert len({name.lower() for name in tracked}) == len(tracked)


def test_paths_of_a_study_suit_every_system(study):
    names = study.files()
    assert {name: wrong for name in names if (wrong := path_mistakes(name))} == {}
    assert [n for n in names if len(f"{study.path.name}/{n}") > LONGEST_STUDY_PATH] == []
    assert len({name.lower() for name in names}) == len(names)


@pytest.mark.parametrize("path", ["a:b", "x/con", "x/NUL.txt", "a|b", 'a"b', "x./y", "a\\b", "é"])
def test_bad_path_would_be_found(path):
    assert path_mistakes(path)
