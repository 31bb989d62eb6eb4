"""The authorization endpoint (RFC 6749 section 3.1)."""

from __future__ import annotations

from pyramid.config import Configurator
from pyramid.response import Response

from oauthprov.web.request import Request
from oauthprov.web.responder import come_back, respond


def authorize(request: Request) -> Response:
    """Answer an authorization request, or one that was stored, for who is signed in here."""
    tools = request.oauthprov
    return respond(request, tools.provider.authorization.begin(tools.call, tools.visitor))


def store(request: Request) -> Response:
    """Store the parameters of a POST, for the browser to come back for."""
    tools = request.oauthprov
    return come_back(request, "authorize", tools.provider.authorization.store(tools.call))


def includeme(config: Configurator) -> None:
    """Add the endpoint. People look at its errors, so it is a page."""
    config.add_oauth_page("authorize", "/oauth/authorize", get=authorize, post=store, leaves=True)
    config.add_oauth_metadata(authorization_endpoint="oauthprov.authorize")
