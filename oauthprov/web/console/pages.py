"""The developer console: the list of a user's clients, and a page for each client."""

from __future__ import annotations

from pyramid.config import Configurator
from pyramid.response import Response

from oauthprov.accounts import SignedIn
from oauthprov.messages import N_
from oauthprov.protocol.clients.registrar import CLIENT_TYPES, InvalidMetadata
from oauthprov.web.console import new_secret
from oauthprov.web.console.client_page import client_page
from oauthprov.web.console.guard import console_page, owned, registrar
from oauthprov.web.http.problems import Rejected
from oauthprov.web.i18n import _
from oauthprov.web.request import Request
from oauthprov.web.responder import done, see, was_done

PAGE_SIZE = 50


@console_page
def index(request: Request, person: SignedIn) -> dict[str, object]:
    """List the clients of the user, in pages, or those that match a search."""
    query = request.oauthprov.query("after", "q")
    after, text = query.get("after"), query.get("q", "").strip()
    try:
        page = registrar(request).list(
            person.account_id, after=after, limit=PAGE_SIZE, matching=text
        )
    except ValueError:
        raise Rejected("not_found", N_("The list of clients has no such page."), 404) from None
    clients = sorted((stored.record for stored in page.items), key=lambda c: c.name.casefold())
    more = {"after": page.next} if page.next else None
    return {
        "clients": clients,
        "types": CLIENT_TYPES,
        "after": after,
        "text": text,
        "next": more and (more | {"q": text} if text else more),
        "removed": was_done(request) == "removed",
    }


@console_page
def show(request: Request, person: SignedIn) -> dict[str, object]:
    """Show a client, and its secret if it was just created: only its digest is stored."""
    stored = owned(request, person)
    secret = new_secret.take(request, person, stored.record.client_id)
    return client_page(request, stored, secret)


@console_page
def change_secret(request: Request, person: SignedIn) -> Response:
    """Create a new secret, which the client's page shows once, or remove the older of two."""
    form = request.oauthprov.form("action", "edition")
    client_id, owner = request.matchdict["client_id"], person.account_id
    seen = form.get("edition", "")
    if form.get("action") == "retire":
        registrar(request).retire_secret(client_id, owner, seen=seen)
        return see(
            request, request.oauthprov.url("client", done(request, "retired"), client_id=client_id)
        )
    try:
        __, secret = registrar(request).rotate_secret(client_id, owner, seen=seen)
    except InvalidMetadata as wrong:
        raise Rejected("invalid_request", str(wrong)) from None
    new_secret.keep(request, person, client_id, secret)
    return see(request, request.oauthprov.url("client", client_id=client_id))


@console_page
def ask_removal(request: Request, person: SignedIn) -> dict[str, object]:
    """Ask for the client's name before it is removed."""
    return {"client": owned(request, person).record, "problem": None}


@console_page
def remove(request: Request, person: SignedIn) -> Response | dict[str, object]:
    """Remove the client if its name was entered."""
    client = owned(request, person).record
    if request.oauthprov.form("name").get("name", "").strip() != client.name:
        request.response.status_int = 422
        return {"client": client, "problem": _("This isn't the name of the client.")}
    registrar(request).remove(client.client_id, person.account_id)
    return see(request, request.oauthprov.url("clients", done(request, "removed")))


def includeme(config: Configurator) -> None:
    """Add ``/clients`` and the pages below it, unless the console is disabled."""
    if config.registry["oauthprov.settings"].console == "off":
        return
    config.include("oauthprov.web.console.form")
    config.include("oauthprov.web.console.connect")
    config.include("oauthprov.web.console.try_it")
    page = config.add_oauth_page
    page("clients", "/clients", get=index, template="clients")
    page(
        "client",
        "/clients/{client_id}",
        get=show,
        post=change_secret,
        template="clients_show",
    )
    page(
        "client_removal",
        "/clients/{client_id}/remove",
        get=ask_removal,
        post=remove,
        template="clients_remove",
    )
