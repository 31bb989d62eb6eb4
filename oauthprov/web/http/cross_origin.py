"""Which origins of browser apps may read a response (Fetch, section 3.2).

``any`` means every origin, for public documents; ``client`` the origins of the client named in the
request's credentials; ``bearer`` the origins of the client that the access token was issued to. A
client's origins are those of its redirect URIs. Cookies are never allowed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from oauthprov.errors import OAuth2Error, StorageError
from oauthprov.protected_resource.cross_origin import EVERY_ORIGIN
from oauthprov.protocol.authentication.methods import presented
from oauthprov.protocol.request import params
from oauthprov.web.http.bearer import client_of_token
from oauthprov.web.http.exchange import Exchange
from oauthprov.web.http.origins import origin_of
from oauthprov.web.http.problems import Rejected

_BY_ORIGIN = {"Vary": "Origin"}

Policy = Callable[[Exchange, int], Mapping[str, str]]
"""Returns the headers of a response by its request and status."""


def _any(exchange: Exchange, status: int) -> Mapping[str, str]:
    return EVERY_ORIGIN


def _client(exchange: Exchange, status: int) -> Mapping[str, str]:
    return _for_origin_of(exchange, _named_client)


def _bearer(exchange: Exchange, status: int) -> Mapping[str, str]:
    if status == 401:
        # The challenge has no private content, and the client isn't known yet.
        return EVERY_ORIGIN
    return _for_origin_of(exchange, client_of_token)


POLICIES: Mapping[str, Policy] = {"any": _any, "client": _client, "bearer": _bearer}


def _for_origin_of(
    exchange: Exchange, client_id_of: Callable[[Exchange], str | None]
) -> Mapping[str, str]:
    origin = exchange.header("ORIGIN")
    if origin is None:
        return _BY_ORIGIN
    try:
        client_id = client_id_of(exchange)
        client = exchange.site.provider.client(client_id) if client_id else None
    except (OAuth2Error, Rejected, StorageError):
        return _BY_ORIGIN
    if client is None or origin not in {origin_of(uri) for uri in client.redirect_uris}:
        return _BY_ORIGIN
    return {**EVERY_ORIGIN, "Access-Control-Allow-Origin": origin, **_BY_ORIGIN}


def _named_client(exchange: Exchange) -> str | None:
    call = exchange.call
    form = params.from_body(call, params.CREDENTIALS)
    authorization = call.headers.get("authorization")
    named = {name: form.get(name) for name in ("client_id", "client_secret")}
    return presented(authorization, named).client_id
