"""Take the picture in README: the results page of a fresh study, docs/images/results.png.

    .venv/bin/python tools/picture.py

It makes a study and its site, as `make docs` does for the template's own, and lets a headless
Chromium (Debian: apt-get install chromium) show the page. `--site` and `--page` show a page of a
site that is built already, at any width: what a change does on a telephone (390) and on a desk.
"""

import argparse
import html
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from studies import paths

from docs import ROOT, WORK, make_study, study_python

TARGET = ROOT / "docs" / "images" / "results.png"
PAGE = "results/index.html"
WIDTH, HEIGHT = 1000, 900
NARROWEST = 500  # pixels; Chromium opens no narrower window, so the page stands in a frame of it
FRAME = """<!doctype html>
<body style="margin: 0"><iframe src="{page}" width="{width}" height="{height}"
style="border: 0"></iframe></body>
"""
# Fewer colours make a tenth of the bytes, and text stays sharp.
SHRINK = """
import sys
from PIL import Image
path, width, height = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
image = Image.open(path).convert("RGB").crop((0, 0, width, height))
image.quantize(64, dither=Image.Dither.NONE).save(path, optimize=True)
"""


def browser():
    """Give the path of a Chromium, or None."""
    return next(filter(None, map(shutil.which, ("chromium", "google-chrome"))), None)


def build(python, study):
    """Build a study's own site; return its folder."""
    env = os.environ | {"PYTHONPATH": paths(study), "NO_MKDOCS_2_WARNING": "1"}
    site = study.parent / "site"
    command = [python, "-m", "mkdocs", "build", "--quiet", "--site-dir", site]
    subprocess.run([str(part) for part in command], cwd=study, env=env, check=True)
    return site


def shoot(python, page, target, width, height):
    """Let Chromium show a page and save what it looks like, in few colours."""
    if not page.is_file():
        sys.exit(f"There is no {page}")
    if not browser():
        sys.exit("There is no Chromium; on Debian and Ubuntu: apt-get install chromium")
    with tempfile.TemporaryDirectory() as folder:
        frame = Path(folder) / "frame.html"
        address = html.escape(page.resolve().as_uri())
        frame.write_text(FRAME.format(page=address, width=width, height=height), encoding="utf-8")
        command = [browser(), "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
        command += [f"--user-data-dir={folder}/profile", "--virtual-time-budget=5000"]
        command += [f"--window-size={max(width, NARROWEST)},{height}"]
        command += [f"--screenshot={target.resolve()}", frame.as_uri()]
        subprocess.run(command, check=True, capture_output=True, timeout=120)
    shrink = [python, "-c", SHRINK, target, width, height]
    subprocess.run([str(part) for part in shrink], check=True)
    print(f"{target}: {target.stat().st_size // 1000} kB")


def main():
    """Make the study, its site and the picture."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--python", help="Python of the study's locked environment, if there is one"
    )
    parser.add_argument("--site", type=Path, help="a site that is built (default: a study's own)")
    parser.add_argument("--page", default=PAGE, help="of the site")
    parser.add_argument("--width", type=int, default=WIDTH)
    parser.add_argument("--height", type=int, default=HEIGHT)
    parser.add_argument("--to", type=Path, default=TARGET, help="the picture")
    given = parser.parse_args()
    WORK.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=WORK) as folder:
        study = make_study(Path(folder))
        python = given.python or study_python(study)
        site = given.site or build(python, study)
        shoot(python, site / given.page, given.to, given.width, given.height)


if __name__ == "__main__":
    main()
