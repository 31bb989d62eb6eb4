"""One connection to a Redis server, and the protocol on it (RESP 2).

redis-py connects: it resolves the name, negotiates TLS, authenticates and selects the database.
After that, commands and replies go straight to and from the socket, with a tenth of the function
calls of redis-py. If hiredis is installed, it writes the commands and parses the replies. Errors
have redis-py's types.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from typing import Any

from redis.connection import AbstractConnection
from redis.exceptions import (
    AskError,
    AuthenticationError,
    BusyLoadingError,
    ClusterDownError,
    InvalidResponse,
    MovedError,
    NoPermissionError,
    NoScriptError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
    ResponseError,
    TryAgainError,
)
from redis.exceptions import ConnectionError as LostConnection

from oauthprov.storage.outage import Call, apart

Command = Sequence[bytes]

ERRORS: dict[str, type[RedisError]] = {
    "ASK": AskError,
    "CLUSTERDOWN": ClusterDownError,
    "LOADING": BusyLoadingError,
    "MOVED": MovedError,
    "NOAUTH": AuthenticationError,
    "NOPERM": NoPermissionError,
    "NOSCRIPT": NoScriptError,
    "OOM": OutOfMemoryError,
    "READONLY": ReadOnlyError,
    "TRYAGAIN": TryAgainError,
}
"""redis-py's types of errors, by the first word of an error reply; others are a ResponseError."""

READ = 1 << 16
SHORTEST = 0.001
"""Seconds that a socket waits at least: with a timeout of 0 it would not block at all."""
UNKNOWN = -1.0
"""The timeout of a socket that redis-py has set."""


def plain_packed(command: Command) -> bytes:
    """Return a command as the protocol writes it: an array of strings, each with its length."""
    strings = [b"$%d\r\n%b\r\n" % (len(part), part) for part in command]
    return b"*%d\r\n%b" % (len(strings), b"".join(strings))


class PlainWire:
    """A connection that ``make`` makes when it is needed; used by one thread at a time.

    ``used`` is when it was last used, by ``time.monotonic()``, and ``epoch`` how often the
    connections of the server had been closed when it connected.
    """

    __slots__ = ("_at", "_connection", "_data", "_make", "_timeout", "epoch", "socket", "used")

    def __init__(self, make: Callable[[], AbstractConnection]) -> None:
        self._make = make
        self._connection: AbstractConnection | None = None
        self.socket: socket.socket | None = None
        self.used = 0.0
        self.epoch = 0

    def connect(self, seconds: float) -> None:
        """Connect within ``seconds``. Raises redis-py's errors, and Unanswered."""
        made = self._make()
        apart(made.connect, lambda _: made.disconnect(), seconds)
        self._connection = made
        self.socket = made._get_socket()
        self._data = b""
        self._at = 0
        self._timeout = UNKNOWN

    def close(self) -> None:
        """Disconnect; :meth:`connect` connects again."""
        self.socket = None
        if self._connection is not None:
            self._connection.disconnect()
            self._connection = None

    def check(self) -> None:
        """Disconnect if the server has closed the connection, or sent what nobody waits for."""
        if self._connection is None:
            return
        try:
            unexpected = self._connection.can_read(timeout=0)
        except LostConnection:
            unexpected = True
        self._timeout = UNKNOWN
        if unexpected:
            self.close()

    def exchange(self, commands: bytes, count: int, call: Call) -> list[Any]:
        """Send packed commands and return their ``count`` replies, with errors among them.

        Raises redis-py's ConnectionError if the connection is lost, and Unanswered if the replies
        don't arrive in time.
        """
        try:
            self._send(commands, call)
            replies = [self._reply(call) for _ in range(count)]
        except OSError as error:
            raise LostConnection(f"the connection failed: {type(error).__name__}") from error
        if self._has_rest():
            # The next borrower must not take a reply that nobody waits for as its own.
            self.close()
        return replies

    def _has_rest(self) -> bool:
        """Tell whether bytes came that belong to none of the replies."""
        return self._at != len(self._data)

    def _send(self, commands: bytes, call: Call) -> None:
        if self.socket is None:
            raise LostConnection("the connection is closed")
        try:
            sent = self.socket.send(commands)
        except TimeoutError:
            sent = 0
        while sent < len(commands):
            sending = self._waiting_at_most(call)
            try:
                sent += sending.send(commands[sent:])
            except TimeoutError:
                call.nothing_came()

    def _reply(self, call: Call) -> Any:
        """Read one reply: a string or None, a number, a list, or an error."""
        end = self._data.find(b"\r\n", self._at)
        while end < 0:
            self._receive(call)
            end = self._data.find(b"\r\n", self._at)
        line = self._data[self._at : end]
        kind, text = line[:1], line[1:]
        self._at = end + 2
        if kind == b"$":
            if text == b"-1":
                return None
            start, length = self._at, _number(text)
            if len(self._data) < start + length + 2:
                self._receive(call, start + length + 2 - len(self._data))
                start = self._at
            self._at = start + length + 2
            return self._data[start : start + length]
        if kind == b"*":
            return None if text == b"-1" else [self._reply(call) for _ in range(_number(text))]
        if kind == b":":
            return _number(text)
        if kind == b"+":
            return text
        if kind == b"-":
            return _usable(_error(text.decode("utf-8", "replace")))
        raise InvalidResponse("the server doesn't speak Redis' protocol")

    def _receive(self, call: Call, missing: int = 1) -> None:
        """Wait for at least ``missing`` bytes. Raises Unanswered if that takes too long."""
        rest = self._data[self._at :]
        data = self._piece(call)
        if len(data) < missing:
            pieces = [data]
            while (missing := missing - len(pieces[-1])) > 0:
                pieces.append(self._piece(call))
            data = b"".join(pieces)
        self._data = rest + data
        self._at = 0

    def _piece(self, call: Call) -> bytes:
        while True:
            receiving = self._waiting_at_most(call)
            try:
                data = receiving.recv(READ)
            except TimeoutError:
                call.nothing_came()
                continue
            if not data:
                raise LostConnection("the server closed the connection")
            return data

    def _waiting_at_most(self, call: Call) -> socket.socket:
        """Return the socket, which waits for at most a slice of the call."""
        if self.socket is None:
            raise LostConnection("the connection is closed")
        seconds = call.slice
        if seconds != self._timeout:
            if not seconds:
                call.nothing_came()  # the deadline has passed
            self._timeout = max(seconds, SHORTEST)
            self.socket.settimeout(self._timeout)
        return self.socket


def _number(text: bytes) -> int:
    try:
        return int(text)
    except ValueError:
        raise InvalidResponse("the server doesn't speak Redis' protocol") from None


def _error(text: str) -> RedisError:
    """Return the error of an error reply."""
    word, _, rest = text.partition(" ")
    try:
        return ERRORS[word](rest) if word in ERRORS else ResponseError(text)
    except ValueError:  # a redirection that names no slot or no server
        return ResponseError(text)


def _usable(reply: Any) -> Any:
    """Return a reply; raise an error after which the connection is useless."""
    if isinstance(reply, LostConnection):  # LOADING and NOAUTH: the command didn't run
        raise reply
    return reply


try:
    import hiredis
except ImportError:
    packed, Wire = plain_packed, PlainWire
else:
    INCOMPLETE = object()

    def packed(command: Command) -> bytes:
        """Return a command as the protocol writes it."""
        return bytes(hiredis.pack_command(tuple(command)))  # type: ignore[arg-type]

    class Wire(PlainWire):  # type: ignore[no-redef]
        """A connection whose replies hiredis parses."""

        __slots__ = ("_reader",)

        def connect(self, seconds: float) -> None:
            """Connect within ``seconds``. Raises redis-py's errors, and Unanswered."""
            super().connect(seconds)
            self._reader = hiredis.Reader(
                protocolError=InvalidResponse,
                replyError=_error,
                errors="replace",
                notEnoughData=INCOMPLETE,
            )

        def _reply(self, call: Call) -> Any:
            reply = self._reader.gets()
            while reply is INCOMPLETE:
                self._reader.feed(self._piece(call))
                reply = self._reader.gets()
            return _usable(reply)

        def _has_rest(self) -> bool:
            return self._reader.has_data()
