"""``examples/mcp`` as its README starts it: one command, two servers, one Ctrl-C."""

from __future__ import annotations

import os
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import requests

from tests.clients.inspector import Inspector
from tests.clients.person import Person
from tests.documents.blocks import of
from tests.servers.run import free_port
from tests.site import PASSWORD

ROOT = Path(__file__).parents[2]
README_URL = "http://127.0.0.1:5001/mcp"


@contextmanager
def started(folder: Path, port: int, mcp_port: int) -> Iterator[subprocess.Popen[str]]:
    """Run the command of ``make mcp``; everything that it started ends with the block."""
    options = ("--port", str(port), "--mcp-port", str(mcp_port), "--folder", str(folder))
    process = subprocess.Popen(  # noqa: S603
        [sys.executable, "-m", "examples.mcp", *options],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    with process:
        try:
            yield process
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def read_until(process: subprocess.Popen[str], words: str) -> None:
    printed = []
    for line in process.stdout:
        printed.append(line)
        if words in line:
            return
    raise AssertionError("".join(printed))


def is_free(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) != 0


def words_of_the_readme() -> list[str]:
    """The command of Inspector that the README of the example has, without npx."""
    [block] = [one for one in of("examples/mcp/README.md", "sh") if "--cli" in one.text]
    npx, package, *words = shlex.split(block.text.replace("\\\n", " "))
    assert (npx, package) == ("npx", "@modelcontextprotocol/inspector")
    return words


def test_one_command_serves_both_and_one_ctrl_c_ends_both(tmp_path):
    """The walk of the README: from the command to the call of a tool, and the end."""
    port, mcp_port = free_port(), free_port()
    issuer, url = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{mcp_port}/mcp"
    with started(tmp_path, port, mcp_port) as process:
        read_until(process, f"The provider is on {issuer}, the MCP server on {url}")
        alice = Person(issuer)
        alice.submit(alice.visit(f"{issuer}/signup"), name="alice", password=PASSWORD)
        inspector = Inspector(tmp_path, lambda shown: alice.allow(shown, "http://127.0.0.1"))
        said = inspector.run(*(word.replace(README_URL, url) for word in words_of_the_readme()))
        assert said == "You have 1 notes."
        os.killpg(process.pid, signal.SIGINT)
        printed, _ = process.communicate(timeout=30)
        assert process.returncode == 0, printed
        assert "Traceback" not in printed
    assert is_free(port)
    assert is_free(mcp_port)


def test_the_mcp_server_keeps_its_client(tmp_path):
    port, mcp_port = free_port(), free_port()
    secrets = []
    for _ in range(2):
        with started(tmp_path, port, mcp_port) as process:
            read_until(process, "The provider is on ")
            process.terminate()
            process.communicate(timeout=30)
            assert process.returncode == 0
        kept = tmp_path / "mcp-server.json"
        assert kept.stat().st_mode & 0o777 == 0o600
        secrets.append(kept.read_text("utf-8"))
    assert secrets[0] == secrets[1]


def test_nothing_is_left_if_the_mcp_server_cannot_start(tmp_path):
    port = free_port()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        with started(tmp_path, port, taken.getsockname()[1]) as process:
            printed, _ = process.communicate(timeout=60)
        assert process.returncode == 1, printed
    assert is_free(port)


def test_a_request_without_a_token_is_led_to_the_provider(tmp_path):
    port, mcp_port = free_port(), free_port()
    with started(tmp_path, port, mcp_port) as process:
        read_until(process, "The provider is on ")
        origin = f"http://127.0.0.1:{mcp_port}"
        for headers in ({}, {"Authorization": "Bearer unknown"}):
            refused = requests.post(f"{origin}/mcp", b"{}", headers=headers, timeout=30)
            assert refused.status_code == 401
            said = refused.headers["WWW-Authenticate"]
            metadata = f"{origin}/.well-known/oauth-protected-resource/mcp"
            assert f'resource_metadata="{metadata}"' in said
            assert 'scope="notes.read"' in said
            assert ('error="invalid_token"' in said) is bool(headers)
        found = requests.get(metadata, timeout=30).json()
    assert found["resource"] == f"{origin}/mcp"
    assert found["authorization_servers"] == [f"http://127.0.0.1:{port}"]
