"""MariaDB through PyMySQL, with waits limited to the time of the storage call."""

from __future__ import annotations

import io
import select
import socket
from collections.abc import Callable
from typing import Any

from oauthprov.storage.outage import apart, current


class Replies(io.RawIOBase):
    """Reads from a socket within the call's time. PyMySQL's limit restarts with every byte."""

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected
        self._poll = select.poll()
        self._poll.register(connected, select.POLLIN)

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read when data is there. Raises Unanswered if the call should not wait any longer."""
        call = current()
        if call is None:
            return self._socket.recv_into(buffer)
        while not self._decrypted() and not self._poll.poll(call.slice * 1000):
            call.nothing_came()
        call.heard()
        return self._socket.recv_into(buffer)

    def _decrypted(self) -> int:
        # TLS may have decrypted more than was read so far.
        pending: Callable[[], int] | None = getattr(self._socket, "pending", None)
        return pending() if pending is not None else 0


def connect(dialect: Any, record: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """Connect, as a SQLAlchemy event; resolving the host and TLS also have a time limit."""
    connection = apart(lambda: dialect.connect(*args, **kwargs), lambda late: late.close())
    # After the login nothing is buffered.
    connection._rfile.close()
    connection._rfile = io.BufferedReader(Replies(connection._sock))
    return connection


def limits(timeout: int) -> dict[str, Any]:
    """Return the arguments of a connection: time limits outside a call."""
    return {"connect_timeout": timeout, "read_timeout": timeout, "write_timeout": timeout}


def session(timeout: int) -> Callable[[Any, Any], None]:
    """Return a function that sets up a new connection, for a SQLAlchemy event."""
    lock_timeout = max(1, timeout // 2)  # the server must give up before the client

    def set_up(connection: Any, _: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")
            cursor.execute(
                "SET SESSION sql_mode = 'STRICT_ALL_TABLES', innodb_lock_wait_timeout = %s",
                (lock_timeout,),
            )

    return set_up
