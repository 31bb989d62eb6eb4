"""ID tokens, validated by a library of their own (OpenID Connect Core section 3.1.3.7)."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import Any

from joserfc import jwt

from tests.conformance.metadata import Server

SKEW = 300
ALGORITHMS = ["RS256", "PS256", "ES256", "Ed25519", "EdDSA"]
EXPECTED = {
    *("iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "azp"),
    *("at_hash", "c_hash", "nbf", "jti", "sid", "s_hash"),
}
"""Claims that need no request."""


@dataclass(frozen=True)
class IdToken:
    """An ID token that is valid for a client; ``raw`` is how it came."""

    raw: str
    header: dict[str, Any]
    claims: dict[str, Any]

    def __getitem__(self, name: str) -> Any:
        return self.claims[name]


def validated(raw: str, server: Server, client_id: str, nonce: str | None, now: int) -> IdToken:
    """Return the token once every check of the suite has passed."""
    token = jwt.decode(raw, server.keys, algorithms=ALGORITHMS)
    header, claims = token.header, token.claims
    assert header["kid"] in {key["kid"] for key in server.jwks["keys"]}
    assert claims["iss"] == server["issuer"]
    assert client_id in ([claims["aud"]] if isinstance(claims["aud"], str) else claims["aud"])
    assert claims["exp"] > now - SKEW
    assert claims["iat"] < now + SKEW
    assert claims.get("nonce") == nonce
    assert 0 < len(claims["sub"]) <= 255
    assert isinstance(claims.get("acr", ""), str)
    assert isinstance(claims.get("auth_time", 0), int)
    return IdToken(raw, header, claims)


def check_hash(token: IdToken, name: str, value: str, *, required: bool) -> None:
    """``at_hash`` or ``c_hash`` is that of ``value``, by the hash of the signature."""
    if not required and name not in token.claims:
        return
    size = 512 if token.header["alg"] in ("Ed25519", "EdDSA") else int(token.header["alg"][2:])
    digest = hashlib.new(f"sha{size}", value.encode("ascii")).digest()
    half = base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()
    assert token[name] == half


def check_nothing_unasked(token: IdToken, asked: tuple[str, ...] = ()) -> None:
    """It has no claim that wasn't requested."""
    assert set(token.claims) <= EXPECTED.union(asked)
