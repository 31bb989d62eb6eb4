"""Every name in Redis, a batch at a time, beside traffic."""

from __future__ import annotations

from collections.abc import Iterator

from oauthprov.storage.redis.connections import Connections
from oauthprov.storage.redis.route import Route

BATCH = 1000


def scan(route: Route, pattern: bytes) -> Iterator[list[bytes]]:
    """Yield the names that match ``pattern``; a name may come twice."""
    for server in route.servers():
        yield from _scan(server, pattern)


def _scan(server: Connections, pattern: bytes) -> Iterator[list[bytes]]:
    cursor = b"0"
    while True:
        command = (b"SCAN", cursor, b"MATCH", pattern, b"COUNT", BATCH)
        cursor, names = server.call(*command, again=True)
        yield names
        if cursor == b"0":
            return
