"""The client certificate of a request, from the header in which a proxy hands it on (RFC 8705).

TLS ends at the proxy, so whoever reaches the server could write that header. The proxy proves by a
secret, in a second header, that it wrote the first one. Without the secret there is no
certificate. Functions of the header alone read no certificate from a text that a proxy doesn't
write: a mangled header is refused, never repaired.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Protocol
from urllib.parse import unquote

from oauthprov import logs
from oauthprov.failures import CertificateError
from oauthprov.protected_resource import bindings
from oauthprov.protected_resource.tokens import UNCERTIFIED, TokenInfo, TokenProblem
from oauthprov.settings.protocol.mtls import PROXY_SECRET

LIMIT = 32_768
"""Characters of a header with a certificate, at most."""

# A comma joins the values of a header that was sent twice, and none of these may hold one.
_ESCAPED = re.compile(r"(?:[A-Za-z0-9._~-]|%[0-9A-Fa-f]{2})+")
_PEM = re.compile(
    r"-----BEGIN CERTIFICATE-----\r?\n"
    r"((?:[A-Za-z0-9+/]{1,76}={0,2}\r?\n)+)"
    r"-----END CERTIFICATE-----(?:\r?\n)?"
)
_BYTES = re.compile(r":([A-Za-z0-9+/]+={0,2}):")
_PAIR = re.compile(r'([A-Za-z]+)=("(?:[^"\\]|\\.)*"|[^",;=\\]*)')

log = logs.logger(__name__)


@dataclass(frozen=True, slots=True)
class ClientCertificate:
    """The certificate whose key the sender of a request holds.

    ``thumbprint`` is its SHA-256 digest, base64url without padding (RFC 8705 section 3.1).
    """

    der: bytes
    thumbprint: str

    @property
    def confirmation(self) -> str:
        """The confirmation of tokens that are bound to the certificate."""
        return bindings.confirmation(bindings.X5T, self.thumbprint)


@dataclass(frozen=True, slots=True)
class NoCertificate:
    """Why the header of a proxy has no certificate in it; ``why`` is for the log."""

    why: str


Presented = ClientCertificate | NoCertificate | None
"""None where no certificate was presented."""


def _nginx(header: str) -> bytes:
    """Read ``$ssl_client_escaped_cert``: a certificate in PEM form, percent-encoded."""
    if not _ESCAPED.fullmatch(header):
        raise CertificateError("it isn't percent-encoded")
    # unquote, since unquote_plus would take the plus signs of base64 for blanks
    match = _PEM.fullmatch(unquote(header, "latin-1"))
    if match is None:
        raise CertificateError("it isn't one certificate in PEM form")
    return _decoded("".join(match[1].split()))


def _rfc9440(header: str) -> bytes:
    """Read ``Client-Cert``: a byte sequence of structured fields (RFC 8941 section 3.3.5)."""
    match = _BYTES.fullmatch(header)
    if match is None:
        raise CertificateError("it isn't one byte sequence")
    return _decoded(match[1])


def _envoy(header: str) -> bytes:
    """Read ``X-Forwarded-Client-Cert``: pairs of one element, one of them ``Cert``.

    A second element would have been added to one that the client sent.
    """
    found, at = [], 0
    while at <= len(header):
        match = _PAIR.match(header, at)
        if match is None:
            raise CertificateError("it isn't a list of names and values")
        if match[1].lower() == "cert":
            found.append(match[2])
        at = match.end()
        if header[at : at + 1] == ",":
            raise CertificateError("it has more than one element")
        if header[at : at + 1] not in ("", ";"):
            raise CertificateError("it isn't a list of names and values")
        at += 1
    if len(found) != 1 or not found[0].startswith('"'):
        raise CertificateError("it doesn't have exactly one Cert")
    return _nginx(found[0][1:-1])


def _decoded(text: str) -> bytes:
    try:
        der = base64.b64decode(text, validate=True)
    except binascii.Error:
        der = b""
    if not der or base64.b64encode(der).decode() != text:
        raise CertificateError("it isn't base64")
    return der


FORMATS: Mapping[str, Callable[[str], bytes]] = {
    "nginx": _nginx,
    "rfc9440": _rfc9440,
    "envoy": _envoy,
}
"""What reads the header of each format that the settings name. Raises CertificateError."""


@lru_cache(maxsize=256)
def read(header: str, written_as: str) -> ClientCertificate | NoCertificate:
    """Return the certificate in a header of the format ``written_as``.

    A client presents the same certificate with each request: the last ones are remembered.
    """
    # Servers without mutual TLS load no library for certificates.
    from oauthprov.protocol.keys.certificates import parse

    try:
        if len(header) > LIMIT:
            raise CertificateError("it is too long")
        der = FORMATS[written_as](header)
        parse(der)
    except CertificateError as wrong:
        return NoCertificate(f"the proxy's header can't be read: {wrong.reason}")
    thumbprint = base64.urlsafe_b64encode(hashlib.sha256(der).digest()).rstrip(b"=")
    return ClientCertificate(der, thumbprint.decode())


def certified(found: TokenInfo, certificate: Presented) -> TokenInfo | TokenProblem:
    """Return a token that is bound to a certificate, if it is that of the request (section 3).

    The certificate isn't judged otherwise: whoever holds its key got the token.
    """
    if isinstance(certificate, NoCertificate):
        return replace(UNCERTIFIED, why=certificate.why)
    if certificate is None:
        return replace(UNCERTIFIED, why="the request has no certificate")
    if not hmac.compare_digest(certificate.confirmation, found.confirmation or ""):
        return replace(UNCERTIFIED, why="the certificate is another than that of the token")
    return found


class Written(Protocol):
    """The settings that say how a proxy hands certificates on."""

    @property
    def mtls_header(self) -> str:
        """The header."""

    @property
    def mtls_format(self) -> str:
        """The format, one of :data:`FORMATS`."""

    @property
    def mtls_proxy_secret(self) -> str:
        """The secret of the proxy."""


class Proxy:
    """The proxy that hands certificates on: the header, its format, and the proxy's secret."""

    def __init__(self, header: str, written_as: str, secret: str) -> None:
        self._name = header
        self._header = f"HTTP_{header.upper().replace('-', '_')}"
        self._written_as = written_as
        self._secret = secret.encode()
        self._warned = False

    @classmethod
    def of(cls, settings: Written) -> Proxy:
        """Return the proxy of the settings, which name one."""
        return cls(settings.mtls_header, settings.mtls_format, settings.mtls_proxy_secret)

    def certificate(self, environ: Mapping[str, Any]) -> Presented:
        """Return the certificate of a request by the environ of WSGI."""
        header: str | None = environ.get(self._header)
        if not header:
            return None
        shown: str = environ.get(_SECRET, "")
        if not hmac.compare_digest(shown.encode("latin-1", "replace"), self._secret):
            self._warn()
            return None
        return read(header, self._written_as)

    def _warn(self) -> None:
        """Log once: a stranger who sends such headers must not fill the log."""
        if not self._warned:
            self._warned = True
            log.warning(
                "ignored a client certificate: %s came without the secret of the proxy in %s",
                self._name,
                PROXY_SECRET,
            )


_SECRET = f"HTTP_{PROXY_SECRET.upper().replace('-', '_')}"
