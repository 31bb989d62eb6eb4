"""Deletes expired rows in small batches, so that other traffic waits little."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from sqlalchemy import Delete, and_, delete, exists, literal_column, select
from sqlalchemy.sql import ColumnElement

from oauthprov.records import KINDS, Grant, Record
from oauthprov.storage.interface import Purged
from oauthprov.storage.sql.engines import Engines
from oauthprov.storage.sql.failures import RolledBack, is_rolled_back
from oauthprov.storage.sql.pool import Held
from oauthprov.storage.sql.retry import persistently
from oauthprov.storage.sql.statements import ZERO, Compiler, parameter
from oauthprov.storage.sql.tables import TABLES, grants

EXPIRING = sorted((kind for kind in KINDS if kind.shape.expires), key=lambda kind: kind is Grant)
"""The kinds that expire, grants last: a grant stays until its tokens are gone."""


def step(engines: Engines, compiler: Compiler, now: int, limit: int, after: str | None) -> Purged:
    """Delete up to ``limit`` rows past their expiry and ``keep``, kind by kind.

    The cursor is the name of the kind that the pass has reached: earlier kinds aren't searched
    again, since with the same ``now`` nothing more has expired.
    """
    if limit < 1:
        raise ValueError("the limit must be 1 or more")
    error = engines.autocommit.engine.dialect.loaded_dbapi.Error
    dropped = 0
    for kind in EXPIRING[0 if after is None else _place(after) :]:
        statement = compiler.statement(expired, kind, engines.family)
        given = statement.bind([{"dead": now - kind.shape.keep, "limit": limit - dropped}])
        work = partial(_delete, statement.sql, given, error)
        dropped += persistently(partial(_attempt, engines, work), engines.timeout)
        if dropped >= limit:
            return Purged(dropped, kind.shape.name)
    return Purged(dropped)


def _place(cursor: str) -> int:
    for place, kind in enumerate(EXPIRING):
        if kind.shape.name == cursor:
            return place
    raise ValueError("not a cursor of a purge")


def _attempt(engines: Engines, work: Callable[[Held], int], _: int) -> int:
    return engines.autocommit.run(work)


def _delete(sql: str, given: tuple[Any, ...], error: type[Exception], held: Held) -> int:
    cursor = held.cursor
    try:
        cursor.execute(sql, given)
    except error as failure:
        if is_rolled_back(failure):
            raise RolledBack from failure
        raise
    return int(cursor.rowcount)


def expired(kind: type[Record], family: str) -> Delete:
    """Delete a batch of expired rows of ``kind``; PostgreSQL skips locked rows."""
    table = TABLES[kind]
    over: list[ColumnElement[bool]] = [
        table.c.expires_at <= parameter(0, "dead", table.c.expires_at)
    ]
    if kind is Grant:
        over += [~exists().where(_names_grant(child)) for child in KINDS if child.shape.has_grant]
    limit = parameter(0, "limit", table.c.version)
    key = table.c[kind.shape.key]
    batch = select(key).where(*over).order_by(table.c.expires_at)
    batch = batch.limit(limit).offset(ZERO)
    if family != "postgresql":  # MariaDB allows LIMIT only in a nested subquery
        return delete(table).where(key.in_(select(batch.subquery())))
    # A CTE that locks runs once; a plain subquery may run again and exceed its limit.
    locked = batch.with_for_update(skip_locked=True).cte("batch")
    return delete(table).where(key.in_(select(locked)))


def _names_grant(child: type[Record]) -> ColumnElement[bool]:
    """The condition that the grant is the slot of the key: between ``<grant id>.`` and ``/``."""
    key = TABLES[child].c[child.shape.key]
    after, before = (grants.c.grant_id.concat(literal_column(end)) for end in ("'.'", "'/'"))
    return and_(key > after, key < before)
