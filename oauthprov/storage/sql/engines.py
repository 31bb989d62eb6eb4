"""Engines: where a URL leads, and how a session is set up there.

Each database has two pools: ``reader`` in autocommit, also for what is one statement, and
``writer`` for transactions in READ COMMITTED. Switching one connection between the two would cost
trips. Nothing connects before it is used, and a dead host fails within ``timeout``.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Engine, NullPool, StaticPool, create_engine, event
from sqlalchemy.engine import Dialect
from sqlalchemy.schema import CreateIndex, CreateTable

from oauthprov.storage.sql.pool import Pool
from oauthprov.storage.sql.tables import REVISION, VERSION_TABLE, metadata


@dataclass(frozen=True, slots=True)
class Options:
    """The settings ``oauthprov.storage.*`` of this backend.

    ``timeout`` bounds, in seconds, connecting, a statement, and the wait for a lock or connection;
    ``pool_size`` the connections of each of the two pools. ``synchronous`` is SQLite's: ``full``
    survives a power cut, ``normal`` may then lose the last commits.
    """

    timeout: int = 5
    pool_size: int = 16
    synchronous: str = "full"

    @classmethod
    def parse(cls, given: Mapping[str, str]) -> Options:
        """Read the options of an .ini; raises ValueError for one that isn't known or right."""
        unknown = sorted(set(given) - {"timeout", "pool_size", "synchronous"})
        if unknown:
            raise ValueError(
                f"unknown storage option {unknown[0]!r}: SQL knows timeout, pool_size, synchronous"
            )
        synchronous = given.get("synchronous", cls().synchronous).lower()
        if synchronous not in ("full", "normal"):
            raise ValueError("the storage option 'synchronous' is full or normal")
        return cls(
            _positive("timeout", given, cls().timeout),
            _positive("pool_size", given, cls().pool_size),
            synchronous,
        )


def _positive(name: str, given: Mapping[str, str], default: int) -> int:
    value = given.get(name, str(default)).strip()
    if not (value.isascii() and value.isdigit() and int(value) > 0):
        raise ValueError(f"the storage option {name!r} is a whole number above 0")
    return int(value)


@dataclass(frozen=True, slots=True)
class Engines:
    """The two pools of a database and, for the migrations, an engine without time limits.

    ``autocommit`` is the pool for single statements that write. In memory all are one connection.
    ``begin`` opens a transaction of the writer where its driver doesn't do so by itself.
    """

    family: str
    reader: Pool
    writer: Pool
    autocommit: Pool
    patient: Engine
    timeout: int
    begin: str | None = None

    @property
    def binary_keys(self) -> bool:
        """Whether the driver hands out keys as bytes."""
        return self.family == "mariadb"

    @property
    def in_memory(self) -> bool:
        """Whether the database is gone when its connection is."""
        return self.reader is self.writer

    def close(self) -> None:
        """Close every connection."""
        self.reader.close()
        self.writer.close()


def open_engines(url: URL, options: Options) -> Engines:
    """Return the engines of the database at ``url``; nothing connects yet."""
    family = url.get_backend_name()
    if family == "sqlite":
        return _sqlite(url, options)
    return _server("mariadb" if family == "mysql" else family, url, options)


def _sqlite(url: URL, options: Options) -> Engines:
    in_memory = url.database in (None, "", ":memory:")

    def engine(**kwargs: Any) -> Engine:
        made = create_engine(
            url,
            isolation_level="AUTOCOMMIT",
            connect_args={"timeout": options.timeout / 2, "check_same_thread": False},
            pool_reset_on_return=None,
            hide_parameters=True,
            **kwargs,
        )
        event.listen(made, "connect", _sqlite_session(options))
        if not in_memory:
            event.listen(made, "do_connect", _private_file)
        return made

    if in_memory:
        static = engine(poolclass=StaticPool)
        event.listen(static, "connect", _new_tables(static.dialect))
        one = Pool(static, timeout=options.timeout, exclusive=True)
        return Engines("sqlite", one, one, one, one.engine, options.timeout, "BEGIN IMMEDIATE")
    pooled = {"pool_timeout": options.timeout, "pool_use_lifo": True, "max_overflow": 0}
    # SQLite has one writer at a time: threads queue here, since its own wait is a poll.
    reader = Pool(engine(pool_size=options.pool_size, **pooled), timeout=options.timeout)
    writer = Pool(engine(pool_size=1, **pooled), timeout=options.timeout, exclusive=True)
    patient = engine(poolclass=NullPool)
    return Engines("sqlite", reader, writer, writer, patient, options.timeout, "BEGIN IMMEDIATE")


def _sqlite_session(options: Options) -> Callable[[Any, Any], None]:
    def set_up(connection: Any, _: Any) -> None:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(f"PRAGMA synchronous = {options.synchronous.upper()}")

    return set_up


def _new_tables(dialect: Dialect) -> Callable[[Any, Any], None]:
    """A database in memory begins with its connection, so that it needs no upgrade."""

    def set_up(connection: Any, _: Any) -> None:
        for table in metadata.sorted_tables:
            connection.execute(str(CreateTable(table).compile(dialect=dialect)))
            for index in table.indexes:
                connection.execute(str(CreateIndex(index).compile(dialect=dialect)))
        connection.execute(f"CREATE TABLE {VERSION_TABLE} (version_num TEXT PRIMARY KEY)")
        connection.execute(f"INSERT INTO {VERSION_TABLE} VALUES (?)", (REVISION,))  # noqa: S608

    return set_up


def _private_file(dialect: Any, record: Any, args: list[Any], kwargs: dict[str, Any]) -> None:
    # It holds password hashes; SQLite would create it readable by everybody. Its journal gets
    # the same mode. A file that is there isn't opened: to close it again would drop the locks of
    # every other connection of this process, and some process that ends would take the journal
    # for its own and delete it.
    path = Path(args[0])
    if path.parent.is_dir() and not args[0].startswith("file:"):
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


def _server(family: str, url: URL, options: Options) -> Engines:
    set_up, limits = (
        (None, _postgresql_limits(url, options))
        if family == "postgresql"
        else (_mariadb_session(options), _mariadb_limits(options))
    )

    def engine(isolation_level: str, connect_args: dict[str, Any], **kwargs: Any) -> Engine:
        made = create_engine(
            url,
            isolation_level=isolation_level,
            connect_args=connect_args,
            paramstyle="format",
            pool_reset_on_return=None,
            hide_parameters=True,
            **kwargs,
        )
        if set_up is not None:
            event.listen(made, "connect", set_up)
        return made

    def pool(isolation_level: str) -> Pool:
        made = engine(
            isolation_level,
            limits,
            pool_size=options.pool_size,
            max_overflow=0,
            pool_timeout=options.timeout,
            pool_use_lifo=True,
        )
        return Pool(made, timeout=options.timeout)

    patient = engine("READ COMMITTED", {"connect_timeout": options.timeout}, poolclass=NullPool)
    reader = pool("AUTOCOMMIT")
    return Engines(family, reader, pool("READ COMMITTED"), reader, patient, options.timeout)


def _postgresql_limits(url: URL, options: Options) -> dict[str, Any]:
    seconds, milliseconds = options.timeout, options.timeout * 1000
    limits = {
        "connect_timeout": max(2, seconds),  # libpq takes 1 for 2
        "tcp_user_timeout": milliseconds,
        "keepalives_idle": seconds,
        "keepalives_interval": 1,
        "keepalives_count": 3,
    }
    ours = {name: value for name, value in limits.items() if name not in url.query}
    # What the URL sets comes last, where PostgreSQL lets it win.
    flags = f"-c statement_timeout={milliseconds} -c lock_timeout={milliseconds}"
    return ours | {"options": " ".join((flags, *url.normalized_query.get("options", ())))}


def _mariadb_limits(options: Options) -> dict[str, Any]:
    seconds = options.timeout
    return {"connect_timeout": seconds, "read_timeout": seconds, "write_timeout": seconds}


def _mariadb_session(options: Options) -> Callable[[Any, Any], None]:
    lock_timeout = max(1, options.timeout // 2)  # the server must give up before the client does

    def set_up(connection: Any, _: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")
            cursor.execute(
                "SET SESSION sql_mode = 'STRICT_ALL_TABLES', innodb_lock_wait_timeout = %s",
                (lock_timeout,),
            )

    return set_up
