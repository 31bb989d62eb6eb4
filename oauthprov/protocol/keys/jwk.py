"""Keys that sign and verify (RFC 7517, RFC 7518): made, stored, published, read from others.

Only asymmetric keys: secret keys in a published set are ignored, so no HS* signature can be
checked with public data. Every key object is made once and knows the algorithms that it serves.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from joserfc import jwk
from joserfc.errors import JoseError as LibraryError

from oauthprov.credentials import base64url
from oauthprov.failures import JoseError, UnknownKey
from oauthprov.protocol.keys.certificates import of_keys
from oauthprov.protocol.keys.json_object import parse_object
from oauthprov.settings.values import ALGORITHMS

__all__ = (
    "ALGORITHMS",
    "KeySet",
    "PrivateKey",
    "PublicKey",
    "parse_certificates",
    "parse_embedded_key",
    "parse_key_set",
    "parse_private_key",
    "parse_public_key",
    "thumbprint",
)

SET_LIMIT = 65_536
"""Characters of a key set, at most."""
KEYS_LIMIT = 64
"""Keys of a set, at most."""
_RSA_BITS = (2048, 8192)
_RSA_SIZE = 2048
_EXPONENT_BYTES = 8
_PRIVATE = ("d", "p", "q", "dp", "dq", "qi", "oth", "key_ops")
_NOT_EMBEDDED = ("d", "p", "q", "dp", "dq", "qi", "oth", "k", "x5c", "x5u")
_COORDINATE_BYTES = 32

# kty, and crv for types with curves -> (members of the key, algorithms)
_MATERIAL: Mapping[tuple[str, str | None], tuple[tuple[str, ...], tuple[str, ...]]] = {
    ("RSA", None): (("n", "e"), ("RS256", "PS256")),
    ("EC", "P-256"): (("crv", "x", "y"), ("ES256",)),
    ("OKP", "Ed25519"): (("crv", "x"), ("Ed25519", "EdDSA")),
}


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key that verifies; ``algorithms`` are those that it may be used with."""

    kid: str | None
    algorithms: tuple[str, ...]
    key: Any


@dataclass(frozen=True, slots=True)
class PrivateKey:
    """A key that signs, with one algorithm. ``kid`` is its thumbprint (RFC 7638)."""

    kid: str
    alg: str
    key: Any

    @classmethod
    def generate(cls, alg: str) -> PrivateKey:
        """Return a new key for ``alg``; an RSA key takes some tenths of a second.

        No ``kid`` begins with a dash, since a command line would read it as an option.
        """
        while (kid := (made := _generated(alg)).thumbprint()).startswith("-"):
            pass
        return cls(kid, alg, made)

    @classmethod
    def load(cls, alg: str, private: bytes) -> PrivateKey:
        """Read the output of :meth:`dump`."""
        made = jwk.import_key(json.loads(private))
        return cls(made.thumbprint(), alg, made)

    def dump(self) -> bytes:
        """Return the private JWK as JSON: it must be sealed and never shown."""
        return json.dumps(self.key.as_dict(private=True)).encode()

    def public(self) -> dict[str, Any]:
        """Return the JWK to publish, with its use and without private members."""
        shown = self.key.as_dict(private=False)
        return {**shown, "kid": self.kid, "alg": self.alg, "use": "sig"}


def _generated(alg: str) -> jwk.Key:
    if alg in ("RS256", "PS256"):
        return jwk.RSAKey.generate_key(_RSA_SIZE)
    if alg == "ES256":
        return jwk.ECKey.generate_key("P-256")
    return jwk.OKPKey.generate_key("Ed25519")


@dataclass(frozen=True, slots=True)
class KeySet:
    """Public keys of one owner."""

    keys: tuple[PublicKey, ...]

    def find(self, kid: str | None, alg: str) -> PublicKey:
        """Return the key that the token's header names. Raises JoseError, UnknownKey.

        A token without ``kid`` means the only key of its algorithm (OpenID Connect Core section
        10.1).
        """
        fitting = [key for key in self.keys if alg in key.algorithms]
        if kid is not None:
            fitting = [key for key in fitting if key.kid == kid]
        if not fitting:
            raise UnknownKey(f"no {alg} key in the set has the token's kid")
        if len(fitting) > 1:
            raise JoseError("several keys in the set match the token")
        return fitting[0]


@lru_cache(maxsize=256)
def parse_key_set(document: str | bytes) -> KeySet:
    """Return the signing keys of a JWK Set (RFC 7517 section 5). Raises JoseError.

    Encryption keys, secret keys, malformed keys and those of an unsupported type or size are
    ignored. A set that contains a private key is refused. The same document returns the same
    objects again.
    """
    read = [parse_public_key(member) for member in _members(document)]
    return KeySet(tuple(key for key in read if key is not None))


@lru_cache(maxsize=256)
def parse_certificates(document: str | bytes) -> frozenset[bytes]:
    """Return the certificates in a JWK Set, in DER form: the first of each key (RFC 7517 4.7).

    A certificate that is malformed or of another key is ignored. Raises JoseError.
    """
    return of_keys(_members(document))


def _members(document: str | bytes) -> list[dict[str, Any]]:
    if len(document) > SET_LIMIT:
        raise JoseError("the key set is too large")
    try:
        members = parse_object(document).get("keys")
    except ValueError as wrong:
        raise JoseError(f"the key set {wrong}") from None
    if not isinstance(members, list) or not all(isinstance(member, dict) for member in members):
        raise JoseError("the key set has no list of keys")
    if len(members) > KEYS_LIMIT:
        raise JoseError(f"the key set has more than {KEYS_LIMIT} keys")
    return members


def parse_public_key(member: Mapping[str, Any]) -> PublicKey | None:
    """Return a key of a set, None when it can't be used to verify.

    Raises JoseError for a private key, whatever its use.
    """
    if "d" in member:
        raise JoseError("the key set contains a private key")
    kty, crv, kid = (member.get(name) for name in ("kty", "crv", "kid"))
    if (
        not isinstance(kty, str)
        or not isinstance(crv, str | None)
        or not isinstance(kid, str | None)
    ):
        return None
    names, algorithms = _MATERIAL.get((kty, None if kty == "RSA" else crv), ((), ()))
    algorithms = tuple(alg for alg in algorithms if _is_for(member, alg))
    if not algorithms:
        return None
    key = _key({"kty": kty, **{name: member.get(name) for name in names}})
    return None if key is None else PublicKey(kid, algorithms, key)


def parse_embedded_key(member: object) -> PublicKey:
    """Return the public key that a token brings in its header (RFC 7515 section 4.1.3).

    Its ``kid`` is its thumbprint. Private and secret keys and certificates are refused, as is a
    key of an unsupported type or size. Raises JoseError.
    """
    if not isinstance(member, dict):
        raise JoseError("the token's header has no key")
    for name in _NOT_EMBEDDED:
        if name in member:
            raise JoseError(f"the key in the token's header has the member {name}")
    return _embedded(json.dumps(member, sort_keys=True))


@lru_cache(maxsize=256)
def _embedded(document: str) -> PublicKey:
    # A client signs many proofs with one key.
    key = parse_public_key(json.loads(document))
    if key is None:
        raise JoseError("the key in the token's header isn't supported or is invalid")
    return replace(key, kid=thumbprint(key))


def thumbprint(key: PublicKey) -> str:
    """Return the SHA-256 thumbprint of a key, base64url without padding (RFC 7638 section 3).

    It is made of the numbers of the key: however its JWK was encoded, the key has one.
    """
    public = key.key.public_key
    members: dict[str, str]
    if isinstance(public, rsa.RSAPublicKey):
        numbers = public.public_numbers()
        members = {"e": _encoded(numbers.e), "kty": "RSA", "n": _encoded(numbers.n)}
    elif isinstance(public, ec.EllipticCurvePublicKey):
        point = public.public_numbers()
        x, y = (_encoded(part, _COORDINATE_BYTES) for part in (point.x, point.y))
        members = {"crv": "P-256", "kty": "EC", "x": x, "y": y}
    else:
        raw = public.public_bytes_raw()
        members = {"crv": "Ed25519", "kty": "OKP", "x": base64url(raw)}
    document = json.dumps(members, separators=(",", ":"), sort_keys=True)
    return base64url(hashlib.sha256(document.encode()).digest())


def _encoded(number: int, size: int | None = None) -> str:
    return base64url(number.to_bytes(size or (number.bit_length() + 7) // 8, "big"))


def parse_private_key(document: str) -> PrivateKey:
    """Return the key that a private JWK in JSON describes. Raises JoseError.

    Without ``alg`` it signs with the first algorithm of its type. Without ``kid`` it has its
    thumbprint.
    """
    try:
        member = parse_object(document)
    except ValueError as wrong:
        raise JoseError(f"the key {wrong}") from None
    public = {name: value for name, value in member.items() if name not in _PRIVATE}
    known = parse_public_key(public)
    if known is None or "d" not in member:
        raise JoseError("it isn't a private key that signs")
    try:
        key = jwk.import_key({name: value for name, value in member.items() if name != "key_ops"})
    except (LibraryError, UnsupportedAlgorithm, ValueError, TypeError):
        raise JoseError("the private key is invalid") from None
    return PrivateKey(known.kid or key.thumbprint(), known.algorithms[0], key)


def _is_for(member: Mapping[str, Any], alg: str) -> bool:
    """Tell whether ``use``, ``key_ops`` and ``alg`` (RFC 7517 section 4) let it verify."""
    operations = member.get("key_ops", ["verify"])
    return (
        member.get("use", "sig") == "sig"
        and isinstance(operations, list)
        and "verify" in operations
        and member.get("alg", alg) == alg
    )


def _key(material: dict[str, Any]) -> jwk.Key | None:
    """Return the library's key object, None when the key is invalid."""
    try:
        if material["kty"] == "RSA" and not _is_sound(_raw(material["n"]), _raw(material["e"])):
            return None
        made = jwk.import_key(material)
        return made if made.public_key else None
    except (LibraryError, UnsupportedAlgorithm, ValueError, TypeError):
        return None


def _is_sound(modulus: bytes, exponent: bytes) -> bool:
    # Verifying takes time with the square of the modulus and with the length of the exponent.
    bits = int.from_bytes(modulus, "big").bit_length()
    return _RSA_BITS[0] <= bits <= _RSA_BITS[1] and len(exponent) <= _EXPONENT_BYTES


def _raw(value: str) -> bytes:
    return base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))
