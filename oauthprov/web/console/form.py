"""The developer console: the forms for registering and editing a client."""

from __future__ import annotations

from collections.abc import Mapping

from pyramid.config import Configurator
from pyramid.response import Response

from oauthprov.accounts import SignedIn
from oauthprov.messages import N_
from oauthprov.protocol.clients.logo_worker import LOGO_PATIENCE
from oauthprov.protocol.clients.registrar import (
    CLIENT_TYPES,
    ChangedMeanwhile,
    ClientType,
    InvalidMetadata,
    Metadata,
    StoredClient,
    edition,
)
from oauthprov.web.console import fields, new_secret
from oauthprov.web.console.client_page import see_client
from oauthprov.web.console.guard import console_page, owned, registrar
from oauthprov.web.http.problems import Rejected
from oauthprov.web.i18n import _, too_many_attempts
from oauthprov.web.request import Request

_OVERTAKEN = _(
    "Somebody changed this client after you opened the page, so nothing was saved. Below is what "
    "you entered: save it again to replace the other change."
)
_NOT_STORED = _("Nothing was saved. Please correct the marked fields.")


@console_page
def choose(request: Request, person: SignedIn) -> dict[str, object]:
    """Show the types of clients with the purpose of each."""
    settings = request.oauthprov.settings
    return {"types": [kind for kind in CLIENT_TYPES.values() if kind.is_offered(settings)]}


@console_page
def begin(request: Request, person: SignedIn) -> dict[str, object]:
    """Show an empty form for a type."""
    kind, scopes = _kind(request), request.oauthprov.settings.default_scopes
    chosen = {"scopes": scopes, "default_scopes": scopes if kind.has_users else ()}
    return _page(request, kind, chosen)


@console_page
def register(request: Request, person: SignedIn) -> Response | dict[str, object]:
    """Store the client and redirect to its page, which shows the secret once."""
    kind = _kind(request)
    metadata = fields.entered(request, kind)
    wait = request.oauthprov.site.attempts.new_client(person.account_id)
    if wait:
        page = _page(request, kind, metadata, {"": too_many_attempts(wait)})
        request.response.status_int = 429
        request.response.headers["Retry-After"] = str(wait)
        return page
    try:
        client, secret = registrar(request).register(
            type=kind.name, owner=person.account_id, **metadata
        )
    except InvalidMetadata as wrong:
        return _page(request, kind, metadata, wrong.problems)
    request.oauthprov.provider.logo_worker.want(client, LOGO_PATIENCE)
    if secret is not None:
        new_secret.keep(request, person, client.client_id, secret)
    return see_client(request, client.client_id, "registered")


@console_page
def show(request: Request, person: SignedIn) -> dict[str, object]:
    """Show the form with the registered values."""
    stored = owned(request, person)
    client = stored.record
    kind = CLIENT_TYPES[client.client_type]
    return _page(request, kind, fields.registered(client), stored=stored)


@console_page
def edit(request: Request, person: SignedIn) -> Response | dict[str, object]:
    """Change the client, unless it was changed since the form was shown."""
    stored = owned(request, person)
    client = stored.record
    kind = CLIENT_TYPES[client.client_type]
    metadata = fields.entered(request, kind)
    seen = request.oauthprov.form("edition").get("edition", "")
    try:
        client = registrar(request).edit(
            client.client_id, person.account_id, seen=seen, **metadata
        )
    except InvalidMetadata as wrong:
        return _page(request, kind, metadata, wrong.problems, stored)
    except ChangedMeanwhile:
        page = _page(request, kind, metadata, {"": _OVERTAKEN}, owned(request, person))
        request.response.status_int = 409
        return page
    request.oauthprov.provider.logo_worker.want(client, LOGO_PATIENCE)
    return see_client(request, client.client_id, "saved")


def _kind(request: Request) -> ClientType:
    kind = CLIENT_TYPES.get(request.matchdict["type"])
    if kind is None or not kind.is_offered(request.oauthprov.settings):
        raise Rejected("not_found", N_("There is no such type of client."), 404)
    return kind


def _page(
    request: Request,
    kind: ClientType,
    metadata: Metadata,
    problems: Mapping[str, str] | None = None,
    stored: StoredClient | None = None,
) -> dict[str, object]:
    tools, problems = request.oauthprov, problems or {}
    if problems:
        request.response.status_int = 422
    every = fields.fields(request, kind, metadata, stored.record if stored else None)
    page: dict[str, object] = {
        "kind": kind,
        "first": [field for field in every if field.name in fields.FIRST],
        "groups": fields.grouped(every),
        "problems": problems,
        "problem": problems.get("", _NOT_STORED) if problems else None,
        "more": not problems.keys() <= {"", *fields.FIRST},
        "edition": None,
    }
    if stored is None:
        address = tools.url("new_client", type=kind.name)
        return page | {"client": None, "action": address, "back": tools.url("client_types")}
    client_id = stored.record.client_id
    address = tools.url("edit_client", client_id=client_id)
    back = tools.url("client", client_id=client_id)
    edited = {"client": stored.record, "edition": edition(stored.record)}
    return page | edited | {"action": address, "back": back}


def includeme(config: Configurator) -> None:
    """Add the pages below ``/clients/new``, and ``/clients/{client_id}/edit``."""
    page = config.add_oauth_page
    page("client_types", "/clients/new", get=choose, template="clients_types")
    page("new_client", "/clients/new/{type}", get=begin, post=register, template="clients_form")
    page("edit_client", "/clients/{client_id}/edit", get=show, post=edit, template="clients_form")
