"""Names from data are text on every page: no script runs, no link leads anywhere, nothing is cut.

Columns, classes, categories, units and reasons are what somebody else wrote into a table.
"""

import csv
import hashlib
import io
import json
import random
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest
from studies import edit, paths

BROWSER = shutil.which("chromium") or shutil.which("google-chrome")
TARGET = "kind <i>of</i> & sort"
CLASSES = [
    '<b onmouseover="ran(1)">b</b>',
    "[x](javascript:ran(2))",
    "<img src=x onerror='ran(3)'>",
]
SITE = "site </td></tr></table><script>ran(4)</script>"
LEVELS = [
    '<a href="javascript:ran(5)">go</a>',
    "![y](javascript:ran(6))",
    "</small><script>ran(7)</script>",
]
FEATURES = [
    "<script>ran(8)</script>",
    "`<script>ran(9)</script>",
    "a*b*c_d_",
    "a|b",
    r"$x_1$ and $\frac$",
    "{{ 7 * 7 }} {% raw %}",
    r"\textbf{x} # 5%",
    "&lt;b&gt; &amp;",
    "収量 étage",
    "<!-- end results/tables/primary.md -->",
    '--8<-- "README.md"',
    "<svg/onload=ran(10)>",
]
RAN = "document.documentElement.dataset.ran"


def put_in(study: Path) -> None:
    """Replace the example's table by one with these names, as docs/yours.md says."""
    rng, content = random.Random(0), io.StringIO()
    lines = csv.writer(content, lineterminator="\n")
    lines.writerow([TARGET, SITE, *FEATURES])
    for number in range(120):
        numbers = [round(rng.gauss(number % 3 if at < 4 else 0, 1), 3) for at in range(12)]
        lines.writerow([CLASSES[number % 3], rng.choice(LEVELS), *numbers])
    raw = content.getvalue().encode("utf-8")
    for path in (study / "data" / "raw").iterdir():
        path.unlink()
    (study / "data" / "raw" / "nasty.csv").write_bytes(raw)

    def column(name: str, **said: object) -> str:
        parts = ", ".join(
            f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in said.items()
        )
        return f"{json.dumps(name, ensure_ascii=False)} = {{ {parts} }}\n"

    data = '[data]\nfile = "data/raw/nasty.csv"\n'
    data += f'sha256 = "{hashlib.sha256(raw).hexdigest()}"\n\n[data.columns]\n'
    data += column(TARGET, role="target", type="category", values=CLASSES)
    data += column(SITE, role="feature", type="category", values=LEVELS)
    data += "".join(column(name, role="feature", unit="<u>mm</u>") for name in FEATURES)
    weaker = '[ablations.weaker]\nset = { columns__numbers__splines = "passthrough" }\n'
    weaker += 'reason = "Is <b>it</b> [good](javascript:ran(11)) enough?"\n\n'
    edit(
        study / "study.toml",
        (r"^\[data\].*?(?=^\[split\])", f"{data}\n"),
        (
            r"^# The three measures.*?\n\n",
            f"domain = {{ subset__keep = {json.dumps(FEATURES[:1])} }}\n\n",
        ),
        (r"^# Each switches one.*?(?=^\[sharing\])", weaker),
        (r"^folds = 5\b", "folds = 2"),
        (r"^repeats = 6\b", "repeats = 1"),
    )


class Page(HTMLParser):
    """What a browser would run, and the text that it would show."""

    def __init__(self) -> None:
        super().__init__()
        self.runs, self.text, self.tag = [], [], ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tag = tag
        self.runs += [value for _, value in attrs if value and "ran(" in value]

    def handle_data(self, data: str) -> None:
        if self.tag == "script" and "ran(" in data:
            self.runs.append(data)
        self.text.append(data)


@pytest.fixture(scope="module")
def nasty(bake, in_study, run, study_env, tmp_path_factory):
    """The site of a study with such names; functions called ran() leave a trace in the page."""
    study, site = bake(anew=True).path, tmp_path_factory.mktemp("nasty") / "site"
    put_in(study)
    said = in_study(study, "reproduce")
    env = {"PYTHONPATH": paths(study), "NO_MKDOCS_2_WARNING": "1"}
    run([study_env, "-m", "mkdocs", "build", "-q", "--strict", "-d", site], study, env=env)
    return study, site, said.stdout + said.stderr


@pytest.mark.network
@pytest.mark.slow
@pytest.mark.xdist_group("nasty")
def test_no_name_is_more_than_text(nasty):
    study, site, said = nasty
    assert "Glyph" not in said  # missing fonts do not fill the terminal
    shown = {}
    for path in sorted(site.rglob("*.html")):
        page = Page()
        page.feed(path.read_text(encoding="utf-8"))
        assert page.runs == [], path
        shown[path.parent.name] = " ".join("".join(page.text).split())
    for name in (TARGET, SITE, *CLASSES, *LEVELS, *FEATURES, "<u>mm</u>"):
        assert name in shown["data_card"], name
    for name in (SITE, *FEATURES):
        assert name in shown["interpretation"], name
    for name in CLASSES:
        assert name in shown["model_card"], name
        assert name in shown["checklist"], name
    for path in (study / "results").rglob("*.svg"):
        assert not re.search(r"<(script|b|i|img|a)\b", path.read_text(encoding="utf-8")), path


@pytest.mark.network
@pytest.mark.slow
@pytest.mark.xdist_group("nasty")
@pytest.mark.skipif(not BROWSER, reason="no Chromium here: apt-get install chromium")
def test_a_browser_runs_none_of_them(nasty):
    """The same page runs what it is told to, where it is told by a script of its own."""
    _, site, _ = nasty
    define = f"<script>window.ran = number => {{ {RAN} = number; }};</script>"
    card = site / "data_card" / "index.html"
    text = card.read_text(encoding="utf-8").replace("<head>", f"<head>{define}", 1)
    for name, more in (("names", ""), ("told", f"<p>{FEATURES[0]}</p>")):
        page = card.with_name(f"{name}.html")
        page.write_text(text.replace("</body>", f"{more}</body>"), encoding="utf-8")
        command = [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"]
        command += ["--virtual-time-budget=3000", f"--user-data-dir={site.parent / 'browser'}"]
        done = subprocess.run([*command, page.as_uri()], capture_output=True, timeout=120)
        dom = done.stdout.decode("utf-8")
        assert "data card" in dom.lower()
        assert ("data-ran=" in dom) == bool(more)
