"""A response in WSGI's terms, and the headers that every response of ours has."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from webob.etag import ETagMatcher

from oauthprov import serial
from oauthprov.protocol.request.answers import Answer, SignedBody
from oauthprov.settings import LOOPBACK, Settings
from oauthprov.web.http.problems import Rejected

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

RETRY_AFTER = "5"
"""Seconds after which a client may try again, for a 503 that says nothing else."""

_STATUS_LINES = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}

ENDPOINT = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
DOCUMENT = {"X-Content-Type-Options": "nosniff"}
"""Headers of responses that clients read; a ``document`` is metadata, which may be cached."""


class Reply:
    """A response that WSGI servers can send. Header names are written as HTTP documents them.

    ``more`` are headers that may stand there more than once, such as challenges.
    """

    __slots__ = ("body", "headers", "more", "status")

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes = b"") -> None:
        self.status = status
        self.headers = dict(headers)
        self.more: tuple[tuple[str, str], ...] = ()
        self.body = body

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Send the response (PEP 3333)."""
        start_response(_STATUS_LINES[self.status], [*self.headers.items(), *self.more])
        return (self.body,)


def answered(answer: Answer) -> Reply:
    """Return the response for a result of the protocol."""
    body = answer.body
    if isinstance(body, SignedBody):
        return with_body(body.jwt.encode(), body.media_type, answer.status, answer.headers)
    if body is not None:
        return in_json(body, answer.status, answer.headers)
    return Reply(answer.status, {**answer.headers, "Content-Length": "0"})


def in_json(
    document: Mapping[str, object], status: int = 200, headers: Mapping[str, str] | None = None
) -> Reply:
    """Return a response with a JSON object."""
    reply = with_body(serial.dumps(document), "application/json", status, headers)
    if status == 503:
        reply.headers.setdefault("Retry-After", RETRY_AFTER)
    return reply


def with_body(
    body: bytes,
    media_type: str,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> Reply:
    """Return a response with a body of this media type."""
    about = {"Content-Type": media_type, "Content-Length": str(len(body))}
    return Reply(status, {**about, **(headers or {})}, body)


def unless_current(reply: Reply, known: str | None) -> Reply:
    """Give a 200 an ETag; return 304 instead if ``known``, an If-None-Match, has it (RFC 9110)."""
    etag = hashlib.sha256(reply.body).hexdigest()
    reply.headers["ETag"] = f'"{etag}"'
    if known is None or etag not in ETagMatcher.parse(known, strong=False):
        return reply
    kept = {k: v for k, v in reply.headers.items() if not k.startswith("Content-")}
    return Reply(304, kept)


def problem(said: Rejected) -> Reply:
    """Return an error as JSON (RFC 6749 section 5.2)."""
    document = {"error": said.error, "error_description": said.description}
    return in_json(document, said.status, said.headers)


def transport_security(settings: Settings) -> str | None:
    """Return the Strict-Transport-Security of a standalone server (RFC 6797), or None.

    It is for this host without its subdomains. A loopback host has none: browsers would apply it
    to all other servers on the same computer.
    """
    issuer = urlsplit(settings.issuer)
    if issuer.scheme != "https" or not settings.hsts or issuer.hostname in LOOPBACK:
        return None
    return f"max-age={settings.hsts}"
