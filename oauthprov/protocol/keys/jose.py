"""The only code that signs and verifies JWTs (RFC 7515, RFC 7519), by the rules of RFC 8725.

The caller of :func:`verify` lists the accepted algorithms and types. ``none``, HS*, compression,
critical headers, keys in the token's header and duplicate members are always refused. Only
:func:`verify_self_signed` reads a key from the header, for proofs that the sender holds it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

from joserfc.jws import JWSRegistry

from oauthprov import serial
from oauthprov.credentials import base64url
from oauthprov.failures import JoseError
from oauthprov.protocol.keys.json_object import parse_object
from oauthprov.protocol.keys.jwk import (
    ALGORITHMS,
    KeySet,
    PrivateKey,
    PublicKey,
    parse_embedded_key,
)

TOKEN_LIMIT = 16_384
"""Characters of a token, at most."""
LEEWAY = 30
"""Seconds by which another server's clock may differ from ours."""

_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_NUMBER_LIMIT = 2**53
_REFUSED = {
    "crit": "a critical extension",
    "b64": "an unencoded payload",
    "zip": "compression",
    "enc": "encryption",
    "jwk": "an embedded key",
    "jku": "a key set URL",
    "x5u": "a certificate URL",
    "x5c": "an embedded certificate",
}
_REFUSED_BESIDE_OWN_KEY = {name: what for name, what in _REFUSED.items() if name != "jwk"}


@dataclass(frozen=True, slots=True)
class Verified:
    """A token whose signature, type and times are verified: its header and its claims."""

    header: Mapping[str, Any]
    claims: Mapping[str, Any]


def sign(claims: Mapping[str, Any], key: PrivateKey, *, typ: str | None) -> str:
    """Return ``claims`` as a compact JWT, signed with the one algorithm of ``key``."""
    signed = f"{_header(key.alg, key.kid, typ)}.{_encoded(claims)}"
    return f"{signed}.{base64url(_algorithm(key.alg).sign(signed.encode(), key.key))}"


@lru_cache(maxsize=64)
def _header(alg: str, kid: str, typ: str | None) -> str:
    return _encoded({"alg": alg, "kid": kid} | ({} if typ is None else {"typ": typ}))


def _encoded(members: Mapping[str, Any]) -> str:
    return base64url(serial.dumps(members))


def verify(
    token: str,
    keys: KeySet,
    *,
    algorithms: Collection[str],
    types: Collection[str | None],
    now: int | None,
    required: Collection[str] = ("exp",),
    leeway: int = LEEWAY,
) -> Verified:
    """Return the header and claims of ``token``, once its signature is verified with ``keys``.

    ``types`` are the accepted values of ``typ``, with None if it may be absent. Times are checked
    against ``now``, and not at all if it is None (for an ``id_token_hint``). ``required`` are
    claims that must be present. The caller checks issuer, audience and ``jti``. Raises JoseError,
    UnknownKey.
    """
    parsed = _parse(token)
    alg = parsed.header.get("alg")
    if alg not in algorithms or alg not in ALGORITHMS:
        raise JoseError("the token's signing algorithm isn't allowed here")
    if type_of(parsed.header) not in {None if typ is None else typ.lower() for typ in types}:
        raise JoseError("the token has the wrong typ")
    kid = parsed.header.get("kid")
    if not isinstance(kid, str | None):
        raise JoseError("the token's kid isn't a string")
    key = keys.find(kid, alg)
    if not _algorithm(alg).verify(parsed.signed, parsed.signature, key.key):
        raise JoseError("the signature is wrong")
    missing = [name for name in required if name not in parsed.claims]
    if missing:
        raise JoseError(f"the token lacks {', '.join(missing)}")
    if now is not None:
        check_times(parsed.claims, now, leeway=leeway)
    return Verified(parsed.header, parsed.claims)


def verify_self_signed(
    token: str, *, algorithms: Collection[str], typ: str
) -> tuple[Verified, PublicKey]:
    """Return the header and claims of ``token``, and the key of its header, which signed it.

    That proves nothing but that the sender holds the key. The caller checks all claims. Raises
    JoseError.
    """
    parsed = _parse(token, _REFUSED_BESIDE_OWN_KEY)
    if type_of(parsed.header) != typ:
        raise JoseError("the token has the wrong typ")
    alg = parsed.header.get("alg")
    if alg not in algorithms or alg not in ALGORITHMS:
        raise JoseError("the token's signing algorithm isn't allowed here")
    key = parse_embedded_key(parsed.header.get("jwk"))
    if alg not in key.algorithms:
        raise JoseError("the key in the token's header is for another algorithm")
    if not _algorithm(alg).verify(parsed.signed, parsed.signature, key.key):
        raise JoseError("the signature is wrong")
    return Verified(parsed.header, parsed.claims), key


def unverified_claims(token: str) -> Mapping[str, Any]:
    """Return the unverified claims of ``token``, only to find out whose keys verify it.

    Raises JoseError for a token that :func:`verify` would refuse with any keys.
    """
    return _parse(token).claims


def check_times(claims: Mapping[str, Any], now: int, *, leeway: int = LEEWAY) -> None:
    """Check those of ``exp``, ``nbf`` and ``iat`` that are present (RFC 7519 section 4.1)."""
    times = {name: claims[name] for name in ("exp", "nbf", "iat") if name in claims}
    for name, value in times.items():
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise JoseError(f"the token's {name} isn't a number")
        if abs(value) > _NUMBER_LIMIT:
            raise JoseError(f"the token's {name} isn't a time")
    if now >= times.get("exp", now + 1) + leeway:
        raise JoseError("the token has expired")
    if times.get("nbf", now) > now + leeway:
        raise JoseError("the token isn't valid yet")
    if times.get("iat", now) > now + leeway:
        raise JoseError("the token was issued in the future")


def type_of(header: Mapping[str, Any]) -> str | None:
    """Return ``typ`` without ``application/``, in lower case (RFC 7515 section 4.1.9).

    Raises JoseError.
    """
    typ = header.get("typ")
    if not isinstance(typ, str | None):
        raise JoseError("the token's typ isn't a string")
    return None if typ is None else typ.lower().removeprefix("application/")


def half_hash(alg: str, value: str) -> str:
    """Return ``at_hash`` or ``c_hash`` of ``value`` in a token signed with ``alg``.

    It is half of the hash that the algorithm itself uses (OpenID Connect Core section 3.1.3.6).
    """
    hashed = hashlib.sha512 if alg in ("Ed25519", "EdDSA") else hashlib.sha256
    made = hashed(value.encode()).digest()
    return base64url(made[: len(made) // 2])


class _Algorithm(Protocol):
    """A signature algorithm of joserfc; ``key`` is one of its key objects."""

    def sign(self, msg: bytes, key: Any) -> bytes: ...  # noqa: ANN401

    def verify(self, msg: bytes, sig: bytes, key: Any) -> bool: ...  # noqa: ANN401


@dataclass(frozen=True, slots=True)
class _Parsed:
    header: dict[str, Any]
    claims: dict[str, Any]
    signed: bytes
    signature: bytes


def _parse(token: str, refused: Mapping[str, str] = _REFUSED) -> _Parsed:
    if len(token) > TOKEN_LIMIT:
        raise JoseError("the token is too large")
    if not _COMPACT.fullmatch(token):
        raise JoseError("the token isn't a signed JWT in compact form")
    signed, _, signature = token.rpartition(".")
    header, _, payload = signed.partition(".")
    parsed = _Parsed(
        _object("header", header), _object("payload", payload), signed.encode(), _decode(signature)
    )
    for name, what in refused.items():
        if name in parsed.header:
            raise JoseError(f"the token's header has {what} ({name})")
    return parsed


def _object(part: str, encoded: str) -> dict[str, Any]:
    try:
        return parse_object(_decode(encoded))
    except ValueError as wrong:
        raise JoseError(f"the token's {part} {wrong}") from None


def _algorithm(alg: str) -> _Algorithm:
    # A look-up by joserfc's allowed names would warn at each use of the name EdDSA.
    return JWSRegistry.algorithms[alg]


def _decode(encoded: str) -> bytes:
    try:
        raw = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
    except binascii.Error:
        raise JoseError("the token isn't base64url") from None
    if base64url(raw) != encoded:
        raise JoseError("the token's base64url isn't canonical")
    return raw
