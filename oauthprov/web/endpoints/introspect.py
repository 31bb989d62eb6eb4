"""The introspection endpoint (RFC 7662), with signed responses (RFC 9701)."""

from __future__ import annotations

from pyramid.config import Configurator

from oauthprov.protocol.token.signed_introspection import MEDIA_TYPE
from oauthprov.web.http.exchange import Exchange
from oauthprov.web.http.negotiation import prefers
from oauthprov.web.http.reply import Reply, answered


def introspect(exchange: Exchange) -> Reply:
    """Return the introspection response to a confidential client, signed if it prefers that."""
    signed = prefers(exchange.header("ACCEPT"), MEDIA_TYPE)
    introspect = exchange.site.provider.endpoints.introspect
    return answered(introspect(exchange.call_to("introspect"), signed=signed))


def includeme(config: Configurator) -> None:
    """Add the endpoint, without CORS: it needs a secret, which no browser app can keep."""
    config.add_oauth_handler("introspect", "/oauth/introspect", post=introspect)
    config.add_oauth_metadata(introspection_endpoint="oauthprov.introspect")
