"""PostgreSQL through psycopg: no wait is longer than the storage call that it is part of."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, TypeVar

import psycopg
from sqlalchemy import URL

from oauthprov.storage.outage import Call, Unanswered, apart, current

T = TypeVar("T")


class Connection(psycopg.Connection[Any]):
    """A connection that closes itself when a reply doesn't come in time.

    The server's own limits don't hold while it is stopped, and the kernel acknowledges what
    nobody reads.
    """

    def wait(self, gen: Generator[Any, Any, T], *args: Any, **kwargs: Any) -> T:
        """Wait as psycopg does, and raise Unanswered when the call has waited long enough."""
        call = current()
        if call is None:
            return super().wait(gen, *args, **kwargs)
        try:
            return super().wait(_judged(gen, call), call.slice)
        except Unanswered:
            self.close()
            raise


def _judged(gen: Generator[Any, Any, T], call: Call) -> Generator[Any, Any, T]:
    """Pass on what psycopg waits for, and how that went, which the call is judged by."""
    try:
        wanted = next(gen)
        while True:
            ready = yield wanted
            if ready:
                call.heard()
            else:
                call.nothing_came()
            wanted = gen.send(ready)
    except StopIteration as done:
        result: T = done.value
        return result


def connect(dialect: Any, record: Any, args: list[Any], kwargs: dict[str, Any]) -> Connection:
    """Connect, as an event of SQLAlchemy's: host names are resolved and TLS is set up in time."""
    return apart(lambda: Connection.connect(*args, **kwargs), Connection.close)


def limits(url: URL, timeout: int) -> dict[str, Any]:
    """Arguments of a connection. The server gives up before we do, so that we learn it did."""
    milliseconds = timeout * 800
    ours = {
        "connect_timeout": max(2, timeout),  # libpq takes 1 for 2
        "tcp_user_timeout": timeout * 1000,
        "keepalives_idle": timeout,
        "keepalives_interval": 1,
        "keepalives_count": 3,
    }
    ours = {name: value for name, value in ours.items() if name not in url.query}
    # What the URL sets comes last, where PostgreSQL lets it win.
    flags = f"-c statement_timeout={milliseconds} -c lock_timeout={milliseconds}"
    return ours | {"options": " ".join((flags, *url.normalized_query.get("options", ())))}
