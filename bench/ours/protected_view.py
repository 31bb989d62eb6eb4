"""Times a view that requires a scope beside the same view without protection, in one process.

    python protected_view.py CALLS < TOKEN

It is an embedded provider on a real store (``OAUTHPROV_INI``); both views are called in turn, as
WSGI calls without a server, and every answer is checked. Prints JSON: the medians of both in
microseconds, the median of what the protected one took longer, and that of one read of the store
by its bare driver, made between them.
"""

from __future__ import annotations

import gc
import json
import os
import socket
import sqlite3
import sys
import time
from collections.abc import Callable
from statistics import median
from typing import Any
from wsgiref.util import setup_testing_defaults

from pyramid.config import Configurator
from pyramid.paster import get_appsettings
from pyramid.request import Request
from pyramid.response import Response
from sqlalchemy import make_url

WARM_UP = 200
BODY = b"a view"

App = Callable[[dict[str, Any], Callable[..., Any]], Any]


def view(request: Request) -> Response:
    return Response(BODY)


def application() -> Any:
    """Return an app with the same view twice: at /plain, and at /protected with a scope."""
    settings = get_appsettings(os.environ["OAUTHPROV_INI"])
    with Configurator(settings=settings) as config:
        config.include("oauthprov")
        for name, options in (("plain", {}), ("protected", {"oauth_scopes": ("profile:read",)})):
            config.add_route(name, f"/{name}")
            config.add_view(view, route_name=name, **options)
        return config.make_wsgi_app()


def environ(path: str, token: str) -> dict[str, Any]:
    made = {"PATH_INFO": path, "HTTP_AUTHORIZATION": f"Bearer {token}", "HTTP_HOST": "id.example"}
    setup_testing_defaults(made)
    return made


def bare_read(address: str) -> Callable[[], object]:
    """Return a function that reads nothing from the store, without any of our code."""
    url = make_url(address)
    if url.drivername == "redis":
        connected = socket.create_connection((url.host, url.port))

        def get() -> bytes:
            connected.sendall(b"*2\r\n$3\r\nGET\r\n$6\r\nnobody\r\n")
            return connected.recv(100)

        return get
    if url.drivername.startswith("postgresql"):
        import psycopg

        plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
        session = psycopg.connect(plain, autocommit=True)
        return lambda: session.execute("SELECT 1", prepare=True).fetchall()
    file = sqlite3.connect(url.database or "")
    return lambda: file.execute("SELECT 1").fetchall()


def timed_read(read: Callable[[], object]) -> float:
    """Return the microseconds of a read."""
    began = time.perf_counter_ns()
    read()
    return (time.perf_counter_ns() - began) / 1000


def timed(app: App, request: dict[str, Any]) -> float:
    """Return the microseconds that a call took, to the last byte."""
    statuses: list[str] = []
    given = dict(request)
    began = time.perf_counter_ns()
    body = b"".join(app(given, lambda status, headers, *_: statuses.append(status)))
    took = (time.perf_counter_ns() - began) / 1000
    if not statuses[0].startswith("200 ") or body != BODY:
        sys.exit(f"a wrong answer: {statuses[0]} {body[:300]!r}")
    return took


def main() -> None:
    calls, token = int(sys.argv[1]), sys.stdin.read().strip()
    app = application()
    read = bare_read(app.registry["oauthprov.settings"].storage_url)
    pair = environ("/plain", token), environ("/protected", token)
    gc.freeze()
    times = [
        (*(timed(app, request) for request in pair), timed_read(read))
        for _ in range(WARM_UP + calls)
    ][WARM_UP:]
    outcome = {
        "plain": median(plain for plain, _, _ in times),
        "protected": median(protected for _, protected, _ in times),
        "extra": median(protected - plain for plain, protected, _ in times),
        "bare": median(bare for _, _, bare in times),
    }
    print(json.dumps(outcome))


if __name__ == "__main__":
    main()
