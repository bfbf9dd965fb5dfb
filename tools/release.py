"""Print the part of CHANGELOG.md that a tag stands for, or say why it cannot be released.

`python tools/release.py v1.2.0`: the tag, pyproject.toml and the newest part of the changelog have
to name one version. The release workflow runs this.
"""

import argparse
import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def notes(tag, project, changelog):
    """Give the newest part of a changelog; a version that does not fit is a ValueError."""
    if not re.fullmatch(r"v\d+\.\d+\.\d+", tag):
        raise ValueError(f"{tag} is no tag of a version; those look like v1.2.0")
    version = tomllib.loads(project)["project"]["version"]
    parts = re.split(r"^## ", changelog, flags=re.MULTILINE)[1:]
    newest, _, text = (parts or [""])[0].partition("\n")
    if tag != f"v{version}":
        raise ValueError(f"the tag is {tag}, pyproject.toml says {version}")
    if newest.split(" ")[0] != version:
        raise ValueError(f"the tag is {tag}, the newest part of CHANGELOG.md is {newest!r}")
    if not text.strip():
        raise ValueError(f"CHANGELOG.md says nothing of {version}")
    return text.strip() + "\n"


def main():
    """Print the notes, or fail."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tag", help="such as v1.2.0")
    tag = parser.parse_args().tag
    project, changelog = (
        (ROOT / name).read_text(encoding="utf-8") for name in ("pyproject.toml", "CHANGELOG.md")
    )
    try:
        print(notes(tag, project, changelog), end="")
    except ValueError as error:
        sys.exit(f"{error}; see CONTRIBUTING.md")


if __name__ == "__main__":
    main()
