"""The server as browsers and authenticators know it."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """The Relying Party (Web Authentication Level 3 section 5.4.2).

    ``id`` is the host of the issuer: authenticators bind each passkey to it. ``origin`` is where
    pages ask for passkeys, and ``name`` is the name of the service.
    """

    id: str
    origin: str
    name: str

    @classmethod
    def at(cls, origin: str, name: str) -> RelyingParty | None:
        """Return the Relying Party of an origin, None for an IP address: it can't be one."""
        host = urlsplit(origin).hostname
        if host is None or _is_address(host):
            return None
        return cls(host, origin, name)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
