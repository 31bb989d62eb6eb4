"""mcp-remote, by which apps that only start local MCP servers use remote ones."""

from __future__ import annotations

import json
import os
import re
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from tests.clients import javascript
from tests.clients.conversation import SECONDS
from tests.servers.run import free_port

PROGRAM = "node_modules/mcp-remote/dist/proxy.js"
ADDRESS = re.compile(r"http://\S+/oauth/authorize\?\S+")
OPENS_BROWSERS = ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")
APP = {
    "protocolVersion": "2025-06-18",
    "capabilities": {},
    "clientInfo": {"name": "App", "version": "1"},
}


class Remote:
    """A running mcp-remote; ``visited`` has the addresses that it showed."""

    def __init__(self, process: subprocess.Popen[str], browse: Callable[[str], str]) -> None:
        self._process, self._browse, self._number = process, browse, 0
        self.visited: list[str] = []
        self.shown = ""

    def call(self, tool: str, **given: str) -> Any:
        """Call a tool; return what it returned."""
        said = self._ask("tools/call", {"name": tool, "arguments": given})
        return said["structuredContent"]["result"]

    def begin(self) -> None:
        """Begin the session, as an app does."""
        self._ask("initialize", APP)
        self._send({"method": "notifications/initialized"})

    def attend(self) -> None:
        """Open in a browser what the program shows, until it ends."""
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self.shown += line
            if (found := ADDRESS.search(line)) is not None:
                self.visited.append(found.group())
                requests.get(self._browse(found.group()), timeout=30)

    def _ask(self, method: str, params: dict[str, object]) -> dict[str, Any]:
        self._number += 1
        self._send({"id": self._number, "method": method, "params": params})
        assert self._process.stdout is not None
        for line in self._process.stdout:
            said = json.loads(line)
            if said.get("id") == self._number:
                return dict(said["result"])
        raise AssertionError(self.shown)

    def _send(self, message: dict[str, object]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"jsonrpc": "2.0"} | message) + "\n")
        self._process.stdin.flush()


@contextmanager
def remote(
    folder: Path, url: str, browse: Callable[[str], str], *options: str
) -> Iterator[Remote]:
    """Run it for the MCP server at ``url``; ``browse`` goes to a URL, returns where that leads."""
    inherited = {name: value for name, value in os.environ.items() if name not in OPENS_BROWSERS}
    line = [javascript.node(), PROGRAM, url, str(free_port()), "--transport", "http-only"]
    with subprocess.Popen(  # noqa: S603
        [*line, *options],
        cwd=javascript.HOME,
        env=inherited | {"MCP_REMOTE_CONFIG_DIR": str(folder)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        made = Remote(process, browse)
        attending = threading.Thread(target=made.attend)
        attending.start()
        late = threading.Timer(SECONDS, process.kill)
        late.start()
        try:
            made.begin()
            yield made
        finally:
            process.kill()
            late.cancel()
            attending.join()
