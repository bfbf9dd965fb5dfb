"""README of a study is one screen: claim, table, figure, commands and the author's files."""

import re
import subprocess


def test_readme_is_one_screen_with_a_table_a_figure_and_the_authors_files(default_bake):
    text = default_bake.read("README.md")
    assert len(text.splitlines()) <= 75
    assert re.findall(r"^<!-- begin (\S+) -->$", text, re.M) == ["results/tables/primary.md"]
    (figure,) = re.findall(r"!\[[^]]{20,}\]\((\S+)\)", text)
    assert (default_bake.path / figure).is_file()
    package = default_bake.path / "src" / default_bake.package
    named = set(re.findall(rf"`src/{package.name}/(\w+\.py)`", text))
    assert named == {path.name for path in package.glob("*.py")} - {"__init__.py"}


def test_every_script_and_verb_is_on_the_page_of_commands(default_bake, monkeypatch):
    text = default_bake.read("docs/commands.md")
    shown = set(re.findall(r"`python (scripts/\w+\.py|-m reproml \w+)[ `]", text))
    scripts = {f"scripts/{path.name}" for path in (default_bake.path / "scripts").glob("*.py")}
    verbs = re.findall(
        r'^    "(\w+)": Verb', default_bake.read("engine/reproml/cli/verbs.py"), re.M
    )
    assert len(verbs) > 10
    doubled = {"-m reproml reproduce", "-m reproml verify"}  # README names the scripts
    assert shown == scripts | {f"-m reproml {verb}" for verb in verbs} - doubled


def test_what_was_changed_since_generation_is_shown(bake):
    study = bake().path
    command = re.search(r"^git diff --stat .*$", (study / "README.md").read_text("utf-8"), re.M)[0]
    for name, changed in (("docs/tour.md", 0), ("study.toml", 1), ("scripts/baselines.py", 2)):
        with (study / name).open("a", encoding="utf-8") as file:
            file.write("# mine\n")
        done = subprocess.run(command, shell=True, cwd=study, capture_output=True, text=True)
        assert (done.returncode, done.stdout.count("|")) == (0, changed)
        assert (name in done.stdout) is bool(changed)
