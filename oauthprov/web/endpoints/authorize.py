"""The authorization endpoint (RFC 6749 section 3.1)."""

from __future__ import annotations

from pyramid.config import Configurator
from pyramid.response import Response

from oauthprov.protocol.request.answers import Redirect, Visitor
from oauthprov.web.http.exchange import Exchange
from oauthprov.web.http.origins import is_at
from oauthprov.web.http.reply import Reply
from oauthprov.web.request import Request
from oauthprov.web.responder import CODES_PASS, come_back, respond, target_of
from oauthprov.web.session import Browser


def redirected(exchange: Exchange) -> Reply | None:
    """Redirect a browser with a session to the client, None if that takes a page.

    The view goes on with what came of the request, which isn't begun twice.
    """
    site, browser = exchange.site, Browser(exchange.site, exchange.environ)
    key, account_id = browser.known_as, browser.account_id
    if key is None or account_id is None:
        return None
    if site.settings.development and not is_at(site.settings.issuer, exchange.environ):
        return None
    begin = site.provider.authorization.begin

    def visitor() -> Visitor:
        person = browser.signed_in
        exchange.events.is_known |= person is not None
        return Visitor(key, person, lambda: browser.others)

    try:
        begun = exchange.begun = begin(exchange.call, visitor, account_id)
    except Exception as error:
        exchange.begun = error
        return None
    if not isinstance(begun, Redirect) or begun.response_mode == "form_post":
        return None
    return Reply(302, {**CODES_PASS, "Location": target_of(begun), "Content-Length": "0"})


def authorize(request: Request) -> Response:
    """Answer an authorization request, or continue a stored one, for the signed-in user."""
    tools = request.oauthprov
    begun = tools.exchange.begun
    if isinstance(begun, Exception):
        raise begun
    if begun is None:
        begin, account_id = tools.provider.authorization.begin, tools.session.account_id
        begun = begin(tools.call, lambda: tools.visitor, account_id)
    return respond(request, begun)


def store(request: Request) -> Response:
    """Store the parameters of a POST, and redirect the browser to the stored request."""
    tools = request.oauthprov
    return come_back(request, "authorize", tools.provider.authorization.store(tools.call))


def includeme(config: Configurator) -> None:
    """Add the endpoint, as a page: its errors are shown to users."""
    config.add_oauth_page(
        "authorize",
        "/oauth/authorize",
        get=authorize,
        post=store,
        leaves=True,
        shortcut=redirected,
    )
    config.add_oauth_metadata(authorization_endpoint="oauthprov.authorize")
