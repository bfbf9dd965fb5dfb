"""The paper's numbers are macros, its texts are set as they are, and its errors are short."""

import re
from pathlib import Path

import pandas as pd
import pytest
from reproml.__main__ import VERBS
from reproml.draw.figures import FIGURES
from reproml.write.latex import log_message, tex, to_tabular
from reproml.write.macros import listed
from reproml.write.typed_numbers import typed_numbers

TEMPLATE = Path(__file__).resolve().parents[2]
ROOT = TEMPLATE / "{{cookiecutter.project_slug}}"
RESULTS_OF = sorted((TEMPLATE / "templates" / "results").iterdir())  # of each example study
MAIN = (ROOT / "paper" / "main.tex").read_text(encoding="utf-8")
NAMED = ("script", "stage")


def test_no_number_of_the_paper_is_typed():
    assert typed_numbers(MAIN, latex=True) == []
    (one,) = typed_numbers(MAIN.replace(r"\Headline{}", "It is 0.95.", 1), latex=True)
    assert MAIN.splitlines()[one.line - 1].startswith(r"\Headline{}")
    assert (one.number, one.strict, one.accepted) == ("0.95", True, False)


@pytest.mark.parametrize("results", RESULTS_OF, ids=lambda path: path.name)
def test_every_table_and_macro_of_the_paper_is_made(results: Path):
    texts = [results / "macros.tex", results / "figures" / "captions.tex"]
    macros = "".join(path.read_text(encoding="utf-8") for path in texts)
    made = set(re.findall(r"\\(?:newcommand\{\\|let\\)(\w+)", macros))
    body = MAIN.partition(r"\begin{document}")[2]
    used = set(re.findall(r"\\((?:if)?[A-Z]\w*)", body))  # LaTeX's own commands start small
    drawn = {f"Caption{stem.title().replace('_', '')}" for stem in FIGURES}  # of both tasks
    assert used - made - drawn == set()
    assert len(used) > 25


@pytest.mark.parametrize("results", RESULTS_OF, ids=lambda path: path.name)
def test_captions_name_the_command_that_made_them(results: Path):
    captions = re.findall(r"\\caption\{(.*?)\}\s*\\label", MAIN, flags=re.DOTALL)
    assert len(captions) == MAIN.count(r"\begin{table}") + MAIN.count(r"\begin{figure}")
    drawn = (results / "figures" / "captions.tex").read_text(encoding="utf-8").splitlines()
    seen = 0
    for caption in captions:
        if caption.startswith(r"\Caption"):  # made with its figure
            start = "\\newcommand{" + caption + "}{"  # not there for the other task
            lines = [line for line in drawn if line.startswith(start)]
            assert all(re.search(r"Made by (scripts/|python -m reproml )", line) for line in lines)
            seen += len(lines)
            continue
        scripts, stages = (re.findall(rf"\\{kind}\{{(\w+)\}}", caption) for kind in NAMED)
        assert scripts + stages, caption
        assert all((ROOT / "scripts" / f"{name}.py").is_file() for name in scripts)
        assert set(stages) <= set(VERBS)
    assert seen == sum("Caption" in line for line in drawn)


@pytest.mark.parametrize(
    ("text", "set_as"),
    [
        (r"\input{x}", r"\textbackslash{}input\{x\}"),
        ("a & b # $c$ ~^", r"a \& b \# \$c\$ \textasciitilde{}\textasciicircum{}"),
        ("-1 to -2.5, a-b, 3-4", r"\ensuremath{-}1 to \ensuremath{-}2.5, a-b, 3-4"),
    ],
)
def test_texts_hold_no_commands(text: str, set_as: str):
    assert tex(text) == set_as


def test_tables_break_long_texts_and_escape_every_cell():
    frame = pd.DataFrame({"a_b": ["x & y"], "said": ["word " * 10]}, index=["50 %"])
    table = to_tabular(frame, "Of #")
    assert r"\begin{tabularx}{\linewidth}{ll>{\raggedright\arraybackslash}X}" in table
    assert r"Of \# & a\_b & said \\" in table
    assert r"50 \% & x \& y & word" in table


def test_wide_tables_put_intervals_below_their_means_and_long_names_break_too():
    intervals = {f"metric {number}": ["0.995 [-0.1, 1.0]"] for number in range(6)}
    table = to_tabular(pd.DataFrame(intervals, index=["*noise*"]), "Model")
    assert r"\emph{noise} & 0.995 & 0.995" in table
    assert r" & \scriptsize [\ensuremath{-}0.1, 1.0] & \scriptsize" in table
    narrow = to_tabular(pd.DataFrame({"a": ["0.9 [0.8, 1.0]"]}, index=["x" * 40]), "Model")
    assert r"{>{\raggedright\arraybackslash}Xl}" in narrow
    assert r"x & 0.9 [0.8, 1.0] \\" in narrow


def test_names_in_a_sentence():
    assert [listed(list(names)) for names in ("", "a", "ab", "abc")] == [
        *("none", "a", "a and b", "a, b and c"),
    ]


LOGS = {
    "./main.tex:7: Undefined control sequence.\nl.7 It is \\CandidatScore\n  {}": (
        "main.tex:7: Undefined control sequence: \\CandidatScore\nresults/macros.tex makes no"
    ),
    "! LaTeX Error: File `../results/x.tex' not found.\n\n./main.tex:9: Emergency stop.\nl.9 \\i": (
        "main.tex:9: LaTeX Error: File `../results/x.tex' not found.\n  \\i"
    ),
    "error: main.tex:3: Missing $ inserted\n": "main.tex:3: Missing $ inserted",
    "LaTeX Warning: Citation `me2026' on page 1 undefined on input line 5.\n": (
        "Citation me2026 leads nowhere"
    ),
    "LaTeX Warning: Reference `fig:x' on page 1 undefined on input line 5.\n": (
        "Reference fig:x leads nowhere"
    ),
    "Overfull hbox\nOutput written on main.pdf (4 pages).": "",
}


@pytest.mark.parametrize("log", LOGS)
def test_a_log_is_told_in_a_few_lines(log: str):
    assert log_message(log).startswith(LOGS[log])
    assert bool(log_message(log)) is bool(LOGS[log])


def test_what_to_install_is_said(folder, call, tmp_path):
    done = call("paper", "--study", str(folder / "study.toml"), PATH=str(tmp_path))
    assert done.returncode == 2
    for word in ("latexmk", "tectonic", "Debian", "macOS", "Windows"):
        assert word in done.stderr
    assert "Traceback" not in done.stderr
