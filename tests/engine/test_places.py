"""Scores that were typed are told from other numbers, and places that went are missed."""

import errno
import json
import os
import time
from pathlib import Path

import pytest
from reproml.cli.reproduce import clear, publish
from reproml.prove.places import lost_places, shown_results, typed_by_hand
from reproml.run.manifest import result_files, strays
from reproml.write.typed_numbers import typed_numbers

MACROS = (
    "\\newcommand{\\Score}{0.985 [0.950, 1.000]}\n\\newcommand{\\ScoreHigh}{1.000}\n"
    "\\newcommand{\\Difference}{\\ensuremath{-}0.0042}\n"
)


def numbers(text: str, **where: bool) -> list[str]:
    return [one.number for one in typed_numbers(text, **({"latex": False} | where))]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("an AUC of 0.987", ["0.987"]),
        ("better by 0.02 in AUC", ["0.02"]),
        ("an AUC above 0.9", ["0.9"]),
        ("accuracy \u2013 99 %", ["99"]),
        ("0.95 [0.93, 0.97]", ["0.95", "0.93", "0.97"]),
        ("a difference of -0.25, or .25", ["0.25", ".25"]),
        ("0,987 in German", ["0,987"]),
        ("98.7 % are right", ["98.7"]),
        ("98,7 % are right", ["98,7"]),
        ("an accuracy of 99 %", ["99"]),
        ("99 % accuracy", ["99"]),
        ("99 percent accuracy", ["99"]),
        ("an AUC of **1**", ["1"]),
        ("AUC = 1", ["1"]),
        ("AUC: 1", ["1"]),
        ("The AUC is 1.0.", ["1.0"]),
        ("the AUC of the candidate on the locked test set was 0.9", ["0.9"]),
        ("accuracy: 99 %", ["99"]),
        ("the accuracy on the test set was 99 percent", ["99"]),
        ("a length of 3 ± 1", ["3", "1"]),
        ("p = 0.031 and `0.987`", ["0.031", "0.987"]),
        ("| forest | 0.987 |", ["0.987"]),
        ("| MAE | 44.5 |", ["44.5"]),
        ("| Model | MAE |\n|---|---|\n| forest | 44.5 |", ["44.5"]),
        ("| forest | 44.52 |", ["44.52"]),
        ("it was right in 112/114 (accuracy)", ["112/114"]),
        ("accuracy 112/114", ["112/114"]),
        ("\uff21\uff35\uff23 of \uff10.\uff19\uff19\uff19", ["0.999"]),
        ("an accuracy of 99\u202f%", ["99"]),
        ("0·987 as the Lancet writes", ["0.987"]),
        ("<tr><td>AUC</td><td>0.9</td></tr>", ["0.9"]),
        ('<table><tr><td class="a">0.999</td></tr></table>', ["0.999"]),
        ("F<sub>1</sub> = 0.9", ["0.9"]),
        ("R² = 0.9", ["0.9"]),
        ("an RMSE of 12.5 mg", ["12.5"]),
        ("the AUC of version 0.999", ["0.999"]),
        ("_0.98_", ["0.98"]),
        ("0.98&nbsp;%", ["0.98"]),
        ("an accuracy\nof 0.9", ["0.9"]),
        ("between 0.95\u20130.98", ["0.95", "0.98"]),
        ("roc_auc of 0.9", ["0.9"]),
    ],
)
def test_what_looks_like_a_score(text: str, found: list[str]):
    assert numbers(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "in 2020, 1,440 rows, 95 % intervals over 30 folds, 80 % of the rows",
        "Python 3.11, 3.12, 3.13 or 3.14; numpy 2.4.6; version 1.10",
        "p < 0.05",
        "p-values below 0.05",
        "`C=0.15` and [a page](https://a.org/0.15), https://doi.org/10.1038/1.25",
        "```\nAUC 0.987\n```",
        "---\nvalue: 0.987\n---\n",
        "<!-- begin results/a.md -->\n0.987\n<!-- end results/a.md -->",
        "<!-- 0.987 -->",
        "a tenth is 0.1",
        "tablets of 12.5 mg",
        "at 37.5 °C",
        "0.05 mm thick",
        "0.75 h later",
        "pH 7.4",
        "pandas 2.2 and seaborn 0.13",
        "the AUC was computed with pandas 2.2",
        "AUC over 30 folds",
        "AUC in Figure 1.2",
        "Table 2.1 shows the accuracy",
        "Section 3.2",
        "an AUC on 114 rows",
        "AUC of 30 folds",
        "an AUC with a 95 % interval",
        "accuracy, 95% CI",
        "a 97.5 % quantile",
        "a significance level of 0.05",
        "arXiv:2101.01234",
        "doi 10.1038/s41586-020-2649-2",
        "on 12.05.2024, 2024-05-12",
        "precision at 10, recall at 5",
        "5-fold F1 with 3 repeats",
        "CC BY 4.0",
        "recall [12] and accuracy (2020)",
        "1.25 times faster",
        "sensitivity for a BMI of 30",
        "EfficientNet-0.25",
        "F1 and R2 are metrics",
        "![version](https://img.shields.io/badge/version-0.12-blue)",
    ],
)
def test_what_does_not(text: str):
    assert numbers(text) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("It is 0.95.", ["0.95"]),
        (r"98.7\,\% or \SI{98.7}{\percent}", ["98.7", "98.7"]),
        (r"99\,\% accuracy", ["99"]),
        (r"accuracy: 99\,\%", ["99"]),
        (r"$0.98 \pm 0.01$", ["0.98", "0.01"]),
        (r"\newcommand{\best}{0.999}", ["0.999"]),
        ("0{.}999", ["0.999"]),
        (r"$\mathrm{AUC}=1$", ["1"]),
        ("\\textbf{0.98} & \\multicolumn{2}{c}{0.97} \\\\", ["0.98", "0.97"]),
        ("$R^2 = 0.9$, F$_1$ of 0.8", ["0.9", "0.8"]),
        (r"\PrimaryMetric{} of 0.9", ["0.9"]),
        (r"\texttt{AUC=0.99}", ["0.99"]),
        ("MAE & 44.5 \\\\", ["44.5"]),
        (r"\textcolor{red}{0.98}", ["0.98"]),
        (r"\scalebox{0.85}{AUC 0.98}", ["0.98"]),
        ("\\begin{verbatim}\nAUC 0.98\n\\end{verbatim}", ["0.98"]),
        ("0.98\uff05", ["0.98"]),
    ],
)
def test_what_looks_like_a_score_in_the_paper(text: str, found: list[str]):
    assert numbers(text, latex=True) == found


@pytest.mark.parametrize(
    "text",
    [
        r"a \\% 0.98",
        r"\includegraphics[scale=0.95]{a0.98} \vspace{1.5em} 0.75\textheight \cite{a0.98}",
        r"\includegraphics[width=0.95\textwidth]{a}",
        r"95\,\% intervals, $p < 0.05$, Python 3.12 % 0.98",
        r"\linespread{1.05} \scalebox{0.85}{a} \setstretch{0.95}",
        r"\renewcommand{\arraystretch}{0.95} \renewcommand{\topfraction}{0.85}",
        r"\definecolor{a}{rgb}{0.12,0.34,0.56} \cellcolor[gray]{0.95}",
        r"12.5\,mg, 37.5\,$^\circ$C, $0.05\,\mathrm{mm}$, \SI{0.05}{\milli\metre}",
        "Figure~1.2, Section~3.2, Table~2.1",
        r"pandas~2.25, $\alpha = 0.05$, $p \leq 0.05$",
        r"\begin{minipage}{0.48\linewidth} p{0.25\textwidth}",
        r"\url{https://a.org/0.987} \doi{10.1/0.987}",
        r"\begin{tikzpicture}[scale=0.85]",
        r"\texttt{C=0.15}",
        r"\hspace{0.25in}\rule{0.5pt}{0.25em}",
        r"AUC of the \SplitPairs{} folds; 2.5 of 3",
    ],
)
def test_what_does_not_in_the_paper(text: str):
    assert numbers(text, latex=True) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("The AUC is `AUC=0.9`.", ["0.9"]),
        ("```\nAUC 0.987\n```", ["0.987"]),
        ("![AUC](https://img.shields.io/badge/AUC-0.999-green)", ["0.999"]),
        ("![accuracy](https://img.shields.io/badge/accuracy-99%25-green)", ["99"]),
        ("![covered](https://img.shields.io/badge/coverage-98.5%25-green)", []),
        ("![python](https://img.shields.io/badge/python-3.11-blue)", []),
        ("[AUC](https://example.org/auc-0.987)", []),
        ("`C=0.15` and\n```\nset = 0.15\n```", []),
    ],
)
def test_code_and_badges_are_looked_at_where_readme_tells_results(text: str, found: list[str]):
    place = "\n<!-- begin results/a.md -->\n<!-- end results/a.md -->\n"
    assert numbers(text + place, results=True) == found
    assert numbers(text) == []


@pytest.mark.parametrize("latex", [False, True])
def test_a_long_line_takes_no_long_time(latex: bool):
    started = time.perf_counter()
    assert len(numbers("word 0.98 of [x=1 " * 500, latex=latex)) == 500
    assert numbers("9" * 50_000, latex=latex) == []
    assert time.perf_counter() - started < 5  # half a second here


def test_a_part_of_readme_with_a_marked_place_tells_results():
    place = "<!-- begin results/a.md -->\n1.5\n<!-- end results/a.md -->\n"
    text = f"# A\n\nIt is 0.95.\n\n{place}\n## B\n\nIt is 0.8 of 0.75.\n"
    found = typed_numbers(text, latex=False, results=True)
    assert [(one.line, one.number, one.strict) for one in found] == [
        (3, "0.95", True),
        (11, "0.75", False),
    ]


def test_a_line_is_accepted_in_words():
    comment = "<!-- typed by hand: Smith (2020) -->"
    for text in (f"{comment}\nIt was 0.987.", f"It was 0.987. {comment}"):
        assert [one.accepted for one in typed_numbers(text, latex=False)] == [True]
    for text in (f"{comment}\n\nIt was 0.987.", "<!-- typed by hand: -->\nIt was 0.987."):
        assert [one.accepted for one in typed_numbers(text, latex=False)] == [False]
    text = f"It was 0.987. {comment}\nIt is 0.988."  # a comment at the end is for its own line
    assert [one.accepted for one in typed_numbers(text, latex=False)] == [True, False]


@pytest.fixture
def study(tmp_path: Path) -> Path:
    for name in ("docs/more", "paper", "results", "notebooks"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "results/macros.tex").write_text(MACROS, encoding="utf-8")
    return tmp_path


def test_what_no_macro_says_fails_in_the_paper_and_warns_on_a_page(study: Path):
    typed = "0.987, 0.985, 98.5\\,\\%, 1.000, 0.0042\n"
    (study / "paper/main.tex").write_text(typed, encoding="utf-8")
    (study / "docs/more/a.md").write_text("0.987\n", encoding="utf-8")
    differences, warnings, accepted = typed_by_hand(study, study / "results")
    assert [(one.kind, one.file, one.committed) for one in differences] == [
        ("typed by hand", "paper/main.tex", "0.987"),
        ("typed by hand", "paper/main.tex", "1.000"),  # an end of an interval is no score
    ]
    assert warnings == [
        "docs/more/a.md: line 1: 0.987 was typed by hand; no macro of the results says it",
        r"paper/main.tex: line 1: 0.985 was typed by hand; \Score says the same now",
        r"paper/main.tex: line 1: 98.5 was typed by hand; \Score says the same now",
        r"paper/main.tex: line 1: 0.0042 was typed by hand; \Difference says the same now",
    ]
    assert accepted == 0


def typed(study: Path, text: str, name: str = "paper/main.tex") -> tuple[list[str], list[str]]:
    """Return which typed numbers of a file are differences, and which warnings name a macro."""
    (study / name).write_text(text, encoding="utf-8")
    differences, warnings, _ = typed_by_hand(study, study / "results")
    (study / name).unlink()
    return [one.committed for one in differences], [one.rpartition(": ")[2] for one in warnings]


@pytest.mark.parametrize(
    "name", ["paper/a.tex", "paper/more/a.md", "paper/a.txt", "paper/a.TEX", "paper/a.MD"]
)
def test_every_text_of_the_paper_is_looked_at(study: Path, name: str):
    (study / "paper/more").mkdir()
    assert typed(study, "an AUC of 0.987\n", name) == (["0.987"], [])


@pytest.mark.parametrize("name", ["README.md", "CITATION.cff", "docs/a.md"])
def test_elsewhere_a_typed_number_is_a_warning(study: Path, name: str):
    text = 'version: 0.1.0\ndoi: 10.1/0.987\nabstract: "It has an AUC of 1."\n'
    found, warned = typed(study, text, name)
    assert (found, [one[:2] for one in warned]) == ([], ["1 "])
    assert typed(study, f"{text[:-1]}  # typed by hand: of Smith\n", name) == ([], [])


@pytest.mark.parametrize("name", ["paper/references.bib", "paper/build/a.tex", "paper/a.log"])
def test_what_is_no_text_of_the_paper_is_not_looked_at(study: Path, name: str):
    (study / "paper/build").mkdir()
    assert typed(study, "an AUC of 0.987\n", name) == ([], [])


@pytest.mark.parametrize(
    ("text", "macro"),
    [
        ("0.985", "\\Score"),
        ("0.98", "\\Score"),  # two digits that a result has when it is rounded
        ("98.5 \\%", "\\Score"),
        ("an AUC of 0.994", "\\ForestRocAuc"),
        ("99.4 \\% AUC", "\\ForestRocAuc"),
        ("an accuracy of 99.4 \\%", ""),  # it is that of another metric
        ("accuracies of 0.971", "\\LinearBalancedAccuracy"),
        ("a macro F1 of 0.976", "\\LinearFOneMacro"),
        ("an AUC difference of 0.0042", "\\Difference"),
        ("0.4 \\% better", ""),  # one digit agrees with some result by chance
        ("AUC = 1", ""),
    ],
)
def test_a_typed_number_agrees_with_the_metric_that_is_named(study: Path, text: str, macro: str):
    more = {"LinearBalancedAccuracy": 0.971, "LinearFOneMacro": 0.976, "ForestRocAuc": 0.994}
    lines = "".join(f"\\newcommand{{\\{name}}}{{{value}}}\n" for name, value in more.items())
    labels = "\\newcommand{\\OtherMetrics}{Balanced accuracy and Macro F1}\n"
    (study / "results/macros.tex").write_text(MACROS + lines + labels, encoding="utf-8")
    found, warned = typed(study, text)
    assert (len(found), len(warned)) == (not macro, bool(macro))
    assert not macro or f"; {macro} says the same now" in warned[0]


def test_a_setting_of_the_study_is_no_score_unless_a_metric_is_named(study: Path):
    (study / "study.toml").write_text("test_size = 0.25\n", encoding="utf-8")
    assert typed(study, "A share of 0.25, or 25.0 \\%, was locked away.") == ([], [])
    assert typed(study, "The AUC is 0.25.") == (["0.25"], [])


def test_a_metric_of_the_study_is_known_by_its_label(study: Path):
    text = "A pinball score of 44.5."
    assert typed(study, text) == ([], [])
    label = "\\newcommand{\\PrimaryMetric}{Pinball score}\n"
    (study / "results/macros.tex").write_text(label, encoding="utf-8")
    assert typed(study, text) == (["44.5"], [])


def test_a_notebook_with_outputs_is_named(study: Path):
    cells = [{"cell_type": "code", "outputs": []}, {"cell_type": "markdown"}]
    path = study / "notebooks/a.ipynb"
    path.write_text(json.dumps({"cells": cells}), encoding="utf-8")
    assert typed_by_hand(study, study / "results") == ([], [], 0)
    cells[0]["outputs"] = [{"text": "0.9"}]
    path.write_text(json.dumps({"cells": cells}), encoding="utf-8")
    assert typed_by_hand(study, study / "results")[1][0].startswith("notebooks/a.ipynb: shows")


def test_a_place_that_went_is_missed_and_one_that_came_is_not(study: Path):
    text = (
        "<!-- begin results/a.md -->\n<!-- end results/a.md -->\n"
        '--8<-- "results/b.md:1:1"\n![A figure](../results/c.svg)\n'
    )
    (study / "docs/a.md").write_text(text, encoding="utf-8")
    shown = shown_results(study)
    assert shown == {"docs/a.md": ["results/a.md", "results/b.md:1:1", "results/c.svg"]}
    (study / "docs/a.md").write_text(text.replace("--8<--", "8"), encoding="utf-8")
    lost = [(one.kind, one.file, one.made) for one in lost_places(shown, shown_results(study))]
    assert lost == [("missing", "docs/a.md", "a place that brings in results/b.md:1:1")]
    assert lost_places(shown_results(study), shown) == []


def test_hidden_and_nested_files_are_results_and_links_and_half_written_ones_are_not(study: Path):
    results = study / "results"
    (results / "tables").mkdir()
    for name in (".a.csv", "tables/manifest.json", "manifest.json", ".a.csv.x1_y2z3w"):
        (results / name).write_text("1\n", encoding="utf-8")
    (results / "b").symlink_to(study / "docs")
    names = [path.relative_to(results).as_posix() for path in result_files(results)]
    assert names == [".a.csv", "macros.tex", "tables/manifest.json"]
    assert {path.name: kind for path, kind in strays(results).items()} == {
        ".a.csv.x1_y2z3w": "half-written",
        "b": "linked",
    }
    assert clear(results) == ["results/b (linked: removed)"]  # another run may be writing
    old = time.time() - 3600
    os.utime(results / ".a.csv.x1_y2z3w", (old, old))
    assert clear(results) == ["results/.a.csv.x1_y2z3w (half-written: removed)"]
    assert (study / "docs").is_dir()


def test_results_on_another_disk_are_put_in_place(study: Path, tmp_path: Path, monkeypatch):
    rename = Path.replace

    def replace(path: Path, target: Path) -> Path:
        if path.parent != target.parent:
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        return rename(path, target)

    monkeypatch.setattr(Path, "replace", replace)
    made = tmp_path / "made"
    (made / "tables").mkdir(parents=True)
    for name in ("manifest.json", "tables/a.md"):
        (made / name).write_text("1\n", encoding="utf-8")
    changed = publish(made, study / "results")
    assert changed == [
        "results/tables/a.md",
        "results/manifest.json",
        "results/macros.tex (no longer made)",
    ]
    assert (study / "results/tables/a.md").read_bytes() == b"1\n"


def test_what_is_no_file_is_named_and_removed_without_being_read(study: Path):
    results = study / "results"
    (results / "old" / "more").mkdir(parents=True)
    found = {"old": "empty", "old/more": "empty"}
    if hasattr(os, "mkfifo"):
        os.mkfifo(results / "pipe")
        found["pipe"] = "no file"
    assert {p.relative_to(results).as_posix(): kind for p, kind in strays(results).items()} == found
    assert [path.name for path in result_files(results)] == ["macros.tex"]
    assert len(clear(results)) == len(found)
    assert [path.name for path in results.iterdir()] == ["macros.tex"]
