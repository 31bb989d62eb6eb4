"""Client certificates: read, judged by their dates, their chain and their subject (RFC 8705 2).

The library raises ValueError for parts of a certificate that are malformed only when they are
read. Here each becomes a CertificateError.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import lru_cache
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509 import verification
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from oauthprov.failures import CertificateError
from oauthprov.protocol.keys.distinguished_names import DistinguishedName, name_of

_RSA_BITS = 2048
_CURVE_BITS = 224
_EVERY_MINUTE = 60
_AN_HOUR = 3600


@contextmanager
def _refusing(part: str) -> Iterator[None]:
    try:
        yield
    except (ValueError, TypeError, UnsupportedAlgorithm, x509.InvalidVersion) as wrong:
        raise CertificateError(f"{part} can't be read: {type(wrong).__name__}") from wrong
    except (x509.DuplicateExtension, x509.UnsupportedGeneralNameType) as wrong:
        raise CertificateError(f"{part} can't be read: {type(wrong).__name__}") from wrong


@lru_cache(maxsize=256)
def parse(der: bytes) -> x509.Certificate:
    """Return a certificate. Raises CertificateError."""
    with _refusing("the certificate"):
        return x509.load_der_x509_certificate(der)


def check_dates(der: bytes, now: int) -> None:
    """Raise CertificateError unless a certificate is valid at ``now``, in epoch seconds."""
    certificate = parse(der)
    with _refusing("its dates"):
        begins = certificate.not_valid_before_utc.timestamp()
        ends = certificate.not_valid_after_utc.timestamp()
    if now < begins:
        raise CertificateError("it isn't valid yet")
    if now > ends:
        raise CertificateError("it has expired")


def check_strength(der: bytes) -> None:
    """Raise CertificateError for a key that is too short (FAPI 2.0 section 5.4.1)."""
    with _refusing("its key"):
        key = parse(der).public_key()
    if isinstance(key, rsa.RSAPublicKey) and key.key_size < _RSA_BITS:
        raise CertificateError(f"its RSA key has less than {_RSA_BITS} bits")
    if isinstance(key, ec.EllipticCurvePublicKey) and key.key_size < _CURVE_BITS:
        raise CertificateError(f"its key has less than {_CURVE_BITS} bits")


class Authorities:
    """The authorities that issue client certificates, of a file in PEM form.

    Each certificate of the file is trusted, those of intermediate authorities too: a proxy hands
    on the certificate of the client alone.
    """

    def __init__(self, file: str) -> None:
        self._store = verification.Store(x509.load_pem_x509_certificates(Path(file).read_bytes()))
        self._checked = lru_cache(maxsize=256)(self._check)

    def check(self, der: bytes, now: int) -> None:
        """Raise CertificateError unless one of them issued a certificate, for clients.

        A proxy that lets self-signed certificates pass checks no chain, so that it is checked here
        (RFC 8705 section 2.1). A chain is checked anew every minute.
        """
        check_dates(der, now)
        check_strength(der)
        _check_usage(parse(der))
        self._checked(der, now // _EVERY_MINUTE, now)

    def _check(self, der: bytes, minute: int, now: int) -> None:
        # The library's own rules for leaves demand what private authorities leave out.
        policy = (
            verification.PolicyBuilder()
            .store(self._store)
            .time(datetime.fromtimestamp(now, UTC))
            .extension_policies(
                ca_policy=verification.ExtensionPolicy.webpki_defaults_ca(),
                ee_policy=verification.ExtensionPolicy.permit_all(),
            )
        )
        try:
            with _refusing("its chain"):
                policy.build_client_verifier().verify(parse(der), [])
        except verification.VerificationError as wrong:
            raise CertificateError(f"no authority of ours vouches for it: {wrong}") from wrong


def _check_usage(certificate: x509.Certificate) -> None:
    """Check its extended key usage, if it has one (RFC 5280 section 4.2.1.12)."""
    usage = _extension(certificate, x509.ExtendedKeyUsage)
    if usage is not None and ExtendedKeyUsageOID.CLIENT_AUTH not in usage:
        raise CertificateError("its extended key usage isn't that of clients")


def _extension(certificate: x509.Certificate, kind: type[Any]) -> Any:  # noqa: ANN401
    with _refusing("its extensions"):
        try:
            return certificate.extensions.get_extension_for_class(kind).value
        except x509.ExtensionNotFound:
            return None


def subject(der: bytes) -> DistinguishedName:
    """Return the subject of a certificate. Raises CertificateError."""
    with _refusing("its subject"):
        return name_of(parse(der).subject)


def _email(value: str) -> str:
    local, at, domain = value.rpartition("@")
    return f"{local}{at}{domain.lower()}"


# member of a client -> (type of the name, what its values are compared by)
_NAMES: Mapping[str, tuple[type[Any], Callable[[Any], object]]] = {
    "dns": (x509.DNSName, str.lower),
    "uri": (x509.UniformResourceIdentifier, str),
    "ip": (x509.IPAddress, ip_address),
    "email": (x509.RFC822Name, _email),
}


def has_name(der: bytes, kind: str, value: str) -> bool:
    """Tell whether an alternative name of a certificate is ``value``: no pattern counts.

    ``kind`` is ``dns``, ``uri``, ``ip`` or ``email`` (RFC 8705 section 2.1.2). Raises
    CertificateError.
    """
    names = _extension(parse(der), x509.SubjectAlternativeName)
    if names is None:
        return False
    known, compared = _NAMES[kind]
    with _refusing("its alternative names"):
        wanted = compared(value)
        return any(compared(name) == wanted for name in names.get_values_for_type(known))


def is_of_key(der: bytes, member: Mapping[str, Any]) -> bool:
    """Tell whether a certificate is for the key of a JWK (RFC 7517 section 4.7).

    Raises CertificateError.
    """
    with _refusing("its key"):
        material = _material(parse(der).public_key())
    return bool(material) and all(member.get(name) == value for name, value in material.items())


def _material(key: object) -> dict[str, str]:
    """Return the members that a JWK of a public key has (RFC 7518 section 6, RFC 8037)."""
    if isinstance(key, rsa.RSAPublicKey):
        numbers = key.public_numbers()
        return {"kty": "RSA", "n": _number(numbers.n), "e": _number(numbers.e)}
    if isinstance(key, ec.EllipticCurvePublicKey):
        known = {"secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521"}
        size, point = (key.key_size + 7) // 8, key.public_numbers()
        curve = known.get(key.curve.name, "")
        return {
            "kty": "EC",
            "crv": curve,
            "x": _number(point.x, size),
            "y": _number(point.y, size),
        }
    if isinstance(key, ed25519.Ed25519PublicKey):
        return {"kty": "OKP", "crv": "Ed25519", "x": _base64url(key.public_bytes_raw())}
    return {}


def _number(number: int, size: int | None = None) -> str:
    return _base64url(number.to_bytes(size or (number.bit_length() + 7) // 8, "big"))


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def of_keys(members: Collection[Mapping[str, Any]]) -> frozenset[bytes]:
    """Return the certificates of the JWKs of a set: the first of each ``x5c``.

    A certificate that can't be read, or is for another key, is ignored.
    """
    found = set()
    for member in members:
        chain = member.get("x5c")
        if not isinstance(chain, list) or not chain or not isinstance(chain[0], str):
            continue
        try:
            der = base64.b64decode(chain[0], validate=True)
            if is_of_key(der, member):
                found.add(der)
        except (binascii.Error, ValueError, CertificateError):
            continue
    return frozenset(found)


def throwaway(now: int) -> bytes:
    """Return a self-signed certificate of an hour and its key in PEM form, for a test request."""
    key = ec.generate_private_key(ec.SECP256R1())
    called = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "doctor.invalid")])
    made = (
        x509.CertificateBuilder()
        .subject_name(called)
        .issuer_name(called)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime.fromtimestamp(now - _AN_HOUR, UTC))
        .not_valid_after(datetime.fromtimestamp(now + _AN_HOUR, UTC))
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return private + made.public_bytes(Encoding.PEM)
