"""Scopes: which a client may request, and which it gets when it requests none."""

from __future__ import annotations

from collections.abc import Iterable

from oauthprov.records import Client
from oauthprov.settings import Settings


def allowed(settings: Settings, client: Client) -> frozenset[str]:
    """Return the declared scopes that the client may request."""
    return settings.scope_names.intersection(client.scopes)


def defaults(settings: Settings, client: Client) -> tuple[str, ...]:
    """Return the scopes granted to a client that requests none (RFC 6749 section 3.3).

    These are its own defaults, or else the server's as far as the client may request them.
    """
    chosen = client.default_scopes or settings.default_scopes
    return only(chosen, allowed(settings, client))


def only(scopes: Iterable[str], wanted: frozenset[str]) -> tuple[str, ...]:
    """Return those of ``scopes`` that are ``wanted``, once each, in their order."""
    return tuple(dict.fromkeys([scope for scope in scopes if scope in wanted]))


def union(first: Iterable[str], second: Iterable[str]) -> tuple[str, ...]:
    """Return the members of both, once each, in their order."""
    return tuple(dict.fromkeys((*first, *second)))
