"""Checks of what stands before the live server: limits of bodies and URLs, buffering."""

from __future__ import annotations

from collections.abc import Iterator

from oauthprov.doctor.check import WARNING, Check
from oauthprov.doctor.live import Live

_LARGE = 64 << 20
"""Bytes of a body that a proxy must refuse."""
_UNREAD = 128 << 10
"""Bytes of a body that a proxy accepts and oauthprov refuses, before it reads them."""
_LONG = 12_000
"""Characters of a query with a request object that has an RSA signature and some claims."""


def _body(on: Live) -> Iterator[str]:
    url = on.endpoint("token_endpoint")
    if url is None:
        return
    status = on.asker.announce(url, _LARGE, on.patience)
    if status is None:
        yield f"a body of {_LARGE >> 20} MiB isn't refused when it is announced"


def _buffering(on: Live) -> Iterator[str]:
    url = on.endpoint("token_endpoint")
    if url is None:
        return
    status = on.asker.announce(url, _UNREAD, on.patience)
    if status is not None:
        yield f"a request is answered with {status} before its body has come"


def _long_url(on: Live) -> Iterator[str]:
    url = on.endpoint("authorization_endpoint")
    if url is None:
        return
    answer = on.asker.ask(url, query=f"client_id=doctor&state={'x' * _LONG}")
    if answer.status in (414, 431) or answer.status >= 500:
        yield f"a URL of {_LONG // 1000} kB has status {answer.status}"


CHECKS: tuple[Check[Live], ...] = (
    Check(
        "live.body_limit",
        WARNING,
        "a request that announces a body of 64 MiB",
        "Large bodies fill the disk or the memory of the proxy or server.",
        "nginx: client_max_body_size 1m. HAProxy and Apache: see docs/deployment.md. waitress:"
        " max_request_body_size = 1048576.",
        _body,
    ),
    Check(
        "live.buffering",
        WARNING,
        "a request whose body doesn't come",
        "Each slow client occupies a thread of the server.",
        "nginx: proxy_request_buffering on. HAProxy: option http-buffer-request.",
        _buffering,
    ),
    Check(
        "live.long_urls",
        WARNING,
        "an authorization request of 12 kB",
        "Clients that send request objects in the query are refused.",
        "nginx: large_client_header_buffers 4 32k. HAProxy: tune.bufsize 32768. Apache:"
        " LimitRequestLine 32768. gunicorn accepts at most"
        " --limit-request-line 8190.",
        _long_url,
    ),
)
