"""Ask whether a locked library has a known vulnerability: python -m reproml vulnerabilities.

pip-audit asks the OSV database about every version in the locks, whatever system it is for. Exit
code 0: all were looked up and nothing is known. 1: something is known. 3: not checked, because the
service could not be asked or left something out; silence is never taken for good news.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from ..run.terminal import ROOT
from .lock import read_pins

# Known to be vulnerable, and asked about every time: a service that does not say so does not work.
CANARY = {"pyyaml": "5.3"}


class NotCheckedError(Exception):
    """The service gave no answer that could be relied on."""


def ask(pins, service):
    """Return {package: [(vulnerability, versions that mend it), ...]} for each of the packages."""
    with tempfile.TemporaryDirectory() as folder:
        listed = Path(folder, "pins.txt")
        lines = [f"{name}=={version}\n" for name, version in pins.items()]
        listed.write_text("".join(lines), encoding="utf-8")
        command = [sys.executable, "-m", "pip_audit", "--requirement", listed, "--no-deps"]
        command += ["--disable-pip", "--progress-spinner", "off", "--format", "json"]
        command += ["--vulnerability-service", "osv", "--osv-url", service]
        done = subprocess.run(command, capture_output=True, encoding="utf-8", errors="replace")
    try:
        answers = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError, TypeError):
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise NotCheckedError(f"pip-audit gave no report: {reason}") from None
    found = {answer["name"]: answer["vulns"] for answer in answers if "vulns" in answer}
    missing = sorted(set(pins) - set(found))
    if missing:
        raise NotCheckedError(f"no answer about {', '.join(missing)}")
    return {
        name: [(entry["id"], entry["fix_versions"]) for entry in found[name]]
        for name in sorted(pins)
    }


def check(pins, service, ignored):
    """Return a line for each vulnerability of the packages, less those that were judged."""
    if not any(ask(CANARY, service).values()):
        known = " ".join("==".join(pin) for pin in CANARY.items())
        raise NotCheckedError(f"it does not know what is wrong with {known}")
    return [
        f"{name} {pins[name]}: {vulnerability}, mended in {', '.join(mended) or 'no version yet'}"
        for name, entries in ask(pins, service).items()
        for vulnerability, mended in entries
        if vulnerability not in ignored
    ]


def main(locks, service, ignore):
    """Ask about every lock, print what is known, and give the exit code."""
    known, asked, unchecked = [], set(), []
    for lock in locks or sorted(ROOT.glob("requirements*.txt")):
        try:
            pins = read_pins(lock.read_text(encoding="utf-8"))
            if not pins:
                raise NotCheckedError("it locks nothing")
            new = dict(sorted(pins.items() - asked))  # locks share most of what they hold
            known += check(new, service, ignore)
            asked |= new.items()
        except OSError as error:
            unchecked.append(f"NOT CHECKED: {lock}: {error.strerror}.")
        except NotCheckedError as error:
            unchecked.append(f"NOT CHECKED: {lock}: {error}.")
    if asked:
        print(f"{len(asked)} locked versions were looked up; known vulnerabilities: {len(known)}.")
    if known:
        print("\n".join(known))
        print(
            "Renew the lock with python -m reproml lock --upgrade. Where that does not help, judge "
            "whether the\nstudy uses what is broken; if not, give --ignore and the identifier."
        )
    if unchecked:
        print("\n".join(unchecked), file=sys.stderr)
        print("Ask again later, or from where the service can be reached.", file=sys.stderr)
        return 3
    return 1 if known else 0
