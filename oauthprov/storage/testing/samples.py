"""Sample records: one of any kind, and the records of an authorization."""

from __future__ import annotations

import types
from dataclasses import fields, replace
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from oauthprov.credentials import mint_id
from oauthprov.records import (
    AccessToken,
    Account,
    AuthorizationCode,
    Client,
    Grant,
    Record,
    RefreshToken,
)

R = TypeVar("R", bound=Record)

NOW = 1_700_000_000
LIFE = 1000
"""Lifetime of a sample from NOW, in seconds."""

TEXT = "Zo\u00eb \"q\" 'q' \\ %s {x} ${y} :z ; -- \n\t\r \u65e5\u672c \U0001f511 e\u0301 \x7f |"
TEXTS = ("", " ", "a b", "a,b", 'a"b', TEXT)


def fill(kind: type[R], key: str, *, bare: bool = False) -> R:
    """Return a record of any kind with all fields set, or only the required ones if ``bare``.

    ``grant_id`` and indexed fields have the slot of ``key`` as their value.
    """
    hints = get_type_hints(kind)
    values: dict[str, Any] = {}
    for field in fields(kind):  # type: ignore[arg-type]
        if field.name == kind.shape.key:
            values[field.name] = key
        elif field.name in kind.shape.indexes or field.name == "grant_id":
            values[field.name] = key.partition(".")[0]
        elif field.name == "expires_at":
            values[field.name] = NOW + LIFE
        else:
            values[field.name] = _value(hints[field.name], field.name, bare)
    return kind(**values)


def _value(hint: object, name: str, bare: bool) -> object:
    options = get_args(hint)
    if get_origin(hint) in (Union, types.UnionType):
        return None if bare else _value(options[0], name, bare)
    if hint is int:
        return 0 if bare else NOW
    if hint is bool:
        return not bare
    if get_origin(hint) is tuple:
        if bare:
            return ()
        return TEXTS if options[0] is str else tuple(_value(options[0], name, bare) for _ in "ab")
    if getattr(hint, "__supertype__", hint) is str:
        return "" if bare else f"{name} {TEXT}"
    raise TypeError(f"the suite can't fill {name}: {hint}")


def unique(label: str = "") -> str:
    """Return a unique key."""
    return f"{label}{mint_id()}"


def account(account_id: str | None = None, name: str = "alice") -> Account:
    return replace(_bare(Account, account_id), name=name)


def client(client_id: str | None = None, owner: str | None = None, name: str = "App") -> Client:
    return replace(_bare(Client, client_id), owner=owner, name=name)


def grant(
    grant_id: str | None = None, account_id: str = "alice", expires_at: int = NOW + LIFE
) -> Grant:
    return replace(_bare(Grant, grant_id), account_id=account_id, expires_at=expires_at)


def code(slot: str, expires_at: int = NOW + LIFE) -> AuthorizationCode:
    return replace(_bare(AuthorizationCode, unique(f"{slot}.")), expires_at=expires_at)


def refresh(grant_id: str, expires_at: int = NOW + LIFE) -> RefreshToken:
    return replace(_bare(RefreshToken, unique(f"{grant_id}.")), expires_at=expires_at)


def access(grant_id: str, expires_at: int = NOW + LIFE) -> AccessToken:
    return replace(_bare(AccessToken, unique(f"{grant_id}.")), expires_at=expires_at)


def machine_token(expires_at: int = NOW + LIFE) -> AccessToken:
    """Return an access token of the client credentials grant: a new slot, and no Grant."""
    return replace(access(unique(), expires_at), grant_id=None)


def _bare(kind: type[R], key: str | None) -> R:
    return fill(kind, key or unique(), bare=True)
