"""Every committed number comes out again, and whatever is changed by hand is seen."""

import hashlib
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from pythons import OFFERED
from studies import paths

pytestmark = pytest.mark.slow
RUNNING = "{}.{}".format(*sys.version_info)


def results(path: Path) -> dict[str, bytes]:
    """Content of every result that is compared: all but the manifest, which holds times."""
    found = (p for p in sorted((path / "results").rglob("*")) if p.is_file())
    return {p.name: p.read_bytes() for p in found if p.name != "manifest.json"}


@pytest.fixture
def copy(small_study: Path, tmp_path: Path) -> Path:
    """A copy of a small study that was reproduced, to break."""
    path = tmp_path / "study"
    shutil.copytree(small_study, path)
    return path


def replace(path: Path, pattern: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    changed, count = re.subn(pattern, new, text, count=1, flags=re.MULTILINE)
    assert count == 1, f"{pattern} is not in {path.name}"
    path.write_text(changed, encoding="utf-8", newline="\n")


def digit(path: Path, pattern: str) -> None:
    """Change the last digit of the number that a pattern with one group finds."""
    text = path.read_text(encoding="utf-8")
    found = re.search(pattern, text, flags=re.MULTILINE)
    start, end = found.span(1)
    last = str((int(text[end - 1]) + 1) % 10)
    path.write_text(text[: end - 1] + last + text[end:], encoding="utf-8", newline="\n")
    assert start < end


def append(path: Path, text: str) -> None:
    path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8", newline="\n")


def break_data(study: Path) -> None:
    data = next((study / "data" / "raw").glob("*.csv"))
    content = bytearray(data.read_bytes())
    content[-3] ^= 1
    data.write_bytes(bytes(content))


PACKAGE = "src/my_study/"
TASK = "engine/reproml/compute/task.py"
EDITED = {  # by hand, in the committed results
    "a digit in a table": (
        lambda s: digit(s / "results/baselines.csv", r"^linear,0,1,roc_auc,(0\.\d{3})"),
        r"different: baselines\.csv: linear, 0, 1, roc_auc, value: committed 0\.\d+, made again",
    ),
    "a digit in README": (
        lambda s: digit(s / "README.md", r"^\| forest \| (0\.\d+)"),
        r"different: README\.md: line \d+: committed \| forest",
    ),
    "a digit in a macro": (
        lambda s: digit(s / "results/macros.tex", r"BaselinesLinearRocAuc\}\{(0\.\d+)"),
        r"different: macros\.tex: line \d+",
    ),
    "the last bit of a number": (
        lambda s: digit(s / "results/interpretation.csv", r"^held-out,.*,(0\.\d{15,})$"),
        r"edited: interpretation\.csv: its SHA-256 is neither .+: \w{12}, not \w{12}",
    ),
    "a result that was deleted": (
        lambda s: (s / "results/claim.csv").unlink(),
        r"missing: claim\.csv: is not there",
    ),
    "a row too many": (
        lambda s: append(s / "results/ablation.csv", "full,9,9,roc_auc,0.75\n"),
        r"extra: ablation\.csv: full, 9, 9, roc_auc",
    ),
    "a file too many": (
        lambda s: (s / "results/best.csv").write_text("a\n1\n", encoding="utf-8"),
        r"extra: best\.csv: no run makes it",
    ),
}
OTHERWISE_MADE = {
    "a seed taken out of the code": (
        lambda s: replace(s / TASK, r"fix_random_state\((clone\(.*\)), task\.seed\)", r"\1"),
        r"different: baselines\.csv: forest, 0, \d",
    ),
    "a byte of the data": (break_data, r"SHA-256 is \w+"),
    "a parameter of a model": (
        lambda s: replace(s / PACKAGE / "models.py", r"n_estimators=100", "n_estimators=99"),
        r"different: baselines\.csv: forest, 0, \d",
    ),
}
BROKEN = {name: [one] for name, one in (EDITED | OTHERWISE_MADE).items()}
BROKEN |= {"every edit by hand": EDITED.values()}  # each by itself weekly


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=[pytest.mark.weekly] * (n in EDITED)) for n in BROKEN]
)
def test_verify_sees(copy: Path, in_study, name: str):
    for change, _ in BROKEN[name]:
        change(copy)
    done = in_study(copy, "verify", rc=None)
    assert done.returncode != 0
    for _, message in BROKEN[name]:
        assert re.search(message, done.stdout + done.stderr), done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_verify_names_every_file_of_which_a_number_or_word_was_changed(copy, in_study):
    """One edit in every table, figure, caption and file of macros; verify has to name them all."""
    files = [p for p in sorted((copy / "results").rglob("*")) if p.name != "manifest.json"]
    edited = {p.relative_to(copy / "results").as_posix(): p for p in files if p.is_file()}
    assert {p.rpartition(".")[2] for p in edited} >= {"csv", "md", "tex", "svg"}
    for path in edited.values():
        text = path.read_text(encoding="utf-8")
        changed = re.sub(r"(?<=\d\.)\d", lambda digit: str((int(digit[0]) + 5) % 10), text, count=1)
        if changed == text:  # no fraction in it: another word, in the middle
            changed = text.replace(" ", " not ", 1) if " " in text else text.replace("0", "7", 1)
        assert changed != text
        path.write_text(changed, encoding="utf-8", newline="\n")
    done = in_study(copy, "verify", "--json", rc=1)
    found = {(one["file"], one["kind"]) for one in json.loads(done.stdout)["differences"]}
    kinds = {"different", "missing", "extra"}
    assert {name for name, kind in found if kind in kinds} >= set(edited)
    assert {name for name, kind in found if kind == "edited"} == set(edited)


def test_verify_of_the_untouched_study_is_green_and_writes_nothing(copy: Path, in_study):
    """In one process, and with another hash seed than that of the process that made it."""
    before = {p: p.read_bytes() for p in sorted(copy.rglob("*")) if p.suffix in (".csv", ".md")}
    found = json.loads(in_study(copy, "verify", "--json", PYTHONHASHSEED="7").stdout)
    assert found["differences"] == []
    assert found["counts"]["bit-identical"] > 500
    assert sum(found["counts"].values()) == found["counts"]["bit-identical"]
    assert {p: p.read_bytes() for p in before} == before


def test_an_edit_of_the_source_is_never_answered_from_the_cache(copy: Path, in_study):
    before = results(copy)
    replace(copy / PACKAGE / "models.py", r"n_estimators=100", "n_estimators=90")
    in_study(copy, "reproduce")
    assert results(copy)["baselines.csv"] != before["baselines.csv"]
    replace(copy / PACKAGE / "models.py", r"n_estimators=90", "n_estimators=100")
    in_study(copy, "reproduce")
    assert results(copy) == before


def test_a_second_run_does_what_is_missing_and_a_new_ablation_is_computed_alone(copy, in_study):
    before = results(copy)
    assert "Nothing changed" in in_study(copy, "reproduce").stdout
    (copy / "results" / "macros.tex").unlink()
    (copy / "results" / "stray.csv").write_text("a\n1\n", encoding="utf-8")
    done = in_study(copy, "reproduce", "--workers", "2")
    assert done.stderr == ""  # workers for whom there is nothing left to do are no cause to warn
    assert "macros.tex" in done.stdout
    assert "stray.csv (no longer made)" in done.stdout
    assert results(copy) == before
    fits = {p.name for p in (copy / ".cache/fits").rglob("*") if p.is_file()}
    with (copy / "study.toml").open("a", encoding="utf-8", newline="\n") as toml:
        toml.write("\n[ablations.more_knots]\nset = { columns__numbers__splines__n_knots = 6 }\n")
        toml.write('reason = "Are more knots better?"\n')
    in_study(copy, "reproduce")
    more = {p.name for p in (copy / ".cache/fits").rglob("*") if p.is_file()} - fits
    assert len(more) == 3  # one variant: two folds, and which columns reach it


def test_a_comment_in_the_engine_is_put_right_by_reproduce_which_fits_nothing(copy, in_study):
    append(copy / TASK, "# mine\n")
    fits = {path: path.stat().st_mtime_ns for path in (copy / ".cache/fits").rglob("*")}
    assert "manifest.json: engine, state: says as released" in in_study(copy, "verify", rc=1).stdout
    assert "results/manifest.json" in in_study(copy, "reproduce").stdout
    assert {path: path.stat().st_mtime_ns for path in (copy / ".cache/fits").rglob("*")} == fits
    assert "REPRODUCED: every committed number" in in_study(copy, "verify").stdout
    assert "Nothing changed" in in_study(copy, "reproduce").stdout


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="kill -9 is for POSIX")
def test_a_killed_run_leaves_the_results_whole(copy: Path, study_env, weekly: bool):
    """At random moments; after each the old bytes stand, and the next run ends well."""
    before = results(copy)
    draw = random.Random(0)
    environment = os.environ | {"PYTHONPATH": paths(copy)}
    command = [str(study_env), str(copy / "scripts" / "reproduce.py"), "--workers", "2"]
    start = time.monotonic()
    (copy / ".cache" / "last.json").unlink()
    shutil.rmtree(copy / ".cache" / "fits")
    subprocess.run(command, cwd=copy, env=environment, check=True, capture_output=True)
    whole = time.monotonic() - start
    assert results(copy) == before
    killed, rounds = 0, 10 if weekly else 3
    for _ in range(rounds):
        shutil.rmtree(copy / ".cache")
        process = subprocess.Popen(
            command,
            cwd=copy,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        time.sleep(draw.uniform(0.1, 1.0) * whole)
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            killed += 1
        else:
            whole /= 2  # the machine was busier when it was measured
        process.wait()
        assert results(copy) == before
        assert not list((copy / "results").rglob(".*"))
    assert killed >= rounds / 2
    subprocess.run(command, cwd=copy, env=environment, check=True, capture_output=True)
    assert results(copy) == before
    assert list((copy / ".cache" / "aside").iterdir()) == []  # of those that were killed, too


def test_what_comes_from_the_cache_is_written_in_the_bytes_of_a_fresh_run(copy, in_study):
    """A candidate without weights brings an empty table, which must not make others floats."""
    replace(copy / "study.toml", r"^candidate = .*$", 'candidate = "dummy"')
    replace(copy / "study.toml", r"^baselines = .*$", 'baselines = ["linear"]')
    replace(copy / "study.toml", r"^domain = .*$", "")
    found = []
    for how in ((), (), ("--fresh",)):  # into the cache, out of it, and without
        in_study(copy, "interpretation", *how)
        names = sorted((copy / "results").glob("*.csv"))
        found.append({path.name: path.read_bytes() for path in names})
    assert found[0] == found[1] == found[2]
    weights = found[0]["interpretation_weights.csv"].decode("utf-8").splitlines()
    assert re.search(r"^linear,\w+,coefficient,1,0,0,", weights[1]), weights[1]


def test_a_full_disk_is_said_and_the_results_stay(copy, study_env, tmp_path):
    """A small disk that is mounted as the cache of the study, for this process alone."""
    before = results(copy)
    shutil.rmtree(copy / ".cache")
    (copy / ".cache").mkdir()
    mount = "mount -t tmpfs -o size=40k none .cache"
    if subprocess.run(
        ["unshare", "-m", "sh", "-c", mount], cwd=copy, capture_output=True
    ).returncode:
        pytest.skip("no mounting of a small disk here")
    command = [str(study_env), "scripts/reproduce.py"]
    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", f'{mount} && "$@"', "sh", *command],
        cwd=copy,
        env=os.environ | {"PYTHONPATH": paths(copy)},
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode == 1
    assert "error: the disk is full ([Errno 28] No space left on device" in done.stderr
    assert "every file under results is whole" in done.stderr
    assert results(copy) == before


def test_test_rows_are_scored_again_only_for_the_model_that_opened_them(copy, in_study):
    assert "evaluation  left out" in in_study(copy, "reproduce", "--fresh").stdout
    assert "evaluation.csv" not in results(copy)
    in_study(copy, "evaluation")
    opened = results(copy)
    in_study(copy, "reproduce")
    again = results(copy)
    for name in ("evaluation.csv", "predictions.csv", "openings.json"):
        assert again[name] == opened[name]
    digit(copy / "results/evaluation.csv", r"^linear,roc_auc,(0\.\d{3})")
    done = in_study(copy, "verify", rc=1)
    assert "different: evaluation.csv: linear, roc_auc" in done.stdout

    replace(copy / "study.toml", r"^baselines = .*$", 'baselines = ["dummy", "linear"]')
    replace(copy / "study.toml", r"^domain = .*$", "")
    done = in_study(copy, "reproduce")
    assert "evaluation  left out" in done.stdout
    assert "results/evaluation.csv (no longer made)" in done.stdout
    assert results(copy)["openings.json"] == opened["openings.json"]
    done = in_study(copy, "evaluation", rc=2)
    assert "the locked test rows were opened before" in done.stderr


WIDEST = """[tolerances]
default = 1e-5
metrics = { roc_auc = 1.0, average_precision = 1.0, balanced_accuracy = 1.0, mcc = 1.0, \
f1_macro = 1.0, brier = 1.0 }
statistical = { changed_classes = 1000 }
"""
SHIFT = """
        p = model.predict_proba(X)[:, order]
        off = SIZE * np.cos(np.arange(len(p))) * p.min(axis=1) * ("Logistic" in repr(model))
        return predicted, p + np.stack([off, -off], axis=1)"""
LABEL = (
    "task.seed)\n    table = replace(table, y=table.y.where(table.y.index % 100 > 0, 'benign'))\n"
)


@pytest.mark.parametrize(
    ("pattern", "new", "code", "verdict"),
    [
        (r" return predicted, model\.predict_proba.*", SHIFT.replace("SIZE", "0.002"), 0, "STAT"),
        pytest.param(
            r" return predicted, model\.predict_proba.*",
            SHIFT.replace("SIZE", "2e-6"),
            0,
            "REPRODUCED",
            marks=pytest.mark.weekly,
        ),
        pytest.param(r"task\.seed\)\n    stratify", LABEL, 1, "NOT", marks=pytest.mark.weekly),
    ],
)
def test_the_widest_tolerances_hide_no_change(copy, in_study, pattern, new, code, verdict):
    """What another processor moves is let pass, and never called reproduced beyond a tolerance."""
    path = copy / "study.toml"
    head, _, _ = path.read_text(encoding="utf-8").partition("[tolerances]")
    path.write_text(head + WIDEST.replace("\\\n", ""), encoding="utf-8", newline="\n")
    new = new + "    stratify" if new == LABEL else new
    replace(copy / TASK, pattern, new.replace("\\", "\\\\"))
    said = in_study(copy, "verify", "--numbers", rc=code).stdout
    assert "tolerances.metrics.mcc is 1; no model's interval allows more than" in said
    lines = said.splitlines()
    assert lines[-1].startswith(verdict)
    assert any(line.startswith("Of the tolerance of brier, ") for line in lines)
    assert (copy / ".cache" / "verified.json").is_file() is (verdict == "REPRODUCED")
    if verdict == "STAT":
        assert "STATISTICALLY THE SAME, not reproduced: " in said
        assert "REPRODUCED:" not in said


MACHINES = {
    "two workers, two threads": {"PYTHONHASHSEED": "8", "WORKERS": "2", "OMP_NUM_THREADS": "2"},
    "other BLAS kernels": {"OPENBLAS_CORETYPE": "Nehalem"},
    "a processor without AVX": {
        "OPENBLAS_CORETYPE": "Prescott",
        "NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR X86_V3",
    },
}


@pytest.mark.parametrize("name", MACHINES)
def test_another_machine_gives_the_same_numbers(copy: Path, in_study, name: str):
    env = dict(MACHINES[name])
    workers = env.pop("WORKERS", "2")
    done = in_study(copy, "verify", "--json", "--workers", workers, **env)
    counts = json.loads(done.stdout)["counts"]
    assert counts["different"] == counts["missing"] == counts["extra"] == counts["edited"] == 0
    if "OPENBLAS_CORETYPE" not in env:
        assert counts["within tolerance"] == 0
    else:
        assert counts["bit-identical"] > counts["within tolerance"] > 0


def test_results_say_which_data_commit_and_environment_they_are_from(small_study, run):
    text = (small_study / "results" / "manifest.json").read_text(encoding="utf-8")
    manifest, head = json.loads(text), run(["git", "rev-parse", "HEAD"], small_study).stdout.strip()
    assert (manifest["commit"], manifest["dirty"]) == (head, True)  # the fixture has fewer fits
    assert {"study.toml", "requirements.txt", "data/raw/breast_cancer.csv"} < set(
        manifest["inputs"]
    )
    for name, digest in {
        **{k: v for k, v in manifest["inputs"].items() if k != "source"},
        **{f"results/{k}": v for k, v in manifest["results"].items()},
    }.items():
        assert hashlib.sha256((small_study / name).read_bytes()).hexdigest() == digest, name
    lock = (small_study / "requirements.txt").read_text(encoding="utf-8")
    assert len(manifest["versions"]) > 20
    assert [p for p, v in manifest["versions"].items() if f"{p}=={v}" not in lock] == []
    assert {"python", "platform", "cpu"} <= set(manifest["machine"])


@pytest.mark.parametrize("how", [("--workers", "4"), ("--backend", "sequential")])
def test_however_the_work_is_spread_the_results_are_the_same_bytes(
    copy: Path, in_study, how: tuple[str, str]
):
    """The lines that docs/compute.md of a study shows, without a cache to answer them."""
    before = results(copy)
    shutil.rmtree(copy / ".cache")
    shutil.rmtree(copy / "results")
    in_study(copy, "reproduce", *how)
    assert results(copy) == before


@pytest.fixture
def verify(offered_python, environment, template, run):
    """Verify a study with another Python; return how many numbers came out again as what."""

    def make(study: Path, version: str, *arguments: str) -> dict[str, int]:
        lock = template / "{{cookiecutter.project_slug}}" / "requirements-dev.txt"
        *inside, python = offered_python(version)
        python = environment(
            lock.read_text(encoding="utf-8"), "--require-hashes", interpreter=[*inside, python]
        )
        words = [*inside, python, "scripts/verify.py", "--json", *arguments]
        return json.loads(run(words, study, env={"PYTHONPATH": paths(study)}).stdout)["counts"]

    return make


@pytest.mark.parametrize("version", sorted(set(OFFERED) - {RUNNING}))
def test_every_offered_python_gives_the_same_bits(copy, verify, version: str):
    """With fewer fits; the Python that runs verifies the untouched study above."""
    counts = verify(copy, version)
    assert sum(counts.values()) == counts["bit-identical"] > 500


@pytest.mark.weekly
@pytest.mark.parametrize("version", OFFERED)
def test_every_offered_python_verifies_the_whole_study(bake, verify, version: str):
    counts = verify(bake().path, version, "--workers", "2")
    assert counts["different"] == counts["missing"] == counts["extra"] == counts["edited"] == 0
    assert counts["bit-identical"] > 5000
