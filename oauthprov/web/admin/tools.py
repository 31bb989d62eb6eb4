"""The objects of the protocol that the admin pages use, and the addresses of their lists."""

from __future__ import annotations

from collections.abc import Mapping

from oauthprov.protocol.admin.access import Access
from oauthprov.protocol.admin.people import People
from oauthprov.web.request import Request

SECTIONS = ("admin_people", "admin_clients", "admin_tokens", "admin_keys", "admin_health")


def people(request: Request) -> People:
    """Return the built-in accounts as admins see them."""
    provider = request.oauthprov.provider
    return People(provider.storage, request.oauthprov.people, provider.endings, provider.clock)


def access(request: Request) -> Access:
    """Return the access of clients to accounts."""
    provider = request.oauthprov.provider
    return Access(provider.storage, provider.endings, provider.clock)


def further(query: Mapping[str, str], name: str, after: str | None) -> dict[str, str] | None:
    """Return the query for the next page of the list ``name``; None if ``after`` is none."""
    return None if after is None else {**query, name: after}
