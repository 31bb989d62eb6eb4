"""Checks of the live server's transport: TLS, its certificate, HSTS, the clock."""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator
from contextlib import suppress
from email.utils import parsedate_to_datetime
from time import gmtime, strftime

from oauthprov.doctor.check import ERROR, WARNING, Check
from oauthprov.doctor.live import Live
from oauthprov.failures import FetchError
from oauthprov.fetch.asking import TLSFailed

_DAY = 86_400
_EXPIRY = 14 * _DAY
_HSTS = 180 * _DAY
_CLOCK = 30
_MAX_AGE = re.compile(r"(?:^|;)\s*max-age\s*=\s*\"?(\d{1,12})", re.IGNORECASE)
_OLD = {"TLS 1.0": ssl.TLSVersion.TLSv1, "TLS 1.1": ssl.TLSVersion.TLSv1_1}


def _tls(on: Live) -> Iterator[str]:
    try:
        on.get(on.metadata_url)
    except TLSFailed as failed:
        yield str(failed)
    except FetchError:
        return


def _answers(on: Live) -> Iterator[str]:
    try:
        _ = on.metadata
    except TLSFailed:
        return
    except FetchError as failed:
        yield str(failed)


def _expiry(on: Live) -> Iterator[str]:
    ends = on.get(on.metadata_url).expires
    if ends is not None and ends - on.clock() < _EXPIRY:
        yield f"the certificate is valid until {strftime('%Y-%m-%d', gmtime(ends))}"


def _old_tls(on: Live) -> Iterator[str]:
    if on.secure:
        names = [name for name, one in _OLD.items() if on.asker.shakes_hands(on.base, one)]
        if names:
            yield f"the server speaks {' and '.join(names)}"


def _plain(on: Live) -> Iterator[str]:
    if on.plain is None:
        return
    try:
        answer = on.asker.ask(on.plain)
    except FetchError:
        return  # nothing listens there, or nothing that could answer
    location = answer.headers.get("Location", "")
    redirects = 300 <= answer.status < 400 and location.startswith("https://")
    if answer.status < 400 and not redirects:
        yield f"{on.plain} has status {answer.status} and doesn't redirect to https"


def _hsts(on: Live) -> Iterator[str]:
    if not on.secure:
        return
    said = on.get(on.sign_in_url).headers.get("Strict-Transport-Security", "")
    match = _MAX_AGE.search(said)
    if match is None:
        yield "the sign-in page has no Strict-Transport-Security"
    elif int(match[1]) < _HSTS:
        yield f"max-age of Strict-Transport-Security is {match[1]}, less than {_HSTS}"


def _clock(on: Live) -> Iterator[str]:
    said = on.get(on.metadata_url).headers.get("Date", "")
    with suppress(ValueError):
        away = int(parsedate_to_datetime(said).timestamp()) - on.clock()
        if abs(away) > _CLOCK:
            yield f"the server's clock is {abs(away)} s {'ahead' if away > 0 else 'behind'}"


BEGINNING: tuple[Check[Live], ...] = (
    Check(
        "live.tls",
        ERROR,
        "TLS and the certificate",
        "Clients don't connect.",
        "Install a certificate for this host, with its chain, from an authority that clients"
        " trust; with one of your own, name its file in oauthprov.fetch.ca_file.",
        _tls,
    ),
    Check(
        "live.answers",
        ERROR,
        "the metadata at `/.well-known/oauth-authorization-server` (RFC 8414)",
        "Clients don't find the provider.",
        "Start the server, and let the proxy pass /.well-known/ on to it (docs/deployment.md).",
        _answers,
    ),
)
"""Nothing else can be checked of a server of which one of these finds something."""

CHECKS: tuple[Check[Live], ...] = (
    Check(
        "live.certificate_expiry",
        WARNING,
        "the end of the certificate",
        "Clients don't connect after it.",
        "Renew it, and see why that doesn't happen by itself.",
        _expiry,
    ),
    Check(
        "live.old_tls",
        WARNING,
        "TLS 1.0 and 1.1",
        "RFC 8996 has retired them.",
        "Let the proxy speak TLS 1.2 and 1.3 only; nginx: ssl_protocols TLSv1.2 TLSv1.3.",
        _old_tls,
    ),
    Check(
        "live.plain_http",
        ERROR,
        "the same host by http on port 80, if the issuer has no port",
        "Passwords, codes and tokens can be read on the way.",
        "Let the proxy redirect http to https, or close the port.",
        _plain,
    ),
    Check(
        "live.hsts",
        WARNING,
        "`Strict-Transport-Security`",
        "A browser's first request may go by http, and be diverted (RFC 6797).",
        "Set oauthprov.hsts = 31536000, or let the proxy send the header.",
        _hsts,
    ),
    Check(
        "live.clock",
        WARNING,
        "`Date` of the response, against the clock of this machine",
        "Signed requests and ID tokens are refused as too old or as from the future.",
        "Synchronise the clocks of both machines (NTP).",
        _clock,
    ),
)
