"""Reads records by key and by index, each with its grant."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from oauthprov.records import KINDS, Record, is_key
from oauthprov.storage.interface import Page, Stored, Target
from oauthprov.storage.sql.codec import Codec, Codecs
from oauthprov.storage.sql.pool import Held, Pool
from oauthprov.storage.sql.statements import (
    SIZES,
    Compiler,
    Part,
    Statement,
    by_index,
    by_keys,
    one_of_each,
    padded,
    with_several,
)

R = TypeVar("R", bound=Record)

KINDS_TOGETHER = 4
"""The most kinds of which one statement reads records."""
SEVERAL = 16
"""The most keys of one kind in such a statement, whose rows repeat the records of the others."""

Several = tuple[type[Record], int]
"""A kind of which several records are read, and the number of keys, one of SIZES."""


@dataclass(slots=True)
class Plan:
    """A statement that reads one record of each of some kinds, and perhaps several of another.

    ``order`` are the places of the kinds in the order of the statement, and ``columns`` the codec
    of each, with the start and end of its columns. Those of the other kind begin at ``width``.
    """

    statement: Statement
    order: Sequence[int]
    columns: Sequence[tuple[Codec[Any], int, int]]
    width: int

    def ones(self, row: Sequence[Any]) -> list[Stored[Record] | None]:
        """Return the record of each kind, in the order that the caller named them."""
        found: list[Stored[Record] | None] = [None] * len(self.order)
        for place, (codec, start, end) in zip(self.order, self.columns, strict=True):
            columns = row[start:end]
            if codec.is_there(columns):
                found[place] = codec.decode(columns)
        return found


class Reader:
    """Reads the records of one database."""

    def __init__(self, pool: Pool, compiler: Compiler, codecs: Codecs) -> None:
        self._pool = pool
        self._compiler = compiler
        self._codecs = codecs
        self._plans: dict[tuple[tuple[type[Record], ...], Several | None], Plan] = {}

    def get(self, kind: type[R], key: str) -> Stored[R] | None:
        """Return the record under ``key``, in one round trip; None for an invalid key."""
        if not is_key(key):
            return None
        rows = self._rows(self._compiler.statement(by_keys, kind, 1), [{"key": key}])
        return self._codecs[kind].decode(rows[0]) if rows else None

    def get_many(self, pairs: Sequence[Target]) -> Sequence[Stored[Record] | None]:
        """Return the record of each of ``pairs``, in order.

        One round trip reads single keys of up to four kinds, of one of them up to sixteen, or up
        to a hundred keys of one kind.
        """
        if len(pairs) == 1:
            return [self.get(*pairs[0])]
        wanted: dict[type[Record], dict[str, None]] = {}
        for kind, key in pairs:
            if is_key(key):
                wanted.setdefault(kind, {})[key] = None
        found: dict[Target, Stored[Record] | None] = {}
        singles = [(kind, next(iter(keys))) for kind, keys in wanted.items() if len(keys) == 1]
        if len(singles) > KINDS_TOGETHER:
            # In any order they make the same statements.
            singles.sort(key=lambda pair: KINDS.index(pair[0]))
        several = [(kind, list(keys)) for kind, keys in wanted.items() if len(keys) > 1]
        rest = len(singles) % KINDS_TOGETHER
        if several and rest and len(several[0][1]) <= SEVERAL:
            found.update(self._with_several(singles[-rest:], *several.pop(0)))
            del singles[-rest:]
        for start in range(0, len(singles), KINDS_TOGETHER):
            some = singles[start : start + KINDS_TOGETHER]
            found.update(zip(some, self._one_of_each(some), strict=True))
        for kind, keys in several:
            for stored in self._of_kind(kind, keys):
                found[kind, stored.record.storage_key] = stored
        return [found.get(pair) for pair in pairs]

    def page(
        self, kind: type[R], index: Mapping[str, str], after: str | None, limit: int
    ) -> Page[R]:
        """Return up to ``limit`` records, all or those with the indexed value."""
        name, value = next(iter(index.items()), (None, None))
        given = {"value": value, "limit": limit + 1}
        if after is not None:
            given["after"] = read_cursor(after)
        statement = self._compiler.statement(by_index, kind, name, after is not None)
        items = self._decoded(kind, self._rows(statement, [given]))
        if len(items) <= limit:
            return Page(tuple(items))
        return Page(tuple(items[:limit]), write_cursor(items[limit - 1].record.storage_key))

    def _of_kind(self, kind: type[R], keys: Sequence[str]) -> Iterator[Stored[R]]:
        for start in range(0, len(keys), SIZES[-1]):
            parts = padded([{"key": key} for key in keys[start : start + SIZES[-1]]])
            statement = self._compiler.statement(by_keys, kind, len(parts))
            yield from self._decoded(kind, self._rows(statement, parts))

    def _one_of_each(self, pairs: Sequence[Target]) -> Sequence[Stored[Record] | None]:
        if len(pairs) == 1:
            return [self.get(*pairs[0])]
        plan = self._plan(tuple([kind for kind, _ in pairs]), None)
        parts = [{"key": pairs[place][1]} for place in plan.order]
        return plan.ones(self._rows(plan.statement, parts)[0])

    def _with_several(
        self, pairs: Sequence[Target], kind: type[Record], keys: Sequence[str]
    ) -> dict[Target, Stored[Record] | None]:
        """Return the record of each of ``pairs``, and those of ``kind`` that exist; one trip."""
        last = padded([{"key": key} for key in keys])
        plan = self._plan(tuple([one for one, _ in pairs]), (kind, len(last)))
        rows = self._rows(plan.statement, [*({"key": pairs[at][1]} for at in plan.order), *last])
        found = dict(zip(pairs, plan.ones(rows[0]), strict=True))
        codec = self._codecs[kind]
        for columns in (row[plan.width :] for row in rows):
            if codec.is_there(columns):
                stored = codec.decode(columns)
                found[kind, stored.record.storage_key] = stored
        return found

    def _plan(self, kinds: tuple[type[Record], ...], several: Several | None) -> Plan:
        plan = self._plans.get((kinds, several))
        if plan is None:
            plan = self._plans[kinds, several] = self._planned(kinds, several)
        return plan

    def _planned(self, kinds: tuple[type[Record], ...], several: Several | None) -> Plan:
        """Plan to read ``kinds``; their order makes no other statement."""
        order = sorted(range(len(kinds)), key=lambda place: KINDS.index(kinds[place]))
        columns = []
        start = 0
        for place in order:
            codec = self._codecs[kinds[place]]
            columns.append((codec, start, start + codec.columns))
            start += codec.columns
        ordered = [kinds[place] for place in order]
        if several is None:
            statement = self._compiler.statement(one_of_each, *ordered)
        else:
            statement = self._compiler.statement(with_several, *several, *ordered)
        return Plan(statement, order, columns, start)

    def _decoded(self, kind: type[R], rows: Sequence[Sequence[Any]]) -> list[Stored[R]]:
        decode = self._codecs[kind].decode
        return [decode(row) for row in rows]

    def _rows(self, statement: Statement, parts: Sequence[Part]) -> Sequence[Sequence[Any]]:
        def query(held: Held) -> Sequence[Sequence[Any]]:
            cursor = held.cursor
            cursor.execute(statement.sql, statement.bind(parts))
            rows: Sequence[Sequence[Any]] = cursor.fetchall()
            return rows

        return self._pool.run(query)


def write_cursor(key: str) -> str:
    """Return the cursor of a page that ends with ``key``."""
    return base64.urlsafe_b64encode(b"after:" + key.encode()).decode().rstrip("=")


def read_cursor(cursor: str) -> str:
    """Return the key in a cursor. Raises ValueError unless :func:`write_cursor` made it."""
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True).decode()
    except (binascii.Error, UnicodeError, ValueError):
        text = ""
    key = text.removeprefix("after:")
    if key == text or not is_key(key):
        raise ValueError("not a cursor of this storage")
    return key
