"""A body that is too large is refused before it fills memory or disk."""

from __future__ import annotations

import socket
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from paste.deploy import loadwsgi

from oauthprov.web.http.exchange import BODY_LIMIT
from tests.servers.wsgi import Server
from tests.site import FORM

ROOT = Path(__file__).parents[2]
PATIENCE = 60.0
MEBIBYTE = 1024 * 1024


def server_settings(name: str) -> dict[str, str]:
    """What waitress is told by an .ini, but for where it listens."""
    uri = f"config:{ROOT / name}"
    found = dict(loadwsgi.loadcontext(loadwsgi.SERVER, uri, name="main").local_conf)
    return {key: found[key] for key in found if key not in ("use", "host", "port")}


@pytest.fixture(params=["development.ini", "production.ini"])
def place(request, site):
    """Where waitress serves the provider as this .ini says."""
    server = Server(**server_settings(request.param))
    server.start(site.wsgi)
    yield "127.0.0.1", urlsplit(server.root).port
    server.close()


def exchange(place, *parts: bytes) -> bytes:
    """Send the parts, return how its answer begins."""
    with socket.create_connection(place, timeout=PATIENCE) as client:
        for part in parts:
            client.sendall(part)
        return client.recv(64)


def head(framing: str, path: str = "/oauth/token") -> bytes:
    return (
        f"POST {path} HTTP/1.1\r\nHost: id.example\r\nContent-Type: {FORM}\r\n{framing}\r\n\r\n"
    ).encode()


def test_a_body_of_300_mb_is_refused_before_it_is_sent(place):
    assert exchange(place, head(f"Content-Length: {300 * MEBIBYTE}")).startswith(b"HTTP/1.1 413 ")


def test_a_body_in_chunks_is_refused_at_a_mebibyte(place):
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    sent = (chunk * 16)[:MEBIBYTE]
    answer = exchange(place, head("Transfer-Encoding: chunked"), sent)
    assert answer.startswith(b"HTTP/1.1 413 ")


def test_a_body_that_the_server_takes_is_refused_by_the_provider(place):
    for length in (BODY_LIMIT + 1, MEBIBYTE - 1):
        sent = head(f"Content-Length: {length}") + b"x" * length
        assert exchange(place, sent).startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize(
    "path", ["/oauth/token", "/oauth/introspect", "/oauth/revoke", "/oauth/par"]
)
def test_the_refusal_is_a_registered_error(site, path):
    answer = site.send("POST", path, body=b"x" * (BODY_LIMIT + 1), content_type=FORM)
    assert (answer.status_int, answer.json["error"]) == (413, "invalid_request")
    smaller = site.send("POST", path, body=b"token=" + b"x" * 40_000, content_type=FORM)
    assert (smaller.status_int, smaller.json["error"]) == (413, "invalid_request")
