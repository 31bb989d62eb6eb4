"""Reads records by key and by index, each with its grant."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

from oauthprov.records import KINDS, Record, is_key
from oauthprov.storage.interface import Page, Stored, Target
from oauthprov.storage.sql.codec import Codecs
from oauthprov.storage.sql.pool import Pool
from oauthprov.storage.sql.statements import (
    SIZES,
    Compiler,
    Part,
    Statement,
    by_index,
    by_keys,
    one_of_each,
    padded,
)

R = TypeVar("R", bound=Record)

KINDS_TOGETHER = 4
"""The most kinds of which one statement reads one record each."""


class Reader:
    """Reads the records of one database."""

    def __init__(self, pool: Pool, compiler: Compiler, codecs: Codecs) -> None:
        self._pool = pool
        self._compiler = compiler
        self._codecs = codecs

    def get(self, kind: type[R], key: str) -> Stored[R] | None:
        """Return the record under ``key``, in one round trip; None for an invalid key."""
        if not is_key(key):
            return None
        rows = self._rows(self._compiler.statement(by_keys, kind, 1), [{"key": key}])
        return self._codecs.of(kind).decode(rows[0]) if rows else None

    def get_many(self, pairs: Sequence[Target]) -> Sequence[Stored[Record] | None]:
        """Return the record of each of ``pairs``, in order.

        One round trip reads single keys of up to four kinds, or up to a hundred keys of one kind.
        """
        wanted: dict[type[Record], dict[str, None]] = {}
        for kind, key in pairs:
            if is_key(key):
                wanted.setdefault(kind, {})[key] = None
        found: dict[Target, Stored[Record]] = {}
        for group in _together(wanted):
            if len(group) > 1:
                records = self._one_of_each({kind: next(iter(wanted[kind])) for kind in group})
            else:
                records = self._of_kind(group[0], list(wanted[group[0]]))
            for stored in records:
                found[type(stored.record), stored.record.storage_key] = stored
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

    def _one_of_each(self, keys: Mapping[type[Record], str]) -> Iterator[Stored[Record]]:
        statement = self._compiler.statement(one_of_each, *keys)
        [row] = self._rows(statement, [{"key": key} for key in keys.values()])
        start = 0
        for codec in map(self._codecs.of, keys):
            part = row[start : start + codec.columns]
            start += codec.columns
            if codec.is_there(part):
                yield codec.decode(part)

    def _decoded(self, kind: type[R], rows: Sequence[Sequence[Any]]) -> list[Stored[R]]:
        decode = self._codecs.of(kind).decode
        return [decode(row) for row in rows]

    def _rows(self, statement: Statement, parts: Sequence[Part]) -> Sequence[Sequence[Any]]:
        def query(connection: Any) -> Sequence[Sequence[Any]]:
            cursor = connection.cursor()
            cursor.execute(statement.sql, statement.bind(parts))
            rows: Sequence[Sequence[Any]] = cursor.fetchall()
            cursor.close()
            return rows

        return self._pool.run(query)


def _together(wanted: Mapping[type[Record], Mapping[str, None]]) -> Iterator[list[type[Record]]]:
    """Group kinds by the statement that reads them, regardless of the order of ``wanted``."""
    singles = [kind for kind in KINDS if len(wanted.get(kind, ())) == 1]
    for start in range(0, len(singles), KINDS_TOGETHER):
        yield singles[start : start + KINDS_TOGETHER]
    yield from ([kind] for kind, keys in wanted.items() if len(keys) > 1)


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
