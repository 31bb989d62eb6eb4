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
    """One user of it, whose files are in ``folder``.

    ``browse`` goes to a URL and returns where that leads. ``visited`` has the URLs that the
    program showed, ``asked`` is how often it asked whether to go on.
    """

    def __init__(self, folder: Path, browse: Callable[[str], str]) -> None:
        self._folder, self._browse = folder, browse
        self._environment = os.environ | {
            "HOME": str(folder),
            "MCP_STORAGE_DIR": str(folder),
            "MCP_INSPECTOR_SECRET_STORE": "file",
            "MCP_AUTO_OPEN_ENABLED": "false",
            "MCP_OAUTH_CALLBACK_URL": f"http://127.0.0.1:{free_port()}/oauth/callback",
        }
        self.visited: list[str] = []
        self.asked = 0

    def know(self, name: str, url: str, scopes: str) -> None:
        """Add a server to its catalog, for which it requests these scopes at first."""
        entry = {"type": "streamable-http", "url": url, "oauth": {"scopes": scopes}}
        catalog = self._folder / "mcp.json"
        catalog.write_text(json.dumps({"mcpServers": {name: entry}}), "utf-8")

    def call(self, name: str, tool: str, *arguments: str) -> Any:
        """Call a tool of a server in its catalog; return what the tool returned."""
        given = [word for pair in arguments for word in ("--tool-arg", pair)]
        server = ("--catalog", "mcp.json", "--server", name)
        return self.run("--cli", *server, "--method", "tools/call", "--tool-name", tool, *given)

    def run(self, *words: str) -> Any:
        """Run the command, and do what it asks for; return what the tool returned."""
        ours, theirs = pty.openpty()
        with (
            open(ours, "r+b", buffering=0) as terminal,
            subprocess.Popen(  # noqa: S603
                [javascript.node(), javascript.HOME / "node_modules" / PROGRAM, *words],
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
        return json.loads(printed)["structuredContent"]["result"]

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
