"""The revocation endpoint (RFC 7009)."""

from __future__ import annotations

from pyramid.config import Configurator

from oauthprov.web.http.exchange import Exchange
from oauthprov.web.http.reply import Reply, answered


def revoke(exchange: Exchange) -> Reply:
    """Revoke a token and the tokens that depend on it."""
    return answered(exchange.site.provider.endpoints.revoke(exchange.call_to("revoke")))


def includeme(config: Configurator) -> None:
    """Add the endpoint."""
    config.add_oauth_handler("revoke", "/oauth/revoke", post=revoke, cors="client")
    config.add_oauth_metadata(revocation_endpoint="oauthprov.revoke")
