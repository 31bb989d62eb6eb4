"""Checks of the client certificates that the proxy hands on to the live server (RFC 8705).

Requests are made in the name of a client that there is not. To one with a certificate the server
sends no challenge for a password, so that its response tells whether a certificate has arrived.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from oauthprov.doctor.check import ERROR, Check
from oauthprov.doctor.live import Live
from oauthprov.failures import FetchError

_FORM = b"grant_type=client_credentials&client_id=doctor.invalid"
_FORGED = "forged"


def _places(on: Live) -> Iterator[str]:
    """Yield the token endpoint, and its alias."""
    url, settings = on.metadata.get("token_endpoint"), on.settings
    if settings.mtls and isinstance(url, str) and url.startswith(f"{settings.issuer}/"):
        for base in (on.base, settings.mtls_base_url):
            yield base + url.removeprefix(settings.issuer)


def _has_certificate(
    on: Live, url: str, headers: dict[str, str] | None = None, certificate: str = ""
) -> bool:
    """Tell whether the server takes a request to be one with a certificate. Raises FetchError."""
    answer = on.asker.ask(url, "POST", headers, form=_FORM, certificate=certificate)
    if answer.status != 401:
        raise FetchError(f"{url} has status {answer.status} for an unknown client")
    return "WWW-Authenticate" not in answer.headers


def _forged(on: Live) -> Iterator[str]:
    name = on.settings.mtls_header
    for url in _places(on):
        host = urlsplit(url).netloc
        if _has_certificate(on, url):
            yield f"{host}: a request without a certificate arrives with one"
            continue
        for sent in (name, name.replace("-", "_")):
            if _has_certificate(on, url, {sent: _FORGED}):
                yield f"{host}: {sent} of a stranger reaches the server as if the proxy wrote it"


def _handed_on(on: Live) -> Iterator[str]:
    # Without the setting there is nothing to load.
    from oauthprov.protocol.keys.certificates import throwaway

    for url in list(_places(on))[1:]:
        with TemporaryDirectory() as folder:
            file = Path(folder, "client.pem")
            file.write_bytes(throwaway(on.clock()))
            try:
                arrives = _has_certificate(on, url, certificate=str(file))
            except FetchError as failed:
                yield str(failed)
                continue
        if not arrives:
            yield f"{urlsplit(url).netloc}: the certificate of a client doesn't arrive"


CHECKS: tuple[Check[Live], ...] = (
    Check(
        "live.forged_certificate",
        ERROR,
        "a certificate that a stranger writes into the header of `oauthprov.mtls.header`",
        "Anybody can be any client that authenticates by a certificate.",
        "Let the proxy set or remove this header, and that of its secret, in every request"
        " (docs/mtls.md).",
        _forged,
    ),
    Check(
        "live.certificate",
        ERROR,
        "a request with a certificate to `oauthprov.mtls.base_url`",
        "Clients that authenticate by a certificate are refused.",
        "Let the proxy ask for certificates there, accept those of every issuer, and hand them on"
        " with its secret (docs/mtls.md).",
        _handed_on,
    ),
)
