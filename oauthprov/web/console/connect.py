"""The page with the settings that connect common apps to this server as a client."""

from __future__ import annotations

from pyramid.config import Configurator

from oauthprov.accounts import SignedIn
from oauthprov.messages import N_
from oauthprov.settings import OPENID
from oauthprov.web.console.guard import console_page, owned
from oauthprov.web.console.recipes import recipes
from oauthprov.web.http.problems import Rejected
from oauthprov.web.request import Request


@console_page
def show(request: Request, person: SignedIn) -> dict[str, object]:
    """Show the settings of each app that a client of this type can be, with its own values."""
    client = owned(request, person).record
    found = recipes(client, request.oauthprov.settings.issuer)
    if not found:
        raise Rejected("not_found", N_("There are no settings for clients of this type."), 404)
    return {
        "client": client,
        "recipes": [
            (number, one, one.redirect_uri in client.redirect_uris)
            for number, one in enumerate(found)
        ],
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
