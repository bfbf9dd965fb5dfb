"""Writes docs/benchmarks.md from the raw figures: medians, ranges, and ratios within a round."""

import csv
from statistics import median

HEAD = """\
# Time and memory

What the template promises about time and memory, measured by `make bench`. The numbers below are
made from `benchmarks/figures.csv`, the raw figures of each round; nothing is typed by hand. A
figure is a median, with the smallest and largest of its rounds in brackets. Ratios are formed
within a round, from runs side by side: a machine that was busy with something else slows both. How
busy it was stands under each table; a load above the number of cores means that others used it too.
*This edition and the first*, *Many fits* and *Large tables* were measured on the second edition;
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
