"""The page with the settings that connect common apps to this server as a client."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pyramid.config import Configurator

from oauthprov.accounts import SignedIn
from oauthprov.messages import N_
from oauthprov.settings import OPENID
from oauthprov.web.console.guard import console_page, owned
from oauthprov.web.console.needs import Need, needs, obstacle
from oauthprov.web.console.recipes import Recipe, filled, misfits, recipes
from oauthprov.web.http.problems import Rejected
from oauthprov.web.request import Request


@dataclass(frozen=True, slots=True)
class App:
    """An app on the page; ``registered`` tells whether the client has its redirect URI.

    With ``misfits`` its lines aren't shown, for they wouldn't work with this client.
    """

    number: int
    recipe: Recipe
    registered: bool
    misfits: Sequence[str]


@console_page
def show(request: Request, person: SignedIn) -> dict[str, object]:
    """Show the settings of each app that a client of this type can be, with its own values."""
    client, settings = owned(request, person).record, request.oauthprov.settings
    found = recipes(client)
    if not found:
        raise Rejected("not_found", N_("There are no settings for clients of this type."), 404)
    apps = [
        App(
            number,
            one,
            one.redirect_uri in client.redirect_uris,
            tuple(misfits(one, client, settings)),
        )
        for number, one in enumerate(filled(one, client, settings) for one in found)
    ]
    hindered = obstacle(settings, client)
    demanded = needs(settings, client)
    return {
        "client": client,
        "apps": [] if hindered or demanded else apps,
        "obstacle": hindered,
        "needs": [need.value for need in Need if need in demanded],
        "openid": OPENID in client.scopes,
    }


def includeme(config: Configurator) -> None:
    """Add ``/clients/{client_id}/connect`` where there is OpenID Connect, which the apps need."""
    if config.registry["oauthprov.settings"].openid:
        config.add_oauth_page(
            "client_connect",
            "/clients/{client_id}/connect",
            get=show,
            template="clients_connect",
        )
