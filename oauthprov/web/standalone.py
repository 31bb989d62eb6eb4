"""What a standalone server needs besides the provider: responses to all other requests."""

from __future__ import annotations

from pyramid.config import Configurator
from pyramid.events import NewRequest, NewResponse
from pyramid.exceptions import URLDecodeError
from pyramid.httpexceptions import HTTPException, HTTPNotFound
from pyramid.response import Response

from oauthprov import logs
from oauthprov.messages import N_
from oauthprov.web.errors import error_response
from oauthprov.web.headers import transport_security
from oauthprov.web.request import Request

log = logs.logger(__name__)


def begin(event: NewRequest) -> None:
    """Give every request an id, before anything can fail."""
    event.request.oauthprov.kind = "page"


def keep_to_https(event: NewResponse) -> None:
    """Add Strict-Transport-Security to every response, where it applies."""
    said = transport_security(event.request.oauthprov.settings)
    if said is not None:
        event.response.headers.setdefault("Strict-Transport-Security", said)


def not_found(context: HTTPNotFound, request: Request) -> Response:
    """Return 404 for an unknown URL."""
    return error_response(request, "not_found", N_("There is no page at this address."), 404)


def undecodable(context: UnicodeDecodeError, request: Request) -> Response:
    """Return 400 for a URL, header or body that can't be decoded."""
    log.info("undecodable request: %s", type(context).__name__)
    return error_response(request, "invalid_request", N_("The request isn't valid UTF-8 text."))


def http_error(context: HTTPException, request: Request) -> Response:
    """Return a page for an HTTP error raised by Pyramid; redirects are returned unchanged."""
    if context.status_int < 400:
        return context
    return error_response(
        request, "invalid_request", N_("The server can't answer this request."), context.status_int
    )


def failed(context: Exception, request: Request) -> Response:
    """Return 500 for an unexpected exception: the log has the traceback under the page's id."""
    log.error("unexpected %s", type(context).__name__, exc_info=context)
    return error_response(
        request, "server_error", N_("Something went wrong on our side. It has been logged."), 500
    )


def includeme(config: Configurator) -> None:
    """Add the provider, and the exception views that an embedding host has itself."""
    config.include("oauthprov")
    config.add_subscriber(begin, NewRequest)
    config.add_subscriber(keep_to_https, NewResponse)
    for context, view in (
        (HTTPNotFound, not_found),
        (URLDecodeError, undecodable),
        (UnicodeDecodeError, undecodable),
        (HTTPException, http_error),
        (Exception, failed),
    ):
        config.add_exception_view(view, context=context, oauthprov="error")
