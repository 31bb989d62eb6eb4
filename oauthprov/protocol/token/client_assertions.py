"""Client authentication by ``private_key_jwt``: a JWT that the client signs (RFC 7523 2.2, 3).

OpenID Connect Core section 9 says the same. Which audience is ours:

* The issuer, as RFC 7523bis wants it, the token endpoint, as OpenID Connect says and most
  libraries sign, and the endpoint that is called.
* A JWT that says by its type that it follows RFC 7523bis has the issuer alone. Whoever runs
  another server can publish our token endpoint as its own, but not our issuer.
* A list may name nobody else: any of those it names could present the JWT at the others.

A JWT is good once. It may live for an hour, as common libraries sign it: since its ``jti`` is kept
as long, a longer life is no further use of it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from oauthprov.credentials import replay_key
from oauthprov.errors import JoseError
from oauthprov.protocol.keys import jose
from oauthprov.protocol.keys.jwk import ALGORITHMS
from oauthprov.protocol.request.context import Context
from oauthprov.records import Client, ReplayMark

TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
LIFETIME_LIMIT = 3600
"""Seconds from now to the ``exp`` of an assertion, at most."""

_OWN_TYPE = "client-authentication+jwt"
_REQUIRED = ("iss", "sub", "aud", "exp", "jti")


def subject(assertion: str) -> str:
    """Return the ``client_id`` that an assertion is about, unverified. Raises JoseError."""
    client_id = jose.unverified_claims(assertion).get("sub")
    if not isinstance(client_id, str):
        raise JoseError("the token's sub is no text")
    return client_id


def verify(context: Context, client: Client, assertion: str) -> ReplayMark:
    """Return what is to be stored, once, for the assertion to be used up.

    Until that is done the client isn't proven: a JWT that was used before passes here. Raises
    JoseError.
    """
    bound = client.token_endpoint_auth_signing_alg
    verified = context.client_keys.verify(
        client,
        assertion,
        algorithms=ALGORITHMS if bound is None else (bound,),
        types=(None, "JWT", _OWN_TYPE),
        now=context.now,
        required=_REQUIRED,
    )
    claims = verified.claims
    if claims["iss"] != client.client_id or claims["sub"] != client.client_id:
        raise JoseError("the token's iss and sub aren't both the client")
    _check_audience(context, claims["aud"], verified.header)
    if claims["exp"] > context.now + LIFETIME_LIMIT + jose.LEEWAY:
        raise JoseError("the token lives too long")
    return _seen(client, claims)


def _check_audience(context: Context, aud: object, header: Mapping[str, Any]) -> None:
    named = [aud] if isinstance(aud, str) else aud
    if not isinstance(named, list) or not all(isinstance(name, str) for name in named):
        raise JoseError("the token's aud is neither text nor a list of texts")
    ours = {context.settings.issuer}
    if jose.type_of(header) != _OWN_TYPE:
        ours |= set(context.audiences)
    if not named or not ours.issuperset(named):
        raise JoseError("the token isn't for this server alone")


def _seen(client: Client, claims: Mapping[str, Any]) -> ReplayMark:
    jti = claims["jti"]
    if not isinstance(jti, str) or not jti:
        raise JoseError("the token's jti is no text")
    # Another node, whose clock is behind, might still take it.
    expires_at = math.ceil(claims["exp"]) + 2 * jose.LEEWAY
    return ReplayMark(replay_key(f"client_assertion {client.client_id}", jti), expires_at)
