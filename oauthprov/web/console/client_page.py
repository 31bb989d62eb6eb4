"""The contents of a client's page: what is registered, the endpoints, and code that uses them."""

from __future__ import annotations

from pyramid.response import Response

from oauthprov.protocol.clients.grant_types import DEVICE_CODE, redirects_users
from oauthprov.protocol.clients.registrar import (
    CLIENT_TYPES,
    StoredClient,
    edition,
    has_secret,
)
from oauthprov.records import Client
from oauthprov.settings import Scope, Settings
from oauthprov.web.console.fields import facts
from oauthprov.web.console.needs import Need, gets_codes, obstacle, shows_certificate
from oauthprov.web.console.recipes import recipes
from oauthprov.web.console.snippets import SECRET, flow, incapable, snippets
from oauthprov.web.console.use import Use
from oauthprov.web.i18n import _
from oauthprov.web.request import Request
from oauthprov.web.responder import done, see, was_done

ENDPOINTS = {
    "openid": _("Discovery"),
    "metadata": _("Metadata"),
    "authorize": _("Authorization"),
    "par": _("Pushed authorization request"),
    "device_authorization": _("Device authorization"),
    "token": _("Token"),
    "userinfo": _("UserInfo"),
    "jwks": _("Public keys (JWKS)"),
    "introspect": _("Introspection"),
    "revoke": _("Revocation"),
    "rp_logout": _("End session"),
    "register": _("Registration"),
}
"""The endpoints by the name of their route, in the order of the page."""
_FOR_MACHINES = frozenset(("openid", "metadata", "token", "jwks", "introspect", "revoke"))
_FOR_APIS = frozenset(("openid", "metadata", "jwks", "introspect"))
_NOTICES = {
    "registered": _("The client is registered."),
    "saved": _("Saved."),
    "retired": _("The older secret no longer works."),
}
"""What the page says after a form, by the parameter ``done``."""
_DEMO_CALLBACK = "http://localhost:8000/callback"


def client_page(
    request: Request, stored: StoredClient, secret: str | None = None
) -> dict[str, object]:
    """Return the template values of a client's page; ``secret`` is shown only this once."""
    tools, client = request.oauthprov, stored.record
    kind, redirects = CLIENT_TYPES[client.client_type], redirects_users(client)
    return {
        "client": client,
        "notice": _NOTICES.get(was_done(request)),
        "edition": edition(client),
        "kind": kind,
        "redirects": redirects,
        "tries": gets_codes(client),
        "secret": secret,
        "has_secret": has_secret(client),
        "facts": facts(tools.settings, client),
        "scopes": scopes_of(tools.settings, client),
        "issuer": tools.settings.issuer,
        "endpoints": [
            (ENDPOINTS[name], address) for name, address in endpoints(request, client).items()
        ],
        "demo": _has_demo(request) and gets_codes(client),
        "demo_callback": None if _DEMO_CALLBACK in client.redirect_uris else _DEMO_CALLBACK,
        "connects": tools.has_page("client_connect") and bool(recipes(client)),
        **code(request, client, secret),
    }


def _has_demo(request: Request) -> bool:
    """Tell whether ``make demo`` is likely to be there: in a checkout, not in a host's app."""
    tools = request.oauthprov
    return tools.settings.development and tools.has_page("login")


def see_client(request: Request, client_id: str, word: str) -> Response:
    """Redirect to a client's page, which says what was done, by its ``word``."""
    return see(request, request.oauthprov.url("client", done(request, word), client_id=client_id))


def scopes_of(settings: Settings, client: Client) -> list[Scope]:
    """Return the client's scopes in words; one that is no longer declared has none."""
    declared = {scope.name: scope for scope in settings.scopes}
    return [declared.get(name, Scope(name, "")) for name in client.scopes]


def own_redirect_uri(request: Request, client: Client) -> str:
    """Return the redirect URI of the console's page that tries the client."""
    return request.oauthprov.url("client_try", client_id=client.client_id)


def endpoints(request: Request, client: Client) -> dict[str, str]:
    """Return the endpoints that are on and of use to the client, by the name of their route."""
    tools, kind = request.oauthprov, CLIENT_TYPES[client.client_type]
    wanted = frozenset(ENDPOINTS) if kind.has_users else _FOR_MACHINES
    wanted = wanted if kind.gets_tokens else _FOR_APIS
    if not redirects_users(client):
        wanted -= {"authorize", "par", "rp_logout"}
    if DEVICE_CODE not in client.grant_types:
        wanted -= {"device_authorization"}
    shown = [name for name in ENDPOINTS if name in wanted and tools.has_page(name)]
    return {name: _url(request, client, name) for name in shown}


def _url(request: Request, client: Client, name: str) -> str:
    """Return the URL at which the client uses an endpoint: with its certificate, the alias."""
    tools = request.oauthprov
    alias = tools.site.alias(name) if shows_certificate(client) else None
    return alias or tools.url(name)


def code(request: Request, client: Client, secret: str | None) -> dict[str, object]:
    """Return the code that uses the client, and what it must do that isn't usual.

    A placeholder stands for the secret unless it is given.
    """
    settings = request.oauthprov.settings
    ours = own_redirect_uri(request, client)
    use = Use(
        client=client,
        settings=settings,
        endpoints=endpoints(request, client),
        redirect_uri=next((uri for uri in client.redirect_uris if uri != ours), ours),
        secret=secret or SECRET,
    )
    hindered = obstacle(settings, client)
    needs = use.needs
    return {
        "uses_code": flow(use) is not None,
        "obstacle": hindered,
        "needs": [need.value for need in Need if need in needs],
        "incapable": ", ".join(incapable(use)),
        "snippets": [] if hindered else snippets(use),
    }
