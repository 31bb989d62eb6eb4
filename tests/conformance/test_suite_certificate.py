"""``make certify`` asks the suite first: from one that isn't trusted nothing can be fetched."""

from __future__ import annotations

import shlex
import socket
import ssl
import subprocess
import sys
from pathlib import Path

import pytest

from examples.certification.suite import UntrustedSuite, check_suite
from tests.fetch.server import Authority, Server, answer

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "docs" / "openid.md"
STOCK_HOST = "localhost.emobix.co.uk"


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path)


@pytest.fixture
def serve():
    """Start a suite with a certificate; return where it is. It answers that there is no page."""
    started = []

    def start(context):
        started.append(Server(context))
        started[-1].reply = answer(b"", status="404 Not Found")
        return f"localhost:{started[-1].port}"

    yield start
    for server in started:
        server.close()


def sentence(suite, ca_file):
    """Return why the suite isn't trusted: one line, which ends as a sentence does."""
    with pytest.raises(UntrustedSuite) as refused:
        check_suite(suite, ca_file)
    said = str(refused.value)
    assert "\n" not in said
    assert said.endswith(".")
    return said


def test_a_certificate_that_names_the_host_and_verifies_is_enough(authority, serve):
    assert check_suite(serve(authority.context("localhost")), authority.file) is None


def test_a_certificate_that_names_another_host_is_refused(authority, serve):
    suite = serve(authority.context("suite.example"))
    assert f"{suite} doesn't name localhost" in sentence(suite, authority.file)


def test_a_certificate_of_an_untrusted_authority_is_refused(authority, serve, tmp_path):
    suite = serve(authority.context("localhost"))
    (tmp_path / "other").mkdir()
    other = Authority(tmp_path / "other")
    for ca_file in ("", other.file):
        said = sentence(suite, ca_file)
        assert f"{suite} can't be verified" in said
        assert "SUITE_CA" in said


def test_a_file_without_certificates_is_refused(tmp_path):
    missing = str(tmp_path / "missing.pem")
    assert missing in sentence("localhost:8443", missing)


@pytest.mark.parametrize("suite", ["localhost", "https://localhost:8443", "10.0.0.0/8", ""])
def test_a_suite_is_a_host_and_a_port(suite):
    assert "HOST:PORT" in sentence(suite, "")


def test_a_suite_that_does_not_answer_yet_is_no_error():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        suite = f"localhost:{listener.getsockname()[1]}"
    said = check_suite(suite, "")
    assert suite in said
    assert said.endswith(".")


def test_the_documented_command_makes_a_certificate_that_names_the_host(serve, tmp_path):
    text = DOCUMENT.read_text("utf-8").replace("\\\n", " ").replace(STOCK_HOST, "localhost")
    [command] = [line for line in text.splitlines() if line.strip().startswith("openssl req ")]
    subprocess.run(shlex.split(command), cwd=tmp_path, check=True, capture_output=True)  # noqa: S603
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "suite.pem", tmp_path / "suite.key")
    assert check_suite(serve(context), str(tmp_path / "suite.pem")) is None


def test_an_untrusted_suite_ends_the_command_before_it_writes_files(authority, serve, tmp_path):
    suite, folder = serve(authority.context("suite.example")), tmp_path / "certification"
    command = [sys.executable, "-W", "ignore", "-m", "examples.certification", "--port", "0"]
    done = subprocess.run(  # noqa: S603 - our own interpreter and module
        [*command, "--folder", str(folder), "--suite", suite, "--suite-ca", authority.file],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == sentence(suite, authority.file) + "\n"
    assert not folder.exists()
