"""Starts a target's server, and waits until each of its workers serves."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from bench.compare import processes
from bench.compare.installing import Installed
from bench.compare.stores import Store
from bench.compare.targets import WORKERS, Target
from tests.servers import guard
from tests.servers.run import Run, free_port, serve, until

ISSUER = "https://id.example"
PROBES = 8
"""Connections that are opened at once to see which workers accept them."""


@dataclass(frozen=True)
class Secrets:
    """What all targets share in a run: one client secret, alice's password, one RSA key."""

    client: str
    password: str
    key: Path


@dataclass(frozen=True)
class Server:
    """A running target."""

    target: Target
    store: Store
    port: int
    pid: int
    clients: dict[str, tuple[str, str]]
    environment: dict[str, str]
    log: Path

    def connections(self) -> list[int]:
        """Return how many connections each worker serves, the most first."""
        counts = processes.connections(self.pid, self.port)
        return sorted(counts.values(), reverse=True)


def start(
    run: Run, target: Target, installed: Installed, store: Store, secrets: Secrets
) -> Server:
    """Prepare the store, start the server, and return it once all workers serve."""
    port = free_port()
    home = run.directory / f"{target.name}-server"
    environment = os.environ | _environment(target, store, port, secrets, home)
    clients = {name: (name, secrets.client) for name in ("web", "machine")}

    def listen(home: Path) -> str:
        if target.app:
            printed = _prepare(installed, environment)
            clients.update(json.loads(printed or "{}"))
        user = "root" if os.geteuid() == 0 else ""
        command = _command(target, installed, port)
        serve(command, home, user, lambda: _answer(port), environment)
        return str(port)

    run.once(home.name, listen)
    pid = int((home / guard.PID).read_text())
    server = Server(target, store, port, pid, clients, environment, home / guard.LOG)
    until(lambda: _expect_all_workers(server))
    return server


def _environment(
    target: Target, store: Store, port: int, secrets: Secrets, home: Path
) -> dict[str, str]:
    """What the programs of a target are told: none of it stands on a command line."""
    shared = {
        "BENCH_STORE": store.url,
        "BENCH_PORT": str(port),
        "BENCH_ORIGIN": f"http://127.0.0.1:{port}",
        "BENCH_WORKERS": str(WORKERS),
        "BENCH_KEY": str(secrets.key),
        "BENCH_SECRET": secrets.client,
        "BENCH_PASSWORD": secrets.password,
        "NODE_ENV": "production",
        "PYTHONWARNINGS": "ignore",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    if target.ours:
        shared |= {
            "OAUTHPROV_INI": str(home / "production.ini"),
            "OAUTHPROV_ISSUER": ISSUER,
            "OAUTHPROV_SECRET": secrets.client,
            "PROMETHEUS_MULTIPROC_DIR": str(home),
            "OAUTHPROV_STORAGE_URL": store.url.replace("postgresql:", "postgresql+psycopg:"),
        }
    return shared | dict(target.environment)


def _prepare(installed: Installed, environment: dict[str, str]) -> str:
    done = subprocess.run(  # noqa: S603 - our own program in an environment of its own
        [installed.program, "prepare.py"],
        cwd=installed.folder,
        env=environment,
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        raise RuntimeError(f"{installed.folder.name}/prepare.py failed:\n{done.stderr}")
    return done.stdout


def _command(target: Target, installed: Installed, port: int) -> list[str | Path]:
    if not target.app:
        return [installed.program, installed.folder / "server.js"]
    granian = ["-m", "granian", "--interface", "wsgi", "--http", "1", "--no-ws"]
    granian += ["--host", "127.0.0.1", "--port", str(port), "--log-level", "warning"]
    granian += ["--workers", str(WORKERS), "--blocking-threads", str(target.threads)]
    granian += ["--working-dir", str(installed.folder)]
    return [installed.program, *granian, target.app]


def _answer(port: int) -> http.client.HTTPConnection:
    """Send a request, and return the connection, which stays open."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", "/")
    connection.getresponse().read()
    return connection


def _expect_all_workers(server: Server) -> None:
    """Raise unless each worker has accepted one of a few connections.

    Load that comes before a worker serves would stay on the other, since connections are kept.
    """
    opened = [_answer(server.port) for _ in range(PROBES)]
    serving = server.connections()
    for connection in opened:
        connection.close()
    if len(serving) < WORKERS:
        raise RuntimeError(f"{server.target.name}: {len(serving)} of {WORKERS} workers serve")
