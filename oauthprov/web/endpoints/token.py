"""The token endpoint (RFC 6749 section 3.2)."""

from __future__ import annotations

from pyramid.config import Configurator

from oauthprov.web.http.exchange import Exchange
from oauthprov.web.http.reply import Reply, answered


def token(exchange: Exchange) -> Reply:
    """Issue tokens for an authorization code, a refresh token or client credentials."""
    return answered(exchange.site.provider.endpoints.token(exchange.call_to("token")))


def includeme(config: Configurator) -> None:
    """Add the endpoint."""
    config.add_oauth_handler("token", "/oauth/token", post=token, cors="client")
    config.add_oauth_metadata(token_endpoint="oauthprov.token")  # noqa: S106 - a route name
