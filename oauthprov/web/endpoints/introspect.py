"""The introspection endpoint (RFC 7662)."""

from __future__ import annotations

from pyramid.config import Configurator

from oauthprov.web.http.exchange import Exchange
from oauthprov.web.http.reply import Reply, answered


def introspect(exchange: Exchange) -> Reply:
    """Return the introspection response to a confidential client."""
    return answered(exchange.site.provider.endpoints.introspect(exchange.call_to("introspect")))


def includeme(config: Configurator) -> None:
    """Add the endpoint, without CORS: it needs a secret, which no browser app can keep."""
    config.add_oauth_handler("introspect", "/oauth/introspect", post=introspect)
    config.add_oauth_metadata(introspection_endpoint="oauthprov.introspect")
