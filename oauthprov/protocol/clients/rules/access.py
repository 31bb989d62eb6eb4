"""What a client may do: its grants, its scopes, how it proves who it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from oauthprov.protocol.clients import response_types
from oauthprov.protocol.clients.rules.rule import Rule, as_given
from oauthprov.protocol.clients.types import ClientType
from oauthprov.settings import Settings


def _grant_types(given: Sequence[str], kind: ClientType, settings: Settings) -> tuple[str, ...]:
    known = (*kind.grant_types, *_implicit(kind, settings))
    first = {kind.grant_types[0], response_types.IMPLICIT}
    if first.isdisjoint(given) or not set(given).issubset(known):
        raise ValueError(f"A {kind.name} client has {' and perhaps '.join(known)}.")
    return tuple(name for name in known if name in given)


def _implicit(kind: ClientType, settings: Settings) -> tuple[str, ...]:
    return response_types.implicit(settings) if kind.redirects else ()


def _response_types(given: Sequence[str], kind: ClientType, settings: Settings) -> tuple[str, ...]:
    return tuple(dict.fromkeys(given))


def _scopes(given: Sequence[str], kind: ClientType, settings: Settings) -> tuple[str, ...]:
    chosen = set(given)
    declared = [scope.name for scope in settings.scopes]
    unknown = chosen.difference(declared)
    if unknown:
        raise ValueError(f"This server has no such scope: {' '.join(sorted(unknown))}.")
    # A machine without scopes is a resource server that introspects tokens (RFC 7662).
    if declared and not chosen and kind.redirects:
        raise ValueError("Choose at least one scope.")
    return tuple(name for name in declared if name in chosen)


def _default_scopes(given: Sequence[str], kind: ClientType, settings: Settings) -> tuple[str, ...]:
    return tuple(dict.fromkeys(given))


def _auth_method(given: str, kind: ClientType, settings: Settings) -> str:
    if given not in kind.auth_methods:
        raise ValueError(f"Choose one of {', '.join(kind.auth_methods)}.")
    return given


RULES: Mapping[str, Rule] = {
    "grant_types": _grant_types,
    "response_types": _response_types,
    "scopes": _scopes,
    "default_scopes": _default_scopes,
    "auth_method": _auth_method,
    "first_party": as_given,
    "verified": as_given,
}
