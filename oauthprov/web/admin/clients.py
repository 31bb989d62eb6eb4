"""The list of clients, and the search for one."""

from __future__ import annotations

from pyramid.config import Configurator
from pyramid.response import Response

from oauthprov.accounts import SignedIn
from oauthprov.protocol.admin.listing import PAGE_SIZE, UnknownPage
from oauthprov.protocol.clients.documents.hosts import disabling
from oauthprov.protocol.clients.registrar import CLIENT_TYPES, UnknownClient
from oauthprov.web.admin.guard import admin_page
from oauthprov.web.admin.tools import further
from oauthprov.web.i18n import _
from oauthprov.web.request import Request
from oauthprov.web.responder import see, was_done

PAGE = "admin_clients"
_NOTICES = {"removed": _("The client was removed. Its tokens no longer work.")}


@admin_page(PAGE)
def index(request: Request, person: SignedIn) -> Response | dict[str, object]:
    """List all clients or those of one owner, in pages; a client's id leads to its page."""
    tools = request.oauthprov
    query = tools.query("after", "q", "owner")
    text, owner, after = query.get("q", "").strip(), query.get("owner"), query.get("after")
    if text:
        try:
            client = tools.provider.registrar.get(text).record
        except UnknownClient:
            return _page(request, text=text)
        return see(request, tools.url("admin_client", client_id=client.client_id))
    try:
        page = tools.provider.registrar.list(owner, after=after, limit=PAGE_SIZE)
    except ValueError:
        raise UnknownPage from None
    clients = [stored.record for stored in page.items]
    return _page(
        request,
        clients=clients,
        hosts=disabling(tools.provider.storage, (client.client_id for client in clients)),
        after=after,
        owner=owner,
        next=further({"owner": owner} if owner else {}, "after", page.next),
        notice=_NOTICES.get(was_done(request)),
    )


def _page(request: Request, **values: object) -> dict[str, object]:
    empty: dict[str, object] = dict.fromkeys(("after", "owner", "next", "notice"))
    return {"types": CLIENT_TYPES, "clients": [], "hosts": {}, "text": "", **empty, **values}


def includeme(config: Configurator) -> None:
    """Add ``/admin/clients``."""
    config.add_oauth_page(PAGE, "/admin/clients", get=index, template="admin_clients")
