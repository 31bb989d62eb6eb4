"""What a failure of a database means, and which database it was, for the operator."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from sqlalchemy import URL

from oauthprov.storage import unreachable
from oauthprov.storage.unreachable import address, of_the_system

_POSTGRESQL: Mapping[str | int, str] = {
    "28P01": unreachable.PASSWORD,
    "28000": unreachable.NOT_ADMITTED,
    "3D000": unreachable.NO_DATABASE,
    "42501": unreachable.NO_RIGHT,
    "53300": unreachable.CROWDED,
    "53100": unreachable.FULL,
    "57P01": unreachable.STARTING,
    "57P02": unreachable.STARTING,
    "57P03": unreachable.STARTING,
    "25006": unreachable.READ_ONLY,
}
"""By SQLSTATE."""

_MARIADB: Mapping[str | int, str] = {
    1040: unreachable.CROWDED,
    1203: unreachable.CROWDED,
    1044: unreachable.NO_RIGHT,
    1142: unreachable.NO_RIGHT,
    1227: unreachable.NO_RIGHT,
    1045: unreachable.PASSWORD,
    1698: unreachable.PASSWORD,
    1049: unreachable.NO_DATABASE,
    1053: unreachable.STARTING,
    1130: unreachable.NOT_ADMITTED,
    1021: unreachable.FULL,
    1114: unreachable.FULL,
    1290: unreachable.READ_ONLY,
    1836: unreachable.READ_ONLY,
}
"""By MariaDB's number, or that of its client."""

_SQLITE: Mapping[str | int, str] = {
    "SQLITE_CANTOPEN": "can't be opened or created: check the permissions of its folder",
    "SQLITE_NOTADB": "isn't an SQLite database",
    "SQLITE_CORRUPT": "is damaged: restore it from a backup",
    "SQLITE_READONLY": "can't be written: check its permissions and those of its folder",
    "SQLITE_FULL": "can't grow: the disk is full",
    "SQLITE_IOERR": "can't be read or written: the disk failed",
    "SQLITE_BUSY": "is locked by another process",
    "SQLITE_LOCKED": "is locked by another process",
}
"""By the name of SQLite's code, without what extends it."""

_TEXTS: tuple[tuple[str, str], ...] = (
    ("does not support SSL|SSL is required but", unreachable.NO_TLS),
    ("for host name|does not match host name|[Hh]ostname mismatch", unreachable.OTHER_HOST),
    ("certificate verify failed|root certificate file", unreachable.NOT_TRUSTED),
    ("SSL error|SSL negotiation", unreachable.TLS_FAILED),
    ("no pg_hba.conf entry", unreachable.NOT_ADMITTED),
    ('authentication failed|no password supplied|role ".*" does not exist', unreachable.PASSWORD),
    ('database ".*" does not exist', unreachable.NO_DATABASE),
    ("too many clients|connection slots|too many connections", unreachable.CROWDED),
    ("starting up|shutting down", unreachable.STARTING),
    (
        "failed to resolve host|could not translate host name|Name or service not known",
        unreachable.UNKNOWN_HOST,
    ),
    ("Connection refused|No such file or directory", unreachable.REFUSED),
    ("No route to host|Network is unreachable", unreachable.NO_ROUTE),
    ("timeout expired|timed out", unreachable.LATE),
    ("closed the connection", unreachable.CLOSED),
)
"""Patterns in the text of a failure without a code of the server, as libpq's while connecting."""

_OF_THE_CLIENT = (None, 2003, 2026)
"""PyMySQL's codes of a connection that failed; psycopg has none."""

_NAMES = {"postgresql": "PostgreSQL", "mysql": "MariaDB", "mariadb": "MariaDB"}
_PORTS = {"postgresql": 5432, "mysql": 3306, "mariadb": 3306}
_IN_MEMORY = (None, "", ":memory:")


def place(url: URL) -> str:
    """Return the database and its address, for a sentence; no user, password or parameter."""
    family = url.get_backend_name()
    if family == "sqlite":
        if url.database in _IN_MEMORY:
            return "the SQLite database in memory"
        return f"the SQLite file {url.database}"
    name = _NAMES.get(family, family)
    port = url.port or _PORTS.get(family, 0)
    return f"{name} at {address(url.host or 'localhost', port, url.database or '')}"


_LOST = (2006, 2013)
"""The codes of MariaDB's driver for a connection that was lost."""


def reason(error: BaseException, code: str | int | None, url: URL | None) -> str | None:
    """Return what a failure with this ``code`` means, None if that isn't known."""
    if isinstance(code, str) and code.startswith("SQLITE_"):
        return _of_a_file(code, url)
    if code in _OF_THE_CLIENT:
        return of_the_system(error) or _in_words(error)
    if code in _LOST:  # by the server, or because the driver waited for too long
        return of_the_system(error) or unreachable.CLOSED
    return (_MARIADB if isinstance(code, int) else _POSTGRESQL).get(code)


def _of_a_file(code: str, url: URL | None) -> str | None:
    if code == "SQLITE_CANTOPEN" and url is not None and url.database:
        path = Path(url.database)
        if not path.parent.is_dir():
            return f"can't be opened or created: there is no folder {path.parent}"
        if path.is_dir():
            return "can't be opened: it is a folder"
    # An extended code such as SQLITE_CANTOPEN_ISDIR says more.
    return _SQLITE.get("_".join(code.split("_")[:2]))


def _in_words(error: BaseException) -> str | None:
    text = str(error)
    return next((words for pattern, words in _TEXTS if re.search(pattern, text)), None)
