"""Dynamic client registration (RFC 7591) and its management (RFC 7592)."""

from __future__ import annotations

from collections.abc import Callable

from pyramid.config import Configurator
from pyramid.response import Response

from oauthprov.web.http.problems import Rejected
from oauthprov.web.request import Request
from oauthprov.web.responder import respond


def register(request: Request) -> Response:
    """Register a client, within the rate limits."""
    tools = request.oauthprov
    attempts = tools.site.attempts
    _wait(attempts.register(request.remote_addr or ""))
    answer = tools.provider.registration.register(
        tools.call, _address_of(request), lambda: _wait(attempts.registered())
    )
    return respond(request, answer)


def read(request: Request) -> Response:
    """Return the registered metadata of a client."""
    tools = request.oauthprov
    registration, client_id = tools.provider.registration, request.matchdict["client_id"]
    return respond(request, registration.read(tools.call, client_id, _address_of(request)))


def update(request: Request) -> Response:
    """Replace the registered metadata, within the rate limits of new clients."""
    tools = request.oauthprov
    _wait(tools.site.attempts.register(request.remote_addr or ""))
    registration, client_id = tools.provider.registration, request.matchdict["client_id"]
    return respond(request, registration.update(tools.call, client_id, _address_of(request)))


def remove(request: Request) -> Response:
    """Remove a client at its own request."""
    tools = request.oauthprov
    registration, client_id = tools.provider.registration, request.matchdict["client_id"]
    return respond(request, registration.remove(tools.call, client_id))


def _address_of(request: Request) -> Callable[[str], str]:
    return lambda client_id: request.oauthprov.url("registered", client_id=client_id)


def _wait(seconds: int) -> None:
    if seconds:
        raise Rejected(
            "temporarily_unavailable",
            "Too many clients were registered or changed just now.",
            429,
            {"Retry-After": str(seconds)},
        )


def includeme(config: Configurator) -> None:
    """Add both endpoints, unless registration is disabled."""
    if config.registry["oauthprov.settings"].registration == "closed":
        return
    config.add_oauth_endpoint("register", "/oauth/register", post=register, cors="any")
    config.add_oauth_endpoint(
        "registered",
        "/oauth/register/{client_id}",
        get=read,
        put=update,
        delete=remove,
        cors="any",
    )
    config.add_oauth_metadata(registration_endpoint="oauthprov.register")
