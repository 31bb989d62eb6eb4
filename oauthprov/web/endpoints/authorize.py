"""The authorization endpoint (RFC 6749 section 3.1)."""

from __future__ import annotations

from pyramid.config import Configurator
from pyramid.response import Response

from oauthprov.web.request import Request
from oauthprov.web.responder import come_back, respond


def authorize(request: Request) -> Response:
    """Answer an authorization request, or continue a stored one, for the signed-in user."""
    tools = request.oauthprov
    begin, named = tools.provider.authorization.begin, tools.session.account_id
    return respond(request, begin(tools.call, lambda: tools.visitor, named))


def store(request: Request) -> Response:
    """Store the parameters of a POST, and redirect the browser to the stored request."""
    tools = request.oauthprov
    return come_back(request, "authorize", tools.provider.authorization.store(tools.call))


def includeme(config: Configurator) -> None:
    """Add the endpoint, as a page: its errors are shown to users."""
    config.add_oauth_page("authorize", "/oauth/authorize", get=authorize, post=store, leaves=True)
    config.add_oauth_metadata(authorization_endpoint="oauthprov.authorize")
