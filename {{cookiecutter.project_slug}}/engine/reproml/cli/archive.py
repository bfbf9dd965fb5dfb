"""Write a zip of the committed study, for Zenodo or the like; it says what its numbers are from."""

import hashlib
import importlib.util
import io
import json
import os
import platform
import subprocess
import sys
import tarfile
import tempfile
import venv
from pathlib import Path
from typing import Any

from ..config.checksums import sha256_of
from ..config.declared import declared_files
from ..config.large import large_tables, parquet_of
from ..config.study import StudyError, read_study
from ..prove.archive import codecheck_yml, offline_page, write_zip
from ..prove.crate import authors_of, data_licence, make_crate
from ..prove.example import EXAMPLE, leftovers
from ..run.manifest import MANIFEST, changed_since, last_verified
from ..run.run import Run
from ..run.terminal import say


def main(
    run: Run, wheels: bool = False, into: Path | None = None, unverified: bool = False
) -> None:
    """Refuse what cannot be vouched for; collect the files, describe them, write the zip."""
    root = run.root
    date, url = repository(root)
    entries, executable = committed(root)
    entries |= large_rows(run)
    manifest = checked_manifest(entries, run)
    verified = verification(run, unverified)
    left = leftovers(root, run.study.data.sha256)
    if left:
        raise StudyError(
            "these lines are still about the example that the study was made with, or are no "
            f"answers of yours; rewrite them, or accept their files in {EXAMPLE}:{below(left)}"
        )
    citation = read_citation(entries)
    licence = data_licence(entries.get("data/README.md", b"").decode("utf-8"))
    outputs = sorted(name for name in entries if name.startswith("results/"))
    entries.setdefault("codecheck.yml", codecheck_yml(citation, outputs).encode("utf-8"))

    name = f"{root.name}-{citation.get('version', '0')}{'-wheels' if wheels else ''}.zip"
    into = into or root / "dist" / name
    into.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=into.parent) as folder:
        everything, offline = with_wheels(entries, root, Path(folder)) if wheels else (entries, "")
        facts = {name: size_and_sha256(content) for name, content in everything.items()}
        crate = make_crate(
            manifest, facts, citation, licence, published=date, verified=verified, url=url
        )
        text = json.dumps(crate, indent=1, ensure_ascii=False) + "\n"
        everything = everything | {"ro-crate-metadata.json": text.encode("utf-8")}
        aside = Path(folder) / "archive.zip"
        write_zip(everything, executable, aside)
        aside.replace(into)

    say(f"{into}: {len(everything)} files, {into.stat().st_size / 1e6:.1f} MB")
    say(f"SHA-256 {size_and_sha256(into)[1]}")
    say(f"{verified} Licence of the code: {citation['license']}; of the data: {licence[0]}.")
    if offline:
        say(offline)
    nameless = [one["name"] for one in authors_of(citation) if "orcid" not in one]
    if nameless:
        say(f"CODECHECK asks for every author's ORCID; CITATION.cff has none of {nameless}.")
    say("Next: upload it to Zenodo, and write the DOI that you get into CITATION.cff (doi:).")


def large_rows(run: Run) -> dict[str, bytes]:
    """Return the rows of large tables, which git does not keep; say which are not here."""
    paths = [parquet_of(path) for path in large_tables(run.results)]
    if away := [path.name for path in paths if not path.is_file()]:
        say(f"Not here, so not in the archive: {', '.join(away)}; scripts/reproduce.py makes them.")
    return {
        path.relative_to(run.results.parent).as_posix(): path.read_bytes()
        for path in paths
        if path.is_file()
    }


def with_wheels(
    entries: dict[str, bytes], root: Path, folder: Path
) -> tuple[dict[str, bytes | Path], str]:
    """Add the lock's wheels and how to use them; return all files, and what to say of it."""
    found = download(root, folder)
    python, system = "{}.{}".format(*sys.version_info), f"{platform.system()} {platform.machine()}"
    page = offline_page(python, system, len(found))
    more = {f"wheels/{path.name}": path for path in found}
    said = f"With {len(found)} wheels for Python {python} on {system}; see RUN_OFFLINE.md in it."
    return entries | {"RUN_OFFLINE.md": page.encode("utf-8")} | more, said


def below(lines: list[str]) -> str:
    """Return the first lines of a list, each below the other, and how many there are more."""
    more = [f"and {len(lines) - 10} more"] if len(lines) > 10 else []
    return "".join(f"\n  {line}" for line in lines[:10] + more)


def git(root: Path, *arguments: str) -> bytes:
    """Run git in the study's folder; an error becomes a message."""
    try:
        done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, check=False)
    except OSError as error:
        raise StudyError(f"an archive is of a commit, and git does not start: {error}") from error
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").strip()
        raise StudyError(f"git {arguments[0]} failed in {root}: {said}")
    return done.stdout


def repository(root: Path) -> tuple[str, str]:
    """Return the commit's date and the repository's address; refuse what is not committed."""
    try:
        said = git(root, "rev-parse", "--show-toplevel", "HEAD").decode("utf-8")
    except StudyError as error:
        raise StudyError(
            f"{root} is no git repository with a commit, and an archive is of a commit; run "
            "git init, git add -A and git commit first"
        ) from error
    top = said.splitlines()[0]
    if Path(top).resolve() != root:
        raise StudyError(f"{root} is a folder of the repository {top}; give it one of its own")
    changed = git(root, "status", "--porcelain").decode("utf-8", "replace").splitlines()
    if changed:
        raise StudyError(
            f"the folder is not as committed; commit or remove these first:{below(changed)}"
        )
    date = git(root, "log", "-1", "--format=%cI").decode("ascii").strip()
    # its name where there is no such remote
    url = git(root, "ls-remote", "--get-url", "origin").decode("utf-8").strip()
    return date, url if url.startswith("https://") and "@" not in url else ""


def committed(root: Path) -> tuple[dict[str, bytes], set[str]]:
    """Return the bytes of every committed file, and which of them can be run."""
    entries, executable = {}, set()
    with tarfile.open(fileobj=io.BytesIO(git(root, "archive", "--format=tar", "HEAD"))) as tar:
        for member in tar:
            if member.isfile():
                entries[member.name] = tar.extractfile(member).read()
                executable |= {member.name} if member.mode & 0o100 else set()
            elif not member.isdir():
                raise StudyError(f"{member.name} is a link; commit the file itself")
    return entries, executable


def checked_manifest(entries: dict[str, bytes], run: Run) -> dict[str, Any]:
    """Return the manifest if it speaks of the files that are committed."""
    name = f"results/{MANIFEST}"
    if name not in entries:
        raise StudyError(f"{name} is not committed; run scripts/reproduce.py and commit results")
    manifest = json.loads(entries[name])
    names = changed_since(manifest, run)
    if names:
        raise StudyError(
            f"{name} speaks of other files than these: {', '.join(names)} changed since; run "
            "scripts/reproduce.py and commit what it writes"
        )
    manifest["inputs"] |= declared_files(read_study(run.path).data, run.root)
    left_out = [one for one in manifest["inputs"] if one != "source" and one not in entries]
    if left_out:
        more = f" and {len(left_out) - 10} more" if len(left_out) > 10 else ""
        say(f"Not committed, so not in the archive: {', '.join(left_out[:10])}{more}. Nobody can")
        say("make the results again from it alone; data/README.md should say how to get them.")
    return manifest


def verification(run: Run, unverified: bool) -> str:
    """Say what verify found, or refuse where it was not run on this state."""
    counts = last_verified(run)
    if counts:
        found = ", ".join(f"{number} {kind}" for kind, number in counts.items() if number)
        return f"Made again and compared by scripts/verify.py: {found}, none different."
    if not unverified:
        raise StudyError(
            "these results were not verified as they stand; run scripts/verify.py first, or add "
            "--unverified: then the archive says so"
        )
    return "Not verified when it was archived."


def read_citation(entries: dict[str, bytes]) -> dict[str, Any]:
    """Read CITATION.cff."""
    if importlib.util.find_spec("yaml") is None:
        raise StudyError("PyYAML is not here; run scripts/environment.py without --runtime")
    import yaml

    try:
        citation = yaml.safe_load(entries["CITATION.cff"].decode("utf-8"))
        missing = [key for key in ("title", "license", "authors") if not citation.get(key)]
    except (KeyError, AttributeError, yaml.YAMLError) as error:
        raise StudyError(f"CITATION.cff: not there, or no YAML of keys ({error})") from error
    if missing:
        raise StudyError(f"CITATION.cff: {', '.join(missing)} is missing; write it there")
    return citation


def download(root: Path, folder: Path) -> list[Path]:
    """Fetch the lock's wheels for this Python and system; every hash is checked."""
    python = Path(sys.executable)
    if importlib.util.find_spec("pip") is None:  # an environment made by uv has none
        try:
            venv.create(folder / "pip", with_pip=True)
        except subprocess.CalledProcessError as error:
            raise StudyError(
                "this Python has no pip and cannot make one (on Debian and Ubuntu, install "
                "python3-venv)"
            ) from error
        python = folder / "pip" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    wheels = folder / "wheels"
    command = [python, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    command += ["--require-hashes", "--only-binary", ":all:", "--no-deps"]
    command += ["--dest", wheels, "--requirement", root / "requirements.txt"]
    say("Fetching the wheels of requirements.txt ...")
    done = subprocess.run([str(part) for part in command], capture_output=True, encoding="utf-8")
    if done.returncode != 0:
        raise StudyError(f"pip could not fetch the wheels:\n{done.stderr.strip()}")
    return sorted(wheels.glob("*.whl"))


def size_and_sha256(content: bytes | Path) -> tuple[int, str]:
    """Return how long a content is, and its SHA-256."""
    if isinstance(content, bytes):
        return len(content), hashlib.sha256(content).hexdigest()
    return content.stat().st_size, sha256_of(content)
