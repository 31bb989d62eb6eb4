"""Client certificates, which a proxy in front of the server hands on (mutual TLS, RFC 8705)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

from oauthprov.settings import values
from oauthprov.settings.setting import setting
from oauthprov.settings.values import PREFIX

FORMATS = ("nginx", "rfc9440", "envoy")
OFF = "off"
PROXY_SECRET = "Oauthprov-Proxy-Secret"  # noqa: S105 - the name of a header
"""The header by which the proxy proves that it wrote the one with the certificate."""
_NAMES = ("format", "header", "proxy_secret", "ca_file", "base_url")
_SECRET_LENGTH = 32
# No underscore: servers drop such headers, or read them as if they had dashes.
_HEADER = re.compile(r"[A-Za-z0-9]+(-[A-Za-z0-9]+)*")


def header_name(value: str) -> str:
    """Parse the name of a header, or empty text."""
    if value and not _HEADER.fullmatch(value):
        raise ValueError(f"must be the name of a header, of letters, digits and dashes: {value}")
    if value.lower() == PROXY_SECRET.lower():
        raise ValueError(f"must be another header than {PROXY_SECRET}")
    return value


def base_url(value: str) -> str:
    """Parse the https URL that stands for the issuer, or empty text."""
    if value and values.issuer(value) and urlsplit(value).scheme != "https":
        raise ValueError("must be https: certificates belong to TLS")
    return value


@dataclass(frozen=True, kw_only=True)
class MTLS:
    """Client certificates, which a proxy in front of the server hands on (RFC 8705)."""

    mtls_format: Literal["off", "nginx", "rfc9440", "envoy"] = setting(
        "mtls.format",
        values.one_of(OFF, *FORMATS),
        OFF,
        "How the proxy writes client certificates (mutual TLS): `nginx` "
        "(`$ssl_client_escaped_cert`), `rfc9440` (`Client-Cert`), `envoy` "
        "(`X-Forwarded-Client-Cert`), or `off`.",
    )
    mtls_header: str = setting(
        "mtls.header",
        header_name,
        "",
        "Header in which the proxy hands the certificate on.",
    )
    mtls_proxy_secret: str = setting(
        "mtls.proxy_secret",
        str,
        "",
        f"Secret that the proxy sends as `{PROXY_SECRET}`; without it no certificate counts.",
        secret=True,
    )
    mtls_ca_file: str = setting(
        "mtls.ca_file",
        values.ca_file,
        "",
        "PEM file of the authorities that issue client certificates, for `tls_client_auth`.",
    )
    mtls_base_url: str = setting(
        "mtls.base_url",
        base_url,
        "",
        "URL that stands for the issuer where the proxy asks for certificates: another host or "
        "port, since browsers would ask people for one.",
    )

    @property
    def mtls(self) -> bool:
        """Whether client certificates count."""
        return self.mtls_format != OFF


def contradictions(read: Mapping[str, Any]) -> Iterator[str]:
    """Yield a sentence for each contradiction; ``read`` lacks the invalid settings."""
    yield from incomplete(read, _NAMES, PREFIX)
    secret = read.get("mtls_proxy_secret", "")
    if secret and secret in read.get("secret", ()):
        # The proxy's configuration holds it, and must not be able to forge anything else.
        yield f"{PREFIX}mtls.proxy_secret must differ from {PREFIX}secret"
    base, issuer = urlsplit(read.get("mtls_base_url", "")), urlsplit(read.get("issuer", ""))
    if base.hostname and base.netloc == issuer.netloc:
        # One host can't ask clients for a certificate and spare browsers the question.
        yield f"{PREFIX}mtls.base_url must have another host or port than {PREFIX}issuer"


def incomplete(read: Mapping[str, Any], names: tuple[str, ...], prefix: str) -> Iterator[str]:
    """Yield a sentence for each setting that others need, and for a weak secret.

    ``names`` are those that belong together, the format first.
    """
    values = {name: read.get(f"mtls_{name}") for name in names}
    form = values.pop("format")
    for name, value in values.items():
        if form == OFF and value:
            yield f"{prefix}mtls.{name} is set, but {prefix}mtls.format is {OFF}"
        elif form not in (OFF, None) and value == "":
            yield f"{prefix}mtls.{name} is required, since {prefix}mtls.format is {form}"
    secret = values["proxy_secret"]
    if secret and (len(secret) < _SECRET_LENGTH or len(set(secret)) < 10):
        yield f"{prefix}mtls.proxy_secret needs {_SECRET_LENGTH} or more random characters"
