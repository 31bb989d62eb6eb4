"""The page that runs the authorization code flow against a client, in its developer's browser.

The browser is the client: a script makes the requests of each step and shows them. This page is
the redirect URI, so the developer adds its URL to the client first. Codes arrive in the fragment
of the URL, which browsers send to no server; tokens and a typed secret stay in the page's memory.
"""

from __future__ import annotations

from pyramid.config import Configurator
from pyramid.response import Response

from oauthprov import logs
from oauthprov.accounts import SignedIn
from oauthprov.messages import N_
from oauthprov.protocol.clients.methods import Kind, of, wire_name
from oauthprov.protocol.clients.registrar import (
    InvalidMetadata,
    StoredClient,
    edition,
    has_secret,
)
from oauthprov.records import Client
from oauthprov.settings import OPENID, Settings
from oauthprov.web.console.client_page import own_redirect_uri, scopes_of
from oauthprov.web.console.guard import console_page, owned, registrar
from oauthprov.web.console.needs import (
    Advice,
    gets_codes,
    obstacle,
    proves_key,
    pushes,
    shows_certificate,
    signs_requests,
)
from oauthprov.web.http.problems import Rejected
from oauthprov.web.i18n import _
from oauthprov.web.request import Request
from oauthprov.web.responder import done, see, was_done

_ENDPOINTS = ("authorize", "par", "token", "userinfo", "introspect", "revoke")
_SIGNS = Advice(
    _(
        "This client signs its authorization requests with its own key, which this page doesn't"
        " have. Try it with the code on the client's page."
    ),
    "docs/openid.md",
)
_PUSHES = Advice(
    _(
        "This client pushes its authorization requests, and must prove itself by a key or a"
        " certificate, which this page doesn't have. Try it with the code on the client's page."
    ),
    "docs/par.md",
)
_NO_CERTIFICATE = _(
    "This client proves itself by its certificate, which this page doesn't have. Redeem the"
    " code in your app."
)
_NO_KEY = _(
    "This client signs with its own key, which this page doesn't have. Redeem the code in"
    " your app."
)
_NOTICES = {
    "added": _("The redirect URI was added. You can remove it at the end of this page."),
    "removed": _("The redirect URI was removed."),
    "query": _(
        "The response arrived in the query of the URL, and was thrown away. Let the browser be "
        "sent there by this page."
    ),
}

log = logs.logger(__name__)


@console_page
def show(request: Request, person: SignedIn) -> Response | dict[str, object]:
    """Show the steps, or how to add the redirect URI first."""
    tools, stored = request.oauthprov, _signing_in(request, person)
    if tools.query("state", "code", "error"):
        # The page's own requests have their response in the fragment. This one is in a URL that
        # the browser keeps.
        client_id = stored.record.client_id
        return see(request, tools.url("client_try", done(request, "query"), client_id=client_id))
    return _page(request, stored)


@console_page
def change(request: Request, person: SignedIn) -> Response | dict[str, object]:
    """Add the page's redirect URI to the client, or remove it."""
    form = request.oauthprov.form("action", "edition")
    stored = _signing_in(request, person)
    client, ours = stored.record, own_redirect_uri(request, stored.record)
    others = tuple(uri for uri in client.redirect_uris if uri != ours)
    adds = form.get("action") == "add"
    try:
        registrar(request).edit(
            client.client_id,
            person.account_id,
            seen=form.get("edition", ""),
            redirect_uris=(*others, ours) if adds else others,
        )
    except InvalidMetadata as wrong:
        request.response.status_int = 422
        return _page(request, stored, next(iter(wrong.problems.values())))
    said = "account %s changed whether client %s has the console's redirect URI: %s"
    log.info(said, person.account_id, client.client_id, adds)
    query = done(request, "added" if adds else "removed")
    return see(request, request.oauthprov.url("client_try", query, client_id=client.client_id))


def _signing_in(request: Request, person: SignedIn) -> StoredClient:
    """Return the user's client, if it has the authorization code flow."""
    stored = owned(request, person)
    if not gets_codes(stored.record):
        raise Rejected("not_found", N_("Nobody signs in to a client of this type."), 404)
    return stored


def _page(request: Request, stored: StoredClient, problem: str | None = None) -> dict[str, object]:
    tools, client = request.oauthprov, stored.record
    ours = own_redirect_uri(request, client)
    chosen = client.default_scopes or client.scopes
    return {
        "client": client,
        "edition": edition(client),
        "problem": problem,
        "notice": _NOTICES.get(was_done(request)),
        "redirect_uri": ours,
        "ready": ours in client.redirect_uris,
        "marked": client.verified or client.first_party or bool(client.introspects),
        "scopes": [(scope, scope.name in chosen) for scope in scopes_of(tools.settings, client)],
        "endpoints": {name: tools.url(name) for name in _ENDPOINTS if tools.has_page(name)},
        "issuer": tools.settings.issuer,
        "method": wire_name(client),
        "has_secret": has_secret(client),
        "obstacle": _obstacle(tools.settings, client),
        "elsewhere": _elsewhere(client),
        "pushes": pushes(tools.settings, client),
        "proves": proves_key(tools.settings, client),
        "nonce": _has_nonce(request, client),
        "code_lifetime": tools.settings.code_lifetime,
    }


def _obstacle(settings: Settings, client: Client) -> Advice | None:
    """Return why this page can't begin the flow, None if it can."""
    if (hindered := obstacle(settings, client)) is not None:
        return hindered
    if signs_requests(settings, client):
        return _SIGNS
    has_none = of(client).kind in (Kind.KEY, Kind.CERTIFICATE)
    return _PUSHES if has_none and pushes(settings, client) else None


def _elsewhere(client: Client) -> str:
    """Return why this page can't redeem the code, empty if it can."""
    if shows_certificate(client):
        return _NO_CERTIFICATE
    return _NO_KEY if of(client).kind is Kind.KEY else ""


def _has_nonce(request: Request, client: Client) -> bool:
    """Tell whether the client may get ID tokens, which repeat a nonce."""
    return request.oauthprov.settings.openid and OPENID in client.scopes


def includeme(config: Configurator) -> None:
    """Add ``/clients/{client_id}/try``."""
    config.add_oauth_page(
        "client_try", "/clients/{client_id}/try", get=show, post=change, template="clients_try"
    )
