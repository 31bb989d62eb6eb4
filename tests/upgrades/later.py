"""A field that a later version writes into every record that is stored."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import redis
import sqlalchemy
from sqlalchemy import NullPool, create_engine, text

from oauthprov.records import KINDS, Record
from oauthprov.storage.interface import Storage
from oauthprov.storage.sql.tables import TABLES
from tests.storage.redis_backend import NewerRedis

NAME = "later"
"""No field of any kind is called so."""
Key = tuple[type[Record], str]


def plant(url: str, storage: Storage, value: str) -> set[Key]:
    """Set the field of every record, as the later version would; return their kinds and keys."""
    every = {(kind, item.record.storage_key) for kind in KINDS for item in storage.walk(kind)}
    if url.startswith("redis"):
        with _redis(url) as newer:
            for kind, key in every:
                newer.plant(kind, key, NAME, value)
    else:
        _plant_columns(url, value)
    return every


def read(url: str, key: Key) -> str | None:
    """Return the field of a record, None if it was lost."""
    kind, name = key
    if url.startswith("redis"):
        with _redis(url) as newer:
            return newer.read(kind, name, NAME)
    table = TABLES[kind].name
    select = f"SELECT {NAME} FROM {table} WHERE {kind.shape.key} = :key"  # noqa: S608
    with create_engine(url, poolclass=NullPool).connect() as connection:
        return connection.scalar(text(select), {"key": name})


@contextmanager
def _redis(url: str) -> Iterator[NewerRedis]:
    with redis.Redis.from_url(url) as client:
        yield NewerRedis(client)


def _plant_columns(url: str, value: str) -> None:
    with create_engine(url, poolclass=NullPool).begin() as connection:
        inspector = sqlalchemy.inspect(connection)
        for table in TABLES.values():
            if NAME not in {column["name"] for column in inspector.get_columns(table.name)}:
                add = f"ALTER TABLE {table.name} ADD COLUMN {NAME} VARCHAR(99)"
                connection.execute(text(add))
            update = f"UPDATE {table.name} SET {NAME} = :value"  # noqa: S608
            connection.execute(text(update), {"value": value})
