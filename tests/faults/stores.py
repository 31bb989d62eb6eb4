"""Stores that a fault may strike: each a server of its own on free ports, started and ended here.

They are as durable as docs/deployment.md asks for: what a store has acknowledged, it still has
after ``kill -9``. Each has a ``url`` for the provider, and ``start`` brings it up again, on the
same port and with the same data, after it was killed.
"""

from __future__ import annotations

import signal
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pymysql
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from tests.faults.processes import Process, children, signalled
from tests.servers import mariadb, postgresql
from tests.servers.programs import missing, program
from tests.servers.redis import binary
from tests.servers.run import free_port, give, prepare, until

ROLE = "oauthprov"


class Store(ABC):
    """One store. ``home`` is a directory that it may fill."""

    url: str

    def __init__(self, home: Path) -> None:
        self.home = home
        home.mkdir(parents=True, exist_ok=True)

    @abstractmethod
    def start(self) -> None:
        """Start it, or start it again, and return when it answers."""

    @abstractmethod
    def end(self) -> None:
        """End every process of it."""


class SQLite(Store):
    """A file; the provider's processes are all there is of its server."""

    def __init__(self, home: Path) -> None:
        super().__init__(home)
        self.url = f"sqlite:///{home}/oauthprov.sqlite"

    def start(self) -> None:
        return

    def end(self) -> None:
        return


class Server(Store):
    """A store that is one process with its children."""

    process: Process

    def end(self) -> None:
        self.process.end()

    def kill(self) -> None:
        """Kill its main process as ``kill -9`` does; return when its children are gone too."""
        before = children(self.process.pid)
        self.process.kill()
        try:
            until(lambda: _expect_gone(before), patience=10)
        except RuntimeError:
            for pid in before:
                signalled(pid, signal.SIGKILL)


class Redis(Server):
    """A Redis that writes each change to its append-only file before it answers."""

    def __init__(self, home: Path, *options: str) -> None:
        super().__init__(home)
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        give(home, "redis")
        durable = ["--appendonly", "yes", "--appendfsync", "always", "--save", ""]
        address = ["--bind", "127.0.0.1", "--port", str(self.port)]
        command = [binary(), *address, *durable, *options]
        self.process = Process(command, home, user="redis")

    def start(self) -> None:
        self.process.start(self._ping)

    def admin(self) -> redis.Redis:
        """A client of the server itself, on one connection."""
        return redis.Redis(
            "127.0.0.1",
            self.port,
            retry=Retry(NoBackoff(), 0),
            single_connection_client=True,
            decode_responses=True,
        )

    def _ping(self) -> None:
        """Raise unless it answers, and not another server in its place."""
        with self.admin() as client:
            if client.info("server")["process_id"] != self.process.pid:
                raise RuntimeError(f"another server answers on port {self.port}")


class PostgreSQL(Server):
    """A PostgreSQL whose provider isn't a superuser."""

    def __init__(self, home: Path) -> None:
        super().__init__(home)
        self.port = free_port()
        self.url = f"postgresql+psycopg://{ROLE}@127.0.0.1:{self.port}/{ROLE}"
        give(home, postgresql.USER)
        programs = postgresql.readable(postgresql.directory(), home)
        data = home / "data"
        initdb = [programs / "initdb", "--pgdata", data, "--encoding=UTF8", "--locale=C"]
        initdb += ["--auth=trust", "--username=postgres", "--no-sync", "--wal-segsize=1"]
        prepare(initdb, home, postgresql.USER)
        address = ["-c", f"port={self.port}", "-c", "listen_addresses=127.0.0.1"]
        self._command = [programs / "postgres", "-D", data, *address]
        self._command += ["-c", "unix_socket_directories="]
        self._connections = 100
        self._begin()

    def start(self) -> None:
        self.process.start(self._ready)

    def restart(self, connections: int) -> None:
        """Start it again with another ``max_connections``."""
        self.process.end(signal.SIGINT)
        self._connections = connections
        self._begin()
        self.start()

    def end(self) -> None:
        self.process.end(signal.SIGINT)  # at once: connections that are open don't hold it up

    @contextmanager
    def admin(self) -> Iterator[psycopg.Connection]:
        """A connection of the superuser, in autocommit."""
        with psycopg.connect(
            f"host=127.0.0.1 port={self.port} user=postgres dbname=postgres", autocommit=True
        ) as connection:
            yield connection

    def backends(self) -> list[int]:
        """The process ids that serve the provider."""
        with self.admin() as connection:
            rows = connection.execute(
                "SELECT pid FROM pg_stat_activity WHERE usename = %s", (ROLE,)
            ).fetchall()
        return [int(row[0]) for row in rows]

    def _begin(self) -> None:
        limit = ["-c", f"max_connections={self._connections}"]
        self.process = Process([*self._command, *limit], self.home, user=postgresql.USER)

    def _ready(self) -> None:
        with self.admin() as connection:
            if connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (ROLE,)).fetchone():
                return
            connection.execute(f"CREATE ROLE {ROLE} LOGIN")
            connection.execute(f"CREATE DATABASE {ROLE} OWNER {ROLE}")


class MariaDB(Server):
    """A MariaDB that flushes its log at each commit."""

    def __init__(self, home: Path) -> None:
        super().__init__(home)
        server, install = program("mariadbd"), program("mariadb-install-db")
        if server is None or install is None:
            missing("no mariadbd and mariadb-install-db on PATH")
        self.port = free_port()
        self.url = f"mysql+pymysql://root@127.0.0.1:{self.port}/{ROLE}"
        data = home / "data"
        prepare(
            [install, "--no-defaults", "--skip-test-db", f"--datadir={data}"], home, mariadb.USER
        )
        settings = {
            "datadir": data,
            "socket": home / "socket",
            "pid-file": home / "pid",
            "port": self.port,
            "bind-address": "127.0.0.1",
            "innodb-flush-log-at-trx-commit": 1,
        }
        flags = [f"--{name}={value}" for name, value in settings.items()]
        command = [server, "--no-defaults", "--skip-grant-tables", *flags]
        self.process = Process(command, home, user=mariadb.USER)

    def start(self) -> None:
        self.process.start(self._ready)

    def admin(self) -> pymysql.Connection[Any]:
        """A connection of the operator, in autocommit."""
        return pymysql.connect(host="127.0.0.1", port=self.port, user="root", autocommit=True)

    def _ready(self) -> None:
        connection = self.admin()
        try:
            connection.cursor().execute(f"CREATE DATABASE IF NOT EXISTS {ROLE}")
        finally:
            connection.close()


def _expect_gone(pids: list[int]) -> None:
    left = [pid for pid in pids if Path(f"/proc/{pid}").exists()]
    if left:
        raise RuntimeError(f"still running: {left}")
