"""A proxy with TLS before the real provider: sound, or with a fault that a test plants."""

from __future__ import annotations

import re
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import formatdate
from http.client import responses

from webob import Request, Response

from tests.fetch.server import Server, answer

TOO_LARGE = 1 << 20
_HEAD = re.compile(rb"(\w+) (\S+) HTTP/1\.1\r\n(.*?)\r\n\r\n", re.DOTALL)

Tamper = Callable[[str, Response], object]
"""Changes the response to a request of this path in place."""


@dataclass
class Front:
    """The reply of a :class:`Server`. ``now`` is the time of its clock.

    ``buffers`` is whether it waits for a body before it passes a request on, ``limit`` the largest
    body, and ``longest`` the longest URL that it accepts.
    """

    server: Server
    app: object
    now: int
    tamper: Tamper = lambda path, response: None
    buffers: bool = True
    limit: int = TOO_LARGE
    longest: int = 1 << 15
    seen: list[str] = field(default_factory=list)

    def __call__(self, connection: ssl.SSLSocket) -> None:
        match = _HEAD.match(self.server.asked[-1])
        assert match is not None
        method, target, head = (part.decode() for part in match.groups())
        headers = dict(line.split(": ", 1) for line in head.split("\r\n"))
        self.seen.append(target)
        length = int(headers.get("Content-Length", 0))
        if length > self.limit:
            connection.sendall(answer(b"", status="413 Too Large"))
        elif length and self.buffers:
            connection.recv(1)  # it waits for the body until the client has gone
        elif length:
            connection.sendall(answer(b"", status="413 Too Large"))
        elif len(target) > self.longest:
            connection.sendall(answer(b"", status="414 Too Long"))
        else:
            self._pass_on(connection, method, target, headers)

    def _pass_on(
        self, connection: ssl.SSLSocket, method: str, target: str, headers: dict[str, str]
    ) -> None:
        request = Request.blank(target, method=method, base_url=f"https://{headers['Host']}")
        request.headers.update(headers)
        response = request.get_response(self.app)
        response.date = None
        response.headers["Date"] = formatdate(self.now, usegmt=True)
        self.tamper(request.path, response)
        lines = [f"{name}: {value}" for name, value in response.headerlist]
        lines = [line for line in lines if not line.startswith("Content-Length")]
        status = f"{response.status_int} {responses[response.status_int]}"
        connection.sendall(answer(response.body, *lines, status=status))
