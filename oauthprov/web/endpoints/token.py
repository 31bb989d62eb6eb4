"""The token endpoint (RFC 6749 section 3.2)."""

from __future__ import annotations

from pyramid.config import Configurator
from pyramid.response import Response

from oauthprov.web.request import Request
from oauthprov.web.responder import respond


def token(request: Request) -> Response:
    """Issue tokens for an authorization code, a refresh token or client credentials."""
    tools = request.oauthprov
    return respond(request, tools.provider.endpoints.token(tools.call_to("token")))


def includeme(config: Configurator) -> None:
    """Add the endpoint."""
    config.add_oauth_endpoint("token", "/oauth/token", post=token, cors="client")
    config.add_oauth_metadata(token_endpoint="oauthprov.token")  # noqa: S106 - a route name
