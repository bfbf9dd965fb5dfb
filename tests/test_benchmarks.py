"""The benchmarks measure what they say, and the page says what was measured."""

import csv
import json
import os
import shutil
import sys
from pathlib import Path

import pytest
from studies import load_file, paths

BENCHMARKS = Path(__file__).resolve().parent.parent / "benchmarks"
page, watch = load_file(BENCHMARKS / "page.py"), load_file(BENCHMARKS / "watch.py")
linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")


def write(path, rows):
    with path.open("w", encoding="utf-8", newline="") as file:
        head = ("benchmark", "case", "round", "figure", "value")
        csv.writer(file, lineterminator="\n").writerows([head, *rows])


def test_the_page_shows_medians_ranges_and_ratios_of_rounds(tmp_path):
    loop, ours = [60.0, 90.0, 66.0], [30.0, 50.0, 33.0]
    rows = [("long", "loop", n, "seconds", value) for n, value in enumerate(loop)]
    rows += [("long", "loky 2", n, "seconds", value) for n, value in enumerate(ours)]
    rows += [("long", "loky 2", n, "stage", value) for n, value in enumerate([22.0, 33.0, 23.0])]
    rows += [("long", "loky 2", n, "limit", value) for n, value in enumerate([20.0, 30.0, 20.0])]
    write(tmp_path / "figures.csv", rows)
    page.write_page(tmp_path / "figures.csv", tmp_path / "page.md")
    text = (tmp_path / "page.md").read_text(encoding="utf-8")
    assert "| loop of `cross_validate`, one process | 66.0 [60.0 to 90.0] s |" in text
    assert "| times as fast | 2.00 [1.80 to 2.00] |" in text
    assert "| times the limit | 1.100 [1.100 to 1.150] |" in text
    assert text.count("*Not measured.*") == 9


def test_differing_bytes_are_not_kept_quiet(tmp_path):
    for digests, said in ((("aa", "aa"), "gave the same bytes"), (("aa", "bb"), "BYTES DIFFER")):
        cases = zip(("loky 1", "dask 2"), digests, strict=True)
        write(tmp_path / "f.csv", [("scaling", case, 0, "digest", d) for case, d in cases])
        page.write_page(tmp_path / "f.csv", tmp_path / "page.md")
        assert said in (tmp_path / "page.md").read_text(encoding="utf-8")


def test_growth_is_told_beside_the_fits_of_the_same_run(tmp_path):
    rows = []
    for n in (1000, 10000, 100000):
        cpu = {"reading": n / 1e4, "baselines": n / 100, "ablation": n / 1e3, "report": 1.0}
        cpu |= {"baselines: fits of forest": n / 200, "ablation: fits of shallow": n / 1e3}
        figures = {f"{k}: cpu" if ":" not in k else k: v for k, v in cpu.items()}
        figures |= {f"{k}: peak": 300.0 for k in ("reading", "baselines")} | {"load": 1.5}
        rows += [("growth", f"{n} x 20", 0, k, v) for k, v in figures.items()]
    late = {"reading: cpu": 100.0, "unfinished": 60.0, "load": 2.0}
    rows += [("growth", "1000000 x 20", 0, k, v) for k, v in late.items()]
    write(tmp_path / "figures.csv", rows)
    page.write_page(tmp_path / "figures.csv", tmp_path / "page.md")
    text = (tmp_path / "page.md").read_text(encoding="utf-8")
    assert "|  | 1,000 x 20 | 10,000 x 20 | 100,000 x 20 | 1,000,000 x 20 | growth |" in text
    first = (
        "| reading | 0.10 (0.02), 300 MB | 1.00 (0.02), 300 MB | 10.00 (0.02), 300 MB | 100.00 |"
    )
    assert f"{first} 1.00, last 1.00 |" in text
    line = next(x for x in text.splitlines() if x.startswith("| baselines, without these fits"))
    assert line == (
        "| baselines, without these fits | 5.00 (1.00), 300 MB | 50.00 (1.00), 300 MB | "
        "500.00 (1.00), 300 MB | - | 1.00, last 1.00 |"
    )
    assert "| **all else, by all those fits** | 1.02 | 0.87 | 0.85 | - |  |" in text
    assert "1000000 rows x 20 columns: not finished after 60 s" in text


def test_what_takes_too_long_is_ended_and_what_it_said_is_kept(tmp_path):
    code = "import time; print('said', flush=True); time.sleep(60)"
    seen = watch.watched([sys.executable, "-c", code], tmp_path, memory=False, limit=1)
    assert (seen["ended"], seen["text"].strip()) == (True, "said")
    assert seen["seconds"] < 20


@pytest.mark.network
@pytest.mark.slow
def test_every_stage_is_measured_in_a_grown_study(template, default_bake, study_env, run, tmp_path):
    study = shutil.copytree(default_bake.path, tmp_path / "grown")
    command = [study_env, template / "benchmarks" / "probe.py", "growth", "--study", study]
    command += ["--rows", 100, "--columns", 5]
    done = run(command, cwd=tmp_path, env={"PYTHONPATH": paths(study)})
    lines = [json.loads(x) for x in done.stdout.splitlines() if x.startswith("{")]
    stages = {one["stage"]: one for one in lines if "stage" in one}
    assert {"reading", "leakage", "baselines", "ablation", "report", "manifest"} <= set(stages)
    assert set(stages["baselines"]["fits"]) == {"dummy", "linear", "forest", "candidate"}
    assert set(stages["ablation"]["fits"]) == {"shallow"}  # the full candidate is there already
    assert all(one["cpu"] >= sum(one["fits"].values()) for one in stages.values())


@linux
def test_memory_that_processes_share_counts_once(tmp_path):
    size = 64 * 2**20
    (tmp_path / "large").write_bytes(os.urandom(2**20) * 64)
    code = (
        "import mmap, os, time; f = open('large', 'rb'); fork = os.fork()\n"
        "m = mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ)\n"
        "n = sum(m[i] for i in range(0, len(m), 4096)); own = bytearray(os.urandom(2**20) * 16)\n"
        "time.sleep(1.5); fork and os.wait()"
    )
    peak = watch.watched([sys.executable, "-c", code], tmp_path)["peak"]
    assert size / 2**20 < peak["file"] < 1.5 * size / 2**20
    assert 32 < peak["anon"] < 64


@linux
def test_memory_before_the_mark_does_not_count(tmp_path):
    code = (
        "import pathlib, time; large = bytearray(b'x') * (64 * 2**20); time.sleep(0.5); del large\n"
        "pathlib.Path('mark').touch(); time.sleep(0.5)"
    )
    mark = tmp_path / "mark"
    peak = watch.watched([sys.executable, "-c", code], tmp_path, mark=mark)["peak"]
    assert 0 < peak["anon"] < 32


def test_a_command_that_fails_stops_the_benchmark(tmp_path):
    with pytest.raises(watch.FailedError, match="no such case"):
        watch.watched([sys.executable, "-c", "raise SystemExit('no such case')"], tmp_path)


@pytest.mark.network
@pytest.mark.slow
@pytest.mark.parametrize("case", ["many", "memory"])
def test_a_case_can_be_measured(template, default_bake, study_env, run, tmp_path, case):
    command = [study_env, template / "benchmarks" / "probe.py", case, "--study", default_bake.path]
    command += ["--repeats", 1, "--tasks", 50, "--megabytes", 1, "--mark", tmp_path / "mark"]
    done = run(command, cwd=tmp_path, env={"PYTHONPATH": paths(default_bake.path)})
    assert json.loads(done.stdout)["tasks"] >= 20
    assert (tmp_path / "mark").is_file() == (case == "memory")


@pytest.mark.slow
@pytest.mark.network
@pytest.mark.weekly
def test_a_benchmark_runs(template, run, tmp_path):
    figures, page = tmp_path / "figures.csv", tmp_path / "page.md"
    command = [sys.executable, template / "benchmarks" / "run.py", "--quick", "tasks", "growth"]
    run([*command, "--into", figures, "--page", page], cwd=tmp_path)
    with figures.open(encoding="utf-8", newline="") as file:
        rows = {(row["case"], row["figure"]): row["value"] for row in csv.DictReader(file)}
    assert float(rows["1000", "seconds"]) > 0 < float(rows["1000", "busy"])
    assert float(rows["800 x 5", "report: cpu"]) > 0
    text = page.read_text(encoding="utf-8")
    assert "## Many fits" in text
    assert "| 100 x 5 | 200 x 5 | 400 x 5 | 800 x 5 | growth |" in text
    assert str(tmp_path) not in figures.read_text(encoding="utf-8")
