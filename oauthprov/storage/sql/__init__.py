"""Storage in SQLite, PostgreSQL or MariaDB, through SQLAlchemy."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from oauthprov.storage.interface import Storage
from oauthprov.storage.sql.engines import Options
from oauthprov.storage.sql.storage import SQLStorage

__all__ = ["SQLStorage", "check", "open"]

DRIVERS = {"postgresql": "postgresql+psycopg"}
"""The drivers that short schemes mean."""


def open(url: str, options: Mapping[str, str]) -> Storage:
    """Return the storage at ``url``; nothing connects yet. Raises ValueError for a bad setting."""
    return SQLStorage(_parsed(url), Options.parse(options))


def check(url: str, options: Mapping[str, str]) -> None:
    """Raise the errors that ``open`` would, and ModuleNotFoundError if the driver lacks."""
    parsed = _parsed(url)
    Options.parse(options)
    parsed.get_dialect().import_dbapi()


def _parsed(url: str) -> URL:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        # The cause quotes the URL, which may hold a password.
        raise ValueError("it can't be read as a database URL") from None
    driver = DRIVERS.get(parsed.drivername, parsed.drivername)
    return parsed.set(drivername=driver)
