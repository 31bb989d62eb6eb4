"""Client members on the wire (RFC 7591 section 2): how each row of the table is read and written.

Members that need more than their row, such as ``grant_types``, are in
:mod:`oauthprov.protocol.clients.wire.document`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from oauthprov.protocol.clients.members import MEMBERS, Datatype, Member, SetBy
from oauthprov.protocol.clients.metadata import InvalidMetadata
from oauthprov.records import Client
from oauthprov.settings import OPENID, Settings

Given = Mapping[str, Any]

ROWS = tuple(member for member in MEMBERS.values() if member.set_by is SetBy.CLIENT)
NAMES = {row.field: row.name for row in ROWS}
"""The name of each field on the wire."""


def text(given: Given, name: str) -> str | None:
    """Return a string, None when it is absent. Raises InvalidMetadata."""
    value = given.get(name)
    if value is not None and not isinstance(value, str):
        raise InvalidMetadata({name: "It must be a string."})
    return value


def strings(given: Given, name: str) -> list[str]:
    """Return a list of strings, empty when it is absent. Raises InvalidMetadata."""
    value = given.get(name, [])
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise InvalidMetadata({name: "It must be a list of strings."})
    return value


def _scopes(given: Given, name: str) -> list[str]:
    return (text(given, name) or "").split(" ")


def _flag(given: Given, name: str) -> bool:
    value = given.get(name, False)
    if not isinstance(value, bool):
        raise InvalidMetadata({name: "It must be true or false."})
    return value


def _number(given: Given, name: str) -> int | None:
    value = given.get(name)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
        raise InvalidMetadata({name: "It must be a whole number."})
    return value


def _key_set(given: Given, name: str) -> dict[str, Any] | None:
    value = given.get(name)
    if value is not None and not isinstance(value, dict):
        raise InvalidMetadata({name: "It must be an object."})
    return value


_READ: Mapping[Datatype, Callable[[Given, str], object]] = {
    Datatype.TEXT: text,
    Datatype.URI: text,
    Datatype.TEXTS: strings,
    Datatype.URIS: strings,
    Datatype.SCOPES: _scopes,
    Datatype.FLAG: _flag,
    Datatype.NUMBER: _number,
    Datatype.KEY_SET: _key_set,
}


def fields(given: Given, settings: Settings) -> dict[str, Any]:
    """Return the value of each field in use, empty if it is absent. Raises InvalidMetadata."""
    rows = (row for row in ROWS if row.counts(settings))
    return {row.field: _READ[row.datatype](given, row.name) for row in rows}


def told(client: Client) -> dict[str, object]:
    """Return the members that a client registered, without those that it left out."""
    told = {row.name: _told(row, client) for row in ROWS}
    return {name: value for name, value in told.items() if value is not None}


def _told(row: Member, client: Client) -> object:
    value = getattr(client, row.field)
    match row.datatype:
        case Datatype.SCOPES:
            return " ".join(value)
        case Datatype.TEXTS | Datatype.URIS:
            return list(value) or None
        case Datatype.KEY_SET:
            return None if value is None else json.loads(value)
    value = row.left_out if value is None else value
    return value if value != row.left_out or OPENID in client.scopes else None
