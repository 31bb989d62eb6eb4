"""Validating the ID token of a sign-in (OpenID Connect Core section 3.1.3.7)."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from oauthprov.demo.authorization import SignInRequest
from oauthprov.demo.errors import TokenRefused
from oauthprov.demo.openid.keys import ProviderKeys
from oauthprov.demo.openid.signed_jwt import LEEWAY, text, time_of, verified
from oauthprov.demo.tokens import Tokens

_TYPES = (None, "jwt")


@dataclass(frozen=True, slots=True)
class IDToken:
    """A validated ID token. ``sid`` identifies the provider's session, if given."""

    sub: str
    sid: str | None
    claims: Mapping[str, Any]


def validated(
    tokens: Tokens, keys: ProviderKeys, request: SignInRequest, *, client_id: str, now: int
) -> IDToken:
    """Validate and return the ID token in ``tokens``, the response to ``request``.

    Raises ``TokenRefused``, and ``ProviderUnavailable`` if the provider's keys can't be fetched.
    """
    if tokens.id_token is None:
        raise TokenRefused("The provider sent no ID token.")
    signed = verified(
        tokens.id_token, keys, request.metadata, types=_TYPES, client_id=client_id, now=now
    )
    claims = signed.claims
    sub, sid, nonce = text(claims, "sub"), text(claims, "sid"), text(claims, "nonce")
    if sub is None or not sub.isascii():
        raise TokenRefused("It names no person (sub).")
    if nonce is None or not hmac.compare_digest(nonce.encode(), request.nonce.encode()):
        raise TokenRefused("It doesn't answer the request of this browser (nonce).")
    _check_hash(claims, signed.alg, tokens.access_token)
    _check_sign_in(claims, request)
    return IDToken(sub, sid, claims)


def _check_hash(claims: Mapping[str, Any], alg: str, access_token: str) -> None:
    """Check ``at_hash``, if present (section 3.1.3.8)."""
    given = text(claims, "at_hash")
    if given is None:
        return
    hashed = hashlib.sha512 if alg == "Ed25519" else hashlib.sha256
    made = hashed(access_token.encode()).digest()
    half = base64.urlsafe_b64encode(made[: len(made) // 2]).rstrip(b"=")
    if not hmac.compare_digest(given.encode(), half):
        raise TokenRefused("It belongs to another access token (at_hash).")


def _check_sign_in(claims: Mapping[str, Any], request: SignInRequest) -> None:
    """Check that the sign-in isn't older than requested, at the time of the request."""
    if request.max_age is None:
        return
    if time_of(claims, "auth_time") + request.max_age + LEEWAY < request.asked_at:
        raise TokenRefused("The sign-in is older than requested (auth_time).")
