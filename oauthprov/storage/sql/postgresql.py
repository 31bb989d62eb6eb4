"""PostgreSQL through psycopg, with waits limited to the time of the storage call."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, TypeVar

import psycopg
from sqlalchemy import URL

from oauthprov.storage.outage import Call, Unanswered, apart, current

T = TypeVar("T")


class Connection(psycopg.Connection[Any]):
    """A connection that closes itself if a reply doesn't arrive in time.

    A stopped server doesn't enforce its own limits, while its kernel still acknowledges data.
    """

    def wait(self, gen: Generator[Any, Any, T], *args: Any, **kwargs: Any) -> T:
        """Wait as psycopg does. Raises Unanswered if the call should not wait any longer."""
        call = current()
        if call is None:
            return super().wait(gen, *args, **kwargs)
        try:
            return super().wait(_judged(gen, call), call.slice)
        except Unanswered:
            self.close()
            raise


def _judged(gen: Generator[Any, Any, T], call: Call) -> Generator[Any, Any, T]:
    """Pass on the waits of psycopg's generator, and report their results to the call."""
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
    """Connect, as a SQLAlchemy event; resolving the host and TLS also have a time limit."""
    return apart(lambda: Connection.connect(*args, **kwargs), Connection.close)


def limits(url: URL, timeout: int) -> dict[str, Any]:
    """Return the arguments of a connection. The server gives up first and reports its error."""
    milliseconds = timeout * 800
    ours = {
        "connect_timeout": max(2, timeout),  # libpq treats 1 as 2
        "tcp_user_timeout": timeout * 1000,
        "keepalives_idle": timeout,
        "keepalives_interval": 1,
        "keepalives_count": 3,
    }
    ours = {name: value for name, value in ours.items() if name not in url.query}
    # The URL's options come last: PostgreSQL uses the last value of an option.
    flags = f"-c statement_timeout={milliseconds} -c lock_timeout={milliseconds}"
    return ours | {"options": " ".join((flags, *url.normalized_query.get("options", ())))}
