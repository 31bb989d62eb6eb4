"""The certificate of a client: its subject, and the tokens bound to it (RFC 8705 2.1.2, 3.4)."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from ipaddress import ip_address

from oauthprov.messages import N_
from oauthprov.protocol.clients.members.member import Datatype, Group, Member
from oauthprov.protocol.clients.members.rule import stripped
from oauthprov.protocol.clients.types import ClientType
from oauthprov.protocol.keys import distinguished_names
from oauthprov.settings import Settings

LIMIT = distinguished_names.LIMIT
"""Characters of a subject, at most."""

_LABEL = r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_HOST = re.compile(rf"{_LABEL}(\.{_LABEL})*")
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[\x21-\x7e]+")
_OFF = N_("This server takes no client certificates.")

Read = Callable[[str], str]
"""Returns the value as it is stored. Raises ValueError for one that no certificate has."""


def _subject(
    read: Read, sentence: str
) -> Callable[[str | None, ClientType, Settings], str | None]:
    """Return the rule of a member whose values ``read`` accepts; else it says the ``sentence``."""

    def rule(given: str | None, kind: ClientType, settings: Settings) -> str | None:
        value = stripped(given)
        if value is None:
            return None
        if not settings.mtls:
            raise ValueError(_OFF)
        try:
            if len(value) > LIMIT:
                raise ValueError
            return read(value)
        except ValueError:
            raise ValueError(sentence) from None

    return rule


def _dn(value: str) -> str:
    return distinguished_names.written(distinguished_names.parse(value))


def _dns(value: str) -> str:
    if not _HOST.fullmatch(value):
        raise ValueError
    return value.lower()


def _uri(value: str) -> str:
    if not _URI.fullmatch(value):
        raise ValueError
    return value


def _ip(value: str) -> str:
    return str(ip_address(value))


def _email(value: str) -> str:
    local, at, domain = value.rpartition("@")
    if not at or not re.fullmatch(r"[\x21-\x7e]+", local) or not _HOST.fullmatch(domain):
        raise ValueError
    return f"{local}@{domain.lower()}"


def _bound(given: bool, kind: ClientType, settings: Settings) -> bool:
    if given and not settings.mtls:
        raise ValueError(_OFF)
    return given


def _to_certified(kind: ClientType, settings: Settings) -> bool:
    return kind.confidential and settings.mtls


def _to_bound(kind: ClientType, settings: Settings) -> bool:
    return kind.gets_tokens and settings.mtls


MEMBERS: Sequence[Member] = (
    Member(
        "tls_client_auth_subject_dn",
        Datatype.TEXT,
        _subject(_dn, N_("Give a distinguished name, such as CN=photos.example,O=Example.")),
        "the subject of its certificate, as RFC 4514 writes it, for tls_client_auth",
        trusted=True,
        label=N_("Subject of its certificate"),
        hint=N_("The distinguished name, or one of the four names below."),
        group=Group.AUTHENTICATION,
        example="CN=photos.example,O=Example",
        offered=_to_certified,
    ),
    Member(
        "tls_client_auth_san_dns",
        Datatype.TEXT,
        _subject(_dns, N_("Give the name of a host, without a pattern.")),
        "or the DNS name among the alternative names of its certificate",
        trusted=True,
        label=N_("DNS name in its certificate"),
        hint=N_("One of the alternative names."),
        group=Group.AUTHENTICATION,
        example="photos.example",
        offered=_to_certified,
    ),
    Member(
        "tls_client_auth_san_uri",
        Datatype.TEXT,
        _subject(_uri, N_("Give a URI.")),
        "or the URI there",
        trusted=True,
        label=N_("URI in its certificate"),
        hint=N_("One of the alternative names."),
        group=Group.AUTHENTICATION,
        example="spiffe://photos.example/client",
        offered=_to_certified,
    ),
    Member(
        "tls_client_auth_san_ip",
        Datatype.TEXT,
        _subject(_ip, N_("Give an IP address.")),
        "or the IP address there",
        trusted=True,
        label=N_("IP address in its certificate"),
        hint=N_("One of the alternative names."),
        group=Group.AUTHENTICATION,
        example="192.0.2.7",
        offered=_to_certified,
    ),
    Member(
        "tls_client_auth_san_email",
        Datatype.TEXT,
        _subject(_email, N_("Give an e-mail address.")),
        "or the e-mail address there",
        trusted=True,
        label=N_("E-mail address in its certificate"),
        hint=N_("One of the alternative names."),
        group=Group.AUTHENTICATION,
        example="alice@photos.example",
        offered=_to_certified,
    ),
    Member(
        "tls_client_certificate_bound_access_tokens",
        Datatype.FLAG,
        _bound,
        "its access tokens are bound to its certificate (RFC 8705)",
        label=N_("Tokens bound to its certificate"),
        hint=N_("The app sends its certificate with each token: a stolen one is worth nothing."),
        group=Group.TOKENS,
        offered=_to_bound,
    ),
)
