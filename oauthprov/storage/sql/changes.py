"""The statements that make changes: each one contains the condition of its change.

A statement makes one change, or several of one shape; ``parts`` are the numbers of the changes,
which distinguish their parameters. With ``gate`` it works only if that CTE found its row.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import (
    CTE,
    BigInteger,
    BindParameter,
    Column,
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

from oauthprov.chance import getrandbits
from oauthprov.records import Grant, Record
from oauthprov.storage.interface import Add, Change, Claim, Remove, Replace, Revoke, Stored
from oauthprov.storage.sql.codec import Codec
from oauthprov.storage.sql.statements import has_key_of, parameter
from oauthprov.storage.sql.tables import TABLES, grants

ONE = literal_column("1", BigInteger())

GATES = (Claim, Replace)
"""The changes that must find their rows; an Add fails if it finds its key taken."""

BY_KEYS = (Claim, Remove, Revoke)
"""Changes that differ only in the key: one statement makes up to a hundred of them."""

ROWS = (16, 4, 1)
"""The numbers of records that one statement may add."""

Shape = tuple[type[Change], type[Record]]
Written = Insert | Update | Delete


def shape(change: Change) -> Shape:
    """Return what a statement is compiled for: the type of the change and the record's kind."""
    return type(change), change.target[0]


def values(change: Change, codec: Codec[Any], now: int) -> Mapping[str, Any]:
    """Return the parameters of a change, and of the :func:`vacate` before it."""
    match change:
        case Add(record):
            return {
                **codec.encode(record),
                # Random, so that a version read before a Remove never matches a later record.
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


def copied(copy: Stored[Record], codec: Codec[Any]) -> Mapping[str, Any]:
    """Return the parameters of a copy for :func:`load`, and of the Remove before it."""
    return {
        **codec.encode(copy.record),
        "first": getrandbits(32),
        "key": copy.record.storage_key,
        "claimed_at": copy.claimed_at,
        "revoked_at": copy.revoked_at,
    }


def load(kind: type[Record], count: int) -> Insert:
    """Return the statement that inserts ``count`` copies, each in its state."""
    table = TABLES[kind]
    ended = [table.c[name] for name in ("claimed_at", "revoked_at") if name in table.c]
    rows = []
    for part in range(count):
        row = _row(kind, part)
        row.update({column: parameter(part, column.name, column) for column in ended})
        rows.append(row)
    return insert(table).values(rows)


def statement(change: Shape, count: int, first: int = 0, gate: CTE | None = None) -> Written:
    """Return the statement for ``count`` changes of one shape, the parts from ``first`` on."""
    type_, kind = change
    parts = range(first, first + count)
    if type_ is Add:
        return _add(kind, parts, gate)
    changed: Update | Delete
    if type_ is Claim:
        changed = _claim(kind, parts)
    elif type_ is Replace:
        changed = _replace(kind, first)
    elif type_ is Remove:
        changed = delete(TABLES[kind]).where(has_key_of(kind, parts))
    else:
        changed = _revoke(parts)
    return changed if gate is None else changed.where(_passed(gate))


def vacate(kind: type[Record], count: int) -> Delete:
    """Delete the rows under the keys of ``count`` Adds that are past expiry and ``keep``."""
    table = TABLES[kind]
    dead = parameter(0, "dead", table.c.expires_at)
    return delete(table).where(has_key_of(kind, range(count)), table.c.expires_at <= dead)


def _passed(gate: CTE) -> Exists:
    return exists(select(ONE).select_from(gate))


def _add(kind: type[Record], parts: range, gate: CTE | None) -> Insert:
    table = TABLES[kind]
    if gate is None:
        return insert(table).values([_row(kind, part) for part in parts])
    row = _row(kind, parts[0])
    return insert(table).from_select(list(row), select(*row.values()).where(_passed(gate)))


def _row(kind: type[Record], part: int) -> dict[Column[Any], BindParameter[Any]]:
    table = TABLES[kind]
    columns = [table.c[field.name] for field in kind.shape.fields]
    row = {column: parameter(part, column.name, column) for column in columns}
    return {**row, table.c.version: parameter(part, "first", table.c.version)}


def _claim(kind: type[Record], parts: range) -> Update:
    table = TABLES[kind]
    now = parameter(parts[0], "now", grants.c.expires_at)
    live = [has_key_of(kind, parts), table.c.claimed_at.is_(None)]
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
        has_key_of(kind, range(part, part + 1)),
        table.c.version == parameter(part, "expected_version", table.c.version),
    ]
    for name in ("claimed_at", "revoked_at"):
        if name in table.c:
            expected = parameter(part, f"expected_{name}", table.c[name])
            unchanged.append(table.c[name].is_not_distinct_from(expected))
    if kind.shape.expires:  # past expiry and keep it counts as absent
        unchanged.append(table.c.expires_at > parameter(part, "dead", table.c.expires_at))
    names = [field.name for field in kind.shape.fields if field.name != kind.shape.key]
    new: dict[str, Any] = {name: parameter(part, name, table.c[name]) for name in names}
    return update(table).where(and_(*unchanged)).values(version=table.c.version + ONE, **new)


def _revoke(parts: range) -> Update:
    now = parameter(parts[0], "now", grants.c.revoked_at)
    unrevoked = grants.c.revoked_at.is_(None)
    return update(grants).where(has_key_of(Grant, parts), unrevoked).values(revoked_at=now)
