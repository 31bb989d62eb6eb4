"""One statement a change: the condition that judges it stands in the statement that makes it.

``part`` tells the parameters of several changes apart. With ``gate`` the statement does its work
only when that CTE found its row.
"""

from __future__ import annotations

from collections.abc import Mapping
from random import getrandbits
from typing import Any

from sqlalchemy import (
    CTE,
    BigInteger,
    Delete,
    Exists,
    Insert,
    Update,
    and_,
    delete,
    exists,
    insert,
    literal_column,
    or_,
    select,
    update,
)
from sqlalchemy.sql import ColumnElement

from oauthprov.records import Grant, Record
from oauthprov.storage.interface import Add, Change, Claim, Remove, Replace
from oauthprov.storage.sql.codec import Codec
from oauthprov.storage.sql.statements import parameter
from oauthprov.storage.sql.tables import TABLES, grants

ONE = literal_column("1", BigInteger())

GATES = (Claim, Replace)
"""The changes that must find their row; an Add must not, and fails by its key."""

Shape = tuple[type[Change], type[Record]]


def shape(change: Change) -> Shape:
    """What a statement is compiled for: the type of the change and the kind it changes."""
    return type(change), change.target[0]


def values(change: Change, codec: Codec[Any], now: int) -> Mapping[str, Any]:
    """The parameters of a change, and of the :func:`vacate` before it."""
    match change:
        case Add(record):
            return {
                **codec.encode(record),
                # At random, so that a version read before a Remove doesn't fit what came after.
                "first": getrandbits(32),
                "key": record.storage_key,
                "dead": now - record.shape.keep,
            }
        case Replace(record, expecting):
            return {
                **codec.encode(record),
                "key": record.storage_key,
                "dead": now - record.shape.keep,
                "expected_version": expecting.version,
                "expected_claimed_at": expecting.claimed_at,
                "expected_revoked_at": expecting.revoked_at,
            }
        case _:
            return {"key": change.target[1], "now": now}


def statement(change: Shape, part: int, gate: CTE | None = None) -> Insert | Update | Delete:
    """The statement of a change."""
    type_, kind = change
    if type_ is Add:
        return _add(kind, part, gate)
    changed: Update | Delete
    if type_ is Claim:
        changed = _claim(kind, part)
    elif type_ is Replace:
        changed = _replace(kind, part)
    elif type_ is Remove:
        changed = delete(TABLES[kind]).where(_is(kind, part))
    else:
        changed = _revoke(part)
    return changed if gate is None else changed.where(_passed(gate))


def vacate(kind: type[Record], part: int) -> Delete:
    """Delete a row that an Add finds under its key, if it is past its expiry and ``keep``."""
    table = TABLES[kind]
    dead = parameter(part, "dead", table.c.expires_at)
    return delete(table).where(_is(kind, part), table.c.expires_at <= dead)


def _is(kind: type[Record], part: int) -> ColumnElement[bool]:
    key = TABLES[kind].c[kind.shape.key]
    return key == parameter(part, "key", key)


def _passed(gate: CTE) -> Exists:
    return exists(select(ONE).select_from(gate))


def _add(kind: type[Record], part: int, gate: CTE | None) -> Insert:
    table = TABLES[kind]
    fields = [table.c[field.name] for field in kind.shape.fields]
    given = [parameter(part, column.name, column) for column in fields]
    given.append(parameter(part, "first", table.c.version))
    columns = [*fields, table.c.version]
    if gate is None:
        return insert(table).values(dict(zip(columns, given, strict=True)))
    return insert(table).from_select(columns, select(*given).where(_passed(gate)))


def _claim(kind: type[Record], part: int) -> Update:
    table = TABLES[kind]
    now = parameter(part, "now", grants.c.expires_at)
    live = [_is(kind, part), table.c.claimed_at.is_(None)]
    if kind.shape.expires:
        live.append(table.c.expires_at > now)
    if kind is Grant:
        live.append(table.c.revoked_at.is_(None))
    if kind.shape.has_grant:
        grant = exists().where(
            grants.c.grant_id == table.c.grant_id,
            grants.c.revoked_at.is_(None),
            grants.c.expires_at > now,
        )
        none = table.c.grant_id.is_(None)
        live.append(or_(none, grant) if table.c.grant_id.nullable else grant)
    return update(table).where(and_(*live)).values(claimed_at=now)


def _replace(kind: type[Record], part: int) -> Update:
    table = TABLES[kind]
    unchanged = [
        _is(kind, part),
        table.c.version == parameter(part, "expected_version", table.c.version),
    ]
    for name in ("claimed_at", "revoked_at"):
        if name in table.c:
            expected = parameter(part, f"expected_{name}", table.c[name])
            unchanged.append(table.c[name].is_not_distinct_from(expected))
    if kind.shape.expires:  # past expiry and keep it counts as gone
        unchanged.append(table.c.expires_at > parameter(part, "dead", table.c.expires_at))
    names = [field.name for field in kind.shape.fields if field.name != kind.shape.key]
    new: dict[str, Any] = {name: parameter(part, name, table.c[name]) for name in names}
    return update(table).where(and_(*unchanged)).values(version=table.c.version + ONE, **new)


def _revoke(part: int) -> Update:
    now = parameter(part, "now", grants.c.revoked_at)
    return (
        update(grants)
        .where(_is(Grant, part), grants.c.revoked_at.is_(None))
        .values(revoked_at=now)
    )
