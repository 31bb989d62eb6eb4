"""``make certify``: it starts from nothing, and what it prints is what the suite needs."""

from __future__ import annotations

import json
import re
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

ROOT = Path(__file__).parents[2]


@contextmanager
def certify(suite_server, folder, *arguments):
    """Run the command until the block is left; yield the provider as it says that it is."""
    suite, ca_file = suite_server.place, suite_server.ca_file
    command = [sys.executable, "-m", "examples.certification", "--port", "0"]
    command += ["--suite", suite, "--suite-ca", ca_file]
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
        suite_url = f"https://{suite}/test/a/{plan['alias']}"
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


def sub(provider, way):
    """Return what the client of a whole flow calls alice."""
    suite = Suite(provider, BASIC, way)
    try:
        return suite.client().flow(suite.browser()).sub
    finally:
        suite.close()


def test_certify_starts_from_nothing_and_a_restart_keeps_the_subjects(
    suite_server, tmp_path, storage
):
    folder = tmp_path / "var" / "certification"
    subjects = set()
    for way in ("dynamic", "static"):
        with certify(suite_server, folder, *storage) as provider:
            assert json.loads((folder / "plan.json").read_text("utf-8")) == provider.plan
            subjects.add(sub(provider, way))
    assert len(subjects) == 1
    for secret in ("secret", "pairwise.secret", "tls.pem", "plan.json", "oauthprov.ini"):
        assert (folder / secret).stat().st_mode & 0o777 == 0o600


def test_two_run_side_by_side_each_in_its_own_folder(suite_server, tmp_path):
    with (
        certify(suite_server, tmp_path / "one", "--alias", "one") as one,
        certify(suite_server, tmp_path / "two", "--alias", "two") as two,
    ):
        assert one.issuer != two.issuer
        assert one.suite_url != two.suite_url
        assert sub(one, "static") != sub(two, "static")


def test_make_keeps_its_files_in_var_unless_folder_is_set():
    assert option("--folder") == '"var/certification"'
    assert option("--folder", "FOLDER=/srv/run 2") == '"/srv/run 2"'


def option(name, *given):
    """Return what make would say for an option of the command, given variables."""
    done = dry_run(*given)
    return re.search(rf'{name} ("[^"]*")', done)[1]


def dry_run(*given):
    """Return what make would run."""
    done = subprocess.run(  # noqa: S603 - nothing is run: make shows what it would do
        [shutil.which("make"), "--dry-run", "certify", *given],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.replace("\\\n", " ")


def test_make_passes_its_variables_on():
    given = ["STORAGE=redis://127.0.0.1:6379/3", "HOST=provider", "PORT=6443", "SUITE_CA=ca.pem"]
    for name, value in (
        ("--storage", "redis://127.0.0.1:6379/3"),
        ("--host", "provider"),
        ("--port", "6443"),
        ("--listen", "127.0.0.1"),
        ("--suite", "localhost.emobix.co.uk:8443"),
        ("--suite-ca", "ca.pem"),
        ("--alias", "oauthprov"),
    ):
        assert option(name, *given) == f'"{value}"'
