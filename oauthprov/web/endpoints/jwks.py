"""The JWK Set for verifying this provider's tokens (RFC 7517, RFC 8414 section 2)."""

from __future__ import annotations

from pyramid.config import Configurator
from pyramid.response import Response

from oauthprov.protocol.keys.signing_keys import JWKS_MAX_AGE
from oauthprov.web.request import Request


def jwks(request: Request) -> Response:
    """Return the public keys, or 304 if the request's ETag is current."""
    response = Response(json_body=request.oauthprov.provider.keys.jwks())
    response.content_type = "application/jwk-set+json"
    response.headers["Cache-Control"] = f"public, max-age={JWKS_MAX_AGE}"
    response.md5_etag()
    response.conditional_response = True
    return response


def includeme(config: Configurator) -> None:
    """Add the endpoint."""
    config.add_oauth_endpoint("jwks", "/oauth/jwks", get=jwks, kind="document", cors="any")
    config.add_oauth_metadata(jwks_uri="oauthprov.jwks")
