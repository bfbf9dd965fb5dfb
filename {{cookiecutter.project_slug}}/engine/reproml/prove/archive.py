"""What stands in an archive beside the study: a CODECHECK configuration, a page for offline use.

The configuration is the author's part of CODECHECK's 2.0 (codecheck.org.uk/spec/config/2.0).
"""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

from .crate import authors_of

CODECHECK = "https://codecheck.org.uk/spec/config/2.0/"
RECORDS = ("results/manifest.json", "results/openings.json")  # not made again: what happened when
COMMENT = "made by scripts/reproduce.py, compared by scripts/verify.py"


def codecheck_yml(citation: dict[str, Any], outputs: list[str]) -> str:
    """Write the author's part of codecheck.yml; a codechecker adds the rest."""
    doi = citation.get("doi")
    lines = [
        "%YAML 1.1",
        "---",
        "# The author's part; a codechecker adds codechecker, report, summary and certificate.",
        f"version: {CODECHECK}",
        "",
        "manifest:",
    ]
    for name in outputs:
        if name not in RECORDS:
            lines += [f"  - file: {_quoted(name)}", f"    comment: {_quoted(COMMENT)}"]
    lines += ["", "paper:", f"  title: {_quoted(citation['title'])}", "  authors:"]
    for one in authors_of(citation):
        lines.append(f"    - name: {_quoted(one['name'])}")
        lines += [f"      ORCID: {_quoted(one['orcid'])}"] if "orcid" in one else []
    lines.append(f"  reference: {_quoted(f'https://doi.org/{doi}' if doi else 'in preparation')}")
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    return json.dumps(str(text), ensure_ascii=False)  # a JSON text is a YAML text


def offline_page(python: str, platform: str, n_wheels: int) -> str:
    """Say how to run the study from the archive alone."""
    page = Path(__file__).with_name("offline_page.txt").read_text(encoding="utf-8")
    return page.format(python=python, platform=platform, n_wheels=n_wheels)


def write_zip(entries: dict[str, bytes | Path], executable: set[str], into: Path) -> None:
    """Write a zip whose bytes depend on its content alone."""
    # Stored, not packed: what a packer makes of the same bytes depends on its version.
    with zipfile.ZipFile(into, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(entries):
            entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            entry.create_system = 3  # Unix, wherever it is written, so that modes are kept
            entry.external_attr = (0o100755 if name in executable else 0o100644) << 16
            content = entries[name]
            archive.writestr(entry, content if isinstance(content, bytes) else content.read_bytes())
