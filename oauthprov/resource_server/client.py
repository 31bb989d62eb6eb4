"""How an app elsewhere authenticates when it introspects (RFC 6749 section 2.3, RFC 7523 2.2)."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from urllib.parse import quote_plus

from oauthprov.credentials import mint_id
from oauthprov.failures import ConfigurationError, JoseError
from oauthprov.settings.resource_server import ResourceServer

ASSERTION_LIFETIME = 60
"""Seconds for which an assertion is valid; each is sent once."""

_JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_TYPE = "client-authentication+jwt"

Credentials = tuple[Mapping[str, str], Mapping[str, str]]
"""The headers and the parameters that prove the client."""


def credentials(settings: ResourceServer, clock: Callable[[], float]) -> Callable[[], Credentials]:
    """Return a function that makes the credentials of a request.

    ``clock`` returns epoch seconds. Raises ConfigurationError for a key that can't sign.
    """
    if settings.client_auth_method == "private_key_jwt":
        return _signing(settings, clock)
    if settings.client_auth_method == "client_secret_post":
        form = {"client_id": settings.client_id, "client_secret": settings.client_secret}
        return lambda: ({}, form)
    headers = {"Authorization": _basic(settings.client_id, settings.client_secret)}
    return lambda: (headers, {})


def _basic(client_id: str, secret: str) -> str:
    """Return the Authorization header, its parts form-encoded (RFC 6749 section 2.3.1)."""
    pair = f"{quote_plus(client_id)}:{quote_plus(secret)}"
    return "Basic " + base64.b64encode(pair.encode()).decode("ascii")


def _signing(settings: ResourceServer, clock: Callable[[], float]) -> Callable[[], Credentials]:
    # Apps that have a secret load no library for JWTs.
    from oauthprov.protocol.keys import jose
    from oauthprov.protocol.keys.jwk import parse_private_key

    try:
        key = parse_private_key(settings.client_key)
    except JoseError as wrong:
        name = "oauthprov.resource_server.client_key"
        raise ConfigurationError(
            [f"{name} must be a private key as a JWK: {wrong.reason}"]
        ) from None
    client_id = settings.client_id

    def signed() -> Credentials:
        now = int(clock())
        claims = {
            "iss": client_id,
            "sub": client_id,
            "aud": settings.issuer,
            "jti": mint_id(),
            "iat": now,
            "exp": now + ASSERTION_LIFETIME,
        }
        assertion = jose.sign(claims, key, typ=_TYPE)
        return {}, {"client_assertion_type": _JWT_BEARER, "client_assertion": assertion}

    return signed
