"""Lists the names in Redis in batches, so that traffic goes on."""

from __future__ import annotations

from collections.abc import Iterator

from oauthprov.storage.redis.connections import Connections
from oauthprov.storage.redis.route import Route
from oauthprov.storage.redis.wire import Command

BATCH = 1000
BEGIN = b"0"


def scan(route: Route, pattern: bytes) -> Iterator[list[bytes]]:
    """Yield the names that match ``pattern``; a name may occur twice."""
    for server in route.servers():
        cursor: bytes | None = BEGIN
        while cursor is not None:
            cursor, names = scan_step(server, cursor, pattern)
            yield names


def scan_step(
    server: Connections, cursor: bytes, pattern: bytes, *only: bytes
) -> tuple[bytes | None, list[bytes]]:
    """Return the next cursor, None at the end, and the names found; ``only`` are more options.

    The server looks at about BATCH names; the same cursor gives the same names.
    """
    command: Command = (b"SCAN", cursor, b"MATCH", pattern, b"COUNT", b"%d" % BATCH, *only)
    then, names = server.call(*command, again=True)
    return (None if then == BEGIN else then), names
