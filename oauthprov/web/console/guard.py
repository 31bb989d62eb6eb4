"""Shared code of the developer console: access control, and the contents of a client page."""

from __future__ import annotations

from collections.abc import Mapping
from functools import wraps

from pyramid.renderers import render_to_response
from pyramid.response import Response

from oauthprov.accounts import SignedIn
from oauthprov.messages import N_
from oauthprov.protocol.clients.registrar import (
    CLIENT_TYPES,
    ChangedMeanwhile,
    Registrar,
    StoredClient,
    UnknownClient,
    has_secret,
)
from oauthprov.protocol.token import client_assertions
from oauthprov.records import Client
from oauthprov.settings import Scope
from oauthprov.web.console.fields import facts
from oauthprov.web.http.problems import Rejected
from oauthprov.web.i18n import _
from oauthprov.web.request import Request
from oauthprov.web.signed_in import PersonView, View, signed_in

_ENDPOINTS = {
    "authorize": _("Authorization"),
    "token": _("Token"),
    "revoke": _("Revocation"),
    "introspect": _("Introspection"),
}
_DEMO_CALLBACK = "http://localhost:8000/callback"


def console_page(view: PersonView) -> View:
    """Admit only users who may register clients, and turn exceptions into error pages."""

    @signed_in("clients")
    @wraps(view)
    def guarded(request: Request, person: SignedIn) -> Response | dict[str, object]:
        if request.oauthprov.settings.console == "developers" and not person.developer:
            return _closed(request)
        try:
            return view(request, person)
        except UnknownClient:
            raise Rejected(
                "not_found", N_("There is no such client, or it isn't yours."), 404
            ) from None
        except ChangedMeanwhile:
            raise Rejected(
                "conflict",
                N_(
                    "Somebody changed this client after you opened the page. Nothing was changed "
                    "now: go back, reload the page and try again."
                ),
                409,
            ) from None

    return guarded


def _closed(request: Request) -> Response:
    response = render_to_response("oauthprov:templates/clients_closed.pt", {}, request)
    response.status_int = 403
    return response


def registrar(request: Request) -> Registrar:
    """Return the registrar, which registers and changes clients."""
    return request.oauthprov.provider.registrar


def owned(request: Request, person: SignedIn) -> StoredClient:
    """Return the user's client that the URL names. Raises UnknownClient."""
    return registrar(request).get(request.matchdict["client_id"], person.account_id)


def version_of(form: Mapping[str, str]) -> int:
    """Return the version of the record that a form was made from; -1 if it is malformed."""
    given = form.get("version", "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 20 else -1


def client_page(
    request: Request, stored: StoredClient, secret: str | None = None
) -> dict[str, object]:
    """Return the template values of a client's page; ``secret`` is shown only this once."""
    tools, client = request.oauthprov, stored.record
    kind = CLIENT_TYPES[client.client_type]
    declared = {scope.name: scope for scope in tools.settings.scopes}
    endpoints = {name: tools.url(name) for name in _ENDPOINTS if tools.has_page(name)}
    return {
        "client": client,
        "version": stored.version,
        "kind": kind,
        "secret": secret,
        "has_secret": has_secret(client),
        "facts": facts(tools.settings, client),
        "scopes": [declared.get(name, Scope(name, "")) for name in client.scopes],
        "issuer": tools.settings.issuer,
        "endpoints": [(_ENDPOINTS[name], address) for name, address in endpoints.items()],
        "demo": tools.settings.development and kind.redirects,
        "demo_callback": None if _DEMO_CALLBACK in client.redirect_uris else _DEMO_CALLBACK,
        "token_call": None if kind.redirects else _call(endpoints, client, secret),
    }


def _call(endpoints: Mapping[str, str], client: Client, secret: str | None) -> str | None:
    """Return the command that gets a machine its token, or introspects one for an API."""
    gets_tokens = CLIENT_TYPES[client.client_type].gets_tokens
    endpoint = endpoints.get("token" if gets_tokens else "introspect")
    if endpoint is None:
        return None
    shown = secret or "..."
    if client.auth_method == "client_secret_post":
        proof = f"-d client_id={client.client_id} -d client_secret={shown}"
    elif not has_secret(client):
        proof = f"-d client_assertion_type={client_assertions.TYPE} -d client_assertion=..."
    else:
        proof = f"-u {client.client_id}:{shown}"
    asked = "grant_type=client_credentials" if gets_tokens else "token=..."
    return f"curl {proof} -d {asked} {endpoint}"
