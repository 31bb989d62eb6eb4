"""The response headers of our views, by kind of view; a host's views don't get them."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from pyramid.config import Configurator
from pyramid.response import Response

from oauthprov.settings import LOOPBACK
from oauthprov.web.http.metering import Metering
from oauthprov.web.http.origins import is_at, origin_of
from oauthprov.web.http.reply import DOCUMENT, ENDPOINT
from oauthprov.web.request import Request, ViewInfo

_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; script-src 'self'; "
    "connect-src 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# Not no-referrer: with it browsers send our forms with "Origin: null" (Fetch, section 3.1).
_LEAVING = ENDPOINT | {
    "Content-Security-Policy": _POLICY,
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}
_PAGE = _LEAVING | {"Content-Security-Policy": f"{_POLICY}; form-action 'self'"}

HEADERS = {
    "page": _PAGE,
    "leaving": _LEAVING,
    "endpoint": ENDPOINT,
    "document": DOCUMENT,
}
"""Headers by kind of view. ``leaving`` has no form-action: Chromium applies it to all redirects
after a form, which end at the client's site. ``document`` is for metadata, which may be cached."""


View = Callable[[object, Request], Response]


def guarded_view(view: View, info: ViewInfo) -> View:
    """Derive a view with the headers of its kind, from the view option ``oauthprov``.

    The kind ``error`` means the kind of the view that failed.
    """
    kind = info.options.get("oauthprov")
    if kind is None:
        return view

    def guarded(context: object, request: Request) -> Response:
        tools = request.oauthprov
        metering = tools.site.metering
        if metering is not None:
            _count(request, metering)
        if kind == "error":
            response = view(context, request)
        else:
            tools.kind = kind
            response = _to_issuer(request) or view(context, request)
        for name, value in HEADERS[tools.kind].items():
            response.headers.setdefault(name, value)
        response.headers["X-Request-Id"] = tools.request_id
        return response

    return guarded


def _count(request: Request, metering: Metering) -> None:
    """Count the request when it ends, once, whichever views answer it."""
    exchange = request.oauthprov.exchange
    if exchange.counted:
        return
    exchange.counted = True
    status = 500  # if nobody makes a response of an exception

    def keep(request: Request, response: Response) -> None:
        nonlocal status
        status = response.status_int

    def count(request: Request) -> None:
        route = getattr(request, "matched_route", None)
        metering.count_routed(exchange, route, status)

    request.add_response_callback(keep)
    request.add_finished_callback(count)


guarded_view.options = ("oauthprov",)  # type: ignore[attr-defined]


def _to_issuer(request: Request) -> Response | None:
    # Cookies and the origin check work for one host name, and developers may type another one
    # (localhost or 127.0.0.1).
    site = request.oauthprov.site
    if not site.settings.development or request.method != "GET" or not _is_page(request):
        return None
    if is_at(site.settings.issuer, request.environ):
        return None
    sent = origin_of(f"{request.scheme}://{request.host}")  # None for a malformed Host header
    if sent in (None, site.origin) or urlsplit(sent).hostname not in LOOPBACK:
        return None
    return Response(status=302, headerlist=[], location=site.origin + request.path_qs)


def _is_page(request: Request) -> bool:
    return request.oauthprov.kind in ("page", "leaving")


def includeme(config: Configurator) -> None:
    """Add the view deriver."""
    config.add_view_deriver(guarded_view, "oauthprov")
