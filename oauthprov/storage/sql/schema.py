"""The schema's revision, checked by each ping.

Revisions are numbered, so that an older schema can be distinguished from a newer one. The code
also runs on a newer schema, since a migration only adds.
"""

from __future__ import annotations

from oauthprov.storage.interface import StorageError, UpgradeNeeded
from oauthprov.storage.outage import Unanswered
from oauthprov.storage.sql.engines import Engines
from oauthprov.storage.sql.pool import Held
from oauthprov.storage.sql.tables import REVISION, VERSION_TABLE

LOOK = {
    "sqlite": f"SELECT 1 FROM sqlite_master WHERE name = '{VERSION_TABLE}'",  # noqa: S608
    "postgresql": f"SELECT 1 WHERE to_regclass('{VERSION_TABLE}') IS NOT NULL",
    "mariadb": f"SHOW TABLES LIKE '{VERSION_TABLE}'",
}
"""Finds a row if the table of the revision exists."""


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
