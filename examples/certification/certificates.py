"""Certificates of clients, which they have made themselves (RFC 8705 section 2.2)."""

from __future__ import annotations

import base64
import datetime
from dataclasses import dataclass
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from joserfc.jwk import ECKey

VALID = datetime.timedelta(days=30)


@dataclass(frozen=True)
class Certificate:
    """A certificate and its key, both as PEM; ``jwk`` is the public key with the certificate."""

    certificate: str
    key: str
    jwk: dict[str, Any]

    @classmethod
    def made(cls, name: str) -> Certificate:
        """Return a new one, which names ``name`` as its subject."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        now = datetime.datetime.now(datetime.UTC)
        made = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(hours=1))
            .not_valid_after(now + VALID)
            .sign(key, hashes.SHA256())
        )
        private = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        der = made.public_bytes(serialization.Encoding.DER)
        jwk = dict(ECKey.import_key(private).as_dict(private=False))
        jwk |= {"x5c": [base64.b64encode(der).decode()], "use": "sig"}
        pem = made.public_bytes(serialization.Encoding.PEM).decode()
        return cls(pem, private.decode(), jwk)

    @property
    def for_the_suite(self) -> dict[str, str]:
        """What the configuration of a plan says of it."""
        return {"cert": self.certificate, "key": self.key}
