"""Clients that are described by a document at the URL that is their id."""

from __future__ import annotations

import re
from dataclasses import dataclass

from oauthprov.settings import values
from oauthprov.settings.setting import setting

_HOST = re.compile(r"(\*\.)?[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*")


def _hosts(value: str) -> tuple[str, ...]:
    """Parse ``off``, ``*``, or host names, each perhaps with ``*.`` before it."""
    named = values.words(value)
    if not named:
        raise ValueError("must be off, * or host names")
    if named in (("off",), ("*",)):
        return () if named == ("off",) else named
    for host in named:
        if host == "off" or not _HOST.fullmatch(host):
            raise ValueError(
                "must be off, * for every host, or host names in lower case, such as"
                f" app.example or *.app.example: {host}"
            )
    return named


@dataclass(frozen=True, kw_only=True)
class ClientDocuments:
    """Clients that are described by a document at the URL that is their id."""

    client_documents: tuple[str, ...] = setting(
        "client_documents",
        _hosts,
        "off",
        "Clients may use the URL of a document about themselves as their client ID: `off`, `*` for"
        " every host, or the hosts that may, such as `app.example *.other.example`.",
    )
    client_documents_limit_network: str = setting(
        "client_documents.limit_network",
        values.rate,
        "100 per hour",
        "Such documents fetched because of requests from one network: an IPv6 /48 or an IPv4 /24.",
    )
    client_documents_limit_total: str = setting(
        "client_documents.limit_total",
        values.rate,
        "1000 per hour",
        "New clients with such documents, because of requests from all networks together.",
    )
