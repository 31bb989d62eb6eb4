"""SQLStorage: the contract on SQLite, PostgreSQL and MariaDB."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

from sqlalchemy import URL

from oauthprov.records import Record
from oauthprov.storage.interface import Change, Health, Page, Purged, Storage, Stored
from oauthprov.storage.sql import purge, schema
from oauthprov.storage.sql.codec import Codecs
from oauthprov.storage.sql.commit import Committer
from oauthprov.storage.sql.describe import describe, warnings
from oauthprov.storage.sql.engines import Options, open_engines
from oauthprov.storage.sql.migrations.run import upgrade
from oauthprov.storage.sql.reader import Reader
from oauthprov.storage.sql.statements import Compiler

R = TypeVar("R", bound=Record)


class SQLStorage(Storage):
    """Storage in an SQL database: one table per kind, one statement per condition."""

    def __init__(self, url: URL, options: Options) -> None:
        self.engines = open_engines(url, options)
        codecs = Codecs(binary_keys=self.engines.binary_keys)
        self._compiler = Compiler(self.engines.reader.engine.dialect)
        self._reader = Reader(self.engines.reader, self._compiler, codecs)
        self._committer = Committer(self.engines, self._compiler, codecs, self._reader.get_many)

    def get(self, kind: type[R], key: str) -> Stored[R] | None:
        return self._reader.get(kind, key)

    def get_many(
        self, pairs: Sequence[tuple[type[Record], str]]
    ) -> Sequence[Stored[Record] | None]:
        """Return what ``get`` returns for each pair; one trip for those of up to four kinds.

        That is one record each, and of one kind up to sixteen.
        """
        return self._reader.get_many(pairs)

    @property
    def statements_compiled(self) -> int:
        """Return the number of statements compiled so far."""
        return len(self._compiler)

    def _find(
        self, kind: type[R], index: Mapping[str, str], after: str | None, limit: int
    ) -> Page[R]:
        return self._reader.page(kind, index, after, limit)

    def _commit(self, changes: Sequence[Change], now: int) -> None:
        self._committer.commit(changes, now)

    def _load(self, copies: Sequence[Stored[Record]], now: int) -> None:
        self._committer.load(copies)

    def purge(self, *, now: int, limit: int = 500, after: str | None = None) -> Purged:
        """Drop up to ``limit`` records past expiry plus ``keep``, tokens before their grants."""
        return purge.step(self.engines, self._compiler, now, limit, after)

    def ping(self) -> None:
        """Check that the database answers. Raises UpgradeNeeded for a missing or older schema."""
        schema.check(self.engines)

    def health(self) -> Health:
        """Do what ``ping`` does; warn of settings that may lose commits."""
        self.ping()
        return Health(warnings=warnings(self.engines))

    def upgrade(self) -> None:
        """Run the missing migrations; several processes may call this at the same time."""
        upgrade(self.engines)

    def describe(self) -> Mapping[str, str]:
        """Return engine, version, schema and durability."""
        return describe(self.engines)

    def close(self) -> None:
        """Close every connection; a database in memory lasts as long as this object."""
        self.engines.close()
