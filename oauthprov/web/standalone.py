"""What a server of its own needs beyond the provider: an answer to everything else."""

from __future__ import annotations

from pyramid.config import Configurator
from pyramid.events import NewRequest, NewResponse
from pyramid.exceptions import URLDecodeError
from pyramid.httpexceptions import HTTPException, HTTPNotFound
from pyramid.response import Response

from oauthprov import logs
from oauthprov.web.errors import error_response
from oauthprov.web.headers import transport_security
from oauthprov.web.request import Request

log = logs.logger(__name__)


def begin(event: NewRequest) -> None:
    """Give every request its id, before anything can fail."""
    event.request.oauthprov.kind = "page"


def keep_to_https(event: NewResponse) -> None:
    """Tell browsers on every response to use https alone, where that is so."""
    said = transport_security(event.request.oauthprov.settings)
    if said is not None:
        event.response.headers.setdefault("Strict-Transport-Security", said)


def not_found(context: HTTPNotFound, request: Request) -> Response:
    """There is nothing at this address."""
    return error_response(request, "not_found", "There is no page at this address.", 404)


def undecodable(context: UnicodeDecodeError, request: Request) -> Response:
    """The address, a header or the body isn't the text it says it is."""
    log.info("undecodable request: %s", type(context).__name__)
    return error_response(request, "invalid_request", "The request isn't valid UTF-8 text.")


def http_error(context: HTTPException, request: Request) -> Response:
    """An HTTP error of Pyramid's own; a redirect stays one."""
    if context.status_int < 400:
        return context
    return error_response(request, "invalid_request", f"{context.title}.", context.status_int)


def failed(context: Exception, request: Request) -> Response:
    """A defect of ours: the log has the traceback, the page has the id to find it by."""
    log.error("unexpected %s", type(context).__name__, exc_info=context)
    return error_response(
        request, "server_error", "Something went wrong on our side. It has been logged.", 500
    )


def includeme(config: Configurator) -> None:
    """Add the provider, and exception views for all that a host would answer by itself."""
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
