"""MCP Inspector's pages in Chromium, connected to ``examples/mcp``."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.clients import javascript
from tests.clients.inspector import PROGRAM
from tests.servers.run import free_port
from tests.site import PASSWORD

pytestmark = pytest.mark.browser

PORTS = ("CLIENT_PORT", "MCP_SANDBOX_PORT", "MCP_APP_ORIGIN_PORT")


@pytest.fixture
def address(notes, tmp_path: Path) -> Iterator[str]:
    """Where Inspector's pages are; they are started for the MCP server, as the README says."""
    environment = os.environ | {name: str(free_port()) for name in PORTS}
    command = ("--web", "--server-url", notes.url, "--transport", "http")
    with subprocess.Popen(  # noqa: S603
        [javascript.node(), javascript.HOME / "node_modules" / PROGRAM, *command],
        cwd=tmp_path,
        env=environment
        | {
            "HOME": str(tmp_path),
            "MCP_STORAGE_DIR": str(tmp_path),
            "MCP_INSPECTOR_SECRET_STORE": "file",
            "MCP_AUTO_OPEN_ENABLED": "false",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as running:
        try:
            printed = []
            for line in running.stdout:
                printed.append(line)
                if (found := re.search(r"http://127\.0\.0\.1:\S+_TOKEN=\S+", line)) is not None:
                    yield found.group()
                    return
            raise AssertionError("".join(printed))
        finally:
            running.terminate()


def allow(page: Page) -> None:
    page.get_by_role("heading", level=1, name="MCP Inspector asks for access").wait_for()
    page.get_by_role("button", name="Allow").click()


def add_a_note(page: Page) -> None:
    page.get_by_text("Tools", exact=True).first.click()
    page.get_by_role("button", name="Add Note").click()
    page.get_by_role("textbox", name="text").fill("from Chromium")
    page.get_by_role("button", name="Execute Tool").click()


def test_somebody_signs_up_allows_inspector_calls_a_tool_and_steps_up(
    notes, address, chromium: Browser
):
    context = chromium.new_context()
    page = context.new_page()
    page.goto(address)
    page.get_by_role("switch", name="Connect or disconnect").click(force=True)
    page.get_by_role("heading", level=1, name="Sign in").wait_for()
    page.get_by_role("link", name="Create one").click()
    page.get_by_label("User name", exact=True).fill("alice.pages")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Create account").click()
    allow(page)
    add_a_note(page)
    page.get_by_role("dialog").get_by_role("button", name="Authorize").click()
    allow(page)
    page.get_by_text("Step-up authorization succeeded").wait_for()
    add_a_note(page)
    page.get_by_text("You have 1 notes.").first.wait_for()
    context.close()
