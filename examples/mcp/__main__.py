"""``make mcp``: the provider, and an MCP server that accepts its tokens, until Ctrl-C.

The first start registers the client by which the MCP server introspects tokens. Everything is kept
in one folder: users, clients and tokens, the secret of that client.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

HERE = Path(__file__).parent
INI = HERE / "provider.ini"
FOLDER = HERE.parents[1] / "var" / "mcp"
PATIENCE = 60
"""Seconds that the start of a program may take."""

PYTHON = (sys.executable, "-W", "ignore:pkg_resources is deprecated")
OAUTHPROV = (*PYTHON, "-c", "import sys; from oauthprov.cli import main; sys.exit(main())")


def main() -> None:
    """Run both until one ends, or until this process is stopped."""
    parser = argparse.ArgumentParser(prog="make mcp", description="Options of make mcp.")
    parser.add_argument("--port", type=int, default=5000, help="of the provider")
    parser.add_argument("--mcp-port", type=int, default=5001, help="of the MCP server")
    parser.add_argument("--folder", type=Path, default=FOLDER)
    given = parser.parse_args()
    folder = given.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    issuer = f"http://127.0.0.1:{given.port}"
    resource = f"http://127.0.0.1:{given.mcp_port}/mcp"
    values = (f"port={given.port}", f"resource={resource}", f"folder={folder}")
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: sys.exit(0))
    with running(*PYTHON, "-m", "pyramid.scripts.pserve", str(INI), *values) as provider:
        wait_for(f"{issuer}/healthz", provider)
        client = credentials(folder, resource, values)
        addresses = {"ISSUER": issuer, "RESOURCE": resource}
        with running(*PYTHON, str(HERE / "server.py"), **addresses, **client) as server:
            origin = resource.removesuffix("/mcp")
            wait_for(f"{origin}/.well-known/oauth-protected-resource/mcp", server)
            print(f"The provider is on {issuer}, the MCP server on {resource}", flush=True)
            os.wait()  # for the first that ends
    sys.exit("One of the two ended: see above.")


@contextmanager
def running(*command: str, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program, and end it at the end of the block."""
    process = subprocess.Popen(command, env=os.environ | environment)  # noqa: S603
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()


def wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    """Return once something answers at ``url``; exit if ``process`` ends before."""
    late = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < late:
        try:
            urlopen(url, timeout=5).close()  # noqa: S310 - on this machine
        except OSError:
            time.sleep(0.1)
        else:
            return
    sys.exit(f"Nothing answers at {url}: see above.")


def credentials(folder: Path, resource: str, values: tuple[str, ...]) -> dict[str, str]:
    """Return id and secret of the client by which the MCP server introspects.

    It is registered once for each address of the server. The file of its secret can be read by
    nobody else.
    """
    kept = folder / "mcp-server.json"
    known = json.loads(kept.read_text("utf-8")) if kept.is_file() else {}
    if resource not in known:
        added = ("client", "add", str(INI), "--json", "--type", "api", "--name", "Notes")
        command = (*OAUTHPROV, *added, "--introspects", resource, *values)
        said = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)  # noqa: S603
        known[resource] = {
            "CLIENT_ID": said["client_id"],
            "CLIENT_SECRET": said["client_secret"],
        }
        kept.touch(0o600)
        kept.write_text(json.dumps(known, indent=2) + "\n", "utf-8")
    return dict(known[resource])


if __name__ == "__main__":
    main()
