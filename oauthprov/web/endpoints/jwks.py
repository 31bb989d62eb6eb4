"""The key set that tokens of this provider are verified with (RFC 7517, RFC 8414 section 2)."""

from __future__ import annotations

from typing import Any

from pyramid.config import Configurator
from pyramid.response import Response

from oauthprov.protocol.keys.signing_keys import JWKS_MAX_AGE


def jwks(request: Any) -> Response:
    """Return the public keys; who has them already, by ETag, gets 304."""
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
