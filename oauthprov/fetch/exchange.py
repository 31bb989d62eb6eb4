"""One GET over a connection of our own, which ends when its time is over or its bytes are."""

from __future__ import annotations

import io
import socket
import ssl
import time
from collections.abc import Callable
from http.client import HTTPException, HTTPResponse
from typing import Any

from oauthprov.errors import FetchError
from oauthprov.fetch.target import Target

HEADERS_LIMIT = 32_768
"""Bytes of a response beside its body."""

Lookup = Callable[..., Any]


class Deadline:
    """A moment at which everything must be over, ``seconds`` from now."""

    def __init__(self, seconds: float) -> None:
        self._at = time.monotonic() + seconds

    def left(self) -> float:
        """Return the seconds that are left. Raises TimeoutError when there are none."""
        left = self._at - time.monotonic()
        if left <= 0:
            raise TimeoutError("it took too long")
        return left


def connected(
    target: Target, addresses: list[Any], context: ssl.SSLContext, deadline: Deadline
) -> ssl.SSLSocket:
    """Return a TLS connection to the first of ``addresses`` that answers, checked by its name."""
    failure: OSError = OSError("it has no address")
    for family, kind, protocol, _, place in addresses:
        raw = socket.socket(family, kind, protocol)
        try:
            raw.settimeout(deadline.left())
            raw.connect(place)
            raw.settimeout(deadline.left())
            return context.wrap_socket(
                raw, server_hostname=target.host, suppress_ragged_eofs=False
            )
        except OSError as error:
            raw.close()
            failure = error
    raise failure


def get(
    target: Target, connection: ssl.SSLSocket, accept: str, limit: int, deadline: Deadline
) -> tuple[HTTPResponse, bytes]:
    """Ask for the target; return the response and its body of at most ``limit`` bytes.

    Raises FetchError, OSError, and HTTPException for what isn't HTTP.
    """
    connection.settimeout(deadline.left())
    connection.sendall(
        f"GET {target.path} HTTP/1.1\r\n"
        f"Host: {target.authority}\r\n"
        f"Accept: {accept}\r\n"
        "Accept-Encoding: identity\r\n"
        "User-Agent: oauthprov\r\n"
        "Connection: close\r\n\r\n".encode("ascii")
    )
    stream = _Stream(connection, limit + HEADERS_LIMIT, deadline)
    response = HTTPResponse(stream, method="GET")  # type: ignore[arg-type]
    response.begin()
    if response.status != 200:
        raise FetchError(f"it answered with status {response.status}")
    if response.getheader("Content-Encoding", "identity").lower() != "identity":
        raise FetchError("its answer is compressed")
    body = response.read(limit + 1)
    if len(body) > limit:
        raise FetchError(f"its answer is longer than {limit} bytes")
    if response.length:
        raise HTTPException("the answer breaks off")
    return response, body


class _Stream(io.RawIOBase):
    """What a connection sends, until the deadline and up to a number of bytes."""

    def __init__(self, connection: ssl.SSLSocket, limit: int, deadline: Deadline) -> None:
        self._connection = connection
        self._left = limit
        self._deadline = deadline

    def makefile(self, mode: str) -> io.BufferedReader:
        """Return a reader, as HTTPResponse asks of a socket."""
        return io.BufferedReader(self)

    def readable(self) -> bool:
        """A stream to read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read what there is."""
        if self._left <= 0:
            raise FetchError("its answer is too long")
        self._connection.settimeout(self._deadline.left())
        got = self._connection.recv_into(buffer, min(len(buffer), self._left))
        self._left -= got
        return got
