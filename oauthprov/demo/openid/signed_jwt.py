"""Verifies tokens that the provider has signed.

These are the checks that ID tokens and logout tokens have in common (OpenID Connect Core section
3.1.3.7 and Back-Channel Logout section 2.6).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from joserfc import jws, jwt
from joserfc.errors import JoseError

from oauthprov.demo.errors import TokenRefused
from oauthprov.demo.openid.keys import ProviderKeys
from oauthprov.demo.openid.metadata import OpenIDMetadata

LEEWAY = 30
"""Seconds by which the provider's clock may differ from the demo's."""
OLDEST = 300
"""Seconds after which a token that should be new is too old."""
_LONGEST = 16_384
_NO_TIME = 2**53


@dataclass(frozen=True, slots=True)
class SignedJWT:
    """A token with a valid signature, issuer, audience and times."""

    alg: str
    claims: Mapping[str, Any]


def verified(
    token: str,
    keys: ProviderKeys,
    metadata: OpenIDMetadata,
    *,
    types: tuple[str | None, ...],
    client_id: str,
    now: int,
) -> SignedJWT:
    """Verify that ``token`` is from the provider and for ``client_id``, and return it.

    ``types`` are the accepted values of ``typ``, with None if it may be absent. Raises
    ``TokenRefused``, and ``ProviderUnavailable`` if the provider's keys can't be fetched.
    """
    if len(token) > _LONGEST:
        raise TokenRefused("It is too long.")
    alg, kid = _header(token, types)
    if alg not in metadata.algorithms:
        raise TokenRefused("It is signed with an algorithm that isn't allowed (alg).")
    key = keys.find(metadata.jwks_uri, kid, alg)
    try:
        claims = jwt.decode(token, key, algorithms=[alg]).claims
    except (JoseError, ValueError):
        raise TokenRefused("The signature is wrong.") from None
    if claims.get("iss") != metadata.provider.issuer:
        raise TokenRefused("It comes from another provider than the one asked (iss).")
    _check_audience(claims, client_id)
    _check_times(claims, now)
    return SignedJWT(alg, claims)


def text(claims: Mapping[str, Any], name: str) -> str | None:
    """Return the claim ``name``, None if absent. Raises ``TokenRefused`` unless it is text."""
    value = claims.get(name)
    if name in claims and not (isinstance(value, str) and 0 < len(value) <= 255):
        raise TokenRefused(f"A claim has the wrong form ({name}).")
    return value


def time_of(claims: Mapping[str, Any], name: str) -> int:
    """Return the time in the claim ``name``. Raises ``TokenRefused`` if absent or invalid."""
    value = claims.get(name)
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not abs(value) < _NO_TIME:  # type: ignore[arg-type]
        raise TokenRefused(f"It lacks a time ({name}).")
    return int(value)  # type: ignore[arg-type]


def _header(token: str, types: tuple[str | None, ...]) -> tuple[str, str | None]:
    try:
        header = jws.extract_compact(token.encode("ascii")).headers()
    except (JoseError, ValueError):
        raise TokenRefused("It isn't a signed JWT.") from None
    typ, alg, kid = header.get("typ"), header.get("alg"), header.get("kid")
    if not (isinstance(typ, str | None) and isinstance(alg, str) and isinstance(kid, str | None)):
        raise TokenRefused("Its header can't be read.")
    if (None if typ is None else typ.lower().removeprefix("application/")) not in types:
        raise TokenRefused("It is a token of another type (typ).")
    return alg, kid


def _check_audience(claims: Mapping[str, Any], client_id: str) -> None:
    # Another audience could replay the token here: the demo accepts no other one besides itself.
    if claims.get("aud") not in (client_id, [client_id]):
        raise TokenRefused("It isn't for this client alone (aud).")
    if claims.get("azp", client_id) != client_id:
        raise TokenRefused("It was issued to another client (azp).")


def _check_times(claims: Mapping[str, Any], now: int) -> None:
    if now >= time_of(claims, "exp") + LEEWAY:
        raise TokenRefused("It has expired (exp).")
    if not now - OLDEST <= time_of(claims, "iat") <= now + LEEWAY:
        raise TokenRefused("It wasn't issued just now (iat).")
    if "nbf" in claims and time_of(claims, "nbf") > now + LEEWAY:
        raise TokenRefused("It isn't valid yet (nbf).")
