"""An archive as an RO-Crate: what ran, what went in, what came out, and who may do what with it.

Process Run Crate 0.5 on RO-Crate 1.1 (w3id.org/ro/wfrun/process/0.5): one run of
scripts/reproduce.py, every file with its SHA-256, licences of code and of data apart.
"""

from __future__ import annotations

import mimetypes
import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ..config.study import StudyError

CRATE = "https://w3id.org/ro/crate/1.1"
PROFILE = "https://w3id.org/ro/wfrun/process/0.5"
# RO-Crate 1.1 has no word for a checksum; this is the one of the Workflow Run Crates.
TERMS = {"sha256": "https://w3id.org/ro/terms/workflow-run#sha256"}
INSTRUMENT = "scripts/reproduce.py"
DATA_PAGE = "data/README.md"
ENGINE = "https://spdx.org/licenses/MIT"  # its licence, whatever the study's is


def authors_of(citation: dict[str, Any]) -> list[dict[str, str]]:
    """Return who wrote the study, from CITATION.cff."""
    found = []
    for one in citation.get("authors") or []:
        parts = ("given-names", "name-particle", "family-names", "name-suffix")
        name = one.get("name") or " ".join(one[part] for part in parts if one.get(part))
        orcid = str(one.get("orcid", "")).rpartition("/")[2]
        more = {"orcid": orcid} | {key: one.get(key, "") for key in ("email", "affiliation")}
        found.append({"name": name} | {key: value for key, value in more.items() if value})
    if not found or not all(one["name"] for one in found):
        raise StudyError("CITATION.cff: name every author under authors")
    return found


def data_licence(text: str) -> tuple[str, str]:
    """Return under which licence the data are, as data/README.md says it.

    >>> data_licence("**Licence.** [CC0 1.0](https://example.org/zero): do what you like.")
    ('CC0 1.0', 'https://example.org/zero')
    >>> data_licence("**Licence: unclear.** The source names none.")
    ('unclear, see data/README.md', 'data/README.md')
    """
    paragraph = r"^\*\*Licen[cs]e(?:: ([^*\n]+?))?\.\*\*((?:.|\n(?!\s*\n))*)"
    found = re.search(paragraph, text, flags=re.MULTILINE)
    if found and found[1]:
        return f"{found[1]}, see {DATA_PAGE}", DATA_PAGE
    link = re.search(r"\[([^\]]+)\]\((https?://[^)\s]+)\)", found[2]) if found else None
    if link is None:
        raise StudyError(
            f"{DATA_PAGE}: no paragraph says under which licence the data are; begin one with "
            "**Licence.** and link the licence, such as "
            "[CC BY 4.0](https://creativecommons.org/licenses/by/4.0/)"
        )
    return link[1], link[2]


def make_crate(
    manifest: dict[str, Any],
    files: dict[str, tuple[int, str]],
    citation: dict[str, Any],
    data: tuple[str, str],
    *,
    published: str,
    verified: str,
    url: str = "",
) -> dict[str, Any]:
    """Describe an archive as a Process Run Crate."""
    code = {"@id": f"https://spdx.org/licenses/{citation['license']}"}
    people, labs = _people(authors_of(citation))
    agents = [{"@id": one["@id"]} for one in people]
    inputs = [name for name in manifest["inputs"] if name in files]
    inputs += sorted(name for name in files if re.match(r"(src|engine)/.+\.py$", name))
    outputs = [name for name in (f"results/{one}" for one in manifest["results"]) if name in files]
    root = _root(citation, files, data[0], verified) | {
        "datePublished": published,
        "license": code,
        "author": agents[0] if len(agents) == 1 else agents,
    }
    graph = [
        {
            "@id": "ro-crate-metadata.json",
            "@type": "CreativeWork",
            "conformsTo": {"@id": CRATE},
            "about": {"@id": "./"},
        },
        root,
        {"@id": PROFILE, "@type": "CreativeWork", "name": "Process Run Crate", "version": "0.5"},
        {"@id": code["@id"], "@type": "CreativeWork", "name": citation["license"]},
        *people,
        *labs,
        _run(manifest, inputs, outputs, agents[0], verified),
        *(_file(name, *files[name], data[1], name in inputs) for name in sorted(files)),
    ]
    tool = next(one for one in graph if one["@id"] == INSTRUMENT)
    tool |= {"@type": ["File", "SoftwareSourceCode"], "version": root["version"], "license": code}
    tool |= {"softwareRequirements": {"@id": "requirements.txt"}}
    if url:
        root["url"] = tool["url"] = url
    others = {data[1]: data[0]} | ({ENGINE: "MIT"} if "engine/LICENSE" in files else {})
    for address, name in others.items():
        if address not in (code["@id"], DATA_PAGE):
            graph.append({"@id": address, "@type": "CreativeWork", "name": name})
    return {"@context": [f"{CRATE}/context", TERMS], "@graph": graph}


def _root(
    citation: dict[str, Any], files: dict[str, tuple[int, str]], data_licence: str, verified: str
) -> dict[str, Any]:
    return {
        "@id": "./",
        "@type": "Dataset",
        "name": citation["title"],
        "description": f"{citation.get('abstract', citation['title'])} {verified} Code: "
        f"{citation['license']}. Data: {data_licence}.",
        "version": str(citation.get("version", "")),
        "conformsTo": {"@id": PROFILE},
        "mentions": {"@id": "#reproduce"},
        "hasPart": [{"@id": quote(name)} for name in sorted(files)],
    }


def _people(authors: list[dict[str, str]]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    people = []
    labs: dict[str, dict[str, Any]] = {}
    for number, author in enumerate(authors, start=1):
        orcid, lab = author.get("orcid"), author.get("affiliation")
        name = f"https://orcid.org/{orcid}" if orcid else f"#author-{number}"
        person: dict[str, Any] = {"@id": name, "@type": "Person", "name": author["name"]}
        if "email" in author:
            person["email"] = author["email"]
        if lab:
            entity = {"@id": f"#affiliation-{len(labs) + 1}", "@type": "Organization", "name": lab}
            person["affiliation"] = {"@id": labs.setdefault(lab, entity)["@id"]}
        people.append(person)
    return people, list(labs.values())


def _run(
    manifest: dict[str, Any],
    inputs: list[str],
    outputs: list[str],
    agent: dict[str, str],
    verified: str,
) -> dict[str, Any]:
    end = datetime.fromisoformat(manifest["finished"])
    start = end - timedelta(seconds=sum(manifest["seconds"].values()))
    machine = manifest["machine"]
    return {
        "@id": "#reproduce",
        "@type": "CreateAction",
        "name": "All results made from data, code and configuration",
        "description": f"python {INSTRUMENT} with Python {machine['python']} on "
        f"{machine['platform']}, libraries as in requirements.txt. {verified}",
        "startTime": start.isoformat(timespec="seconds"),
        "endTime": end.isoformat(timespec="seconds"),
        "actionStatus": "http://schema.org/CompletedActionStatus",
        "instrument": {"@id": INSTRUMENT},
        "agent": agent,
        "object": [{"@id": quote(name)} for name in inputs],
        "result": [{"@id": quote(name)} for name in outputs],
    }


def _file(name: str, size: int, sha256: str, data: str, read: bool) -> dict[str, Any]:
    kind = mimetypes.guess_type(name, strict=False)[0]
    kinds = {".toml": "application/toml", ".md": "text/markdown", ".cff": "application/yaml"}
    entity = {
        "@id": quote(name),
        "@type": "File",
        "name": name,
        "contentSize": str(size),
        "sha256": sha256,
        "encodingFormat": kinds.get(Path(name).suffix, kind or "application/octet-stream"),
    }
    licence = {"data/" if read else "data/raw/": data, "engine/": ENGINE}  # all else: the root's
    own = [one for folder, one in licence.items() if name.startswith(folder)]
    return entity | ({"license": {"@id": own[0]}} if own else {})
