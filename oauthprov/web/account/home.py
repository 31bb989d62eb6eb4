"""The home page."""

from __future__ import annotations

from pyramid.config import Configurator

from oauthprov.accounts import SignedIn
from oauthprov.web.client_view import Face, face
from oauthprov.web.request import Request

APPS_LIMIT = 12


def home(request: Request) -> dict[str, object]:
    """Show links for signing in, or to the user's pages and apps."""
    tools = request.oauthprov
    developer = tools.person is not None and tools.person.developer
    open_to_all = tools.settings.console == "everyone"
    return {
        "console": tools.has_page("clients") and (developer or open_to_all),
        "apps": _apps(request, tools.person)[:APPS_LIMIT],
    }


def _apps(request: Request, person: SignedIn | None) -> list[Face]:
    """Return the user's apps that can begin a sign-in, the most recently used first."""
    tools = request.oauthprov
    if person is None or not tools.settings.openid:
        return []
    apps = tools.provider.connected(person.account_id)
    faces = [face(request, app.client) for app in apps if app.client is not None]
    return [shown for shown in faces if shown.start is not None]


def includeme(config: Configurator) -> None:
    """Add ``/``."""
    config.add_oauth_page("home", "/", get=home, template="home")
