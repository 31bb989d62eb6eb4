"""The page of a client: what is registered, what the operator decides, and who uses it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from pyramid.config import Configurator
from pyramid.response import Response

from oauthprov.accounts import SignedIn
from oauthprov.messages import N_
from oauthprov.protocol.clients.documents import urls
from oauthprov.protocol.clients.documents.hosts import disabling
from oauthprov.protocol.clients.registrar import (
    CLIENT_TYPES,
    InvalidMetadata,
    Metadata,
    StoredClient,
    edition,
)
from oauthprov.web.admin.guard import admin_page
from oauthprov.web.admin.tools import access, further
from oauthprov.web.console.client_page import scopes_of
from oauthprov.web.console.fields import facts
from oauthprov.web.http.problems import Rejected
from oauthprov.web.i18n import _
from oauthprov.web.request import Request
from oauthprov.web.responder import done, see, was_done

PAGE = "admin_client"
_NOTICES = {
    "verify": _("The client is marked as verified."),
    "unverify": _("The client is no longer marked as verified."),
    "first_party": _("The client is first-party: nobody is asked for consent."),
    "third_party": _("The client is no longer first-party: people are asked for consent."),
    "disable": _("The client is disabled. Its requests are refused."),
    "enable": _("The client is enabled."),
    "enable_below": _("The client is enabled, but its host isn't. Its requests are refused."),
    "withdraw": _("The app no longer has access to this account."),
}

Form = Mapping[str, str]
Act = Callable[[Request, str, Form], None]


@admin_page(PAGE)
def show(request: Request, person: SignedIn) -> dict[str, object]:
    """Show a client, with a page of the accounts that have allowed it something."""
    return _page(request, _stored(request))


@admin_page(PAGE)
def act(request: Request, person: SignedIn) -> Response | dict[str, object]:
    """Do what the pressed button says, and show the client again."""
    form = request.oauthprov.form("action", "edition", "account")
    action, client_id = form.get("action", ""), urls.from_path(request.matchdict["client_id"])
    if action not in ACTIONS:
        raise Rejected("invalid_request", N_("The form names no action."))
    stored = _stored(request)
    try:
        ACTIONS[action](request, client_id, form)
    except InvalidMetadata as wrong:
        request.response.status_int = 422
        return _page(request, stored, " ".join(map(str, wrong.problems.values())))
    return see(request, request.oauthprov.url(PAGE, done(request, action), client_id=client_id))


def _stored(request: Request) -> StoredClient:
    return request.oauthprov.provider.registrar.get(urls.from_path(request.matchdict["client_id"]))


def _page(request: Request, stored: StoredClient, problem: str | None = None) -> dict[str, object]:
    tools, client = request.oauthprov, stored.record
    query = tools.query("users")
    users = access(request).users(client.client_id, query.get("users"))
    host, word = disabling(tools.provider.storage, [client.client_id]), was_done(request)
    return {
        "client": client,
        "host": host.get(client.client_id),
        "kind": CLIENT_TYPES[client.client_type],
        "edition": edition(client),
        "facts": facts(tools.settings, client),
        "scopes": scopes_of(tools.settings, client),
        "users": users.items,
        "next": further({}, "users", users.next),
        "notice": _NOTICES.get("enable_below" if host and word == "enable" else word),
        "problem": problem,
    }


def _mark(field: str, value: bool, request: Request, client_id: str, form: Form) -> None:
    registrar = request.oauthprov.provider.registrar
    changes: Metadata = {field: value}
    registrar.edit(client_id, seen=form.get("edition", ""), **changes)


def _switch(disabled: bool, request: Request, client_id: str, form: Form) -> None:
    request.oauthprov.provider.registrar.set_disabled(client_id, disabled)


def _withdraw(request: Request, client_id: str, form: Form) -> None:
    account_id = form.get("account", "")
    access(request).withdraw(account_id, client_id)


ACTIONS: Mapping[str, Act] = {
    "verify": partial(_mark, "verified", True),
    "unverify": partial(_mark, "verified", False),
    "first_party": partial(_mark, "first_party", True),
    "third_party": partial(_mark, "first_party", False),
    "disable": partial(_switch, True),
    "enable": partial(_switch, False),
    "withdraw": _withdraw,
}


def includeme(config: Configurator) -> None:
    """Add ``/admin/clients/{client_id}``."""
    config.add_oauth_page(
        PAGE, "/admin/clients/{client_id}", get=show, post=act, template="admin_client"
    )
