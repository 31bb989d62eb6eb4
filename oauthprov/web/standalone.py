"""What a standalone server needs besides the provider: responses to all other requests."""

from __future__ import annotations

from pyramid.config import Configurator
from pyramid.events import NewRequest, NewResponse
from pyramid.exceptions import URLDecodeError
from pyramid.httpexceptions import HTTPException, HTTPNotFound
from pyramid.response import Response

from oauthprov.messages import N_
from oauthprov.resource import preflight
from oauthprov.web.errors import error_response, rejection
from oauthprov.web.http.cross_origin import POLICIES
from oauthprov.web.http.policy import straight_from_wsgi
from oauthprov.web.http.problems import undecodable, unexpected
from oauthprov.web.request import Request
from oauthprov.web.site import site_of

_WELL_KNOWN = "/.well-known/"


def begin(event: NewRequest) -> None:
    """Give every request an id, before anything can fail."""
    tools = event.request.oauthprov
    tools.kind = "page"
    tools.begin()


def keep_to_https(event: NewResponse) -> None:
    """Add Strict-Transport-Security to every response, where it applies."""
    said = event.request.oauthprov.site.transport_security
    if said is not None:
        event.response.headers.setdefault("Strict-Transport-Security", said)


def not_found(context: HTTPNotFound, request: Request) -> Response:
    """Return 404 for an unknown URL; any origin may read that a well-known document is missing.

    Clients probe for metadata at several URLs, and a browser that may not read the response
    reports a failed connection instead of a 404.
    """
    if _WELL_KNOWN in request.environ.get("PATH_INFO", ""):
        return _no_document(request)
    return error_response(request, "not_found", N_("There is no page at this address."), 404)


def _no_document(request: Request) -> Response:
    tools = request.oauthprov
    tools.kind = "endpoint"
    if request.method == "OPTIONS":
        return preflight("GET")(request)
    response = error_response(request, "not_found", "There is no document at this address.", 404)
    response.headers.update(POLICIES["any"](tools.exchange, 404))
    return response


def not_decodable(context: UnicodeDecodeError, request: Request) -> Response:
    """Return 400 for a URL, header or body that can't be decoded."""
    return rejection(request, undecodable(context))


def http_error(context: HTTPException, request: Request) -> Response:
    """Return a page for an HTTP error raised by Pyramid; redirects are returned unchanged."""
    if context.status_int < 400:
        return context
    return error_response(
        request, "invalid_request", N_("The server can't answer this request."), context.status_int
    )


def failed(context: Exception, request: Request) -> Response:
    """Return 500 for an unexpected exception."""
    return rejection(request, unexpected(context))


def includeme(config: Configurator) -> None:
    """Add the provider, and the exception views that an embedding host has itself."""
    config.include("oauthprov")
    config.add_subscriber(begin, NewRequest)
    config.add_subscriber(keep_to_https, NewResponse)
    for context, view in (
        (HTTPNotFound, not_found),
        (URLDecodeError, not_decodable),
        (UnicodeDecodeError, not_decodable),
        (HTTPException, http_error),
        (Exception, failed),
    ):
        config.add_exception_view(view, context=context, oauthprov="error")


def answer_straight(config: Configurator) -> None:
    """Answer endpoints for clients without Pyramid's machinery, unless packages were added.

    What ``pyramid.includes`` or ``pyramid.tweens`` names may want to see every request.
    """
    settings = config.registry.settings
    if not (settings.get("pyramid.includes") or settings.get("pyramid.tweens")):
        config.set_execution_policy(straight_from_wsgi(config.registry, site_of))
