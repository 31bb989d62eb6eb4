"""The connected apps of an account: a page of them, and the page for removing an app's access."""

from __future__ import annotations

from pyramid.config import Configurator
from pyramid.response import Response

from oauthprov.accounts import SignedIn
from oauthprov.messages import N_
from oauthprov.protocol.clients.documents import urls
from oauthprov.web.client_view import name_of
from oauthprov.web.http.problems import Rejected
from oauthprov.web.request import Request
from oauthprov.web.responder import done, see
from oauthprov.web.signed_in import signed_in


@signed_in("account")
def index(request: Request, person: SignedIn) -> dict[str, object]:
    """List the apps in pages."""
    tools = request.oauthprov
    after = tools.query("after").get("after")
    try:
        page = tools.provider.connected(person.account_id, after)
    except ValueError:
        raise Rejected("not_found", N_("The list of apps has no such page."), 404) from None
    return {"apps": page.apps, "after": after, "more": page.next}


@signed_in("account")
def confirm(request: Request, person: SignedIn) -> dict[str, object]:
    """Ask whether to remove the app's access."""
    client_id = _with_access(request, person)
    client = request.oauthprov.provider.client(client_id)
    return {"client_id": client_id, "client_name": name_of(client) if client else client_id}


@signed_in("account")
def disconnect(request: Request, person: SignedIn) -> Response | dict[str, object]:
    """Withdraw the consent and revoke every token based on it."""
    tools = request.oauthprov
    tools.form()
    tools.provider.endings.withdraw(person.account_id, _with_access(request, person))
    return see(request, tools.url("account", done(request, "removed")))


def _with_access(request: Request, person: SignedIn) -> str:
    """Return the client of the URL. Raises Rejected unless it has access to the account."""
    client_id = urls.from_path(request.matchdict["client_id"])
    if not request.oauthprov.provider.has_access(person.account_id, client_id):
        raise Rejected("not_found", N_("This app has no access to your account."), 404)
    return client_id


def includeme(config: Configurator) -> None:
    """Add ``/account/apps`` and ``/account/apps/{client_id}/remove``."""
    config.add_oauth_page("apps", "/account/apps", get=index, template="apps")
    config.add_oauth_page(
        "disconnect",
        "/account/apps/{client_id}/remove",
        get=confirm,
        post=disconnect,
        template="disconnect",
    )
