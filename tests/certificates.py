"""Client certificates of every kind, and the headers in which proxies hand them on."""

from __future__ import annotations

import base64
import datetime
import hashlib
from pathlib import Path
from urllib.parse import quote

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

NOW = 1_000_000
DAY = 86_400
PROXY_SECRET = "proxy-0123456789abcdefghijklmnopqrstuvwxyz"
CLIENT_AUTH, SERVER_AUTH = ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH


def name(*pairs: tuple[x509.ObjectIdentifier, str] | x509.NameAttribute) -> x509.Name:
    """A name whose attributes stand in the order of the certificate."""
    made = [
        one if isinstance(one, x509.NameAttribute) else x509.NameAttribute(*one) for one in pairs
    ]
    return x509.Name(made)


SUBJECT = name((NameOID.ORGANIZATION_NAME, "Example"), (NameOID.COMMON_NAME, "client.example"))
SUBJECT_DN = "CN=client.example,O=Example"


class Certificate:
    """A certificate and its private key."""

    def __init__(self, made: x509.Certificate, key) -> None:
        self.x509, self.key = made, key
        self.der = made.public_bytes(serialization.Encoding.DER)
        self.pem = made.public_bytes(serialization.Encoding.PEM).decode()
        thumbprint = hashlib.sha256(self.der).digest()
        self.thumbprint = base64.urlsafe_b64encode(thumbprint).rstrip(b"=").decode()

    @property
    def nginx(self) -> str:
        """The value of ``$ssl_client_escaped_cert``."""
        return quote(self.pem, safe="-_.~")

    @property
    def rfc9440(self) -> str:
        """The value of ``Client-Cert``."""
        return f":{base64.b64encode(self.der).decode()}:"

    @property
    def envoy(self) -> str:
        """An element of ``X-Forwarded-Client-Cert``."""
        digest = hashlib.sha256(self.der).hexdigest()
        return f'Hash={digest};Cert="{quote(self.pem, safe="-_.~")}";Subject="CN=a,O=b";URI='

    def jwk(self) -> dict[str, object]:
        """The public key as a JWK with the certificate."""
        from joserfc.jwk import import_key

        public = self.key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        kind = "RSA" if isinstance(self.key, rsa.RSAPrivateKey) else "EC"
        known = import_key(public, kind).as_dict(private=False)
        return {**known, "x5c": [base64.b64encode(self.der).decode()]}

    def files(self, folder: Path, called: str = "client") -> tuple[str, str]:
        """Write certificate and key in PEM form; return their paths."""
        certificate, key = folder / f"{called}.crt", folder / f"{called}.key"
        certificate.write_text(self.pem, "ascii")
        private = self.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        key.write_bytes(private)
        return str(certificate), str(key)


def _builder(subject, issuer, public, now, days, starts):
    begins = datetime.datetime.fromtimestamp(now, datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins + datetime.timedelta(days=starts))
        .not_valid_after(begins + datetime.timedelta(days=days))
    )


def self_signed(
    subject: x509.Name = SUBJECT, *, now: int = NOW, days: int = 1, starts: int = -1, key=None
) -> Certificate:
    """A certificate that nobody vouches for."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    made = _builder(subject, subject, key.public_key(), now, days, starts)
    return Certificate(made.sign(key, hashes.SHA256()), key)


class Authority:
    """An authority that issues client certificates; ``above`` makes it an intermediate one."""

    def __init__(self, called: str = "Clients", now: int = NOW, above: Authority | None = None):
        self.now = now
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = name((NameOID.COMMON_NAME, called))
        signer, issuer = (above.key, above.name) if above else (self.key, self.name)
        public = self.key.public_key()
        made = (
            _builder(self.name, issuer, public, now, 3650, -1)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(
                x509.KeyUsage(False, False, False, False, False, True, True, False, False),
                critical=True,
            )
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        )
        if above:
            identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(above.key.public_key())
            made = made.add_extension(identifier, critical=False)
        self.certificate = Certificate(made.sign(signer, hashes.SHA256()), self.key)

    def file(self, place: Path, *others: Authority) -> str:
        """Write the certificates of these authorities; return the path."""
        every = (self, *others)
        place.write_text("".join(one.certificate.pem for one in every), "ascii")
        return str(place)

    def issue(
        self,
        subject: x509.Name = SUBJECT,
        *names: x509.GeneralName,
        usages: tuple[x509.ObjectIdentifier, ...] = (),
        days: int = 1,
        starts: int = -1,
        key=None,
    ) -> Certificate:
        """Issue a certificate with these alternative names and extended key usages."""
        key = key or ec.generate_private_key(ec.SECP256R1())
        made = _builder(subject, self.name, key.public_key(), self.now, days, starts)
        if names:
            made = made.add_extension(x509.SubjectAlternativeName(names), critical=False)
        if usages:
            made = made.add_extension(x509.ExtendedKeyUsage(usages), critical=False)
        return Certificate(made.sign(self.key, hashes.SHA256()), key)
