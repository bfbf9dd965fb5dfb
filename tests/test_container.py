"""The study's container is built and run: without a network, as a user, every number comes out.

Docker does it where it runs. Elsewhere buildah does, which needs no daemon, on a base image made
from Debian's packages, because the pinned one cannot be fetched without a registry. Both take the
same Dockerfile. The base image is kept under .cache by what it is made of.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from interpreters import install

TEMPLATE = Path(__file__).resolve().parent.parent
CACHE = TEMPLATE / ".cache" / "container"
PYTHONS = {"bookworm": "3.11", "trixie": "3.13"}  # what Debian's own Python is
PACKAGES = "python3,python3-pip,ca-certificates"
BASE = """\
FROM scratch
ADD base.tar /
RUN rm /usr/lib/python3*/EXTERNALLY-MANAGED && ln -s /usr/bin/python3 /usr/local/bin/python
"""
CERTIFICATES = Path("/etc/ssl/certs")
WHO = """
import os, socket
print(os.getuid(), os.getcwd())
try:
    socket.create_connection(("192.0.2.1", 443), timeout=5)  # an address that nobody has
except OSError as error:
    print(error.strerror)
"""
pytestmark = [pytest.mark.network, pytest.mark.slow, pytest.mark.xdist_group("container")]


class Docker:
    """Builds on the pinned base image."""

    def __init__(self, run):
        self.call, self.answers = run, {}

    def build(self, folder, tag, rc=0):
        command = ["docker", "build", "--progress", "plain", "--tag", tag, folder]
        return self.call(command, cwd=folder, rc=rc, timeout=1800)

    def run(self, tag, command=(), rc=0, mounts=()):
        volumes = [f"--volume={source}:{target}:ro" for source, target in mounts]
        docker = ["docker", "run", "--rm", "--network", "none", *volumes, tag, *command]
        return self.call(docker, cwd=TEMPLATE, rc=rc, timeout=1800)

    def remove(self, tag):
        self.call(["docker", "image", "rm", tag], cwd=TEMPLATE)


class Buildah:
    """Builds on a base image made here; `unshare -n` takes the network away from what is run."""

    def __init__(self, run, suite, folder):
        self.call, self.folder = run, folder
        self.answers = {"python_version": PYTHONS[suite]}
        for driver in ("overlay", "vfs"):  # the latter is slow, and works on every file system
            store = [f"--root={CACHE / driver}", f"--runroot={folder / driver}"]
            self.buildah = ["buildah", *store, f"--storage-driver={driver}"]
            if self.call([*self.buildah, "info"], cwd=TEMPLATE, rc=None).returncode == 0:
                break
        made_of = hashlib.sha256(f"{suite} {PACKAGES} {BASE}".encode()).hexdigest()[:16]
        self.base = f"localhost/python:{made_of}"
        CACHE.mkdir(parents=True, exist_ok=True)
        if self.image(self.base, rc=None) is None:
            self.make_base(suite)

    def image(self, tag, rc=0):
        found = self.call([*self.buildah, "inspect", "--type", "image", tag], cwd=TEMPLATE, rc=rc)
        return json.loads(found.stdout) if found.returncode == 0 else None

    def make_base(self, suite):
        options = ["--variant=apt", f"--include={PACKAGES}"]
        for unneeded in ("doc", "man", "locale"):
            options.append(f"--dpkgopt=path-exclude=/usr/share/{unneeded}/*")
        self.call(["mmdebstrap", *options, suite, self.folder / "base.tar"], cwd=TEMPLATE)
        (self.folder / "Dockerfile").write_text(BASE, encoding="utf-8")
        self.build(self.folder, self.base)
        (self.folder / "base.tar").unlink()

    def build(self, folder, tag, rc=0):
        command = [*self.buildah, "bud", "--isolation=chroot", "--pull-never", "--tag", tag]
        command.append(f"--build-arg=BASE_IMAGE={self.base}")
        # What this machine needs to fetch packages, for the time of the build alone.
        if CERTIFICATES.is_dir():
            command.append(f"--volume={CERTIFICATES}:{CERTIFICATES}:ro")
        asked = [sys.executable, "-m", "pip", "config", "get", "global.index-url"]
        index = subprocess.run(asked, capture_output=True, encoding="utf-8")
        if index.returncode == 0:
            settings = self.folder / "pip.conf"
            settings.write_text(f"[global]\nindex-url = {index.stdout}", encoding="utf-8")
            command.append(f"--volume={settings}:/etc/pip.conf:ro")
        return self.call([*command, folder], cwd=folder, rc=rc, timeout=1800)

    def run(self, tag, command=(), rc=0, mounts=()):
        command = command or self.image(tag)["OCIv1"]["config"]["Cmd"]
        made = self.call([*self.buildah, "from", "--pull-never", tag], cwd=TEMPLATE)
        container = made.stdout.strip()
        options = [f"--volume={source}:{target}:ro" for source, target in mounts]
        options += ["--isolation=chroot", container, "--", *command]
        try:
            return self.call(
                ["unshare", "-n", *self.buildah, "run", *options], cwd=TEMPLATE, rc=rc, timeout=1800
            )
        finally:
            self.call([*self.buildah, "rm", container], cwd=TEMPLATE)

    def remove(self, tag):
        self.call([*self.buildah, "rmi", tag], cwd=TEMPLATE)


def debian():
    """Give the name of the Debian that runs here, or nothing."""
    try:
        text = Path("/etc/os-release").read_text(encoding="utf-8")
    except OSError:
        return None
    found = re.search(r"^VERSION_CODENAME=(\w+)$", text, re.MULTILINE)
    return found[1] if found and re.search("^ID=debian$", text, re.MULTILINE) else None


def answers_to(*command):
    """Say whether a command is there and works."""
    return (
        bool(shutil.which(command[0]))
        and not subprocess.run(command, capture_output=True).returncode
    )


@pytest.fixture(scope="module")
def engine(run, tmp_path_factory):
    """Docker, or buildah, installed if need be."""
    if answers_to("docker", "info"):
        return Docker(run)
    suite = debian()
    if suite not in PYTHONS or os.geteuid() != 0:
        pytest.skip("no Docker runs here, and only root on Debian 12 or 13 can do without it")
    wrong = install(["buildah", "mmdebstrap"])
    if wrong:
        pytest.skip(f"no Docker runs here: {wrong}")
    return Buildah(run, suite, tmp_path_factory.mktemp("container"))


@pytest.fixture(scope="module")
def study(bake, engine):
    return bake(**engine.answers).path


@pytest.fixture(scope="module")
def image(engine, study):
    """The study's image, built from its Dockerfile as it is."""
    engine.build(study, "repro-ml-test-study")
    yield "repro-ml-test-study"
    engine.remove("repro-ml-test-study")


def test_every_number_comes_out_in_the_container(engine, image):
    """No command is given: this is what `docker run` does by itself."""
    done = engine.run(image)
    assert "REPRODUCED: every committed number came out again." in done.stdout
    assert int(re.search(r"(\d+) bit-identical", done.stdout)[1]) > 1000


def test_it_runs_as_a_user_without_a_network(engine, image):
    done = engine.run(image, ["python", "-c", WHO])
    assert done.stdout.splitlines() == ["1000 /study", "Network is unreachable"]


@pytest.mark.weekly
def test_a_changed_number_is_seen(engine, image, study, tmp_path):
    shutil.copytree(study / "results", tmp_path / "results")
    scores = tmp_path / "results" / "baselines.csv"
    text = scores.read_text(encoding="utf-8")
    number = re.search(r"0\.[0-9]{4,}", text)[0]
    scores.write_text(text.replace(number, "0.5", 1), encoding="utf-8", newline="\n")
    done = engine.run(image, rc=1, mounts=[(tmp_path / "results", "/study/results")])
    assert "edited: baselines.csv" in done.stdout
    assert f"committed 0.5, made again {number}" in done.stdout
    assert "NOT REPRODUCED: " in done.stdout


@pytest.mark.weekly
def test_a_wrong_hash_stops_the_build(engine, bake):
    study = bake(**engine.answers).path
    lock = study / "requirements.txt"
    entry = re.search(r"^(tqdm==\S+)", lock.read_text(encoding="utf-8"), re.MULTILINE)[1]
    wrong = f"{entry} --hash=sha256:{'0' * 64}\n"
    lock.write_text(wrong, encoding="utf-8", newline="\n")
    done = engine.build(study, "repro-ml-test-wrong", rc=None)
    assert done.returncode != 0
    assert "THESE PACKAGES DO NOT MATCH THE HASHES" in done.stdout + done.stderr
