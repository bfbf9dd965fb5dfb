"""The offered Pythons: named in one place, held against the calendar, and known to every file."""

import datetime
import re
import shutil

import pytest
import pythons
import yaml

TODAY = datetime.date.today()


@pytest.fixture
def copy(template, tmp_path):
    """A copy of every file that names Pythons."""
    for path in pythons.places(template):
        into = tmp_path / path.relative_to(template)
        into.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, into)
    return tmp_path


def test_every_file_names_the_pythons_of_the_question(template):
    assert pythons.stale(template) == []


def test_the_offered_pythons_fit_the_calendar():
    assert pythons.asked_by_calendar(pythons.OFFERED, TODAY) == []


@pytest.mark.parametrize(
    ("offered", "today", "asked"),
    [
        ([11, 12, 13, 14], (2026, 11, 27), []),
        ([11, 12, 13], (2026, 10, 31), []),
        ([11, 12, 13], (2026, 11, 1), ["Python 3.14 was released over a year ago and is not off"]),
        ([11, 12, 13, 14, 15], (2026, 11, 27), []),  # earlier than asked is allowed
        ([11, 12, 13, 14, 15], (2027, 10, 31), []),
        ([11, 12, 13, 14, 15], (2027, 11, 1), ["Python 3.11 has had no security support since Oc"]),
        (
            [11, 13, 14],
            (2026, 11, 27),
            ["Python 3.12 was released over a year ago and is not offe"],
        ),
        (
            [11, 12],
            (2028, 11, 1),
            ["Python 3.11 has had", "Python 3.12 has had"]
            + [f"Python 3.{number} was released" for number in (13, 14, 15, 16)],
        ),
    ],
)
def test_the_calendar_asks_for_a_year_old_python_and_against_an_unsupported_one(
    offered, today, asked
):
    found = pythons.asked_by_calendar([f"3.{one}" for one in offered], datetime.date(*today))
    assert len(found) == len(asked)
    assert all(text.startswith(start) for text, start in zip(found, asked, strict=True))
    assert all("cookiecutter.json" in text and "make lock" in text for text in found)


def test_a_new_python_is_written_everywhere(copy):
    """One more in the question: no other file is to be edited by hand, but for its image."""
    how = {"offered": ["3.12", "3.13", "3.14", "3.15"], "default": "3.14"}
    how["questions"] = ["3.14", "3.15", "3.13", "3.12"]
    names = {path.relative_to(copy).as_posix() for path in pythons.places(copy)}
    assert set(pythons.stale(copy, **how)) == names
    for path, text in pythons.renewed(copy, **how).items():
        path.write_text(text, encoding="utf-8", newline="\n")
        assert "3.11" not in text.replace("matplotlib>=3.11", "").replace('"3.11" # PyTorch', "")
    assert pythons.stale(copy, **how) == []
    assert 'requires-python = ">=3.12,<3.16"' in (copy / "pyproject.toml").read_text("utf-8")
    assert "Python 3.12, 3.13, 3.14 or 3.15;" in (copy / "README.md").read_text("utf-8")
    workflow = yaml.safe_load((copy / ".github/workflows/ci.yml").read_text("utf-8"))
    assert workflow["jobs"]["test"]["strategy"]["matrix"]["python"] == how["offered"]
    step = workflow["jobs"]["study"]["steps"][1]
    assert step["with"]["python-version"] == "3.14"


def test_a_file_that_names_no_python_any_more_is_said(copy):
    (copy / "README.md").write_text("nothing\n", encoding="utf-8")
    with pytest.raises(SystemExit, match=r"README.md: names no Python; take it out of places"):
        pythons.renewed(copy)


def test_every_python_has_an_image(template):
    text = (template / "templates" / "images").read_text(encoding="utf-8")
    assert re.findall(r'"(3\.\d+)": "[0-9a-f]{64}"', text) == pythons.OFFERED


@pytest.mark.parametrize(
    ("lacking", "expected"),
    [
        (
            {("3.15", "numpy==2.4.6")},
            {
                "3.14": "every library as locked; every library as newest",
                "3.15": "no wheel of locked numpy 2.4.6; every library as newest",
            },
        ),
        (
            {("3.14", "numpy==2.5.0"), ("3.15", "numpy==2.4.6"), ("3.15", "scipy==1.17.1")},
            {
                "3.14": "every library as locked; no wheel of newest numpy 2.5.0",
                "3.15": "no wheel of locked numpy 2.4.6 scipy 1.17.1; every library as newest",
            },
        ),
    ],
)
def test_what_the_newest_libraries_allow(monkeypatch, lacking, expected):
    """uv says one library at a time; here it is played."""
    newest = {"numpy": "2.5.0", "scipy": "1.18.0"}

    def compiled(wanted, python, platform, uv):
        if any(">=" in one for one in wanted):
            return "".join(f"{name}=={version}\n" for name, version in newest.items()), ""
        wrong = [one for one in wanted if (python, one) in lacking and platform != "macos"]
        return "", f"Because {wrong[0]} has no usable wheels" if wrong else ""

    monkeypatch.setattr(pythons, "compiled", compiled)
    locked = {"numpy": "2.4.6", "scipy": "1.17.1"}
    assert pythons.libraries(locked, ["uv"], offered=["3.14"]) == expected


def test_an_index_that_cannot_be_asked_is_said(monkeypatch):
    monkeypatch.setattr(pythons, "compiled", lambda *asked: ("", "error: no network"))
    with pytest.raises(SystemExit, match="uv could not look libraries up:\nerror: no network"):
        pythons.libraries({"numpy": "2.4.6"}, ["uv"])


@pytest.mark.network
def test_a_library_without_a_wheel_is_found():
    """No numpy 2.4.6 was made for Python 3.10."""
    uv = [pythons.sys.executable, "-m", "uv"]
    assert pythons.missing({"numpy": "2.4.6", "tqdm": "4.67.1"}, "3.10", uv) == ["numpy"]
    assert pythons.missing({"numpy": "2.4.6", "tqdm": "4.67.1"}, "3.14", uv) == []


@pytest.mark.network
@pytest.mark.weekly
@pytest.mark.parametrize("broken", [False, True])
def test_a_study_is_tried_with_the_newest_libraries(template, run, broken):
    """An interpreter that is none is not taken for one that works."""
    python = "no-such-python" if broken else pythons.sys.executable
    command = [pythons.sys.executable, "tools/pythons.py", "--try", python]
    done = run(command, template, rc=None, timeout=1200)
    assert (done.returncode == 0) != broken
    assert ("REPRODUCED: every" in done.stdout) != broken
