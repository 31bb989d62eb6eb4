"""Signing out: the session ends on the server."""

from __future__ import annotations

from typing import Any

from pyramid.config import Configurator

from oauthprov.web.responder import see


def show(request: Any) -> Any:
    """Ask whether to sign out."""
    if request.oauthprov.person is None:
        return see(request, request.oauthprov.url("home"))
    return {}


def leave(request: Any) -> Any:
    """Sign out; with a stored request, sign in again as somebody else and go on with it."""
    tools = request.oauthprov
    interaction = tools.form("interaction").get("interaction")
    tools.session.sign_out()
    if interaction is not None:
        return see(request, tools.login_url("authorize", interaction))
    return see(request, tools.url("home"))


def includeme(config: Configurator) -> None:
    """Add ``/logout``."""
    config.add_oauth_page("logout", "/logout", get=show, post=leave, template="logout")
