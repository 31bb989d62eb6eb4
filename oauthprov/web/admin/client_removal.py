"""The page on which an admin removes a client."""

from __future__ import annotations

from pyramid.config import Configurator
from pyramid.response import Response

from oauthprov.accounts import SignedIn
from oauthprov.protocol.clients.documents import urls
from oauthprov.records import Client
from oauthprov.web.admin.guard import admin_page
from oauthprov.web.i18n import _
from oauthprov.web.request import Request
from oauthprov.web.responder import done, see

PAGE = "admin_client_removal"


@admin_page(PAGE)
def ask(request: Request, person: SignedIn) -> dict[str, object]:
    """Ask for the client's name before it is removed."""
    return {"client": _client(request), "problem": None}


@admin_page(PAGE)
def remove(request: Request, person: SignedIn) -> Response | dict[str, object]:
    """Remove the client if its name was entered."""
    name, client = request.oauthprov.form("name").get("name", "").strip(), _client(request)
    if name != client.name:
        request.response.status_int = 422
        return {"client": client, "problem": _("This isn't the name of the client.")}
    request.oauthprov.provider.registrar.remove(client.client_id)
    return see(request, request.oauthprov.url("admin_clients", done(request, "removed")))


def _client(request: Request) -> Client:
    client_id = urls.from_path(request.matchdict["client_id"])
    return request.oauthprov.provider.registrar.get(client_id).record


def includeme(config: Configurator) -> None:
    """Add ``/admin/clients/{client_id}/remove``."""
    config.add_oauth_page(
        PAGE,
        "/admin/clients/{client_id}/remove",
        get=ask,
        post=remove,
        template="admin_client_removal",
    )
