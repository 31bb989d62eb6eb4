"""The host of docs/pyramid-host.md, as it stands there: its own tests, and a server."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from tests.documents import blocks
from tests.documents.serving import fetched, run, served
from tests.servers.run import free_port

PAGE = "docs/pyramid-host.md"
LINES = 60


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the files that the page shows."""
    shown = blocks.files(PAGE)
    assert set(shown) == {"host.py", "host.ini", "add_user.py", "test_host.py"}
    for name, text in shown.items():
        (tmp_path / name).write_text(text, "utf-8")
    return tmp_path


def test_the_host_has_sixty_lines_without_blank_ones():
    lines = [line for line in blocks.files(PAGE)["host.py"].splitlines() if line.strip()]
    assert len(lines) <= LINES


def test_its_tests_pass(folder: Path):
    pytest_ = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider")
    printed = run(folder, *pytest_, "test_host.py")
    tests = re.findall(r"^def test_", blocks.files(PAGE)["test_host.py"], re.MULTILINE)
    assert f"{len(tests)} passed" in printed


def test_the_command_that_registers_a_client_works_as_it_stands(folder: Path):
    lines = [line for block in blocks.of(PAGE, "sh") for line in block.text.splitlines()]
    [line] = [line for line in lines if "client add" in line]
    assert "Printer" in run(folder, "sh", "-c", f"unset PYTHONPATH; {line}")


def test_it_serves_with_its_settings_and_a_user(folder: Path):
    run(folder, sys.executable, "add_user.py", "alice", "looking glass")
    origin = f"http://127.0.0.1:{free_port()}"
    settings = (folder / "host.ini").read_text("utf-8")
    settings = settings.replace("127.0.0.1:6543", origin.removeprefix("http://"))
    (folder / "host.ini").write_text(settings, "utf-8")
    metadata = "/.well-known/oauth-authorization-server/auth"
    with served(folder, "host.ini", origin + metadata):
        fetched(f"{origin}/login")
        fetched(f"{origin}/api/photos", 401)
