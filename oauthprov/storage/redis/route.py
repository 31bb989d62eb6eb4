"""The way to the server that holds a key."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

from redis.exceptions import RedisError

from oauthprov.storage.redis.connections import Command, Connections


class Route(ABC):
    """Sends commands to where their keys are. Raises redis-py's own errors.

    Keys of one ``slot`` share a server, and may share a command.
    """

    mode: str

    @abstractmethod
    def slot(self, key: bytes) -> int:
        """The number of the slot that ``key`` is in."""

    @abstractmethod
    def read(self, slot: int, *command: bytes | str | int) -> Any:
        """Send a command that changes nothing; it may be sent again."""

    @abstractmethod
    def read_all(self, commands: Sequence[tuple[int, Command]]) -> list[Any]:
        """Send many commands that change nothing, each to its slot, in as few trips as can be."""

    @abstractmethod
    def write(self, slot: int, *command: bytes | str | int) -> Any:
        """Send a command once, or again only if a server refused to run it."""

    @abstractmethod
    def servers(self) -> Sequence[Connections]:
        """Every server that holds keys of its own."""

    @abstractmethod
    def close(self) -> None:
        """Give back every connection."""


class Single(Route):
    """One server holds everything, so everything is one slot."""

    mode = "single"

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def slot(self, key: bytes) -> int:
        return 0

    def read(self, slot: int, *command: bytes | str | int) -> Any:
        return self._connections.call(*command, again=True)

    def read_all(self, commands: Sequence[tuple[int, Command]]) -> list[Any]:
        replies = self._connections.calls([command for _, command in commands], again=True)
        for reply in replies:
            if isinstance(reply, RedisError):
                raise reply
        return replies

    def write(self, slot: int, *command: bytes | str | int) -> Any:
        return self._connections.call(*command)

    def servers(self) -> Sequence[Connections]:
        return (self._connections,)

    def close(self) -> None:
        self._connections.close()
