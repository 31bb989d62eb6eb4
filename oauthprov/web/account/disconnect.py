"""The page for removing an app's access."""

from __future__ import annotations

from pyramid.config import Configurator
from pyramid.response import Response

from oauthprov.accounts import SignedIn
from oauthprov.messages import N_
from oauthprov.web.http.problems import Rejected
from oauthprov.web.request import Request
from oauthprov.web.responder import see
from oauthprov.web.signed_in import signed_in


@signed_in("account")
def confirm(request: Request, person: SignedIn) -> dict[str, object]:
    """Ask whether to remove the app's access."""
    client_id = request.matchdict["client_id"]
    for app in request.oauthprov.provider.connected(person.account_id):
        if app.client_id == client_id:
            name = app.client.name if app.client else client_id
            return {"client_id": client_id, "client_name": name}
    raise Rejected("not_found", N_("This app has no access to your account."), 404)


@signed_in("account")
def disconnect(request: Request, person: SignedIn) -> Response | dict[str, object]:
    """Withdraw the consent and revoke every token based on it."""
    tools = request.oauthprov
    tools.form()
    client_id = request.matchdict["client_id"]
    tools.provider.endings.withdraw(person.account_id, client_id)
    return see(request, tools.url("account", {"done": "removed"}))


def includeme(config: Configurator) -> None:
    """Add ``/account/apps/{client_id}/remove``."""
    config.add_oauth_page(
        "disconnect",
        "/account/apps/{client_id}/remove",
        get=confirm,
        post=disconnect,
        template="disconnect",
    )
