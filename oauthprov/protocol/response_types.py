"""What a client may ask the authorization endpoint for (Multiple Response Types section 3)."""

from __future__ import annotations

from collections.abc import Iterable

from oauthprov.protocol import implicit
from oauthprov.records import Client


def offered(grant_types: Iterable[str]) -> tuple[str, ...]:
    """Return what goes with the grant types (RFC 7591 section 2.1)."""
    known = set(grant_types)
    code = ("code",) if "authorization_code" in known else ()
    return code + (implicit.RESPONSE_TYPES if implicit.GRANT_TYPE in known else ())


def of(client: Client) -> tuple[str, ...]:
    """Return those of a client: what it registered, else all that go with its grant types."""
    every = offered(client.grant_types)
    return tuple(name for name in every if name in client.response_types) or every
