"""Measure what the template promises about time and memory, and write the page that says it.

`make bench` runs this; it takes about 20 minutes on two cores that do nothing else, and hours for
the largest tables of growth, each of which ends after --limit. What is compared is run side by
side, in turns, so that a busy machine slows both. --quick makes everything small: it shows that
the benchmarks run, and its figures mean nothing.
"""

import argparse
import csv
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tools"))
from page import write_page
from studies import command, paths
from watch import watched

ROOT = Path(__file__).resolve().parent.parent
FIGURES = ROOT / "benchmarks" / "figures.csv"
PROBE = ROOT / "benchmarks" / "probe.py"
FIRST_EDITION = "de4b27c"  # the last commit of it
COLUMNS = ("benchmark", "case", "round", "figure", "value")
SIZES = [f"{10**power} x 20" for power in range(3, 7)]  # rows x columns
SIZES += [f"1000 x {10**power}" for power in range(1, 5)] + ["200000 x 50", "2000 x 5000"]
QUICK = [f"{100 * 2**power} x 5" for power in range(4)]


class Bench:
    """A study to measure on, and the figures so far."""

    def __init__(self, folder, quick, rounds, sizes=(), limit=None):
        self.folder, self.quick, self.rounds = folder, quick, rounds
        self.sizes, self.limit = sizes or (QUICK if quick else SIZES), limit
        self.rows = []
        self.study = folder / "made" / "my-study"
        self.python = (
            self.study / ".venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
        )

    def note(self, benchmark, case, turn, **figures):
        """Keep figures, and show them."""
        for figure, value in figures.items():
            value = round(value, 5) if isinstance(value, float) else value
            self.rows.append((benchmark, case, turn, figure, value))
        shown = ", ".join(
            f"{k} {v:.4g}" if isinstance(v, float) else f"{k} {v}" for k, v in figures.items()
        )
        print(f"{benchmark} | {case} | {turn}: {shown}", flush=True)

    def probe(self, case, *options, **how):
        """Run a case of probe.py; return what was seen from outside and what it said."""
        env = {"PYTHONPATH": paths(self.study)}
        command = [self.python, PROBE, case, "--study", self.study, *options]
        seen = watched(command, self.folder, env=env, **how)
        return seen, json.loads(seen["text"].splitlines()[-1])


def make_study(bench):
    """Generate the default study with everything that it can be run with."""
    generate(ROOT, bench.folder / "made", "--extra", "dask")
    if bench.quick:
        path = bench.study / "study.toml"
        text = path.read_text(encoding="utf-8").replace("folds = 5", "folds = 2")
        path.write_text(text.replace("repeats = 6", "repeats = 1"), encoding="utf-8", newline="\n")


def generate(template, into, *options):
    """Generate the default study of a template, with its environment; return its folder."""
    command = [sys.executable, "-m", "cookiecutter", template, "--no-input", "--default-config"]
    command += ["--output-dir", into, "setup_environment=no"]
    watched(command, ROOT, memory=False)
    study = into / "my-study"
    watched([sys.executable, "scripts/environment.py", *options], study, memory=False)
    return study


def editions(bench):
    """Compare reproduce --fresh of this edition with that of the first, in turns."""
    old = bench.folder / "first-edition"
    subprocess.run(["git", "clone", "--quiet", ROOT, old], check=True)
    subprocess.run(["git", "checkout", "--quiet", FIRST_EDITION], cwd=old, check=True)
    studies = {
        "first edition": generate(old, bench.folder / "first-made"),
        "this edition": bench.study,
    }
    python = bench.python.relative_to(bench.study)
    for turn in range(bench.rounds + 1):
        for case, study in studies.items():
            command = [study / python, "scripts/reproduce.py", "--fresh"]
            seconds = watched(command, study, memory=False)["seconds"]
            if turn:  # the first time warms both
                bench.note("editions", case, turn - 1, seconds=seconds)


def default_study(bench):
    """Compare reproduce --fresh with a loop of cross_validate over the same models and folds.

    The loop does what two stages of reproduce do, so these are shown for themselves too.
    """
    watched([bench.python, "scripts/reproduce.py", "--fresh"], bench.study, memory=False)  # to warm
    for turn in range(bench.rounds):
        seen = watched([bench.python, "scripts/reproduce.py", "--fresh"], bench.study, memory=False)
        bench.note("default", "reproduce --fresh", turn, seconds=seen["seconds"], cpu=seen["cpu"])
        stages = dict(re.findall(r"^(\w+) +([\d.]+) s$", seen["text"], flags=re.MULTILINE))
        two = float(stages["baselines"]) + float(stages["ablation"])
        bench.note("default", "its stages baselines and ablation", turn, seconds=two)
        for workers in (1, -1):
            seen, _ = bench.probe("loop", "--workers", workers, memory=False)
            case = f"cross_validate, n_jobs={workers}"
            bench.note("default", case, turn, seconds=seen["seconds"], cpu=seen["cpu"])


def long_study(bench):
    """Compare a study of a minute with its loop, and with the limit: its fits' time by cores."""
    size = ["--repeats", 1 if bench.quick else 12]
    for turn in range(bench.rounds):
        seen, _ = bench.probe("long_loop", *size, memory=False)
        bench.note("long", "loop", turn, seconds=seen["seconds"])
        _, alone = bench.probe("long_stage", *size, "--workers", 1, memory=False)
        seen, said = bench.probe("long_stage", *size, "--workers", 2, memory=False)
        limit = alone["seconds"] / 2
        figures = {"seconds": seen["seconds"], "stage": said["seconds"], "limit": limit}
        bench.note("long", "loky 2", turn, **figures)


def many_tasks(bench):
    """Measure what a task costs, and whether memory grows with their number."""
    for turn in range(bench.rounds):
        for tasks in (100, 1000) if bench.quick else (100, 1000, 10000):
            _, alone = bench.probe("many", "--tasks", tasks, "--workers", 1, memory=False)
            seen, said = bench.probe("many", "--tasks", tasks, "--workers", 2)
            busy, seconds = alone["seconds"], said["seconds"]
            overhead = (seconds - busy / 2) / tasks
            figures = {"seconds": seconds, "busy": busy, "overhead": overhead}
            bench.note("tasks", f"{tasks}", turn, **figures, peak=seen["peak"]["total"])


def scaling(bench):
    """Run the same stage on one and two workers, of loky and of Dask."""
    size = ["--repeats", 1 if bench.quick else 3]
    for turn in range(bench.rounds):
        for backend in ("loky", "dask"):
            for workers in (1, 2):
                options = ["--backend", backend, "--workers", workers]
                _, said = bench.probe("long_stage", *size, *options, memory=False)
                figures = {"stage": said["seconds"], "with workers": said["with workers"]}
                bench.note(
                    "scaling", f"{backend} {workers}", turn, **figures, digest=said["digest"]
                )


def large_data(bench):
    """Measure memory on tables from 10 MB to 1 GB: of one fit alone, and of two workers."""
    for size in (10, 50) if bench.quick else (10, 100, 1000):
        for case, workers, tasks in (("alone", 1, 1), ("2 workers", 2, 4), ("2 workers", 2, 8)):
            mark = bench.folder / f"mark-{size}-{workers}-{tasks}"
            options = ["--megabytes", size, "--workers", workers, "--tasks", tasks, "--mark", mark]
            seen, _ = bench.probe("memory", *options, mark=mark)
            bench.note("memory", f"{size} MB, {case}, {tasks} fits", 0, **seen["peak"])


def first_hour(bench):
    """Go from cookiecutter to the first number and to verified, with pip and with uv."""
    for turn in range(1 if bench.quick else bench.rounds):
        for installer in ("uv", "pip"):
            home = bench.folder / f"first-{installer}-{turn}"
            command = [sys.executable, "-m", "cookiecutter", ROOT, "--no-input", "--default-config"]
            command += ["--output-dir", home, "setup_environment=no"]
            study = home / "my-study"
            python = study / bench.python.relative_to(bench.study)
            environment = [sys.executable, "scripts/environment.py", "--installer", installer]
            stages = {
                "cookiecutter": (command, ROOT),
                "environment": (environment, study),
                "baselines": ([python, "scripts/baselines.py"], study),
                "verify": ([python, "scripts/verify.py"], study),
            }
            for stage, (command, cwd) in stages.items():
                seen = watched(command, cwd, memory=False)
                bench.note("first", f"{stage}, {installer}", turn, seconds=seen["seconds"])


def start_up(bench):
    """Measure --help, a commit of one file, and generation against plain rendering."""
    study, python = bench.study, bench.python
    for turn in range(bench.rounds):
        for name in [path.stem for path in sorted(study.glob("scripts/*.py"))] + verbs(bench):
            seen = watched_once([python, *command(study, name), "--help"], study)
            bench.note("start", f"{name} --help", turn, seconds=seen)
        bench.note("start", "python alone", turn, seconds=watched_once([python, "-c", ""], study))
    git = ["git", "-c", "user.name=Bench", "-c", "user.email=bench@example.org"]
    hook = [python, "-m", "pre_commit", "run"]
    for turn in range(bench.rounds + 1):
        module = study / "scripts" / "verify.py"
        text = module.read_text(encoding="utf-8")
        module.write_text(f"{text}# {turn}\n", encoding="utf-8", newline="\n")
        subprocess.run([*git, "add", module], cwd=study, check=True)
        seconds = watched_once(hook, study)
        if turn:  # the first time makes the hooks' environment
            bench.note("start", "pre-commit, one file", turn - 1, seconds=seconds)
    generation(bench)


def verbs(bench):
    """Return the verbs of the engine that are no scripts of the study."""
    command = [bench.python, "-m", "reproml"]
    said = subprocess.run(command, cwd=bench.study, capture_output=True, encoding="utf-8").stdout
    found = re.findall(r"^  (\w+) ", said, flags=re.MULTILINE)
    return [verb for verb in found if not (bench.study / "scripts" / f"{verb}.py").is_file()]


def generation(bench):
    """Compare generation with rendering the same files without hooks, plus what git takes."""
    plain = "from cookiecutter.main import cookiecutter; import sys; cookiecutter(sys.argv[1], "
    plain += "no_input=True, default_config=True, output_dir=sys.argv[2], accept_hooks={}, "
    plain += "extra_context={{'setup_environment': 'no'}})"
    for turn in range(bench.rounds):
        for case, hooks in (("plain rendering", False), ("generation", True)):
            into = bench.folder / f"{case}-{turn}".replace(" ", "-")
            command = [sys.executable, "-c", plain.format(hooks), ROOT, into]
            bench.note("start", case, turn, seconds=watched_once(command, ROOT))
        made = bench.folder / f"plain-rendering-{turn}" / "my-study"
        seconds = sum(
            watched_once(
                ["git", "-c", "user.name=B", "-c", "user.email=b@example.org", *step], made
            )
            for step in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "x"])
        )
        bench.note("start", "git alone", turn, seconds=seconds)


def growth(bench):
    """Measure every stage of reproduce on tables that grow, beside the fits of the same run."""
    for size in bench.sizes:
        rows, columns = size.split(" x ")
        study = bench.folder / "grown"
        shutil.copytree(bench.study, study, ignore=shutil.ignore_patterns(".venv", ".git"))
        options = ["growth", "--study", study, "--rows", rows, "--columns", columns]
        how = {"env": {"PYTHONPATH": paths(study)}, "memory": False, "limit": bench.limit}
        before = machine()["load"]
        seen = watched([bench.python, PROBE, *options], bench.folder, **how)
        lines = [json.loads(x) for x in seen["text"].splitlines() if x.startswith("{")]
        for one in (line for line in lines if "stage" in line):
            stage = one["stage"]
            figures = {f"{stage}: {name}": one[name] for name in ("seconds", "cpu", "peak")}
            figures |= {f"{stage}: fits of {name}": cpu for name, cpu in one["fits"].items()}
            bench.note("growth", size, 0, **figures)
        if seen["ended"]:
            bench.note("growth", size, 0, unfinished=bench.limit)
        bench.note("growth", size, 0, load=before)
        shutil.rmtree(study)


def watched_once(command, cwd):
    """Return the seconds of a short command, to the millisecond."""
    start = time.perf_counter()
    subprocess.run([str(part) for part in command], cwd=cwd, check=True, capture_output=True)
    return time.perf_counter() - start


def machine():
    """Describe the machine by what figures depend on; no names of it."""
    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.is_file():
        lines = info.read_text(encoding="utf-8").splitlines()
        cpu = next((x.split(":")[1].strip() for x in lines if x.startswith("model name")), cpu)
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    return {"cpu": cpu, "cores": os.cpu_count(), "python": platform.python_version(), "load": load}


BENCHMARKS = {
    "start": start_up,
    "default": default_study,
    "editions": editions,
    "long": long_study,
    "tasks": many_tasks,
    "scaling": scaling,
    "memory": large_data,
    "growth": growth,
    "first": first_hour,
}


def main():
    """Run the benchmarks that are asked for, keep the figures of the others, write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("only", nargs="*", choices=[*BENCHMARKS, []], help="default: all")
    parser.add_argument("--quick", action="store_true", help="small, to see that all of it runs")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--sizes", nargs="+", choices=SIZES, help="tables of growth; the others keep their figures"
    )
    parser.add_argument("--limit", type=float, default=1800, help="seconds for each such table")
    parser.add_argument("--into", type=Path, default=FIGURES, help="CSV of raw figures")
    parser.add_argument("--page", type=Path, default=ROOT / "docs" / "benchmarks.md")
    arguments = parser.parse_args()
    # where Python keeps nothing compiled, every start would measure its compiler
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    chosen = arguments.only or list(BENCHMARKS)
    rows = [
        row
        for row in read(arguments.into)
        if row[0] not in (*chosen, *(f"machine {c}" for c in chosen))
        or (row[0] == "growth" and arguments.sizes and row[1] not in arguments.sizes)
    ]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        rounds = 1 if arguments.quick else arguments.rounds
        bench = Bench(Path(folder), arguments.quick, rounds, arguments.sizes, arguments.limit)
        make_study(bench)
        for name in chosen:
            before = machine()
            start = time.perf_counter()
            BENCHMARKS[name](bench)
            after = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
            took = time.perf_counter() - start
            bench.note(f"machine {name}", "machine", 0, **before, load_after=after, took=took)
            order = {one: place for place, one in enumerate(BENCHMARKS)}
            merged = sorted(
                rows + bench.rows, key=lambda row: order[row[0].removeprefix("machine ")]
            )
            write(merged, arguments.into)  # after each, so that a run that is cut short counts
    write_page(arguments.into, arguments.page)
    print(f"Written to {arguments.into.name} and {arguments.page.name}")


def read(path):
    """Return the rows of a CSV of figures, or none."""
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return [tuple(row) for row in csv.reader(file)][1:]


def write(rows, path):
    """Write figures as CSV."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([COLUMNS, *rows])


if __name__ == "__main__":
    main()
