"""What the paper is built from: texts and tables for LaTeX; and what its log says."""

from __future__ import annotations

import re

import pandas as pd

SPECIAL = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\ensuremath{<}",
    ">": r"\ensuremath{>}",
    **{sign: f"\\{sign}" for sign in "&%$#_"},
}
INTERVAL = re.compile(r"(\S+) (\[\S+, \S+\])")
LONG = 30  # characters of a cell from which on its column breaks lines
WIDEST = 90  # characters of a row from which on intervals stand below their means


def tex(text: str) -> str:
    r"""Write a text so that LaTeX sets it as it is, and its numbers as print has them.

    >>> print(tex("50 % of a_b, p <0.001, -0.5, 1.2e-9"))
    50 \% of a\_b, p \ensuremath{<}0.001, \ensuremath{-}0.5, 1.2\ensuremath{\times10^{-9}}
    """
    escaped = "".join(SPECIAL.get(sign, sign) for sign in text)
    escaped = re.sub(r"(?<![\w.])-(?=\d)", r"\\ensuremath{-}", escaped)
    power = re.compile(r"(?<![\w.])(\d[\d.]*)e(?:\+|(-))(\d+)(?!\w)")
    return power.sub(r"\1\\ensuremath{\\times10^{\2\3}}", escaped)


def to_tabular(frame: pd.DataFrame, corner: str) -> str:
    """Write a table of texts as LaTeX with the rules of booktabs.

    In wide tables an interval stands below its mean, and columns of long texts break lines.
    """
    heads = [corner, *frame.columns]
    rows = [list(map(str, row)) for row in frame.itertuples(name=None)]
    long = [any(len(row[place]) > LONG for row in rows) for place in range(len(heads))]
    kinds = "".join(r">{\raggedright\arraybackslash}X" if one else "l" for one in long)
    name, width = ("tabularx", r"{\linewidth}") if any(long) else ("tabular", "")
    lines = [
        r"\setlength{\tabcolsep}{4pt}",
        r"\begin{" + name + "}" + width + "{" + kinds + "}",
        r"\toprule",
        _row([tex(head) for head in heads]),
        r"\midrule",
    ]
    lengths = [max(len(row[place]) for row in [heads, *rows]) for place in range(len(heads))]
    wide = sum(min(length, LONG) for length in lengths) > WIDEST
    for row in rows:
        split = [INTERVAL.fullmatch(cell) if wide else None for cell in row]
        lines.append(
            _row([_cell(of[1] if of else cell) for of, cell in zip(split, row, strict=True)])
        )
        if any(split):
            lines.append(_row([rf"\scriptsize {tex(of[2])}" if of else "" for of in split]))
    return "\n".join([*lines, r"\bottomrule", r"\end{" + name + "}"]) + "\n"


def _row(cells: list[str]) -> str:
    return " & ".join(cells) + r" \\"


def _cell(text: str) -> str:
    """Return a cell; what is emphasised in Markdown is so in LaTeX."""
    emphasised = re.fullmatch(r"\*([^*]+)\*", text)
    return r"\emph{" + tex(emphasised[1]) + "}" if emphasised else tex(text)


def log_message(log: str) -> str:
    r"""Return the first error of a log (of ``-file-line-error``), or what its citations lack.

    >>> log = "./main.tex:7: Undefined control sequence.\nl.7 It is \\Nothing\n          ."
    >>> print(log_message(log))
    main.tex:7: Undefined control sequence: \Nothing
    results/macros.tex makes no such number; is it spelt as there?
    >>> log_message("Output written on main.pdf (4 pages).")
    ''
    """
    where = re.search(r"^(?:error: )?(?:\./)?(\S[^\n:]*:\d+): ", log, re.M)
    error = re.search(r"^(?:! |(?:error: )?(?:\./)?\S[^\n:]*:\d+: )(.*)", log, re.M)
    if error:
        place = f"{where[1]}: " if where else ""
        source = re.search(r"^l\.\d+ ?(.*)", log[error.end() :], re.M)
        names = re.findall(r"\\[A-Za-z@]+", source[1]) if source else []
        if error[1].startswith("Undefined control sequence") and names:
            hint = "results/macros.tex makes no such number; is it spelt as there?"
            return f"{place}Undefined control sequence: {names[-1]}\n{hint}"
        return f"{place}{error[1]}" + (f"\n  {source[1]}" if source else "")
    unwrapped = log.replace("\n", " ")  # TeX breaks long lines anywhere
    lost = re.findall(r"(Citation|Reference) `([^']+)'[^.]{0,40}?undefined", unwrapped)
    return "\n".join(f"{kind} {name} leads nowhere" for kind, name in sorted(set(lost)))
