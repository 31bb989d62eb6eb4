"""Connections to one Redis server: borrowed for one exchange, then kept.

redis-py's own pool spends twice the CPU time of an exchange on retries, metrics and polling, so
this module keeps connections in a deque. They aren't bound to threads, since a server's threads
come and go. Only reads are ever sent again, and only once.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import partial
from typing import Any

from redis.exceptions import ConnectionError as LostConnection
from redis.exceptions import RedisError

from oauthprov.storage.lending import Lender
from oauthprov.storage.outage import Call, Unanswered, Watch
from oauthprov.storage.redis.address import Address
from oauthprov.storage.redis.wire import Command, Wire, packed

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
        self._watch = Watch(address.timeout, name=address.place)
        self._epoch = 0
        self._begin()

    def call(self, *command: bytes, again: bool = False) -> Any:
        """Send one command and return its reply; raises an error reply.

        With ``again``, for reads, it is sent once more if the connection was dead.
        """
        reply = self._exchange(packed(command), 1, again)[0]
        if isinstance(reply, RedisError):
            raise reply
        return reply

    def calls(self, commands: Sequence[Command], *, again: bool = False) -> list[Any]:
        """Send many commands at once; return the replies, with errors as items of the list."""
        if not commands:
            return []
        return self._exchange(b"".join(map(packed, commands)), len(commands), again)

    def close(self) -> None:
        """Disconnect every connection; those in use when they are given back."""
        self._epoch += 1
        self._wires.each_idle(Wire.close)

    def _begin(self) -> None:
        self._pid = os.getpid()
        self._wires = Lender(lambda: Wire(self._make), self._limit)

    def _exchange(self, commands: bytes, count: int, again: bool) -> list[Any]:
        with Call(self._watch) as call:
            if self._pid != self._watch.pid:
                self._begin()
            wire = self._wires.take(call)
            try:
                if call.began - wire.used > IDLE:
                    wire.check()
                if wire.socket is not None:
                    try:
                        return wire.exchange(commands, count, call)
                    except LostConnection:
                        # The other connections are probably dead too.
                        self.close()
                        if not again:
                            raise
                        wire.close()
                wire.epoch = self._epoch
                wire.connect(self._connect_timeout)
                return wire.exchange(commands, count, call)
            except BaseException as error:
                # A late reply must not be read by the next borrower as its own.
                wire.close()
                if isinstance(error, Unanswered):
                    # The other connections may be dead too.
                    self.close()
                raise
            finally:
                wire.used = call.began
                self._wires.give_back(wire)
                if wire.epoch != self._epoch:  # close() came meanwhile, and left this one out
                    self._wires.each_idle(Wire.close)
