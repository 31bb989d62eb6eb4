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


_AMONG = N_("One of the alternative names.")


def _name(
    field: str, read: Read, sentence: str, explained: str, label: str, example: str, hint: str
) -> Member:
    """Return one of the members of which a client has exactly one for tls_client_auth."""
    return Member(
        field,
        Datatype.TEXT,
        _subject(read, sentence),
        explained,
        trusted=True,
        label=label,
        hint=hint,
        group=Group.AUTHENTICATION,
        example=example,
        offered=_to_certified,
    )


MEMBERS: Sequence[Member] = (
    _name(
        "tls_client_auth_subject_dn",
        _dn,
        N_("Give a distinguished name, such as CN=photos.example,O=Example."),
        "the subject of its certificate, as RFC 4514 writes it, for tls_client_auth",
        N_("Subject of its certificate"),
        "CN=photos.example,O=Example",
        N_("The distinguished name, or one of the four names below."),
    ),
    _name(
        "tls_client_auth_san_dns",
        _dns,
        N_("Give the name of a host, without a pattern."),
        "or the DNS name among the alternative names of its certificate",
        N_("DNS name in its certificate"),
        "photos.example",
        _AMONG,
    ),
    _name(
        "tls_client_auth_san_uri",
        _uri,
        N_("Give a URI."),
        "or the URI there",
        N_("URI in its certificate"),
        "spiffe://photos.example/client",
        _AMONG,
    ),
    _name(
        "tls_client_auth_san_ip",
        _ip,
        N_("Give an IP address."),
        "or the IP address there",
        N_("IP address in its certificate"),
        "192.0.2.7",
        _AMONG,
    ),
    _name(
        "tls_client_auth_san_email",
        _email,
        N_("Give an e-mail address."),
        "or the e-mail address there",
        N_("E-mail address in its certificate"),
        "alice@photos.example",
        _AMONG,
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
