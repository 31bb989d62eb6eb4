"""The sign-out page: it ends every session of this browser on the server."""

from __future__ import annotations

from pyramid.config import Configurator
from pyramid.response import Response

from oauthprov.web.request import Request
from oauthprov.web.responder import see


def show(request: Request) -> Response | dict[str, object]:
    """Ask whether to sign out, and list the accounts of this browser."""
    people = request.oauthprov.session.everybody
    if not people:
        return see(request, request.oauthprov.url("home"))
    return {"people": people}


def leave(request: Request) -> Response | dict[str, object]:
    """Sign out every account of this browser."""
    tools = request.oauthprov
    tools.form()
    tools.session.sign_out()
    return see(request, tools.url("home"))


def includeme(config: Configurator) -> None:
    """Add ``/logout``."""
    config.add_oauth_page("logout", "/logout", get=show, post=leave, template="logout")
