"""Take the picture in README: the results page of a fresh study, docs/images/results.png.

    .venv/bin/python tools/picture.py

It makes a study and its site, as `make docs` does for the template's own, and lets a headless
Chromium (Debian: apt-get install chromium) show the page. `--page` and `--site` show another page
or site, at any width: to look at what a change does on a telephone and on a desk.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from docs import ROOT, WORK, make_study, study_python

TARGET = ROOT / "docs" / "images" / "results.png"
# Fewer colours make a tenth of the bytes, and text stays sharp.
SHRINK = """
import sys
from PIL import Image
image = Image.open(sys.argv[1]).convert("RGB")
image.quantize(64, dither=Image.Dither.NONE).save(sys.argv[1], optimize=True)
"""


def build(python, study):
    """Build a study's own site; return its folder."""
    env = os.environ | {"PYTHONPATH": str(study / "src"), "NO_MKDOCS_2_WARNING": "1"}
    site = study.parent / "site"
    command = [python, "-m", "mkdocs", "build", "--quiet", "--site-dir", site]
    subprocess.run([str(part) for part in command], cwd=study, env=env, check=True)
    return site


def shoot(page, target, width, height):
    """Let Chromium show a page and save what it looks like."""
    browser = next(filter(None, map(shutil.which, ("chromium", "google-chrome"))), None)
    if not browser:
        sys.exit("There is no Chromium; on Debian and Ubuntu: apt-get install chromium")
    with tempfile.TemporaryDirectory() as profile:
        command = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
        command += [f"--user-data-dir={profile}", f"--window-size={width},{height}"]
        command += [f"--screenshot={target}", page.resolve().as_uri()]
        subprocess.run(command, check=True, capture_output=True, timeout=120)


def main():
    """Make the study, its site and the picture."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--python", help="Python of the study's locked environment, if there is one"
    )
    parser.add_argument("--site", type=Path, help="a site that is built (default: a study's own)")
    parser.add_argument("--page", default="results/index.html", help="of the site")
    parser.add_argument("--width", type=int, default=1000)
    parser.add_argument("--height", type=int, default=900)
    parser.add_argument("--to", type=Path, default=TARGET, help="the picture")
    given = parser.parse_args()
    WORK.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=WORK) as folder:
        study = make_study(Path(folder))
        python = given.python or study_python(study)
        site = given.site or build(python, study)
        shoot(site / given.page, given.to, given.width, given.height)
    subprocess.run([str(python), "-c", SHRINK, str(given.to)], check=True)
    print(f"{given.to}: {given.to.stat().st_size // 1000} kB")


if __name__ == "__main__":
    main()
