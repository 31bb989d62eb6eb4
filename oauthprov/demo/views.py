"""The pages of the demo and the actions of their buttons."""

from __future__ import annotations

import logging
from typing import Any

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.renderers import render_to_response
from pyramid.request import Request
from pyramid.response import Response

from oauthprov.demo.authorization import PendingAuthorization, code_of, one
from oauthprov.demo.errors import (
    AccessExpired,
    AccessRemoved,
    OAuthFailure,
    ProviderUnavailable,
    ResponseRefused,
    TokenRefused,
)
from oauthprov.demo.notices import FAILURES, Notice, notice_of
from oauthprov.demo.openid import sign_in
from oauthprov.demo.resource import call_resource, renew
from oauthprov.demo.scopes import scope_values
from oauthprov.demo.sessions import BrowserSession, set_cookie
from oauthprov.demo.tokens import Tokens, abbreviated

log = logging.getLogger(__name__)

_SCOPE_LENGTH = 1000


def includeme(config: Configurator) -> None:
    """Add the routes and views."""
    for name, path, view, method in (
        ("home", "/", home, "GET"),
        ("connect", "/connect", connect, "GET"),
        ("callback", "/callback", callback, "GET"),
        ("refresh", "/refresh", refresh, "POST"),
        ("revoke", "/revoke", revoke, "POST"),
        ("disconnect", "/disconnect", disconnect, "POST"),
    ):
        config.add_route(name, path, request_method=method)
        config.add_view(view, route_name=name)


def home(request: Request) -> Response:
    """Explain how to set up the demo, offer to connect, or show the connection."""
    if request.provider.settings.client_id is None:
        return _page(request, "setup")
    browser: BrowserSession | None = request.browser_session
    notice = browser.take_notice() if browser else None
    if browser is None or browser.tokens is None:
        return _page(request, "welcome", notice=notice, scopes=_scopes(request, ()))
    return _connected(request, browser, notice)


def connect(request: Request) -> Response:
    """Redirect to the provider, with a request for the ``scope`` values of the query."""
    provider = request.provider
    if provider.settings.client_id is None:
        return _back(request)
    asked = " ".join(request.GET.getall("scope"))
    scopes = scope_values(asked) if len(asked) <= _SCOPE_LENGTH else ()
    scopes = scopes or scope_values(provider.settings.scope)
    pending = PendingAuthorization(provider.metadata(), " ".join(scopes))
    browser = request.browser_session or request.session_store.create()
    browser.await_response(pending)
    response = HTTPSeeOther(provider.authorization_url(pending))
    set_cookie(response, browser, provider.settings.base_url)
    return response


def callback(request: Request) -> Response:
    """Process the authorization response, and get the tokens (RFC 6749 section 4.1.2).

    Except for a forged response it always redirects, so that the code leaves the address bar.
    """
    browser: BrowserSession | None = request.browser_session
    pending = browser.take_pending(one(request.GET, "state")) if browser else None
    if browser is None or pending is None:
        raise ResponseRefused("This browser isn't waiting for this response (state).")
    address = request.route_path("home")
    try:
        tokens = request.provider.exchange(code_of(request.GET, pending), pending)
        if pending.sign_in is None:
            _connect(browser, tokens)
        else:
            sign_in.complete(request, browser, pending.sign_in, tokens)
            address = request.route_path("signed_in")
    except (OAuthFailure, ProviderUnavailable, TokenRefused) as failure:
        log.info("Nothing came of it: %r", failure)
        browser.notice = notice_of(failure)
    request.session_store.renew(browser)
    response = HTTPSeeOther(address)
    set_cookie(response, browser, request.provider.settings.base_url)
    return response


def _connect(browser: BrowserSession, tokens: Tokens) -> None:
    with browser.lock:
        browser.tokens = tokens
    browser.notice = Notice("Access given", "The demo can now call the API for you.")


def refresh(request: Request) -> Response:
    """Renew the access token now, whether or not it has expired."""
    browser: BrowserSession = request.browser_session
    try:
        renew(request.provider, browser)
        browser.notice = Notice("Refreshed", "The provider issued a new access token.")
    except FAILURES as failure:
        _record(browser, failure)
    return _back(request)


def revoke(request: Request) -> Response:
    """Revoke the tokens at the provider and remove them."""
    browser: BrowserSession = request.browser_session
    try:
        with browser.lock:
            request.provider.revoke(browser.held_tokens())
            browser.tokens = None
        browser.notice = Notice("Revoked", "The provider made the tokens of the demo invalid.")
    except FAILURES as failure:
        _record(browser, failure)
    return _back(request)


def disconnect(request: Request) -> Response:
    """Remove the tokens; they stay valid at the provider."""
    browser: BrowserSession = request.browser_session
    with browser.lock:
        browser.tokens = None
    browser.notice = Notice(
        "Disconnected", "The demo deleted its tokens. At the provider it still has access."
    )
    return _back(request)


def _connected(request: Request, browser: BrowserSession, notice: Notice | None) -> Response:
    provider, answer, failed = request.provider, None, None
    try:
        answer = call_resource(provider, browser)
    except (AccessRemoved, AccessExpired) as ended:
        _record(browser, ended)
        return _back(request)
    except (OAuthFailure, ProviderUnavailable) as failure:
        log.info("The call failed: %r", failure)
        failed = notice_of(failure)
    tokens = browser.held_tokens()
    now = provider.clock()
    return _page(
        request,
        "connected",
        notice=notice,
        answer=answer,
        failed=failed,
        tokens=tokens,
        lifetime=None if tokens.expires_at is None else max(tokens.expires_at - now, 0),
        abbreviated=abbreviated,
        scopes=_scopes(request, tokens.scopes),
    )


def _record(browser: BrowserSession, failure: Exception) -> None:
    log.info("Failed: %r", failure)
    browser.notice = notice_of(failure)


def _scopes(request: Request, granted: tuple[str, ...]) -> dict[str, Any]:
    """Return the scopes to offer, the preselected ones, and why the list may be incomplete."""
    configured = scope_values(request.provider.settings.scope)
    try:
        supported, trouble = request.provider.metadata().scopes_supported, None
    except ProviderUnavailable as failure:
        supported, trouble = (), notice_of(failure)
    return {
        "offered": tuple(dict.fromkeys(configured + granted + supported)),
        "ticked": granted or configured,
        "trouble": trouble,
    }


def _page(request: Request, name: str, **values: object) -> Response:
    template = f"oauthprov.demo:templates/{name}.pt"
    values.setdefault("notice", None)
    return render_to_response(
        template, {"settings": request.provider.settings, **values}, request=request
    )


def _back(request: Request) -> Response:
    return HTTPSeeOther(request.route_path("home"))
