"""The home page, and on a server in development what its developer can do next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pyramid.config import Configurator

from oauthprov.accounts import SignedIn
from oauthprov.protocol.request.answers import ConnectedApp
from oauthprov.web.client_view import Face, face
from oauthprov.web.i18n import _
from oauthprov.web.request import Request

APPS_LIMIT = 12
GRANTS_READ = 100
"""Grants that are read at most: with more, the apps aren't shown in the order of their use."""


@dataclass(frozen=True, slots=True)
class Step:
    """What to do next: a page with ``url``, or a document in the source at ``path``."""

    title: str
    sentence: str
    url: str | None = None
    path: str | None = None


def home(request: Request) -> dict[str, object]:
    """Show links for signing in, or to the user's pages and apps."""
    tools = request.oauthprov
    developer = tools.person is not None and tools.person.developer
    open_to_all = tools.settings.console == "everyone"
    console = tools.has_page("clients") and (developer or open_to_all)
    apps = _connected(request, tools.person)
    built_in = tools.has_page("login")
    return {
        "sign_in": tools.url("login") if built_in else tools.login_url("home"),
        "built_in": built_in,
        "console": console,
        "apps": _startable(request, apps)[:APPS_LIMIT],
        "steps": list(_steps(request, tools.person, apps)) if console else [],
    }


def _connected(request: Request, person: SignedIn | None) -> Sequence[ConnectedApp]:
    tools = request.oauthprov
    wanted = tools.settings.openid or tools.settings.development
    if person is None or not wanted:
        return ()
    return tools.provider.connected(person.account_id, grants=GRANTS_READ).apps


def _steps(
    request: Request, person: SignedIn | None, apps: Sequence[ConnectedApp]
) -> Iterator[Step]:
    """Yield what the developer of a server in development hasn't done yet."""
    tools = request.oauthprov
    if person is None or not tools.settings.development:
        return
    clients = [one.record for one in tools.provider.registrar.list(person.account_id).items]
    if not clients:
        yield Step(
            _("Register a client"),
            _("A client is an app that signs people in here."),
            url=tools.url("client_types"),
        )
    elif not any(client.last_used_at for client in clients):
        yield Step(
            _("Sign in with your client"),
            _("Its page has the command for the demo, code, and a way to try it in this browser."),
            url=tools.url("client", client_id=clients[0].client_id),
        )
    if not any(app.client and app.client.registration_token for app in apps):
        yield Step(
            _("Connect an MCP client"),
            _("It registers itself, asks you for access and calls the tools of your server."),
            path="docs/mcp.md",
        )
    yield Step(
        _("Read the documentation"),
        _("A tutorial, how-tos and all settings."),
        path="docs/index.md",
    )


def _startable(request: Request, apps: Sequence[ConnectedApp]) -> list[Face]:
    """Return the apps that can begin a sign-in, the most recently used first.

    Somebody with more apps than fit on a page finds the others on the account page.
    """
    faces = [face(request, app.client) for app in apps if app.client is not None]
    return [shown for shown in faces if shown.start is not None]


def includeme(config: Configurator) -> None:
    """Add ``/``."""
    config.add_oauth_page("home", "/", get=home, template="home")
