"""Numbers that look like scores and were typed: no command makes them, and nothing compares them.

A number is one where a metric is named beside it ("AUC = 1", "an accuracy of 99 %"). Without a name
it needs two decimals from 0 to 1 or in a table, three, a percent sign after decimals, or a ±; and a
unit or a word like "Figure" or "pandas" says that it is none. Code and badges are looked at where
results are told and a metric is named in them.

An author accepts a line in words, in that line or in one of its own above it::

    <!-- typed by hand: published by Smith (2020) -->
    % typed by hand: published by Smith (2020)
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import unescape
from typing import NamedTuple
from unicodedata import normalize
from urllib.parse import unquote

METRIC = (
    r"(?<![A-Za-z])(?:PrimaryMetric|(?:roc|pr)?auc|au(?:ro|pr)c|accurac(?:y|ie)|precision|recall|iou"
    r"|sensitivity|specificity|f[ -]?1|r[ -]?2|mcc|rmse|mae|mse|mape|brier|kappa|dice|c-index"
    r"|log[ -]?loss|(?:absolute|squared|prediction) error{})s?(?![A-Za-z]|\.?\d)"
)
# Hidden in Markdown: the head of a card, marked places, comments, code, addresses.
MARKDOWN = re.compile(
    r"\A---\n.*?^---$|^(?:<!--|#) begin (results/\S+).*?^(?:<!--|#) end \1(?!\S)|<!--.*?-->"
    r"|(?P<code>^( *)(```+|~~~+).*?^\3\4[^\n]*$|`[^`\n]*[A-Za-z][^`\n]*`)"
    r"|(?P<url>\]\([^)\n]*\)|\b\w+://[^\s)>\"]+)",
    flags=re.MULTILINE | re.DOTALL,
)
# In LaTeX: comments, labels, files, options, lengths, colours, code.
LATEX = re.compile(
    r"(?<!\\)(?:\\\\)*%[^\n]*|\\(?:label|\w*ref|cite\w*|input|include\w*|plot|script|stage|href|url"
    r"|doi|usepackage|scalebox)\*?(?:\[[^]\n]*\])*\{[^}\n]*\}|(?<=[a-z}*])\[[^]]*=[^]]*\]"
    r"|\\\w*(?:stretch|spread|fraction)\}?\{[^}\n]*\}"
    r"|(?<![\d.])[\d.]+ ?\\[a-z]*(?:height|width|sep|skip|size)"
    r"|\\\w*color\*?(?:\[\w+\]\{[^}\n]*\}|\{[^}\n]*\}\{\w+\}\{[^}\n]*\})"
    r"|(?P<code>\\begin\{(verbatim|lstlisting|minted)\}.*?\\end\{\2\}|\\(?:verb|lstinline)(\W).*?\3"
    r"|\\texttt\{[^}\n]*[A-Za-z][^}\n]*\})",
    flags=re.DOTALL,
)
NAMES = re.compile(  # in both: DOIs, limits of p, levels
    r"(?i:\b10\.\d{4,}/\S+|\barxiv\W{0,2}[\d.]+|\bp[ -]?(?:values?)?\W{0,3}(?:[<>≤≥]|\\leq?|below)"
    r"\W*[\d.]*\d|(?:\\?\balpha|α|\blevels?)(?: of)?[ =]*[01]?\.\d+"  # noqa: RUF001
    r"|\b0?\.\d+ (?:significance )?level)"
)
PLAIN = {  # what is left as it is read
    r"(?<=\d) ?(?:×|x|\\times|\\cdot) ?10(?:\^\{?[-\u2212]|\u2212)(\d+)": r"e-\1",  # noqa: RUF001
    r"(\\(?:SI|qty)\{[^}]*\})\{(?!\}|\\?%|\\percent)": r"\1{ mm ",  # whatever its unit is
    r"</?[a-z]\w*(?: [\w-]+=(?:\"[^\"\n]*\"|\S+))* */?>|\}\{|\\?[_~*]|\\[,;:! ]"
    r"|\\(?!PrimaryMetric|percent|pm\b|leq?\b|alpha|circ|degree)[A-Za-z]+": " ",
    r"[{}$^]|(?<= ) +": "",
    r"(?<=\d)·(?=\d)": ".",
}
NUMBER = re.compile(
    r"(?<![\w.,/])(?<![A-Za-z]-)(?:\d+/[1-9]\d*|\d*\.\d+(?:[eE][-+]?\d+)?|0,\d+|\d+,\d+(?=\s?\\?%)"
    r"|\d+(?!,\d))(?!\.?\w|-[A-Za-z])"
)
PERCENT = r"\s?\\?(?:%|per ?cent)"
SENTENCE = r"[.;!?]\s|\|\s*\n|\\+\s*\n|\n\s*-\s"  # or a row of a table, or an item of a list
LINK = re.compile(
    r"(?:(?P<verb>[:=≈\u2013\u2014]|\b(?:is|was|are|were|to|reach(?:es|ed)|equals))"
    r"|[|&]|\b(?:of|only|about|version))[\s\"'`]*$"
)
NAME = re.compile(  # of something whose number is no score
    r"(?i:\b(?:(?:fig|tab|sec|eq|app)[a-z]*|chapter|algorithm|theorem|python|pandas|numpy|scipy|skops"
    r"|scikit-learn|sklearn|matplotlib|pyarrow|(?:py)?torch|keras|tensorflow|statsmodels|seaborn"
    r"|xgboost|lightgbm|shap|dask|cuda|ubuntu|r|ph|cc[ -]by|version|release)\.?\s\(?$)"
)
UNIT = re.compile(
    r"\s?(?:[°µÅ€]|\\circ|\\?degree|[mkcdnpMG]?(?:m|g|s|l|L|mol|M|Hz|Pa|V|W|J|eV|B)\b|mmHg|bar|px|pt"
    r"|em|ex|h\b|min\b|(?:second|minute|hour|day|week|month|year|time)s?\b)"
)
ACCEPTED = re.compile(
    r"(?:<!--|%|#)\s*typed by hand:[ \t]*(\w[^\n]*?)[ \t]*(?:-->|$)", re.MULTILINE
)


class Typed(NamedTuple):
    """A number that was typed."""

    line: int
    number: str
    strict: bool  # where results are told
    accepted: bool  # its author says in words where it comes from
    metric: str = ""  # named beside it

    @property
    def value(self) -> float:
        """What it says."""
        top, _, bottom = self.number.replace(",", ".").partition("/")
        return float(top) / float(bottom or 1)

    def says(self, result: str) -> bool:
        """Tell whether it is a result, as it stands or in percent, which needs three digits."""
        typed = f"{self.value:.3f}" if "/" in self.number else self.number.replace(",", ".")
        typed = (f"0{typed}" if typed.startswith(".") else typed).lower()
        digits = len(re.sub(r"e.*", "", typed.partition(".")[2]))
        plain, percent = (f"{float(result) * times:.{digits}f}" for times in (1, 100))
        many = len(re.sub(r"^[0.]+|\.|e.*", "", typed))  # digits that say something
        if "e" in typed + result:
            return many > 1 and self.value == float(f"{float(result):.{many - 1}e}")
        same = typed == result or (digits > 1 and typed == plain)
        return same or (digits > 0 and many > 2 and typed == percent)


def typed_numbers(
    text: str, *, latex: bool, results: bool = False, metrics: Iterable[str] = ()
) -> list[Typed]:
    r"""Find numbers that look like scores in a page, or in LaTeX, all of which tells results.

    ``results`` says that the page does so too, where it has marked places; ``metrics`` are more
    names of metrics.

    >>> text = "The AUC is 0.987.\n\n## Run it\n\nIn `C=0.15` and Python 3.12, p < 0.05: 95 %.\n"
    >>> typed_numbers(text, latex=False)
    [Typed(line=1, number='0.987', strict=False, accepted=False, metric='AUC')]
    >>> typed_numbers("% typed by hand: Smith (2020)\nIt was 98.7\\,\\%.\n", latex=True)
    [Typed(line=2, number='98.7', strict=True, accepted=True, metric='')]
    """
    lines = (text if latex else unescape(text)).splitlines()
    told = set(range(len(lines))) if latex else _telling(lines) if results else set()
    names = "".join(f"|{re.escape(name)}" for name in metrics if name)
    metric = re.compile(METRIC.format(names), flags=re.IGNORECASE)

    def seen(hidden: re.Match[str]) -> str:
        words, kind = hidden[0], hidden.lastgroup
        if kind == "url":
            words = re.sub(r"[-_/=&]+", " ", unquote(words)) if "badge" in words else ""
        here = hidden.string.count("\n", 0, hidden.start()) in told
        return words if kind and here and metric.search(words) else "\n" * hidden[0].count("\n")

    plain = normalize("NFKC", (LATEX if latex else MARKDOWN).sub(seen, "\n".join(lines)))
    for pattern, by in PLAIN.items():
        plain = re.sub(pattern, by, plain)
    plain = NAMES.sub(lambda name: "\n" * name[0].count("\n"), plain)
    found = []
    for one in NUMBER.finditer(plain):
        before = plain[max(0, one.start() - 2000) : one.start()].rpartition("\n\n")[2]
        name = _metric_of(one[0], before, plain[one.end() : one.end() + 60], metric)
        if name is not None:
            line = plain.count("\n", 0, one.start())
            above = lines[line - 1].strip() if line else ""
            alone = ACCEPTED.match(above) and (above[:4] != "<!--" or above[-3:] == "-->")
            accepted = bool(alone or ACCEPTED.search(lines[line]))
            found.append(Typed(line + 1, one[0], line in told, accepted, name))
    return found


def _metric_of(number: str, before: str, after: str, metric: re.Pattern[str]) -> str | None:
    """Return the metric that is named beside a score, "" where none is, None for no score."""
    row = re.split(SENTENCE, before)[-1]
    end = row[-50:]  # the words right before it
    whole, percent, link = number.isdigit(), re.match(PERCENT, after), LINK.search(end)
    cell = re.search(r"[|&]\s*$", before[-50:]) and re.match(r"\s*(?:[|&\\]|$)", after)
    many = whole and not percent and float(number) > 1
    near = (
        row if link and link["verb"] and not many else " ".join(row.split()[-3 if many else -5 :])
    )
    follows = re.match(rf"(?:{PERCENT})?((?:\s\(?[\w-]+){{0,3}})", after)[1]
    names = metric.findall(before if cell and not whole else near) or metric.findall(follows)
    name = names[-1] if names else ""
    said = name and (link or near.rstrip("\"'` ").endswith(name))
    if re.match(PERCENT + r"[ -](?:[a-z]+ )?(?:interval|CI|confidence|level|quantile)", after):
        return None
    if re.match(r"\s?\(?(?:±|\\pm)", after) or re.search(r"(?:±|\\pm)\s*$", end):
        return name
    if whole:  # "30 folds" are counted
        counted = NAME.search(end) or re.match(r"\s\w{2,}[^\Ws]s\b", after)
        return name if (said and not counted) or (name and percent and name in follows) else None
    if not said and (UNIT.match(after) or NAME.search(end)):
        return None
    table = cell and re.search(r"[.,]\d\d", number)
    bare = re.fullmatch(r"0?[.,]\d\d+|1\.00+|\d+\.\d{3,}", number)
    return name if name or percent or table or bare else None


def _telling(lines: list[str]) -> set[int]:
    """Return the lines of those parts of a page, between headings, that have marked places."""
    part, parts = [], []
    for number, line in enumerate(lines):
        if re.match(r"#+ (?!begin |end )", line):
            part = []
        part.append(number)
        if "begin results/" in line and part not in parts:
            parts.append(part)
    return {number for part in parts for number in part}
