"""Forged model files are refused by name, and nothing in them runs."""

import hashlib
import io
import json
import pickle
import re
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import TRUSTED
from example_study.models import MODELS
from reproml.config.study import StudyError
from reproml.share import model as sharing
from reproml.share.model import load_model as load
from reproml.share.model import make_record, pack_model
from reproml.share.modelfile import normalised
from reproml.share.record import Record, Seed, make_examples, read_record, write_record
from reproml.share.trusted_types import audit, distributions_of

X = pd.DataFrame({"dose": [0.0, 1.0, 2.0, 3.0], "age": [3.0, 1.0, 4.0, 1.0]})
TEXT = {"__class__": "str", "__module__": "builtins", "__loader__": "JsonNode"}
NAME = "candidate.skops"


def load_model(folder: Path, name: str):
    return load(folder, name, trusted=TRUSTED)


@pytest.fixture
def saved(content, study, tmp_path: Path) -> Path:
    """Return a folder with a saved model."""
    model = MODELS["candidate"]("classification").fit(X, ["no", "yes", "no", "yes"])
    packed, examples = pack_model(model, TRUSTED), make_examples(model, X, study.data)
    seed, commit = Seed(study=0, purpose="test", value=1), {"commit": None, "dirty": None}
    record = make_record(study, X, packed, examples, seed=seed, commit=commit)
    (tmp_path / NAME).write_bytes(packed)
    (tmp_path / "candidate.json").write_text(write_record(record), encoding="utf-8")
    return tmp_path


def forge(folder: Path, content: bytes) -> None:
    """Exchange the file, and make the record fit, as an attacker would who holds both."""
    path = folder / "candidate.json"
    record = read_record(path.read_text(encoding="utf-8"), path.name)
    changes = {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    changes["types"] = [*record.types, "sklearn.cluster.fake.KMeans"]
    changed = Record.model_validate(record.model_dump(exclude_unset=True) | changes)
    path.write_text(write_record(changed), encoding="utf-8")
    (folder / NAME).write_bytes(content)


def rewrite(content: bytes, change, *, more=(), packed: int = zipfile.ZIP_STORED) -> bytes:
    """Return a skops file with a changed description and more entries."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(made, "w", packed) as new:
        for name in old.namelist():
            data = old.read(name)
            if name == "schema.json":
                data = json.dumps(change(json.loads(data))).encode()
            new.writestr(name, data)
        for name, data in more:
            new.writestr(name, data)
    return made.getvalue()


def planted(node: dict):
    """Return a change that puts a node into the pipeline's attributes."""

    def change(schema: dict) -> dict:
        attributes = schema["content"]
        attributes["content"]["planted"] = node
        attributes["key_types"]["content"].append(
            {
                "__class__": "str",
                "__module__": "builtins",
                "__loader__": "TypeNode",
                "__id__": 90001,
            }
        )
        return schema

    return change


def calls(function: str, module: str, *arguments: str) -> dict:
    """Return a node that calls a function when it is restored, if it is let through."""
    words = [{**TEXT, "content": json.dumps(a), "is_json": True} for a in arguments]
    content = {"__class__": "tuple", "__module__": "builtins", "__loader__": "TupleNode"}
    return {
        "__class__": function,
        "__module__": module,
        "__loader__": "ConstructorFromReduceNode",
        "content": content | {"content": words},
    }


def instance(name: str, module: str) -> dict:
    return {"__class__": name, "__module__": module, "__loader__": "ObjectNode"}


class Canary:
    """Pickled, it makes a file when it is restored."""

    def __init__(self, path: Path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


FORGED = {
    "a function that runs commands": (
        lambda c, bird: rewrite(c, planted(calls("system", "os", f"echo > {bird}"))),
        r"trusts:\n  os\.system\n",
    ),
    "a class that opens files": (
        lambda c, bird: rewrite(c, planted(calls("FileIO", "io", str(bird), "w"))),
        r"trusts:\n  io\.FileIO\n",
    ),
    "a class of the engine that is not trusted": (
        lambda c, bird: rewrite(c, planted(instance("Cache", "reproml.compute.cache"))),
        r"trusts:\n  reproml\.compute\.cache\.Cache\n",
    ),
    "a tree of scikit-learn, which can crash the process": (
        lambda c, bird: rewrite(c, planted(instance("Tree", "sklearn.tree._tree"))),
        r"trusts:\n  sklearn\.tree\._tree\.Tree\n",
    ),
    "a type that the record says is trusted": (
        lambda c, bird: rewrite(c, planted(instance("KMeans", "sklearn.cluster.fake"))),
        r"trusts:\n  sklearn\.cluster\.fake\.KMeans\n",
    ),
    "a trusted class by another way": (
        lambda c, bird: rewrite(
            c, planted(calls("Ridge", "sklearn.linear_model._ridge", str(bird)))
        ),
        r"trusts:\n  sklearn\.linear_model\._ridge\.Ridge\n",
    ),
    "a way that skops does not have": (
        lambda c, bird: rewrite(c, planted(instance("Ridge", "sklearn") | {"__loader__": "X"})),
        "its description cannot be read",
    ),
    "a name that would break out of the lines to paste": (
        lambda c, bird: rewrite(c, planted(instance('x"]\n[models]\ncandidate = "y', "os"))),
        "its description is malformed",
    ),
    "a node without a name": (
        lambda c, bird: rewrite(c, planted({"__loader__": {"a": 1}})),
        "its description is malformed",
    ),
    "an older protocol": (
        lambda c, bird: rewrite(c, lambda schema: schema | {"protocol": 0}),
        "its protocol is not",
    ),
    "a pickle by another name": (
        lambda c, bird: pickle.dumps(Canary(bird)),
        "it is no skops file",
    ),
    "a pickle among the arrays": (
        lambda c, bird: rewrite(c, dict, more=[("9000.npy", pickle.dumps(Canary(bird)))]),
        "refused",
    ),
    "an array of objects": (
        lambda c, bird: rewrite(c, dict, more=[("9000.npy", array(np.array([Canary(bird)])))]),
        "its array 9000.npy is not what it claims",
    ),
    "an array that claims to be huge": (
        lambda c, bird: rewrite(c, dict, more=[("9000.npy", huge())]),
        "its array 9000.npy is not what it claims",
    ),
    "an archive that unpacks to more": (
        lambda c, bird: rewrite(c, dict, packed=zipfile.ZIP_DEFLATED),
        "is packed or encrypted",
    ),
    "an entry that leaves its folder": (
        lambda c, bird: rewrite(c, dict, more=[("../../canary", b"")]),
        r"it has an entry '\.\./\.\./canary'",
    ),
    "an absolute entry": (
        lambda c, bird: rewrite(c, dict, more=[(str(bird), b"")]),
        "it has an entry '/",
    ),
    "two descriptions": (
        lambda c, bird: twice(c),
        "two of its entries have one name",
    ),
    "a description deeper than the stack": (
        lambda c, bird: deep(),
        "refused",
    ),
    "no description": (
        lambda c, bird: archive({}),
        "it is no skops file",
    ),
    "half a file": (lambda c, bird: c[: len(c) // 2], "it is no skops file"),
}


def archive(files: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as new:
        for name, data in files.items():
            new.writestr(name, data)
    return made.getvalue()


def array(values: np.ndarray) -> bytes:
    made = io.BytesIO()
    np.save(made, values, allow_pickle=True)
    return made.getvalue()


def huge() -> bytes:
    made = io.BytesIO()
    head = {"descr": "<f8", "fortran_order": False, "shape": (2**40, 2**40)}
    np.lib.format.write_array_header_1_0(made, head)
    return made.getvalue()


def deep() -> bytes:
    return archive({"schema.json": b'{"a":' * 100_000 + b"1" + b"}" * 100_000})


def twice(content: bytes) -> bytes:
    with pytest.warns(UserWarning, match="Duplicate name"):
        return rewrite(content, dict, more=[("schema.json", b"{}")])


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_file_is_refused_even_with_its_own_record(saved: Path, tmp_path, name: str):
    make, message = FORGED[name]
    canary = tmp_path / "canary"
    forge(saved, make((saved / NAME).read_bytes(), canary))
    with pytest.raises(StudyError, match=message) as caught:
        load_model(saved, "candidate")
    assert "refused" in str(caught.value)
    assert not canary.exists()


def test_the_canary_sings_where_it_is_let(tmp_path: Path):
    """The twin: the pickle above would do what it must not."""
    pickle.loads(pickle.dumps(Canary(tmp_path / "canary")))
    assert (tmp_path / "canary").exists()


def test_a_changed_byte_is_seen_before_anything_is_opened(saved: Path, monkeypatch):
    opened = []
    monkeypatch.setattr(sharing, "unpack_model", lambda *given: opened.append(given))
    content = bytearray((saved / NAME).read_bytes())
    content[len(content) // 2] ^= 1
    (saved / NAME).write_bytes(bytes(content))
    with pytest.raises(StudyError, match="Nothing of it was opened"):
        load_model(saved, "candidate")
    assert opened == []


def test_a_pickle_in_the_place_of_the_model_is_not_opened(saved: Path, tmp_path: Path):
    canary = tmp_path / "canary"
    (saved / NAME).write_bytes(pickle.dumps(Canary(canary)))
    with pytest.raises(StudyError, match=r"its SHA-256 is"):
        load_model(saved, "candidate")
    assert not canary.exists()


def test_a_file_that_is_too_large_is_not_read(saved: Path, monkeypatch):
    with (saved / NAME).open("ab") as file:
        file.write(b"0")
    with pytest.raises(StudyError, match=r"candidate\.skops: is larger than"):
        load_model(saved, "candidate")
    size = (saved / "candidate.json").stat().st_size
    monkeypatch.setattr(sharing, "LARGEST_RECORD", size - 1)
    with pytest.raises(StudyError, match=r"candidate\.json: is larger than"):
        load_model(saved, "candidate")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"max": 10.0', '"max": 99.0', "was changed after it was written"),
        ('"sha256": "', '"sha256": "0', "was changed after it was written"),
        ('"digest"', '"digests"', "was changed after it was written"),
        ("{", "[", "is no JSON"),
        ("{", "\udcff{", "is no UTF-8 text"),
    ],
)
def test_a_changed_record_is_refused(saved: Path, old: str, new: str, message: str):
    path = saved / "candidate.json"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_bytes(text.replace(old, new, 1).encode("utf-8", "surrogateescape"))
    with pytest.raises(StudyError, match=message):
        load_model(saved, "candidate")


@pytest.mark.parametrize(
    "change", [{"versions": {"numpy": 2}}, {"examples": "none"}, {"more": 1}, {"size": 0}]
)
def test_a_record_of_another_form_is_refused(saved: Path, change: dict):
    path = saved / "candidate.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    del content["digest"]
    text = json.dumps(content | change, sort_keys=True, ensure_ascii=False)
    digest = hashlib.sha256(text.encode()).hexdigest()
    path.write_text(json.dumps(content | change | {"digest": digest}), encoding="utf-8")
    with pytest.raises(StudyError, match=f"look at {next(iter(change))}"):
        load_model(saved, "candidate")


def test_a_missing_file_is_said(saved: Path):
    (saved / NAME).unlink()
    with pytest.raises(StudyError, match=r"no such file; `python -m reproml share`"):
        load_model(saved, "candidate")


def test_trust_is_the_readers_and_is_named_type_by_type(saved: Path):
    for name in TRUSTED:
        with pytest.raises(StudyError, match=f"trusts:\n  {re.escape(name)}\n"):
            load(saved, "candidate", trusted=[one for one in TRUSTED if one != name])
    assert load_model(saved, "candidate").record.types


def test_a_type_of_a_library_whose_version_nobody_knows_is_refused():
    types = ["builtins.dict", "mine.models.Net", "numpy.dtype", "sklearn.svm._classes.SVC"]
    assert "scikit-learn" in distributions_of(types, "mine")
    with pytest.raises(StudyError, match=r"depends on \['mine'\], whose version cannot"):
        distributions_of(types, "other")


def test_writing_anew_keeps_the_content(saved: Path):
    content = (saved / NAME).read_bytes()
    assert normalised(content) == content
    assert audit(content, TRUSTED) == audit(normalised(content), TRUSTED)
    with zipfile.ZipFile(io.BytesIO(content)) as opened:
        assert {entry.date_time[0] for entry in opened.infolist()} == {1980}
