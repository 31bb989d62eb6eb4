"""MariaDB through PyMySQL: no wait is longer than the storage call that it is part of."""

from __future__ import annotations

import io
import select
import socket
from collections.abc import Callable
from typing import Any

from oauthprov.storage.outage import apart, current


class Replies(io.RawIOBase):
    """What arrives on a socket. PyMySQL's own time limit begins anew with every byte."""

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected
        self._poll = select.poll()
        self._poll.register(connected, select.POLLIN)

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read once something is there; Unanswered when the call has waited long enough."""
        call = current()
        if call is None:
            return self._socket.recv_into(buffer)
        while not self._decrypted() and not self._poll.poll(call.slice * 1000):
            call.nothing_came()
        call.heard()
        return self._socket.recv_into(buffer)

    def _decrypted(self) -> int:
        # TLS may have read more than was asked for.
        pending: Callable[[], int] | None = getattr(self._socket, "pending", None)
        return pending() if pending is not None else 0


def connect(dialect: Any, record: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """Connect, as an event of SQLAlchemy's: host names are resolved and TLS is set up in time."""
    connection = apart(lambda: dialect.connect(*args, **kwargs), lambda late: late.close())
    # Nothing is buffered once it has signed in.
    connection._rfile.close()
    connection._rfile = io.BufferedReader(Replies(connection._sock))
    return connection


def limits(timeout: int) -> dict[str, Any]:
    """Arguments of a connection: what holds for one that isn't part of a call."""
    return {"connect_timeout": timeout, "read_timeout": timeout, "write_timeout": timeout}


def session(timeout: int) -> Callable[[Any, Any], None]:
    """Return what sets up a new connection, as an event of SQLAlchemy's."""
    lock_timeout = max(1, timeout // 2)  # the server must give up before the client does

    def set_up(connection: Any, _: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")
            cursor.execute(
                "SET SESSION sql_mode = 'STRICT_ALL_TABLES', innodb_lock_wait_timeout = %s",
                (lock_timeout,),
            )

    return set_up
