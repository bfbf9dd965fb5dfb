"""The verb `vulnerabilities` tells nothing known, something known and not checked apart."""

import json
import re
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

TEMPLATE = Path(__file__).resolve().parent.parent
STUDY = TEMPLATE / "{{cookiecutter.project_slug}}"
# Nothing is installed where CI asks: the folder is started, and nothing compiled is left in it.
LOOK_UP = ["-B", STUDY / "engine" / "reproml", "vulnerabilities"]
CANARY = ("pyyaml", "5.3")
pytestmark = pytest.mark.network  # of the index alone, for the environment with pip-audit


class Service:
    """A stand-in for the database, on this machine: what it knows, and what it was asked."""

    def __init__(self):
        self.known = {CANARY: [("PYSEC-2021-142", "5.4")]}
        self.asked = []
        self.status = 200
        self.address = ""

    def answer(self, question):
        package = question["package"]["name"], question["version"]
        self.asked.append(package)
        return {
            "vulns": [
                {
                    "id": identifier,
                    "modified": "2026-01-01T00:00:00Z",
                    "affected": [
                        {
                            "package": {"name": package[0], "ecosystem": "PyPI"},
                            "ranges": [{"type": "ECOSYSTEM", "events": [{"fixed": mended}]}],
                        }
                    ],
                }
                for identifier, mended in self.known.get(package, [])
            ]
        }


@pytest.fixture
def service():
    """The stand-in, answering at a local address while the test runs."""
    service = Service()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            question = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            content = json.dumps(service.answer(question)).encode("utf-8")
            self.send_response(service.status)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_):
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    service.address = f"http://127.0.0.1:{server.server_port}/"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield service
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def look_up(run, study_env, tmp_path):
    """Run the script on a lock with two entries, one of them for Windows alone."""
    lock = tmp_path / "requirements-dev.txt"
    lock.write_text(
        "numpy==2.4.1 \\\n    --hash=sha256:00\n"
        "pywin32==311 ; sys_platform == 'win32' \\\n    --hash=sha256:00\n",
        encoding="utf-8",
    )

    def call(address, *options, rc):
        command = [study_env, *LOOK_UP, lock, "--service", address, *options]
        return run(command, cwd=tmp_path, rc=rc)

    return call


def test_nothing_known_is_green(service, look_up):
    done = look_up(service.address, rc=0)
    assert done.stdout == "2 locked versions were looked up; known vulnerabilities: 0.\n"
    assert service.asked == [CANARY, ("numpy", "2.4.1"), ("pywin32", "311")]


def test_something_known_is_red_until_it_is_judged(service, look_up):
    service.known["pywin32", "311"] = [("PYSEC-1", "312")]
    done = look_up(service.address, rc=1)
    assert "known vulnerabilities: 1." in done.stdout
    assert "pywin32 311: PYSEC-1, mended in 312" in done.stdout
    assert "lock --upgrade" in done.stdout
    look_up(service.address, "--ignore", "PYSEC-2", rc=1)
    look_up(service.address, "--ignore", "PYSEC-2", "PYSEC-1", rc=0)


def test_a_service_that_cannot_be_reached_is_not_green(look_up):
    done = look_up("http://127.0.0.1:9/", rc=3)
    assert re.search("NOT CHECKED: .*pip-audit gave no report: .*Connection", done.stderr)
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_a_service_that_fails_is_not_green(service, look_up):
    service.status = 500
    assert "NOT CHECKED" in look_up(service.address, rc=3).stderr


def test_a_service_that_knows_nothing_is_not_green(service, look_up):
    """It answers, but has no data: an empty copy, or something else at that address."""
    service.known.clear()
    done = look_up(service.address, rc=3)
    assert "it does not know what is wrong with pyyaml==5.3" in done.stderr


def test_an_empty_or_missing_lock_is_not_green(service, run, study_env, tmp_path):
    (tmp_path / "empty.txt").write_text("# nothing\n", encoding="utf-8")
    command = [study_env, *LOOK_UP, "--service", service.address]
    done = run([*command, "empty.txt", "nowhere.txt"], cwd=tmp_path, rc=3)
    assert "NOT CHECKED: empty.txt: it locks nothing." in done.stderr
    assert "NOT CHECKED: nowhere.txt: No such file or directory." in done.stderr


def test_every_lock_is_asked_about_and_nothing_twice(service, run, study_env, tmp_path):
    locks = sorted(STUDY.glob("requirements*.txt"))
    assert len(locks) >= 3
    run([study_env, *LOOK_UP, "--service", service.address], cwd=tmp_path)
    text = "".join(lock.read_text(encoding="utf-8") for lock in locks)
    pins = set(re.findall(r"^([a-z0-9-]+)==([^ ]+)", text, re.MULTILINE))
    assert len(pins) > 100
    asked = [package for package in service.asked if package != CANARY]
    assert sorted(asked) == sorted(pins)
