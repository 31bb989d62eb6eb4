"""The revocation endpoint (RFC 7009)."""

from __future__ import annotations

from pyramid.config import Configurator
from pyramid.response import Response

from oauthprov.web.request import Request
from oauthprov.web.responder import respond


def revoke(request: Request) -> Response:
    """Revoke a token and the tokens that depend on it."""
    tools = request.oauthprov
    return respond(request, tools.provider.endpoints.revoke(tools.call_to("revoke")))


def includeme(config: Configurator) -> None:
    """Add the endpoint."""
    config.add_oauth_endpoint("revoke", "/oauth/revoke", post=revoke, cors="client")
    config.add_oauth_metadata(revocation_endpoint="oauthprov.revoke")
