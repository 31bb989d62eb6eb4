"""An authenticator in software, with the browser before it: what they say, and what a liar says.

Attestation is ``none``, as the server asks for. See Web Authentication Level 3 sections 5.1 and 6.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

ES256, EDDSA, RS256 = -7, -8, -257
PRESENT, VERIFIED, ELIGIBLE, BACKED_UP, ATTESTED = 0x01, 0x04, 0x08, 0x10, 0x40


@dataclass
class Passkey:
    """A private key, and what the authenticator keeps beside it."""

    rp_id: str
    credential_id: bytes
    handle: bytes
    algorithm: int
    key: Any
    count: int = 0


@dataclass
class Authenticator:
    """Makes passkeys with ``algorithm``; ``step`` is what its sign count grows by at each use."""

    origin: str
    algorithm: int = ES256
    step: int = 1
    flags: int = PRESENT | VERIFIED
    transports: tuple[str, ...] = ("internal", "hybrid")
    passkeys: list[Passkey] = field(default_factory=list)

    def create(self, options: Mapping[str, Any], **lies: Any) -> str:
        """Answer the options of ``navigator.credentials.create()``."""
        made = Passkey(
            rp_id=options["rp"]["id"],
            credential_id=secrets.token_bytes(32),
            handle=decoded(options["user"]["id"]),
            algorithm=self.algorithm,
            key=_new_key(self.algorithm),
        )
        made.credential_id = lies.get("credential_id", made.credential_id)
        self.passkeys.append(made)
        data = self._data(made, lies, ATTESTED) + _attested(made)
        sent = {
            "clientDataJSON": self._client_data("webauthn.create", options, lies),
            "attestationObject": cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data}),
        }
        return _credential(made, sent, transports=list(self.transports))

    def get(self, options: Mapping[str, Any], **lies: Any) -> str:
        """Answer the options of ``navigator.credentials.get()`` with the first passkey allowed."""
        allowed = [decoded(one["id"]) for one in options["allowCredentials"]]
        passkey = next(p for p in self.passkeys if not allowed or p.credential_id in allowed)
        passkey.count = lies.get("count", passkey.count + self.step)
        data = self._data(passkey, lies, 0)
        client_data = self._client_data("webauthn.get", options, lies)
        signed = lies.get("signed", data + hashlib.sha256(client_data).digest())
        handle = lies.get("handle", passkey.handle)
        sent = {
            "clientDataJSON": client_data,
            "authenticatorData": data,
            "signature": _signature(passkey, signed),
        } | ({} if handle is None else {"userHandle": handle})
        return _credential(passkey, sent)

    def _data(self, passkey: Passkey, lies: Mapping[str, Any], more: int) -> bytes:
        rp_id = lies.get("rp_id", passkey.rp_id)
        flags = lies.get("flags", self.flags) | more
        return hashlib.sha256(rp_id.encode()).digest() + bytes([flags]) + _four(passkey.count)

    def _client_data(
        self, kind: str, options: Mapping[str, Any], lies: Mapping[str, Any]
    ) -> bytes:
        said = {
            "type": kind,
            "challenge": options["challenge"],
            "origin": self.origin,
            "crossOrigin": False,
        }
        return json.dumps(said | lies.get("client_data", {})).encode()


def decoded(text: str) -> bytes:
    """Decode base64url without padding."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def encoded(raw: bytes) -> str:
    """Encode as base64url without padding."""
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _credential(passkey: Passkey, sent: Mapping[str, bytes], **more: Any) -> str:
    name = encoded(passkey.credential_id)
    response = {key: encoded(value) for key, value in sent.items()} | more
    return json.dumps({"id": name, "rawId": name, "type": "public-key", "response": response})


def _attested(passkey: Passkey) -> bytes:
    length = len(passkey.credential_id).to_bytes(2, "big")
    return bytes(16) + length + passkey.credential_id + cbor2.dumps(_public(passkey))


def _new_key(algorithm: int) -> Any:
    if algorithm == ES256:
        return ec.generate_private_key(ec.SECP256R1())
    if algorithm == EDDSA:
        return ed25519.Ed25519PrivateKey.generate()
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _public(passkey: Passkey) -> dict[int, Any]:
    """The public key as a COSE key (RFC 9053 section 7, RFC 8230 section 4)."""
    public = passkey.key.public_key()
    if passkey.algorithm == ES256:
        numbers = public.public_numbers()
        return {1: 2, 3: ES256, -1: 1, -2: _bytes(numbers.x), -3: _bytes(numbers.y)}
    if passkey.algorithm == EDDSA:
        return {1: 1, 3: EDDSA, -1: 6, -2: public.public_bytes_raw()}
    numbers = public.public_numbers()
    return {1: 3, 3: passkey.algorithm, -1: _bytes(numbers.n, 256), -2: _bytes(numbers.e, 3)}


def _signature(passkey: Passkey, signed: bytes) -> bytes:
    if passkey.algorithm == ES256:
        return passkey.key.sign(signed, ec.ECDSA(hashes.SHA256()))
    if passkey.algorithm == EDDSA:
        return passkey.key.sign(signed)
    return passkey.key.sign(signed, padding.PKCS1v15(), hashes.SHA256())


def _bytes(number: int, size: int = 32) -> bytes:
    return number.to_bytes(size, "big")


def _four(count: int) -> bytes:
    return count.to_bytes(4, "big")
