"""What can be done to a study by hand, and what verify says of it: a table, its runner, its page.

`tools/manipulations.py STUDY INTO`, run with the Python of a study, prepares that study, makes all
of it again once, and then for each row applies it, compares with what was made, and takes it back.
tests/test_manipulations.py does so, and reads what was said. `tools/manipulations.py page` writes
the table into docs/verify.md.
"""

import contextlib
import hashlib
import io
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import NamedTuple

PAGE = Path(__file__).resolve().parent.parent / "docs" / "verify.md"
ENDS = ("REPRODUCED", "NOT REPRODUCED", "an error")  # by exit code
SKIPPED = {".git", ".cache"}


class Row(NamedTuple):
    """A manipulation: what is done, how, verify's exit code, and a part of what it says."""

    id: str
    place: str  # for the page
    done: str  # for the page
    change: Callable[[Path], object]
    says: str
    code: int = 1


def edit(name, pattern, new, count=1):
    """Replace what a pattern finds; it has to be there."""

    def change(study):
        path = study / name
        text = path.read_bytes().decode("utf-8")
        changed, found = re.subn(pattern, new, text, count=count, flags=re.MULTILINE)
        assert found, f"{pattern} is not in {name}"
        assert changed != text, f"{pattern} changes nothing in {name}"
        path.write_bytes(changed.encode("utf-8"))

    return change


def scale(name, pattern, by):
    """Multiply the number that a pattern's group finds."""

    def change(study):
        text = (study / name).read_bytes().decode("utf-8")
        found = re.search(pattern, text, flags=re.MULTILINE)
        start, end = found.span(1)
        new = repr(float(found[1]) * by)
        assert new != found[1], f"{name}: the number stays"
        (study / name).write_bytes((text[:start] + new + text[end:]).encode("utf-8"))

    return change


def digit(name, pattern):
    """Change the last digit of the number that a pattern's group finds."""

    def other(found):
        text, end = found[0], found.end(1) - found.start()
        return text[: end - 1] + str((int(text[end - 1]) + 5) % 10) + text[end:]

    return edit(name, pattern, other)


def rewrite(name, make):
    """Change a file's bytes."""

    def change(study):
        path = study / name
        old = path.read_bytes()
        new = make(old)
        assert new != old
        path.write_bytes(new)

    return change


def add(name, text, *, end=False):
    """Write a new file, or append to one."""

    def change(study):
        path = study / name
        path.parent.mkdir(parents=True, exist_ok=True)
        assert path.exists() == end, name
        path.write_bytes((path.read_bytes() if end else b"") + text.encode("utf-8"))

    return change


def delete(*names):
    """Delete files."""
    return lambda study: [(study / name).unlink() for name in names]


def move(old, new):
    """Give a file another name."""
    return lambda study: (study / old).rename(study / new)


def link(name, target=None, *, out=False):
    """Put a link in the place of a file or folder, which moves elsewhere in the study, or out."""

    def change(study):
        path, aside = study / name, study / "aside"
        aside = Path(tempfile.mkdtemp(dir=study.parent)) if out else aside
        aside.mkdir(exist_ok=True)
        if target is None:
            path.rename(aside / path.name)
        path.symlink_to(aside / path.name if target is None else study / target)

    return change


def swap_lines(name, number):
    """Swap a line with the next one."""

    def swapped(content):
        lines = content.splitlines(keepends=True)
        lines[number : number + 2] = lines[number + 1], lines[number]
        return b"".join(lines)

    return rewrite(name, swapped)


def swap_files(one, other):
    """Give each of two files the other's content."""

    def change(study):
        texts = [(study / name).read_bytes() for name in (one, other)]
        (study / one).write_bytes(texts[1])
        (study / other).write_bytes(texts[0])

    return change


def flip(name, position):
    """Change one bit of a byte."""
    return rewrite(name, lambda b: b[:position] + bytes([b[position] ^ 1]) + b[position + 1 :])


def as_json(name, change_content):
    """Change the content of a JSON file."""

    def change(study):
        content = json.loads((study / name).read_text(encoding="utf-8"))
        change_content(content)
        text = json.dumps(content, indent=1, ensure_ascii=False) + "\n"
        (study / name).write_text(text, encoding="utf-8", newline="\n")

    return change


def record(**values):
    """Change keys of the shared model's record, and renew its digest: a skilled hand."""

    def change(content):
        del content["digest"]
        for key, value in values.items():
            content[key] = value(content[key]) if callable(value) else value
        text = json.dumps(content, sort_keys=True, ensure_ascii=False)
        content["digest"] = hashlib.sha256(text.encode("utf-8")).hexdigest()

    return as_json("model/candidate.json", change)


def renewed_hash(name, change_file):
    """Change a result and the hash that the manifest has of it."""

    def change(study):
        change_file(study)
        digest = hashlib.sha256((study / "results" / name).read_bytes()).hexdigest()
        set_in("results", **{name: digest})(study)

    return change


def other_commit(study):
    """Name the first commit in the manifest, as if the results had been made from that."""
    first = ["git", "rev-list", "--max-parents=0", "HEAD"]
    done = subprocess.run(first, cwd=study, capture_output=True, encoding="utf-8", check=True)
    as_json(MANIFEST, lambda m: m.update(commit=done.stdout.strip(), dirty=False))(study)


def set_in(part, **values):
    """Set keys of a part of the manifest."""
    return as_json("results/manifest.json", lambda found: found[part].update(values))


def every(*changes):
    """Do several things."""
    return lambda study: [change(study) for change in changes]


def macro(study):
    """Return what a macro of the results says."""
    text = (study / "results/macros.tex").read_text(encoding="utf-8")
    return re.search(r"\\BaselinesForestRocAuc\}\{(0\.\d+)", text)[1]


def doubled(study):
    """Repeat a marked place, with a word changed in the second one."""
    path = study / LEAKAGE
    text = path.read_text(encoding="utf-8")
    block = re.search(BLOCK, text, flags=re.MULTILINE)[0]
    more = re.sub(*PASS, block, count=1, flags=re.MULTILINE)
    assert more != block
    path.write_text(f"{text}\n{more}", encoding="utf-8", newline="\n")


def with_outputs(found):
    """Put an output into every cell of a notebook."""
    for cell in found["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "0.999"}]


def half_sure(examples):
    """Let every example of a record say a probability of a half."""
    return [one | {"said": one["said"] | {"probability_benign": 0.5}} for one in examples]


SCORES, TABLES = "results/baselines.csv", "results/tables"
LINEAR = r"^linear,0,0,roc_auc,(0\.\d+)$"
PLACE = "baselines.csv: linear, 0, 0, roc_auc, value"
LEAKAGE, PAPER, RECORD = "docs/leakage.md", "paper/main.tex", "model/candidate.json"
MANIFEST, MODEL = "results/manifest.json", "model/candidate.skops"
PASS = r"^\| same rows \| pass", "| same rows | PASS (certified)"
MARKERS = r"^<!-- (begin|end) results/tables/leakage\.md -->\n"
BLOCK = r"^<!-- begin (\S+leakage\.md) -->\n(?:.*\n)*?<!-- end \1 -->\n"
BELOW = r"^The \[results page\]"  # a line of README below its table
TYPED = "It reaches an AUC of 1.234.\n\n"
HEADLINE = r"^\\Headline\{\}"  # the first words of the paper's results
LOST = "a place that brings in results/tables"
OTHERWISE = "different: baselines.csv: line ends, quotes, blank lines or an order of lines"

CSV = "A table (CSV)"
FILES = "Which files there are"
MADE = "Tables, figures, macros"
PAGES = "README and pages"
HAND = "Typed numbers"
SHARED = "The shared model"
SETTINGS = "Data and settings"
PROVENANCE = "The manifest"
OPENINGS = "The record of openings"

# fmt: off
ROWS = [
    Row("nothing", "Nothing", "nothing", lambda study: None,
        "REPRODUCED: every committed number came out again.", 0),

    Row("score", CSV, "a score moved by 2e-9 of itself",
        scale(SCORES, LINEAR, 1 + 2e-9), f"different: {PLACE}"),
    Row("score-skilled", CSV, "the same, and the file's hash in the manifest renewed",
        renewed_hash("baselines.csv", scale(SCORES, LINEAR, 1 + 2e-9)), f"different: {PLACE}"),
    Row("last-bits", CSV, "a score moved by 1e-12 of itself",
        scale(SCORES, LINEAR, 1 + 1e-12), "edited: baselines.csv: its SHA-256 is neither"),
    Row("last-bits-skilled", CSV, "the same, and the file's hash in the manifest renewed",
        renewed_hash("baselines.csv", scale(SCORES, LINEAR, 1 + 1e-12)),
        "1 within tolerance", 0),
    Row("sign", CSV, "a sign flipped",
        edit("results/baselines_comparison.csv", r"^forest,roc_auc,0", "forest,roc_auc,-0"),
        "different: baselines_comparison.csv: forest, roc_auc, difference"),
    Row("nan", CSV, "a score that became NaN",
        edit(SCORES, r"^(linear,0,0,roc_auc),.*", r"\1,nan"), f"different: {PLACE}"),
    Row("gap", CSV, "a score taken out of its cell",
        edit(SCORES, r"^(linear,0,0,roc_auc),.*", r"\1,"), f"different: {PLACE}"),
    Row("count", CSV, "a count",
        digit("results/confusion.csv", r"^dummy,benign,benign,(\d+)"),
        "missing: confusion.csv: dummy, benign, benign"),
    Row("class", CSV, "a predicted class",
        edit("results/predictions.csv", r"^(\d+,dummy,malignant),benign", r"\1,malignant"),
        "missing: predictions.csv: "),
    Row("verdict", CSV, "a verdict of the leakage audit: PASS (certified)",
        edit("results/leakage.csv", "^same rows,pass", "same rows,PASS (certified)"),
        "leakage.csv: same rows"),
    Row("decision", CSV, "a decision in words",
        edit("results/baselines_comparison.csv", "^(linear,.*),not distinguishable", r"\1,better"),
        "different: baselines_comparison.csv: linear, roc_auc, decision"),
    Row("row-deleted", CSV, "a row deleted",
        edit(SCORES, r"^linear,0,0,roc_auc,.*\n", ""),
        "missing: baselines.csv: linear, 0, 0, roc_auc"),
    Row("row-doubled", CSV, "a row doubled",
        edit(SCORES, r"^(linear,0,0,roc_auc,.*\n)", r"\1\1"),
        "extra: baselines.csv: linear, 0, 0, roc_auc (no. 2)"),
    Row("rows-swapped", CSV, "two rows swapped",
        swap_lines(SCORES, 3), "edited: baselines.csv"),
    Row("rows-swapped-skilled", CSV, "the same, and the file's hash in the manifest renewed",
        renewed_hash("baselines.csv", swap_lines(SCORES, 3)), OTHERWISE),
    Row("row-short", CSV, "a score taken off the end of its row, and the file's hash renewed",
        renewed_hash("baselines.csv", edit(SCORES, r"^(linear,0,0,roc_auc),.*", r"\1")),
        f"different: {PLACE}: committed nothing, made again 0."),
    Row("row-long", CSV, "a cell put at the end of a row, and the file's hash renewed",
        renewed_hash("baselines.csv", edit(SCORES, LINEAR, r"\g<0>,1.0")),
        "different: baselines.csv: linear, 0, 0, roc_auc: committed 1.0, made again nothing"),
    Row("blank-line", CSV, "a blank line at the end, and the file's hash renewed",
        renewed_hash("baselines.csv", rewrite(SCORES, lambda old: old + b"\n")), OTHERWISE),
    Row("column-added", CSV, "a column added",
        edit(SCORES, "$(?=\n)", ",1", count=0), "different: baselines.csv: head"),
    Row("column-renamed", CSV, "a column renamed",
        edit(SCORES, "^model,repeat", "model,run"), "different: baselines.csv: head"),
    Row("cut", CSV, "the file cut off in the middle",
        rewrite(SCORES, lambda old: old[: len(old) // 2]), "missing: baselines.csv: "),
    Row("emptied", CSV, "the file emptied",
        rewrite(SCORES, lambda old: b""), "different: baselines.csv: head"),
    Row("bom", CSV, "a byte order mark put before it",
        rewrite(SCORES, lambda old: b"\xef\xbb\xbf" + old), "different: baselines.csv: head"),
    Row("crlf", CSV, "line ends of Windows",
        rewrite(SCORES, lambda old: old.replace(b"\n", b"\r\n")), "edited: baselines.csv"),
    Row("crlf-skilled", CSV, "the same, and the file's hash in the manifest renewed",
        renewed_hash("baselines.csv", rewrite(SCORES, lambda old: old.replace(b"\n", b"\r\n"))),
        OTHERWISE),
    Row("cr", CSV, "line ends of old Macs",
        rewrite(SCORES, lambda old: old.replace(b"\n", b"\r")), OTHERWISE),
    Row("quotes", CSV, "quotes around a number",
        edit(SCORES, LINEAR, r'linear,0,0,roc_auc,"\1"'), "edited: baselines.csv"),
    Row("quotes-skilled", CSV, "the same, and the file's hash in the manifest renewed",
        renewed_hash("baselines.csv", edit(SCORES, LINEAR, r'linear,0,0,roc_auc,"\1"')),
        OTHERWISE),
    Row("no-text", CSV, "a byte that is no UTF-8",
        rewrite(SCORES, lambda old: old + b"\xff"), "different: baselines.csv: committed"),

    Row("deleted", FILES, "a table deleted", delete(SCORES),
        "missing: baselines.csv: is not there"),
    Row("figure-deleted", FILES, "a figure deleted",
        delete("results/figures/baselines.svg"), "missing: figures/baselines.svg"),
    Row("renamed", FILES, "a table renamed",
        move(SCORES, "results/best.csv"), "missing: baselines.csv"),
    Row("exchanged", FILES, "two tables exchanged",
        swap_files(SCORES, "results/claim.csv"), "different: claim.csv: head"),
    Row("extra", FILES, "another file", add("results/best.csv", "a\n1\n"),
        "extra: best.csv: no run makes it"),
    Row("hidden", FILES, "a hidden file",
        add("results/.extra.csv", "a\n1\n"), "extra: .extra.csv"),
    Row("nested-manifest", FILES, "a manifest in a folder",
        add(f"{TABLES}/manifest.json", "{}\n"), "extra: tables/manifest.json"),
    Row("nested-openings", FILES, "a record of openings in a folder",
        add(f"{TABLES}/openings.json", "[]\n"), "extra: tables/openings.json"),
    Row("folder", FILES, "a folder of old results",
        add("results/old/baselines.csv", "a\n1\n"), "extra: old/baselines.csv"),
    Row("folder-empty", FILES, "an empty folder",
        lambda study: (study / "results/old").mkdir(), "empty: old: a folder without a file"),
    Row("half-written", FILES, "a file that a killed run left half-written",
        add("results/.baselines.csv.x1_y2z3w", "model,rep"),
        "half-written: .baselines.csv.x1_y2z3w: a run that was stopped left it"),
    Row("linked", FILES, "a table replaced by a link to the same bytes",
        link(SCORES), "linked: baselines.csv: a link, and no file of its own"),
    Row("linked-folder", FILES, "a folder replaced by a link to the same files",
        link(TABLES), "linked: tables: a link, and no file of its own"),
    Row("linked-more", FILES, "a link to another folder",
        link("results/more", "docs"), "linked: more: a link, and no file of its own"),
    Row("linked-results", FILES, "all of results replaced by a link out of the study",
        link("results", out=True), "linked: results: a link; move the folder"),

    Row("table-md", MADE, "a number of a table for pages",
        digit(f"{TABLES}/baselines.md", r"^\| forest \| (0\.\d+)"),
        "different: tables/baselines.md: line"),
    Row("table-tex", MADE, "a number of a table for the paper",
        digit(f"{TABLES}/baselines.tex", r"^forest.*? (0\.\d+)"),
        "different: tables/baselines.tex: line"),
    Row("macro", MADE, "a number of the paper's text",
        digit("results/macros.tex", r"\\BaselinesLinearRocAuc\}\{(0\.\d+)"),
        "different: macros.tex: line"),
    Row("macro-added", MADE, "a macro that no script makes",
        add("results/macros.tex", "\\newcommand{\\Best}{0.999}\n", end=True),
        "extra: macros.tex: line"),
    Row("label", MADE, "a label of a figure",
        digit("results/figures/baselines.svg", r">0\.(\d)<"),
        "different: figures/baselines.svg: line"),
    Row("point", MADE, "a point of a figure moved",
        digit("results/figures/baselines.svg", r'<use[^>]* x="(\d+)\.'),
        "different: figures/baselines.svg: line"),
    Row("figures-exchanged", MADE, "two figures exchanged",
        swap_files("results/figures/ablation.svg", "results/figures/differences.svg"),
        "different: figures/ablation.svg: line"),
    Row("caption", MADE, "a word of a caption",
        edit("results/figures/baselines.md", "higher is better", "lower is better"),
        "different: figures/baselines.md: line"),
    Row("caption-tex", MADE, "a number of a caption for the paper",
        digit("results/figures/captions.tex", r"(0\.\d+)"),
        "different: figures/captions.tex: line"),
    Row("card-head", MADE, "a score in the head of the model card",
        digit(f"{TABLES}/card_head.yaml", r"value: (0\.\d+)"),
        "different: tables/card_head.yaml: line"),

    Row("readme", PAGES, "a number in README's table",
        digit("README.md", r"^\| forest \| (0\.\d+)"), "different: README.md: line"),
    Row("readme-word", PAGES, "a decision in README",
        edit("README.md", "is not distinguishable from", "is worse than"),
        "different: README.md: line"),
    Row("page-word", PAGES, "a verdict on a page: PASS (certified)",
        edit(LEAKAGE, *PASS), f"different: {LEAKAGE}: line"),
    Row("markers", PAGES, "the same, and the markers around it taken out",
        every(edit(LEAKAGE, *PASS), edit(LEAKAGE, MARKERS, "", count=0)),
        f"missing: {LEAKAGE}: {LOST}/leakage.md"),
    Row("block", PAGES, "a marked place taken out",
        edit(LEAKAGE, BLOCK, ""),
        f"missing: {LEAKAGE}: {LOST}/leakage.md"),
    Row("marker-renamed", PAGES, "the name in both markers of a place",
        edit(LEAKAGE, r"(begin|end) results/tables/leakage\.md", r"\1 results/tables/claim.md", 2),
        f"missing: {LEAKAGE}: {LOST}/leakage.md"),
    Row("marker-begin", PAGES, "the name in the first of two markers",
        edit(LEAKAGE, r"begin results/tables/leakage\.md", "begin results/tables/claim.md"),
        "the marker <!-- begin results/tables/claim.md --> is not closed", 2),
    Row("marker-doubled", PAGES, "a marked place doubled, and a word of the second changed",
        doubled, f"different: {LEAKAGE}: line"),
    Row("marker-moved", PAGES, "an end marker moved behind more text",
        every(edit(LEAKAGE, r"^<!-- end \S+ -->\n", ""),
              add(LEAKAGE, "\n<!-- end results/tables/leakage.md -->\n", end=True)),
        f"different: {LEAKAGE}: line"),
    Row("between", PAGES, "a line put between two markers",
        edit("README.md", "^(<!-- end .*)", r"The best of all.\n\1"), "different: README.md: line"),
    Row("snippet", PAGES, "a table that a page brings in replaced by a typed one",
        edit("docs/results.md", r'^--8<-- "results/tables/baselines\.md"', "| forest | 1.234 |"),
        f"missing: docs/results.md: {LOST}/baselines.md"),
    Row("picture", PAGES, "a figure in README replaced by another picture",
        edit("README.md", r"results/figures/differences\.svg", "docs/best.svg"),
        "missing: README.md: a place that brings in results/figures/differences.svg"),
    Row("page", PAGES, "a page deleted",
        delete(LEAKAGE), f"missing: {LEAKAGE}: {LOST}/leakage.md"),
    Row("page-added", PAGES, "a page in a folder, with another number in its marked place",
        add("docs/more/a.md", "<!-- begin results/tables/claim.md -->\n1.23\n"
            "<!-- end results/tables/claim.md -->\n"),
        "docs/more/a.md: line 2"),

    Row("typed-readme", HAND, "a score where README tells results",
        edit("README.md", BELOW, f"{TYPED}The [results page]"),
        "1.234, which no macro of the results says"),
    Row("typed-percent", HAND, "a percentage there",
        edit("README.md", BELOW, "An accuracy of 99 %.\n\nThe [results page]"),
        "typed by hand: README.md: line"),
    Row("typed-paper", HAND, "a score in the paper",
        edit(PAPER, HEADLINE, r"\\Headline{} The AUC is 1.234."),
        "typed by hand: paper/main.tex: line"),
    Row("typed-whole", HAND, "a score without decimals in the paper",
        edit(PAPER, HEADLINE, r"\\Headline{} The AUC = 1."),
        "typed by hand: paper/main.tex: line"),
    Row("typed-other", HAND, "the score of one metric, typed with the name of another",
        lambda study: edit(PAPER, HEADLINE, rf"\\Headline{{}} An MCC of {macro(study)}.")(study),
        "typed by hand: paper/main.tex: line"),
    Row("typed-badge", HAND, "a badge where README tells results",
        edit("README.md", BELOW, "![AUC](https://img.shields.io/badge/AUC-1.234-green)\n\n\\g<0>"),
        "typed by hand: README.md: line"),
    Row("typed-code", HAND, "a score in a block of code there",
        edit("README.md", BELOW, "```\nAUC 1.234\n```\n\n\\g<0>"),
        "typed by hand: README.md: line"),
    Row("typed-names", HAND, "numbers of the paper that are no scores",
        edit(PAPER, HEADLINE,
             r"\\scalebox{0.85}{At 37.5\\,$^\\circ$C, pH 7.4}, pandas 2.2, $p < 0.05$."),
        "REPRODUCED: every committed number came out again.", 0),
    Row("typed-macro", HAND, "a macro of one's own in the paper",
        edit(PAPER, r"^\\begin\{document\}", r"\\newcommand{\\best}{123.4\\,\\%}\n\g<0>"),
        "typed by hand: paper/main.tex: line"),
    Row("typed-table", HAND, "a typed table in the paper, in the place of one that is brought in",
        edit(PAPER, r"\\input\{\.\./results/tables/baselines\}", "forest & 1.234"),
        "typed by hand: paper/main.tex: line"),
    Row("typed-file", HAND, "a score in another file of the paper",
        add("paper/appendix.tex", "It was $1.23 \\pm 0.45$.\n"),
        "typed by hand: paper/appendix.tex: line 1"),
    Row("typed-text", HAND, "a score in a text beside the paper",
        add("paper/letter.txt", TYPED), "typed by hand: paper/letter.txt: line 1"),
    Row("typed-cff", HAND, "a score in the abstract of CITATION.cff",
        edit("CITATION.cff", r'^abstract: "', r"\g<0>Its AUC is 1.234. "),
        "warning: CITATION.cff: line", 0),
    Row("typed-page", HAND, "a score on a page",
        add("docs/tour.md", f"\n{TYPED}", end=True), "warning: docs/tour.md: line", 0),
    Row("typed-folder", HAND, "a score on a page in a folder",
        add("docs/more/a.md", TYPED), "warning: docs/more/a.md: line 1: 1.234 was typed", 0),
    Row("typed-elsewhere", HAND, "a score elsewhere in README",
        add("README.md", f"\n{TYPED}", end=True), "warning: README.md: line", 0),
    Row("typed-true", HAND, "a score in the paper that a macro has",
        lambda study: edit(PAPER, HEADLINE, rf"\\Headline{{}} It is {macro(study)}.")(study),
        "says the same now", 0),
    Row("typed-accepted", HAND, "a score in the paper, accepted in words",
        edit(PAPER, HEADLINE, r"% typed by hand: of Smith (2020)\n\g<0> It was 1.234."),
        "1 accepted in words", 0),
    Row("typed-no-words", HAND, "a score in the paper, accepted without words",
        edit(PAPER, HEADLINE, r"% typed by hand:\n\g<0> It was 1.234."),
        "typed by hand: paper/main.tex: line"),
    Row("notebook", HAND, "a notebook with outputs",
        as_json("notebooks/explore.ipynb", with_outputs),
        "warning: notebooks/explore.ipynb: shows what its cells gave once", 0),

    Row("model-bit", SHARED, "a bit of the model file",
        flip(MODEL, 5000), "different: model: committed candidate.skops: its SHA-256 is"),
    Row("model-cut", SHARED, "the model file cut off",
        rewrite(MODEL, lambda old: old[:5000]), "different: model: committed candidate.skops"),
    Row("record-zeroed", SHARED, "the model's SHA-256 in its record zeroed",
        as_json(RECORD, lambda found: found.update(sha256="0" * 64)),
        "different: model: committed candidate.json: was changed after it was written"),
    Row("record-skilled", SHARED, "the same, and the record's own digest renewed",
        record(sha256="0" * 64), "different: model: committed candidate.skops: its SHA-256 is"),
    Row("record-rows", SHARED, "the number of rows in the record, its digest renewed",
        record(rows=9999), "different: model/candidate.json: rows: committed 9999"),
    Row("record-data", SHARED, "other data in the record, its digest renewed",
        record(data_sha256="0" * 64), "different: model/candidate.json: data_sha256"),
    Row("record-seed", SHARED, "another seed in the record, its digest renewed",
        record(seed={"study": 999, "purpose": "evaluation/candidate", "value": 1}),
        "different: model/candidate.json: seed"),
    Row("record-versions", SHARED, "a version in the record, its digest renewed",
        record(versions=lambda found: found | {"numpy": "1.0"}),
        "different: model: committed candidate.skops: the model was saved with numpy==1.0"),
    Row("record-types", SHARED, "a type left out of the record, its digest renewed",
        record(types=lambda found: found[1:]), "different: model/candidate.json: types"),
    Row("record-examples", SHARED, "predictions in the record, its digest renewed, no model there",
        every(delete(MODEL), record(examples=half_sure)),
        "different: model/candidate.json: probability_benign, 1, value: committed 0.5"),
    Row("record-deleted", SHARED, "the record deleted",
        delete(RECORD), "different: model: committed"),
    Row("model-deleted", SHARED, "no model file, as in every clone: git keeps the record alone",
        delete(MODEL), "warning: model/candidate.skops is not here: its record alone was", 0),
    Row("model-extra", SHARED, "another file beside the model",
        add("model/better.skops", "x"), "extra: model/better.skops"),

    Row("data", SETTINGS, "a bit of the data file",
        flip("data/raw/breast_cancer.csv", -3), "its SHA-256 is", 2),
    Row("checksum", SETTINGS, "the data's checksum in study.toml",
        edit("study.toml", '^sha256 = "..', 'sha256 = "00'), "its SHA-256 is", 2),
    Row("data-linked", SETTINGS, "the data file replaced by a link out of the study",
        link("data/raw/breast_cancer.csv", out=True),
        "warning: data/raw/breast_cancer.csv leads out of the study", 0),
    Row("tolerance", SETTINGS, "a tolerance that lets printed digits change",
        edit("study.toml", "^default = 1e-9", "default = 1e-3"), "tolerances.default", 2),

    Row("manifest-deleted", PROVENANCE, "deleted",
        delete(MANIFEST), "manifest.json: there is no such file", 2),
    Row("manifest-cut", PROVENANCE, "cut off",
        rewrite(MANIFEST, lambda old: old[:500]), "manifest.json: is no JSON", 2),
    Row("manifest-places", PROVENANCE, "the list of marked places taken out, and a marked place",
        every(edit(LEAKAGE, MARKERS, "", count=0), as_json(MANIFEST, lambda m: m.pop("shown"))),
        "provenance: manifest.json: shown: says nothing"),
    Row("manifest-commit", PROVENANCE, "a commit that there is not",
        as_json(MANIFEST, lambda m: m.update(commit="0" * 40)),
        "commit 000000000000 can't be checked here", 0),
    Row("manifest-commit-other", PROVENANCE, "the first commit for the right one",
        other_commit, "provenance: manifest.json: commit "),
    Row("manifest-commit-none", PROVENANCE, "no commit, and no reason for it",
        as_json(MANIFEST, lambda m: m.update(commit=None, dirty=None)),
        "provenance: manifest.json: commit"),
    Row("manifest-field", PROVENANCE, "a field taken out",
        as_json(MANIFEST, lambda m: m.pop("machine")),
        "provenance: manifest.json: machine: says nothing"),
    Row("manifest-python", PROVENANCE, "a Python that the study does not allow",
        set_in("machine", python="2.7.18"),
        "provenance: manifest.json: machine, python: says 2.7.18"),
    Row("manifest-time", PROVENANCE, "no time in the place of one",
        as_json(MANIFEST, lambda m: m.update(finished="yesterday")),
        "provenance: manifest.json: finished: says yesterday"),
    Row("manifest-dirty", PROVENANCE, "dirty set to true",
        as_json(MANIFEST, lambda m: m.update(dirty=True)),
        "the results come from files that were not committed", 0),
    Row("manifest-seed", PROVENANCE, "another seed",
        set_in("seeds", study=999), "provenance: manifest.json: seeds"),
    Row("manifest-version", PROVENANCE, "another version of a library",
        set_in("versions", numpy="1.0"), "provenance: manifest.json: versions"),
    Row("manifest-result", PROVENANCE, "the hash of a result zeroed",
        set_in("results", **{"baselines.csv": "0" * 64}),
        "warning: baselines.csv was made later than manifest.json says", 0),
    Row("manifest-source", PROVENANCE, "the digest of the source zeroed",
        set_in("inputs", source="0" * 64), "provenance: manifest.json: inputs, source"),
    Row("manifest-settings", PROVENANCE, "the hash of study.toml zeroed",
        set_in("inputs", **{"study.toml": "0" * 64}), "provenance: manifest.json: inputs, study"),
    Row("manifest-data", PROVENANCE, "the hash of the data zeroed",
        set_in("inputs", **{"data/raw/breast_cancer.csv": "0" * 64}),
        "provenance: manifest.json: inputs, data"),
    Row("manifest-engine", PROVENANCE, "another engine",
        set_in("engine", version="1.0.0"), "provenance: manifest.json: engine"),
    Row("source", PROVENANCE, "a line of the source changed since, without a new run",
        add("src/my_study/models.py", "\nMINE = 1\n", end=True),
        "provenance: manifest.json: inputs, source"),
    Row("comment", PROVENANCE, "a comment of the source changed since",
        add("src/my_study/models.py", "\n# mine\n", end=True), "REPRODUCED: every", 0),
    Row("source-linked", PROVENANCE, "the source replaced by a link out of the study",
        link("src", out=True),
        "warning: src leads out of the study; a copy lacks it: put what it leads to in its place",
        0),
    Row("lock", PROVENANCE, "a version in the lock that is not installed",
        edit("requirements.txt", r"^numpy==\S+", "numpy==1.0"), "requirements.txt"),

    Row("openings-deleted", OPENINGS, "the first entry deleted, the next one counted as 1",
        as_json("results/openings.json", lambda found: found.clear()), "openings.json"),
    Row("openings-time", OPENINGS, "another time of an opening",
        as_json("results/openings.json", lambda found: found[0].update(time="2020-01-01")),
        "openings.json"),
    Row("openings-count", OPENINGS, "another count",
        as_json("results/openings.json", lambda found: found[0].update(count=7)), "openings.json"),
    Row("openings-model", OPENINGS, "another model in an opening",
        as_json("results/openings.json", lambda found: found[0].update(model="0" * 64)),
        "openings.json"),
    Row("openings-gone", OPENINGS, "the file deleted",
        delete("results/openings.json"), "openings.json"),
]
# fmt: on


# --- the page


def filled(page):
    """Return the page with the table between its markers: a part for each place."""
    lines, shown = [], ROWS[1:]
    for place in dict.fromkeys(row.place for row in shown):
        lines += [f"### {place}", "", "| What was changed | What it says | It ends with |"]
        lines += ["|---|---|---|"]
        for row in (row for row in shown if row.place == place):
            lines.append(f"| {row.done} | `{row.says.strip(' :')}` | {ENDS[row.code]} |")
        lines.append("")
    begin, end = "<!-- begin table -->\n\n", "<!-- end table -->"
    before, _, rest = page.partition(begin)
    return before + begin + "\n".join([*lines, end]) + rest.partition(end)[2]


# --- the runner


class Kept:
    """The files of a study as they are, to be put back."""

    def __init__(self, study):
        self.study = study
        self.bytes = {path: path.read_bytes() for path in self.files()}

    def files(self):
        """Return every file and link that counts."""
        tops = [path for path in sorted(self.study.iterdir()) if path.name not in SKIPPED]
        found = [path for top in tops for path in (top, *sorted(top.rglob("*")))]
        return [path for path in found if path.is_symlink() or path.is_file()]

    def restore(self):
        """Put back what was changed, and take out what was added."""
        for path in self.files():
            if path.is_symlink() or path not in self.bytes:
                path.unlink()
        for path in sorted((self.study / "results").rglob("*"), reverse=True):
            if path.is_dir() and not any(path.iterdir()):
                path.rmdir()
        for path, content in self.bytes.items():
            if not path.is_file() or path.read_bytes() != content:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)


def every_result(study):
    """Change one number, or else one word, in each result file; return their names."""
    names = []
    for path in sorted(p for p in (study / "results").rglob("*") if p.is_file()):
        name = path.relative_to(study / "results").as_posix()
        if name not in ("manifest.json", "openings.json"):
            text = path.read_text(encoding="utf-8")
            number = (r"(?<=\d\.)\d", lambda found: str((int(found[0]) + 5) % 10))
            word = (" ", " not ") if " " in text else (r"\b\d+", "77")
            edit(f"results/{name}", *(number if re.search(number[0], text) else word))(study)
            names.append(name)
    return names


def prepare(run, remake):
    """Open the test rows, share the model, reproduce; then make all of it again."""
    from reproml.cli import reproduce, share, stages

    stages.load_script("evaluation", run)(run)
    share.main(run)
    reproduce.main(run)
    for words in (["add", "--all"], ["commit", "--quiet", "--message", "Results"]):
        subprocess.run(["git", *words], cwd=run.root, check=True)
    stages.make_all(run, remake, fresh=True)


def judge(study):
    """Return verify's exit code for a study as it is now, and all that it says."""
    from reproml.cli import verify
    from reproml.config.study import StudyError
    from reproml.run.run import open_run

    code, said = 0, io.StringIO()
    with contextlib.redirect_stdout(said):
        try:
            with open_run(study / "study.toml", backend="sequential") as run:
                verify.main(run)
        except StudyError as error:
            code = 2
            print(f"error: {error}")
        except SystemExit as error:
            code = error.code
    return [code, said.getvalue()]


def kept_answers(verify):
    """Compare the same two files once: between two rows almost all of them stay."""
    compare, answers = verify.compare_files, {}

    def compare_files(name, old, new, *limits, **how):
        key = (name, old, new)
        if key not in answers:
            answers[key] = compare(name, old, new, *limits, **how)
        return answers[key]

    verify.compare_files = compare_files


def main(study, into):
    """Prepare a study, then write what verify says of each row."""
    from reproml.cli import verify
    from reproml.run.run import open_run
    from reproml.share import trusted_types

    with tempfile.TemporaryDirectory() as folder:
        remake = Path(folder)
        with open_run(study / "study.toml", backend="sequential") as run:
            prepare(run, remake)

        def make_all(run, made, **how):
            shutil.copytree(remake, made, dirs_exist_ok=True)
            record = made / "openings.json"
            record.unlink()
            if (run.results / record.name).is_file():  # it starts from the committed one
                shutil.copy(run.results / record.name, record)

        verify.make_all = make_all
        trusted_types.packages_distributions = cache(trusted_types.packages_distributions)
        kept_answers(verify)
        kept, said = Kept(study), {}
        for row in ROWS:
            row.change(study)
            said[row.id] = judge(study)
            kept.restore()
        names = every_result(study)
        said["every result"] = [names, *judge(study)]
    into.write_text(json.dumps(said), encoding="utf-8")


if __name__ == "__main__":
    if sys.argv[1:] == ["page"]:
        text = filled(PAGE.read_text(encoding="utf-8"))
        PAGE.write_text(text, encoding="utf-8", newline="\n")
    else:
        main(*map(Path, sys.argv[1:]))
