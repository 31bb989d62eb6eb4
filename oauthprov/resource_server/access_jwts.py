"""Verifying access tokens that are JWTs, without asking the issuer about each (RFC 9068 4)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from oauthprov import logs
from oauthprov.failures import JoseError, UnknownKey
from oauthprov.protected_resource import bindings
from oauthprov.protected_resource.tokens import TokenInfo
from oauthprov.protocol.keys import jose
from oauthprov.protocol.keys.jose import Verified
from oauthprov.protocol.keys.jwk import ALGORITHMS, KeySet
from oauthprov.resource_server.issuer import TOKEN_LIMIT
from oauthprov.resource_server.issuer_keys import IssuerKeys
from oauthprov.settings.resource_server import ResourceServer

TYPE = "at+jwt"
REQUIRED = ("iss", "exp", "aud", "sub", "client_id", "iat", "jti")
"""The claims of section 2.2, without which a token is refused."""

log = logs.logger(__name__)


class AccessJWTs:
    """Verifies tokens with the issuer's keys. ``clock`` returns epoch seconds."""

    def __init__(
        self, settings: ResourceServer, keys: IssuerKeys, clock: Callable[[], float]
    ) -> None:
        self._settings = settings
        self._keys = keys
        self._clock = clock

    def token_info(self, raw: str) -> TokenInfo | None:
        """Return the data of a valid token, None for anything else. Raises Unavailable.

        A revoked token is valid until it expires: nobody is asked.
        """
        # An opaque token, or one that no issuer signs, needs no keys.
        if len(raw) > TOKEN_LIMIT or raw.count(".") != 2:
            return None
        now = int(self._clock())
        try:
            return self._verified(raw, now)
        except JoseError as refused:
            log.info("refused a token: %s", refused.reason)
            return None

    def _verified(self, raw: str, now: int) -> TokenInfo:
        keys = self._keys.current()
        try:
            return token_info(raw, keys, self._settings, now)
        except UnknownKey:
            newer = self._keys.renewed(keys)
            if newer is None:
                raise
            return token_info(raw, newer, self._settings, now)


def token_info(raw: str, keys: KeySet, settings: ResourceServer, now: int) -> TokenInfo:
    """Return the data of a token that ``keys`` verify. Raises JoseError, UnknownKey.

    The times may differ by :data:`oauthprov.protocol.keys.jose.LEEWAY`. The caller checks whether
    the audience is the resource that was requested.
    """
    verified = jose.verify(
        raw, keys, algorithms=ALGORITHMS, types=(TYPE,), now=now, required=REQUIRED
    )
    claims = verified.claims
    if claims["iss"] != settings.issuer:
        raise JoseError("the token is of another issuer")
    if not bindings.is_supported(claims.get("cnf")):
        raise JoseError("the token is bound in a way that isn't supported here")
    audience, client_id, sub = (_text(claims, name) for name in ("aud", "client_id", "sub"))
    _check_algorithm(verified, audience, settings)
    account_id = None if sub == client_id else sub  # a machine is its own subject
    return TokenInfo(
        account_id=account_id,
        client_id=client_id,
        scopes=tuple(_text(claims, "scope").split()) if "scope" in claims else (),
        resources=(audience,),
        issued_at=int(claims["iat"]),
        expires_at=int(claims["exp"]),
        grant_id=None,
        subject=account_id,
        confirmation=bindings.confirmed_by(claims.get("cnf")),
        auth_time=_auth_time(claims),
        acr=_text(claims, "acr") if "acr" in claims else None,
    )


def _auth_time(claims: Mapping[str, Any]) -> int | None:
    value = claims.get("auth_time")
    if value is not None and (not isinstance(value, int) or isinstance(value, bool)):
        raise JoseError("the token's auth_time isn't a whole number")
    return value


def _check_algorithm(verified: Verified, audience: str, settings: ResourceServer) -> None:
    """Check the algorithm of a resource that names one."""
    for resource in settings.resources:
        if resource.uri == audience and resource.alg not in ("", verified.header["alg"]):
            raise JoseError("the token's signing algorithm isn't that of the resource")


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims[name]
    if not isinstance(value, str) or not value:
        raise JoseError(f"the token's {name} isn't a string")
    return value
