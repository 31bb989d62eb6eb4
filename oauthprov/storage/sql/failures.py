"""What a failure of the driver means: undone for certain, or perhaps not."""

from __future__ import annotations

from sqlalchemy.exc import DBAPIError

from oauthprov.storage.interface import StorageError

ROLLED_BACK = ("40001", "40P01", 1213, 1205, "SQLITE_BUSY", "SQLITE_LOCKED")
"""Serialization failure, deadlock, lock timeout: nothing was written, one may try again."""


class RolledBack(Exception):
    """The transaction was undone, for certain; its cause is the driver's failure."""


def code(error: BaseException) -> str | int | None:
    """The engine's own code of a failure: SQLSTATE, MariaDB's number or SQLite's name."""
    if isinstance(error, DBAPIError) and error.orig is not None:
        error = error.orig
    first = error.args[0] if error.args else None
    if isinstance(first, int):  # MariaDB's number: its SQLSTATE says less
        return first
    found = getattr(error, "sqlstate", None) or getattr(error, "sqlite_errorname", None)
    return found if isinstance(found, str) else None


def is_rolled_back(error: BaseException) -> bool:
    """Whether the engine has said that it undid the transaction."""
    found = code(error)
    if isinstance(found, str) and found.startswith("SQLITE_"):
        found = "_".join(found.split("_")[:2])  # SQLITE_BUSY_SNAPSHOT and the like
    return found in ROLLED_BACK


def storage_error(error: BaseException) -> StorageError:
    """Wrap a failure; its own text stays in ``original``, for it may quote what was stored."""
    found = code(error)
    detail = type(error).__name__ if found is None else f"{type(error).__name__} {found}"
    return StorageError(f"the database failed: {detail}", error)
