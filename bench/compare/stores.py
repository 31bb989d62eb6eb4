"""A store for each target: real servers with the same settings for all."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import redis as redis_py
import sqlalchemy

from bench.compare.processes import end, processor_seconds
from tests.servers import guard, postgresql, redis
from tests.servers.run import Run, free_port


@dataclass(frozen=True)
class Store:
    """A store at ``url``; ``pid`` is its first process, None for SQLite, which has none."""

    kind: str
    url: str
    home: Path
    pid: int | None

    def processor_seconds(self) -> float:
        return processor_seconds(self.pid) if self.pid else 0.0

    def records(self) -> int:
        """Return how many rows, or keys, are stored."""
        return _COUNTS[self.kind](self.url)

    def end(self) -> None:
        """End it at once, without waiting for the connections of servers that are gone."""
        if self.pid:
            end(self.pid, signal.SIGINT if self.kind == "postgresql" else signal.SIGTERM)
        else:
            shutil.rmtree(self.home, ignore_errors=True)


def _redis(home: Path) -> str:
    port = free_port()
    redis.serve_redis(home, port, "--appendonly", "yes", "--appendfsync", "everysec")
    return f"redis://127.0.0.1:{port}/0"


def _postgresql(home: Path) -> str:
    url = postgresql.start(home, fsync="on")
    return url.replace("+psycopg", "")


def _sqlite(home: Path) -> str:
    return f"sqlite:///{home}/oauthprov.sqlite"


def _keys(url: str) -> int:
    with redis_py.Redis.from_url(url) as client:
        return int(client.dbsize())


def _rows(url: str) -> int:
    engine = sqlalchemy.create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.connect() as connection:
        tables = sqlalchemy.inspect(connection).get_table_names()
        counts = (
            sqlalchemy.select(sqlalchemy.func.count()).select_from(sqlalchemy.table(name))
            for name in tables
        )
        total = sum(connection.scalar(count) or 0 for count in counts)
    engine.dispose()
    return total


_COUNTS: dict[str, Callable[[str], int]] = {"redis": _keys, "postgresql": _rows, "sqlite": _rows}
KINDS: dict[str, Callable[[Path], str]] = {
    "redis": _redis,
    "postgresql": _postgresql,
    "sqlite": _sqlite,
}


def start(run: Run, name: str, kind: str) -> Store:
    """Start a store that ends with the run."""
    url = run.once(f"{name}-store", KINDS[kind])
    home = run.directory / f"{name}-store"
    pid = home / guard.PID
    return Store(kind, url, home, int(pid.read_text()) if pid.exists() else None)
