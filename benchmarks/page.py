"""Writes docs/benchmarks.md from the raw figures: medians, ranges, and ratios within a round."""

import csv
from math import log
from statistics import linear_regression, median

HEAD = """\
# Time and memory

What the template promises about time and memory, measured by `make bench`. The numbers below are
made from `benchmarks/figures.csv`, the raw figures of each round; nothing is typed by hand. A
figure is a median, with the smallest and largest of its rounds in brackets. Ratios are formed
within a round, from runs side by side: a machine that was busy with something else slows both. How
busy it was stands under each table; a load above the number of cores means that others used it too.
*This edition and the first*, *Many fits*, *Large tables* and *Tables that grow* were measured on
the second edition;
the other figures are those of the first.
"""


class Figures:
    """The raw figures, by benchmark, case and figure."""

    def __init__(self, path):
        self.found = {}
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                case = self.found.setdefault(row["benchmark"], {}).setdefault(row["case"], {})
                case.setdefault(row["figure"], []).append(row["value"])

    def of(self, benchmark, case, figure):
        """Return the rounds of a figure as numbers; none if it was not measured."""
        values = self.found.get(benchmark, {}).get(case, {}).get(figure, [])
        return [float(value) for value in values]

    def cases(self, benchmark):
        """Return the cases of a benchmark, in the order in which they were run."""
        return list(self.found.get(benchmark, {}))


def shown(values, digits=1, unit=""):
    """Return "median [smallest to largest] unit"; a dash where nothing was measured."""
    if not values:
        return "-"
    middle, low, high = median(values), min(values), max(values)
    text = f"{middle:.{digits}f}"
    if len(values) > 1:
        text += f" [{low:.{digits}f} to {high:.{digits}f}]"
    return f"{text} {unit}".strip()


def ratios(above, below):
    """Return the ratio of each round."""
    return [a / b for a, b in zip(above, below, strict=False) if b]


def table(head, rows):
    """Return a Markdown table."""
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def machine(figures, benchmark):
    """Say on what a benchmark ran, and how busy that was."""
    name = f"machine {benchmark}"
    if name not in figures.found:
        return "*Not measured.*"
    told = {figure: values[0] for figure, values in figures.found[name]["machine"].items()}
    load, after = float(told["load"]), float(told["load_after"])
    return (
        f"*{told['cores']} cores of {told['cpu']}, Python {told['python']}; load {load:.1f} before "
        f"and {after:.1f} after; the benchmark took {float(told['took']) / 60:.1f} minutes.*"
    )


def default(figures):
    """Write the section on the default study."""
    ours = figures.of("default", "reproduce --fresh", "seconds")
    rows = []
    for case in figures.cases("default"):
        own = figures.of("default", case, "seconds")
        ratio, cpu = ratios(own, ours), figures.of("default", case, "cpu")
        fits = ratios(own, figures.of("default", "its stages baselines and ablation", "seconds"))
        rows.append([case, shown(own), shown(cpu), shown(ratio, 2), shown(fits, 2)])
    head = ["", "seconds", "processor seconds", "times reproduce", "times the two stages"]
    return (
        "`reproduce --fresh` makes everything: the leakage audit, all fits of baselines and "
        "ablation, the comparisons, importances, tables and figures. Compared with the plain way, "
        "a loop of scikit-learn's `cross_validate` over the same models and folds, which makes the "
        "scores alone: what the stages *baselines* and *ablation* do, with the comparisons.",
        table(head, rows),
    )


def editions(figures):
    """Write the section on the first edition."""
    cases = {case: figures.of("editions", case, "seconds") for case in figures.cases("editions")}
    rows = [[f"reproduce --fresh, {case}", shown(own, 1, "s")] for case, own in cases.items()]
    old, new = cases.values()
    rows.append(["times as long", shown(ratios(new, old), 2)])
    return "The default study, made by the second edition and by the first, in turns.", table(
        ["", ""], rows
    )


def long(figures):
    """Write the section on a study of a minute."""
    loop, ours = (figures.of("long", case, "seconds") for case in ("loop", "loky 2"))
    stage, limit = (figures.of("long", "loky 2", name) for name in ("stage", "limit"))
    rows = [
        ["loop of `cross_validate`, one process", shown(loop, 1, "s")],
        ["the same fits by two workers, from start to end", shown(ours, 1, "s")],
        ["times as fast", shown(ratios(loop, ours), 2)],
        ["the fits alone, without start", shown(stage, 1, "s")],
        ["limit: time in fits and scores, by two", shown(limit, 1, "s")],
        ["times the limit", shown(ratios(stage, limit), 3)],
    ]
    return "Forests of 10, 25 and 50 trees and a ridge regression, 5 folds, 12 repeats.", table(
        ["", ""], rows
    )


def tasks(figures):
    """Write the section on many tasks."""
    rows = []
    base = figures.of("tasks", "100", "peak")
    for case in figures.cases("tasks"):
        seconds, overhead, peak = (
            figures.of("tasks", case, name) for name in ("seconds", "overhead", "peak")
        )
        more = [1000 * value for value in overhead]
        rows.append(
            [case, shown(seconds), shown(more, 2), shown(peak, 0), shown(ratios(peak, base), 2)]
        )
    head = ["fits", "seconds", "overhead, ms a fit", "peak memory, MB", "times that of 100"]
    return (
        "Ten dummy models on folds of 500 rows, two workers. Overhead is wall time beyond the time "
        "in fits and scores by two, by the number of fits; with few fits it is the start of the "
        "workers. Memory is that of all processes, shared pages once.",
        table(head, rows),
    )


def scaling(figures):
    """Write the section on workers."""
    one = figures.of("scaling", "loky 1", "stage")
    rows, digests = [], set()
    for case in figures.cases("scaling"):
        stage, start = (figures.of("scaling", case, name) for name in ("stage", "with workers"))
        rows.append([case, shown(stage), shown(start), shown(ratios(one, stage), 2)])
        digests |= set(figures.found["scaling"][case]["digest"])
    head = ["back end, workers", "seconds", "with starting them", "times as fast as loky 1"]
    same = "All of them gave the same bytes." if len(digests) == 1 else "THE BYTES DIFFER."
    return f"The stage of the section above, 3 repeats. {same}", table(head, rows)


def memory(figures):
    """Write the section on large tables."""
    rows = []
    for case in figures.cases("memory"):
        total, file, anon, largest = (
            figures.of("memory", case, name) for name in ("total", "file", "anon", "largest")
        )
        rows.append([case, *(shown(values, 0) for values in (file, largest, anon, total))])
    head = [
        "table, workers, fits",
        "mapped",
        "own memory of the largest process",
        "own of all",
        "peak of all",
    ]
    return (
        "Peak memory in MB from the first fit on; a page that processes share counts once. "
        "*Mapped* is the table, and what libraries map; *own* is what processes allocated: two "
        "workers run two fits, so twice what one fit takes alone.",
        table(head, rows),
    )


FAMILIES = {
    "Rows, at 20 columns": (0, lambda rows, columns: columns == 20 and rows != 200000),
    "Columns, at 1,000 rows": (1, lambda rows, columns: rows == 1000 and columns != 20),
    "Long and wide": (None, lambda rows, columns: (rows, columns) in ((200000, 50), (2000, 5000))),
    "Rows, at 5 columns (--quick)": (0, lambda rows, columns: columns == 5),
}
KNOWN = ("dummy", "linear", "forest")
SCORED = ("baselines", "ablation")  # stages whose fits are what all else is compared with


def growth(figures):
    """Write the section on tables that grow: a table for rows, one for columns, one for both."""
    parts, sizes = [], {
        tuple(map(int, case.split(" x "))): case for case in figures.cases("growth")
    }
    for title, (part, belongs) in FAMILIES.items():
        if cases := {size: sizes[size] for size in sorted(sizes) if belongs(*size)}:
            parts += [f"### {title}\n", grown(figures, cases, part), ""]
    return (
        "Every stage of `reproduce` on random numbers, two classes, 2 folds, 1 repeat, forests of "
        "50 trees; the candidate is such a forest, its ablation a shallow one. One process does "
        "all. A cell has processor seconds, in brackets as a multiple of those that the fits of "
        "*dummy*, *linear* and *forest* took in the same run, then the peak memory in MB; the "
        "table below it has the seconds that passed. *All else* is what is neither a fit of a "
        "baseline, the candidate or the ablation, nor a fit of these to explain or to share them. "
        "*Growth* is the exponent: 1 where twice the table takes twice the time; first fitted to "
        "all sizes (least squares of logarithms), then that between the last two, where what every "
        "run costs weighs less.",
        "\n".join(parts).strip(),
    )


def grown(figures, cases, part):
    """Return the table of one family of sizes; ``part`` is the side that grows, if one does."""

    def of(case, name):
        return sum(figures.of("growth", case, name))

    def fits(case, stage):
        """Return processor seconds by model that were fitted in a stage."""
        head, found = f"{stage}: fits of ", figures.found["growth"][case]
        return {one.removeprefix(head): of(case, one) for one in found if one.startswith(head)}

    found = {name for case in cases.values() for name in figures.found["growth"][case]}
    order = figures.found["growth"][next(iter(cases.values()))]
    stages = [name.removesuffix(": cpu") for name in order if name.endswith(": cpu")]
    stages += sorted({n.removesuffix(": cpu") for n in found if n.endswith(": cpu")} - {*stages})
    unit, used = {}, {}
    for size, case in cases.items():
        done = [one for one in stages if figures.of("growth", case, f"{one}: cpu")]
        every = {one: fits(case, one) for one in done}
        unit[size] = sum(every.get("baselines", {}).get(name, 0.0) for name in KNOWN)
        scored = sum(sum(every.get(one, {}).values()) for one in SCORED)
        explained = sum(sum(every.get(one, {}).values()) for one in ("interpretation", "sharing"))
        rows = {"*fits of dummy, linear, forest*": unit[size]}
        rows["*all fits of baselines, candidate, ablation*"] = scored
        rows |= {
            one: of(case, f"{one}: cpu") - (sum(every[one].values()) if one in SCORED else 0.0)
            for one in done
        }
        if not of(case, "unfinished"):
            whole = sum(of(case, f"{one}: cpu") for one in done)
            rows["**all else**"] = whole - scored - explained
            rows["**all else, by all those fits**"] = rows["**all else**"] / scored
        used[size] = rows
    names = list(dict.fromkeys(name for rows in used.values() for name in rows))
    last = [name for name in names if name.startswith("**")]
    names = [name for name in names if name not in last] + last
    lines = []
    for name in names:
        cells = [cell(name, used[size], unit[size], of, case) for size, case in cases.items()]
        if part is not None:
            growing = {size[part]: used[size].get(name, 0.0) for size in cases}
            cells.append("" if name.endswith("fits**") else exponents(growing))
        shown = f"{name}, without these fits" if name in SCORED else name
        lines.append([shown, *cells])
    notes = [
        f"{case.replace(' x ', ' rows x ')} columns: not finished after "
        f"{of(case, 'unfinished'):.0f} s, in the stage after the last that has a figure."
        for case in cases.values()
        if of(case, "unfinished")
    ]
    loads = ", ".join(f"{of(case, 'load'):.1f}" for case in cases.values())
    notes.append(f"Load before each: {loads}.")
    head = ["", *(f"{rows:,} x {columns:,}" for rows, columns in cases)]
    passed = [
        [name, *(f"{of(case, f'{name}: seconds'):.2f}" for case in cases.values())]
        for name in stages
    ]
    first = table(head + ["growth"] * (part is not None), lines)
    return "\n".join([first, "", " ".join(notes), "", table(["seconds", *head[1:]], passed)])


def cell(name, rows, unit, of, case):
    """Return "seconds (times the fits), MB" of one stage and size."""
    if name not in rows:
        return "-"
    if name.endswith("fits**"):
        return f"{rows[name]:.2f}"
    ratio = f" ({rows[name] / unit:.2f})" if unit else ""
    peak = of(case, f"{name}: peak")
    return f"{rows[name]:.2f}{ratio}" + (f", {peak:.0f} MB" if peak else "")


def exponents(growing):
    """Return how a time grows: the exponent of all sizes, and that of the last two.

    >>> exponents({10: 1.0, 100: 1.0, 1000: 100.0})
    '1.00, last 2.00'
    """
    known = sorted((log(size), log(value)) for size, value in growing.items() if value > 0)
    if len(known) < 3:
        return "-"
    slope = linear_regression(*zip(*known, strict=True)).slope
    (x, y), (after, more) = known[-2:]
    return f"{slope:.2f}, last {(more - y) / (after - x):.2f}"


def first(figures):
    """Write the section on the first hour."""
    stages = [case.rpartition(", ") for case in figures.cases("first")]
    names = list(dict.fromkeys(stage for stage, _, _ in stages))
    rows = [
        [
            name,
            *(shown(figures.of("first", f"{name}, {tool}", "seconds")) for tool in ("uv", "pip")),
        ]
        for name in names
    ]
    sums = []
    for tool in ("uv", "pip"):
        rounds = zip(
            *(figures.of("first", f"{name}, {tool}", "seconds") for name in names), strict=False
        )
        sums.append(shown([sum(one) for one in rounds]))
    rows.append(["in all", *sums])
    return (
        "Seconds from `cookiecutter` to the first table of numbers (`baselines`) and to a verified "
        "study. Package caches were as they were found: warm, where the machine had made such an "
        "environment before.",
        table(["", "uv", "pip"], rows),
    )


def start(figures):
    """Write the section on small things."""
    helps = [case for case in figures.cases("start") if case.endswith("--help")]
    slowest = max(helps, key=lambda case: median(figures.of("start", case, "seconds")), default="")
    plain, git, whole = (
        figures.of("start", case, "seconds")
        for case in ("plain rendering", "git alone", "generation")
    )
    rows = [
        ["Python alone", shown(figures.of("start", "python alone", "seconds"), 2, "s")],
        [
            f"`--help` of the slowest of {len(helps)} scripts ({slowest.partition(' ')[0]})",
            shown(figures.of("start", slowest, "seconds"), 2, "s"),
        ],
        [
            "pre-commit on a commit of one file, after the first time",
            shown(figures.of("start", "pre-commit, one file", "seconds"), 2, "s"),
        ],
        ["rendering the same files without hooks", shown(plain, 2, "s")],
        ["git's own time: init, add, commit", shown(git, 2, "s")],
        ["generation, hooks and git included", shown(whole, 2, "s")],
        [
            "generation by rendering and git",
            shown(ratios(whole, [a + b for a, b in zip(plain, git, strict=False)]), 2),
        ],
    ]
    return "Small things that one waits for.", table(["", ""], rows)


SECTIONS = {
    "default": ("The default study", default),
    "editions": ("This edition and the first", editions),
    "long": ("A study of a minute, on two cores", long),
    "tasks": ("Many fits", tasks),
    "scaling": ("Workers", scaling),
    "memory": ("Large tables", memory),
    "growth": ("Tables that grow", growth),
    "first": ("From nothing to verified", first),
    "start": ("Start-up", start),
}


def write_page(path, page):
    """Write the page from a CSV of figures."""
    figures = Figures(path)
    parts = [HEAD]
    for name, (title, section) in SECTIONS.items():
        parts.append(f"## {title}\n")
        if figures.cases(name):
            words, found = section(figures)
            parts += [f"{words}\n", f"{found}\n"]
        parts.append(f"{machine(figures, name)}\n")
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text("\n".join(parts), encoding="utf-8", newline="\n")
