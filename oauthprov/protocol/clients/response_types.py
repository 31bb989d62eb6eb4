"""The response types a client may request (Multiple Response Types section 3)."""

from __future__ import annotations

from collections.abc import Iterable

from oauthprov.records import Client
from oauthprov.settings import Settings

IMPLICIT = "implicit"
"""The grant type of clients that get ID tokens directly from the authorization endpoint."""
WITHOUT_CODE = ("id_token", "id_token token")
"""The response types of that grant type (OpenID Connect Core section 3.2)."""


def implicit_is_on(settings: Settings) -> bool:
    """Tell whether any client may use these response types."""
    return settings.openid_implicit and settings.openid


def implicit(settings: Settings) -> tuple[str, ...]:
    """Return the grant type ``implicit`` if the server offers it, else nothing."""
    return (IMPLICIT,) if implicit_is_on(settings) else ()


def offered(grant_types: Iterable[str]) -> tuple[str, ...]:
    """Return the response types that go with the grant types (RFC 7591 section 2.1)."""
    known = set(grant_types)
    code = ("code",) if "authorization_code" in known else ()
    return code + (WITHOUT_CODE if IMPLICIT in known else ())


def of(client: Client) -> tuple[str, ...]:
    """Return a client's response types: those registered, else all that its grant types allow."""
    every = offered(client.grant_types)
    return tuple(name for name in every if name in client.response_types) or every
