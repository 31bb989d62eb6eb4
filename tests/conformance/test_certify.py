"""``make certify``: it starts from nothing, and what it prints is what the suite needs."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.conformance.conftest import BASIC
from tests.conformance.provider import Certified, Clock
from tests.conformance.relying_party import Suite
from tests.servers import empty

SUITE = "localhost.emobix.co.uk:8443"
ROOT = Path(__file__).parents[2]


@contextmanager
def certify(folder, *arguments):
    """Run the command until the block is left; yield the provider as it says that it is."""
    command = [sys.executable, "-m", "examples.certification", "--port", "0"]
    process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
        [*command, "--folder", str(folder), *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    printed = ""
    try:
        for line in process.stdout:
            printed += line
            if line.startswith("The plan above is"):
                break
        else:
            pytest.fail(process.stderr.read())
        plan = json.loads(printed.partition("\n\n")[0])
        issuer = plan["server"]["discoveryUrl"].partition("/.well-known/")[0]
        suite_url = f"https://{SUITE}/test/a/{plan['alias']}"
        yield Certified(issuer, str(folder / "tls.pem"), plan, suite_url, Clock())
    finally:
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors


@pytest.fixture(params=["sqlite", "redis"])
def storage(request):
    """The arguments that choose it: SQLite is what there is without any."""
    if request.param == "sqlite":
        return ()
    url = request.getfixturevalue("redis_url")
    empty(url)
    return ("--storage", url)


def test_it_starts_from_nothing_and_goes_on(tmp_path, storage):
    folder = tmp_path / "var" / "certification"
    subjects = set()
    for way in ("dynamic", "static"):
        with certify(folder, *storage) as provider:
            assert json.loads((folder / "plan.json").read_text("utf-8")) == provider.plan
            suite = Suite(provider, BASIC, way)
            subjects.add(suite.client().flow(suite.browser()).sub)
            suite.close()
    assert len(subjects) == 1
    for secret in ("secret", "pairwise.secret", "tls.pem", "plan.json", "oauthprov.ini"):
        assert (folder / secret).stat().st_mode & 0o777 == 0o600


def test_make_hands_its_variables_on():
    make = shutil.which("make")
    given = ["STORAGE=redis://127.0.0.1:6379/3", "HOST=provider", "PORT=6443", "SUITE_CA=ca.pem"]
    done = subprocess.run(  # noqa: S603 - nothing is run: make shows what it would do
        [make, "--dry-run", "certify", *given],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    told = done.stdout.replace("\\\n", " ").split()
    for option, value in (
        ("--storage", "redis://127.0.0.1:6379/3"),
        ("--host", "provider"),
        ("--port", "6443"),
        ("--listen", "127.0.0.1"),
        ("--suite", SUITE),
        ("--suite-ca", "ca.pem"),
        ("--alias", "oauthprov"),
    ):
        assert told[told.index(option) + 1] == f'"{value}"'
