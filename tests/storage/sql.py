"""The public suite for an SQL database, and what stands behind the storage there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import pytest
import sqlalchemy
from alembic import command
from sqlalchemy import Connection, NullPool, create_engine, text

from oauthprov.records import Record
from oauthprov.storage import open_storage
from oauthprov.storage.interface import Health, Storage
from oauthprov.storage.sql.migrations.run import configuration
from oauthprov.storage.sql.tables import TABLES, VERSION_TABLE, metadata
from oauthprov.storage.testing import NewerCode, StorageSuite
from tests.servers.emptying import fresh


def opened(url: str) -> Storage:
    """Open the database; picklable with :func:`functools.partial`."""
    return open_storage(url, {"timeout": "60"})


def drop_tables(url: str) -> None:
    """Leave a database without a table of ours."""
    with create_engine(url, poolclass=NullPool).begin() as connection:
        metadata.drop_all(connection)
        connection.execute(text(f"DROP TABLE IF EXISTS {VERSION_TABLE}"))


def migrated_to(url: str, revision: str) -> None:
    """Run the migrations up to one, as the code of that revision did."""
    config = configuration()
    with create_engine(url, poolclass=NullPool).begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def dumped(connection: Connection) -> bytes:
    """Every value of every row, as text."""
    rows = []
    for name in sqlalchemy.inspect(connection).get_table_names():
        quoted = connection.dialect.identifier_preparer.quote(name)
        rows += connection.execute(text(f"SELECT * FROM {quoted}")).all()  # noqa: S608
    return repr(rows).encode()


@dataclass
class NewerTables:
    """A later version's column: NOT NULL with a default, as an expanding migration adds it."""

    engine: sqlalchemy.Engine

    def plant(self, kind: type[Record], key: str, name: str, value: str) -> None:
        table = TABLES[kind]
        with self.engine.begin() as connection:
            add = f"ALTER TABLE {table.name} ADD COLUMN {name} VARCHAR(99) NOT NULL DEFAULT ''"
            connection.execute(text(add))
            key_name = kind.shape.key
            update = f"UPDATE {table.name} SET {name} = :value WHERE {key_name} = :key"  # noqa: S608
            connection.execute(text(update), {"value": value, "key": key})

    def read(self, kind: type[Record], key: str, name: str) -> str | None:
        table = TABLES[kind].name
        select = f"SELECT {name} FROM {table} WHERE {kind.shape.key} = :key"  # noqa: S608
        with self.engine.begin() as connection:
            return connection.scalar(text(select), {"key": key})

    def remove(self) -> None:
        with self.engine.begin() as connection:
            for table in TABLES.values():
                found = sqlalchemy.inspect(connection).get_columns(table.name)
                for column in {column["name"] for column in found} - set(table.c.keys()):
                    connection.execute(text(f"ALTER TABLE {table.name} DROP COLUMN {column}"))


class SQLSuite(StorageSuite):
    """A subclass defines ``url``, and ``dead_url`` where nothing answers."""

    @pytest.fixture
    def reopen(self, url: str) -> Callable[[], Storage]:
        return partial(opened, url)

    @pytest.fixture
    def storage(self, url: str, reopen: Callable[[], Storage]) -> Iterator[Storage]:
        fresh(url)
        storage = reopen()
        yield storage
        storage.close()

    @pytest.fixture
    def broken(self, dead_url: str) -> Iterator[Storage]:
        storage = open_storage(dead_url)
        yield storage
        storage.close()

    def test_settings_that_may_lose_commits_give_a_warning(self, storage: Storage) -> None:
        durability = storage.describe()["durability"]
        warnings = () if "survives" in durability else (f"durability is {durability}",)
        assert storage.health() == Health(warnings=warnings)

    @pytest.fixture
    def engine(self, url: str) -> sqlalchemy.Engine:
        return create_engine(url, poolclass=NullPool)

    @pytest.fixture
    def dump(self, engine: sqlalchemy.Engine) -> Callable[[], bytes]:
        def dump() -> bytes:
            with engine.connect() as connection:
                return dumped(connection)

        return dump

    @pytest.fixture
    def newer_code(self, engine: sqlalchemy.Engine) -> Iterator[NewerCode]:
        newer = NewerTables(engine)
        yield newer
        newer.remove()
