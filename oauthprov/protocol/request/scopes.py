"""Scopes: which a client may ask for, and which it gets when it asks for none."""

from __future__ import annotations

from collections.abc import Iterable

from oauthprov.records import Client
from oauthprov.settings import Settings


def allowed(settings: Settings, client: Client) -> frozenset[str]:
    """Return the scopes that are declared and that the client may ask for."""
    return frozenset(scope.name for scope in settings.scopes) & frozenset(client.scopes)


def defaults(settings: Settings, client: Client) -> tuple[str, ...]:
    """Return what the client gets that asks for no scope (RFC 6749 section 3.3).

    That is its own default, else the server's as far as the client may ask for it.
    """
    chosen = client.default_scopes or settings.default_scopes
    return only(chosen, allowed(settings, client))


def only(scopes: Iterable[str], wanted: frozenset[str]) -> tuple[str, ...]:
    """Return those of ``scopes`` that are ``wanted``, once each, in their order."""
    return tuple(dict.fromkeys(scope for scope in scopes if scope in wanted))


def union(first: Iterable[str], second: Iterable[str]) -> tuple[str, ...]:
    """Return the members of both, once each, in their order."""
    return tuple(dict.fromkeys((*first, *second)))
