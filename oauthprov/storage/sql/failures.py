"""Distinguishes failures of the driver that certainly undid a transaction from all others."""

from __future__ import annotations

from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError

from oauthprov.storage.interface import StorageError
from oauthprov.storage.sql import reasons

ROLLED_BACK = ("40001", "40P01", 1213, 1205, "SQLITE_BUSY", "SQLITE_LOCKED")
"""Serialization failure, deadlock, lock timeout: nothing was written, a retry is safe."""


class RolledBack(Exception):
    """The transaction was certainly undone; the cause is the driver's failure."""


def code(error: BaseException) -> str | int | None:
    """Return the engine's code of a failure: SQLSTATE, MariaDB's number or SQLite's name."""
    if isinstance(error, DBAPIError) and error.orig is not None:
        error = error.orig
    first = error.args[0] if error.args else None
    if isinstance(first, int):  # MariaDB's number is more specific than its SQLSTATE
        return first
    found = getattr(error, "sqlstate", None) or getattr(error, "sqlite_errorname", None)
    return found if isinstance(found, str) else None


def is_rolled_back(error: BaseException) -> bool:
    """Return whether the error means that the engine undid the transaction."""
    found = code(error)
    if isinstance(found, str) and found.startswith("SQLITE_"):
        found = "_".join(found.split("_")[:2])  # an extended code such as SQLITE_BUSY_SNAPSHOT
    return found in ROLLED_BACK


def storage_error(error: BaseException, url: URL | None = None) -> StorageError:
    """Wrap a failure of the database at ``url``, with its reason if that is known.

    Its own text stays in ``original``, since it may quote stored data.
    """
    found = code(error)
    detail = type(error).__name__ if found is None else f"{type(error).__name__} {found}"
    reason = reasons.reason(error, found, url)
    place = reasons.place(url) if url else "the database"
    words = reason or f"failed: {detail}"
    return StorageError(f"{place} {words}", error, explained=reason is not None)
