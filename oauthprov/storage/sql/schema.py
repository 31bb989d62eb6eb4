"""The schema's revision: checked by each ping, raised by Alembic's migrations.

Revisions are numbered, so that an older schema can be distinguished from a newer one. The code
also runs on a newer schema: a migration only adds before a rollout, and removes after it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from oauthprov.storage.interface import StorageError, UpgradeNeeded
from oauthprov.storage.outage import Unanswered
from oauthprov.storage.sql.engines import PATIENCE, Engines
from oauthprov.storage.sql.failures import storage_error
from oauthprov.storage.sql.pool import Held
from oauthprov.storage.sql.tables import REVISION, VERSION_TABLE

LOCK = 7239460185137206
"""The number of PostgreSQL's advisory lock for migrations: arbitrary, but unique."""
LOCK_NAME = "oauthprov_upgrade"

LOOK = {
    "sqlite": f"SELECT 1 FROM sqlite_master WHERE name = '{VERSION_TABLE}'",  # noqa: S608
    "postgresql": f"SELECT 1 WHERE to_regclass('{VERSION_TABLE}') IS NOT NULL",
    "mariadb": f"SHOW TABLES LIKE '{VERSION_TABLE}'",
}
"""Finds a row if the table of the revision exists."""

ALEMBIC = threading.Lock()
"""One migration at a time per process: Alembic's ``op`` and ``context`` are global."""


def check(engines: Engines) -> None:
    """Raise UpgradeNeeded if the schema is missing or older than REVISION."""
    found = revision(engines)
    if found is None or found < REVISION:
        state = "has no tables of oauthprov" if found is None else f"is at revision {found}"
        raise UpgradeNeeded(
            f"the database {state}, but this version needs {REVISION};"
            " run: oauthprov storage upgrade YOUR.ini"
        )


def revision(engines: Engines) -> str | None:
    """Return the revision of the stored schema, None if there is none."""

    def read(held: Held) -> str | None:
        held.cursor.execute(f"SELECT version_num FROM {VERSION_TABLE}")  # noqa: S608
        rows = held.cursor.fetchall()
        return str(rows[0][0]) if rows else None

    try:
        return engines.reader.run(read)
    except Unanswered:
        raise
    except StorageError:
        if not _has_version_table(engines):
            return None
    return engines.reader.run(read)  # the table was just created, or there is another error


def _has_version_table(engines: Engines) -> bool:
    def look(held: Held) -> bool:
        held.cursor.execute(LOOK[engines.family])
        return bool(held.cursor.fetchall())

    return engines.reader.run(look)


def upgrade(engines: Engines) -> None:
    """Run the missing migrations under a lock of the database.

    It waits for other processes with a longer timeout: their migrations may take minutes.
    """
    if engines.in_memory:
        return  # its tables are created with it
    try:
        if not _is_current(engines):
            with ALEMBIC, _locked(engines) as connection:
                _migrate(connection)
    except SQLAlchemyError as error:
        raise storage_error(error) from error


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


def _migrate(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", "oauthprov.storage.sql:migrations")
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    config.attributes["version_table"] = VERSION_TABLE
    try:
        command.upgrade(config, "head")
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
        elif engines.family == "postgresql":
            connection.execute(text(f"SELECT pg_advisory_xact_lock({LOCK})"))
        else:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        yield connection
        connection.commit()
