"""SQLStorage: the contract on SQLite, PostgreSQL and MariaDB."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import URL

from oauthprov.records import Record, is_key
from oauthprov.storage.interface import Change, Page, Storage, Stored
from oauthprov.storage.sql import purge, schema
from oauthprov.storage.sql.codec import Codecs
from oauthprov.storage.sql.commit import Committer
from oauthprov.storage.sql.describe import describe
from oauthprov.storage.sql.engines import Options, open_engines
from oauthprov.storage.sql.statements import (
    SIZES,
    Compiler,
    Statement,
    by_index,
    by_keys,
    padded,
)

R = TypeVar("R", bound=Record)


class SQLStorage(Storage):
    """Storage in an SQL database: one table a kind, one statement a condition."""

    def __init__(self, url: URL, options: Options) -> None:
        self.engines = open_engines(url, options)
        self._codecs = Codecs(binary_keys=self.engines.binary_keys)
        self._compiler = Compiler(self.engines.reader.engine.dialect)
        self._committer = Committer(self.engines, self._compiler, self._codecs, self.get_many)

    def get_many(
        self, pairs: Sequence[tuple[type[Record], str]]
    ) -> Sequence[Stored[Record] | None]:
        """Return what ``get`` would for each pair, in order; one trip a kind."""
        wanted: dict[type[Record], list[str]] = {}
        for kind, key in pairs:
            if is_key(key):
                wanted.setdefault(kind, []).append(key)
        found: dict[tuple[type[Record], str], Stored[Record]] = {}
        for kind, keys in wanted.items():
            for start in range(0, len(keys), SIZES[-1]):
                some = padded([{"key": key} for key in keys[start : start + SIZES[-1]]])
                statement = self._compiler.statement(by_keys, kind, len(some))
                for stored in self._select(kind, statement, some):
                    found[kind, stored.record.storage_key] = stored
        return [found.get((kind, key)) for kind, key in pairs]

    @property
    def statements_compiled(self) -> int:
        """How many statements this storage has compiled so far."""
        return len(self._compiler)

    def _find(
        self, kind: type[R], index: Mapping[str, str], after: str | None, limit: int
    ) -> Page[R]:
        name, value = next(iter(index.items()), (None, None))
        given = {"value": value, "limit": limit + 1}
        if after is not None:
            given["after"] = read_cursor(after)
        statement = self._compiler.statement(by_index, kind, name, after is not None)
        items = self._select(kind, statement, [given])
        if len(items) <= limit:
            return Page(tuple(items))
        return Page(tuple(items[:limit]), write_cursor(items[limit - 1].record.storage_key))

    def _commit(self, changes: Sequence[Change], now: int) -> None:
        self._committer.commit(changes, now)

    def purge(self, *, now: int, limit: int = 500) -> int:
        """Drop up to ``limit`` records past expiry plus ``keep``, tokens before their grants."""
        return purge.purge(self.engines, self._compiler, now, limit)

    def ping(self) -> None:
        """Return when the database answers; raise UpgradeNeeded when its schema isn't ours."""
        schema.check(self.engines)

    def upgrade(self) -> None:
        """Run the migrations that are missing; two processes may do so at once."""
        schema.upgrade(self.engines)

    def describe(self) -> Mapping[str, str]:
        """Return engine, version, schema and durability."""
        return describe(self.engines)

    def close(self) -> None:
        """Close every connection; a database in memory lasts as long as this object."""
        self.engines.close()

    def _select(
        self, kind: type[R], statement: Statement, parts: Sequence[Mapping[str, Any]]
    ) -> list[Stored[R]]:
        def query(connection: Any) -> Sequence[Sequence[Any]]:
            cursor = connection.cursor()
            cursor.execute(statement.sql, statement.bind(parts))
            rows: Sequence[Sequence[Any]] = cursor.fetchall()
            cursor.close()
            return rows

        decode = self._codecs.of(kind).decode
        return [decode(row) for row in self.engines.reader.run(query)]


def write_cursor(key: str) -> str:
    """The cursor of a page that ends with ``key``."""
    return base64.urlsafe_b64encode(b"after:" + key.encode()).decode().rstrip("=")


def read_cursor(cursor: str) -> str:
    """The key in a cursor; raises ValueError when :func:`write_cursor` didn't make it."""
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True).decode()
    except (binascii.Error, UnicodeError, ValueError):
        text = ""
    key = text.removeprefix("after:")
    if key == text or not is_key(key):
        raise ValueError("not a cursor of this storage")
    return key
