"""Own data, put in as a study's README and data/README.md say: a field survey with its warts.

Three classes with long names, gaps, texts, a unit in a header. Every command works, and in the
archive there is no word of the example any more.
"""

import csv
import hashlib
import io
import random
import re
import tomllib
import zipfile

import pytest
from studies import edit, paths

CLASSES = [
    "Dry grassland on limestone, grazed until late summer",
    "Prairie humide à molinie, non fauchée",
    "Tall-herb fringe along streams and shaded ditches",
]
IDENTITY = {
    f"GIT_{who}_{what}": "a@b.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
}
ABOUT = """\
<!-- --8<-- [start:about] -->
`raw/survey.csv`: 150 plots of a survey of grasslands, made up for a test.

**Licence.** [CC0 1.0](https://creativecommons.org/publicdomain/zero/1.0/): do what you like.
<!-- --8<-- [end:about] -->
"""
REFERENCE = """\
references:
  - type: data
    title: "Plots of a grassland survey"
    authors:
      - {family-names: Lovelace, given-names: Ada}
    year: 2026
"""
COLUMNS = """\
[data.columns]
habitat = { role = "target", type = "category", values = [%s] }
"soil depth [cm]" = { role = "feature", unit = "cm", min = 0.0 }
"*_cover" = { role = "feature", min = 0.0, max = 100.0, unit = "%%" }
aspect = { role = "feature", type = "category", values = ["north", "south", "flat"] }
remarks = { role = "ignore", type = "category" }
"""


def survey():
    """Return a table with a gap in every tenth row."""
    rng, content = random.Random(0), io.StringIO()
    lines = csv.writer(content, lineterminator="\n")
    lines.writerow(["habitat", "soil depth [cm]", "moss_cover", "herb_cover", "aspect", "remarks"])
    for number in range(150):
        kind = number % 3
        depth = round(rng.gauss(10 + 8 * kind, 6) % 60, 1)
        moss, herb = (round(min(100, max(0, rng.gauss(m, 15))), 1) for m in (20 * kind + 20, 50))
        aspect = rng.choice(["north", "south", "flat"])
        numbers = ["" if number % 10 == 3 else depth, moss, herb]
        lines.writerow([CLASSES[kind], *numbers, aspect, f"seen on visit {number}, wet; muddy"])
    return content.getvalue().encode("utf-8")


def put_in(study):
    """Replace the example's data, and nothing that is said of it yet."""
    raw = survey()
    for path in (study / "data" / "raw").iterdir():
        path.unlink()
    (study / "data" / "raw" / "survey.csv").write_bytes(raw)
    data = '[data]\nfile = "data/raw/survey.csv"\nmissing = "impute"\n'
    data += f'sha256 = "{hashlib.sha256(raw).hexdigest()}"\n\n'
    data += COLUMNS % ", ".join(f'"{name}"' for name in CLASSES)
    weaker = '[ablations.weaker]\nset = { columns__numbers__splines = "passthrough" }\n'
    edit(
        study / "study.toml",
        (r"^\[data\].*?(?=^\[split\])", f"{data}\n"),
        (r"^# The three measures.*?\n\n", 'domain = { subset__keep = ["soil depth [cm]"] }\n\n'),
        (r"^# Each switches one.*?(?=^\[sharing\])", f'{weaker}reason = "Is it needed?"\n\n'),
        (r"^folds = 5\b", "folds = 3"),
        (r"^repeats = 6\b", "repeats = 1"),
    )


def say_whose_it_is(study):
    """Rewrite what `check` lists."""
    page = (study / "data/README.md").read_text(encoding="utf-8")
    own = ABOUT + page.partition("<!-- --8<-- [end:about] -->\n")[2]
    (study / "data/README.md").write_text(f"# Data\n\n{own}", encoding="utf-8")
    edit(study / "CITATION.cff", (r"^references:.*\Z", REFERENCE))
    edit(
        study / "paper/references.bib",
        (r"^@\w+\{data,.*?^\}$", "@misc{data,\n  title = {Plots of a grassland survey},\n}"),
    )
    for path in study.rglob("*"):
        if path.is_file() and not {".git", "engine", "results", "raw"} & set(path.parts):
            try:
                text = path.read_text(encoding="utf-8")
            except UnicodeDecodeError:
                continue
            if path.name != "example.toml":
                text = text.replace("Your Name", "Ada Lovelace").replace("My Study", "Grasslands")
                text = text.replace("you@example.org", "ada@lovelace.org")
                path.write_text(text, encoding="utf-8", newline="\n")


@pytest.mark.slow
def test_a_field_survey_goes_all_the_way_and_no_word_of_the_example_is_left(
    bake, in_study, run, study_env, tmp_path
):
    study = bake(anew=True).path
    words = tomllib.loads((study / "data/example.toml").read_text(encoding="utf-8"))["words"]
    put_in(study)

    def commit():
        run(["git", "add", "-A"], study)
        run(["git", "commit", "-q", "--no-verify", "-m", "Our data"], study, env=IDENTITY)

    in_study(study, "reproduce")
    commit()
    done = in_study(study, "archive", "--unverified", rc=2)
    assert "still about the example that the study was made with" in done.stderr
    assert re.search(r"^  CITATION\.cff:\d+: Wolberg$", done.stderr, re.MULTILINE)
    look = "from pathlib import Path; from reproml.cli.check import of_the_example; "
    look += "print(*of_the_example(Path()), sep='\\n')"
    listed = run([study_env, "-c", look], study, env={"PYTHONPATH": paths(study)}).stdout
    files = set(re.findall(r"^warning: ([\w./]+):\d+: .*: this is about the example", listed, re.M))
    assert {"CITATION.cff", "data/README.md", "paper/references.bib", "LICENSE"} <= files
    assert "accept their files in data/example.toml" in listed

    say_whose_it_is(study)
    (study / "data/example.toml").unlink()
    in_study(study, "reproduce")
    checked = in_study(study, "check", rc=None).stdout
    assert not re.findall(r"^\w+ +FAILED.*$", checked, flags=re.MULTILINE), checked
    assert "about the example" not in checked
    commit()
    assert "REPRODUCED" in in_study(study, "verify").stdout
    into = tmp_path / "archive.zip"
    in_study(study, "archive", "--into", into)
    said = re.compile("|".join(words), re.IGNORECASE)
    with zipfile.ZipFile(into) as archive:
        for name in archive.namelist():
            text = archive.read(name).decode("utf-8", "replace")
            assert name.startswith("engine/") or not said.search(f"{name} {text}"), name
        assert "CC0 1.0" in archive.read("ro-crate-metadata.json").decode("utf-8")
    assert "fitted on" in in_study(study, "share").stdout
    in_study(study, "cards")
    env = {"PYTHONPATH": paths(study), "NO_MKDOCS_2_WARNING": "1"}
    run(
        [study_env, "-m", "mkdocs", "build", "-q", "--strict", "-d", tmp_path / "site"],
        study,
        env=env,
    )
    card = (tmp_path / "site/data_card/index.html").read_text(encoding="utf-8")
    assert all(name in card for name in CLASSES)
    assert "visit 7" not in card
    run(["git", "diff", "--exit-code", "engine", "scripts", "tests"], study)
