"""The RO-Crate names every file and licence, and refuses to guess who or under what."""

import pytest
from reproml.config.study import StudyError
from reproml.prove.crate import CRATE, INSTRUMENT, PROFILE, authors_of, data_licence, make_crate

DATA = ("CC BY 4.0", "https://creativecommons.org/licenses/by/4.0/")
MANIFEST = {
    "finished": "2026-01-31T12:00:07+00:00",
    "seconds": {"baselines": 5.0, "ablation": 2.0},
    "inputs": {"study.toml": "1", "data/raw/a b.csv": "2", "requirements.txt": "3", "source": "4"},
    "results": {"baselines.csv": "5", "tables/baselines.md": "6"},
    "machine": {"python": "3.12.1", "platform": "Linux x86_64"},
}
FILES = {
    name: (number, f"{number:064x}")
    for number, name in enumerate(
        [
            "LICENSE",
            INSTRUMENT,
            "data/README.md",
            "data/raw/a b.csv",
            "engine/LICENSE",
            "engine/reproml/x.py",
            "requirements.txt",
            "results/baselines.csv",
            "results/manifest.json",
            "results/tables/baselines.md",
            "src/p/models.py",
            "study.toml",
        ]
    )
}


def crate_of(data: tuple[str, str] = DATA, **author: str) -> dict[str, dict]:
    """Return the entities by their @id."""
    author = {"given-names": "Ada", "family-names": "Lovelace"} | author
    citation = {"title": "T", "abstract": "What.", "license": "Apache-2.0", "authors": [author]}
    crate = make_crate(
        MANIFEST, FILES, citation, data, published="2026-02-01", verified="Verified."
    )
    graph = {one["@id"]: one for one in crate["@graph"]}
    assert len(graph) == len(crate["@graph"])
    return graph


def ids(value: object) -> list[str]:
    if isinstance(value, dict):
        return [value["@id"]] if set(value) == {"@id"} else []
    return [one for part in value for one in ids(part)] if isinstance(value, list) else []


def test_the_run_says_what_went_in_and_what_came_out():
    graph = crate_of(orcid="https://orcid.org/0000-0002-1825-0097")
    run = graph["#reproduce"]
    assert run["@type"] == "CreateAction"
    assert ids(run["instrument"]) == [INSTRUMENT]
    assert ids(run["agent"]) == ["https://orcid.org/0000-0002-1825-0097"]
    assert ids(run["object"]) == [
        "study.toml",
        "data/raw/a%20b.csv",
        "requirements.txt",
        "engine/reproml/x.py",
        "src/p/models.py",
    ]
    assert ids(run["result"]) == ["results/baselines.csv", "results/tables/baselines.md"]
    assert (run["startTime"], run["endTime"]) == (
        "2026-01-31T12:00:00+00:00",
        "2026-01-31T12:00:07+00:00",
    )


def test_it_claims_the_profile_and_points_nowhere_else_than_to_itself():
    graph = crate_of()
    assert ids(graph["ro-crate-metadata.json"]["conformsTo"]) == [CRATE]
    assert ids(graph["./"]["conformsTo"]) == [PROFILE]
    assert "SoftwareSourceCode" in graph[INSTRUMENT]["@type"]
    named = {one for entity in graph.values() for value in entity.values() for one in ids(value)}
    assert named - set(graph) == {CRATE}


def test_people_of_one_lab_share_it():
    author = {"name": "A", "email": "a@example.org", "affiliation": "Lab"}
    citation = {"title": "T", "license": "MIT", "authors": [author, {**author, "name": "B"}]}
    crate = make_crate(MANIFEST, FILES, citation, DATA, published="2026-02-01", verified="No.")
    graph = {one["@id"]: one for one in crate["@graph"]}
    people = [graph[f"#author-{number}"] for number in (1, 2)]
    assert [ids(one["affiliation"]) for one in people] == [["#affiliation-1"]] * 2
    assert graph["#affiliation-1"] == {
        "@id": "#affiliation-1",
        "@type": "Organization",
        "name": "Lab",
    }
    assert ids(graph["./"]["author"]) == ["#author-1", "#author-2"]


def test_every_file_has_its_size_and_checksum():
    graph = crate_of()
    files = {one["name"]: one for one in graph.values() if "File" in one["@type"]}
    assert set(files) == set(FILES)
    for name, (size, sha256) in FILES.items():
        assert (files[name]["contentSize"], files[name]["sha256"]) == (str(size), sha256)


def test_licences_of_code_and_data_stand_apart():
    graph = crate_of()
    assert ids(graph["./"]["license"]) == ["https://spdx.org/licenses/Apache-2.0"]
    assert ids(graph["engine/reproml/x.py"]["license"]) == ["https://spdx.org/licenses/MIT"]
    assert graph["https://spdx.org/licenses/MIT"]["name"] == "MIT"
    assert ids(graph["data/raw/a%20b.csv"]["license"]) == [DATA[1]]
    assert graph[DATA[1]]["name"] == "CC BY 4.0"
    assert "Code: Apache-2.0. Data: CC BY 4.0." in graph["./"]["description"]
    unclear = crate_of(data_licence("**Licence: unclear.** Ask first."))
    assert ids(unclear["data/raw/a%20b.csv"]["license"]) == ["data/README.md"]


def test_a_page_that_states_no_licence_is_refused():
    for text in ("", "**Licence.** Free!", "**Licence.** ask\n\n[x](https://example.org)\n"):
        with pytest.raises(StudyError, match=r"no paragraph says under which licence"):
            data_licence(text)


@pytest.mark.parametrize("citation", [{}, {"authors": []}, {"authors": [{"orcid": "0"}]}])
def test_an_author_needs_a_name(citation: dict):
    with pytest.raises(StudyError, match="name every author"):
        authors_of(citation)
