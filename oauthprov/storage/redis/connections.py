"""Connections to one Redis server: borrowed for one exchange, then kept.

redis-py's own pool spends twice the CPU time of an exchange on retries, metrics and polling, so
this module keeps redis-py connections in a deque. They aren't bound to threads, since a server's
threads come and go. Only reads are ever sent again, and only once.
"""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar

from redis.connection import AbstractConnection
from redis.exceptions import ConnectionError as LostConnection
from redis.exceptions import ResponseError
from redis.exceptions import TimeoutError as LateReply

from oauthprov.storage.outage import Call, Unanswered, Watch, apart
from oauthprov.storage.redis.address import Address

T = TypeVar("T")
Command = Sequence[bytes | str | int]

IDLE = 1.0
"""Seconds idle after which a connection is checked before use: the server may have closed it."""


class Connections:
    """At most ``max_connections`` connections to one server, opened as needed.

    ``at`` are the host and port if they differ from those of ``address``. The setting
    ``oauthprov.storage.read_timeout`` limits all exchanges of a request together, and each
    exchange outside a request, including waiting for a connection and connecting
    (:mod:`oauthprov.deadline` counts). ``oauthprov.storage.connect_timeout`` limits connecting,
    and ``oauthprov.storage.max_connections`` the connections to each server. Safe to use from many
    threads, and in a child after a fork. Raises redis-py's errors, and Unanswered if the server
    doesn't answer in time.
    """

    def __init__(self, address: Address, **at: str | int) -> None:
        self._make = partial(address.connection_class, **{**address.connection, **at})
        self._limit = address.max_connections
        self._connect_timeout = address.connect_timeout
        # One thread of the server answers all commands: a ping would add no information.
        self._watch = Watch(address.timeout)
        self._begin()

    def call(self, *command: bytes | str | int, again: bool = False) -> Any:
        """Send one command and return its reply; raises an error reply.

        With ``again``, for reads, it is sent once more if the connection was dead.
        """

        def talk(connection: AbstractConnection, call: Call) -> Any:
            packed = connection.pack_command(*command)
            connection.send_packed_command(packed, check_health=False)
            return _reply(connection, call)

        return self._lend(talk, again)

    def calls(self, commands: Sequence[Command], *, again: bool = False) -> list[Any]:
        """Send many commands at once; return the replies, with errors as items of the list."""

        if not commands:
            return []

        def talk(connection: AbstractConnection, call: Call) -> list[Any]:
            packed = connection.pack_commands(commands)
            connection.send_packed_command(packed, check_health=False)
            return [_reply_or_error(connection, call) for _ in commands]

        return self._lend(talk, again)

    def close(self) -> None:
        """Disconnect the idle connections; those in use stay connected."""
        self._disconnect_idle()

    def _begin(self) -> None:
        self._pid = os.getpid()
        self._idle: deque[tuple[AbstractConnection, float]] = deque()
        self._made = 0
        self._waiting = 0
        self._returned = threading.Condition()

    def _lend(self, talk: Callable[[AbstractConnection, Call], T], again: bool) -> T:
        if self._pid != os.getpid():
            self._begin()
        with self._watch.call() as call:
            connection = self._take(call)
            reused = connection.is_connected
            try:
                while True:
                    if not connection.is_connected:
                        connection = self._connected()
                    try:
                        return talk(connection, call)
                    except LostConnection:
                        connection.disconnect()
                        if reused:
                            # The other idle connections are probably dead too.
                            self._disconnect_idle()
                        if not (reused and again):
                            raise
                        reused = False
            except ResponseError:
                raise
            except BaseException as error:
                # A late reply must not be read by the next borrower as its own.
                connection.disconnect()
                if isinstance(error, Unanswered):
                    # The other connections may be dead too.
                    self._disconnect_idle()
                raise
            finally:
                self._give_back(connection)

    def _connected(self) -> AbstractConnection:
        made = self._make()
        apart(made.connect, lambda _: made.disconnect(), self._connect_timeout)
        return made

    def _take(self, call: Call) -> AbstractConnection:
        try:
            connection, since = self._idle.pop()
        except IndexError:
            return self._make_or_wait(call)
        if time.monotonic() - since > IDLE and connection.is_connected:
            _poll(connection)
        return connection

    def _make_or_wait(self, call: Call) -> AbstractConnection:
        with self._returned:
            if self._made < self._limit:
                connection = self._make()
                self._made += 1
                return connection
            self._waiting += 1
            try:
                return self._wait(call)
            finally:
                self._waiting -= 1

    def _wait(self, call: Call) -> AbstractConnection:
        while True:
            try:
                return self._idle.pop()[0]
            except IndexError:
                if not self._returned.wait(call.slice):
                    call.nothing_came()

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


def _reply(connection: AbstractConnection, call: Call) -> Any:
    while True:
        seconds = max(call.slice, 0.001)  # 0 would make the socket non-blocking
        try:
            return connection.read_response(
                disable_decoding=True, timeout=seconds, disconnect_on_error=False
            )
        except LateReply:
            # The data received so far is kept, and parsed again with the rest.
            call.nothing_came()


def _reply_or_error(connection: AbstractConnection, call: Call) -> Any:
    try:
        return _reply(connection, call)
    except ResponseError as error:
        return error
