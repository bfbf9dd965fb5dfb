"""The picture in README is the page that is asked for, in the size that is asked for."""

import shutil
import struct
import sys
from pathlib import Path

import picture as tool
import pytest

TEMPLATE = Path(__file__).resolve().parent.parent
README = TEMPLATE / "docs" / "images" / "results.png"
BROWSER = shutil.which("chromium") or shutil.which("google-chrome")
COLOURS = {"red": (255, 0, 0), "blue": (0, 0, 255)}


def size(path):
    """Give width and height of a PNG file."""
    content = path.read_bytes()
    assert content.startswith(b"\x89PNG")
    return struct.unpack(">II", content[16:24])


def test_the_picture_in_readme_is_small_and_as_the_tool_takes_it():
    assert tool.TARGET == README
    assert size(README) == (tool.WIDTH, tool.HEIGHT)
    assert README.stat().st_size < 200_000
    assert "docs/images/results.png" in (TEMPLATE / "README.md").read_text(encoding="utf-8")
    results = TEMPLATE / "{{cookiecutter.project_slug}}" / "docs" / "results.md"
    assert results.is_file()
    assert f"{results.stem}/index.html" == tool.PAGE


@pytest.mark.network  # the environment of the study
@pytest.mark.slow
@pytest.mark.skipif(not BROWSER, reason="no Chromium here: apt-get install chromium")
@pytest.mark.parametrize(("colour", "width"), [("red", 390), ("blue", 640)])
def test_it_shows_the_page_in_the_width_that_is_asked_for(study_env, run, tmp_path, colour, width):
    """On a page that is of its colour only where the window has this very width."""
    for name, value in COLOURS.items():
        page = tmp_path / f"{name}/index.html"
        page.parent.mkdir()
        style = f"@media (width: {width}px) {{ body {{ background: rgb{value} }} }}"
        page.write_text(f"<!doctype html><style>{style}</style><body>", encoding="utf-8")
    target = tmp_path / "picture.png"
    command = [sys.executable, "tools/picture.py", "--python", study_env, "--site", tmp_path]
    command += ["--width", width, "--height", 300, "--to", target]
    run([*command, "--page", f"{colour}/index.html"], cwd=TEMPLATE)
    assert size(target) == (width, 300)
    look = "import sys; from PIL import Image; print(Image.open(sys.argv[1]).convert('RGB')"
    look += ".getcolors())"
    assert run([study_env, "-c", look, target], cwd=tmp_path).stdout.strip() == str(
        [(width * 300, COLOURS[colour])]
    )
    done = run([*command, "--page", "green/index.html"], cwd=TEMPLATE, rc=1)
    assert "There is no" in done.stderr
