"""Runs the missing migrations, while servers of the version before go on serving.

Each migration is a transaction of its own, so that its locks end with it. It waits for a lock of a
table for a second at most, since every request that needs the table waits behind it. When
somebody else holds the lock for longer, such as a dump of the database, it is tried again later.

On MariaDB each statement commits by itself. A migration that was interrupted runs again from its
beginning there, and leaves out what exists already.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, event, text
from sqlalchemy.exc import SQLAlchemyError

from oauthprov.storage.interface import StorageError
from oauthprov.storage.sql.engines import PATIENCE, Engines
from oauthprov.storage.sql.failures import code, is_rolled_back, storage_error
from oauthprov.storage.sql.schema import LOOK, revision
from oauthprov.storage.sql.tables import REVISION, VERSION_TABLE

if TYPE_CHECKING:
    from alembic.config import Config

LOCK = 7239460185137206
"""The number of PostgreSQL's advisory lock for migrations: arbitrary, but unique."""
LOCK_NAME = "oauthprov_upgrade"

TABLE_LOCK = 1
"""Seconds that a migration waits for a lock of a table, and waits before it is tried again."""
LOCK_NOT_AVAILABLE = "55P03"

ALEMBIC = threading.Lock()
"""One migration at a time per process: Alembic's ``op`` and ``context`` are global."""

CREATION = re.compile(r"^\s*(CREATE TABLE|CREATE INDEX|ALTER TABLE \S+ ADD COLUMN) ")
"""What MariaDB leaves out for something that exists already, if it is told so."""


def upgrade(engines: Engines) -> None:
    """Run the missing migrations; several processes may call this at the same time.

    It waits for other processes with a longer timeout: their migrations may take minutes.
    """
    if engines.in_memory:
        return  # its tables are created with it
    ends = time.monotonic() + PATIENCE
    while True:
        try:
            if _is_current(engines):
                return
            with ALEMBIC, _locked(engines) as connection:
                _migrate(connection)
        except SQLAlchemyError as error:
            if not _waited_in_vain(error) or time.monotonic() > ends:
                raise storage_error(error, engines.patient.url) from error
            time.sleep(TABLE_LOCK)  # those who waited behind us come first


def configuration() -> Config:
    """Return the configuration by which Alembic finds the migrations, in all rooms of versions."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "oauthprov.storage.sql:migrations")
    config.set_main_option("recursive_version_locations", "true")
    config.set_main_option("path_separator", "os")
    config.attributes["version_table"] = VERSION_TABLE
    return config


def _is_current(engines: Engines) -> bool:
    if engines.family == "sqlite":
        # Even connecting may meet another session's lock.
        with engines.patient.connect() as connection:
            found = None
            if connection.exec_driver_sql(LOOK["sqlite"]).first() is not None:
                select = f"SELECT version_num FROM {VERSION_TABLE}"  # noqa: S608
                found = connection.exec_driver_sql(select).scalar()
    else:
        found = revision(engines)
    return found is not None and found >= REVISION


def _waited_in_vain(error: SQLAlchemyError) -> bool:
    return code(error) == LOCK_NOT_AVAILABLE or is_rolled_back(error)


def _migrate(connection: Connection) -> None:
    """Run the next migration, or all in an empty database, which nobody uses."""
    from alembic import command
    from alembic.runtime.migration import MigrationContext
    from alembic.util import CommandError

    context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
    found = context.get_current_revision()
    if found is not None and found >= REVISION:
        return  # another process has done it
    config = configuration()
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head" if found is None else "+1")
    except CommandError as error:
        raise StorageError(f"the database can't be migrated: {error}", error) from error


@contextmanager
def _locked(engines: Engines) -> Iterator[Connection]:
    """Open a transaction that excludes other upgrades; if DDL commits by itself, a named lock."""
    with engines.patient.connect() as connection:
        if engines.family == "mariadb":
            got = connection.scalar(text(f"SELECT GET_LOCK('{LOCK_NAME}', {PATIENCE})"))
            if got != 1:
                raise StorageError("another process has been upgrading the database for too long")
            connection.execute(text(f"SET SESSION lock_wait_timeout = {TABLE_LOCK}"))
            event.listen(connection, "before_cursor_execute", _repeatable, retval=True)
        elif engines.family == "postgresql":
            connection.execute(text(f"SELECT pg_advisory_xact_lock({LOCK})"))
            connection.execute(text(f"SET LOCAL lock_timeout = '{TABLE_LOCK}s'"))
        else:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        yield connection
        connection.commit()


def _repeatable(
    connection: Connection, cursor: Any, statement: str, parameters: Any, *_: Any
) -> tuple[str, Any]:
    return CREATION.sub(r"\1 IF NOT EXISTS ", statement, count=1), parameters
