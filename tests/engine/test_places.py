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
        ("0.95 [0.93, 0.97]", ["0.95", "0.93", "0.97"]),
        ("a difference of -0.25, or .25", ["0.25", ".25"]),
        ("0,987 in German", ["0,987"]),
        ("98.7 % are right", ["98.7"]),
        ("an accuracy of 99 %", ["99"]),
        ("99 % accuracy", ["99"]),
        ("an AUC of **1**", ["1"]),
        ("a length of 3 ± 1", ["3"]),
        ("p = 0.031 and `0.987`", ["0.031", "0.987"]),
        ("| forest | 0.987 |", ["0.987"]),
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
        "`C=0.15` and [a page](https://a.org/0.15), https://doi.org/10.1038/1.25",
        "```\nAUC 0.987\n```",
        "---\nvalue: 0.987\n---\n",
        "<!-- begin results/a.md -->\n0.987\n<!-- end results/a.md -->",
        "<!-- 0.987 -->",
        "a tenth is 0.1",
    ],
)
def test_what_does_not(text: str):
    assert numbers(text) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("It is 0.9.", ["0.9"]),
        (r"98.7\,\% or \SI{98.7}{\percent}", ["98.7", "98.7"]),
        (r"99\,\% accuracy", ["99"]),
        (r"$0.98 \pm 0.01$", ["0.98", "0.01"]),
        (r"\newcommand{\best}{0.999}", ["0.999"]),
        (r"\includegraphics[scale=0.9]{a0.98} \vspace{1.5em} 0.7\textheight \cite{a0.98}", []),
        (r"95\,\% intervals, $p < 0.05$, Python 3.12 % 0.98", []),
    ],
)
def test_in_the_paper(text: str, found: list[str]):
    assert numbers(text, latex=True) == found


def test_a_part_of_readme_with_a_marked_place_tells_results():
    place = "<!-- begin results/a.md -->\n1.5\n<!-- end results/a.md -->\n"
    text = f"# A\n\nIt is 0.9.\n\n{place}\n## B\n\nIt is 0.8 of 0.75.\n"
    found = typed_numbers(text, latex=False, results=True)
    assert [(one.line, one.number, one.strict) for one in found] == [
        (3, "0.9", True),
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
