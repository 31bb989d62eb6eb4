"""Connections to one Redis server: borrowed for one exchange, kept afterwards.

redis-py's own pool spends twice the CPU of the exchange itself on retries, metrics and polling, so
this keeps redis-py connections in a deque. They belong to no thread: a server's threads come and
go. Nothing is ever sent twice here but a read, and that once.
"""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from redis.connection import AbstractConnection
from redis.exceptions import ConnectionError as LostConnection
from redis.exceptions import MaxConnectionsError, ResponseError

T = TypeVar("T")
Command = Sequence[bytes | str | int]

IDLE = 1.0
"""Seconds after which a connection is polled before use: the server may have closed it."""


class Connections:
    """At most ``limit`` connections to one server, made by ``make`` as they are needed.

    Safe to use from many threads, and in a child after a fork. Raises redis-py's own errors.
    """

    def __init__(
        self, make: Callable[[], AbstractConnection], *, limit: int, patience: float
    ) -> None:
        self._make = make
        self._limit = limit
        self._patience = patience
        self._begin()

    def call(self, *command: bytes | str | int, again: bool = False) -> Any:
        """Send one command and return its reply, or raise the error that it is.

        With ``again``, for reads, it is sent once more when the connection was dead.
        """

        def talk(connection: AbstractConnection) -> Any:
            packed = connection.pack_command(*command)
            connection.send_packed_command(packed, check_health=False)
            return connection.read_response(disable_decoding=True)

        return self._lend(talk, again)

    def calls(self, commands: Sequence[Command], *, again: bool = False) -> list[Any]:
        """Send many commands at once; an error reply stands in its place among the replies."""

        if not commands:
            return []

        def talk(connection: AbstractConnection) -> list[Any]:
            packed = connection.pack_commands(commands)
            connection.send_packed_command(packed, check_health=False)
            return [_reply(connection) for _ in commands]

        return self._lend(talk, again)

    def close(self) -> None:
        """Disconnect whatever is idle; what is in use stays connected."""
        self._disconnect_idle()

    def _begin(self) -> None:
        self._pid = os.getpid()
        self._idle: deque[tuple[AbstractConnection, float]] = deque()
        self._made = 0
        self._waiting = 0
        self._returned = threading.Condition()

    def _lend(self, talk: Callable[[AbstractConnection], T], again: bool) -> T:
        if self._pid != os.getpid():
            self._begin()
        connection = self._take()
        reused = connection.is_connected
        try:
            try:
                return talk(connection)
            except LostConnection:
                connection.disconnect()
                if reused:
                    # The others were most likely lost with it.
                    self._disconnect_idle()
                if not (reused and again):
                    raise
                return talk(connection)
        except ResponseError:
            raise
        except BaseException:
            # A reply may still be under way: the next borrower must not take it for its own.
            connection.disconnect()
            raise
        finally:
            self._give_back(connection)

    def _take(self) -> AbstractConnection:
        try:
            connection, since = self._idle.pop()
        except IndexError:
            return self._make_or_wait()
        if time.monotonic() - since > IDLE and connection.is_connected:
            _poll(connection)
        return connection

    def _make_or_wait(self) -> AbstractConnection:
        deadline = time.monotonic() + self._patience
        with self._returned:
            if self._made < self._limit:
                connection = self._make()
                self._made += 1
                return connection
            self._waiting += 1
            try:
                return self._wait(deadline)
            finally:
                self._waiting -= 1

    def _wait(self, deadline: float) -> AbstractConnection:
        while True:
            try:
                return self._idle.pop()[0]
            except IndexError:
                if not self._returned.wait(deadline - time.monotonic()):
                    raise MaxConnectionsError("every connection is in use") from None

    def _give_back(self, connection: AbstractConnection) -> None:
        self._idle.append((connection, time.monotonic()))
        if self._waiting:
            with self._returned:
                self._returned.notify()

    def _disconnect_idle(self) -> None:
        for _ in range(len(self._idle)):
            try:
                connection, since = self._idle.popleft()
            except IndexError:
                return
            connection.disconnect()
            self._idle.append((connection, since))


def _poll(connection: AbstractConnection) -> None:
    try:
        unexpected = connection.can_read(timeout=0)
    except LostConnection:
        unexpected = True
    if unexpected:
        connection.disconnect()


def _reply(connection: AbstractConnection) -> Any:
    try:
        return connection.read_response(disable_decoding=True)
    except ResponseError as error:
        return error
