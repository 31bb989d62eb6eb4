"""The schema's revision: checked at each ping, brought up by Alembic's migrations.

Revisions are numbered, so that code can tell an older schema from a newer one. It runs on a newer
one: a migration only adds before a rollout, and takes away after it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from oauthprov.storage.interface import StorageError, UpgradeNeeded
from oauthprov.storage.outage import Unanswered
from oauthprov.storage.sql.engines import PATIENCE, Engines
from oauthprov.storage.sql.failures import storage_error
from oauthprov.storage.sql.tables import REVISION, VERSION_TABLE

LOCK = 7239460185137206
"""PostgreSQL's advisory lock of a migration: any number that nobody else uses."""
LOCK_NAME = "oauthprov_upgrade"

LOOK = {
    "sqlite": f"SELECT 1 FROM sqlite_master WHERE name = '{VERSION_TABLE}'",  # noqa: S608
    "postgresql": f"SELECT 1 WHERE to_regclass('{VERSION_TABLE}') IS NOT NULL",
    "mariadb": f"SHOW TABLES LIKE '{VERSION_TABLE}'",
}
"""Finds a row where the table of the revision is there."""

ALEMBIC = threading.Lock()
"""Alembic's ``op`` and ``context`` are global: one migration at a time in a process."""


def check(engines: Engines) -> None:
    """Raise UpgradeNeeded when the schema is older than REVISION, or not there."""
    found = revision(engines)
    if found is None or found < REVISION:
        state = "has no tables of oauthprov" if found is None else f"is at revision {found}"
        raise UpgradeNeeded(
            f"the database {state}, but this version needs {REVISION};"
            " run: oauthprov storage upgrade YOUR.ini"
        )


def revision(engines: Engines) -> str | None:
    """The revision of the stored schema, None where there is none."""

    def read(connection: Any) -> str | None:
        cursor = connection.cursor()
        cursor.execute(f"SELECT version_num FROM {VERSION_TABLE}")  # noqa: S608
        row = cursor.fetchone()
        return None if row is None else str(row[0])

    try:
        return engines.reader.run(read)
    except Unanswered:
        raise
    except StorageError:
        if not _has_version_table(engines):
            return None
    return engines.reader.run(read)  # it came just now, or something else is wrong


def _has_version_table(engines: Engines) -> bool:
    def look(connection: Any) -> bool:
        cursor = connection.cursor()
        cursor.execute(LOOK[engines.family])
        return cursor.fetchone() is not None

    return engines.reader.run(look)


def upgrade(engines: Engines) -> None:
    """Run the missing migrations under a lock of the database.

    It waits for others with a patience of its own: their migrations may take minutes.
    """
    if engines.in_memory:
        return  # its tables begin with it
    try:
        if not _is_current(engines):
            with ALEMBIC, _locked(engines) as connection:
                _migrate(connection)
    except SQLAlchemyError as error:
        raise storage_error(error) from error


def _is_current(engines: Engines) -> bool:
    if engines.family == "sqlite":
        # Here already somebody else's lock may be in the way.
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
    """A transaction that no other upgrade is in; where DDL commits by itself, a named lock."""
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
