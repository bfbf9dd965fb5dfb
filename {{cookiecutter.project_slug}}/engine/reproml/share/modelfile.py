"""The form of a model file: exactly what skops writes, and the same bytes for the same model.

Nothing here restores anything; what may be restored says `trusted_types`.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Iterator
from typing import Any

from numpy.lib import format as npy
from skops.io import dumps

from ..config.study import StudyError


def schema_of(content: bytes) -> dict[str, Any]:
    """Return the description in a skops file, if the archive is exactly what skops would write."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            for entry in entries:
                _check_entry(entry)
            if len({entry.filename for entry in entries}) < len(entries):
                raise refused("two of its entries have one name")
            if sum(entry.file_size for entry in entries) > len(content):
                raise refused("its entries overlap")
            for entry in entries:
                if entry.filename != "schema.json":
                    _check_array(archive.read(entry), entry.filename)
            schema = json.loads(archive.read("schema.json"))
    except (zipfile.BadZipFile, EOFError, KeyError, NotImplementedError) as error:
        raise refused(f"it is no skops file ({error})") from error
    except (ValueError, RecursionError, OverflowError) as error:
        raise refused(f"its description cannot be read ({error})") from error
    ours = json.loads(zipfile.ZipFile(io.BytesIO(dumps(None))).read("schema.json"))
    for key in ("protocol", "_skops_version"):
        if not isinstance(schema, dict) or schema.get(key) != ours[key]:
            raise refused(f"its {key} is not {ours[key]!r}, which the installed skops writes")
    return schema


def refused(reason: str) -> StudyError:
    """Return the error for a model file that is not what it should be."""
    return StudyError(f"the model file is refused: {reason}; get it again from where it came from")


def _check_entry(entry: zipfile.ZipInfo) -> None:
    if not re.fullmatch(r"schema\.json|[0-9]+\.npy", entry.filename):
        raise refused(f"it has an entry {entry.filename!r}, which skops does not write")
    if entry.compress_type != zipfile.ZIP_STORED or entry.flag_bits & 1:
        raise refused(f"its entry {entry.filename!r} is packed or encrypted")


def _check_array(content: bytes, name: str) -> None:
    """Compare what an array claims with what is there, before anything of that size is made."""
    file = io.BytesIO(content)
    version = npy.read_magic(file)
    read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, _, dtype = read(file)
    count = 1
    for length in shape:
        count *= length  # Python's integers do not overflow
    if dtype.hasobject or dtype.itemsize * count != len(content) - file.tell() or count < 0:
        raise refused(f"its array {name} is not what it claims to be")


def objects_in(node: Any) -> Iterator[dict[str, Any]]:
    """Yield every JSON object of a description or a part of it, the outer before the inner."""
    wanted = [node]
    while wanted:  # no recursion: a file may be deeper than Python's stack
        part = wanted.pop()
        if isinstance(part, dict):
            yield part
            wanted += reversed(part.values())
        elif isinstance(part, list):
            wanted += reversed(part)


def normalised(content: bytes) -> bytes:
    """Write a skops file anew, so that the same model is the same bytes.

    skops numbers objects by their place in memory and stamps the time into the archive. Here they
    are numbered in the order of the description, and the time is always the same.
    """
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        schema = json.loads(archive.read("schema.json"))
        arrays = {name: archive.read(name) for name in archive.namelist() if name != "schema.json"}
    ids: dict[int, int] = {}
    names: dict[str, str] = {}
    number = 0
    for part in objects_in(schema):
        if "__id__" in part:
            number += 1
            # plain values need no identity, and whether equal ones share it is chance
            is_plain = part["__loader__"] == "JsonNode"
            part["__id__"] = number if is_plain else ids.setdefault(part["__id__"], number)
        if isinstance(part.get("file"), str):
            part["file"] = names.setdefault(part["file"], f"{len(names)}.npy")
    files = {new: arrays[old] for old, new in names.items()}
    files["schema.json"] = json.dumps(schema, separators=(",", ":")).encode("ascii")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, data in files.items():
            entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            entry.create_system = 3  # the same on Windows
            archive.writestr(entry, data)
    return packed.getvalue()
