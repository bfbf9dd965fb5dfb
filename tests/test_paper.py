"""The paper is built for real: its numbers follow the results, its bytes stay the same."""

import os
import re
import shutil
import unicodedata
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.network, pytest.mark.xdist_group("paper")]
PACKAGES = ["latexmk", "lmodern", "poppler-utils", "texlive-latex-recommended"]
TOOLS = ["latexmk", "pdflatex", "pdftotext"]
HOSTILE = r"100% of A & B_c: $x^2$, #1, ~50 {a} \new <b>"
SCRIPTS = "\u4f60\u597d \u0645\u0631\u062d\u0628\u0627 \N{ROCKET} \u05e9\u05dc\u05d5\u05dd"


@pytest.fixture(scope="module")
def latex(run):
    """Make sure that LaTeX and pdftotext are there, from Debian's packages where they are not."""
    if not all(map(shutil.which, TOOLS)):
        if shutil.which("apt-get") is None or not hasattr(os, "geteuid") or os.geteuid() != 0:
            pytest.skip(f"needs {', '.join(TOOLS)}; without root and apt-get this installs nothing")
        apt = ["apt-get", "-o", "DPkg::Lock::Timeout=300", "--quiet", "--yes"]
        updated = run([*apt, "update"], Path.cwd(), rc=None)
        if updated.returncode != 0:
            pytest.skip(f"no Debian packages can be had: {updated.stderr.strip()[-300:]}")
        quiet = {"DEBIAN_FRONTEND": "noninteractive"}
        run([*apt, "install", "--no-install-recommends", *PACKAGES], Path.cwd(), env=quiet)
    assert all(map(shutil.which, TOOLS))


@pytest.fixture(scope="module")
def script(latex, in_study):
    """Run a script of a study where there is LaTeX: script(path, "paper")."""
    return in_study


@pytest.fixture(scope="module")
def read(script, run):
    """Build a study's paper and return the text of its pages, in one line."""

    def text(path: Path) -> str:
        script(path, "paper")
        shown = run(["pdftotext", "-raw", "paper/build/main.pdf", "-"], path).stdout
        return unicodedata.normalize("NFKC", " ".join(shown.replace("-\n", "-").split()))

    return text


@pytest.fixture(scope="module")
def made(default_bake, script, tmp_path_factory) -> Path:
    """The default study, with tables and macros for its paper."""
    path = tmp_path_factory.mktemp("paper") / "study"
    shutil.copytree(default_bake.path, path)
    script(path, "report")
    return path


@pytest.fixture
def copy(made: Path, tmp_path: Path) -> Path:
    """A copy of it, to change."""
    path = tmp_path / "study"
    shutil.copytree(made, path)
    return path


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8", newline="\n")


def macro(path: Path, name: str) -> str:
    macros = (path / "results/macros.tex").read_text(encoding="utf-8")
    return re.search(rf"\\newcommand\{{\\{name}\}}\{{(.*)\}}$", macros, re.MULTILINE)[1]


def test_a_changed_result_changes_the_paper_and_nothing_else_does(copy, read, script, tmp_path):
    before = read(copy)
    old = macro(copy, "CandidateScore")
    assert f"ROC AUC {old}" in before
    assert "Question for the author" in before
    assert "The linear model is not distinguishable from candidate" in before

    again = tmp_path / "elsewhere" / "study"
    shutil.copytree(copy, again, ignore=shutil.ignore_patterns("build", ".cache"))
    read(again)
    pdf = "paper/build/main.pdf"
    assert (again / pdf).read_bytes() == (copy / pdf).read_bytes()

    path = copy / "results/baselines.csv"
    lower = re.sub(
        r"^(candidate,\d,\d,roc_auc,)(.*)$",
        lambda row: f"{row[1]}{float(row[2]) - 0.125}",
        path.read_text(encoding="utf-8"),
        flags=re.MULTILINE,
    )
    path.write_text(lower, encoding="utf-8", newline="\n")
    script(copy, "report")
    after, new = read(copy), macro(copy, "CandidateScore")
    assert new != old
    assert f"ROC AUC {new}" in after
    assert old not in after
    assert (again / pdf).read_bytes() != (copy / pdf).read_bytes()


def test_a_macro_that_no_script_makes_is_named_with_its_place(copy, script):
    replace(copy / "paper/main.tex", r"\Headline{}", r"\Headlin{}")
    done = script(copy, "paper", rc=2)
    assert re.search(r"main\.tex:\d+: Undefined control sequence: \\Headlin\n", done.stderr)
    assert "main.log" in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) < 6


def test_a_citation_that_leads_nowhere_and_a_typed_number_are_told(copy, script):
    main = copy / "paper/main.tex"
    replace(main, r"\citep{holm1979}", r"\citep{nobody1979}")
    replace(main, r"\Headline{}", r"\Headline{} It is 0.95.")
    done = script(copy, "paper", rc=2)
    assert "Citation nobody1979 leads nowhere" in done.stderr
    assert re.search(r"main\.tex:\d+ has a number that was typed: .*It is 0\.95\.", done.stdout)


def test_hostile_answers_are_set_as_they_are_and_rows_that_hang_together_are_told(
    bake, script, read
):
    study = bake(
        project_name=HOSTILE,
        description=f"Is {HOSTILE} so?",
        author_name="Åsa Öberg-Žukauskaitė",
        orcid="0000-0002-1825-0097",
        project_slug="hostile",
        task="regression",
        dependence="grouped",
    )
    script(study.path, "report")
    text = read(study.path)
    assert text.startswith(HOSTILE)
    assert f"Is {HOSTILE} so?" in text
    assert "that was typed" not in script(study.path, "paper").stdout  # answers are no results
    assert "Åsa Öberg-Žukauskaitė" in text
    assert "0000-0002-1825-0097" in text
    assert "Rows that belong together never stand on both sides" in text


def test_letters_that_latex_has_no_font_for_do_not_stop_it(bake, made, read):
    study = bake(
        project_name=f"Of {SCRIPTS}",
        description=f"What is {SCRIPTS}?",
        author_name=f"Mei {SCRIPTS}",
        project_slug="letters",
    )
    shutil.copytree(made / "results", study.path / "results", dirs_exist_ok=True)
    text = read(study.path)
    assert text.startswith("Of ??")
    assert "Mei ??" in text
