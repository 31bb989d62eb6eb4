"""One HTTP request over one connection, limited in time and bytes."""

from __future__ import annotations

import io
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from http.client import HTTPException, HTTPResponse
from typing import TYPE_CHECKING, Any

from oauthprov.failures import FetchError, UnexpectedStatus
from oauthprov.fetch.target import Target

if TYPE_CHECKING:
    from typing_extensions import Buffer

HEADERS_LIMIT = 32_768
"""The most bytes of a response in addition to its body."""

FORM = "application/x-www-form-urlencoded"

Lookup = Callable[..., Any]


class Deadline:
    """A deadline ``seconds`` from now."""

    def __init__(self, seconds: float) -> None:
        self._at = time.monotonic() + seconds

    def left(self) -> float:
        """Return the seconds left. Raises TimeoutError if there are none."""
        left = self._at - time.monotonic()
        if left <= 0:
            raise TimeoutError("it took too long")
        return left


def connected(
    target: Target, addresses: list[Any], context: ssl.SSLContext, deadline: Deadline
) -> socket.socket:
    """Return a connection to the first of ``addresses`` that accepts one.

    It uses TLS, with the certificate checked against the host name, unless the URL is http.
    """
    failure: OSError = OSError("the host has no address")
    for family, kind, protocol, _, place in addresses:
        raw = socket.socket(family, kind, protocol)
        try:
            raw.settimeout(deadline.left())
            raw.connect(place)
            if not target.tls:
                return raw
            raw.settimeout(deadline.left())
            return context.wrap_socket(
                raw, server_hostname=target.host, suppress_ragged_eofs=False
            )
        except OSError as error:
            raw.close()
            failure = error
    raise failure


def get(
    target: Target, connection: socket.socket, accept: str, limit: int, deadline: Deadline
) -> tuple[HTTPResponse, bytes]:
    """GET the target; return the response and its body of at most ``limit`` bytes.

    Raises FetchError, OSError, and HTTPException for a malformed response.
    """
    send(target, connection, "GET", _accepting(accept), b"", deadline)
    return _document(response(connection, "GET", limit, deadline), limit)


def submit(
    target: Target,
    connection: socket.socket,
    form: bytes,
    headers: Mapping[str, str],
    accept: str,
    limit: int,
    deadline: Deadline,
) -> tuple[HTTPResponse, bytes]:
    """Post ``form`` with further ``headers``; return the response and its body, as :func:`get`."""
    send(
        target,
        connection,
        "POST",
        {**_accepting(accept), **_about(form), **headers},
        form,
        deadline,
    )
    return _document(response(connection, "POST", limit, deadline), limit)


def _accepting(accept: str) -> dict[str, str]:
    return {"Accept": accept, "Accept-Encoding": "identity"}


def _about(form: bytes) -> dict[str, str]:
    return {"Content-Type": FORM, "Content-Length": str(len(form))}


def _document(response: HTTPResponse, limit: int) -> tuple[HTTPResponse, bytes]:
    if response.status != 200:
        raise UnexpectedStatus(response.status)
    if response.getheader("Content-Encoding", "identity").lower() != "identity":
        raise FetchError("the response is compressed")
    body = response.read(limit + 1)
    if len(body) > limit:
        raise FetchError(f"the response is longer than {limit} bytes")
    if response.length:
        raise HTTPException("the response is incomplete")
    return response, body


def post(
    target: Target, connection: socket.socket, form: bytes, deadline: Deadline
) -> HTTPResponse:
    """Post ``form``, which is urlencoded; return the response, its body unread.

    Raises FetchError, OSError, and HTTPException for a malformed response.
    """
    send(target, connection, "POST", _about(form), form, deadline)
    return response(connection, "POST", 0, deadline)


def send(
    target: Target,
    connection: socket.socket,
    method: str,
    headers: Mapping[str, str],
    body: bytes,
    deadline: Deadline,
) -> None:
    """Send a request. ``headers`` may name another ``Host``."""
    every = {"Host": target.authority, **headers, "User-Agent": "oauthprov", "Connection": "close"}
    lines = [f"{method} {target.path} HTTP/1.1", *(f"{k}: {v}" for k, v in every.items()), "", ""]
    connection.settimeout(deadline.left())
    connection.sendall("\r\n".join(lines).encode("ascii") + body)


def response(
    connection: socket.socket, method: str, limit: int, deadline: Deadline
) -> HTTPResponse:
    """Return the response, its body unread and of at most ``limit`` bytes."""
    stream = _Stream(connection, limit + HEADERS_LIMIT, deadline)
    answer = HTTPResponse(stream, method=method)  # type: ignore[arg-type]
    answer.begin()
    return answer


class _Stream(io.RawIOBase):
    """The bytes from a connection, limited by a deadline and in number."""

    def __init__(self, connection: socket.socket, limit: int, deadline: Deadline) -> None:
        self._connection = connection
        self._left = limit
        self._deadline = deadline

    def makefile(self, mode: str) -> io.BufferedReader:
        """Return a reader, for HTTPResponse."""
        return io.BufferedReader(self)

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: Buffer) -> int:
        """Read the available bytes, within the limits."""
        if self._left <= 0:
            raise FetchError("the response is too long")
        self._connection.settimeout(self._deadline.left())
        got = self._connection.recv_into(buffer, min(memoryview(buffer).nbytes, self._left))
        self._left -= got
        return got
