"""Parsers for ``oauthprov.mail.url`` and ``oauthprov.mail.sender``."""

from __future__ import annotations

import re
import ssl
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from oauthprov.settings.values import LOOPBACK

_PORTS = {"starttls": 587, "implicit": 465, "off": 25}
_ADDRESS = r"[^\s<>@,;\"]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*"
_SENDER = re.compile(rf"(?P<name>[^<>@\"]+) <(?P<address>{_ADDRESS})>|(?P<alone>{_ADDRESS})")


@dataclass(frozen=True, slots=True)
class MailServer:
    """The mail server; the console if ``host`` is None.

    ``tls`` is ``starttls`` (RFC 3207), ``implicit`` (RFC 8314) or ``off``. ``ca_file`` has the
    trusted certificates, in place of the system's.
    """

    host: str | None = None
    port: int = 0
    tls: Literal["starttls", "implicit", "off"] = "starttls"
    user: str | None = None
    password: str = field(default="", repr=False)
    ca_file: str | None = None


@dataclass(frozen=True, slots=True)
class Sender:
    """The sender of mails; ``name`` may be empty."""

    address: str
    name: str = ""


def mail_url(value: str) -> MailServer | None:
    """Parse ``console:``, ``smtp://`` or ``smtps://``; empty text means that no mail is sent."""
    if not value:
        return None
    if value == "console:":
        return MailServer()
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:
        # Without the error's own message, which may repeat a part of the password.
        raise ValueError("is not a valid URL") from None
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise ValueError("must be console: or an smtp or smtps URL with a host")
    if parts.path not in ("", "/") or parts.fragment:
        raise ValueError("must have no path and no fragment: percent-encode / ? # in a password")
    return _server(parts, parts.hostname, port)


def _server(parts: SplitResult, host: str, port: int | None) -> MailServer:
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    ca_file, off = options.pop("ca_file", None), options.pop("tls", None)
    if options or off not in (None, "off") or (off and parts.scheme == "smtps"):
        raise ValueError("takes only the options ca_file and, with smtp://, tls=off")
    if off and host not in LOOPBACK:
        raise ValueError("may have tls=off only for a mail server on this machine")
    if ca_file is not None:
        _check_ca_file(ca_file)
    tls: Any = off or ("implicit" if parts.scheme == "smtps" else "starttls")
    return MailServer(
        host=host,
        port=port or _PORTS[tls],
        tls=tls,
        user=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password or ""),
        ca_file=ca_file,
    )


def _check_ca_file(path: str) -> None:
    try:
        ssl.create_default_context(cafile=path)
    except OSError:
        raise ValueError("has a ca_file that is no file of certificates in PEM form") from None


def sender(value: str) -> Sender | None:
    """Parse ``id@example.org``, ``Name <id@example.org>`` or empty text."""
    if not value:
        return None
    match = _SENDER.fullmatch(value)
    if match is None or not value.isprintable():
        raise ValueError("must be an e-mail address or Name <address>")
    return Sender(match["address"] or match["alone"], match["name"] or "")
