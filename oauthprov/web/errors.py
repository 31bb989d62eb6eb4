"""Error pages and error responses: the problem, what to do, and the request id of the log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from pyramid.config import Configurator
from pyramid.renderers import render_to_response
from pyramid.response import Response

from oauthprov import logs
from oauthprov.events import refused_with
from oauthprov.protocol.request.answers import Refusal
from oauthprov.records import Client
from oauthprov.web import i18n
from oauthprov.web.client_view import way_back
from oauthprov.web.http.problems import OURS, Rejected, problem_of
from oauthprov.web.http.reply import RETRY_AFTER, Reply, problem
from oauthprov.web.i18n import _

if TYPE_CHECKING:
    from oauthprov.web.request import Request

log = logs.logger(__name__)

_TITLES = {
    403: _("The form was refused"),
    404: _("Page not found"),
    405: _("Method not allowed"),
    500: _("Something went wrong"),
    503: _("The server is not available"),
}
_ADVICE = _(
    "Go back to the app and start again. If you develop the app, compare the client ID, the "
    "redirect URI and the other parameters that it sends with its registration."
)
_OTHERWISE = _("The request was refused")


def error_response(
    request: Request,
    error: str,
    description: str,
    status: int = 400,
    headers: Mapping[str, str] | None = None,
    advice: str | None = None,
    sent: Sequence[tuple[str, str]] = (),
    client: Client | None = None,
) -> Response:
    """Return an error as a page, or as JSON at the endpoints (RFC 6749 section 5.2).

    ``advice`` is what the page recommends to the user, ``sent`` the parameters that it shows,
    ``client`` the app that it leads back to.
    """
    refused_with(error)
    tools = request.oauthprov
    if tools.kind not in ("page", "leaving"):
        return to_response(problem(Rejected(error, description, status, headers)))
    value = {
        "title": _TITLES.get(status, _OTHERWISE),
        "status": status,
        "error": error,
        "description": i18n.translated(request, description),
        "advice": advice,
        "sent": sent,
        "client": client,
        "way_back": None if client is None else way_back(tools.settings, client),
        "mend": _registration(request, client),
        "request_id": tools.request_id,
        # The layout must not read the session: the error may be that storage failed.
        "person": None,
    }
    response = _page(request, value)
    response.status_int = status
    response.headers.update(headers or {})
    if status == 503:
        response.headers.setdefault("Retry-After", RETRY_AFTER)
    return response


def _registration(request: Request, client: Client | None) -> str | None:
    """Return the URL where a developer changes the client, if there is such a page for it."""
    tools = request.oauthprov
    if client is None or client.owner is None or not tools.has_page("edit_client"):
        return None
    return tools.url("edit_client", client_id=client.client_id)


def _page(request: Request, value: dict[str, object]) -> Response:
    """Return the page of an error, or its text alone: a host's template may be what is broken."""
    try:
        return render_to_response("oauthprov:templates/error.pt", value, request)
    except Exception:
        log.exception("the page of an error can't be made")
        text = f"{value['description']}\n\n{value['error']} {value['request_id']}\n"
        return Response(text, content_type="text/plain", charset="utf-8")


def to_response(reply: Reply) -> Response:
    """Return a reply as a response of Pyramid's."""
    headers = [*reply.headers.items(), *reply.more]
    return Response(reply.body, status=reply.status, headerlist=headers)


def refusal(request: Request, refused: Refusal) -> Response:
    """Return the page for an error that may not be redirected to a client."""
    advice = _ADVICE if refused.status < 500 else None
    return error_response(
        request,
        refused.error,
        refused.description,
        refused.status,
        advice=advice,
        sent=refused.sent,
        client=refused.client,
    )


def rejection(request: Request, said: Rejected) -> Response:
    """Return what is said about an error, as a page or as JSON."""
    return error_response(request, said.error, said.description, said.status, said.headers)


def ours(context: Exception, request: Request) -> Response:
    """Return the response to one of our own exceptions."""
    return rejection(request, problem_of(context))


def includeme(config: Configurator) -> None:
    """Add exception views for our own exceptions only: all others belong to the host."""
    for context in OURS:
        config.add_exception_view(ours, context=context, oauthprov="error")
