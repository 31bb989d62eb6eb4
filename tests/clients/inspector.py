"""MCP Inspector's command as a client, used at a terminal: it asks, and shows where to sign in."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import requests

from tests.clients import javascript
from tests.clients.conversation import SECONDS
from tests.servers.run import free_port

PROGRAM = "@modelcontextprotocol/inspector/clients/launcher/build/index.js"
ADDRESS = re.compile(r"http://[^\s\x1b\x07]+/oauth/authorize\?[^\s\x1b\x07]+")
QUESTION = "[y/N] "


class Inspector:
    """One user of it, whose files are in ``folder``; it knows one server, ``notes``.

    ``browse`` goes to a URL and returns where that leads. ``visited`` has the URLs that the
    program showed, ``asked`` is how often it asked whether to go on.
    """

    def __init__(self, folder: Path, url: str, scopes: str, browse: Callable[[str], str]) -> None:
        self._folder, self._browse = folder, browse
        entry = {"type": "streamable-http", "url": url, "oauth": {"scopes": scopes}}
        (folder / "mcp.json").write_text(json.dumps({"mcpServers": {"notes": entry}}), "utf-8")
        self._environment = os.environ | {
            "HOME": str(folder),
            "MCP_STORAGE_DIR": str(folder),
            "MCP_INSPECTOR_SECRET_STORE": "file",
            "MCP_AUTO_OPEN_ENABLED": "false",
            "MCP_OAUTH_CALLBACK_URL": f"http://127.0.0.1:{free_port()}/oauth/callback",
        }
        self.visited: list[str] = []
        self.asked = 0

    def call(self, tool: str, **given: str) -> Any:
        """Call a tool, and do what the program asks for meanwhile; return what the tool did."""
        arguments = [
            part for name, value in given.items() for part in ("--tool-arg", f"{name}={value}")
        ]
        ours, theirs = pty.openpty()
        with (
            open(ours, "r+b", buffering=0) as terminal,
            subprocess.Popen(  # noqa: S603
                [
                    *(javascript.node(), javascript.HOME / "node_modules" / PROGRAM, "--cli"),
                    *("--catalog", "mcp.json", "--server", "notes", "--format", "json"),
                    *("--method", "tools/call", "--tool-name", tool, *arguments),
                ],
                cwd=self._folder,
                env=self._environment,
                stdin=theirs,
                stderr=theirs,
                stdout=subprocess.PIPE,
                text=True,
            ) as running,
        ):
            os.close(theirs)
            late = threading.Timer(SECONDS, running.kill)
            late.start()
            try:
                shown = self._attend(terminal)
                printed, _ = running.communicate()
            finally:
                running.kill()
                late.cancel()
        assert running.returncode == 0, shown
        return json.loads(printed)["result"]["structuredContent"]["result"]

    def _attend(self, terminal) -> str:
        """Do what the terminal asks for until the program ends; return what it showed."""
        shown, read = "", 0
        while True:
            try:
                part = terminal.read(4096)
            except OSError:  # Linux: nobody has the other end any more
                return shown
            if not part:
                return shown
            shown += part.decode(errors="replace")
            lines = shown.rfind("\n") + 1
            if lines > read:
                for address in dict.fromkeys(ADDRESS.findall(shown[read:lines])):
                    self.visited.append(address)
                    requests.get(self._browse(address), timeout=30).raise_for_status()
                read = lines
            if QUESTION in shown[read:]:
                self.asked += 1
                read = len(shown)
                terminal.write(b"y\n")
