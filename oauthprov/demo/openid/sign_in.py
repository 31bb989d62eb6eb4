"""Signing in with the provider, and the page of the signed-in user."""

from __future__ import annotations

import logging

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.renderers import render_to_response
from pyramid.request import Request
from pyramid.response import Response

from oauthprov.demo.authorization import PendingAuthorization, SignInRequest
from oauthprov.demo.notices import Notice
from oauthprov.demo.openid.signed_in import lines
from oauthprov.demo.sessions import BrowserSession, set_cookie
from oauthprov.demo.tokens import Tokens

SCOPE = "openid profile email"

log = logging.getLogger(__name__)


def includeme(config: Configurator) -> None:
    """Add the routes and views."""
    for name, path, view in (
        ("sign_in", "/sign-in", sign_in),
        ("signed_in", "/signed-in", signed_in),
    ):
        config.add_route(name, path, request_method="GET")
        config.add_view(view, route_name=name)


def sign_in(request: Request) -> Response:
    """Redirect to the provider to sign in; ``again`` requires a new sign-in there.

    It is a GET without a CSRF token: a link from another site can only make users sign in as
    themselves. ``state`` and ``nonce`` bind the response to the browser of the request.
    """
    provider = request.provider
    if provider.settings.client_id is None:
        return HTTPSeeOther(request.route_path("home"))
    known: BrowserSession | None = request.browser_session
    before = known.signed_in if known else None
    asked = request.openid.request(again="again" in request.GET, before=before)
    pending = PendingAuthorization(asked.metadata.provider, SCOPE, asked)
    browser = known or request.session_store.create()
    browser.await_response(pending)
    response = HTTPSeeOther(provider.authorization_url(pending))
    set_cookie(response, browser, provider.settings.base_url)
    return response


def complete(
    request: Request, browser: BrowserSession, asked: SignInRequest, tokens: Tokens
) -> None:
    """Sign in the user of ``tokens``, from the ID token and UserInfo; the tokens aren't kept.

    Raises ``TokenRefused`` and ``ProviderUnavailable``; the previous user then stays signed in.
    """
    person = request.openid.signed_in(tokens, asked)
    with browser.lock:
        before = browser.signed_in
        if before is not None and before.proof.sub != person.proof.sub:
            browser.tokens = None  # They give access to another user's account.
        browser.signed_in = person
    browser.notice = Notice("Signed in", "The provider proved who you are.")
    log.info("Signed in: %s", person.proof.sub)


def signed_in(request: Request) -> Response:
    """Show the signed-in user, with the claims from the provider."""
    browser: BrowserSession | None = request.browser_session
    if browser is None or browser.signed_in is None:
        return HTTPSeeOther(request.route_path("home"))
    person = browser.signed_in
    values = {
        "settings": request.provider.settings,
        "notice": browser.take_notice(),
        "person": person,
        "claims": list(lines(person.proof.claims)),
        "userinfo": list(lines(person.userinfo)),
    }
    return render_to_response("oauthprov.demo:templates/signed_in.pt", values, request=request)
