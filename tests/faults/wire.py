"""HTTP as clients speak it: one connection, a deadline, and a note of every answer."""

from __future__ import annotations

import base64
import http.client
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

from tests.faults.deployment import Application, Deployment
from tests.site import FORM

PATIENCE = 20.0
"""Seconds after which a client takes a request for unanswered."""

REGISTERED = {
    "invalid_request",
    "invalid_client",
    "invalid_grant",
    "invalid_scope",
    "invalid_target",
    "unauthorized_client",
    "unsupported_grant_type",
    "temporarily_unavailable",
}


@dataclass(frozen=True)
class Answer:
    """One answer; ``status`` 0 when none came. ``seconds`` is how long it took."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float
    path: str
    port: int
    at: float = field(default_factory=time.monotonic)

    @property
    def definite(self) -> bool:
        """Whether it tells what happened."""
        return self.status not in (0, 503)

    @property
    def json(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found

    @property
    def defect(self) -> str | None:
        """What is wrong with it whatever the request was; None for nothing."""
        where = f"{self.path} answered {self.status}"
        if self.status == 503 and "retry-after" not in self.headers:
            return f"{where} without Retry-After"
        if self.status >= 500 and self.status != 503:
            return where
        if self.status >= 400 and "json" in self.headers.get("content-type", ""):
            error = self.json.get("error")
            if error not in REGISTERED:
                return f"{where}: {error}"
        return None


class Wire:
    """One user agent: a connection that is kept, cookies, and the answers it had.

    A worker that refuses the connection isn't asked again until the others have been, as a load
    balancer does. A request that may have arrived is never sent again by itself.
    """

    def __init__(self, deployment: Deployment, number: int, noted: list[Answer]) -> None:
        self._ports = deployment.ports
        self._number = number
        self._noted = noted
        self._connection: http.client.HTTPConnection | None = None
        self._issuer = deployment.issuer
        self.cookies: dict[str, str] = {}

    def get(self, path: str) -> Answer:
        return self._send("GET", path, None, {})

    def post(self, path: str, form: Mapping[str, str], by: Application | None = None) -> Answer:
        """Post a form, as a client that authenticates when ``by`` names one."""
        headers = {"Content-Type": FORM}
        if by is not None:
            both = base64.b64encode(f"{by.client_id}:{by.secret}".encode())
            headers["Authorization"] = f"Basic {both.decode()}"
        else:
            headers["Origin"] = self._issuer
        return self._send("POST", path, urlencode(form), headers)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _send(self, method: str, url: str, body: str | None, headers: dict[str, str]) -> Answer:
        parts = urlsplit(url)
        headers["Host"] = urlsplit(self._issuer).netloc  # as the proxy in front of them would
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{k}={v}" for k, v in self.cookies.items())
        begun = time.monotonic()
        try:
            connection = self._connected()
            connection.request(method, path, body, headers)
            reply = connection.getresponse()
            content = reply.read()
        except (OSError, http.client.HTTPException):
            port = self._port
            self.close()
            self._number += 1
            return self._note(Answer(0, {}, b"", time.monotonic() - begun, parts.path, port))
        self._keep_cookies(reply)
        if reply.will_close:
            self.close()
        found = {name.lower(): value for name, value in reply.getheaders()}
        took = time.monotonic() - begun
        return self._note(Answer(reply.status, found, content, took, parts.path, self._port))

    @property
    def _port(self) -> int:
        return self._ports[self._number % len(self._ports)]

    def _connected(self) -> http.client.HTTPConnection:
        if self._connection is not None:
            return self._connection
        for last in (*[False] * (len(self._ports) - 1), True):
            made = http.client.HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE)
            try:
                made.connect()
            except ConnectionRefusedError:
                if last:
                    raise
                self._number += 1
            else:
                self._connection = made
                return made
        raise AssertionError("there are no workers")

    def _keep_cookies(self, reply: http.client.HTTPResponse) -> None:
        for header in reply.headers.get_all("Set-Cookie", []):
            name, _, value = header.partition(";")[0].partition("=")
            self.cookies[name] = value

    def _note(self, answer: Answer) -> Answer:
        self._noted.append(answer)
        return answer
