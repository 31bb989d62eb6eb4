"""The route to the server that holds a key."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

from redis.exceptions import RedisError

from oauthprov.storage.redis.connections import Connections
from oauthprov.storage.redis.wire import Command


class Route(ABC):
    """Sends commands to the servers of their keys. Raises redis-py's errors.

    Keys of one ``slot`` are on the same server, and can be in the same command.
    """

    mode: str
    one_slot: bool
    """Whether all keys are in one slot."""

    @abstractmethod
    def slot(self, key: bytes) -> int:
        """Return the number of the slot of ``key``."""

    @abstractmethod
    def read(self, slot: int, *command: bytes) -> Any:
        """Send a read command; it may be sent again after a failure."""

    @abstractmethod
    def values(self, names: Sequence[bytes]) -> Sequence[bytes | None]:
        """Return the strings at ``names``, in their order; one command for each slot."""

    @abstractmethod
    def send_all(self, commands: Sequence[tuple[int, Command]]) -> list[Any]:
        """Send many commands, each to its slot, in as few round trips as possible.

        Each may be sent again after a failure: reads, and writes whose repetition changes nothing.
        """

    @abstractmethod
    def write(self, slot: int, *command: bytes) -> Any:
        """Send a command, again only if a server refused to run it."""

    @abstractmethod
    def servers(self) -> Sequence[Connections]:
        """Return every primary server."""

    @abstractmethod
    def close(self) -> None:
        """Close every connection."""


class Single(Route):
    """A single server, where everything is in one slot."""

    mode = "single"
    one_slot = True

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def slot(self, key: bytes) -> int:
        return 0

    def read(self, slot: int, *command: bytes) -> Any:
        return self._connections.call(*command, again=True)

    def values(self, names: Sequence[bytes]) -> Sequence[bytes | None]:
        found: Sequence[bytes | None] = self._connections.call(b"MGET", *names, again=True)
        return found

    def send_all(self, commands: Sequence[tuple[int, Command]]) -> list[Any]:
        replies = self._connections.calls([command for _, command in commands], again=True)
        for reply in replies:
            if isinstance(reply, RedisError):
                raise reply
        return replies

    def write(self, slot: int, *command: bytes) -> Any:
        return self._connections.call(*command)

    def servers(self) -> Sequence[Connections]:
        return (self._connections,)

    def close(self) -> None:
        self._connections.close()
