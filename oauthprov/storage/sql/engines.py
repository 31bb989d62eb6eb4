"""Engines: opens the database of a URL and sets up its sessions.

Each database has two pools: ``reader`` in autocommit, also for writes of one statement, and
``writer`` for transactions in READ COMMITTED. Switching one connection between the two would cost
round trips. Nothing connects before it is used. The pools of a database share one watch, and no
call through them lasts longer than ``timeout``.
"""

from __future__ import annotations

import itertools
import os
import sqlite3
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Engine, NullPool, StaticPool, create_engine, event
from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateIndex, CreateTable, DDLElement

from oauthprov.deadline import within
from oauthprov.storage.options import WrongOptions, unknown
from oauthprov.storage.outage import Call, Watch
from oauthprov.storage.sql import mariadb
from oauthprov.storage.sql.pool import Bound, Held, Pool
from oauthprov.storage.sql.reasons import place
from oauthprov.storage.sql.retry import pause
from oauthprov.storage.sql.tables import REVISION, VERSION_TABLE, metadata

PATIENCE = 600
"""Seconds that a migration waits for another session's lock."""


@dataclass(frozen=True, slots=True)
class Options:
    """The settings ``oauthprov.storage.*`` of this backend.

    ``timeout`` limits the seconds that a request waits for storage in total, and each call outside
    a request; ``pool_size`` limits the connections of each of the two pools. ``synchronous`` is
    SQLite's setting: with ``full`` commits survive a power cut, with ``normal`` the last ones may
    be lost.
    """

    timeout: int = 5
    pool_size: int = 16
    synchronous: str = "full"

    @classmethod
    def parse(cls, given: Mapping[str, str]) -> Options:
        """Parse the options of an .ini file. Raises WrongOptions with all problems."""
        problems = unknown(given, ("timeout", "pool_size", "synchronous"))
        timeout = _positive("timeout", given, cls().timeout, problems)
        pool_size = _positive("pool_size", given, cls().pool_size, problems)
        synchronous = given.get("synchronous", cls().synchronous).lower()
        if synchronous not in ("full", "normal"):
            problems["synchronous"] = "must be full or normal"
        if problems:
            raise WrongOptions(problems)
        return cls(timeout, pool_size, synchronous)


def _positive(name: str, given: Mapping[str, str], default: int, problems: dict[str, str]) -> int:
    """Return the number of an option, or add what is wrong with it to ``problems``."""
    value = given.get(name, str(default)).strip()
    if value.isascii() and value.isdigit() and int(value) > 0:
        return int(value)
    problems[name] = "must be a whole number above 0"
    return default


@dataclass(frozen=True, slots=True)
class Engines:
    """The two pools of a database, and an engine without time limits for migrations.

    ``autocommit`` is the pool for single statements that write. For a database in memory all share
    one connection. ``begin`` is the statement that opens a transaction of the writer, for drivers
    that don't send one.
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
        """Whether the driver returns keys as bytes."""
        return self.family == "mariadb"

    @property
    def in_memory(self) -> bool:
        """Whether the database exists only as long as its connection."""
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
    busy = options.timeout / 2

    def engine(busy: float, **kwargs: Any) -> Engine:
        made = create_engine(
            url,
            isolation_level="AUTOCOMMIT",
            connect_args={"timeout": busy, "check_same_thread": False},
            pool_reset_on_return=None,
            hide_parameters=True,
            **kwargs,
        )
        event.listen(made, "connect", _sqlite_session(options, busy))
        if not in_memory:
            event.listen(made, "do_connect", _private_file)
        return made

    watch = Watch(options.timeout, remote=False, name=place(url))
    if in_memory:
        static = engine(busy, poolclass=StaticPool)
        event.listen(static, "connect", _create_tables)
        one = Pool(static, watch, size=1)
        return Engines("sqlite", one, one, one, one.engine, options.timeout, "BEGIN IMMEDIATE")
    bound = _bounded_busy(busy)
    opener = engine(busy, poolclass=NullPool)
    reader = Pool(opener, watch, size=options.pool_size, bound=bound)
    # SQLite has one writer at a time: threads queue here, since SQLite itself waits by polling.
    writer = Pool(opener, watch, size=1, bound=bound)
    patient = engine(PATIENCE, poolclass=NullPool)
    return Engines("sqlite", reader, writer, writer, patient, options.timeout, "BEGIN IMMEDIATE")


def _bounded_busy(longest: float) -> Bound:
    """Return a function that limits a connection's wait for locks to the seconds left."""

    def bound(held: Held, call: Call) -> None:
        left = call.ends - time.monotonic()
        milliseconds = int(1000 * (longest if left > longest else left))
        if held.busy != milliseconds:
            held.connection.execute(f"PRAGMA busy_timeout = {max(0, milliseconds)}")
            held.busy = milliseconds

    return bound


def _sqlite_session(options: Options, patience: float) -> Callable[[Any, Any], None]:
    def set_up(connection: Any, _: Any) -> None:
        _begin_journal(connection, patience)
        connection.execute(f"PRAGMA synchronous = {options.synchronous.upper()}")

    return set_up


def _begin_journal(connection: Any, patience: float) -> None:
    # SQLite doesn't wait here for a session that is about to write: if that session waits for
    # ours, it would be a deadlock.
    with within(patience) as limit:
        for number in itertools.count(1):
            try:
                connection.execute("PRAGMA journal_mode = WAL")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorname != "SQLITE_BUSY" or time.monotonic() > limit.ends:
                    raise
                pause(number)
            else:
                return


def _create_tables(connection: Any, _: Any) -> None:
    """Create the tables of a new database in memory."""
    for definition in _definitions():
        connection.execute(definition)
    connection.execute(f"CREATE TABLE {VERSION_TABLE} (version_num TEXT PRIMARY KEY)")
    connection.execute(f"INSERT INTO {VERSION_TABLE} VALUES (?)", (REVISION,))  # noqa: S608


@cache
def _definitions() -> tuple[str, ...]:
    """Return the statements that create the tables and their indexes in SQLite."""
    made: list[DDLElement] = []
    for table in metadata.sorted_tables:
        made += [CreateTable(table), *map(CreateIndex, table.indexes)]
    dialect = sqlite.dialect()
    return tuple(str(statement.compile(dialect=dialect)) for statement in made)


def _private_file(dialect: Any, record: Any, args: list[Any], kwargs: dict[str, Any]) -> None:
    # The file holds password hashes, and SQLite would create it readable by all users. Its
    # journal gets the same mode. An existing file isn't opened: closing it again would drop the
    # locks of all other connections of this process, and another process that ends would then
    # consider the journal its own and delete it.
    path = Path(args[0])
    if path.parent.is_dir() and not args[0].startswith("file:"):
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


def _server(family: str, url: URL, options: Options) -> Engines:
    set_up = None
    if family == "postgresql":
        # A process imports only the driver that it uses.
        from oauthprov.storage.sql import postgresql

        limits, connect = postgresql.limits(url, options.timeout), postgresql.connect
    else:
        limits, connect = mariadb.limits(options.timeout), mariadb.connect
        set_up = mariadb.session(options.timeout)

    def engine(isolation_level: str, connect_args: dict[str, Any]) -> Engine:
        made = create_engine(
            url,
            isolation_level=isolation_level,
            connect_args=connect_args,
            paramstyle="format",
            poolclass=NullPool,
            pool_reset_on_return=None,
            hide_parameters=True,
        )
        event.listen(made, "do_connect", connect)
        if set_up is not None:
            event.listen(made, "connect", set_up)
        return made

    opener = engine("AUTOCOMMIT", limits)
    # A ping must not wait for the connections that it checks. It keeps no connection open, since
    # it may end after the pools are closed.
    watch = Watch(options.timeout, ping=partial(_ping, opener), name=place(url))
    patient = engine("READ COMMITTED", {"connect_timeout": options.timeout})
    size = options.pool_size
    if family == "postgresql":
        reader = Pool(opener, watch, size=size, cursor=postgresql.Cursor)
        writer = Pool(opener, watch, size=size, cursor=postgresql.Cursor)
        begin = "BEGIN ISOLATION LEVEL READ COMMITTED"
        return Engines(family, reader, writer, reader, patient, options.timeout, begin)
    reader = Pool(opener, watch, size=size)
    writer = Pool(engine("READ COMMITTED", limits), watch, size=size)
    return Engines(family, reader, writer, reader, patient, options.timeout)


def _ping(engine: Engine) -> None:
    held = engine.raw_connection()
    try:
        engine.dialect.do_ping(held.dbapi_connection)  # type: ignore[arg-type]
    except BaseException:
        held.invalidate()
        raise
    held.close()
