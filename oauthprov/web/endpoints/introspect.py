"""The introspection endpoint (RFC 7662)."""

from __future__ import annotations

from pyramid.config import Configurator
from pyramid.response import Response

from oauthprov.web.request import Request
from oauthprov.web.responder import respond


def introspect(request: Request) -> Response:
    """Return the introspection response to a confidential client."""
    tools = request.oauthprov
    return respond(request, tools.provider.endpoints.introspect(tools.call_to("introspect")))


def includeme(config: Configurator) -> None:
    """Add the endpoint, without CORS: it needs a secret, which no browser app can keep."""
    config.add_oauth_endpoint("introspect", "/oauth/introspect", post=introspect)
    config.add_oauth_metadata(introspection_endpoint="oauthprov.introspect")
