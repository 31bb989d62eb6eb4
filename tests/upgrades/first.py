"""What the version of the first schema left behind, put into a database of today's engines."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import redis
import sqlalchemy
from sqlalchemy import NullPool, create_engine

from tests.servers import empty
from tests.storage.sql import drop_tables, migrated_to

DATA = Path(__file__).parent / "data"
REVISION = "0001"


@dataclass(frozen=True)
class Left:
    """``held`` is what people and clients have, ``records`` what that version read at the end.

    ``stored`` are the rows of the tables, or the commands that store the same in Redis.
    """

    held: Mapping[str, Any]
    records: list[dict[str, Any]]
    stored: list[Any]


def left(url: str) -> Left:
    """Return what was left on the kind of storage that ``url`` names."""
    name = "first_redis" if url.startswith("redis") else "first_sql"
    read = json.loads((DATA / f"{name}.json").read_text("utf-8"))
    return Left(read["held"][0], read["records"], read["stored"])


def put(url: str, what: Left) -> None:
    """Leave it in the storage at ``url``, and nothing else."""
    if url.startswith("redis"):
        empty(url)
        with connected(url) as client:
            for command in what.stored:
                client.execute_command(*command)
    else:
        drop_tables(url)
        migrated_to(url, REVISION)
        insert(url, what.stored)


def connected(url: str) -> redis.Redis | redis.RedisCluster:
    """A client of redis-py that returns text."""
    address = url.replace("redis+cluster", "redis", 1)
    kind = redis.RedisCluster if url.startswith("redis+cluster") else redis.Redis
    return kind.from_url(address, decode_responses=True)


def insert(url: str, rows: list[dict[str, Any]]) -> None:
    """Add the rows that were left to tables of the first schema."""
    with create_engine(url, poolclass=NullPool).begin() as connection:
        tables = _tables(connection)
        for row in rows:
            table = tables[row["table"]]
            values = {name: _typed(table.c[name], value) for name, value in row["row"].items()}
            connection.execute(table.insert(), values)


def rows(url: str, what: Left) -> list[dict[str, Any]]:
    """Return what was left as it is now, with the columns that it had."""
    columns = {one["table"]: list(one["row"]) for one in what.stored}
    found = {}
    with create_engine(url, poolclass=NullPool).connect() as connection:
        tables = _tables(connection, list(columns))
        for name, names in columns.items():
            [key] = tables[name].primary_key
            select = sqlalchemy.select(*(tables[name].c[column] for column in names))
            for now in connection.execute(select).mappings():
                row = {column: _plain(value) for column, value in now.items()}
                found[name, row[key.name]] = {"table": name, "row": row}
        keys = [(one["table"], _key_of(tables[one["table"]], one["row"])) for one in what.stored]
    return [found[key] for key in keys]


def _key_of(table: sqlalchemy.Table, row: Mapping[str, Any]) -> Any:
    [key] = table.primary_key
    return row[key.name]


def _tables(
    connection: sqlalchemy.Connection, names: list[str] | None = None
) -> Mapping[str, sqlalchemy.Table]:
    found = sqlalchemy.MetaData()
    found.reflect(connection, only=names)
    return found.tables


def _typed(column: sqlalchemy.Column[Any], value: object) -> object:
    binary = isinstance(column.type, sqlalchemy.types._Binary)
    return value.encode() if binary and isinstance(value, str) else value


def _plain(value: object) -> object:
    return value.decode() if isinstance(value, bytes) else value
