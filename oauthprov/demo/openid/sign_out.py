"""Signing out: only here, or also at the provider (OpenID Connect RP-Initiated Logout 1.0)."""

from __future__ import annotations

import logging

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from oauthprov.demo.authorization import one
from oauthprov.demo.errors import ProviderUnavailable, ResponseRefused
from oauthprov.demo.notices import Notice, notice_of
from oauthprov.demo.sessions import BrowserSession, set_cookie

log = logging.getLogger(__name__)


def includeme(config: Configurator) -> None:
    """Add the routes and views. Signing out takes a form with a CSRF token."""
    for name, path, view, method in (
        ("sign_out", "/sign-out", sign_out, "POST"),
        ("sign_out_everywhere", "/sign-out-everywhere", sign_out_everywhere, "POST"),
        ("signed_out", "/signed-out", signed_out, "GET"),
    ):
        config.add_route(name, path, request_method=method)
        config.add_view(view, route_name=name)


def sign_out(request: Request) -> Response:
    """Sign the user out here; they stay signed in at the provider."""
    browser: BrowserSession = request.browser_session
    browser.forget_person()
    browser.notice = Notice("Signed out here", "At the provider you are still signed in.")
    return _leave(request, browser, request.route_path("home"))


def sign_out_everywhere(request: Request) -> Response:
    """Sign the user out here, then redirect to the provider to sign out there.

    The demo comes first: the user is signed out here whatever they decide at the provider.
    """
    browser: BrowserSession = request.browser_session
    person, address = browser.signed_in, request.route_path("home")
    browser.forget_person()
    if person is not None:
        try:
            address = request.openid.end_session_url(person, browser.await_logout())
        except ProviderUnavailable as failure:
            log.warning("Signed out here only: %s", failure)
            browser.notice = notice_of(failure)
    return _leave(request, browser, address)


def signed_out(request: Request) -> Response:
    """Receive the browser after a logout at the provider that the demo requested."""
    browser: BrowserSession | None = request.browser_session
    if browser is None or not browser.take_logout(one(request.GET, "state")):
        raise ResponseRefused("This browser isn't waiting to come back from a logout (state).")
    browser.notice = Notice("Signed out", "You are signed out here and at the provider.")
    return HTTPSeeOther(request.route_path("home"))


def _leave(request: Request, browser: BrowserSession, address: str) -> Response:
    request.session_store.renew(browser)
    response = HTTPSeeOther(address)
    set_cookie(response, browser, request.provider.settings.base_url)
    return response
