"""Times a view that requires a scope beside the same view without protection, in one process.

    python protected_view.py CALLS < TOKEN

It is an embedded provider on a real store (``OAUTHPROV_INI``); both views are called in turn, as
WSGI calls without a server, and every answer is checked. Prints JSON: the medians of both in
microseconds, and the median of what the protected one took longer.
"""

from __future__ import annotations

import gc
import json
import os
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

WARM_UP = 200
BODY = b"a view"

App = Callable[[dict[str, Any], Callable[..., Any]], Any]


def view(request: Request) -> Response:
    return Response(BODY)


def application() -> App:
    """Return an app with the same view twice: at /plain, and at /protected with a scope."""
    settings = get_appsettings(os.environ["OAUTHPROV_INI"])
    with Configurator(settings=settings) as config:
        config.include("oauthprov")
        for name, options in (("plain", {}), ("protected", {"oauth_scopes": ("profile:read",)})):
            config.add_route(name, f"/{name}")
            config.add_view(view, route_name=name, **options)
        app: App = config.make_wsgi_app()
        return app


def environ(path: str, token: str) -> dict[str, Any]:
    made = {"PATH_INFO": path, "HTTP_AUTHORIZATION": f"Bearer {token}", "HTTP_HOST": "id.example"}
    setup_testing_defaults(made)
    return made


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
    pair = environ("/plain", token), environ("/protected", token)
    gc.freeze()
    times = [[timed(app, request) for request in pair] for _ in range(WARM_UP + calls)][WARM_UP:]
    outcome = {
        "plain": median(plain for plain, _ in times),
        "protected": median(protected for _, protected in times),
        "extra": median(protected - plain for plain, protected in times),
    }
    print(json.dumps(outcome))


if __name__ == "__main__":
    main()
