"""The JWK Set for verifying this provider's tokens (RFC 7517, RFC 8414 section 2)."""

from __future__ import annotations

from pyramid.config import Configurator

from oauthprov.protocol.keys.signing_keys import JWKS_MAX_AGE
from oauthprov.web.http.exchange import Exchange
from oauthprov.web.http.reply import Reply, in_json, unless_current


def jwks(exchange: Exchange) -> Reply:
    """Return the public keys, or 304 if the request's ETag is current."""
    headers = {
        "Content-Type": "application/jwk-set+json",
        "Cache-Control": f"public, max-age={JWKS_MAX_AGE}",
    }
    made = in_json(exchange.site.provider.keys.jwks(), headers=headers)
    return unless_current(made, exchange.header("IF_NONE_MATCH"))


def includeme(config: Configurator) -> None:
    """Add the endpoint."""
    config.add_oauth_handler("jwks", "/oauth/jwks", get=jwks, kind="document", cors="any")
    config.add_oauth_metadata(jwks_uri="oauthprov.jwks")
