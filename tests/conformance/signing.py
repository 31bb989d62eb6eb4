"""What the suite signs with the keys of its clients."""

from __future__ import annotations

import secrets
from typing import Any

from joserfc import jwt
from joserfc.jwk import RSAKey

BY_JWT = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
LIFETIME = 60

Json = dict[str, Any]


def new_key() -> RSAKey:
    """Return a key that is known by its thumbprint."""
    made = RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256"})
    return RSAKey.import_key(made.as_dict(private=True) | {"kid": made.thumbprint()})


def key_set(key: RSAKey) -> Json:
    """Return what is registered of a key, or published."""
    return {"keys": [key.as_dict(private=False)]}


def signed(claims: Json, key: RSAKey) -> str:
    """Return a JWT, whose header has no more than it needs."""
    header = {"alg": "RS256"} | ({} if key.kid is None else {"kid": key.kid})
    return jwt.encode(header, claims, key, algorithms=["RS256"])


def random_path() -> str:
    """Return as long a name as the suite gives a request object."""
    return secrets.token_urlsafe(72)


def client_assertion(client_id: str, audience: str, key: RSAKey, now: int) -> dict[str, str]:
    """Return the parameters that authenticate a client (OpenID Connect Core section 9)."""
    claims = {
        "iss": client_id,
        "sub": client_id,
        "aud": audience,
        "jti": secrets.token_urlsafe(15),
        "iat": now,
        "exp": now + LIFETIME,
    }
    return {"client_assertion_type": BY_JWT, "client_assertion": signed(claims, key)}


def request_object(asked: dict[str, str], issuer: str, key: RSAKey) -> str:
    """Return a request as an object (OpenID Connect Core section 6.1)."""
    return signed({**asked, "iss": asked["client_id"], "aud": issuer}, key)
