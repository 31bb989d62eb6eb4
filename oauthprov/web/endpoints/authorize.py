"""The authorization endpoint (RFC 6749 section 3.1)."""

from __future__ import annotations

from pyramid.config import Configurator
from pyramid.response import Response

from oauthprov.web.request import Request
from oauthprov.web.responder import come_back, respond


def authorize(request: Request) -> Response:
    """Answer an authorization request, or one that was stored, for who is signed in here."""
    tools = request.oauthprov
    browser = tools.session.browser
    answer = tools.provider.authorize(tools.call, tools.person, browser, others=tools.others)
    return respond(request, answer)


def store(request: Request) -> Response:
    """Store the parameters of a POST, for the browser to come back for."""
    tools = request.oauthprov
    return come_back(request, "authorize", tools.provider.store_request(tools.call))


def includeme(config: Configurator) -> None:
    """Add the endpoint. People look at its errors, so it is a page."""
    config.add_oauth_page("authorize", "/oauth/authorize", get=authorize, post=store, leaves=True)
    config.add_oauth_metadata(authorization_endpoint="oauthprov.authorize")
